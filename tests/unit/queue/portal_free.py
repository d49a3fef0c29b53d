"""Fleet workers without a portal: a visit here takes the real lease, does the due reading, and gives the lease back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from submitter.adapters.browser import FencedBrowser
from submitter.documents.vault.vault import Vault
from submitter.model.account import Customer
from submitter.queue.fleet import FleetWorker
from submitter.queue.fleet_tables import VISITS, ask_for_visit
from submitter.queue.office import Office, holder
from submitter.queue.schedule import catch_up
from submitter.queue.visits import VisitReport, VisitRun
from submitter.queue.worker import Worker
from submitter.settings import Browsing, Settings, Working
from submitter.store import accounts, leases
from submitter.store.database import Database
from submitter.store.leases import Claim
from submitter.store.tables import account as account_table
from tests.unit.store.made import account

NAMES = ("a-field", "b-field", "c-field")
LEASE = timedelta(seconds=20)
HELD = timedelta(minutes=5)  # by a visit, which renews nothing here; a real one lives as long, renewing


class PortalFree(Worker):
    """The worker as it is, but for the browser and the portal."""

    def __init__(self, office: Office, visits: int = 2) -> None:
        super().__init__(office, visits=visits)
        self.visited: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.most_inside = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        yield

    async def visit(self, name: str) -> VisitReport:
        run = VisitRun(self.office, self.office.account(name), FencedBrowser(set()), self.progress, self.stopping)
        claim = await asyncio.to_thread(run._take, HELD)
        if not isinstance(claim, Claim):
            return VisitReport(name)
        self.visited[name] += 1
        self.inside[name] += 1
        self.most_inside = max(self.most_inside, self.inside[name])
        try:
            await self.may_end.wait()
        finally:
            self.inside[name] -= 1
        await asyncio.to_thread(self._read, claim)
        return VisitReport(name, read=1)

    def _read(self, claim: Claim) -> None:
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            leases.require(c, claim, now)
            row = accounts.read(c, claim.account)
            assert row is not None
            accounts.reading_done(c, claim.account, row.reading_due_at)
            leases.release(c, claim, now)


def open_at(url: str, home: Path) -> Office:
    """An office whose nightly readings are over, so that only what a test marks is due."""
    database = Database(url)
    ones = [account(name, reading_time=time(0, 0)) for name in NAMES]
    with database.transaction() as c:
        accounts.register(c, ones)
    working = Working(lease_seconds=LEASE.total_seconds(), heartbeat_seconds=1, look_seconds=1)
    settings = Settings(home=home, working=working, browsing=Browsing(commit_seconds=5))
    customers = tuple(Customer(id=one.id, name=one.id, account=one) for one in ones)
    office = Office(settings, customers, database, Vault(home / "vault"))
    catch_up(office)
    with database.transaction() as c:
        c.execute(account_table.update().values(reading_due_at=None))
    return office


def mark(office: Office, *names: str) -> None:
    with office.database.transaction() as c:
        for name in names:
            accounts.mark_reading_due(c, name, office.database.now(c))


def due(office: Office) -> list[str]:
    with office.database.reading() as c:
        return accounts.due(c, office.database.now(c))


def jobs(office: Office) -> list[tuple[str, str, int]]:
    """(account, status, attempts) of the visits the engine knows, oldest first."""
    query = text(
        "SELECT args ->> 'account', CAST(status AS text), attempts FROM procrastinate_jobs "
        "WHERE queue_name = :queue ORDER BY id"
    )
    with office.database.reading() as c:
        return [tuple(row) for row in c.execute(query, {"queue": VISITS})]


def waiting(office: Office) -> set[str]:
    """The accounts with a task nobody has begun. A sweep between a task's start and its lease may ask once more."""
    return {name for name, status, _ in jobs(office) if status == "todo"}


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[list[FleetWorker]]:
    """Fleet workers, as if each were on a host of its own."""
    fleet = [FleetWorker(worker) for worker in workers]
    tasks = [asyncio.create_task(one.run()) for one in fleet]
    try:
        yield fleet
    finally:
        for one in fleet:
            one.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 90)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(90):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.02)


def is_done(office: Office, *workers: PortalFree) -> Callable[[], bool]:
    """Nothing is due and no visit of ours is there: what one did is written only when its lease is gone."""

    def holds() -> bool:
        with office.database.reading() as c:
            now = office.database.now(c)
            still = accounts.due(c, now) or [row for row in leases.live(c, now) if row.holder == holder()]
        return not still and not any(sum(worker.inside.values()) for worker in workers)

    return holds


def left_by_a_dead_worker(c: Connection, name: str) -> None:
    dead = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
    worker = c.execute(text(dead)).scalar_one()
    ask_for_visit(c, name)
    doing = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE args ->> 'account' = :name"
    c.execute(text(doing), {"worker": worker, "name": name})
