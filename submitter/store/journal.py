"""The journal: every phase of every attempt, on disk before the next step happens.

The phases are drawn in model/attempt.py. Each function here is one part of a transaction that first requires the
visit's lease, so a worker that lost it cannot write another word.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from submitter.errors import LeaseLost, SubmitterError, class_of
from submitter.model.attempt import Phase, may_follow
from submitter.model.portal import Receipt
from submitter.model.record import Record
from submitter.model.submission import RoundState
from submitter.redaction import redactor
from submitter.store import audit, leases
from submitter.store.leases import Claim
from submitter.store.tables import attempt, journal, look, receipt, round_, submission

#: Where an attempt's phase leaves its round, if the caller does not say otherwise.
_ROUND_STATE = {
    Phase.COMMITTING: RoundState.COMMITTING,
    Phase.CONFIRMED: RoundState.CONFIRMED,
    Phase.REFUSED: RoundState.REFUSED,
    Phase.UNKNOWN: RoundState.UNKNOWN,
    Phase.RETURNED: RoundState.QUEUED,
    Phase.PERSON: RoundState.PERSON,
}


class OutOfOrder(LeaseLost):
    """The journal does not allow this step now; somebody else has moved this round on."""

    code = "out-of-order"


class TakenBack(SubmitterError):
    """Somebody withdrew the invoice while it was being entered; nothing was sent."""

    code = "taken-back"


class Then(Record):
    """What becomes of the round after a phase; None leaves a field as it is."""

    state: RoundState | None = None
    due_at: datetime | None = None
    error_code: str | None = None
    error: str | None = None
    counts_as_try: bool = False


def open_attempt(c: Connection, claim: Claim, round_id: int, now: datetime) -> int:
    """Begin an attempt on a queued round. OutOfOrder if the round is no longer queued."""
    leases.require(c, claim, now)
    row = c.execute(select(round_).where(round_.c.id == round_id).with_for_update(key_share=True)).one()
    if row.state != RoundState.QUEUED:
        raise OutOfOrder(f"Round {round_id} is {row.state}, not queued.")
    identity: int = c.execute(
        insert(attempt)
        .values(round=round_id, fence=claim.fence, holder=claim.holder, opened_at=now)
        .returning(attempt.c.id)
    ).scalar_one()
    _append(c, identity, Phase.OPENED, now, claim.holder, claim.fence, {})
    return identity


def phase_of(c: Connection, attempt_id: int) -> Phase:
    query = select(journal.c.phase).where(journal.c.attempt == attempt_id).order_by(journal.c.id.desc()).limit(1)
    return Phase(c.execute(query).scalar_one())


def record(
    c: Connection,
    claim: Claim,
    attempt_id: int,
    phase: Phase,
    now: datetime,
    detail: dict[str, Any] | None = None,
    then: Then | None = None,
    must_last: timedelta = timedelta(0),
) -> None:
    """Append a phase under the lease, which must live for ``must_last`` more (``committing``: a whole commit)."""
    leases.require(c, claim, now, must_last)
    _move(c, attempt_id, phase, now, claim.holder, claim.fence, then or Then(), detail or {})


def record_decision(c: Connection, attempt_id: int, phase: Phase, now: datetime, who: str, reason: str) -> None:
    """A person's answer to an unknown outcome. Needs no lease: only an attempt that waits for it can take it."""
    _move(c, attempt_id, phase, now, who, None, Then(due_at=now), {"reason": reason})


def _move(
    c: Connection,
    attempt_id: int,
    phase: Phase,
    now: datetime,
    who: str,
    fence: int | None,
    then: Then,
    detail: dict[str, Any],
) -> None:
    row = c.execute(
        select(round_, submission.c.invoice_number)
        .join(attempt, attempt.c.round == round_.c.id)
        .join(submission, submission.c.id == round_.c.submission)
        .where(attempt.c.id == attempt_id)
        .with_for_update(of=round_, key_share=True)  # before what the step rests on is read
    ).one()
    before = phase_of(c, attempt_id)
    if not may_follow(before, phase):
        raise OutOfOrder(f"An attempt that is {before} cannot become {phase}.")
    taken_back = row.state == RoundState.WITHDRAWN
    if taken_back and phase is Phase.COMMITTING:
        raise TakenBack
    _append(c, attempt_id, phase, now, who, fence, detail)
    change: dict[str, Any] = {"state": then.state or _ROUND_STATE.get(phase), "due_at": then.due_at}
    if taken_back and phase in (Phase.FAILED, Phase.REFUSED):
        change = {}  # what came of the attempt does not bring the round back
    change = {key: value for key, value in change.items() if value is not None}
    change |= {"error_code": then.error_code, "error": redactor.scrub(then.error) if then.error else None}
    change["tries"] = row.tries + 1 if then.counts_as_try else row.tries
    c.execute(update(round_).where(round_.c.id == row.id).values(**change))
    if phase not in (Phase.OPENED, Phase.PREPARED):
        subject = f"{row.account}/{row.invoice_number}"
        audit.append(c, now, who, f"round {row.number} {phase}", subject, attempt=attempt_id, **detail)


def _append(
    c: Connection, attempt_id: int, phase: Phase, now: datetime, who: str, fence: int | None, detail: dict[str, Any]
) -> None:
    clean = redactor.scrub_value(detail)
    c.execute(insert(journal).values(attempt=attempt_id, phase=phase, at=now, fence=fence, who=who, detail=clean))


def keep_receipt(c: Connection, attempt_id: int, proof: Receipt) -> None:
    """Store the receipt; to be called in the transaction that writes ``confirmed``."""
    round_id = c.execute(select(attempt.c.round).where(attempt.c.id == attempt_id)).scalar_one()
    c.execute(
        insert(receipt).values(
            round=round_id,
            attempt=attempt_id,
            reference=proof.reference,
            words=redactor.scrub(proof.words),
            at=proof.at,
            source=proof.source,
            files=[file.model_dump() for file in proof.files],
            evidence=list(proof.evidence),
        )
    )


def note_look(c: Connection, claim: Claim, attempt_id: int, now: datetime, saw: str, **detail: Any) -> None:
    """Record one look for an unknown outcome."""
    leases.require(c, claim, now)
    c.execute(insert(look).values(attempt=attempt_id, at=now, fence=claim.fence, saw=saw, detail=detail))


def put_off(c: Connection, claim: Claim, round_id: int, now: datetime, until: datetime) -> None:
    """Look again later."""
    leases.require(c, claim, now)
    c.execute(update(round_).where(round_.c.id == round_id).values(due_at=until))


def last_attempt(c: Connection, round_id: int) -> Row[Any] | None:
    query = select(attempt).where(attempt.c.round == round_id).order_by(attempt.c.id.desc()).limit(1)
    return c.execute(query).one_or_none()


def recover(c: Connection, claim: Claim, now: datetime, listing_delay: timedelta) -> list[int]:
    """Settle what earlier visits to the account left open when they died; the rounds whose outcome is now unknown.

    An attempt that never reached ``committing`` has sent nothing and failed. One that did may have sent: it becomes
    ``unknown`` and due for a look once the portal had time to list it.
    """
    leases.require(c, claim, now)
    unknown: list[int] = []
    query = (
        select(attempt.c.id, attempt.c.round, round_.c.state)
        .join(round_, round_.c.id == attempt.c.round)
        .where(
            round_.c.account == claim.account,
            round_.c.state.in_((RoundState.QUEUED, RoundState.COMMITTING)),
            attempt.c.fence < claim.fence,
        )
        .order_by(attempt.c.id)
        .with_for_update(of=round_, key_share=True)  # all of them before the audit log: nobody waits in a circle
    )
    for row in c.execute(query).all():
        phase = phase_of(c, row.id)
        if phase in (Phase.OPENED, Phase.PREPARED):
            record(c, claim, row.id, Phase.FAILED, now, {"why": "the visit ended before anything was sent"})
        elif phase is Phase.COMMITTING:
            then = Then(due_at=now + listing_delay, error_code="outcome-unknown", error=_DIED)
            record(c, claim, row.id, Phase.UNKNOWN, now, {"why": _DIED}, then)
            unknown.append(row.round)
    return unknown


_DIED = "The visit ended between the sending click and a receipt; the portal is asked before anything else is done."


def was_reviewed(c: Connection, round_id: int) -> bool:
    """Whether the portal's review page showed this round as we entered it: only then can we prove what it was sent."""
    query = (
        select(journal.c.id)
        .join(attempt, attempt.c.id == journal.c.attempt)
        .where(attempt.c.round == round_id, journal.c.phase == Phase.PREPARED)
        .limit(1)
    )
    return c.execute(query).first() is not None


def sent_since(c: Connection, account: str, since: datetime) -> list[datetime]:
    """When the account's sending clicks since then were about to be made, oldest first."""
    query = (
        select(journal.c.at)
        .join(attempt, attempt.c.id == journal.c.attempt)
        .join(round_, round_.c.id == attempt.c.round)
        .where(round_.c.account == account, journal.c.phase == Phase.COMMITTING, journal.c.at > since)
        .order_by(journal.c.at)
    )
    return list(c.execute(query).scalars())


def times_returned(c: Connection, round_id: int) -> int:
    """How many attempts of the round were proven absent after their click."""
    query = (
        select(func.count())
        .select_from(journal.join(attempt, attempt.c.id == journal.c.attempt))
        .where(attempt.c.round == round_id, journal.c.phase == Phase.RETURNED)
    )
    return c.execute(query).scalar_one()


def former_worker_waits(c: Connection, attempt_id: int, lasts: timedelta, boot_id: str, boot: float) -> timedelta:
    """How long an "absent" proves nothing yet, because the worker that wrote ``committing`` may still be able to click.

    It can be standing still between the journal and the click, and its clocks may have been set since. Its right to
    click ends one lease after its last renewal in time that really passed, which we can only tell by the boot clock of
    our own machine: a lease must pass on it since some visit of this machine first looked for the attempt. Zero when
    the attempt's own visit wrote that the outcome is unknown: that one is past its click.
    """
    fences = select(journal.c.phase, journal.c.fence).where(
        journal.c.attempt == attempt_id, journal.c.phase.in_((Phase.COMMITTING, Phase.UNKNOWN))
    )
    if len({row.fence for row in c.execute(fences)}) == 1:
        return timedelta(0)
    seen = [
        row.detail["boot"]
        for row in c.execute(select(look.c.detail).where(look.c.attempt == attempt_id))
        if row.detail.get("boot_id") == boot_id
    ]
    passed = timedelta(seconds=boot - min(seen)) if seen else timedelta(0)
    return max(lasts - passed, timedelta(0))


def hand_over(c: Connection, older_than: datetime, now: datetime, who: str, why: Callable[[str], str]) -> list[int]:
    """Give unknown outcomes whose click is older than that to a person; ``why`` says of an invoice number
    what to look at.

    Needs no lease: the account may be paused for days, and a visit that is looking just now may still confirm.
    """
    query = (
        select(round_.c.id, round_.c.number, submission.c.invoice_number, submission.c.customer)
        .join(submission, submission.c.id == round_.c.submission)
        .where(round_.c.state == RoundState.UNKNOWN)
        .order_by(round_.c.id)
        .with_for_update(of=round_, key_share=True)  # all of them before the audit log: nobody waits in a circle
    )
    handed = []
    for row in c.execute(query).all():
        one = last_attempt(c, row.id)
        clicked = committed_at(c, row.id)
        if one is None or clicked is None or clicked > older_than or phase_of(c, one.id) is not Phase.UNKNOWN:
            continue
        then = Then(error_code="outcome-unknown", error=why(row.invoice_number))
        _move(c, one.id, Phase.PERSON, now, who, None, then, {"why": "no proof either way in the time allowed"})
        handed.append(row.id)
    return handed


def committed_at(c: Connection, round_id: int) -> datetime | None:
    """When the last sending click of the round was about to be made."""
    at: datetime | None = c.execute(
        select(func.max(journal.c.at))
        .join(attempt, attempt.c.id == journal.c.attempt)
        .where(attempt.c.round == round_id, journal.c.phase == Phase.COMMITTING)
    ).scalar_one_or_none()
    return at


def cause_of_unknown(c: Connection, attempt_id: int) -> SubmitterError | None:
    """What came instead of a receipt when the attempt's outcome became unknown; None where that is not known."""
    query = select(journal.c.detail).where(journal.c.attempt == attempt_id, journal.c.phase == Phase.UNKNOWN)
    detail = c.execute(query).scalar_one_or_none() or {}
    kind = class_of(detail.get("cause", ""))
    return None if kind is None else kind(detail.get("why"), words=detail.get("words", ""))


def timeline(c: Connection, submission_id: int) -> list[Row[Any]]:
    """Every phase of every attempt of a submission, oldest first."""
    query = (
        select(journal, round_.c.number.label("round_number"))
        .join(attempt, attempt.c.id == journal.c.attempt)
        .join(round_, round_.c.id == attempt.c.round)
        .where(round_.c.submission == submission_id)
        .order_by(journal.c.id)
    )
    return list(c.execute(query))
