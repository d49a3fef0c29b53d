"""What was billed before: under which numbers, and on which order. Only looked up, for preflight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from submitter.model.invoice import Invoice
from submitter.model.money import Money
from submitter.model.portal import Stage
from submitter.model.submission import Earlier, RoundState
from submitter.store.tables import round_, submission

#: What became of an invoice that no longer uses up its order.
_GIVEN_UP = (RoundState.WITHDRAWN, RoundState.REFUSED)
_TURNED_DOWN = (Stage.FAILED, Stage.REJECTED, Stage.DENIED, Stage.CANCELLED)


def like(c: Connection, account: str, invoice: Invoice) -> list[Earlier]:
    """What went to this account and might be ``invoice``: its number but for case, or its date and total.

    Every number that an invoice went under counts, those of its resubmissions too.
    """
    number = func.coalesce(round_.c.invoice["number"].as_string(), submission.c.invoice_number)
    same_bill = and_(
        submission.c.issue_date == invoice.issue_date,
        submission.c.total_minor == invoice.total.minor,
        submission.c.currency == invoice.currency,
    )
    query = (
        select(submission, number.label("sent_as"), round_.c.state)
        .join(round_, round_.c.submission == submission.c.id)
        .where(submission.c.account == account, round_.c.state != RoundState.WITHDRAWN)
        .where(or_(func.lower(number) == func.lower(invoice.number), same_bill))
        .order_by(submission.c.created_at, submission.c.id, round_.c.number)
    )
    once = {(row.id, row.sent_as): row for row in c.execute(query)}
    return [
        Earlier(
            number=row.sent_as,
            total=Money(minor=row.total_minor, currency=row.currency),
            issue_date=row.issue_date,
            at=row.created_at,
            state=RoundState(row.state),
        )
        for row in once.values()
    ]


def on_order(c: Connection, account: str, numbers: Iterable[str]) -> list[Invoice]:
    """The invoices that bill an order of one of these numbers, but for those taken back or turned down."""
    query = (
        _with_last_round()
        .where(submission.c.account == account, submission.c.po_number.in_(sorted(set(numbers))))
        .where(round_.c.state.not_in(_GIVEN_UP))
        .where(or_(submission.c.stage.is_(None), submission.c.stage.not_in(_TURNED_DOWN)))
        .order_by(submission.c.created_at, submission.c.id)
    )
    return [Invoice.model_validate(row.corrected or row.invoice) for row in c.execute(query)]


def _with_last_round() -> Select[Any]:
    last = (
        select(round_.c.submission, func.max(round_.c.number).label("number")).group_by(round_.c.submission).subquery()
    )
    return (
        select(submission.c.invoice, round_.c.invoice.label("corrected"))
        .join(last, last.c.submission == submission.c.id)
        .join(round_, and_(round_.c.submission == last.c.submission, round_.c.number == last.c.number))
    )


def owner_of(c: Connection, account: str, number: str) -> Row[Any] | None:
    """The submission that went, or is to go, to this account under exactly this number in any of its rounds."""
    sent_as = round_.c.invoice["number"].as_string()
    query = (
        select(submission)
        .join(round_, round_.c.submission == submission.c.id)
        .where(submission.c.account == account)
        .where(or_(submission.c.invoice_number == number.strip(), sent_as == number.strip()))
        .order_by(submission.c.id)
        .limit(1)
    )
    return c.execute(query).first()
