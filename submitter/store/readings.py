"""Readings and the holds that open and close with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from submitter.model.portal import HELD, Reading, Stage
from submitter.model.record import Record
from submitter.model.submission import RoundState
from submitter.store import leases
from submitter.store.leases import Claim
from submitter.store.tables import hold, reading, receipt, round_, submission

further = round_.alias("further")

#: Stages after which the portal has nothing more to say.
FINAL = (Stage.PAID, Stage.CANCELLED, Stage.DENIED)


class Wanted(Record):
    """A submission whose fate the next reading should find out, by the portal's reference of its latest round."""

    submission: int
    invoice_number: str
    round_number: int
    reference: str


def wanted(c: Connection, account: str) -> list[Wanted]:
    """Not those of which a further round may be at the portal already: the round before it may be shown as replaced
    there, and nobody would ever ask again what became of the new one."""
    may_be_there = exists().where(
        further.c.submission == submission.c.id,
        further.c.state.in_((RoundState.COMMITTING, RoundState.UNKNOWN, RoundState.PERSON)),
    )
    query = (
        select(submission.c.id, submission.c.invoice_number, round_.c.number, receipt.c.reference)
        .join(round_, round_.c.submission == submission.c.id)
        .join(receipt, receipt.c.round == round_.c.id)
        .where(
            submission.c.account == account,
            round_.c.state == RoundState.CONFIRMED,
            submission.c.stage.is_(None) | submission.c.stage.not_in(FINAL),
            ~may_be_there,
        )
        .order_by(submission.c.id, round_.c.number)
    )
    latest = {
        row.id: Wanted(
            submission=row.id, invoice_number=row.invoice_number, round_number=row.number, reference=row.reference
        )
        for row in c.execute(query)
    }
    return list(latest.values())


def add(c: Connection, claim: Claim, one: Reading, round_number: int, now: datetime) -> None:
    """Append a reading, move the submission's stage, and open, carry on or close its hold."""
    leases.require(c, claim, now)
    identity = c.execute(
        insert(reading).values(fence=claim.fence, **one.model_dump()).returning(reading.c.id)
    ).scalar_one()
    c.execute(update(submission).where(submission.c.id == one.submission).values(stage=one.stage, stage_at=one.at))
    open_hold = c.execute(
        select(hold).where(hold.c.submission == one.submission, hold.c.closed_at.is_(None))
    ).one_or_none()
    held = one.stage in HELD
    if held and open_hold is not None and open_hold.round_number == round_number:
        c.execute(update(hold).where(hold.c.id == open_hold.id).values(last_reading=identity))
        return
    if open_hold is not None:
        c.execute(update(hold).where(hold.c.id == open_hold.id).values(closed_at=one.at, closed_by=identity))
    if held:
        c.execute(
            insert(hold).values(
                submission=one.submission,
                round_number=round_number,
                opened_at=one.at,
                opened_by=identity,
                last_reading=identity,
            )
        )


def holds(c: Connection, customer: str | None = None, *, also_closed: bool = False) -> list[Row[Any]]:
    """Holds with their latest words, the oldest first."""
    query = (
        select(
            hold,
            submission.c.account,
            submission.c.customer,
            submission.c.invoice_number,
            submission.c.currency,
            submission.c.total_minor,
            reading.c.stage,
            reading.c.status,
            reading.c.comment,
            reading.c.cause,
            reading.c.reference,
        )
        .join(submission, submission.c.id == hold.c.submission)
        .join(reading, reading.c.id == hold.c.last_reading)
        .order_by(hold.c.opened_at, hold.c.id)
    )
    if not also_closed:
        query = query.where(hold.c.closed_at.is_(None))
    if customer is not None:
        query = query.where(submission.c.customer == customer)
    return list(c.execute(query))


def of_submission(c: Connection, submission_id: int) -> list[Row[Any]]:
    return list(c.execute(select(reading).where(reading.c.submission == submission_id).order_by(reading.c.id)))
