"""Keeping a lease alive, and knowing without asking anybody when it may be gone.

The journal and the look-up alone are not enough: a worker frozen longer than its lease woke and clicked after its
successor had sent (6 doubles in 300 runs). So the keeper holds a deadline of its own, taken *before* the last renewal,
on the wall clock and on the clock that goes on while the machine sleeps; ``guard`` compares both with a margin
immediately before the click, and the browser is closed the moment the lease is lost.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import LeaseLost
from submitter.store import leases
from submitter.store.database import Database
from submitter.store.leases import Claim

log = structlog.get_logger()


def boot_id() -> str:
    """Which boot ``boot_seconds`` counts from; readings of two processes compare only when this is the same."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _OF_THIS_PROCESS


_OF_THIS_PROCESS = uuid.uuid4().hex


def boot_seconds() -> float:
    """Seconds since boot, sleep included; CLOCK_MONOTONIC stands still while the machine is suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class LeaseKeeper:
    """Renews a claim until it is closed. ``on_lost`` is called once, when the lease is or may be gone."""

    def __init__(
        self,
        database: Database,
        claim: Claim,
        lasts: timedelta,
        heartbeat: timedelta,
        started: tuple[float, float],
    ) -> None:
        self.claim = claim
        self.lasts = lasts
        self.lost = asyncio.Event()
        self._database = database
        self._heartbeat = heartbeat.total_seconds()
        self._margin = lasts.total_seconds() / 4
        self._set_deadline(started)
        self._tasks: list[asyncio.Task[None]] = []
        # Threads of its own: a storage that hangs may hold all the others, and the lease would run out meanwhile
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="lease")
        self._on_lost: Callable[[], Awaitable[None]] | None = None

    @staticmethod
    def clocks() -> tuple[float, float]:
        """(wall, boot) seconds, to be read before a lease is taken or renewed."""
        return time.time(), boot_seconds()

    def _set_deadline(self, before: tuple[float, float]) -> None:
        seconds = self.lasts.total_seconds()
        self._deadline = (before[0] + seconds, before[1] + seconds)

    def close_on_loss(self, action: Callable[[], Awaitable[None]]) -> None:
        self._on_lost = action

    def guard(self) -> None:
        """LeaseLost unless the account is surely still ours, a quarter of the lease's length to spare."""
        wall, boot = self.clocks()
        begun = self._deadline[0] - self.lasts.total_seconds()
        if self.lost.is_set() or wall >= self._deadline[0] - self._margin or boot >= self._deadline[1] - self._margin:
            raise LeaseLost(f"The claim to {self.claim.account} has run out on this machine's clock.")
        if wall < begun - self._margin:
            raise LeaseLost("This machine's clock was set back; its claim can no longer be trusted.")

    def renew(self) -> None:
        """Renew in the database, in the calling thread; the deadline counts from before the call.

        What may be lost already is not renewed: somebody may have looked, and acted, in between.
        """
        self.guard()
        before = self.clocks()
        with self._database.transaction() as c:
            leases.renew(c, self.claim, self._database.now(c), self.lasts)
        self._set_deadline(before)

    async def renew_now(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self.renew)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._watch())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self.lost.is_set():
            await asyncio.get_running_loop().run_in_executor(self._threads, self._release)
        self._threads.shutdown(wait=False)

    def _release(self) -> None:
        try:
            with self._database.transaction() as c:
                leases.release(c, self.claim, self._database.now(c))
        except SQLAlchemyError as error:
            log.warning("the lease was not given back; it will run out", account=self.claim.account, error=str(error))

    async def _beat(self) -> None:
        while not self.lost.is_set():
            await asyncio.sleep(self._heartbeat)
            try:
                await self.renew_now()
            except LeaseLost as error:
                await self._lose(error)
            except SQLAlchemyError as error:  # the database is away: go on until the deadline says stop
                log.warning("the lease could not be renewed", account=self.claim.account, error=type(error).__name__)

    async def _watch(self) -> None:
        """Look at the clocks in a task of its own: a renewal may hang for longer than the lease lasts."""
        while not self.lost.is_set():
            await asyncio.sleep(min(self._heartbeat, self._margin, 2.0) / 2)
            try:
                self.guard()
            except LeaseLost as error:
                await self._lose(error)

    async def _lose(self, error: LeaseLost) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        log.warning("the lease is lost", account=self.claim.account, why=error.message)
        if self._on_lost is not None:
            await self._on_lost()
