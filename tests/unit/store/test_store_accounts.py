"""Accounts: pauses, circuits, slots, and who is visited next."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select, update

from submitter.model.submission import RoundState
from submitter.store import accounts, leases
from submitter.store.database import Database
from submitter.store.tables import account as account_table
from submitter.store.tables import audit, round_, slot
from tests.unit.store.made import ACCOUNT, LASTS, NOW, account, know_accounts, queue, seconds, take
from tests.unit.store.test_store_submissions import both_at_once

PAUSE = seconds(600)


def unavailable(c: Connection) -> int:
    return accounts.note_unavailable(c, ACCOUNT, NOW, 3, PAUSE)


def test_registering_again_keeps_what_is_known(c: Connection) -> None:
    accounts.pause(c, ACCOUNT, NOW, "clerk", "by-hand", "holiday")
    know_accounts(c, account(), account("south-field"))
    know_accounts(c, account(portal="other"))
    rows = accounts.read_all(c)
    assert [(row.id, row.portal, row.pause_code) for row in rows] == [
        ("north-field", "other", "by-hand"),
        ("south-field", "fieldgate", None),
    ]


def test_a_paused_account_keeps_its_work_and_burns_nothing(c: Connection) -> None:
    queue(c)
    accounts.pause(c, ACCOUNT, NOW, "submitter", "terms-changed", "New terms.")
    assert accounts.due(c, NOW) == []
    assert c.execute(select(round_.c.state, round_.c.tries)).one() == (RoundState.QUEUED, 0)
    accounts.resume(c, ACCOUNT, NOW + seconds(5), "clerk", "accepted them")
    assert accounts.due(c, NOW + seconds(5)) == [ACCOUNT]
    row = accounts.read(c, ACCOUNT)
    assert row is not None
    assert (row.paused_at, row.paused_by, row.pause_code, row.pause_reason) == (None, None, None, None)
    actions = c.execute(select(audit.c.action).order_by(audit.c.id)).scalars().all()
    assert actions == ["submission queued", "account paused", "account resumed"]


def test_the_first_reason_of_a_pause_stays(c: Connection) -> None:
    accounts.pause(c, ACCOUNT, NOW, "submitter", "terms-changed", "New terms.")
    accounts.pause(c, ACCOUNT, NOW + LASTS, "clerk", "by-hand", "holiday")
    row = accounts.read(c, ACCOUNT)
    assert row is not None
    assert (row.pause_code, row.paused_at) == ("terms-changed", NOW)


def test_the_circuit_opens_after_three_and_doubles(c: Connection) -> None:
    queue(c)
    counts, waits = [], []
    for _ in range(10):
        counts.append(unavailable(c))
        row = accounts.read(c, ACCOUNT)
        assert row is not None
        waits.append(None if row.closed_until is None else (row.closed_until - NOW) / PAUSE)
    assert counts == list(range(1, 11))
    assert waits == [None, None, 1, 2, 4, 8, 16, 32, 32, 32]


def test_a_closed_account_is_not_visited_until_its_time(c: Connection) -> None:
    queue(c)
    for _ in range(3):
        assert accounts.due(c, NOW) == [ACCOUNT]
        unavailable(c)
    assert accounts.due(c, NOW + PAUSE - seconds(1)) == []
    assert accounts.next_due_at(c, NOW, PAUSE, [ACCOUNT]) is None
    assert accounts.due(c, NOW + PAUSE) == [ACCOUNT]


def test_a_visit_that_went_well_closes_the_circuit(c: Connection) -> None:
    assert accounts.note_available(c, ACCOUNT, 3) is False
    for _ in range(3):
        unavailable(c)
    assert accounts.note_available(c, ACCOUNT, 3) is True
    assert unavailable(c) == 1
    row = accounts.read(c, ACCOUNT)
    assert row is not None
    assert (row.unavailable_in_a_row, row.closed_until) == (1, None)


@pytest.mark.parametrize("failures", [1, 2])
def test_who_was_not_said_to_be_away_is_not_said_to_be_back(c: Connection, failures: int) -> None:
    """Also where the portal itself told us to stay away, which closes the account from the first time on."""
    for _ in range(failures):
        accounts.note_unavailable(c, ACCOUNT, NOW, 3, PAUSE, seconds(60))
    assert accounts.note_available(c, ACCOUNT, 3) is False
    row = accounts.read(c, ACCOUNT)
    assert row is not None and row.closed_until is None


def test_resuming_closes_the_circuit_too(c: Connection) -> None:
    queue(c)
    for _ in range(3):
        unavailable(c)
    accounts.resume(c, ACCOUNT, NOW, "clerk", "the portal is back")
    assert accounts.due(c, NOW) == [ACCOUNT]
    assert unavailable(c) == 1


def test_a_leased_account_is_busy_and_not_due(c: Connection) -> None:
    queue(c)
    take(c, "first")
    assert accounts.due(c, NOW + seconds(59)) == []
    assert [(row.id, row.holder) for row in accounts.busy(c, NOW)] == [(ACCOUNT, "first")]
    assert accounts.next_due_at(c, NOW, LASTS, [ACCOUNT]) is None
    assert accounts.due(c, NOW + LASTS) == [ACCOUNT]
    assert accounts.busy(c, NOW + LASTS) == []


@pytest.mark.parametrize("state", RoundState)
def test_only_waiting_rounds_make_an_account_due(c: Connection, state: RoundState) -> None:
    queue(c)
    c.execute(update(round_).values(state=state))
    waiting = state in (RoundState.QUEUED, RoundState.UNKNOWN, RoundState.COMMITTING)
    assert accounts.due(c, NOW) == ([ACCOUNT] if waiting else [])
    assert (accounts.next_due_at(c, NOW, LASTS, [ACCOUNT]) is not None) is waiting


def test_work_of_the_future_is_not_due_but_announced(c: Connection) -> None:
    queue(c, now=NOW + seconds(30))
    assert accounts.due(c, NOW) == []
    assert accounts.next_due_at(c, NOW, seconds(29), [ACCOUNT]) is None
    assert accounts.next_due_at(c, NOW, seconds(30), [ACCOUNT]) == NOW + seconds(30)
    assert accounts.next_due_at(c, NOW, seconds(30), ["south-field"]) is None


def test_a_changed_page_pauses_every_account_of_that_portal_at_that_customer(c: Connection) -> None:
    know_accounts(
        c, account(), account("second-login", customer=ACCOUNT), account("other-portal", customer=ACCOUNT, portal="x")
    )
    know_accounts(c, account("somebody-else"))
    paused = accounts.pause_adapter(c, ACCOUNT, NOW, "submitter", "field-missing", "A field is gone.")
    assert paused == [ACCOUNT, "second-login"]
    assert [row.id for row in accounts.read_all(c) if row.paused_at is not None] == [ACCOUNT, "second-login"]


def test_it_is_told_when_nothing_but_submissions_is_due(c: Connection) -> None:
    queue(c)
    assert [(row.id, bool(row.only_to_send)) for row in accounts.due_work(c, NOW)] == [(ACCOUNT, True)]
    accounts.mark_reading_due(c, ACCOUNT, NOW)
    assert [(row.id, bool(row.only_to_send)) for row in accounts.due_work(c, NOW)] == [(ACCOUNT, False)]


def test_who_has_waited_longest_for_a_visit_comes_first(c: Connection) -> None:
    know_accounts(c, account("a"), account("b"), account("c"))
    for name, ago in (("a", 10), ("b", 30)):
        accounts.note_visit(c, name, NOW - seconds(ago))
    for name in ("a", "b", "c"):
        accounts.mark_reading_due(c, name, NOW)
    assert accounts.due(c, NOW) == ["c", "b", "a"]


def test_a_reading_is_due_until_it_is_done(c: Connection) -> None:
    assert accounts.mark_reading_due(c, ACCOUNT, NOW) is True
    assert accounts.due(c, NOW) == [ACCOUNT]
    assert accounts.due(c, NOW - seconds(1)) == []
    accounts.reading_done(c, ACCOUNT, NOW)
    assert accounts.due(c, NOW) == []


def test_a_reading_asked_for_while_another_goes_on_stays_due(c: Connection) -> None:
    accounts.mark_reading_due(c, ACCOUNT, NOW)
    accounts.mark_reading_due(c, ACCOUNT, NOW + seconds(5))
    accounts.reading_done(c, ACCOUNT, NOW)
    assert accounts.due(c, NOW + seconds(5)) == [ACCOUNT]


def test_a_slot_is_marked_once(c: Connection) -> None:
    assert accounts.mark_reading_due(c, ACCOUNT, NOW, "poll:north-field:2026-03-02") is True
    accounts.reading_done(c, ACCOUNT, NOW)
    assert accounts.mark_reading_due(c, ACCOUNT, NOW + LASTS, "poll:north-field:2026-03-02") is False
    assert accounts.due(c, NOW + LASTS) == []
    assert accounts.mark_reading_due(c, ACCOUNT, NOW + LASTS, "poll:north-field:2026-03-03") is True


@pytest.mark.parametrize("time", range(5))
def test_of_two_schedulers_at_once_exactly_one_marks_the_slot(database: Database, time: int) -> None:
    def mark(number: int) -> bool:
        with database.transaction() as c:
            return accounts.mark_reading_due(c, ACCOUNT, NOW + seconds(number), f"poll:north-field:{time}")

    assert sorted(both_at_once(mark)) == [False, True]
    with database.reading() as c:
        assert c.execute(select(func.count()).select_from(slot)).scalar_one() == 1


def test_sign_ins_are_counted(c: Connection) -> None:
    accounts.note_sign_in(c, ACCOUNT)
    accounts.note_sign_in(c, ACCOUNT)
    assert c.execute(select(account_table.c.sign_ins)).scalar_one() == 2


def test_a_lease_of_another_account_does_not_matter(c: Connection) -> None:
    know_accounts(c, account("south-field"))
    queue(c)
    leases.take(c, "south-field", "first", NOW, LASTS)
    assert accounts.due(c, NOW) == [ACCOUNT]
