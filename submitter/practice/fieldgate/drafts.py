"""Invoices that a supplier is still writing: three steps, kept between them."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from sqlite3 import Row
from typing import Any

from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.figures import money, quantity, read_date, unit_price, us_date
from submitter.practice.fieldgate.ledger import AttachedFile, Coding, Invoice, NewInvoice
from submitter.practice.fieldgate.orders import UNCOUNTED, Order, Orders
from submitter.practice.fieldgate.rules import HEADER_FIELDS, CheckedLines


@dataclass(frozen=True)
class Draft:
    """One draft. `header` and `typed` (lines and tax) hold what was typed, `limits` what may be billed at most."""

    id: int
    supplier: str
    order: Order
    header: dict[str, str]
    typed: dict[str, str]
    header_done: bool
    lines_done: bool
    replaces: str
    confirmation: str
    files: list[AttachedFile]


class Drafts:
    """All drafts, and the files uploaded into them."""

    def __init__(self, books: Books, orders: Orders) -> None:
        self._books = books
        self._orders = orders

    def start(self, supplier: str, order: Order) -> int:
        return self._books.write("INSERT INTO drafts (order_id, supplier) VALUES (?, ?)", order.id, supplier)

    def start_correction(self, invoice: Invoice) -> int:
        """A draft with the invoice's header and lines; its files have to be attached again."""
        coding = invoice.coding
        header = dict.fromkeys(HEADER_FIELDS, "") | {
            "number": invoice.number,
            "invoice_date": us_date(invoice.invoice_date),
            "service_date": us_date(invoice.service_date),
            "cost_object": coding.cost_object,
            "cost_object_number": coding.cost_object_number,
            "major": coding.major,
            "minor": coding.minor,
            "approver": coding.approver,
        }
        typed = {"tax": money(invoice.tax)}
        for line in invoice.lines:
            typed[f"quantity-{line.line}"] = quantity(line.quantity)
            typed[f"price-{line.line}"] = unit_price(line.unit_price)
        return self._books.write(
            "INSERT INTO drafts (order_id, supplier, header, typed, replaces) VALUES (?, ?, ?, ?, ?)",
            invoice.order_id,
            invoice.supplier,
            json.dumps(header),
            json.dumps(typed),
            invoice.confirmation,
        )

    def find(self, draft_id: int, supplier: str) -> Draft | None:
        row = self._books.row("SELECT * FROM drafts WHERE id = ? AND supplier = ?", draft_id, supplier)
        return None if row is None else self._load(row)

    def keep_header(self, draft: Draft, header: dict[str, str]) -> None:
        self._books.write("UPDATE drafts SET header = ?, header_done = 1 WHERE id = ?", json.dumps(header), draft.id)

    def keep_lines(self, draft: Draft, typed: dict[str, str]) -> None:
        self._books.write("UPDATE drafts SET typed = ?, lines_done = 1 WHERE id = ?", json.dumps(typed), draft.id)

    def attach(self, draft: Draft, name: str, kind: str, content: bytes) -> AttachedFile:
        """Stores the bytes as they came and takes their fingerprint."""
        file = AttachedFile(name, kind, len(content), hashlib.sha256(content).hexdigest())
        (self._books.files / f"{file.sha256}.pdf").write_bytes(content)
        self._books.write(
            "INSERT INTO draft_files (draft_id, name, kind, size, sha256) VALUES (?, ?, ?, ?, ?)",
            draft.id,
            file.name,
            file.kind,
            file.size,
            file.sha256,
        )
        return file

    def detach(self, draft: Draft, name: str) -> None:
        self._books.write("DELETE FROM draft_files WHERE draft_id = ? AND name = ?", draft.id, name)

    def _load(self, row: Row) -> Draft:
        files = self._books.rows(
            "SELECT name, kind, size, sha256 FROM draft_files WHERE draft_id = ? ORDER BY id", row["id"]
        )
        return Draft(
            id=row["id"],
            supplier=row["supplier"],
            order=self._orders.find_by_id(row["order_id"]),
            header=dict.fromkeys(HEADER_FIELDS, "") | json.loads(row["header"]),
            typed=json.loads(row["typed"]),
            header_done=bool(row["header_done"]),
            lines_done=bool(row["lines_done"]),
            replaces=row["replaces"],
            confirmation=row["confirmation"],
            files=[AttachedFile(**dict(file)) for file in files],
        )


def billable(draft: Draft, former: Invoice | None, careless: bool) -> dict[str, Decimal]:
    """How much of each line may be billed: what is open, and what the corrected revision had billed itself.

    A careless portal (one that accepts duplicates) looks only at what was ordered.
    """
    if careless:
        return {line.line: line.ordered for line in draft.order.lines}
    limits = {line.line: line.open for line in draft.order.lines}
    if former is not None and former.status not in UNCOUNTED:
        for line in former.lines:
            limits[line.line] = limits.get(line.line, Decimal(0)) + line.quantity
    return limits


def as_new_invoice(draft: Draft, checked: CheckedLines, sent_by: str) -> NewInvoice:
    """The draft as it goes into the ledger; its header has been checked before."""
    header = draft.header
    coding: dict[str, Any] = {name: header[name] for name in Coding.__dataclass_fields__}
    return NewInvoice(
        supplier=draft.supplier,
        number=header["number"],
        replaces=draft.replaces,
        order_id=draft.order.id,
        po=draft.order.number,
        invoice_date=str(read_date(header["invoice_date"]) or ""),
        service_date=str(read_date(header["service_date"]) or ""),
        currency=draft.order.currency,
        net=checked.net,
        tax=checked.tax,
        lines=tuple(checked.lines),
        coding=Coding(**coding),
        files=tuple(draft.files),
        draft_id=draft.id,
        sent_by=sent_by,
    )
