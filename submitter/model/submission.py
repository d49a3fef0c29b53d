"""Submissions and their rounds: the aggregate that everything hangs on.

How a round moves. Only the worker moves along plain arrows; ``*`` marks where a person decides::

    queued --a--> committing --b--> confirmed
      ^  |            |--c--> refused       (the portal said no; a new round may follow *)
      |  |            '--d--> unknown --e--> confirmed   (find saw it)
      |  |                       |----f--> queued        (the portal's own "no results", after its listing delay)
      |  |                       '----g--> person *      (no proof either way for too long)
      |  |--h--> person *        (second factor, new terms, the page changed)
      |  |--i--> refused         (refused before the click)
      |  |--j--> confirmed       (it was there already)
      |  '--k--> parked *        (failed as often as its error allows)
      '---------- person, parked * (sent back by a person, or withdrawn)
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from submitter.model.document import SubmittedFile
from submitter.model.invoice import Invoice
from submitter.model.money import Money
from submitter.model.record import Record


class RoundState(StrEnum):
    QUEUED = "queued"  # due work; nothing was sent
    COMMITTING = "committing"  # on disk before the click; seen after a crash it means "we do not know"
    UNKNOWN = "unknown"  # it may have been sent; only find() or a person may say
    CONFIRMED = "confirmed"  # there is a receipt
    REFUSED = "refused"  # the portal read it and said no
    PERSON = "person"  # stops until someone acts
    PARKED = "parked"  # failed as often as its error allows
    WITHDRAWN = "withdrawn"  # a person took it back


class Fault(StrEnum):
    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    PORTAL = "portal"
    UNDECIDED = "undecided"


class Cause(StrEnum):
    """Why a round beyond the first was needed, or why payment is held."""

    RECEIPT_NOT_BOOKED = "receipt-not-booked"
    POD_ILLEGIBLE = "pod-illegible"
    POD_MISSING = "pod-missing"
    QUANTITY = "quantity"
    PRICE = "price"
    ORDER = "order"
    CODING = "coding"
    DUPLICATE = "duplicate"
    PORTAL_ERROR = "portal-error"
    OTHER = "other"


#: Cause -> OPStatusReason code of the Peppol Invoice Response (BIS 63, code list OPStatusReason).
PEPPOL_REASON: dict[Cause, str] = {
    Cause.RECEIPT_NOT_BOOKED: "DEL",
    Cause.POD_ILLEGIBLE: "DEL",
    Cause.POD_MISSING: "DEL",
    Cause.QUANTITY: "QTY",
    Cause.PRICE: "PRI",
    Cause.ORDER: "REF",
    Cause.CODING: "REF",
    Cause.DUPLICATE: "OTH",
    Cause.PORTAL_ERROR: "OTH",
    Cause.OTHER: "OTH",
}


class Round(Record):
    """What one visit carries to the portal: an invoice with its files, for the first time or again."""

    id: int
    account: str
    submission: int
    number: int = Field(ge=1)
    invoice: Invoice
    files: tuple[SubmittedFile, ...]
    earlier_references: tuple[str, ...] = ()  # the portal's references of former rounds, oldest first
    state: RoundState = RoundState.QUEUED
    due_at: datetime
    tries: int = 0
    sent_before: bool = False  # an earlier attempt of this round pressed the sending button, whatever came of it
    unknown_since: datetime | None = None  # when `committing` was written for the attempt nobody has proof of


class Earlier(Record):
    """An invoice that went to the same account before: enough of it to see whether another one is the same."""

    number: str
    total: Money
    issue_date: date
    at: datetime
    state: RoundState
