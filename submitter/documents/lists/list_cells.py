"""The cells of one invoice in a list, read one by one; what is wrong with them gathers as findings of that invoice.

An export may have several rows for an invoice. Then each cell that says something must say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError

from submitter.documents.lists.tables import Cell, Number, Row, Table, Trouble, suggestion
from submitter.model.document import Finding, Severity
from submitter.model.invoice import Coding, CostObject
from submitter.model.list_map import PLAIN_NUMBERS, ListMap
from submitter.model.money import Money, exponent

PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?")
T = TypeVar("T")


def shown(cell: Cell) -> str:
    """The cell as a person sees it."""
    if isinstance(cell, Number):
        return cell.text
    if isinstance(cell, Trouble):
        return ""
    return cell.isoformat() if isinstance(cell, date) else cell


class InvoiceCells:
    """What the rows of one invoice say, field by field."""

    def __init__(self, table: Table, rows: Sequence[Row], one: ListMap) -> None:
        self.rows = rows
        self.map = one
        self.called = table.called
        lines = [str(row.line) for row in rows]
        self.where = f"{table.name}, line{'s' if len(lines) > 1 else ''} {_few(lines)}"
        self.findings: list[Finding] = []

    def wrong(self, rule: str, sentence: str) -> None:
        found = Finding(rule=rule, severity=Severity.BLOCKS, sentence=f"{self.where}: {sentence}")
        self.findings.append(found)

    def cell(self, field: str) -> Cell:
        """The one thing that the rows say; "" when they say nothing, or when they differ."""
        name = self.called.get(field, field)
        said = list(dict.fromkeys(row.cells.get(field, "") for row in self.rows))
        said = [cell for cell in said if cell != ""]
        if not said:
            return str(getattr(self.map.constants, field, ""))
        if len(said) > 1:
            values = " and ".join(f'"{shown(cell)}"' for cell in said[:3])
            self.wrong("manifest.lines-differ", f"{name} is {values} for one and the same invoice.")
            return ""
        if isinstance(said[0], Trouble):
            self.wrong("manifest.cell", f"{name} {said[0].why}.")
            return ""
        return said[0]

    def text(self, field: str) -> str:
        cell = self.cell(field)
        if isinstance(cell, date):
            name = self.called.get(field, field)
            self.wrong("manifest.cell", f"{name} holds the day {cell}, not a text; format the column as text.")
            return ""
        return shown(cell)

    def day(self, field: str) -> date | None:
        cell = self.cell(field)
        if isinstance(cell, date):
            return cell
        text = shown(cell)
        if not text:
            return None
        days = {found for form in ("%Y-%m-%d", *self.map.dates) if (found := _day(text, form))}
        if isinstance(cell, Number) or len(days) != 1:
            name, like = self.called.get(field, field), date(2026, 3, 31).strftime(self.map.dates[0])
            why = "could be two different days" if len(days) > 1 else f"is not a date written like {like}"
            self.wrong("manifest.date", f'{name} "{text}" {why}.')
            return None
        return days.pop()

    def amount(self, field: str, currency: str) -> Money | None:
        return self._money(self.cell(field), self.called.get(field, field), currency)

    def sum(self, field: str, currency: str) -> Money | None:
        """A column of amounts of lines, added up; None when the list has no such column, or any cell is wrong."""
        if field not in self.called:
            return None
        amounts = [self._money(row.cells.get(field, ""), self.called[field], currency) for row in self.rows]
        said = [one for one, row in zip(amounts, self.rows, strict=True) if row.cells.get(field)]
        if not said or None in said:
            return None
        return sum((one for one in said if one), Money(minor=0, currency=currency))

    def _money(self, cell: Cell, name: str, currency: str) -> Money | None:
        if isinstance(cell, Trouble):
            self.wrong("manifest.cell", f"{name} {cell.why}.")
            return None
        text = shown(cell)
        if not text:
            return None
        if not currency:
            self.wrong("manifest.amount", f"{name} {text} stands there without a currency.")
            return None
        if isinstance(cell, Number) or (self.map.numbers == PLAIN_NUMBERS and PLAIN_NUMBER.fullmatch(text)):
            return self._tried("manifest.amount", lambda: Money.of(Decimal(text), currency))
        if self.map.numbers == PLAIN_NUMBERS or isinstance(cell, date):
            self.wrong("manifest.amount", f'{name} "{text}" is not an amount written like 1234.50.')
            return None
        return self._tried("manifest.amount", lambda: Money.parse(text, currency, self.map.numbers), f"{name}: ")

    def currency(self) -> str:
        code = self.text("currency").upper()
        if code and self._tried("manifest.currency", lambda: exponent(code)) is None:
            return ""
        return code

    def coding(self) -> Coding | None:
        kind, number = self.text("cost_object"), self.text("cost_object_number")
        details = {name: self.text(name) for name in ("major", "minor", "approver")}
        if not kind and not number:
            if any(details.values()):
                self.wrong("manifest.coding", "major, minor or approver is given, but no cost_object.")
            return None
        words = {word.value.casefold(): word for word in CostObject} | {"cost center": CostObject.COST_CENTRE}
        found = words.get(" ".join(kind.split()).casefold())
        if found is None:
            hint = suggestion(kind, [word.value for word in CostObject])
            self.wrong("manifest.coding", f'cost_object "{kind}" is neither AFE nor Cost centre{hint or "."}')
            return None
        try:
            return Coding(cost_object=found, cost_object_number=number, **details)
        except ValidationError:
            self.wrong("manifest.coding", f"the {found.value} has no cost_object_number.")
            return None

    def _tried(self, rule: str, make: Callable[[], T], name: str = "") -> T | None:
        try:
            return make()
        except ValueError as error:
            self.wrong(rule, f"{name}{error}.")
            return None


def _few(lines: Sequence[str]) -> str:
    if len(lines) < 4:
        return " and ".join(lines)
    return f"{lines[0]} to {lines[-1]}"


def _day(text: str, form: str) -> date | None:
    if form == "%Y-%m-%d" and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None  # strptime would also take 2026-3-1
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None
