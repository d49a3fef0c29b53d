"""When an account may be visited, and how many invoices may still go: a customer's portal sets the pace.

Everything here is decided from rows, so a restart forgets nothing and all workers of a fleet agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from submitter.model.account import Account
from submitter.store import accounts, journal

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Barred:
    """Why an account is not visited now. ``until`` is None when only a person can end it."""

    why: str
    until: datetime | None = None


def barred(account: Account, row: Row[Any], now: datetime) -> Barred | None:
    """What keeps visitors away from the account: a pause, an open circuit, quiet hours, the gap between visits."""
    if row.paused_at is not None:
        return Barred(f"paused by {row.paused_by}: {row.pause_reason}")
    if row.closed_until is not None and row.closed_until > now:
        return Barred("the portal was away", row.closed_until)
    if account.quiet_hours is not None:
        ends = account.quiet_hours.end_of(now.astimezone(ZoneInfo(account.time_zone)))
        if ends is not None:
            return Barred("quiet hours", ends.astimezone(now.tzinfo))
    if row.last_visit_at is not None:
        free = row.last_visit_at + timedelta(minutes=account.min_minutes_between_visits)
        if free > now:
            return Barred("the last visit was only just now", free)
    return None


def hour_is_full(c: Connection, account: Account, now: datetime) -> datetime | None:
    """None while another invoice may be sent; else when the next may. Every click counts, whatever came of it."""
    most = account.max_submissions_per_hour
    if most is None:
        return None
    sent = journal.sent_since(c, account.id, now - HOUR)
    return sent[-most] + HOUR if len(sent) >= most else None


def keeps_away(c: Connection, account: Account, now: datetime, *, only_to_send: bool) -> Barred | None:
    """The same for an account that has due work; ``only_to_send``: nothing but submissions is due."""
    row = accounts.read(c, account.id)
    if row is None:
        return Barred("the database does not know this account yet")
    found = barred(account, row, now)
    if found is None and only_to_send and (free := hour_is_full(c, account, now)) is not None:
        return Barred(f"{account.max_submissions_per_hour} invoices went in the last hour", free)
    return found
