"""A browser that dies in the middle of a visit, and a browser on another machine. The portal's ledger is the judge."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.processes import Process
from submitter.documents.intake import IntakeItem
from submitter.queue.office import Office, open_office
from submitter.queue.progress import Progress
from submitter.queue.stopping import Stop
from submitter.queue.visits import VisitReport, VisitRun
from submitter.queue.worker import Worker, WorkReport
from submitter.store import journal, submissions
from tests.acceptance.conftest import ACCOUNT, World
from tests.browsers import browser_server, eventually_so, is_browser, is_driver, is_renderer, send, some

pytestmark = pytest.mark.browser

SOON = "\n[working]\nretry_seconds = 0.1\n"  # a round that failed is due again at once, so that a run can follow


@contextmanager
def impatient(world: World) -> Iterator[Office]:
    path = world.home / "config" / "submitter.toml"
    path.write_text(path.read_text() + SOON)
    office = open_office(world.home)
    try:
        yield office
    finally:
        office.close()


def phases(office: Office, number: str) -> list[str]:
    with office.database.reading() as c:
        return [step.phase for step in journal.timeline(c, submissions.find_one(c, number).id)]


async def visit_and_kill(office: Office, when: Callable[[], bool], kind: Callable[[Process], bool]) -> WorkReport:
    """Run until idle; as soon as it is so, kill every process of this kind."""
    running = asyncio.create_task(Worker(office).run_until_idle(wait=False))
    await eventually_so(lambda: when() or running.done(), "the moment to kill", seconds=90)
    assert not running.done(), "the moment came too late"
    send(signal.SIGKILL, *some(kind))
    return await running


def judge(world: World, office: Office, numbers: list[str]) -> None:
    """Every invoice is at the portal once, and here we know it."""
    assert Counter(entry["number"] for entry in world.accepted()) == Counter(numbers)
    references = {entry["number"]: entry["confirmation"] for entry in world.accepted()}
    with office.database.reading() as c:
        rows = {row.invoice_number: row for row in submissions.listing(c)}
    assert {number: (row.state, row.reference) for number, row in rows.items()} == {
        number: ("confirmed", references[number]) for number in numbers
    }


@pytest.mark.parametrize("kind", [is_renderer, is_browser, is_driver])
def test_a_death_between_two_invoices_costs_one_visit(
    world: World, good: list[IntakeItem], kind: Callable[[Process], bool]
) -> None:
    world.buyer.settings(accept_duplicates=True)  # a portal that would not save us from sending twice
    numbers = world.queue(*good[:2])
    with impatient(world) as office:
        report = asyncio.run(visit_and_kill(office, lambda: len(world.accepted()) >= 1, kind))
        assert len(report.visits) == 1 and report.visits[0].error is not None, "the visit in hand ended"
        assert world.account().paused_at is None, "it is not the customer's fault, nor the portal's"
        asyncio.run(Worker(office).run_until_idle())
        judge(world, office, numbers)


@pytest.mark.parametrize(
    ("fault", "booked", "kind"),
    [
        ("timeout_after_booking", 1, is_renderer),
        ("timeout_before_booking", 0, is_browser),
        ("timeout_after_booking", 1, is_driver),
    ],
)
def test_a_death_at_the_sending_click_is_looked_up(
    world: World, good: list[IntakeItem], fault: str, booked: int, kind: Callable[[Process], bool]
) -> None:
    world.buyer.settings(accept_duplicates=True)
    numbers = world.queue(good[0])
    world.buyer.arm(fault, seconds=20)

    def sent() -> bool:
        return world.buyer.ask("GET", "/faults")["faults"][0]["fired"] == 1 and len(world.accepted()) == booked

    with impatient(world) as office:
        asyncio.run(visit_and_kill(office, sent, kind))
        assert world.account().paused_at is None
        assert phases(office, numbers[0])[:4] == ["opened", "prepared", "committing", "unknown"]
        asyncio.run(Worker(office).run_until_idle())
        judge(world, office, numbers)
        looked_up = ["confirmed"] if booked else ["returned", "opened", "prepared", "committing", "confirmed"]
        assert phases(office, numbers[0])[4:] == looked_up


def test_a_worker_goes_on_with_a_new_browser(world: World, good: list[IntakeItem]) -> None:
    """The same browser object, as a worker that runs for weeks has it."""
    numbers = world.queue(good[0])

    async def visit_twice(office: Office) -> list[VisitReport]:
        async with FencedBrowser({"127.0.0.1"}) as browser:

            def visit() -> asyncio.Task[VisitReport]:
                run = VisitRun(office, office.account(ACCOUNT), browser, Progress(), Stop())
                return asyncio.create_task(run.run())

            first = visit()
            await eventually_so(lambda: bool(some(is_renderer)) or first.done(), "the visit's page", seconds=90)
            send(signal.SIGKILL, *some(is_driver))
            return [await first, await visit()]

    with impatient(world) as office:
        reports = asyncio.run(visit_twice(office))
        assert [report.error is None for report in reports] == [False, True]
        judge(world, office, numbers)


# -- a browser on another machine --------------------------------------------------------------------------------------


async def visit_by_server(office: Office, endpoint: str) -> VisitReport:
    async with FencedBrowser({"127.0.0.1"}, endpoint=endpoint) as browser:
        report = await VisitRun(office, office.account(ACCOUNT), browser, Progress(), Stop()).run()
        assert some(is_browser) == [], "no browser was started here"
        return report


@pytest.mark.parametrize("unsafe", [True, False], ids=["takes our flags", "takes no flags"])
def test_whole_submissions_go_through_a_browser_server(
    world: World, good: list[IntakeItem], tmp_path: Path, *, unsafe: bool
) -> None:
    numbers = world.queue(*good[:2])
    with browser_server(tmp_path / "browsers", unsafe=unsafe) as address:
        report = asyncio.run(visit_by_server(world.office, address))
    assert (report.error, report.receipts) == (None, 2)
    judge(world, world.office, numbers)
    for entry in world.accepted():
        assert entry["files"], "the documents were uploaded through the server"


def test_the_click_is_sent_once_through_a_server_too(world: World, good: list[IntakeItem], tmp_path: Path) -> None:
    """Chromium repeats a POST by itself when the connection closes unanswered; a portal that books both has two."""
    world.buyer.settings(accept_duplicates=True, browser_may_resend=True)
    numbers = world.queue(good[0])
    world.buyer.arm("drop_answer_after_booking")
    with browser_server(tmp_path / "browsers", unsafe=True) as address:
        asyncio.run(visit_by_server(world.office, address))
        assert len(world.accepted()) == 1
    world.work()  # which looks up what became of it
    judge(world, world.office, numbers)


def test_a_server_that_is_not_there_pauses_nobody(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    with capture_logs() as logged:
        report = asyncio.run(visit_by_server(world.office, "ws://visitor:pass-word-9@127.0.0.1:1/secret-path"))
    assert report.error is not None and report.error.code == "portal-unavailable"
    assert report.error.message.startswith("The browser server at ws://127.0.0.1:1 cannot be reached: ")
    assert world.account().paused_at is None and world.rows()[number].state == "queued"
    for secret in ("pass-word-9", "secret-path"):
        assert secret not in str(report.error) + str(logged)


def test_the_settings_reach_the_browser(
    world: World, good: list[IntakeItem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`browsing.endpoint` of config/submitter.toml, through the worker."""
    numbers = world.queue(good[0])
    with browser_server(tmp_path / "browsers", unsafe=False) as address:
        path = world.home / "config" / "submitter.toml"
        path.write_text(path.read_text().replace("[browsing]", f'[browsing]\nendpoint = "{address}"'))
        office = open_office(world.home)
        monkeypatch.setenv("SUBMITTER_BROWSER", "/bin/false")  # nothing can be started here
        try:
            asyncio.run(Worker(office).run_until_idle())
            judge(world, office, numbers)
        finally:
            office.close()
