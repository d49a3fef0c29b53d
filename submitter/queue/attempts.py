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
    AmountDiffers,
    LeaseLost,
    OutcomeUnknown,
    PortalRejected,
    SubmitterError,
)
from submitter.model.attempt import Phase
from submitter.model.portal import Receipt
from submitter.model.submission import Round, RoundState
from submitter.queue import policy
from submitter.queue.keeper import LeaseKeeper
from submitter.queue.progress import Progress
from submitter.store import journal, submissions
from submitter.store.database import Database
from submitter.store.journal import Then

T = TypeVar("T")


class Attempts:
    """The attempts of one visit. Every database call runs in a thread, in one transaction, under the visit's lease."""

    def __init__(
        self, database: Database, keeper: LeaseKeeper, adapter: PortalAdapter, visit: Visit, progress: Progress
    ) -> None:
        self.database = database
        self.keeper = keeper
        self.claim = keeper.claim
        self.adapter = adapter
        self.visit = visit
        self.progress = progress
        self.listing_delay = timedelta(seconds=adapter.manifest.listing_delay_seconds)

    async def write(self, action: Callable[[Connection, datetime], T]) -> T:
        def work() -> T:
            with self.database.transaction() as c:
                return action(c, self.database.now(c))

        return await asyncio.to_thread(work)

    async def next_due(self, state: RoundState, but_not: set[int]) -> Round | None:
        def look(c: Connection, now: datetime) -> Round | None:
            found = submissions.next_due(c, self.claim.account, state, now, tuple(but_not))
            return None if found is None else submissions.read_round(c, found)

        return await self.write(look)

    # -- carrying ------------------------------------------------------------------------------------------------

    async def carry(self, work: Round) -> SubmitterError | None:
        """One try to carry the round through. The error it met is returned, already written into the journal.

        LeaseLost is raised: a visit that lost its account may not write another word.
        """
        attempt = await self.write(lambda c, now: journal.open_attempt(c, self.claim, work.id, now))
        book = _AttemptBook(self, attempt)
        try:
            receipt = await self.adapter.carry(self.visit, work, book)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (an adapter is foreign code; policy.classified says what it means)
            known = policy.classified(error, committing=book.is_committing)
            evidence = known.evidence or await self.visit.capture_if_possible("error")
            await self._settle_failure(work, attempt, known, evidence)
            return known
        await self._confirm(attempt, receipt)
        self.progress.receipt(work, receipt)
        return None

    async def _confirm(self, attempt: int, receipt: Receipt) -> None:
        def store(c: Connection, now: datetime) -> None:
            detail = {"reference": receipt.reference, "source": receipt.source, "evidence": list(receipt.evidence)}
            journal.record(c, self.claim, attempt, Phase.CONFIRMED, now, detail)
            journal.keep_receipt(c, attempt, receipt)

        await self.write(store)

    async def _settle_failure(
        self, work: Round, attempt: int, error: SubmitterError, evidence: tuple[str, ...]
    ) -> None:
        def store(c: Connection, now: datetime) -> None:
            if isinstance(error, OutcomeUnknown):
                due = now + self.listing_delay
                phase, then = Phase.UNKNOWN, Then(due_at=due, error_code=error.code, error=str(error))
            else:
                phase = Phase.REFUSED if isinstance(error, PortalRejected) else Phase.FAILED
                then = policy.after_failure(error, work.tries, now)
            detail = {"code": error.code, "why": error.message, "words": error.words, "evidence": list(evidence)}
            journal.record(c, self.claim, attempt, phase, now, detail, then)

        await self.write(store)
        self.progress.not_sent(work, str(error))

    # -- unknown outcomes ----------------------------------------------------------------------------------------

    async def resolve(self, work: Round, give_up_after: timedelta) -> SubmitterError | None:
        """Look an unknown outcome up. Found: confirmed. Absent, on positive evidence: back to the queue. Else: wait."""
        attempt = await self.write(lambda c, _: _require(journal.last_attempt(c, work.id)).id)
        try:
            receipt = await self.adapter.look_up(self.visit, work)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (an adapter is foreign code; policy.classified says what it means)
            known = policy.classified(error)
            await self._still_unknown(work, attempt, known, give_up_after)
            return known

        def store(c: Connection, now: datetime) -> None:
            journal.note_look(c, self.claim, attempt, now, "absent" if receipt is None else "found")
            if receipt is not None:
                journal.record(c, self.claim, attempt, Phase.CONFIRMED, now, {"reference": receipt.reference})
                journal.keep_receipt(c, attempt, receipt)
            elif now < _require(work.unknown_since) + self.listing_delay:
                due = _require(work.unknown_since) + self.listing_delay
                journal.put_off(c, self.claim, work.id, now, due)
            else:
                journal.record(
                    c, self.claim, attempt, Phase.RETURNED, now, {"saw": "no such invoice"}, Then(due_at=now)
                )

        await self.write(store)
        if receipt is not None:
            self.progress.receipt(work, receipt)
        return None

    async def _still_unknown(self, work: Round, attempt: int, error: SubmitterError, give_up_after: timedelta) -> None:
        def store(c: Connection, now: datetime) -> None:
            journal.note_look(c, self.claim, attempt, now, "unclear", code=error.code, why=error.message)
            too_old = now - _require(work.unknown_since) >= give_up_after
            if too_old or isinstance(error, AmountDiffers):
                then = Then(error_code=error.code, error=f"{error} Look at the portal, then: submitter resolve")
                journal.record(c, self.claim, attempt, Phase.PERSON, now, {"why": error.message}, then)
            else:
                journal.put_off(c, self.claim, work.id, now, now + policy.backoff(0))

        await self.write(store)


class _AttemptBook:
    """What the contract's ``carry`` writes its phases through."""

    def __init__(self, attempts: Attempts, attempt: int) -> None:
        self._attempts = attempts
        self._attempt = attempt
        self.is_committing = False

    async def prepared(self, evidence: tuple[str, ...]) -> None:
        a = self._attempts
        await a.write(
            lambda c, now: journal.record(c, a.claim, self._attempt, Phase.PREPARED, now, {"evidence": list(evidence)})
        )

    async def committing(self) -> None:
        a = self._attempts
        commit_limit = timedelta(seconds=a.visit.surroundings.commit_seconds)
        await asyncio.to_thread(a.keeper.renew)
        await a.write(
            lambda c, now: journal.record(c, a.claim, self._attempt, Phase.COMMITTING, now, must_last=commit_limit)
        )
        self.is_committing = True


def _require(value: T | None) -> T:
    if value is None:
        raise AssertionError("an unknown round has an attempt that was committing")
    return value
