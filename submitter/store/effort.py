"""The effort book and the fault decisions: append-only, because money and blame rest on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from submitter.model.effort import Activity
from submitter.model.submission import Fault
from submitter.store import audit
from submitter.store.tables import effort, fault_decision, receipt, round_, submission


def log(
    c: Connection,
    submission_id: int,
    round_number: int,
    person: str,
    activity: Activity,
    minutes: int,
    note: str,
    now: datetime,
) -> int:
    """Write an entry; its id."""
    identity: int = c.execute(
        insert(effort)
        .values(
            submission=submission_id,
            round_number=round_number,
            person=person,
            activity=activity,
            minutes=minutes,
            note=note,
            at=now,
        )
        .returning(effort.c.id)
    ).scalar_one()
    audit.append(c, now, person, "effort logged", f"effort/{identity}", minutes=minutes, activity=activity)
    return identity


def decide_fault(c: Connection, round_id: int, fault: Fault, who: str, reason: str, now: datetime) -> None:
    """A person says whose fault a round was; earlier decisions stay on record."""
    c.execute(insert(fault_decision).values(round=round_id, fault=fault, who=who, reason=reason, at=now))
    c.execute(update(round_).where(round_.c.id == round_id).values(fault=fault))
    audit.append(c, now, who, "fault decided", f"round/{round_id}", fault=fault, reason=reason)


def entries(c: Connection, submission_id: int | None = None) -> list[Row[Any]]:
    query = select(effort, submission.c.invoice_number, submission.c.customer).join(
        submission, submission.c.id == effort.c.submission
    )
    if submission_id is not None:
        query = query.where(effort.c.submission == submission_id)
    return list(c.execute(query.order_by(effort.c.id)))


def minutes_by_customer(c: Connection) -> dict[str, int]:
    """Minutes of people (not of the machine) per customer."""
    query = (
        select(submission.c.customer, func.sum(effort.c.minutes))
        .join(submission, submission.c.id == effort.c.submission)
        .where(effort.c.activity != Activity.MACHINE)
        .group_by(submission.c.customer)
    )
    return {customer: int(minutes) for customer, minutes in c.execute(query)}


def resubmissions(c: Connection) -> list[Row[Any]]:
    """Every round beyond the first, oldest first, with the minutes people spent on it and its receipt if any."""
    minutes = (
        select(effort.c.submission, effort.c.round_number, func.sum(effort.c.minutes).label("minutes"))
        .where(effort.c.activity != Activity.MACHINE)
        .group_by(effort.c.submission, effort.c.round_number)
        .subquery()
    )
    query = (
        select(round_, submission.c.customer, submission.c.invoice_number, minutes.c.minutes, receipt.c.reference)
        .join(submission, submission.c.id == round_.c.submission)
        .join(receipt, receipt.c.round == round_.c.id, isouter=True)
        .join(
            minutes,
            (minutes.c.submission == round_.c.submission) & (minutes.c.round_number == round_.c.number),
            isouter=True,
        )
        .where(round_.c.number > 1)
        .order_by(round_.c.created_at, round_.c.id)
    )
    return list(c.execute(query))


def counts_by_customer(c: Connection) -> list[Row[Any]]:
    """Per customer: how many invoices and how many rounds."""
    query = (
        select(
            submission.c.customer,
            func.count(func.distinct(submission.c.id)).label("invoices"),
            func.count(round_.c.id).label("rounds"),
        )
        .join(round_, round_.c.submission == submission.c.id)
        .group_by(submission.c.customer)
        .order_by(submission.c.customer)
    )
    return list(c.execute(query))
