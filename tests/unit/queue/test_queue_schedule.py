"""The nightly reading: once each local day, whatever the clocks and the machines do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from submitter.documents.vault.vault import Vault
from submitter.model.account import Account, Customer
from submitter.queue import schedule
from submitter.queue.office import Office
from submitter.queue.schedule import build_scheduler, catch_up, latest_slot, mark_due
from submitter.settings import Settings
from submitter.store import accounts
from submitter.store.database import Database
from submitter.store.tables import slot
from tests.unit.store.made import ACCOUNT, account, know_accounts

CHICAGO, BERLIN = "America/Chicago", "Europe/Berlin"
SPRING = {CHICAGO: date(2026, 3, 8), BERLIN: date(2026, 3, 29)}
AUTUMN = {CHICAGO: date(2026, 11, 1), BERLIN: date(2026, 10, 25)}


def in_zone(zone: str, at: time = time(2, 30)) -> Account:
    return account(time_zone=zone, reading_time=at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    one = in_zone(CHICAGO, time(2, 0))
    customer = Customer(id=ACCOUNT, name="North Field", account=one)
    return Office(Settings(home=tmp_path), (customer,), database, Vault(tmp_path / "vault"))


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        (CHICAGO, "2026-01-15T08:29:59", "2026-01-14"),  # 02:29:59 in winter
        (CHICAGO, "2026-01-15T08:30:00", "2026-01-15"),
        (CHICAGO, "2026-07-15T07:29:59", "2026-07-14"),  # in summer an hour earlier
        (CHICAGO, "2026-07-15T07:30:00", "2026-07-15"),
        (CHICAGO, "2026-01-15T03:00:00", "2026-01-14"),  # the local day is still the one before
        (BERLIN, "2026-01-15T01:30:00", "2026-01-15"),
        (BERLIN, "2026-07-14T23:59:00", "2026-07-14"),
        # the nights that skip from 02:00 to 03:00 have no 02:30; it is due an hour and a half after 01:00 all the same
        (CHICAGO, "2026-03-08T07:59:59", "2026-03-07"),
        (CHICAGO, "2026-03-08T08:29:59", "2026-03-07"),
        (CHICAGO, "2026-03-08T08:30:00", "2026-03-08"),
        (BERLIN, "2026-03-29T01:29:59", "2026-03-28"),
        (BERLIN, "2026-03-29T01:30:00", "2026-03-29"),
        # the nights that have two: the first one counts
        (BERLIN, "2026-10-25T00:29:59", "2026-10-24"),
        (BERLIN, "2026-10-25T00:30:00", "2026-10-25"),
        (BERLIN, "2026-10-25T01:10:00", "2026-10-25"),  # 02:10 again, after it was 02:30 once
        (BERLIN, "2026-10-25T01:30:00", "2026-10-25"),
    ],
)
def test_the_latest_slot_is_the_local_day_of_the_last_reading_time(zone: str, now: str, day: str) -> None:
    assert latest_slot(in_zone(zone), utc(now)) == date.fromisoformat(day)


MOMENTS = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.sampled_from([CHICAGO, BERLIN, "Asia/Kolkata", "Pacific/Chatham"]), st.times(), MOMENTS, st.integers(0, 7200))
def test_slots_only_go_forward_and_never_skip_a_day(zone: str, at: time, now: datetime, later: int) -> None:
    one = in_zone(zone, at)
    before, after = latest_slot(one, now), latest_slot(one, now + timedelta(seconds=later))
    assert before <= after <= before + timedelta(days=1)
    assert latest_slot(one, now + timedelta(days=1, hours=1)) > before


def fire_times(trigger: CronTrigger, begin: datetime, end: datetime) -> Iterator[datetime]:
    """When a scheduler that always runs would fire, on a clock the test drives."""
    last, now = None, begin
    while (at := trigger.get_next_fire_time(last, now)) is not None and at <= end:
        yield at
        last, now = at, at.astimezone(UTC) + timedelta(microseconds=1)


def timers(one: Account, office: Office) -> dict[str, CronTrigger]:
    customers = (office.customers[0].model_copy(update={"account": one}),)
    scheduler = build_scheduler(Office(office.settings, customers, office.database, office.vault))
    return {job.id: job.trigger for job in scheduler.get_jobs()}


@pytest.mark.parametrize("at", [time(1, 30), time(2, 0), time(2, 30), time(23, 59, 59), time(0, 0)], ids=str)
@pytest.mark.parametrize("zone", [CHICAGO, BERLIN])
def test_the_timer_fires_at_the_accounts_local_time_and_no_night_is_left_out(
    office: Office, zone: str, at: time
) -> None:
    one = in_zone(zone, at)
    own, make_up = timers(one, office).values()
    for change in (SPRING[zone], AUTUMN[zone]):
        begin = datetime.combine(change - timedelta(days=4), time(0), ZoneInfo(zone)).astimezone(UTC)
        end = begin + timedelta(days=9)
        fired = list(fire_times(own, begin, end))
        assert all(latest_slot(one, moment.astimezone(UTC)) == moment.date() for moment in fired)
        assert {moment.time() for moment in fired if moment.date() != change} == {at}
        marked: dict[date, datetime] = {}
        for moment in sorted([*fired, *fire_times(make_up, begin, end)]):
            marked.setdefault(latest_slot(one, moment.astimezone(UTC)), moment)
        for day in (change + timedelta(days=n) for n in range(-3, 4)):
            due = datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
            assert due <= marked[day].astimezone(UTC) <= due + timedelta(hours=1), f"{day} was read late"


def test_two_schedulers_and_a_restart_mark_a_night_once(office: Office) -> None:
    one = office.customers[0].account
    now = utc("2026-03-02T08:00:00")
    marks = [mark_due(office, one, now + timedelta(minutes=n)) for n in (0, 0, 1, 600, 1439)]
    assert marks == [True, False, False, False, False]
    assert mark_due(office, one, now + timedelta(days=1)) is True


def test_a_night_that_was_read_is_not_made_due_again(office: Office) -> None:
    one, now = office.customers[0].account, utc("2026-03-02T08:00:00")
    mark_due(office, one, now)
    with office.database.transaction() as c:
        assert accounts.due(c, now) == [one.id]
        accounts.reading_done(c, one.id, now)
    mark_due(office, one, now + timedelta(hours=1))
    with office.database.reading() as c:
        assert accounts.due(c, now + timedelta(hours=1)) == []


def test_a_missed_night_is_made_up_once_at_the_next_start(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four nights were missed; the portal is asked once, because it says what is true now."""
    now = utc("2026-03-06T15:00:00")

    class Now(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return now

    monkeypatch.setattr(schedule, "datetime", Now)
    mark_due(office, office.customers[0].account, utc("2026-03-02T08:00:00"))
    assert [catch_up(office), catch_up(office)] == [[ACCOUNT], []]
    with office.database.reading() as c:
        keys = c.execute(select(slot.c.key).order_by(slot.c.key)).scalars().all()
    assert keys == ["poll:north-field:2026-03-02", "poll:north-field:2026-03-06"]


def test_each_account_has_its_own_slots(office: Office) -> None:
    other = account("south-field")
    with office.database.transaction() as c:
        know_accounts(c, other)
    now = utc("2026-03-02T12:00:00")
    assert mark_due(office, office.customers[0].account, now)
    assert mark_due(office, other, now)
    with office.database.reading() as c:
        assert c.execute(select(func.count()).select_from(slot)).scalar_one() == 2
