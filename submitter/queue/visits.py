"""A visit: take the lease, sign in once, do all due work of the account in order, leave.

The order is: unknown outcomes, then submissions by due date and age, then the reading.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from playwright.async_api import BrowserContext
from playwright.async_api import Error as BrowserError

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.visit import Surroundings, Visit
from submitter.errors import (
    CredentialsRejected,
    LeaseLost,
    PortalUnavailable,
    SessionLost,
    SubmitterError,
)
from submitter.model.account import Account
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.submission import RoundState
from submitter.queue import policy
from submitter.queue.attempts import Attempts
from submitter.queue.keeper import LeaseKeeper
from submitter.queue.office import Office, holder
from submitter.queue.progress import Progress
from submitter.queue.sessions import SessionStore
from submitter.secrets import read_secret
from submitter.store import accounts, documents, journal, leases, readings, submissions
from submitter.store.leases import Claim, Held
from submitter.tracker.readings import take, understand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger()

SIGN_INS_PER_VISIT = 2  # one to begin with, one more if the portal lost the session


@dataclass
class VisitReport:
    """What a visit did."""

    account: str
    held: Held | None = None  # somebody else is there: nothing was done
    receipts: int = 0
    read: int = 0
    not_seen: int = 0
    error: SubmitterError | None = None
    drift: list[str] = field(default_factory=list)


class VisitRun:
    """One visit to one account."""

    def __init__(
        self, office: Office, account: Account, browser: FencedBrowser, progress: Progress, stopping: Callable[[], bool]
    ) -> None:
        self.office = office
        self.account = account
        self.browser = browser
        self.progress = progress
        self.stopping = stopping
        self.sessions = SessionStore(office.settings.data / "sessions")
        self.report = VisitReport(account.id)
        self._sign_ins = 0

    async def run(self) -> VisitReport:
        """Do all due work. What goes wrong is in the report; only a stop of the whole program is raised."""
        working = self.office.settings.working
        lasts = timedelta(seconds=working.lease_seconds)
        started = LeaseKeeper.clocks()
        claim = await asyncio.to_thread(self._take, lasts)
        if isinstance(claim, Held):
            self.report.held = claim
            return self.report
        heartbeat = timedelta(seconds=working.heartbeat_seconds)
        keeper = LeaseKeeper(self.office.database, claim, lasts, heartbeat, started)
        async with keeper:
            try:
                await self._visit(keeper)
            except LeaseLost as error:
                self.report.error = error
                self.progress.trouble(self.account.id, str(error))
            except Exception as error:  # noqa: BLE001 (policy.classified says what it means)
                await self._settle_trouble(keeper, error)
        return self.report

    def _take(self, lasts: timedelta) -> Claim | Held:
        with self.office.database.transaction() as c:
            return leases.take(c, self.account.id, holder(), self.office.database.now(c), lasts)

    # -- inside the lease ----------------------------------------------------------------------------------------

    async def _visit(self, keeper: LeaseKeeper) -> None:
        adapter = adapter_class(self.account.portal)()
        state = await asyncio.to_thread(self.sessions.load, self.account.id)
        origins = adapter.manifest.allowed_origins(self.account)
        with tempfile.TemporaryDirectory(prefix="submitter-visit-") as folder:
            async with self._context(origins, state) as context:
                keeper.close_on_loss(context.close)
                page = await context.new_page()
                surroundings = self._surroundings(keeper, Path(folder))
                visit = Visit(page, self.account, adapter.manifest, surroundings, adapter.interruptions)
                attempts = Attempts(self.office.database, keeper, adapter, visit, self.progress)
                try:
                    await self._work(attempts, context)
                finally:
                    self.report.drift = visit.drift.seen
                    for seen in visit.drift.seen:
                        log.warning("the portal is changing", account=self.account.id, seen=seen)

    @asynccontextmanager
    async def _context(self, origins: frozenset[str], state: Any) -> AsyncIterator[BrowserContext]:
        context = await self.browser.context(origins, state)
        try:
            yield context
        finally:
            try:
                await context.close()
            except BrowserError:
                log.warning("the browser context was gone before the visit ended", account=self.account.id)

    async def _work(self, attempts: Attempts, context: BrowserContext) -> None:
        adapter, visit = attempts.adapter, attempts.visit
        due = await attempts.write(lambda c, now: submissions.count_due(c, now, self.account.id))
        self.progress.visit_begun(self.account.id, due)
        await self._sign_in(attempts)
        await attempts.write(lambda c, now: journal.recover(c, attempts.claim, now, attempts.listing_delay))
        await self._resolve_unknown(attempts)
        await self._carry_due(attempts)
        await self._resolve_unknown(attempts)
        if not self.stopping():
            await self._read(attempts, adapter, visit)
        if await attempts.write(lambda c, now: accounts.note_available(c, self.account.id, now)):
            self.progress.circuit(self.account.id, opened=False)
        state = await context.storage_state()
        await asyncio.to_thread(self.sessions.save, self.account.id, state)

    async def _sign_in(self, attempts: Attempts) -> None:
        if self._sign_ins >= SIGN_INS_PER_VISIT:
            raise PortalUnavailable("The portal signed us out again right after signing in.")
        self._sign_ins += 1
        await attempts.adapter.sign_in(attempts.visit)
        await attempts.write(lambda c, _now: accounts.note_sign_in(c, self.account.id))
        self.progress.signed_in(self.account.id)

    async def _resolve_unknown(self, attempts: Attempts) -> None:
        give_up = timedelta(hours=self.office.settings.working.unknown_hours)
        looked: set[int] = set()
        while not self.stopping():
            work = await attempts.next_due(RoundState.UNKNOWN, looked)
            if work is None:
                return
            looked.add(work.id)
            await self._go_on(attempts, await attempts.resolve(work, give_up))

    async def _carry_due(self, attempts: Attempts) -> None:
        tried: set[int] = set()
        while not self.stopping():
            work = await attempts.next_due(RoundState.QUEUED, tried)
            if work is None:
                return
            error = await attempts.carry(work)
            if error is None:
                self.report.receipts += 1
            if not isinstance(error, SessionLost):  # that one may be tried again in this visit
                tried.add(work.id)
            await self._go_on(attempts, error)

    async def _go_on(self, attempts: Attempts, error: SubmitterError | None) -> None:
        """Go on to the next piece of work, sign in again first, or end the visit: the error's class decides."""
        if isinstance(error, SessionLost):
            await self._sign_in(attempts)
        elif error is not None and (error.pauses_account or isinstance(error, PortalUnavailable)):
            raise error

    async def _read(self, attempts: Attempts, adapter: PortalAdapter, visit: Visit) -> None:
        row = await attempts.write(lambda c, _now: accounts.read(c, self.account.id))
        if row is None or row.reading_due_at is None:
            return
        wanted = {w.reference: w for w in await attempts.write(lambda c, _now: readings.wanted(c, self.account.id))}
        seen: set[str] = set()
        if wanted:
            async for record in adapter.readings(visit, frozenset(wanted)):
                one = wanted[record.reference]
                at = await attempts.write(lambda _c, now: now)
                reading = understand(record, one, adapter.manifest, self.account, at)
                await attempts.write(lambda c, now, r=reading, w=one: take(c, attempts.claim, r, w, now))  # type: ignore[misc]
                seen.add(record.reference)
                self.progress.read(self.account.id, record.number, reading)
        self.report.read, self.report.not_seen = len(seen), len(wanted) - len(seen)
        await attempts.write(lambda c, _now: accounts.reading_done(c, self.account.id))

    # -- surroundings --------------------------------------------------------------------------------------------

    def _surroundings(self, keeper: LeaseKeeper, folder: Path) -> Surroundings:
        browsing = self.office.settings.browsing
        return Surroundings(
            read_secret=lambda what: read_secret(self.account.id, what),
            keep_evidence=self._keep_evidence,
            copy_file=lambda file: self._copy_file(file, folder),
            guard=keeper.guard,
            step_seconds=browsing.step_seconds,
            commit_seconds=browsing.commit_seconds,
        )

    async def _keep_evidence(self, content: bytes, name: str) -> str:
        def keep() -> str:
            digest = self.office.vault.keep(content)
            media_type = "image/png" if name.endswith(".png") else "text/plain"
            with self.office.database.transaction() as c:
                one = Document(
                    sha256=digest, name=name, kind=DocumentKind.EVIDENCE, media_type=media_type, size=len(content)
                )
                documents.remember(c, one, self.office.database.now(c))
            return digest

        return await asyncio.to_thread(keep)

    def _copy_file(self, file: SubmittedFile, folder: Path) -> Path:
        """The document under its upload name. A link where possible: the bytes are those that were hashed."""
        source, target = self.office.vault.path(file.document.sha256), folder / file.upload_name
        if not target.exists():
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        return target

    # -- when the visit as a whole fails -------------------------------------------------------------------------

    async def _settle_trouble(self, keeper: LeaseKeeper, error: Exception) -> None:
        """Pause the account or open its circuit, as the error's class says."""
        known = policy.classified(error)
        self.report.error = known
        identity, database = self.account.id, self.office.database
        if isinstance(known, CredentialsRejected):
            self.sessions.forget(identity)

        def store() -> bool:
            with database.transaction() as c:
                now = database.now(c)
                leases.require(c, keeper.claim, now)
                if isinstance(known, PortalUnavailable):
                    pause = policy.CIRCUIT_PAUSE
                    return accounts.note_unavailable(c, identity, now, policy.CIRCUIT_AFTER, pause)
                accounts.pause(c, identity, now, "submitter", known.code, str(known))
                return False

        try:
            opened = await asyncio.to_thread(store)
        except LeaseLost as lost:
            self.progress.trouble(identity, str(lost))
            return
        if not isinstance(known, PortalUnavailable):
            self.progress.paused(identity, str(known))
        elif opened:
            self.progress.circuit(identity, opened=True, why=str(known))
        else:
            self.progress.trouble(identity, str(known))
