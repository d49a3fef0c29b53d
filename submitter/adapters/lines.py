"""Entering an invoice's lines where a portal lists the order's: quantity and price beside each line that is billed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from submitter.adapters.page import By, label
from submitter.adapters.tables import Row
from submitter.errors import DocumentRefused
from submitter.model.invoice import Invoice, InvoiceLine


class Filling(Protocol):
    """What filling lines needs of a visit."""

    async def fill(self, what: str, value: str, *candidates: By) -> None: ...

    def write_number(self, value: Decimal) -> str: ...


async def fill_lines(visit: Filling, invoice: Invoice, rows: Iterable[Row], quantity: str, price: str) -> None:
    """Fill the fields labelled ``quantity`` and ``price``, in which {line} stands for the number of the order's line.

    Lines that are not billed are left empty. DocumentRefused as for ``billed_rows``.
    """
    for row, line in billed_rows(invoice, rows, "Line"):
        field = quantity.format(line=row["Line"])
        await visit.fill(field, "" if line is None else visit.write_number(line.quantity), label(field))
        if line is not None:
            field = price.format(line=row["Line"])
            await visit.fill(field, visit.write_number(line.unit_price), label(field))


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
