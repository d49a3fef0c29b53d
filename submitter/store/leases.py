"""Leases: one row per account says which worker may visit it, until when, under which fencing number.

Every write of a visit names its fencing number (``require``) and fails when a newer lease exists.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from submitter.errors import LeaseLost
from submitter.model.record import Record
from submitter.store.insertion import insert_once
from submitter.store.tables import lease

#: A heartbeat this far in the future was written before the clock was set back. Its lease would hold the account for as
#: long as the clock was wrong; its holder knows by its own clocks that it has lost it (queue/keeper.py).
AHEAD = timedelta(seconds=15)


class Claim(Record):
    """A lease as its holder knows it."""

    account: str
    fence: int
    holder: str  # host, process and visit, for people to read


class Held(Record):
    """Somebody else's live lease."""

    account: str
    holder: str
    expires_at: datetime


def is_live(now: datetime) -> ColumnElement[bool]:
    """In a query on ``lease``: somebody holds it."""
    return and_(lease.c.expires_at > now, lease.c.heartbeat_at <= now + AHEAD)


def take(c: Connection, account: str, holder: str, now: datetime, lasts: timedelta) -> Claim | Held:
    """Take the account's lease if nobody holds a live one; the fencing number rises by one."""
    query = select(lease).where(lease.c.account == account).with_for_update(key_share=True)
    row = c.execute(query).one_or_none()
    if row is None:  # the first ever: a row to lock, or the one that somebody else is making just now
        never = {"fence": 0, "holder": "", "acquired_at": now, "heartbeat_at": now, "expires_at": now}
        insert_once(c, lease, account=account, **never)
        row = c.execute(query).one()
    if row.expires_at > now and row.heartbeat_at <= now + AHEAD:
        return Held(account=account, holder=row.holder, expires_at=row.expires_at)
    fence = row.fence + 1
    values = {"fence": fence, "holder": holder, "acquired_at": now, "heartbeat_at": now, "expires_at": now + lasts}
    c.execute(update(lease).where(lease.c.account == account).values(**values))
    return Claim(account=account, fence=fence, holder=holder)


def require(c: Connection, claim: Claim, now: datetime, must_last: timedelta = timedelta(0)) -> None:
    """LeaseLost unless the claim is the newest one and lives for ``must_last`` more. Locks the row until commit."""
    row = c.execute(select(lease).where(lease.c.account == claim.account).with_for_update(key_share=True)).one_or_none()
    if row is None or row.fence != claim.fence:
        raise LeaseLost(f"Another worker has taken over {claim.account}.")
    if row.expires_at <= now + must_last:
        raise LeaseLost(f"The claim to {claim.account} has run out, or would before the work is done.")


def renew(c: Connection, claim: Claim, now: datetime, lasts: timedelta) -> None:
    """Heartbeat. A lease that ran out may not be renewed: somebody may have looked, and acted, in between."""
    require(c, claim, now)
    c.execute(update(lease).where(lease.c.account == claim.account).values(heartbeat_at=now, expires_at=now + lasts))


def release(c: Connection, claim: Claim, now: datetime) -> None:
    """Give the lease back, if it is still ours."""
    c.execute(
        update(lease).where(lease.c.account == claim.account, lease.c.fence == claim.fence).values(expires_at=now)
    )


def live(c: Connection, now: datetime) -> list[Row[Any]]:
    """Who visits which account now."""
    return list(c.execute(select(lease).where(is_live(now)).order_by(lease.c.account)))
