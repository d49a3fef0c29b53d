"""How an ERP writes its list of invoices: which of its columns means what, and how it writes days and amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import Field, field_validator, model_validator

from submitter.model.money import NUMBER_LOCALES, exponent
from submitter.model.record import Record

PLAIN_NUMBERS = "plain"  # 1234.50, with nothing between the digits

#: One heading, or several that the ERP's versions use, the likeliest first.
Headings = str | tuple[str, ...]


class ListColumns(Record):
    """Our fields, each with the heading that the ERP's export has for it. What is not named is not read."""

    file: Headings = ()
    invoice_number: Headings = ()
    customer: Headings = ()
    po_number: Headings = ()
    ticket_number: Headings = ()
    cost_object: Headings = ()
    cost_object_number: Headings = ()
    major: Headings = ()
    minor: Headings = ()
    approver: Headings = ()
    due_date: Headings = ()
    issue_date: Headings = ()
    currency: Headings = ()
    net: Headings = ()
    tax: Headings = ()
    total: Headings = ()

    def headings(self, field: str) -> tuple[str, ...]:
        return written(getattr(self, field))


FIELDS = tuple(ListColumns.model_fields)


class ListConstants(Record):
    """What is the same for every invoice and therefore not in the export."""

    po_number: str = ""
    cost_object: str = ""
    cost_object_number: str = ""
    major: str = ""
    minor: str = ""
    approver: str = ""
    currency: str = ""
    tax: str = ""


class LineAmounts(Record):
    """Amounts of an export with one row for each line of an invoice; the rows of an invoice number are one invoice."""

    net: Headings = ()  # added up, they are the amount without tax
    tax: Headings = ()  # added up, they are the tax
    check: Headings = ()  # added up, they are the amount without tax or the total, as the ERP is set


class RowKinds(Record):
    """What a column says of the kind of a row."""

    take: tuple[str, ...]
    leave: tuple[str, ...] = ()  # known and not ours: payments, credit notes; any other word goes to a person


class ListMap(Record):
    """One ERP's export. Ready ones come with the program, your own are config/lists/<name>.toml."""

    title: str  # as sentences call it: "QuickBooks"
    columns: ListColumns
    required: tuple[str, ...] = ("invoice_number", "customer")  # fields without which the list is refused
    closed: bool = False  # refuse a column that is not named here; exports of ERPs have many more
    grouped: bool = True  # rows with the same invoice number are one invoice
    constants: ListConstants = ListConstants()
    lines: LineAmounts = LineAmounts()
    kinds: Mapping[str, RowKinds] = {}  # column -> the words in it
    footers: tuple[str, ...] = ()  # rows that begin so and name no invoice are sums
    dates: tuple[str, ...] = ("%Y-%m-%d",)  # 2026-03-31 is always understood as well
    numbers: str = Field(default=PLAIN_NUMBERS, description='"plain" (1234.50) or a locale such as en-US or de-DE')
    file: str = ""  # "{invoice_number}.pdf", when the export does not name the files

    @field_validator("required")
    @classmethod
    def _known_fields(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for field in value:
            if field not in FIELDS:
                raise ValueError(f"{field!r} is none of {', '.join(FIELDS)}")
        return value

    @field_validator("dates")
    @classmethod
    def _whole_days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for form in value:
            day = date(2031, 12, 28)
            try:
                back = datetime.strptime(day.strftime(form), form).date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                back = None
            if back != day:
                raise ValueError(f"{form!r} does not write a whole day; %d/%m/%Y does")
        return value

    @field_validator("numbers")
    @classmethod
    def _known_numbers(cls, value: str) -> str:
        if value != PLAIN_NUMBERS and value not in NUMBER_LOCALES:
            raise ValueError(f"{value!r} is neither plain nor one of {', '.join(NUMBER_LOCALES)}")
        return value

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for field in self.required:
            if not self.columns.headings(field):
                raise ValueError(f"columns.{field} is missing, and the list is no use without it")
        if self.file and (self.file.count("{invoice_number}") != 1 or re.search(r"[/\\]", self.file)):
            raise ValueError("file must be a file's name that holds {invoice_number} once")
        if self.constants.currency:
            exponent(self.constants.currency)
        return self


def written(headings: Headings) -> tuple[str, ...]:
    return (headings,) if isinstance(headings, str) else headings
