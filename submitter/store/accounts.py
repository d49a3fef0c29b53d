"""Accounts: pausing, circuits, and which of them have due work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, not_, or_, select, update

from submitter.model.account import Account
from submitter.model.submission import RoundState
from submitter.store import audit, leases, tables
from submitter.store.insertion import insert_once
from submitter.store.tables import account, lease, round_, slot

WAITING = (RoundState.QUEUED, RoundState.UNKNOWN, RoundState.COMMITTING)


def register(c: Connection, accounts: Iterable[Account]) -> None:
    """Make sure every configured account has its row."""
    known = {row.id: row for row in c.execute(select(account))}
    for one in accounts:
        if one.id not in known:
            insert_once(c, account, id=one.id, customer=one.customer, portal=one.portal)
        elif (known[one.id].customer, known[one.id].portal) != (one.customer, one.portal):
            c.execute(update(account).where(account.c.id == one.id).values(customer=one.customer, portal=one.portal))


def read(c: Connection, identity: str) -> Row[Any] | None:
    return c.execute(select(account).where(account.c.id == identity)).one_or_none()


def read_all(c: Connection) -> list[Row[Any]]:
    return list(c.execute(select(account).order_by(account.c.id)))


def is_paused(c: Connection, identity: str) -> bool:
    return c.execute(select(account.c.paused_at).where(account.c.id == identity)).scalar_one_or_none() is not None


def pause(
    c: Connection, identity: str, now: datetime, who: str, code: str, reason: str, evidence: Iterable[str] = ()
) -> None:
    """Stop all visits to the account until a person resumes it. Its work stays due and burns nothing.

    ``evidence``: SHA-256 of the picture and text of the page that was the reason.
    """
    c.execute(
        update(account)
        .where(account.c.id == identity, account.c.paused_at.is_(None))
        .values(paused_at=now, paused_by=who, pause_code=code, pause_reason=reason)
    )
    more = {"evidence": list(evidence)} if evidence else {}
    audit.append(c, now, who, "account paused", identity, code=code, reason=reason, **more)


def pause_adapter(
    c: Connection, identity: str, now: datetime, who: str, code: str, reason: str, evidence: Iterable[str] = ()
) -> list[str]:
    """Pause every account on this account's portal at its customer: a changed page is the same for all of them."""
    row = c.execute(select(account).where(account.c.id == identity)).one()
    same = (account.c.customer == row.customer, account.c.portal == row.portal, account.c.paused_at.is_(None))
    query = select(account.c.id).where(*same).order_by(account.c.id).with_for_update(key_share=True)
    found = list(c.execute(query).scalars())  # all of them before the audit log: nobody waits in a circle
    for one in found:
        pause(c, one, now, who, code, reason, evidence)
    return found


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


def note_password(c: Connection, identity: str, now: datetime, who: str) -> None:
    """A password of this account was stored, which the keyring itself does not date."""
    audit.append(c, now, who, "password stored", identity)


def passwords_stored_at(c: Connection) -> dict[str, datetime]:
    """When the password of each account was last stored here, as far as it was."""
    log = tables.audit
    query = select(log.c.subject, func.max(log.c.at)).where(log.c.action == "password stored").group_by(log.c.subject)
    return {row[0]: row[1] for row in c.execute(query)}


def note_code(c: Connection, identity: str, now: datetime, step: int) -> None:
    """The one-time code of this step goes out to the portal; it is never sent again."""
    audit.append(c, now, "submitter", "one-time code used", identity, step=step)


def last_code_step(c: Connection, identity: str) -> int:
    """The step of the last one-time code that went out; 0 when none did."""
    log = tables.audit
    query = select(log.c.detail).where(log.c.action == "one-time code used", log.c.subject == identity)
    return max(
        (int(detail["step"]) for detail in c.execute(query.order_by(log.c.id.desc()).limit(1)).scalars()), default=0
    )


def resumed_since(c: Connection, identity: str, at: datetime) -> bool:
    """Whether a person has looked at the account since then and let visits begin again."""
    log = tables.audit
    query = select(log.c.id).where(log.c.action == "account resumed", log.c.subject == identity, log.c.at >= at)
    return c.execute(query.limit(1)).first() is not None


def note_unavailable(
    c: Connection, identity: str, now: datetime, after: int, pause_for: timedelta, asked_for: timedelta | None = None
) -> int:
    """Count a visit that failed for want of the portal; with the ``after``-th in a row the circuit opens.

    ``asked_for``: how long the portal itself told us to stay away, which holds from the first time on.
    Returns the count: ``after`` means that it opened just now, more that it was open already.
    """
    row = c.execute(select(account).where(account.c.id == identity).with_for_update(key_share=True)).one()
    count = int(row.unavailable_in_a_row) + 1
    closed = now + pause_for * 2 ** min(count - after, 5) if count >= after else None
    if asked_for is not None:
        closed = max(closed or now, now + asked_for)
    c.execute(update(account).where(account.c.id == identity).values(unavailable_in_a_row=count, closed_until=closed))
    return count


def note_visit(c: Connection, identity: str, now: datetime) -> None:
    """A visit began or ended: from here the gap to the next one counts, and others get their turn first."""
    c.execute(update(account).where(account.c.id == identity).values(last_visit_at=now))


def note_available(c: Connection, identity: str, after: int) -> bool:
    """Count a visit that went well; True when it ends a time that the portal was said to be away.

    That is said with the ``after``-th failure in a row, see ``note_unavailable``.
    """
    row = c.execute(select(account).where(account.c.id == identity).with_for_update(key_share=True)).one()
    c.execute(update(account).where(account.c.id == identity).values(unavailable_in_a_row=0, closed_until=None))
    return int(row.unavailable_in_a_row) >= after


def note_sign_in(c: Connection, identity: str) -> None:
    c.execute(update(account).where(account.c.id == identity).values(sign_ins=account.c.sign_ins + 1))


def mark_reading_due(c: Connection, identity: str, now: datetime, slot_key: str | None = None) -> bool:
    """Make the account's next reading due. With a slot key, only the first caller of that slot does; True if it did."""
    if slot_key is not None and insert_once(c, slot, key=slot_key, account=identity, marked_at=now) is None:
        return False
    c.execute(update(account).where(account.c.id == identity).values(reading_due_at=now))
    return True


def reading_done(c: Connection, identity: str, asked_at: datetime) -> None:
    """The reading that was due since then is done. One that was asked for while it went on stays due."""
    same = account.c.reading_due_at == asked_at
    c.execute(update(account).where(account.c.id == identity, same).values(reading_due_at=None))


def _waiting(by: datetime, *states: RoundState) -> Any:
    return exists().where(round_.c.account == account.c.id, round_.c.state.in_(states), round_.c.due_at <= by)


def _reading_is_due(by: datetime) -> Any:
    return and_(account.c.reading_due_at.is_not(None), account.c.reading_due_at <= by)


def _has_due_work(by: datetime) -> Any:
    return or_(_waiting(by, *WAITING), _reading_is_due(by))


def has_due_work(c: Connection, identity: str, now: datetime) -> bool:
    return c.execute(select(account.c.id).where(account.c.id == identity, _has_due_work(now))).first() is not None


def _may_be_visited(now: datetime) -> Any:
    return and_(account.c.paused_at.is_(None), or_(account.c.closed_until.is_(None), account.c.closed_until <= now))


def due_work(c: Connection, now: datetime) -> list[Row[Any]]:
    """Accounts with due work that nobody is visiting, the one that has waited longest for a visit first.

    ``only_to_send``: nothing but queued submissions is due there.
    """
    leased = exists().where(lease.c.account == account.c.id, leases.is_live(now))
    other = or_(_waiting(now, RoundState.UNKNOWN, RoundState.COMMITTING), _reading_is_due(now))
    query = (
        select(account.c.id, not_(other).label("only_to_send"))
        .where(_may_be_visited(now), _has_due_work(now), ~leased)
        .order_by(account.c.last_visit_at.asc().nulls_first(), account.c.id)
    )
    return list(c.execute(query))


def due(c: Connection, now: datetime) -> list[str]:
    """The ids of ``due_work``."""
    return [row.id for row in due_work(c, now)]


def busy(c: Connection, now: datetime) -> list[Row[Any]]:
    """Accounts with due work that another worker is visiting, with the holder and the lease's end."""
    query = (
        select(account.c.id, lease.c.holder, lease.c.expires_at)
        .join(lease, lease.c.account == account.c.id)
        .where(leases.is_live(now), _may_be_visited(now), _has_due_work(now))
    )
    return list(c.execute(query))


def next_due_at(c: Connection, now: datetime, within: timedelta, among: Iterable[str]) -> datetime | None:
    """When the next piece of work of these accounts becomes due, if nobody visits them and it is within the time."""
    leased = exists().where(lease.c.account == account.c.id, leases.is_live(now))
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
