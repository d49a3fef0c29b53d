"""The worker: visits to accounts with due work, a few at a time, until nothing is due or until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.manifest import origin_of
from submitter.model.account import Account
from submitter.queue.office import Office
from submitter.queue.progress import Progress
from submitter.queue.visits import VisitReport, VisitRun
from submitter.store import accounts

log = structlog.get_logger()

TICK = timedelta(seconds=5)  # how often a running worker looks for due work
WAIT_FOR = timedelta(seconds=60)  # work that becomes due within this time is waited for by `work --until-idle`


@dataclass
class WorkReport:
    """What a stretch of work did."""

    visits: list[VisitReport] = field(default_factory=list)
    busy: list[Row[Any]] = field(default_factory=list)  # accounts somebody else is visiting: id, holder, expires_at

    @property
    def receipts(self) -> int:
        return sum(visit.receipts for visit in self.visits)


class Worker:
    """Runs visits. ``only`` limits it to some accounts."""

    def __init__(
        self, office: Office, progress: Progress | None = None, *, only: Collection[str] = (), headed: bool = False
    ) -> None:
        self.office = office
        self.progress = progress or Progress()
        self.only = frozenset(only)
        self.headed = headed or office.settings.browsing.headed
        self._stop = asyncio.Event()
        self._visits = office.settings.working.visits

    def stop(self) -> None:
        """Finish the rounds in hand, begin no further one."""
        self._stop.set()

    async def run_until_idle(self, *, wait: bool = True) -> WorkReport:
        """Visit until nothing is due and, with ``wait``, nothing becomes due within a minute.

        An account whose visit failed is left alone until the next run.
        """
        report = WorkReport()
        async with self._browser() as browser:
            while not self._stop.is_set():
                away = {one.account for one in report.visits if one.error is not None}
                due = [name for name in await asyncio.to_thread(self._due) if name not in away]
                if due:
                    done = await self._visit_some(due, browser)
                    report.visits.extend(done)
                    if any(visit.held is None for visit in done):
                        continue
                seconds = await asyncio.to_thread(self._seconds_to_next, away) if wait else None
                if seconds is None:
                    break
                await self._sleep(seconds)
        report.busy = await asyncio.to_thread(self._busy)
        return report

    async def run_forever(self) -> None:
        """Visit whenever something is due, until stopped."""
        running: dict[str, asyncio.Task[VisitReport]] = {}
        async with self._browser() as browser:
            while not self._stop.is_set():
                running = {name: task for name, task in running.items() if not task.done()}
                try:
                    due = await asyncio.to_thread(self._due)
                except SQLAlchemyError as error:
                    log.error("the database does not answer; trying again", error=type(error).__name__)
                    due = []
                for name in due:
                    if name not in running and len(running) < self._visits:
                        running[name] = asyncio.create_task(self._one(name, browser))
                await self._sleep(TICK.total_seconds(), *running.values())
            await asyncio.gather(*running.values())

    def _browser(self) -> FencedBrowser:
        return FencedBrowser(self._hosts(), headed=self.headed)

    def _hosts(self) -> set[str]:
        """Every host that any configured portal may talk to; the browser can reach nothing else."""
        hosts = set()
        for customer in self.office.customers:
            account = customer.account
            for origin in adapter_class(account.portal).manifest.allowed_origins(account):
                hosts.add(origin.split("://", 1)[1].rsplit(":", 1)[0])
            hosts.add(origin_of(account.address).split("://", 1)[1].rsplit(":", 1)[0])
        return hosts

    async def _visit_some(self, due: list[str], browser: FencedBrowser) -> list[VisitReport]:
        """One visit to each of these accounts, at most N at the same time."""
        slots = asyncio.Semaphore(self._visits)

        async def visit(name: str) -> VisitReport:
            async with slots:
                return await self._one(name, browser)

        return list(await asyncio.gather(*(visit(name) for name in due)))

    async def _one(self, name: str, browser: FencedBrowser) -> VisitReport:
        return await VisitRun(self.office, self._account(name), browser, self.progress, self._stop.is_set).run()

    def _account(self, name: str) -> Account:
        return self.office.account(name)

    def _configured(self) -> set[str]:
        """Accounts whose customer file was removed keep their work; nobody visits them until it is back."""
        known = {customer.account.id for customer in self.office.customers}
        return known & self.only if self.only else known

    def _due(self) -> list[str]:
        with self.office.database.reading() as c:
            found = accounts.due(c, self.office.database.now(c))
        return [name for name in found if name in self._configured()]

    def _busy(self) -> list[Row[Any]]:
        with self.office.database.reading() as c:
            found = accounts.busy(c, self.office.database.now(c))
        return [row for row in found if row.id in self._configured()]

    def _seconds_to_next(self, away: set[str]) -> float | None:
        with self.office.database.reading() as c:
            now = self.office.database.now(c)
            at: datetime | None = accounts.next_due_at(c, now, WAIT_FOR, self._configured() - away)
        return None if at is None else max((at - now).total_seconds(), 0.05)

    async def _sleep(self, seconds: float, *tasks: asyncio.Task[Any]) -> None:
        """Until the time is up, a stop is asked for, or one of the tasks is done."""
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({stop, *tasks}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
