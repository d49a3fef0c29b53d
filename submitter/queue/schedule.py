"""The nightly reading: APScheduler only marks work due, with a slot key, so two schedulers do no harm.

A missed night (the machine was off) is made up for at the next start, once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.exc import SQLAlchemyError

from submitter.model.account import Account
from submitter.queue.office import Office
from submitter.store import accounts

log = structlog.get_logger()


def latest_slot(account: Account, now: datetime) -> date:
    """The local day of the account's last reading time that is not after ``now``."""
    zone = ZoneInfo(account.time_zone)
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), account.reading_time, tzinfo=zone)
    return local.date() if today.astimezone(UTC) <= now else local.date() - timedelta(days=1)


def slot_key(account: Account, day: date) -> str:
    return f"poll:{account.id}:{day.isoformat()}"


def mark_due(office: Office, account: Account, now: datetime) -> bool:
    """Make the reading of the account's latest slot due, unless somebody did so already; True if this call did."""
    key = slot_key(account, latest_slot(account, now))
    with office.database.transaction() as c:
        return accounts.mark_reading_due(c, account.id, now, key)


def build_scheduler(office: Office) -> AsyncIOScheduler:
    """Marks each account's slot at its local time. It keeps no jobs of its own: the slots in the database count."""
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for customer in office.customers:
        account = customer.account
        trigger = CronTrigger(
            hour=account.reading_time.hour,
            minute=account.reading_time.minute,
            second=account.reading_time.second,
            timezone=ZoneInfo(account.time_zone),
        )
        scheduler.add_job(_mark, trigger, args=[office, account], id=account.id)
    # APScheduler's cron leaves out the first night after clocks go forward for times before 01:00
    scheduler.add_job(_make_up, CronTrigger(minute=10, timezone=UTC), args=[office], id="make up")
    return scheduler


def catch_up(office: Office) -> list[str]:
    """At start: mark every slot that passed while nothing was running. The accounts whose reading is due now."""
    now = datetime.now(UTC)
    return [c.account.id for c in office.customers if mark_due(office, c.account, now)]


def _make_up(office: Office) -> None:
    for customer in office.customers:
        _mark(office, customer.account)


def _mark(office: Office, account: Account) -> None:
    try:
        if mark_due(office, account, datetime.now(UTC)):
            log.info("nightly reading due", account=account.id)
    except SQLAlchemyError as error:  # the next start, or tomorrow's slot, makes up for it
        log.error("the nightly reading could not be marked due", account=account.id, error=type(error).__name__)
