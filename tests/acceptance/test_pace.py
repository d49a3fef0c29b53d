"""How visits share the day: turns between accounts, limits per account, pauses and stops in the middle of a visit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from submitter.adapters.fieldgate.adapter import Fieldgate
from submitter.adapters.visit import Visit
from submitter.documents.intake import IntakeItem
from submitter.errors import LeaseLost, StopAsked
from submitter.model.submission import Round
from submitter.queue import visits
from submitter.queue.intake import queue_item
from submitter.queue.office import open_office
from submitter.queue.progress import Progress
from submitter.queue.stopping import Stop
from submitter.queue.worker import Worker
from submitter.secrets import store_secret
from submitter.store import accounts, tables
from submitter.store.tables import attempt, journal, round_
from tests.acceptance.conftest import ACCOUNT, CUSTOMER, PASSWORD, USER, World

pytestmark = pytest.mark.browser
SECOND = "pecos-valley"


def with_settings(world: World, text: str) -> World:
    """The same home, opened again with these settings."""
    path = world.home / "config" / "submitter.toml"
    path.write_text(text)
    world.office.close()
    return replace(world, office=open_office(world.home))


def with_account(world: World, keys: str) -> World:
    path = world.home / "config" / "customers" / f"{ACCOUNT}.toml"
    path.write_text(path.read_text().replace('time_zone = "America/Chicago"', f'time_zone = "UTC"\n{keys}'))
    world.office.close()
    return replace(world, office=open_office(world.home))


def phases(world: World) -> list[tuple[str, datetime, str]]:
    """(account, time, phase) of everything in the journal, in order."""
    with world.office.database.reading() as c:
        query = (
            journal.join(attempt, attempt.c.id == journal.c.attempt)
            .join(round_, round_.c.id == attempt.c.round)
            .select()
            .with_only_columns(round_.c.account, journal.c.at, journal.c.phase)
            .order_by(journal.c.id)
        )
        return [tuple(row) for row in c.execute(query)]  # type: ignore[misc]


class Watching(Progress):
    """Does something when the first receipt comes."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def receipt(self, work: Round, receipt: object) -> None:
        if self.action is not None:
            self.action()
            self.action = None


def test_a_large_backlog_on_one_account_does_not_starve_another(world: World, good: list[IntakeItem]) -> None:
    world.buyer.add_login("second@northline.example", PASSWORD, "Northline Machine Works")
    customers = world.home / "config" / "customers"
    text = CUSTOMER.format(address=world.buyer.url, user="second@northline.example")
    (customers / f"{SECOND}.toml").write_text(text.replace("Tejas Resources", "Pecos Valley"))
    store_secret(SECOND, "password", PASSWORD)
    world = with_settings(world, "[working]\nvisits = 1\nvisit_minutes = 0.001\n")
    large, small = (world.office.customer(name) for name in (ACCOUNT, SECOND))
    for item in good[:5]:
        queue_item(world.office, item.model_copy(update={"customer": large}), "test")
    queue_item(world.office, good[5].model_copy(update={"customer": small}), "test")
    report = world.work()
    assert report.receipts == 6
    turns = [account for account, _, phase in phases(world) if phase == "confirmed"]
    assert turns.index(SECOND) <= 1, f"the second account waited for the backlog: {turns}"
    assert len(world.accepted()) == 6


def test_a_visit_looks_up_what_is_unknown_then_submits_then_reads(careless: World, good: list[IntakeItem]) -> None:
    world = careless
    world.limit(commit_seconds=3)
    [unknown] = world.queue(good[0])
    world.arm("drop_answer_after_booking", page="submit")
    asyncio.run(Worker(world.office).run_until_idle(wait=False))
    assert world.rows()[unknown].state == "unknown"
    world.queue(good[1])
    with world.office.database.transaction() as c:
        accounts.mark_reading_due(c, ACCOUNT, world.office.database.now(c))
    world.pass_time()
    asyncio.run(Worker(world.office).run_until_idle(wait=False))
    with world.office.database.reading() as c:
        looked = max(c.execute(select(tables.look.c.at)).scalars())
        opened = max(c.execute(select(journal.c.at).where(journal.c.phase == "opened")).scalars())
        confirmed = max(c.execute(select(journal.c.at).where(journal.c.phase == "confirmed")).scalars())
        read = min(c.execute(select(tables.reading.c.at)).scalars())
    assert looked < opened < confirmed < read


def test_so_many_invoices_an_hour_and_then_none(world: World, good: list[IntakeItem]) -> None:
    world = with_account(world, "max_submissions_per_hour = 2")
    world.queue(*good[:4])
    report = world.work()
    assert report.receipts == 2
    assert len(world.accepted()) == 2
    barred = report.barred[ACCOUNT]
    assert "2 invoices went in the last hour" in barred.why
    assert barred.until is not None
    assert timedelta(minutes=58) < barred.until - datetime.now(UTC) <= timedelta(hours=1)
    assert {row.state for row in world.rows().values()} == {"confirmed", "queued"}
    assert world.work().visits == [], "nothing is opened for what may not be sent"
    assert world.poll().visits[0].read == 2, "the reading goes on"
    assert len(world.accepted()) == 2


def test_nobody_visits_in_quiet_hours_or_right_after_the_last_visit(world: World, good: list[IntakeItem]) -> None:
    now = datetime.now(UTC)
    begins, ends = ((now + timedelta(hours=h)).strftime("%H:%M") for h in (-1, 1))
    quiet = with_account(world, f'quiet_hours = {{ begins = "{begins}", ends = "{ends}" }}')
    quiet.queue(*good[:2])
    report = quiet.work()
    assert (report.visits, report.barred[ACCOUNT].why) == ([], "quiet hours")
    assert quiet.buyer.ledger()["sign_ins"] == []
    path = world.home / "config" / "customers" / f"{ACCOUNT}.toml"
    path.write_text(CUSTOMER.format(address=world.buyer.url, user=USER))
    paced = with_account(quiet, "min_minutes_between_visits = 30")
    assert paced.work().receipts == 2
    paced.queue(good[2])
    report = paced.work()
    assert (report.visits, report.barred[ACCOUNT].why) == ([], "the last visit was only just now")
    assert len(world.accepted()) == 2


def test_a_pause_in_the_middle_of_a_visit_stops_before_the_next_click(world: World, good: list[IntakeItem]) -> None:
    world.queue(*good[:4])

    def pause() -> None:
        with world.office.database.transaction() as c:
            accounts.pause(c, ACCOUNT, world.office.database.now(c), "clerk", "by-hand", "The customer rang.")

    asyncio.run(Worker(world.office, Watching(pause)).run_until_idle())
    states = sorted(row.state for row in world.rows().values())
    assert states == ["confirmed", "queued", "queued", "queued"]
    assert len(world.accepted()) == 1
    with world.office.database.transaction() as c:
        accounts.resume(c, ACCOUNT, world.office.database.now(c), "clerk", "cleared up")
    assert world.work().receipts == 3


def test_a_stop_gives_up_a_round_that_takes_too_long_before_its_click(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grace is over: whatever is not yet being sent ends at its next step, and costs no try."""
    world.queue(*good[:2])
    worker = Worker(world.office)
    worker.stopping = Stop(grace=0)
    prepare = Fieldgate.prepare

    async def stop_then_prepare(adapter: Fieldgate, visit: Visit, work: Round) -> None:
        worker.stop()
        await prepare(adapter, visit, work)

    monkeypatch.setattr(Fieldgate, "prepare", stop_then_prepare)
    report = asyncio.run(worker.run_until_idle())
    assert isinstance(report.visits[0].error, StopAsked)
    assert world.accepted() == []
    assert [(row.state, row.tries) for row in world.rows().values()] == [("queued", 0)] * 2
    assert world.account().paused_at is None
    assert "committing" not in [phase for _, _, phase in phases(world)]


@pytest.mark.parametrize("why", ["stopped", "lost"])
def test_a_visit_that_hangs_when_it_is_to_end_is_cut_off(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """A call to a browser that was frozen may never come back, and does not see that its context was closed."""
    working = "[working]\nlease_seconds = 12\nheartbeat_seconds = 0.5\nretry_seconds = 0.2\n"
    world = with_settings(world, f"{working}[browsing]\ncommit_seconds = 6\n")
    world.queue(good[0])
    prepare = Fieldgate.prepare
    worker = Worker(world.office)

    async def hang(_adapter: Fieldgate, _visit: Visit, _work: Round) -> None:
        if why == "stopped":
            worker.stopping.grace = 0.5
            worker.stop()
        else:
            with world.office.database.transaction() as c:
                c.execute(tables.lease.update().values(fence=tables.lease.c.fence + 1))
        await asyncio.Event().wait()

    monkeypatch.setattr(visits, "HANGING", 1.0)
    monkeypatch.setattr(Fieldgate, "prepare", hang)
    report = asyncio.run(asyncio.wait_for(worker.run_until_idle(wait=False), 60))
    assert isinstance(report.visits[0].error, StopAsked if why == "stopped" else LeaseLost)
    account = world.account()
    assert (account.paused_at, account.unavailable_in_a_row) == (None, 0), "it is nobody's fault at the portal"
    assert [(row.state, row.tries) for row in world.rows().values()] == [("queued", 0)]
    monkeypatch.setattr(Fieldgate, "prepare", prepare)
    with world.office.database.transaction() as c:
        c.execute(tables.lease.update().values(expires_at=world.office.database.now(c)))
    assert world.work().receipts == 1 and len(world.accepted()) == 1


def test_a_visit_that_hangs_ends_by_itself_and_gives_the_account_back(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen driver answers no call and keeps no time; the lease would be renewed for ever."""
    world = with_settings(world, "[working]\nvisit_minutes = 0.05\nretry_seconds = 0.2\n")
    world.queue(good[0])
    prepare = Fieldgate.prepare

    async def hang(_adapter: Fieldgate, _visit: Visit, _work: Round) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(visits, "OVERTIME", 3.0)
    monkeypatch.setattr(Fieldgate, "prepare", hang)
    report = world.work()
    assert report.visits[0].error is not None
    assert world.account().paused_at is None
    monkeypatch.setattr(Fieldgate, "prepare", prepare)
    monkeypatch.setattr(visits, "OVERTIME", 600.0)
    assert world.work().receipts == 1
    assert len(world.accepted()) == 1
