"""The contract between an adapter and the rest of the program. Read this file first when you write an adapter.

An adapter knows one portal: where its pages are, what its fields are called, what its words mean. It does not know the
order in which money moves: that is ``carry``, the same for every portal and final here. An adapter may make exactly one
irreversible click, in ``commit`` and through ``visit.commit_click``.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, final

from submitter.adapters.comparison import require_same, require_same_invoice
from submitter.adapters.manifest import Manifest, read_manifest
from submitter.adapters.page import Interruption
from submitter.adapters.visit import Visit
from submitter.errors import (
    AdapterBug,
    AmountDiffers,
    DuplicateInvoice,
    NotListedYet,
    OutcomeUnknown,
    PortalRejected,
    SubmitterError,
    UnknownOrder,
)
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedFile
from submitter.model.submission import Round
from submitter.redaction import redactor

#: Refusals that an earlier try of ours explains: the number is taken, the order's open amount used up, the order gone.
_OURS_EXPLAINS = (DuplicateInvoice, AmountDiffers, UnknownOrder)


class AttemptJournal(Protocol):
    """Where an attempt writes its phases, each on disk before the next step."""

    async def prepared(self, evidence: tuple[str, ...]) -> None: ...

    async def committing(self) -> None:
        """Must have reached the disk, under a lease that outlives the commit, when this returns."""


class PortalAdapter(ABC):
    """One portal. An instance serves one visit."""

    manifest: ClassVar[Manifest]
    interruptions: ClassVar[Sequence[Interruption]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not inspect.isabstract(cls) and "manifest" not in vars(cls):
            cls.manifest = read_manifest(cls.folder())

    @classmethod
    def folder(cls) -> Path:
        """Where its manifest and its README lie."""
        return Path(inspect.getfile(cls)).parent

    # -- what every adapter writes -------------------------------------------------------------------------------

    @abstractmethod
    async def sign_in(self, visit: Visit) -> None:
        """End on a signed-in page or raise. Idempotent: a stored session that still holds is used. One try, no loop."""

    @abstractmethod
    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        """The newest record with exactly this invoice number. None only on the portal's own "no results" text."""

    @abstractmethod
    async def prepare(self, visit: Visit, work: Round) -> None:
        """Fill and upload, up to the review page. Nothing irreversible; it may all be thrown away."""

    @abstractmethod
    async def read_back(self, visit: Visit) -> Review:
        """What the portal's own review page shows, parsed."""

    @abstractmethod
    async def commit(self, visit: Visit) -> Receipt:
        """The one click, then its proof. PortalRejected only when the portal's words say that it was not taken."""

    @abstractmethod
    def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        """Records of these references in the portal's own words, from its lists, not from one page per invoice."""

    @abstractmethod
    async def probe(self, visit: Visit) -> None:
        """Look at the pages the adapter needs, read-only; PortalChanged when one is not as known."""

    # -- what no adapter may change ------------------------------------------------------------------------------

    @final
    async def carry(self, visit: Visit, work: Round, journal: AttemptJournal) -> Receipt:
        """Carry one round through: find, prepare, read back, compare, journal, commit. Never sends what is there."""
        there = await self.look_up(visit, work)
        if there is not None:
            return there
        visit.commits = 0
        visit.chosen.clear()
        try:
            await self.prepare(visit, work)
        except _OURS_EXPLAINS as refusal:
            if not work.sent_before:
                raise
            return await self._arrived_late(visit, work, refusal)
        require_same(await self.read_back(visit), work)
        review = await visit.capture("review")
        visit.require_no_question()
        await journal.prepared(review)
        await journal.committing()
        try:
            receipt = await self.commit(visit)
        except DuplicateInvoice as refusal:
            return await self._ours_after_all(visit, work, refusal)
        except PortalRejected:
            raise
        except Exception as error:
            evidence = await visit.capture_if_possible("after-the-click")
            raise _unknown(error, evidence) from error
        if visit.commits != 1:
            raise OutcomeUnknown(f"The adapter pressed the sending button {visit.commits} times.")
        proof = await visit.capture_if_possible("receipt")
        files = receipt.files or tuple(
            ReviewedFile(name=file.upload_name, sha256=file.document.sha256) for file in work.files
        )
        return receipt.model_copy(update={"files": files, "evidence": (*review, *proof)})

    @final
    async def look_up(self, visit: Visit, work: Round) -> Receipt | None:
        """Whether the portal has this round already. For a resubmission the former rounds' records prove nothing."""
        record = await self.find(visit, work.invoice.number)
        if record is None or record.reference in work.earlier_references:
            return None
        if record.number.strip() != work.invoice.number:
            raise AdapterBug(f"The adapter looked for {work.invoice.number} and came back with {record.number}.")
        require_same_invoice(record, work)
        evidence = await visit.capture("found")
        return Receipt(
            reference=record.reference,
            words=redactor.scrub(record.status),
            at=datetime.now(UTC),
            source=ReceiptSource.FOUND,
            evidence=evidence,
        )

    @final
    async def _ours_after_all(self, visit: Visit, work: Round, refusal: DuplicateInvoice) -> Receipt:
        """Refused as a duplicate by the click itself, although it was not there a moment ago.

        The click may have arrived twice, or an earlier try of ours late. Where the portal does not list it yet, its
        two answers contradict each other, and neither is believed: it is looked up until one of them gives way.
        """
        evidence = await visit.capture_if_possible("after-the-click")
        try:
            there = await self.look_up(visit, work)
        except Exception as error:
            raise _unknown(error, evidence, refusal) from error
        if there is None:
            raise _unknown(refusal, evidence) from refusal
        return there

    @final
    async def _arrived_late(self, visit: Visit, work: Round, refusal: PortalRejected) -> Receipt:
        """Refused before this attempt sent anything, but an earlier one had: what it sent may have arrived late."""
        evidence = await visit.capture_if_possible("refused")
        there = await self.look_up(visit, work)
        if there is None:
            raise NotListedYet(words=refusal.words, evidence=evidence) from refusal
        return there


def _unknown(error: Exception, evidence: tuple[str, ...], cause: SubmitterError | None = None) -> OutcomeUnknown:
    said = error.message if isinstance(error, SubmitterError) else str(error)
    first = said.splitlines()[0] if said else type(error).__name__
    known = cause or (error if isinstance(error, SubmitterError) else None)
    evidence = (*(known.evidence if known else ()), *evidence)
    message = f"After the sending click: {redactor.scrub(first)}"
    return OutcomeUnknown(message, words=known.words if known else "", evidence=evidence, cause=known)
