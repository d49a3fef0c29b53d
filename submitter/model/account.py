"""Customers, their accounts on portals, and the rules their invoices must keep: what config/customers/*.toml holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from submitter.model.agreement import Agreement
from submitter.model.document import DocumentKind
from submitter.model.money import exponent
from submitter.model.portal import Stage
from submitter.model.record import Record


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


class Rules(Record):
    """What this customer's portal takes. Preflight checks these before a browser opens."""

    currencies: tuple[str, ...] = ()  # empty: any
    number_pattern: str = ".+"
    number_max_length: int = 40
    po_pattern: str = ".+"
    coding_required: bool = False
    required_documents: tuple[DocumentKind, ...] = (DocumentKind.POD,)
    file_types: tuple[str, ...] = ("application/pdf",)
    max_file_bytes: int = 9_000_000
    max_total_bytes: int = 80_000_000
    name_characters: str = "A-Za-z0-9_.-"  # inside a regular expression's [...]
    name_max_length: int = 132
    oldest_days: int = 365  # an invoice older than this is refused
    quantity_tolerance: Decimal = Decimal(0)  # share of the order's quantity that may be billed beyond it

    @field_validator("currencies")
    @classmethod
    def _known_currencies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            exponent(code)
        return value

    @model_validator(mode="after")
    def _patterns_compile(self) -> Self:
        for pattern in (self.number_pattern, self.po_pattern, f"[{self.name_characters}]"):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a pattern: {error}") from None
        return self


class Customer(Record):
    """One file config/customers/<id>.toml."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    account: Account
    rules: Rules = Rules()
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
