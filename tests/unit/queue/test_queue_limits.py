"""The pace a customer's portal sets: quiet hours, the gap between visits, invoices per hour; and what a pause stops."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from submitter.model.account import Account, QuietHours
from submitter.model.attempt import Phase
from submitter.queue.limits import hour_is_full, keeps_away
from submitter.store import accounts, journal
from submitter.store.tables import attempt, round_
from submitter.store.tables import journal as journal_table
from tests.unit.store.made import ACCOUNT, NOW, account, queue, seconds, take

NIGHT = QuietHours(begins=time(22), ends=time(5))


def away(c: Connection, one: Account, now: datetime = NOW, *, only_to_send: bool = True) -> str | None:
    found = keeps_away(c, one, now, only_to_send=only_to_send)
    return None if found is None else found.why


def click(c: Connection, at: datetime, number: str) -> None:
    """A sending click of this account, as the journal knows it."""
    added = queue(c, number, at)
    identity = c.execute(
        insert(attempt).values(round=added.round, fence=1, holder="me", opened_at=at).returning(attempt.c.id)
    ).scalar_one()
    c.execute(
        insert(journal_table).values(attempt=identity, phase=Phase.COMMITTING, at=at, fence=1, who="me", detail={})
    )


def test_nothing_keeps_a_visit_from_an_account_without_limits(c: Connection) -> None:
    accounts.note_visit(c, ACCOUNT, NOW)
    for number in range(50):
        click(c, NOW, f"INV-{number}")
    assert away(c, account()) is None


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        ("2026-03-02T03:59", False),  # 21:59 in Chicago
        ("2026-03-02T04:00", True),
        ("2026-03-02T10:59", True),
        ("2026-03-02T11:00", False),
        ("2026-07-02T03:30", True),  # summer: 22:30
        ("2026-07-02T10:00", False),
    ],
)
def test_quiet_hours_are_local_and_pass_midnight(c: Connection, utc: str, quiet: bool) -> None:
    one = account(time_zone="America/Chicago", quiet_hours=NIGHT)
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    found = keeps_away(c, one, now, only_to_send=False)
    assert (found is not None) is quiet
    if found is not None:
        assert found.until is not None
        assert (found.until - now) <= timedelta(hours=7)
        assert keeps_away(c, one, found.until, only_to_send=False) is None


@given(
    begins=st.times(),
    ends=st.times(),
    at=st.dates(date(2000, 1, 1), date(2100, 1, 1)).flatmap(lambda day: st.times().map(partial(datetime.combine, day))),
)
def test_quiet_hours_end_and_never_last_a_day(begins: time, ends: time, at: datetime) -> None:
    if begins == ends:
        with pytest.raises(ValueError, match="all day or never"):
            QuietHours(begins=begins, ends=ends)
        return
    quiet = QuietHours(begins=begins, ends=ends)
    until = quiet.end_of(at)
    if until is not None:
        assert timedelta(0) < until - at < timedelta(days=1)
        assert quiet.end_of(until) is None
    assert quiet.end_of(datetime.combine(at.date(), begins)) is not None


def test_the_gap_between_visits_counts_from_the_last_one(c: Connection) -> None:
    one = account(min_minutes_between_visits=5)
    assert away(c, one) is None, "there was no visit yet"
    accounts.note_visit(c, ACCOUNT, NOW)
    found = keeps_away(c, one, NOW + seconds(299), only_to_send=False)
    assert found is not None
    assert found.until == NOW + seconds(300)
    assert away(c, one, NOW + seconds(300)) is None


def test_an_hour_takes_so_many_clicks_whatever_came_of_them(c: Connection) -> None:
    one = account(max_submissions_per_hour=3)
    for number, minute in enumerate((0, 10, 20)):
        assert hour_is_full(c, one, NOW + timedelta(minutes=minute)) is None
        click(c, NOW + timedelta(minutes=minute), f"INV-{number}")
    now = NOW + timedelta(minutes=30)
    assert hour_is_full(c, one, now) == NOW + timedelta(minutes=60)
    assert hour_is_full(c, account("south-field", max_submissions_per_hour=3), now) is None, "another account's hour"
    assert away(c, one, now) == "3 invoices went in the last hour"
    assert away(c, one, now, only_to_send=False) is None, "readings and looks go on"
    assert hour_is_full(c, one, NOW + timedelta(minutes=60)) is None


def test_a_pause_and_an_open_circuit_keep_everybody_away(c: Connection) -> None:
    for _ in range(3):
        accounts.note_unavailable(c, ACCOUNT, NOW, 3, seconds(600))
    assert away(c, account()) == "the portal was away"
    accounts.pause(c, ACCOUNT, NOW, "clerk", "by-hand", "holiday")
    assert away(c, account(), NOW + timedelta(days=3)) == "paused by clerk: holiday"


# -- unknown outcomes that nobody could find out -------------------------------------------------------------------


def unknown(c: Connection) -> int:
    added = queue(c)
    claim = take(c, "me", NOW)
    one = journal.open_attempt(c, claim, added.round, NOW)
    for phase in (Phase.PREPARED, Phase.COMMITTING, Phase.UNKNOWN):
        journal.record(c, claim, one, phase, NOW)
    return added.round


def test_an_outcome_nobody_could_find_out_goes_to_a_person_even_while_the_account_is_paused(c: Connection) -> None:
    identity = unknown(c)
    accounts.pause(c, ACCOUNT, NOW, "submitter", "credentials-rejected", "The password is wrong.")
    day = timedelta(hours=24)

    def hand_over(now: datetime) -> list[int]:
        return journal.hand_over(c, now - day, now, "submitter", lambda number: f"Look for {number}.")

    assert hand_over(NOW + day - seconds(1)) == []
    assert hand_over(NOW + day) == [identity]
    assert hand_over(NOW + 2 * day) == [], "once"
    row = c.execute(round_.select().where(round_.c.id == identity)).one()
    assert (row.state, row.error) == ("person", "Look for INV-1.")
    one = journal.last_attempt(c, identity)
    assert one is not None
    journal.record_decision(c, one.id, Phase.CONFIRMED, NOW + 2 * day, "clerk", "seen in the portal")
    assert c.execute(round_.select().where(round_.c.id == identity)).one().state == "confirmed"


# -- how long a successor waits ------------------------------------------------------------------------------------


def test_the_visit_that_clicked_itself_need_not_wait(c: Connection) -> None:
    identity = unknown(c)
    one = journal.last_attempt(c, identity)
    assert one is not None
    assert journal.former_worker_waits(c, one.id, seconds(60), "boot", 5.0) == timedelta(0)


def test_a_successor_waits_a_lease_on_a_boot_clock_of_its_own(c: Connection) -> None:
    added = queue(c)
    dead = take(c, "dead", NOW)
    one = journal.open_attempt(c, dead, added.round, NOW)
    journal.record(c, dead, one, Phase.PREPARED, NOW)
    journal.record(c, dead, one, Phase.COMMITTING, NOW)
    later = NOW + seconds(61)
    heir = take(c, "heir", later)
    journal.recover(c, heir, later, seconds(0))

    def waits(boot_id: str, boot: float) -> float:
        return journal.former_worker_waits(c, one, seconds(60), boot_id, boot).total_seconds()

    assert waits("a", 1000.0) == 60
    journal.note_look(c, heir, one, later, "absent", boot_id="a", boot=1000.0)
    journal.note_look(c, heir, one, later, "absent", boot_id="a", boot=1040.0)
    assert waits("a", 1040.0) == 20, "from the first look, not the last"
    assert waits("a", 1060.0) == 0
    assert waits("b", 99999.0) == 60, "another machine's clock, or this one's after a restart, proves nothing"
    journal.note_look(c, heir, one, later, "unclear", boot_id="b", boot=7.0)
    assert waits("b", 67.0) == 0
