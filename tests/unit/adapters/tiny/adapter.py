"""A portal of a few lines: it does what the test tells it to and writes down the order of what was asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from submitter.adapters.contract import PortalAdapter
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedFile, ReviewedLine
from submitter.model.submission import Round
from tests.unit.store.made import NOW

TAKEN = Receipt(reference="R-9", words="Danke", at=NOW, source=ReceiptSource.COMMIT)


def review_of(work: Round, **changes: Any) -> Review:
    """The review page of a portal that shows everything, and shows it right."""
    invoice = work.invoice
    return Review(
        number=invoice.number,
        po_number=invoice.po_number,
        issue_date=invoice.issue_date,
        currency=invoice.currency,
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        coding=invoice.coding,
        lines=tuple(
            ReviewedLine(order_line=line.order_line_number, quantity=line.quantity, unit_price=line.unit_price)
            for line in invoice.lines
        ),
        files=tuple(ReviewedFile(name=one.upload_name, sha256=one.document.sha256) for one in work.files),
    ).model_copy(update=changes)


@dataclass
class FakeVisit:
    """What the contract uses of a visit, and the list of what happened."""

    happened: list[str] = field(default_factory=list)
    commits: int = 0
    chosen: dict[str, Path] = field(default_factory=dict)
    question: Exception | None = None

    async def capture(self, label: str) -> tuple[str, ...]:
        self.happened.append(f"capture {label}")
        return (f"picture of {label}",)

    capture_if_possible = capture

    def require_no_question(self) -> None:
        if self.question:
            raise self.question


@dataclass
class FakeJournal:
    visit: FakeVisit
    refuses: Exception | None = None

    async def prepared(self, evidence: tuple[str, ...]) -> None:
        self.visit.happened.append(f"prepared with {', '.join(evidence)}")

    async def committing(self) -> None:
        if self.refuses:
            raise self.refuses
        self.visit.happened.append("committing")


class Tiny(PortalAdapter):
    """``finds``: what each look brings, in order; an exception is raised, the last one repeats."""

    def __init__(self, work: Round, finds: list[PortalRecord | Exception | None] | None = None) -> None:
        self.finds = finds or [None]
        self.review: Review = review_of(work)
        self.clicks = 1
        self.commit_raises: Exception | None = None
        self.prepare_raises: Exception | None = None
        self.receipt = TAKEN

    async def sign_in(self, visit: Any) -> None:
        visit.happened.append("sign in")

    async def find(self, visit: Any, number: str) -> PortalRecord | None:
        visit.happened.append(f"find {number}")
        found = self.finds.pop(0) if len(self.finds) > 1 else self.finds[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def prepare(self, visit: Any, work: Round) -> None:
        visit.happened.append("prepare")
        if self.prepare_raises:
            raise self.prepare_raises

    async def read_back(self, visit: Any) -> Review:
        visit.happened.append("read back")
        return self.review

    async def commit(self, visit: Any) -> Receipt:
        visit.happened.append("commit")
        visit.commits += self.clicks
        if self.commit_raises:
            raise self.commit_raises
        return self.receipt

    async def readings(self, visit: Any, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        return
        yield

    async def probe(self, visit: Any) -> None:
        visit.happened.append("probe")
