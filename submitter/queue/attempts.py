"""One attempt: carrying a round through under the journal, and finding out what became of an unknown one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.visit import Visit
from submitter.errors import (
    AccountStopped,
    AmountDiffers,
    DuplicateInvoice,
    LeaseLost,
    OutcomeUnknown,
    PortalRejected,
    SessionLost,
    SubmitterError,
)
from submitter.model.attempt import Phase
from submitter.model.portal import Receipt
from submitter.model.submission import Round, RoundState
from submitter.queue import policy
from submitter.queue.keeper import LeaseKeeper, boot_id, boot_seconds
from submitter.queue.limits import hour_is_full
from submitter.queue.progress import Progress
from submitter.settings import Working
from submitter.store import accounts, journal, leases, submissions
from submitter.store.database import Database
from submitter.store.journal import Then

T = TypeVar("T")


class Attempts:
    """The attempts of one visit. Every database call runs in a thread, in one transaction, under the visit's lease."""

    def __init__(
        self,
        database: Database,
        working: Working,
        keeper: LeaseKeeper,
        adapter: PortalAdapter,
        visit: Visit,
        progress: Progress,
    ) -> None:
        self.database = database
        self.working = working
        self.keeper = keeper
        self.claim = keeper.claim
        self.adapter = adapter
        self.visit = visit
        self.progress = progress
        self.first_wait = timedelta(seconds=working.retry_seconds)
        delay = visit.account.listing_delay_seconds
        self.listing_delay = timedelta(seconds=adapter.manifest.listing_delay_seconds if delay is None else delay)
        self.committing = False  # the sending click of the attempt in hand may happen, or has happened

    async def write(self, action: Callable[[Connection, datetime], T]) -> T:
        def work() -> T:
            with self.database.transaction() as c:
                now = self.database.now(c)
                leases.require(c, self.claim, now)
                return action(c, now)

        return await asyncio.to_thread(work)

    async def next_due(self, state: RoundState, but_not: set[int]) -> Round | None:
        """The next piece of work; none as soon as somebody has paused the account."""

        def look(c: Connection, now: datetime) -> Round | None:
            if accounts.is_paused(c, self.claim.account):
                return None
            if state is RoundState.QUEUED and hour_is_full(c, self.visit.account, now) is not None:
                return None
            found = submissions.next_due(c, self.claim.account, state, now, tuple(but_not))
            return None if found is None else submissions.read_round(c, found)

        return await self.write(look)

    # -- carrying ------------------------------------------------------------------------------------------------

    async def carry(self, work: Round) -> SubmitterError | None:
        """One try to carry the round through. The error it met is returned, already written into the journal.

        LeaseLost is raised: a visit that lost its account may not write another word.
        """
        attempt = await self.write(lambda c, now: journal.open_attempt(c, self.claim, work.id, now))
        self.committing = False
        book = _AttemptBook(self, attempt)
        try:
            receipt = await self.adapter.carry(self.visit, work, book)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (an adapter is foreign code; policy.classified says what it means)
            known = policy.classified(error, committing=self.committing)
            known.evidence = known.evidence or await self.visit.capture_if_possible("error")
            await self._settle_failure(work, attempt, known)
            return known
        finally:
            self.committing = False
        await self._confirm(attempt, receipt)
        self.progress.receipt(work, receipt)
        return None

    async def _confirm(self, attempt: int, receipt: Receipt) -> None:
        def store(c: Connection, now: datetime) -> None:
            detail = {"reference": receipt.reference, "source": receipt.source, "evidence": list(receipt.evidence)}
            journal.record(c, self.claim, attempt, Phase.CONFIRMED, now, detail)
            journal.keep_receipt(c, attempt, receipt)

        await self.write(store)

    async def _settle_failure(self, work: Round, attempt: int, error: SubmitterError) -> None:
        def store(c: Connection, now: datetime) -> None:
            if isinstance(error, OutcomeUnknown):
                due = now + max(self.listing_delay, policy.asked_for(error.cause))
                phase, then = Phase.UNKNOWN, Then(due_at=due, error_code=error.code, error=str(error))
            else:
                phase = Phase.REFUSED if isinstance(error, PortalRejected) else Phase.FAILED
                then = policy.after_failure(error, work.tries, now, self.first_wait)
            detail = {"code": error.code, "why": error.message, "words": error.words, "evidence": list(error.evidence)}
            if isinstance(error, OutcomeUnknown) and error.cause is not None:
                detail["cause"] = error.cause.code
            journal.record(c, self.claim, attempt, phase, now, detail, then)

        await self.write(store)
        self.progress.not_sent(work, str(error))

    # -- unknown outcomes ----------------------------------------------------------------------------------------

    async def resolve(self, work: Round) -> SubmitterError | None:
        """Look an unknown outcome up. Found: confirmed. Absent, on positive evidence: back to the queue. Else: wait."""
        attempt = await self.write(lambda c, _: _require(journal.last_attempt(c, work.id)).id)
        cause = await self.write(lambda c, _: journal.cause_of_unknown(c, attempt))
        try:
            receipt = await self.adapter.look_up(self.visit, work)
            if receipt is None and isinstance(cause, DuplicateInvoice):
                raise cause  # it refuses the number as taken and does not list it: neither is believed
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (an adapter is foreign code; policy.classified says what it means)
            known = policy.classified(error)
            await self._still_unknown(work, attempt, known)
            return known
        if receipt is None:
            returned = await self.write(lambda c, now: self._absent(c, work, attempt, now))
            if not returned or cause is None or not cause.pauses_account:
                return None
            # What came instead of a receipt would come again: somebody must see to it first, unless they have already.
            clicked, account = _require(work.unknown_since), self.claim.account
            seen_to = await self.write(lambda c, _: accounts.resumed_since(c, account, clicked))
            return None if seen_to else cause

        def store(c: Connection, now: datetime) -> None:
            self._note_look(c, attempt, now, "found")
            detail = {"reference": receipt.reference, "source": receipt.source, "evidence": list(receipt.evidence)}
            journal.record(c, self.claim, attempt, Phase.CONFIRMED, now, detail)
            journal.keep_receipt(c, attempt, receipt)

        await self.write(store)
        self.progress.receipt(work, receipt)
        return None

    def _absent(self, c: Connection, work: Round, attempt: int, now: datetime) -> bool:
        """The portal's own words say that it is not there; whether that proves anything yet is a matter of time.

        True when it does, and the round has gone back to the queue.
        """
        lasts = timedelta(seconds=self.working.lease_seconds)
        waits = journal.former_worker_waits(c, attempt, lasts, boot_id(), boot_seconds())
        self._note_look(c, attempt, now, "absent")
        booked = _require(work.unknown_since) + timedelta(seconds=self.visit.surroundings.commit_seconds)
        listed = booked + self.listing_delay  # a click may be under way that long after nobody waits for it any more
        if waits or now < listed:
            journal.put_off(c, self.claim, work.id, now, max(now + waits, listed))
            return False
        then = policy.after_absence(journal.times_returned(c, work.id), now)
        journal.record(c, self.claim, attempt, Phase.RETURNED, now, {"saw": "no such invoice"}, then)
        return True

    async def _still_unknown(self, work: Round, attempt: int, error: SubmitterError) -> None:
        def store(c: Connection, now: datetime) -> None:
            self._note_look(c, attempt, now, "unclear", code=error.code, why=error.message)
            too_old = now - _require(work.unknown_since) >= timedelta(hours=self.working.unknown_hours)
            if too_old or isinstance(error, AmountDiffers):
                then = Then(error_code=error.code, error=f"{error} {what_to_check(work.invoice.number)}")
                journal.record(c, self.claim, attempt, Phase.PERSON, now, {"why": error.message}, then)
            else:
                wait = max(policy.backoff(0, self.first_wait), policy.asked_for(error))
                if isinstance(error, SessionLost):  # the visit signs in again and looks once more
                    wait = timedelta(0)
                journal.put_off(c, self.claim, work.id, now, now + wait)

        await self.write(store)

    def _note_look(self, c: Connection, attempt: int, now: datetime, saw: str, **detail: str) -> None:
        journal.note_look(c, self.claim, attempt, now, saw, boot_id=boot_id(), boot=boot_seconds(), **detail)


def what_to_check(number: str) -> str:
    """What a person is asked to do about an outcome that the program could not find out."""
    return (
        f"Look for {number} in the portal. If it is there: submitter resolve {number} --sent REFERENCE --reason ... "
        f"If it is not: submitter resolve {number} --not-sent --reason ..."
    )


class _AttemptBook:
    """What the contract's ``carry`` writes its phases through."""

    def __init__(self, attempts: Attempts, attempt: int) -> None:
        self._attempts = attempts
        self._attempt = attempt

    async def prepared(self, evidence: tuple[str, ...]) -> None:
        a = self._attempts
        await a.write(
            lambda c, now: journal.record(c, a.claim, self._attempt, Phase.PREPARED, now, {"evidence": list(evidence)})
        )

    async def committing(self) -> None:
        """The last moment to give everything up: the lease, a pause and a stop are looked at once more."""
        a = self._attempts
        commit_limit = timedelta(seconds=a.visit.surroundings.commit_seconds)
        await a.keeper.renew_now()
        a.visit.surroundings.guard()

        def store(c: Connection, now: datetime) -> None:
            if accounts.is_paused(c, a.claim.account):
                raise AccountStopped
            journal.record(c, a.claim, self._attempt, Phase.COMMITTING, now, must_last=commit_limit)

        await a.write(store)
        a.committing = True


def _require(value: T | None) -> T:
    if value is None:
        raise AssertionError("an unknown round has an attempt that was committing")
    return value
