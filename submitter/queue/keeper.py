"""Keeping a lease alive, and knowing without asking anybody when it may be gone.

The journal and the look-up alone are not enough: a worker frozen longer than its lease woke and clicked after its
successor had sent (6 doubles in 300 runs). So the keeper holds a deadline of its own, taken *before* the last renewal,
on the wall clock and on the clock that goes on while the machine sleeps; ``guard`` compares both with a margin
immediately before the click, and the browser is closed the moment the lease is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import LeaseLost
from submitter.store import leases
from submitter.store.database import Database
from submitter.store.leases import Claim

log = structlog.get_logger()


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
        self._task: asyncio.Task[None] | None = None
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
        """Renew in the database, in the calling thread; the deadline counts from before the call."""
        before = self.clocks()
        with self._database.transaction() as c:
            leases.renew(c, self.claim, self._database.now(c), self.lasts)
        self._set_deadline(before)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if not self.lost.is_set():
            await asyncio.to_thread(self._release)

    def _release(self) -> None:
        try:
            with self._database.transaction() as c:
                leases.release(c, self.claim, self._database.now(c))
        except SQLAlchemyError as error:
            log.warning("the lease was not given back; it will run out", account=self.claim.account, error=str(error))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            try:
                self.guard()
                await asyncio.to_thread(self.renew)
            except LeaseLost as error:
                log.warning("the lease is lost", account=self.claim.account, why=error.message)
                self.lost.set()
                if self._on_lost is not None:
                    await self._on_lost()
                return
            except SQLAlchemyError as error:  # the database is away: go on until the deadline says stop
                log.warning("the lease could not be renewed", account=self.claim.account, error=type(error).__name__)
