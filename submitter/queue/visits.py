"""A visit: take the lease, sign in once, do all due work of the account in order, leave.

The order is: unknown outcomes, then submissions by due date and age, then the reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from playwright.async_api import BrowserContext
from sqlalchemy.exc import SQLAlchemyError

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.leash import folder_prefix
from submitter.adapters.surroundings import Surroundings
from submitter.adapters.visit import Visit
from submitter.errors import (
    AccountStopped,
    CredentialsRejected,
    LeaseLost,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
    StopAsked,
    SubmitterError,
)
from submitter.model.account import Account
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.submission import RoundState
from submitter.queue import policy
from submitter.queue.attempts import Attempts
from submitter.queue.keeper import LeaseKeeper
from submitter.queue.limits import Barred, keeps_away
from submitter.queue.office import Office, holder
from submitter.queue.progress import Progress
from submitter.queue.second_factor import next_code
from submitter.queue.sessions import SessionStore
from submitter.queue.stopping import Stop
from submitter.secrets import read_secret
from submitter.store import accounts, documents, journal, leases, readings, submissions
from submitter.store.leases import Claim, Held
from submitter.tracker.readings import take, understand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger()

HANGING = 5.0  # seconds beyond what its last step may take; a visit that is to end and needs longer hangs
OVERTIME = 600.0  # seconds that the last round and the reading may take; a driver that hangs would hang for ever
SIGN_INS_PER_VISIT = 2  # one to begin with, one more if the portal lost the session


@dataclass
class VisitReport:
    """What a visit did."""

    account: str
    held: Held | None = None  # somebody else is there: nothing was done
    barred: Barred | None = None  # it may not be visited now: nothing was done
    receipts: int = 0
    read: int = 0
    not_seen: int = 0
    error: SubmitterError | None = None
    drift: list[str] = field(default_factory=list)


class VisitRun:
    """One visit to one account."""

    def __init__(
        self, office: Office, account: Account, browser: FencedBrowser, progress: Progress, stop: Stop
    ) -> None:
        self.office = office
        self.account = account
        self.browser = browser
        self.progress = progress
        self.stop = stop
        self.sessions = SessionStore(office.settings.data / "sessions")
        self.report = VisitReport(account.id)
        self._sign_ins = 0
        self._ends_at = 0.0

    async def run(self) -> VisitReport:
        """Do all due work. What goes wrong is in the report; only a stop of the whole program is raised."""
        working = self.office.settings.working
        lasts = timedelta(seconds=working.lease_seconds)
        self._ends_at = asyncio.get_running_loop().time() + working.visit_minutes * 60
        started = LeaseKeeper.clocks()
        try:
            claim = await asyncio.to_thread(self._take, lasts)
        except SQLAlchemyError as error:
            self.report.error = policy.classified(error)
            self.progress.trouble(self.account.id, str(self.report.error))
            return self.report
        if isinstance(claim, Held):
            self.report.held = claim
            return self.report
        if isinstance(claim, Barred):
            self.report.barred = claim
            return self.report
        heartbeat = timedelta(seconds=working.heartbeat_seconds)
        keeper = LeaseKeeper(self.office.database, claim, lasts, heartbeat, started)
        async with keeper:
            try:
                async with asyncio.timeout(working.visit_minutes * 60 + OVERTIME) as limit:
                    await self._visit_in_time(keeper, limit)
            except (LeaseLost, StopAsked, AccountStopped) as error:
                self.report.error = error
                self.progress.trouble(self.account.id, str(error))
            except Exception as error:  # noqa: BLE001 (policy.classified says what it means)
                if limit.expired() and (keeper.lost.is_set() or self.stop.asked):
                    kind = LeaseLost if keeper.lost.is_set() else StopAsked
                    self.report.error = kind("The visit hung when it was to end, and was cut off.")
                    self.progress.trouble(self.account.id, str(self.report.error))
                else:
                    await self._settle_trouble(keeper, error)
            await self._note_end(keeper)
        return self.report

    def _take(self, lasts: timedelta) -> Claim | Held | Barred:
        """The lease, unless somebody has it or the account may not be visited: what was due may be so no longer.

        That is looked at once the lease is ours: until then another visit may be ending that has just done the work.
        """
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            claim = leases.take(c, self.account.id, holder(), now, lasts)
            if isinstance(claim, Held):
                return claim
            away = keeps_away(c, self.account, now, only_to_send=False)
            if away is None and not accounts.has_due_work(c, self.account.id, now):
                away = Barred("nothing is due any more")
            if away is not None:
                leases.release(c, claim, now)
                return away
            accounts.note_visit(c, self.account.id, now)
            return claim

    async def _note_end(self, keeper: LeaseKeeper) -> None:
        def store() -> None:
            with self.office.database.transaction() as c:
                now = self.office.database.now(c)
                leases.require(c, keeper.claim, now)
                accounts.note_visit(c, self.account.id, now)

        with contextlib.suppress(LeaseLost, SQLAlchemyError):  # whoever comes next counts from the visit's begin
            await asyncio.to_thread(store)

    async def _visit_in_time(self, keeper: LeaseKeeper, limit: asyncio.Timeout) -> None:
        hurrying = asyncio.create_task(self._hurry(keeper, limit))
        try:
            await self._visit(keeper)
        finally:
            hurrying.cancel()

    async def _hurry(self, keeper: LeaseKeeper, limit: asyncio.Timeout) -> None:
        """Cut the visit off when it is to end and does not: calls to a browser that was frozen may hang for ever.

        A sending click that is under way after a stop keeps all the time that it may take.
        """
        lost, stop = asyncio.create_task(keeper.lost.wait()), asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({lost, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not lost.done():
                finishing = self.stop.grace + self.office.settings.browsing.commit_seconds
                await asyncio.wait({lost}, timeout=finishing)
            await asyncio.sleep(HANGING)
            limit.reschedule(asyncio.get_running_loop().time())
        finally:
            lost.cancel()
            stop.cancel()

    def _time_is_up(self) -> bool:
        return self.stop.asked or asyncio.get_running_loop().time() >= self._ends_at

    # -- inside the lease ----------------------------------------------------------------------------------------

    async def _visit(self, keeper: LeaseKeeper) -> None:
        adapter = adapter_class(self.account.portal, self.office.settings.adapters_folder)()
        state = await asyncio.to_thread(self._stored_session)
        origins = adapter.manifest.allowed_origins(self.account)
        with tempfile.TemporaryDirectory(prefix=folder_prefix()) as folder:
            async with self._context(origins, state) as context:
                keeper.close_on_loss(lambda: self.browser.leave(context))
                page = await context.new_page()
                surroundings = self._surroundings(keeper, Path(folder))
                visit = Visit(page, self.account, adapter.manifest, surroundings, adapter.interruptions)
                working = self.office.settings.working
                attempts = Attempts(self.office.database, working, keeper, adapter, visit, self.progress)
                surroundings.guard = lambda: self._guard(keeper, attempts)
                try:
                    await self._work(attempts, context)
                except SubmitterError as error:
                    error.evidence = error.evidence or await visit.capture_if_possible("trouble")
                    raise
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
            await self.browser.leave(context)

    def _guard(self, keeper: LeaseKeeper, attempts: Attempts) -> None:
        """Asked before every step: is the account still ours, and may the round in hand still go on?"""
        keeper.guard()
        if self.stop.overdue and not attempts.committing:  # never between `committing` and its click
            raise StopAsked

    async def _work(self, attempts: Attempts, context: BrowserContext) -> None:
        adapter, visit = attempts.adapter, attempts.visit
        due = await attempts.write(lambda c, now: submissions.count_due(c, now, self.account.id))
        self.progress.visit_begun(self.account.id, due)
        await attempts.write(lambda c, now: journal.recover(c, attempts.claim, now, attempts.listing_delay))
        await self._sign_in(attempts)
        await self._resolve_unknown(attempts)
        await self._carry_due(attempts)
        await self._resolve_unknown(attempts)
        if not self.stop.asked:
            try:
                await self._read(attempts, adapter, visit)
            except SessionLost:  # begun anew: a reading may be taken twice, but none may be left out
                await self._sign_in(attempts)
                await self._read(attempts, adapter, visit)
        if await attempts.write(lambda c, _now: accounts.note_available(c, self.account.id, policy.CIRCUIT_AFTER)):
            self.progress.circuit(self.account.id, opened=False)
        await self._keep_session(context)

    def _stored_session(self) -> dict[str, Any] | None:
        return self.sessions.load(self.account.id)

    async def _keep_session(self, context: BrowserContext) -> None:
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
        looked: set[int] = set()
        while not self._time_is_up():
            work = await attempts.next_due(RoundState.UNKNOWN, looked)
            if work is None:
                return
            error = await attempts.resolve(work)
            if not isinstance(error, SessionLost):  # that one may be looked for again in this visit
                looked.add(work.id)
            await self._go_on(attempts, error)

    async def _carry_due(self, attempts: Attempts) -> None:
        tried: set[int] = set()
        while not (self._time_is_up() if tried else self.stop.asked):  # one at least
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
        elif isinstance(error, PortalUnavailable | StopAsked | AccountStopped) or (
            error is not None and error.pauses_account
        ):
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
        await attempts.write(lambda c, _now: accounts.reading_done(c, self.account.id, row.reading_due_at))

    # -- surroundings --------------------------------------------------------------------------------------------

    def _surroundings(self, keeper: LeaseKeeper, folder: Path) -> Surroundings:
        browsing = self.office.settings.browsing
        return Surroundings(
            read_secret=lambda what: read_secret(self.account.id, what),
            keep_evidence=self._keep_evidence,
            copy_file=lambda file: self._copy_file(file, folder),
            guard=keeper.guard,
            next_code=lambda ahead: next_code(self.office.database, keeper.claim, ahead),
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
                was_purged = documents.remember(c, one, self.office.database.now(c))
            return self.office.vault.keep(content) if was_purged else digest

        return await asyncio.to_thread(keep)

    def _copy_file(self, file: SubmittedFile, folder: Path) -> Path:
        """The document under its upload name, in a folder of its own: two invoices may have a file of one name."""
        target = folder / file.document.sha256 / file.upload_name
        self.office.vault.copy_to(file.document.sha256, target)
        return target

    # -- when the visit as a whole fails -------------------------------------------------------------------------

    async def _settle_trouble(self, keeper: LeaseKeeper, error: Exception) -> None:
        """Pause the account or open its circuit, as the error's class says."""
        known = policy.classified(error)
        self.report.error = known
        identity, database = self.account.id, self.office.database
        if isinstance(known, CredentialsRejected):
            self.sessions.forget(identity)

        def store() -> int:
            with database.transaction() as c:
                now = database.now(c)
                leases.require(c, keeper.claim, now)
                if isinstance(known, PortalUnavailable):
                    pause = timedelta(seconds=self.office.settings.working.circuit_seconds)
                    asked = known.retry_after
                    return accounts.note_unavailable(c, identity, now, policy.CIRCUIT_AFTER, pause, asked)
                pausing = accounts.pause_adapter if isinstance(known, PortalChanged) else accounts.pause
                pausing(c, identity, now, "submitter", known.code, str(known), known.evidence)
                return 0

        try:
            away = await asyncio.to_thread(store)
        except (LeaseLost, SQLAlchemyError) as lost:
            self.progress.trouble(identity, f"{known} And: {policy.classified(lost)}")
            return
        if not isinstance(known, PortalUnavailable):
            self.progress.paused(identity, str(known))
        elif away == policy.CIRCUIT_AFTER:
            self.progress.circuit(identity, opened=True, why=str(known))
        elif away < policy.CIRCUIT_AFTER:
            self.progress.trouble(identity, str(known))
        # else it is away as before: said once when it went, and once when it is back
