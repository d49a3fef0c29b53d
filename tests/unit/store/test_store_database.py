"""The database: which addresses are taken, append-only tables, transactions, times, and what is the same on both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from submitter.errors import ConfigurationError
from submitter.model.attempt import Phase
from submitter.model.effort import Activity
from submitter.model.portal import Reading, Receipt, ReceiptSource, Stage
from submitter.model.submission import Fault
from submitter.store import audit, effort, journal, readings
from submitter.store.database import Database, open_database
from submitter.store.tables import APPEND_ONLY, UtcTime, metadata, slot
from tests.unit.store.made import ACCOUNT, NOW, Scratch, queue, seconds, take


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://host/db", "must be SQLite or PostgreSQL, not mysql"),
        ("nonsense", "address cannot be read"),
        ("postgresql://clerk@host:port/db", "address cannot be read"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_a_database_that_cannot_hold_the_queue_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Database(url)


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Dear clerk, this is a letter. " * 100)
    with pytest.raises(ConfigurationError, match="The database cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'letter.sqlite'}")


# -- append-only ---------------------------------------------------------------------------------------------------


def one_row_everywhere(c: Connection) -> None:
    """At least one row in each append-only table."""
    claim, added = take(c), queue(c)
    attempt = journal.open_attempt(c, claim, added.round, NOW)
    journal.record(c, claim, attempt, Phase.PREPARED, NOW)
    journal.record(c, claim, attempt, Phase.COMMITTING, NOW)
    journal.record(c, claim, attempt, Phase.UNKNOWN, NOW)
    journal.note_look(c, claim, attempt, NOW, "found")
    journal.record(c, claim, attempt, Phase.CONFIRMED, NOW)
    journal.keep_receipt(c, attempt, Receipt(reference="R-1", words="Taken", at=NOW, source=ReceiptSource.FOUND))
    one = Reading(
        submission=added.submission, at=NOW, reference="R-1", status="Paid", comment="", stage=Stage.PAID, cause=None
    )
    readings.add(c, claim, one, 1, NOW)
    effort.log(c, added.submission, 1, "clerk", Activity.CHASE, 5, "", NOW)
    effort.decide_fault(c, added.round, Fault.CUSTOMER, "clerk", "they booked it late", NOW)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_money_and_blame_rest_on_cannot_be_changed_or_deleted(
    database: Database, dialect: str, table: str
) -> None:
    with database.transaction() as c:
        one_row_everywhere(c)
    column = metadata.tables[table].columns.keys()[-1]
    with database.transaction() as c:
        before = c.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608 (the names are ours)
    assert before
    changes = [f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}"]  # noqa: S608
    for change in [*changes, *([f"TRUNCATE {table} CASCADE"] if dialect == "postgresql" else [])]:
        with pytest.raises(IntegrityError, match="is append-only"), database.transaction() as c:
            c.execute(text(change))
    with database.transaction() as c:
        assert c.execute(text(f"SELECT * FROM {table}")).all() == before  # noqa: S608


def test_one_attempt_cannot_hold_a_phase_twice(database: Database) -> None:
    with database.transaction() as c:
        one_row_everywhere(c)
    again = {"attempt": 1, "phase": "committing", "at": NOW, "who": "x", "detail": {}}
    with pytest.raises(IntegrityError, match=r"(?i)unique"), database.transaction() as c:
        c.execute(metadata.tables["journal"].insert().values(again))


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as c:
        queue(c)
        raise KeyError
    with database.reading() as c:
        assert c.execute(text("SELECT count(*) FROM submission")).scalar_one() == 0
        assert audit.verify(c) == (0, None)


def test_a_row_without_its_account_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.transaction() as c:
        c.execute(slot.insert().values(key="k", account="nobody", marked_at=NOW))


def test_a_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"), database.reading() as c:
        queue(c)
    with database.transaction() as c:  # and its connection may write again afterwards
        queue(c)


# -- times ---------------------------------------------------------------------------------------------------------


def test_a_time_without_a_zone_is_never_stored(c: Connection) -> None:
    with pytest.raises(StatementError, match="a time without a zone was about to be stored"):
        c.execute(slot.insert().values(key="k", account=ACCOUNT, marked_at=datetime(2026, 3, 2)))  # noqa: DTZ001


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(at=st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_a_time_comes_back_as_the_same_moment_in_utc(fresh: Callable[[], Scratch], at: datetime) -> None:
    with fresh().transaction() as c:
        c.execute(text("INSERT INTO account (id, customer, portal) VALUES ('north-field', 'n', 'p')"))
        c.execute(slot.insert().values(key="k", account=ACCOUNT, marked_at=at))
        back = c.execute(slot.select()).one().marked_at
        assert c.execute(slot.select().where(slot.c.marked_at == at)).one().key == "k"
        assert c.execute(slot.select().where(slot.c.marked_at < at + seconds(1))).one().key == "k"
    assert back == at
    assert back.tzinfo is UTC


def test_every_time_column_keeps_its_zone() -> None:
    times = [column for table in metadata.tables.values() for column in table.columns if "TIME" in str(column.type)]
    assert times
    assert all(isinstance(column.type, UtcTime) for column in times)
