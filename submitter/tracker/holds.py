"""The worklist: what is on hold, what to do about it, and whose fault it may be.

Fault is a person's decision. What stands here is a suggestion with its reason, drawn from what we can prove.
"""

from __future__ import annotations

from sqlalchemy import Connection

from submitter.model.document import DocumentKind
from submitter.model.money import Money
from submitter.model.portal import Hold, Stage
from submitter.model.record import Record
from submitter.model.submission import Cause, Fault
from submitter.store import documents, journal, readings, submissions


class Suggestion(Record):
    action: str
    fault: Fault
    because: str


_ACTION = {
    Cause.RECEIPT_NOT_BOOKED: "Ask the customer to book the receipt; nothing has to be sent again",
    Cause.POD_ILLEGIBLE: "Send a clearer copy: submitter resubmit {number} --pod FILE",
    Cause.POD_MISSING: "Send the proof of delivery: submitter resubmit {number} --pod FILE",
    Cause.QUANTITY: "Compare our ticket with the receipt the customer booked, then resubmit or have it corrected",
    Cause.PRICE: "Compare our price with the order, then resubmit or have the order corrected",
    Cause.ORDER: "Ask the customer for the right order, then resubmit",
    Cause.CODING: "Ask the customer for the right coding, then resubmit",
    Cause.DUPLICATE: "Look up the first invoice at the portal before anything is sent again",
    Cause.PORTAL_ERROR: "Resubmit when the portal works again",
    Cause.OTHER: "Read the portal's words and ask the customer",
}


def suggest(cause: Cause | None, stage: Stage, number: str, pods: list[str], *, reviewed: bool = True) -> Suggestion:
    """What to do, and a suggested fault with its reason.

    ``pods``: the proofs of delivery that belong to the round; ``reviewed``: the portal's review page showed them.
    """
    if stage is Stage.UNKNOWN_WORD:
        action = "Translate the portal's word in the customer file ([account.words]), then poll again"
        return Suggestion(action=action, fault=Fault.UNDECIDED, because="nobody has translated this word yet")
    action = _ACTION[cause or Cause.OTHER].format(number=number)
    fault, because = _fault(cause, pods, reviewed=reviewed)
    return Suggestion(action=action, fault=fault, because=because)


def _fault(cause: Cause | None, pods: list[str], *, reviewed: bool) -> tuple[Fault, str]:
    took = f"the portal took our signed proof of delivery ({', '.join(pods)}) and showed it at review"
    match cause:
        case Cause.RECEIPT_NOT_BOOKED:
            return Fault.CUSTOMER, took if pods and reviewed else "booking the receipt is the customer's work"
        case Cause.POD_ILLEGIBLE | Cause.POD_MISSING if pods and reviewed:
            return Fault.CUSTOMER, took
        case Cause.POD_ILLEGIBLE | Cause.POD_MISSING if pods:
            return Fault.UNDECIDED, "the invoice was found at the portal; we cannot prove which files went with it"
        case Cause.POD_ILLEGIBLE | Cause.POD_MISSING:
            return Fault.SUPPLIER, "we sent no proof of delivery with this round"
        case Cause.QUANTITY:
            return Fault.UNDECIDED, "either the receipt is not fully booked, or we billed too much"
        case Cause.PRICE | Cause.CODING | Cause.ORDER:
            return Fault.UNDECIDED, "either the order was changed, or we entered it wrongly"
        case Cause.DUPLICATE:
            return Fault.SUPPLIER, "the number was used before"
        case Cause.PORTAL_ERROR:
            return Fault.PORTAL, "the portal itself failed"
        case _:
            return Fault.UNDECIDED, "the portal's words do not say"


def worklist(c: Connection, customer: str | None = None) -> list[Hold]:
    """Every open hold, the oldest first."""
    found = []
    for row in readings.holds(c, customer):
        cause = Cause(row.cause) if row.cause else None
        stage = Stage(row.stage)
        round_id = submissions.round_id(c, row.submission, row.round_number)
        reviewed = journal.was_reviewed(c, round_id)
        suggestion = suggest(cause, stage, row.invoice_number, _pods(c, round_id), reviewed=reviewed)
        found.append(
            Hold(
                id=row.id,
                account=row.account,
                customer=row.customer,
                invoice_number=row.invoice_number,
                round_number=row.round_number,
                total=Money(minor=row.total_minor, currency=row.currency),
                stage=stage,
                status=row.status,
                comment=row.comment,
                cause=cause,
                opened_at=row.opened_at,
                closed_at=row.closed_at,
                action=suggestion.action,
                suggested_fault=suggestion.fault,
                because=suggestion.because,
            )
        )
    return found


def _pods(c: Connection, round_id: int) -> list[str]:
    """Names and short hashes of the proofs of delivery that belong to a round."""
    return [
        f"{file.upload_name}, SHA-256 {file.document.sha256[:12]}"
        for file in documents.of_round(c, round_id)
        if file.document.kind in (DocumentKind.POD, DocumentKind.FIELD_TICKET)
    ]
