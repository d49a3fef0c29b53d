"""Leases: one worker per account, and not a word from one that lost it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, func, select

from submitter.errors import LeaseLost
from submitter.model.attempt import Phase
from submitter.model.portal import Reading, Stage
from submitter.store import accounts, journal, leases, readings
from submitter.store.database import Database
from submitter.store.leases import Claim, Held
from submitter.store.tables import journal as journal_table
from submitter.store.tables import lease, look, reading, round_
from tests.unit.store.made import ACCOUNT, LASTS, NOW, queue, seconds, take
from tests.unit.store.test_store_submissions import both_at_once


def test_a_live_lease_is_held(c: Connection) -> None:
    take(c, "first")
    found = leases.take(c, ACCOUNT, "second", NOW + seconds(59.9), LASTS)
    assert found == Held(account=ACCOUNT, holder="first", expires_at=NOW + LASTS)
    assert c.execute(select(lease.c.fence)).scalar_one() == 1


def test_an_expired_lease_is_taken_with_a_higher_fence(c: Connection) -> None:
    fences = [take(c, f"worker {n}", NOW + n * LASTS).fence for n in range(4)]
    assert fences == [1, 2, 3, 4]


def test_a_lease_given_back_is_free_at_once_and_the_fence_still_rises(c: Connection) -> None:
    leases.release(c, take(c, "first"), NOW + seconds(1))
    assert take(c, "second", NOW + seconds(1)).fence == 2


def test_who_lost_the_lease_cannot_give_the_new_one_back(c: Connection) -> None:
    old = take(c, "first")
    take(c, "second", NOW + LASTS)
    leases.release(c, old, NOW + LASTS)
    assert isinstance(leases.take(c, ACCOUNT, "third", NOW + LASTS, LASTS), Held)


def test_a_heartbeat_lengthens_the_lease(c: Connection) -> None:
    claim = take(c)
    leases.renew(c, claim, NOW + seconds(59), LASTS)
    assert isinstance(leases.take(c, ACCOUNT, "second", NOW + seconds(118), LASTS), Held)
    leases.require(c, claim, NOW + seconds(118))


def test_a_lease_that_ran_out_cannot_be_renewed_even_if_nobody_took_it(c: Connection) -> None:
    claim = take(c)
    with pytest.raises(LeaseLost, match="has run out"):
        leases.renew(c, claim, NOW + LASTS, LASTS)
    with pytest.raises(LeaseLost, match="Another worker has taken over"):
        take(c, "second", NOW + LASTS)
        leases.renew(c, claim, NOW + LASTS, LASTS)


def test_a_lease_must_last_as_long_as_the_work_will_take(c: Connection) -> None:
    claim, added = take(c), queue(c)
    attempt = journal.open_attempt(c, claim, added.round, NOW)
    journal.record(c, claim, attempt, Phase.PREPARED, NOW)
    with pytest.raises(LeaseLost, match="or would before the work is done"):
        journal.record(c, claim, attempt, Phase.COMMITTING, NOW + seconds(30), must_last=seconds(30))
    assert journal.phase_of(c, attempt) is Phase.PREPARED
    journal.record(c, claim, attempt, Phase.COMMITTING, NOW + seconds(29.9), must_last=seconds(30))


def test_a_claim_nobody_gave_is_worth_nothing(c: Connection) -> None:
    with pytest.raises(LeaseLost):
        leases.require(c, Claim(account=ACCOUNT, fence=1, holder="me"), NOW)


Write = Callable[[Connection, Claim, int, int, datetime], object]


def _reading(submission: int, now: datetime) -> Reading:
    return Reading(submission=submission, at=now, reference="R", status="Paid", comment="", stage=Stage.PAID)


WRITES: dict[str, Write] = {
    "open an attempt": lambda c, claim, rnd, _att, now: journal.open_attempt(c, claim, rnd, now),
    "record a phase": lambda c, claim, _rnd, att, now: journal.record(c, claim, att, Phase.PREPARED, now),
    "add a reading": lambda c, claim, rnd, _att, now: readings.add(c, claim, _reading(rnd, now), 1, now),
    "note a look": lambda c, claim, _rnd, att, now: journal.note_look(c, claim, att, now, "absent"),
    "put a look off": lambda c, claim, rnd, _att, now: journal.put_off(c, claim, rnd, now, now + seconds(99)),
    "recover": lambda c, claim, _rnd, _att, now: journal.recover(c, claim, now, seconds(2)),
    "renew": lambda c, claim, _rnd, _att, now: leases.renew(c, claim, now, LASTS),
}


@pytest.mark.parametrize("taken_over", [True, False], ids=["taken over", "run out"])
@pytest.mark.parametrize("what", WRITES)
def test_no_write_under_an_old_claim(database: Database, what: str, taken_over: bool) -> None:
    with database.transaction() as c:
        claim, added = take(c), queue(c)
        attempt = journal.open_attempt(c, claim, added.round, NOW)
    later = NOW + LASTS
    if taken_over:
        with database.transaction() as c:
            take(c, "second", later)

    def counts(c: Connection) -> list[object]:
        tables = (journal_table, look, reading)
        return [c.execute(select(func.count()).select_from(t)).scalar_one() for t in tables] + [
            c.execute(select(round_.c.due_at, round_.c.state)).one(),
            c.execute(select(lease)).one(),
        ]

    with database.reading() as c:
        before = counts(c)
    with pytest.raises(LeaseLost), database.transaction() as c:
        WRITES[what](c, claim, added.round, attempt, later)
    with database.reading() as c:
        assert counts(c) == before


@pytest.mark.parametrize("what", WRITES)
def test_the_same_write_goes_through_while_the_lease_lives(c: Connection, what: str) -> None:
    claim, added = take(c), queue(c)
    other = queue(c, "INV-2")
    attempt = journal.open_attempt(c, claim, added.round, NOW)
    WRITES[what](c, claim, other.round, attempt, NOW + seconds(59))


@pytest.mark.parametrize("fresh", [True, False], ids=["never leased", "expired"])
@pytest.mark.parametrize("_time", range(3))
def test_of_two_that_take_at_once_exactly_one_gets_it(database: Database, fresh: bool, _time: int) -> None:
    now = NOW
    if not fresh:
        with database.transaction() as c:
            take(c, "dead", NOW)
        now = NOW + LASTS

    def try_it(number: int) -> Claim | Held:
        with database.transaction() as c:
            return leases.take(c, ACCOUNT, f"worker {number}", now, LASTS)

    outcomes = both_at_once(try_it)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Claim", "Held"]
    assert len({outcome.holder for outcome in outcomes}) == 1


def test_a_heartbeat_from_the_future_holds_nobody_up(c: Connection) -> None:
    """The clock stood an hour ahead when it was written; its holder has noticed by its own clocks."""
    ahead = NOW + seconds(3600)
    former = take(c, "former", ahead)
    accounts.mark_reading_due(c, ACCOUNT, NOW)
    assert accounts.due(c, NOW) == [ACCOUNT]
    heir = leases.take(c, ACCOUNT, "heir", NOW, LASTS)
    assert isinstance(heir, leases.Claim)
    assert heir.fence == former.fence + 1
    with pytest.raises(LeaseLost):
        leases.renew(c, former, NOW, LASTS)


def test_a_clock_that_a_time_server_nudged_back_takes_nothing_away(c: Connection) -> None:
    take(c, "me", NOW)
    assert isinstance(leases.take(c, ACCOUNT, "other", NOW - seconds(10), LASTS), leases.Held)
