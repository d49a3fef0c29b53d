"""Accounts: pausing, circuits, and which of them have due work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, or_, select, update

from submitter.model.account import Account
from submitter.model.submission import RoundState
from submitter.store import audit
from submitter.store.tables import account, lease, round_, slot

WAITING = (RoundState.QUEUED, RoundState.UNKNOWN, RoundState.COMMITTING)


def register(c: Connection, accounts: Iterable[Account]) -> None:
    """Make sure every configured account has its row."""
    known = {row.id: row for row in c.execute(select(account))}
    for one in accounts:
        if one.id not in known:
            c.execute(insert(account).values(id=one.id, customer=one.customer, portal=one.portal))
        elif (known[one.id].customer, known[one.id].portal) != (one.customer, one.portal):
            c.execute(update(account).where(account.c.id == one.id).values(customer=one.customer, portal=one.portal))


def read(c: Connection, identity: str) -> Row[Any] | None:
    return c.execute(select(account).where(account.c.id == identity)).one_or_none()


def read_all(c: Connection) -> list[Row[Any]]:
    return list(c.execute(select(account).order_by(account.c.id)))


def pause(c: Connection, identity: str, now: datetime, who: str, code: str, reason: str) -> None:
    """Stop all visits to the account until a person resumes it. Its work stays due and burns nothing."""
    c.execute(
        update(account)
        .where(account.c.id == identity, account.c.paused_at.is_(None))
        .values(paused_at=now, paused_by=who, pause_code=code, pause_reason=reason)
    )
    audit.append(c, now, who, "account paused", identity, code=code, reason=reason)


def resume(c: Connection, identity: str, now: datetime, who: str, reason: str) -> None:
    """Let visits begin again. The rounds stayed queued; one that waits for a person's answer goes on waiting."""
    c.execute(
        update(account)
        .where(account.c.id == identity)
        .values(
            paused_at=None,
            paused_by=None,
            pause_code=None,
            pause_reason=None,
            closed_until=None,
            unavailable_in_a_row=0,
        )
    )
    audit.append(c, now, who, "account resumed", identity, reason=reason)


def note_unavailable(c: Connection, identity: str, now: datetime, after: int, pause_for: timedelta) -> bool:
    """Count a visit that failed for want of the portal; True when that opened the circuit just now."""
    row = c.execute(select(account).where(account.c.id == identity).with_for_update()).one()
    count = row.unavailable_in_a_row + 1
    closed = now + pause_for * 2 ** min(count - after, 5) if count >= after else None
    c.execute(update(account).where(account.c.id == identity).values(unavailable_in_a_row=count, closed_until=closed))
    return bool(count == after)


def note_available(c: Connection, identity: str, now: datetime) -> bool:
    """Count a visit that went well; True when the portal had been away before."""
    row = c.execute(select(account).where(account.c.id == identity).with_for_update()).one()
    c.execute(
        update(account)
        .where(account.c.id == identity)
        .values(unavailable_in_a_row=0, closed_until=None, last_visit_at=now)
    )
    return bool(row.closed_until)


def note_sign_in(c: Connection, identity: str) -> None:
    c.execute(update(account).where(account.c.id == identity).values(sign_ins=account.c.sign_ins + 1))


def mark_reading_due(c: Connection, identity: str, now: datetime, slot_key: str | None = None) -> bool:
    """Make the account's next reading due. With a slot key, only the first caller of that slot does; True if it did."""
    if slot_key is not None:
        if c.execute(select(slot.c.key).where(slot.c.key == slot_key)).first() is not None:
            return False
        c.execute(insert(slot).values(key=slot_key, account=identity, marked_at=now))
    c.execute(update(account).where(account.c.id == identity).values(reading_due_at=now))
    return True


def reading_done(c: Connection, identity: str) -> None:
    c.execute(update(account).where(account.c.id == identity).values(reading_due_at=None))


def _has_due_work(by: datetime) -> Any:
    waiting = exists().where(round_.c.account == account.c.id, round_.c.state.in_(WAITING), round_.c.due_at <= by)
    return or_(waiting, and_(account.c.reading_due_at.is_not(None), account.c.reading_due_at <= by))


def _may_be_visited(now: datetime) -> Any:
    return and_(account.c.paused_at.is_(None), or_(account.c.closed_until.is_(None), account.c.closed_until <= now))


def due(c: Connection, now: datetime) -> list[str]:
    """Accounts with due work that nobody is visiting, the one that has waited longest for a visit first."""
    leased = exists().where(lease.c.account == account.c.id, lease.c.expires_at > now)
    query = (
        select(account.c.id)
        .where(_may_be_visited(now), _has_due_work(now), ~leased)
        .order_by(account.c.last_visit_at.asc().nulls_first(), account.c.id)
    )
    return list(c.execute(query).scalars())


def busy(c: Connection, now: datetime) -> list[Row[Any]]:
    """Accounts with due work that another worker is visiting, with the holder and the lease's end."""
    query = (
        select(account.c.id, lease.c.holder, lease.c.expires_at)
        .join(lease, lease.c.account == account.c.id)
        .where(lease.c.expires_at > now, _may_be_visited(now), _has_due_work(now))
    )
    return list(c.execute(query))


def next_due_at(c: Connection, now: datetime, within: timedelta, among: Iterable[str]) -> datetime | None:
    """When the next piece of work of these accounts becomes due, if nobody visits them and it is within the time."""
    leased = exists().where(lease.c.account == account.c.id, lease.c.expires_at > now)
    query = (
        select(round_.c.due_at)
        .join(account, account.c.id == round_.c.account)
        .where(account.c.id.in_(list(among)), _may_be_visited(now), ~leased)
        .where(round_.c.state.in_(WAITING), round_.c.due_at <= now + within)
        .order_by(round_.c.due_at)
        .limit(1)
    )
    found: datetime | None = c.execute(query).scalar_one_or_none()
    return found
