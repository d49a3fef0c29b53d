"""Entering an invoice's lines where a portal lists the order's: quantity and price beside each line that is billed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from submitter.adapters.page import By, css, framed, inside, label
from submitter.adapters.tables import Headed, Row, by_caption
from submitter.errors import DocumentRefused
from submitter.model.invoice import Invoice, InvoiceLine


class Filling(Protocol):
    """What filling lines needs of a visit."""

    async def fill(self, what: str, value: str, *candidates: By) -> None: ...

    def write_number(self, value: Decimal) -> str: ...


_CELL_FIELD = "tbody tr:nth-child({row}) > :nth-child({column}) :is(input, textarea)"


async def fill_lines(
    visit: Filling,
    invoice: Invoice,
    rows: Iterable[Row],
    quantity: str,
    price: str = "",
    *,
    number: str = "Line",
    frames: tuple[str, ...] = (),
) -> None:
    """Fill the fields labelled ``quantity`` and ``price``, in which {line} stands for the number of the order's line.

    ``number`` is the column with that number, ``frames`` the CSS of the iframes that the fields lie in. Lines that are
    not billed are left empty. DocumentRefused as for ``billed_rows``.
    """

    async def fill(called: str, row: Row, value: str) -> None:
        field = called.replace("{line}", row[number])
        by = label(field)
        for frame in reversed(frames):
            by = framed(frame, by)
        await visit.fill(field, value, by)

    for row, line in billed_rows(invoice, rows, number):
        await fill(quantity, row, "" if line is None else visit.write_number(line.quantity))
        if line is not None and price:
            await fill(price, row, visit.write_number(line.unit_price))


async def fill_lines_in_cells(
    visit: Filling,
    invoice: Invoice,
    table: str | By,
    rows: Iterable[Row],
    quantity: str,
    price: str = "",
    *,
    number: str = "Line",
    headed: Headed = "head",
) -> None:
    """The same where the fields have no labels of their own: ``quantity`` and ``price`` are headers of the table."""
    for row, line in billed_rows(invoice, rows, number):
        called = f"of line {row[number]}"
        amount = "" if line is None else visit.write_number(line.quantity)
        await visit.fill(f"{quantity} {called}", amount, cell_field(table, row, quantity, headed))
        if line is not None and price:
            cell = cell_field(table, row, price, headed)
            await visit.fill(f"{price} {called}", visit.write_number(line.unit_price), cell)


def cell_field(table: str | By, row: Row, header: str, headed: Headed) -> By:
    """The field in the cell of this row below this header."""
    first = 2 if headed == "first_row" else 1
    cell = css(_CELL_FIELD.format(row=row.index + first, column=list(row.cells).index(header) + 1))
    return inside(by_caption(table), cell)


def billed_rows(invoice: Invoice, rows: Iterable[Row], number: str) -> list[tuple[Row, InvoiceLine | None]]:
    """Each row with the invoice's line that bills it; ``number`` is the column with the number of the order's line.

    DocumentRefused for an invoice that bills one line twice, or one that the order does not have.
    """
    billed = {line.order_line_number: line for line in invoice.lines}
    if len(billed) != len(invoice.lines) or not billed:
        raise DocumentRefused("The portal takes one quantity per order line, and the invoice does not state it so.")
    found = [(row, billed.pop(row[number], None)) for row in rows]
    if billed:
        raise DocumentRefused(f"Order {invoice.po_number} has no line {', '.join(sorted(billed))}.")
    return found
