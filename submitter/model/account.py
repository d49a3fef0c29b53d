"""Customers, their accounts on portals, and the rules their invoices must keep: what config/customers/*.toml holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from submitter.model.agreement import Agreement
from submitter.model.portal import Stage
from submitter.model.record import Record
from submitter.model.rules import Rules


class QuietHours(Record):
    """A daily span of local time in which nobody visits; it may pass midnight. ``begins`` is in it, ``ends`` is not."""

    begins: time
    ends: time

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("quiet hours that begin when they end are all day or never; pause the account instead")
        return self

    def end_of(self, local: datetime) -> datetime | None:
        """When the quiet span that ``local`` (an aware local time) lies in ends; None outside of it."""
        now = local.time()
        inside = self.begins <= now < self.ends if self.begins < self.ends else now >= self.begins or now < self.ends
        if not inside:
            return None
        day = local.date() if now < self.ends else local.date() + timedelta(days=1)
        return datetime.combine(day, self.ends, tzinfo=local.tzinfo)


class Account(Record):
    """Our login on a portal for one customer; the unit that is leased, visited and paused. No secrets in here."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    customer: str
    portal: str  # the adapter's id
    address: str  # where the portal is, for example https://portal.example.com
    user: str
    time_zone: str = "UTC"
    reading_time: time = time(2, 0)  # local: when the nightly reading becomes due
    words: Mapping[str, Stage] = {}  # this customer's own status words, over the adapter's
    min_minutes_between_visits: float = Field(default=0, ge=0)
    max_submissions_per_hour: int | None = Field(default=None, ge=1)
    quiet_hours: QuietHours | None = None  # local; nobody visits then
    listing_delay_seconds: float | None = Field(default=None, ge=0)  # instead of the adapter's own
    password_days: int | None = Field(default=None, ge=1)  # after so many the portal asks for a new password

    @field_validator("address")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not re.fullmatch(
            r"https://[^/?#\s@]+(/[^?#\s]*)?|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^?#\s]*)?", value
        ):
            raise ValueError("the address must begin with https:// (plain http:// only for this computer itself)")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not a time zone; they look like America/Chicago") from None
        return value


class Customer(Record):
    """One file config/customers/<id>.toml. Its rules stand over those of the portal's profile, key by key."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    account: Account
    profile: str = ""  # whose profile the rules begin with; without it, that of the account's portal
    rules: Rules = Rules()
    rules_from: Mapping[str, str] = {}  # key of [rules] -> the profile that it comes from; never written in the file
    agreement: Agreement | None = None

    def is_called(self, name: str) -> bool:
        wanted = " ".join(name.split()).casefold()
        return wanted in {" ".join(n.split()).casefold() for n in (self.id, self.name, *self.aliases)}


class OrderLine(Record):
    line: str
    description: str = ""
    unit: str = ""
    quantity: Decimal
    unit_price: Decimal


class PurchaseOrder(Record):
    """The customer's order as our ERP knows it; lets preflight say before the portal does what does not fit."""

    customer: str
    number: str
    currency: str
    lines: tuple[OrderLine, ...]
