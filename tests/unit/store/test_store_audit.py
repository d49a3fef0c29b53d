"""The audit chain: whatever is changed, taken away or cut off afterwards is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from submitter.redaction import redactor
from submitter.store import audit
from tests.unit.store.made import NOW, Scratch, seconds

ROWS = 5


def written(c: Connection, rows: int = ROWS) -> None:
    for number in range(rows):
        audit.append(c, NOW + seconds(number), "clerk", "round queued", f"north-field/INV-{number}", round=number)


def as_an_attacker_would(c: Connection) -> None:
    """The triggers are for mistakes; who can write the file can drop them."""
    if c.dialect.name == "sqlite":
        c.execute(text("DROP TRIGGER audit_no_update"))
        c.execute(text("DROP TRIGGER audit_no_delete"))
    else:
        c.execute(text("DROP TRIGGER audit_append_only ON audit"))


def test_an_empty_chain_holds(c: Connection) -> None:
    assert audit.verify(c) == (0, None)


def test_a_chain_nobody_touched_holds(c: Connection) -> None:
    written(c)
    assert audit.verify(c) == (ROWS, None)


def test_each_row_carries_the_hash_of_the_one_before_it(c: Connection) -> None:
    written(c)
    rows = c.execute(text("SELECT previous, hash FROM audit ORDER BY id")).all()
    assert [row.previous for row in rows] == [audit.START, *(row.hash for row in rows[:-1])]


FIELDS = ["at", "who", "action", "subject", "detail", "previous", "hash"]


@given(row=st.integers(1, ROWS), field=st.sampled_from(FIELDS), value=st.text("abc019", min_size=1, max_size=8))
def test_a_changed_field_is_found_in_its_row(fresh: Callable[[], Scratch], row: int, field: str, value: str) -> None:
    if field == "at":
        value = f"2031-01-01 00:00:0{len(value)}.000000"
    if field == "detail":
        value = json.dumps({"round": value})
    with fresh().transaction() as c:
        written(c)
        as_an_attacker_would(c)
        c.execute(text(f"UPDATE audit SET {field} = :value WHERE id = :row"), {"value": value, "row": row})  # noqa: S608
        assert audit.verify(c)[1] == row


@given(st.sets(st.integers(1, ROWS), min_size=1))
def test_deleted_rows_are_found_wherever_they_stood(fresh: Callable[[], Scratch], gone: set[int]) -> None:
    with fresh().transaction() as c:
        written(c)
        as_an_attacker_would(c)
        for row in gone:
            c.execute(text("DELETE FROM audit WHERE id = :row"), {"row": row})
        left = [row for row in range(1, ROWS + 1) if row not in gone]
        after_the_gap = [row for row in left if row > min(gone)]
        assert audit.verify(c)[1] == (after_the_gap[0] if after_the_gap else 0)


@pytest.mark.parametrize("left", range(ROWS))
def test_a_cut_tail_is_found(c: Connection, left: int) -> None:
    written(c)
    as_an_attacker_would(c)
    c.execute(text("DELETE FROM audit WHERE id > :left"), {"left": left})
    assert audit.verify(c) == (left, 0)


def test_two_rows_that_changed_places_are_found(c: Connection) -> None:
    written(c)
    as_an_attacker_would(c)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        c.execute(text("UPDATE audit SET id = :new WHERE id = :old"), {"old": old, "new": new})
    assert audit.verify(c)[1] == 2


def test_a_row_slipped_in_is_found(c: Connection) -> None:
    written(c)
    c.execute(
        text(
            "INSERT INTO audit (at, who, action, subject, detail, previous, hash) "
            "SELECT at, 'boss', action, subject, detail, hash, 'made up' FROM audit WHERE id = 5"
        )
    )
    assert audit.verify(c)[1] == 6


@given(minutes=st.integers(-14 * 60, 14 * 60))
def test_a_row_written_at_another_zones_time_holds_too(fresh: Callable[[], Scratch], minutes: int) -> None:
    with fresh().transaction() as c:
        audit.append(c, NOW.astimezone(timezone(timedelta(minutes=minutes))), "clerk", "said", "x")
        assert audit.verify(c) == (1, None)


DETAILS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(detail=DETAILS, at=st.datetimes(datetime(2000, 1, 1), timezones=st.just(NOW.tzinfo)))  # noqa: DTZ001
def test_whatever_detail_is_written_is_read_back_with_the_same_hash(
    fresh: Callable[[], Scratch], detail: object, at: datetime
) -> None:
    with fresh().transaction() as c:
        audit.append(c, at, "clerk", "said", "x", said=detail)
        assert audit.verify(c) == (1, None)


def test_a_secret_never_reaches_the_log(c: Connection) -> None:
    redactor.register("correct-horse")
    audit.append(c, NOW, "clerk", "said", "x", words=["it is correct-horse"], more={"deep": "correct-horse"})
    kept = json.dumps(c.execute(select(audit.audit.c.detail)).scalar_one())
    assert "correct-horse" not in kept
    assert kept.count("[redacted]") == 2
    assert audit.verify(c) == (1, None)
