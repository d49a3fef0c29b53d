"""The lists beside the files: the invoices with what belongs to them, and the purchase orders.

A wrong column stops the whole list, because every row would be misread. A wrong cell stops its own invoice only: it is
kept as a finding of that invoice, and the clerk sees the others go through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from submitter.documents.lists.list_cells import PLAIN_NUMBER, InvoiceCells, shown
from submitter.documents.lists.mapping import ListFormat, looks_like, plain_format, wanted
from submitter.documents.lists.tables import Cell, ColumnsWrong, Row, Table, Wanted, read_table
from submitter.documents.opening.opening import DocumentReader
from submitter.errors import DocumentRefused
from submitter.model.account import OrderLine, PurchaseOrder
from submitter.model.document import Finding
from submitter.model.invoice import Coding
from submitter.model.list_map import ListMap
from submitter.model.money import Money, exponent
from submitter.model.record import Record

MANIFEST = "invoices.csv"
ORDER_COLUMNS = ("customer", "po_number", "currency", "line", "description", "unit", "quantity", "unit_price")


class ManifestRow(Record):
    """One invoice of the list. What its cells said wrong is in ``findings``."""

    line: int  # in the file, for messages; the first, when there are several
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
    list_name: str = MANIFEST  # for messages
    heading: tuple[str, ...] = ()
    written: tuple[tuple[str, ...], ...] = ()  # its rows, as a list that is read again would have them


def read_manifest(
    path: Path, form: ListFormat | None = None, reader: DocumentReader | None = None
) -> list[ManifestRow]:
    """The invoices of a list, in its order. DocumentRefused when the list as a whole cannot be used."""
    form = form or plain_format()
    try:
        table = read_table(path, wanted(form.map), reader)
    except ColumnsWrong as error:
        raise DocumentRefused(f"{error.message}{looks_like(error.heading, form.others)}") from None
    return [_invoice(table, rows, form.map) for rows in _invoices(table, form.map)]


def _invoices(table: Table, one: ListMap) -> list[list[Row]]:
    """The rows that belong together. Rows of sums and of other kinds are left out."""
    together: dict[tuple[str, ...], list[Row]] = {}
    for row in table.rows:
        number, customer = (shown(row.cells.get(field, "")) for field in ("invoice_number", "customer"))
        if _is_footer(row, number, one) or _is_left_out(row, one):
            continue
        key = (number.casefold(), customer.casefold()) if one.grouped and number else (str(row.line),)
        together.setdefault(key, []).append(row)
    return list(together.values())


def _is_footer(row: Row, number: str, one: ListMap) -> bool:
    first = next((shown(cell) for cell in row.written if cell != ""), "").casefold()
    return not number and any(first.startswith(word.casefold()) for word in one.footers)


def _is_left_out(row: Row, one: ListMap) -> bool:
    return any(
        _kind(row, column) in {word.casefold() for word in kinds.leave} - {word.casefold() for word in kinds.take}
        for column, kinds in one.kinds.items()
    )


def _kind(row: Row, column: str) -> str:
    return shown(row.cells.get(f"kinds.{column}", "")).casefold()


def _invoice(table: Table, rows: Sequence[Row], one: ListMap) -> ManifestRow:
    read = InvoiceCells(table, rows, one)
    if any(row.surplus for row in rows):
        read.wrong("manifest.cells", "the row has more cells than columns; put cells with commas in quotes.")
    file, number, customer = (read.text(field) for field in ("file", "invoice_number", "customer"))
    for field, said in (("file", file), ("invoice_number", number), ("customer", customer)):
        if not said and (field != "file" or "file" in one.required):
            read.wrong("manifest.missing", f"{table.called.get(field, field)} is empty.")
    if file and leaves_folder(file):
        read.wrong("manifest.file", f'"{file}" points outside the folder.')
    _check_kinds(read, one)
    currency = read.currency()
    amounts = _amounts(read, currency, one)
    return ManifestRow(
        line=rows[0].line,
        file=file,
        invoice_number=number,
        customer=customer,
        po_number=read.text("po_number"),
        ticket_numbers=tuple(t.strip() for t in re.split(r"[;,]", read.text("ticket_number")) if t.strip()),
        coding=read.coding(),
        due_date=read.day("due_date"),
        issue_date=read.day("issue_date"),
        currency=currency,
        **amounts,
        findings=tuple(read.findings),
        list_name=table.name,
        heading=table.heading,
        written=tuple(tuple(_written(cell, one) for cell in row.written) for row in rows),
    )


def _check_kinds(read: InvoiceCells, one: ListMap) -> None:
    """A kind of row that nobody has thought of must not vanish, and must not be sent as an invoice."""
    for column, kinds in one.kinds.items():
        name = f"kinds.{column}"
        if name not in read.called:
            continue
        said = read.text(name)
        if said.casefold() not in {word.casefold() for word in kinds.take}:
            read.wrong("manifest.kind", f'{column} "{said}" is not known; add it to take or leave in the list\'s map.')


def _amounts(read: InvoiceCells, currency: str, one: ListMap) -> dict[str, Money | None]:
    """Net, tax and total: from their columns, added up from the lines, or the third from the other two."""
    amounts = {field: read.amount(field, currency) for field in ("net", "tax", "total")}
    if one.closed:
        return amounts
    for field in ("net", "tax"):
        lines, stated = read.sum(f"lines.{field}", currency), amounts[field]
        if lines and stated and lines != stated:
            read.wrong("manifest.line-sum", f"the lines come to {lines}, but {read.called[field]} says {stated}.")
        amounts[field] = stated or lines
    net, tax, total = amounts["net"], amounts["tax"], amounts["total"]
    if net is None and tax and total:
        amounts["net"] = net = total - tax
    elif tax is None and net and total:
        amounts["tax"] = total - net
    elif total is None and net and tax:
        amounts["total"] = total = net + tax
    checked = read.sum("lines.check", currency)
    if checked and total and checked not in (net, total):
        read.wrong("manifest.line-sum", f"the lines come to {checked}, which is neither the total {total} nor {net}.")
    return amounts


def _written(cell: Cell, one: ListMap) -> str:
    """The cell as a list that is read with the same map would have it."""
    text = shown(cell)
    decimal_mark = "," if one.numbers in ("de-DE", "es-ES", "nl-NL", "fr-FR", "sv-SE") else "."
    return text if isinstance(cell, str) or not PLAIN_NUMBER.fullmatch(text) else text.replace(".", decimal_mark)


def leaves_folder(file: str) -> bool:
    """Whether this name could mean a file outside the folder that the list lies in."""
    parts = re.split(r"[/\\]", file)
    return ".." in parts or parts[0] == "" or ":" in parts[0] or "\x00" in file


def read_orders(path: Path, reader: DocumentReader | None = None) -> list[PurchaseOrder]:
    """The purchase orders of `orders.csv`, one row for each line of an order. DocumentRefused for any wrong row."""
    orders: dict[tuple[str, str], PurchaseOrder] = {}
    table = read_table(path, Wanted.fields(ORDER_COLUMNS), reader)
    for row in table.rows:
        where = f"{table.name}, line {row.line}"
        cells = {field: shown(cell) for field, cell in row.cells.items()}
        if row.surplus:
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


def _order_line(where: str, cells: Mapping[str, str]) -> OrderLine:
    for column in ("customer", "po_number", "line", "quantity", "unit_price"):
        if not cells[column]:
            raise DocumentRefused(f"{where}: {column} is empty.")
    for column in ("quantity", "unit_price"):
        if not PLAIN_NUMBER.fullmatch(cells[column]):
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
