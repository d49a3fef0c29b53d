"""The worker: visits to accounts with due work, a few at a time, until nothing is due or until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.manifest import origin_of
from submitter.errors import ConfigurationError, SubmitterError
from submitter.queue.attempts import what_to_check
from submitter.queue.capacity import default_visits
from submitter.queue.limits import Barred, keeps_away
from submitter.queue.office import Office
from submitter.queue.probing import ProbeRun, SignInRun
from submitter.queue.progress import Progress
from submitter.queue.stopping import Stop
from submitter.queue.visits import VisitReport, VisitRun
from submitter.store import accounts, journal, machines

log = structlog.get_logger()

WAIT_FOR = timedelta(seconds=60)  # work that becomes due within this time is waited for by `work --until-idle`
HOUSEKEEPING = 60.0  # seconds


@dataclass
class WorkReport:
    """What a stretch of work did."""

    visits: list[VisitReport] = field(default_factory=list)
    busy: list[Row[Any]] = field(default_factory=list)  # accounts somebody else is visiting: id, holder, expires_at
    barred: dict[str, Barred] = field(default_factory=dict)  # accounts with due work that may not be visited now

    @property
    def receipts(self) -> int:
        return sum(visit.receipts for visit in self.visits)


class Worker:
    """Runs visits, at most ``visits`` at the same time. ``only`` limits it to some accounts."""

    def __init__(
        self,
        office: Office,
        progress: Progress | None = None,
        *,
        only: Collection[str] = (),
        headed: bool = False,
        visits: int | None = None,
    ) -> None:
        self.office = office
        self.progress = progress or Progress()
        self.only = frozenset(only)
        self.headed = headed or office.settings.browsing.headed
        self.visits = visits or office.settings.working.visits or default_visits()
        self.stopping = Stop()
        self.barred: dict[str, Barred] = {}
        self._browser: FencedBrowser | None = None
        self._running: dict[str, asyncio.Task[VisitReport]] = {}
        self._kept_house_at: float | None = None

    def stop(self) -> None:
        """Finish the rounds in hand, begin no further one. A round that takes too long is given up before its click."""
        self.stopping.ask()

    def stop_now(self) -> None:
        """End the visits where they stand. What was being sent is looked up by whoever comes next."""
        self.stopping.ask()
        for task in self._running.values():
            task.cancel()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """With the browser that the visits share; it starts with the first of them."""
        browsing = self.office.settings.browsing
        async with FencedBrowser(
            self._hosts(),
            headed=self.headed,
            endpoint=browsing.endpoint,
            recycle_visits=browsing.recycle_visits,
            recycle_megabytes=browsing.recycle_megabytes,
        ) as self._browser:
            yield

    async def visit(self, name: str) -> VisitReport:
        """One visit to this account, inside ``opened``."""
        return await self._run(VisitRun, name)

    async def probe(self, name: str, *, only_sign_in: bool = False) -> VisitReport:
        """Look whether the portal's pages are as known, or only whether the password is; nothing is sent."""
        async with self.opened():
            return await self._run(SignInRun if only_sign_in else ProbeRun, name)

    async def _run(self, kind: type[VisitRun], name: str) -> VisitReport:
        if self._browser is None:
            raise AssertionError("a visit needs the worker to be opened")
        return await kind(self.office, self.office.account(name), self._browser, self.progress, self.stopping).run()

    async def run_until_idle(self, *, wait: bool = True) -> WorkReport:
        """Visit until nothing is due and, with ``wait``, nothing becomes due within a minute.

        An account whose visit failed is left alone until the next run.
        """
        report = WorkReport()
        async with self.opened():
            try:
                await self._visit_until_idle(report, wait=wait)
            finally:
                await self._end_running(report.visits)
        report.busy = await asyncio.to_thread(self._busy)
        report.barred = dict(self.barred)
        return report

    async def _visit_until_idle(self, report: WorkReport, *, wait: bool) -> None:
        while not self.stopping.asked:
            away = {one.account for one in report.visits if one.error is not None}
            self._start([name for name in await asyncio.to_thread(self.due) if name not in away])
            if self._running:
                await self._sleep(None, *self._running.values())
                report.visits.extend(self._ended())
                continue
            seconds = await asyncio.to_thread(self._seconds_to_next, away) if wait else None
            if seconds is None:
                return
            await self._sleep(seconds)

    async def run_forever(self) -> None:
        """Visit whenever something is due, until stopped."""
        async with self.opened():
            try:
                while not self.stopping.asked:
                    self._ended()
                    try:
                        self._start(await asyncio.to_thread(self.due))
                    except SQLAlchemyError as error:
                        log.error("the database does not answer; trying again", error=type(error).__name__)
                    await self._sleep(self.office.settings.working.look_seconds, *self._running.values())
            finally:
                await self._end_running([])

    # -- the visits in hand --------------------------------------------------------------------------------------

    def _start(self, due: list[str]) -> None:
        """Begin visits in the order in which the accounts have waited, as far as there are slots."""
        for name in due:
            if name not in self._running and len(self._running) < self.visits:
                self._running[name] = asyncio.create_task(self.visit(name))

    def _ended(self) -> list[VisitReport]:
        """The reports of visits that have ended since; a visit that raised is told in the log and costs itself only."""
        reports = []
        for name, task in list(self._running.items()):
            if not task.done():
                continue
            del self._running[name]
            if task.cancelled():
                continue
            error = task.exception()
            if error is None:
                reports.append(task.result())
                continue
            log.error("a visit failed in a way nobody foresaw", account=name, error=f"{type(error).__name__}: {error}")
            known = error if isinstance(error, SubmitterError) else SubmitterError(f"The visit failed: {error}")
            reports.append(VisitReport(name, error=known))
        return reports

    async def _end_running(self, reports: list[VisitReport]) -> None:
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        reports.extend(self._ended())

    async def _sleep(self, seconds: float | None, *tasks: asyncio.Task[Any]) -> None:
        """Until the time is up, a stop is asked for, or one of the tasks is done."""
        stop = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({stop, *tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()

    # -- what is due ---------------------------------------------------------------------------------------------

    def due(self) -> list[str]:
        """Accounts with due work that may be visited now, the one that has waited longest first."""
        self._keep_house()
        barred: dict[str, Barred] = {}
        found = []
        configured = self._configured()
        with self.office.database.reading() as c:
            now = self.office.database.now(c)
            for row in accounts.due_work(c, now):
                if row.id not in configured:
                    continue
                away = keeps_away(c, self.office.account(row.id), now, only_to_send=row.only_to_send)
                if away is None:
                    found.append(row.id)
                else:
                    barred[row.id] = away
        self.barred = barred
        return found

    def _configured(self) -> set[str]:
        """Accounts whose customer file was removed keep their work; nobody visits them until it is back."""
        known = {customer.account.id for customer in self.office.customers}
        return known & self.only if self.only else known

    def _busy(self) -> list[Row[Any]]:
        with self.office.database.reading() as c:
            found = accounts.busy(c, self.office.database.now(c))
        return [row for row in found if row.id in self._configured()]

    def _seconds_to_next(self, away: set[str]) -> float | None:
        with self.office.database.reading() as c:
            now = self.office.database.now(c)
            at: datetime | None = accounts.next_due_at(c, now, WAIT_FOR, self._configured() - away - set(self.barred))
        moments = [one.until for one in self.barred.values() if one.until is not None and one.until <= now + WAIT_FOR]
        if at is not None:
            moments.append(at)
        return max((min(moments) - now).total_seconds(), 0.05) if moments else None

    def _keep_house(self) -> None:
        """Once a minute: unknown outcomes nobody could find out in their time go to a person; this machine is there."""
        clock = time.monotonic()
        if self._kept_house_at is not None and clock - self._kept_house_at < HOUSEKEEPING:
            return
        self._kept_house_at = clock
        allowed = timedelta(hours=self.office.settings.working.unknown_hours)
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            journal.hand_over(c, now - allowed, now, "submitter", _nobody_knows)
            machines.seen(c, now)

    def _hosts(self) -> set[str]:
        """Every host that any configured portal may talk to; the browser can reach nothing else."""
        hosts = set()
        for account in (customer.account for customer in self.office.customers):
            origins = {origin_of(account.address)}
            with contextlib.suppress(ConfigurationError):  # no such adapter: its own visit says so, not everybody's
                origins |= adapter_class(account.portal, self.office.settings.adapters_folder).manifest.allowed_origins(
                    account
                )
            hosts |= {origin.split("://", 1)[1].rsplit(":", 1)[0] for origin in origins}
        return hosts


def _nobody_knows(number: str) -> str:
    return f"Nobody could find out in the time allowed whether the portal took this. {what_to_check(number)}"
