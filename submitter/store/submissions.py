"""Submissions and their rounds. A stored round *is* the queue entry: enqueuing and storing are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from submitter.errors import SubmitterError
from submitter.model.document import SubmittedFile
from submitter.model.invoice import Invoice
from submitter.model.record import Record
from submitter.model.submission import Cause, Fault, Round, RoundState
from submitter.store import audit, documents, journal
from submitter.store.insertion import insert_once
from submitter.store.tables import receipt, round_, submission

#: States in which a round is on its way; a further round may only follow when the last one is not.
ON_ITS_WAY = (RoundState.QUEUED, RoundState.COMMITTING, RoundState.UNKNOWN)


class NotSubmitted(SubmitterError):
    """No such invoice was submitted."""

    code = "not-submitted"


class StillOnItsWay(SubmitterError):
    """The last round of this invoice has not ended yet."""

    code = "still-on-its-way"


class Added(Record):
    submission: int
    round: int


class Duplicate(Record):
    """The invoice is already known; an outcome with a link to the first, not an error."""

    submission: int
    state: RoundState
    created_at: datetime


def add(
    c: Connection,
    account: str,
    customer: str,
    invoice: Invoice,
    files: tuple[SubmittedFile, ...],
    now: datetime,
    who: str,
) -> Added | Duplicate:
    """Store a submission and make its first round due, or say that this number is already there."""
    identity = insert_once(
        c,
        submission,
        account=account,
        customer=customer,
        invoice_number=invoice.number,
        invoice=invoice.model_dump(mode="json"),
        currency=invoice.currency,
        total_minor=invoice.total.minor,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        po_number=invoice.po_number,
        created_at=now,
        created_by=who,
    )
    if identity is None:
        first = c.execute(_numbered(account, invoice.number)).one()
        last = last_round(c, first.id)
        return Duplicate(submission=first.id, state=RoundState(last.state), created_at=first.created_at)
    round_id = _add_round(c, identity, account, 1, files, now, who)
    audit.append(
        c,
        now,
        who,
        "submission queued",
        f"{account}/{invoice.number}",
        total=str(invoice.total),
        files={f.upload_name: f.document.sha256 for f in files},
    )
    return Added(submission=identity, round=round_id)


def _add_round(
    c: Connection,
    submission_id: int,
    account: str,
    number: int,
    files: tuple[SubmittedFile, ...],
    now: datetime,
    who: str,
    **more: Any,
) -> int:
    round_id: int = c.execute(
        insert(round_)
        .values(
            submission=submission_id,
            account=account,
            number=number,
            state=RoundState.QUEUED,
            due_at=now,
            created_at=now,
            created_by=who,
            **more,
        )
        .returning(round_.c.id)
    ).scalar_one()
    documents.attach(c, round_id, files, now)
    return round_id


def add_resubmission(
    c: Connection,
    submission_id: int,
    files: tuple[SubmittedFile, ...],
    cause: Cause,
    fault: Fault,
    note: str,
    now: datetime,
    who: str,
    corrected: Invoice | None = None,
) -> int:
    """Make the next round due; StillOnItsWay when the last one has not ended. The id of the new round.

    ``corrected`` is what the round sends instead of the submission's own invoice.
    """
    row = c.execute(select(submission).where(submission.c.id == submission_id).with_for_update(key_share=True)).one()
    last = last_round(c, submission_id, lock=True)
    if RoundState(last.state) in ON_ITS_WAY or last.state == RoundState.PERSON:
        raise StillOnItsWay(f"Round {last.number} of {row.invoice_number} has not ended yet (it is {last.state}).")
    number = last.number + 1
    more = {"invoice": corrected.model_dump(mode="json")} if corrected else {}  # None would be stored as a JSON null
    round_id = _add_round(
        c, submission_id, row.account, number, files, now, who, cause=cause, fault=fault, note=note, **more
    )
    audit.append(
        c,
        now,
        who,
        "resubmission queued",
        f"{row.account}/{row.invoice_number}",
        round=number,
        cause=cause,
        files={f.upload_name: f.document.sha256 for f in files},
        **({"sent_as": corrected.number} if corrected else {}),
    )
    return round_id


def find(c: Connection, account: str, invoice_number: str) -> Row[Any] | None:
    return c.execute(_numbered(account, invoice_number)).one_or_none()


def _numbered(account: str, invoice_number: str) -> Select[Any]:
    return select(submission).where(
        submission.c.account == account, submission.c.invoice_number == invoice_number.strip()
    )


def find_one(c: Connection, invoice_number: str, account: str | None = None) -> Row[Any]:
    """The submission a person means by its number; a sentence when there is none, or when two customers have one."""
    query = select(submission).where(submission.c.invoice_number == invoice_number.strip())
    if account is not None:
        query = query.where(submission.c.account == account)
    rows = c.execute(query.order_by(submission.c.account)).all()
    if not rows:
        raise NotSubmitted(f"No invoice {invoice_number!r} was submitted{f' for {account}' if account else ''}.")
    if len(rows) > 1:
        accounts = ", ".join(row.account for row in rows)
        raise NotSubmitted(f"Invoice {invoice_number!r} was submitted for {accounts}; add --customer to say which.")
    return rows[0]


def last_round(c: Connection, submission_id: int, *, lock: bool = False) -> Row[Any]:
    """``lock``: for a change that rests on its state; a visit that is moving it on just now is waited for."""
    query = select(round_).where(round_.c.submission == submission_id).order_by(round_.c.number.desc()).limit(1)
    return c.execute(query.with_for_update(key_share=True) if lock else query).one()


def round_id(c: Connection, submission_id: int, number: int) -> int:
    query = select(round_.c.id).where(round_.c.submission == submission_id, round_.c.number == number)
    found: int = c.execute(query).scalar_one()
    return found


def read_round(c: Connection, round_id: int) -> Round:
    """A round as a visit carries it, with the references of the rounds before it."""
    row = c.execute(
        select(round_, submission.c.invoice.label("first_invoice"))
        .join(submission, submission.c.id == round_.c.submission)
        .where(round_.c.id == round_id)
    ).one()
    earlier = c.execute(
        select(receipt.c.reference)
        .join(round_, round_.c.id == receipt.c.round)
        .where(round_.c.submission == row.submission, round_.c.number < row.number)
        .order_by(round_.c.number)
    ).scalars()
    return Round(
        id=row.id,
        account=row.account,
        submission=row.submission,
        number=row.number,
        invoice=Invoice.model_validate(row.invoice or row.first_invoice),
        files=documents.of_round(c, round_id),
        earlier_references=tuple(earlier),
        state=RoundState(row.state),
        due_at=row.due_at,
        tries=row.tries,
        sent_before=journal.committed_at(c, round_id) is not None,
        unknown_since=journal.committed_at(c, round_id) if row.state == RoundState.UNKNOWN else None,
    )


def numbers_taken(c: Connection, submission_id: int) -> tuple[str, ...]:
    """The invoice numbers under which the portal has given a receipt, oldest first."""
    query = (
        select(func.coalesce(round_.c.invoice["number"].as_string(), submission.c.invoice_number))
        .join(submission, submission.c.id == round_.c.submission)
        .join(receipt, receipt.c.round == round_.c.id)
        .where(round_.c.submission == submission_id)
        .order_by(round_.c.number)
    )
    return tuple(dict.fromkeys(c.execute(query).scalars()))


def next_due(c: Connection, account: str, state: RoundState, now: datetime, but_not: Sequence[int] = ()) -> int | None:
    """The id of the account's next due round in this state: by the invoice's due date, then by age."""
    query = (
        select(round_.c.id)
        .join(submission, submission.c.id == round_.c.submission)
        .where(round_.c.account == account, round_.c.state == state, round_.c.due_at <= now)
        .order_by(submission.c.due_date.asc().nulls_last(), round_.c.created_at, round_.c.id)
        .limit(1)
    )
    if but_not:
        query = query.where(round_.c.id.not_in(but_not))
    found: int | None = c.execute(query).scalar_one_or_none()
    return found


def count_due(c: Connection, now: datetime, account: str | None = None) -> int:
    query = select(func.count()).where(round_.c.state == RoundState.QUEUED, round_.c.due_at <= now)
    if account is not None:
        query = query.where(round_.c.account == account)
    return c.execute(query).scalar_one()


def count_receipts(c: Connection) -> int:
    return c.execute(select(func.count()).select_from(receipt)).scalar_one()


def listing(c: Connection, states: Sequence[RoundState] = (), customer: str | None = None) -> list[Row[Any]]:
    """One row per submission with its last round, the newest first: what `submitter queue` shows."""
    last = (
        select(round_.c.submission, func.max(round_.c.number).label("number")).group_by(round_.c.submission).subquery()
    )
    query = (
        select(
            submission,
            round_.c.number.label("round_number"),
            round_.c.state,
            round_.c.due_at,
            round_.c.tries,
            round_.c.error_code,
            round_.c.error,
            receipt.c.reference,
        )
        .join(last, last.c.submission == submission.c.id)
        .join(round_, and_(round_.c.submission == last.c.submission, round_.c.number == last.c.number))
        .join(receipt, receipt.c.round == round_.c.id, isouter=True)
        .order_by(submission.c.created_at.desc(), submission.c.id.desc())
    )
    if states:
        query = query.where(round_.c.state.in_(states))
    if customer:
        query = query.where(or_(submission.c.customer == customer, submission.c.account == customer))
    return list(c.execute(query))


def requeue(c: Connection, submission_id: int, now: datetime, who: str, reason: str) -> None:
    """Make a parked round due again, or one whose portal's refusal a person has had put right."""
    row = c.execute(select(submission).where(submission.c.id == submission_id).with_for_update(key_share=True)).one()
    last = last_round(c, submission_id, lock=True)
    if RoundState(last.state) not in (RoundState.PARKED, RoundState.REFUSED, RoundState.WITHDRAWN):
        raise StillOnItsWay(f"Round {last.number} of {row.invoice_number} is {last.state}; there is nothing to repeat.")
    c.execute(update(round_).where(round_.c.id == last.id).values(state=RoundState.QUEUED, due_at=now, tries=0))
    audit.append(c, now, who, "round requeued", f"{row.account}/{row.invoice_number}", round=last.number, reason=reason)


def withdraw(c: Connection, submission_id: int, now: datetime, who: str, reason: str) -> None:
    """Take the last round back, if nothing of it can have been sent."""
    row = c.execute(select(submission).where(submission.c.id == submission_id).with_for_update(key_share=True)).one()
    last = last_round(c, submission_id, lock=True)
    if RoundState(last.state) not in (RoundState.QUEUED, RoundState.PARKED, RoundState.REFUSED):
        raise StillOnItsWay(f"Round {last.number} of {row.invoice_number} is {last.state}; it cannot be taken back.")
    c.execute(update(round_).where(round_.c.id == last.id).values(state=RoundState.WITHDRAWN))
    audit.append(
        c, now, who, "round withdrawn", f"{row.account}/{row.invoice_number}", round=last.number, reason=reason
    )
