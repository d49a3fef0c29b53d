"""Leases: one row per account says which worker may visit it, until when, under which fencing number.

Every write of a visit names its fencing number (``require``) and fails when a newer lease exists.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from submitter.errors import LeaseLost
from submitter.model.record import Record
from submitter.store.tables import lease


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


def take(c: Connection, account: str, holder: str, now: datetime, lasts: timedelta) -> Claim | Held:
    """Take the account's lease if nobody holds a live one; the fencing number rises by one."""
    row = c.execute(select(lease).where(lease.c.account == account).with_for_update()).one_or_none()
    if row is not None and row.expires_at > now:
        return Held(account=account, holder=row.holder, expires_at=row.expires_at)
    fence = 1 if row is None else row.fence + 1
    values = {"fence": fence, "holder": holder, "acquired_at": now, "heartbeat_at": now, "expires_at": now + lasts}
    if row is None:
        c.execute(insert(lease).values(account=account, **values))  # a second taker fails on the key, and tries later
    else:
        c.execute(update(lease).where(lease.c.account == account).values(**values))
    return Claim(account=account, fence=fence, holder=holder)


def require(c: Connection, claim: Claim, now: datetime, must_last: timedelta = timedelta(0)) -> None:
    """LeaseLost unless the claim is the newest one and lives for ``must_last`` more. Locks the row until commit."""
    row = c.execute(select(lease).where(lease.c.account == claim.account).with_for_update()).one_or_none()
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
