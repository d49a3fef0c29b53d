"""What a portal shows: records, the review screen, receipts and readings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from submitter.model.invoice import Coding
from submitter.model.money import Money
from submitter.model.record import Record
from submitter.model.submission import Cause, Fault


class Stage(StrEnum):
    """Where an invoice stands: the Peppol Invoice Response ladder plus what a supplier also needs."""

    FAILED = "failed"  # never reached the buyer
    SENT = "sent"
    RECEIVED = "received"  # Peppol AB
    IN_PROCESS = "in_process"  # IP
    ON_HOLD = "on_hold"  # IP or UQ: payment is withheld
    REJECTED = "rejected"  # RE, may be sent again
    DENIED = "denied"  # RE, may not
    APPROVED = "approved"  # AP
    SCHEDULED = "scheduled"  # AP, a payment is booked
    PART_PAID = "part_paid"  # PD with PPD
    PAID = "paid"  # PD
    PAYMENT_RETURNED = "payment_returned"
    CANCELLED = "cancelled"
    UNKNOWN_WORD = "unknown_word"  # flagged for a person, never guessed


#: Stages in which payment is withheld or a person has to look.
HELD = frozenset(
    {Stage.FAILED, Stage.ON_HOLD, Stage.REJECTED, Stage.DENIED, Stage.PAYMENT_RETURNED, Stage.UNKNOWN_WORD}
)


class PortalRecord(Record):
    """One row of the portal's own invoice list, in its own words."""

    number: str
    reference: str
    status: str  # raw words
    comment: str = ""  # raw words: the reason or message beside the status
    po_number: str | None = None
    total: Money | None = None


class ReviewedLine(Record):
    order_line: str
    quantity: Decimal
    unit_price: Decimal | None = None


class ReviewedFile(Record):
    name: str
    sha256: str | None = None  # where the portal shows a fingerprint
    size: int | None = None  # bytes, where it counts what arrived


class Review(Record):
    """What the portal shows for review before the irreversible click. None = this portal does not show it."""

    number: str
    total: Money
    files: tuple[ReviewedFile, ...]
    issue_date: date | None = None
    po_number: str | None = None
    currency: str | None = None
    net: Money | None = None
    tax: Money | None = None
    coding: Coding | None = None
    lines: tuple[ReviewedLine, ...] | None = None


class ReceiptSource(StrEnum):
    COMMIT = "commit"  # shown after our own click
    FOUND = "found"  # find() saw it at the portal
    PERSON = "person"  # somebody looked it up by hand


class Receipt(Record):
    """Proof that the portal took a round."""

    reference: str
    words: str
    at: datetime
    source: ReceiptSource
    files: tuple[ReviewedFile, ...] = ()
    evidence: tuple[str, ...] = ()  # SHA-256 of the screenshots and page texts kept


class Reading(Record):
    """What the portal said about one submission at one time: raw words and the canonical stage."""

    submission: int
    at: datetime
    reference: str
    status: str
    comment: str
    stage: Stage
    cause: Cause | None = None


class Hold(Record):
    """A period in which the portal withholds payment, as the worklist shows it."""

    id: int
    account: str
    customer: str
    invoice_number: str
    round_number: int
    total: Money
    stage: Stage
    status: str
    comment: str
    cause: Cause | None
    opened_at: datetime
    closed_at: datetime | None
    action: str
    suggested_fault: Fault
    because: str


class StatusWords(Record):
    """A portal's vocabulary: raw status words -> stage, raw reasons -> cause. Compared without case and outer space."""

    stages: Mapping[str, Stage]
    reasons: Mapping[str, Cause] = {}

    def stage(self, words: str) -> Stage | None:
        return {k.casefold().strip(): v for k, v in self.stages.items()}.get(words.casefold().strip())

    def cause(self, comment: str) -> Cause | None:
        """The cause whose known phrase occurs in the portal's comment; None when none or more than one does."""
        seen = {cause for phrase, cause in self.reasons.items() if phrase.casefold() in comment.casefold()}
        return seen.pop() if len(seen) == 1 else None
