"""The lists beside the files: `invoices.csv`, which says what belongs together, and `orders.csv`.

A wrong column stops the whole list, because every row would be misread. A wrong cell stops its own row only: it is
kept as a finding of that row, and the clerk sees the others go through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from submitter.documents.tables import read_table, suggestion
from submitter.errors import DocumentRefused
from submitter.model.account import OrderLine, PurchaseOrder
from submitter.model.document import Finding, Severity
from submitter.model.invoice import Coding, CostObject
from submitter.model.money import Money, exponent
from submitter.model.record import Record

MANIFEST, ORDERS = "invoices.csv", "orders.csv"
REQUIRED = ("file", "invoice_number", "customer", "po_number")
OPTIONAL = (
    *("ticket_number", "cost_object", "cost_object_number", "major", "minor", "approver", "due_date"),
    *("issue_date", "currency", "net", "tax", "total"),  # for invoices without electronic data
)
ORDER_COLUMNS = ("customer", "po_number", "currency", "line", "description", "unit", "quantity", "unit_price")

_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?")
T = TypeVar("T")


class ManifestRow(Record):
    """One row of `invoices.csv`. What its cells said wrong is in ``findings``."""

    line: int  # in the file, for messages
    file: str
    invoice_number: str
    customer: str
    po_number: str
    ticket_numbers: tuple[str, ...] = ()
    coding: Coding | None = None
    due_date: date | None = None
    issue_date: date | None = None
    currency: str = ""
    net: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    findings: tuple[Finding, ...] = ()


def read_manifest(path: Path) -> list[ManifestRow]:
    """The rows of `invoices.csv`, in its order. DocumentRefused when the list as a whole cannot be used."""
    return [_row(path.name, line, cells, surplus) for line, cells, surplus in read_table(path, REQUIRED, OPTIONAL)]


def read_orders(path: Path) -> list[PurchaseOrder]:
    """The purchase orders of `orders.csv`, one row for each line of an order. DocumentRefused for any wrong row."""
    orders: dict[tuple[str, str], PurchaseOrder] = {}
    for number, cells, surplus in read_table(path, ORDER_COLUMNS, ()):
        where = f"{path.name}, line {number}"
        if surplus:
            raise DocumentRefused(f"{where}: the row has more cells than columns; put cells with commas in quotes.")
        line = _order_line(where, cells)
        key = cells["customer"].casefold(), cells["po_number"]
        known = orders.get(key)
        if known and known.currency != cells["currency"].upper():
            raise DocumentRefused(
                f"{where}: order {known.number} is in {cells['currency']} here and in {known.currency} above."
            )
        orders[key] = PurchaseOrder(
            customer=cells["customer"],
            number=cells["po_number"],
            currency=_order_currency(where, cells["currency"].upper()),
            lines=(*(known.lines if known else ()), line),
        )
    return list(orders.values())


def _order_line(where: str, cells: dict[str, str]) -> OrderLine:
    for column in ("customer", "po_number", "line", "quantity", "unit_price"):
        if not cells[column]:
            raise DocumentRefused(f"{where}: {column} is empty.")
    for column in ("quantity", "unit_price"):
        if not _PLAIN_NUMBER.fullmatch(cells[column]):
            raise DocumentRefused(f'{where}: {column} "{cells[column]}" is not a number written like 1234.50.')
    return OrderLine(
        line=cells["line"],
        description=cells["description"],
        unit=cells["unit"],
        quantity=Decimal(cells["quantity"]),
        unit_price=Decimal(cells["unit_price"]),
    )


def _order_currency(where: str, code: str) -> str:
    try:
        exponent(code)
    except ValueError as error:
        raise DocumentRefused(f"{where}: {error}.") from None
    return code


class _Cells:
    """The cells of one row, read one by one; what is wrong with them gathers as findings."""

    def __init__(self, where: str, cells: dict[str, str]) -> None:
        self.where = where
        self.cells = cells
        self.findings: list[Finding] = []

    def wrong(self, rule: str, sentence: str) -> None:
        found = Finding(rule=rule, severity=Severity.BLOCKS, sentence=f"{self.where}: {sentence}")
        self.findings.append(found)

    def day(self, column: str) -> date | None:
        text = self.cells[column]
        if not text:
            return None
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            self.wrong("manifest.date", f'{column} "{text}" is not a date written like 2026-03-31.')
            return None

    def amount(self, column: str, currency: str) -> Money | None:
        text = self.cells[column]
        if not text:
            return None
        if not currency:
            self.wrong("manifest.amount", f"{column} {text} stands there without a currency.")
            return None
        if not _PLAIN_NUMBER.fullmatch(text):
            self.wrong("manifest.amount", f'{column} "{text}" is not an amount written like 1234.50.')
            return None
        return self._tried("manifest.amount", lambda: Money.of(text, currency))

    def currency(self) -> str:
        code = self.cells["currency"].upper()
        if code and self._tried("manifest.currency", lambda: exponent(code)) is None:
            return ""
        return code

    def coding(self) -> Coding | None:
        kind, number = self.cells["cost_object"], self.cells["cost_object_number"]
        details = {name: self.cells[name] for name in ("major", "minor", "approver")}
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

    def _tried(self, rule: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ValueError as error:
            self.wrong(rule, f"{error}.")
            return None


def _row(name: str, line: int, cells: dict[str, str], surplus: bool) -> ManifestRow:
    read = _Cells(f"{name}, line {line}", cells)
    if surplus:
        read.wrong("manifest.cells", "the row has more cells than columns; put cells with commas in quotes.")
    for column in ("file", "invoice_number", "customer"):
        if not cells[column]:
            read.wrong("manifest.missing", f"{column} is empty.")
    if cells["file"] and leaves_folder(cells["file"]):
        read.wrong("manifest.file", f'"{cells["file"]}" points outside the folder.')
    currency = read.currency()
    return ManifestRow(
        line=line,
        file=cells["file"],
        invoice_number=cells["invoice_number"],
        customer=cells["customer"],
        po_number=cells["po_number"],
        ticket_numbers=tuple(t.strip() for t in re.split(r"[;,]", cells["ticket_number"]) if t.strip()),
        coding=read.coding(),
        due_date=read.day("due_date"),
        issue_date=read.day("issue_date"),
        currency=currency,
        net=read.amount("net", currency),
        tax=read.amount("tax", currency),
        total=read.amount("total", currency),
        findings=tuple(read.findings),
    )


def leaves_folder(file: str) -> bool:
    """Whether this name could mean a file outside the folder that the list lies in."""
    parts = re.split(r"[/\\]", file)
    return ".." in parts or parts[0] == "" or ":" in parts[0] or "\x00" in file
