"""Passwords that a portal will soon want to be changed, said before the portal says it in the middle of the night."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from submitter.model.account import Account
from submitter.queue.office import Office
from submitter.store import accounts

BEFORE = timedelta(days=14)


def reminder(account: Account, stored_at: datetime | None, now: datetime) -> str | None:
    """What to do about the password, from two weeks before the portal asks for a new one. None while all is well.

    Its age counts from when it was stored here: it is never younger at the portal.
    """
    if account.password_days is None or stored_at is None:
        return None
    ends = stored_at + timedelta(days=account.password_days)
    if now < ends - BEFORE:
        return None
    old = f"The password of {account.id} is {(now - stored_at).days} days old; {account.portal} asks for a new one"
    remedy = f"Change it at the portal, then: submitter account rotate {account.id}"
    return f"{old} {'every' if now < ends else 'after'} {account.password_days} days. {remedy}"


def reminders(office: Office, names: Collection[str]) -> list[str]:
    """Those of these accounts, in the order of the customers' files."""
    with office.database.reading() as c:
        stored, now = accounts.passwords_stored_at(c), office.database.now(c)
    ours = [one.account for one in office.customers if one.account.id in names]
    return [words for one in ours if (words := reminder(one, stored.get(one.id), now)) is not None]
