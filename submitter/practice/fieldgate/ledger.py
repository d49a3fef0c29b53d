"""The ledger: every invoice a practice portal ever accepted, in order, never changed; and what became of each."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from sqlite3 import Row
from typing import Any

from submitter.practice.fieldgate.books import Books

STATUSES = ("Submitted", "In Review", "Disputed", "Rejected", "Approved", "Payment Posted", "Paid", "Cancelled")
CORRECTABLE = ("Disputed", "Rejected")
REPLACED = "Replaced"


@dataclass(frozen=True)
class BilledLine:
    """One line of an invoice; `amount` is quantity times price, to the cent."""

    line: str
    description: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class AttachedFile:
    """One file as the portal received it; the fingerprint is the SHA-256 of those bytes."""

    name: str
    kind: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Coding:
    """To what the buyer books the invoice."""

    cost_object: str
    cost_object_number: str
    major: str
    minor: str
    approver: str


@dataclass(frozen=True)
class NewInvoice:
    """What a supplier submits. Dates are ISO 8601; `replaces` is the confirmation of the revision it corrects."""

    supplier: str
    number: str
    replaces: str
    order_id: int
    po: str
    invoice_date: str
    service_date: str
    currency: str
    net: Decimal
    tax: Decimal
    lines: tuple[BilledLine, ...]
    coding: Coding
    files: tuple[AttachedFile, ...]
    draft_id: int
    sent_by: str

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True)
class Invoice(NewInvoice):
    """An accepted invoice with how it stands now."""

    sequence: int
    at: str
    revision: int
    confirmation: str
    status: str
    reason: str
    payment_reference: str
    paid_on: str

    @property
    def correctable(self) -> bool:
        return self.status in CORRECTABLE


_STANDING = (
    "SELECT a.*, j.status, j.reason, j.payment_reference, j.paid_on FROM accepted a JOIN journal j"
    " ON j.id = (SELECT max(id) FROM journal WHERE confirmation = a.confirmation)"
)


class Ledger:
    """Accepted invoices and their journals; rows are only ever added.

    `prefix` begins every confirmation, `first_status` is how an invoice stands once it is accepted.
    """

    def __init__(self, books: Books, prefix: str = "FG", first_status: str = "Submitted") -> None:
        self._books = books
        self._prefix = prefix
        self._first_status = first_status

    def book(self, new: NewInvoice, listing_delay_seconds: float) -> Invoice:
        """Accepts the invoice: this is the one moment at which an invoice comes to exist."""
        at = self._books.now()
        with self._books.change():
            sequence = self._books.count("SELECT coalesce(max(sequence), 0) + 1 FROM accepted")
            confirmation = f"{self._prefix}-{at[:4]}-{sequence:06d}"
            former = self.find(new.replaces) if new.replaces else None
            self._insert(
                new,
                sequence,
                at,
                self._books.moment() + listing_delay_seconds,
                former.revision + 1 if former else 1,
                confirmation,
            )
            self._books.write("UPDATE drafts SET confirmation = ? WHERE id = ?", confirmation, new.draft_id)
            comment = f"Corrects {new.replaces}" if former else ""
            self._note(confirmation, self._first_status, by=new.supplier, comment=comment)
            if former:
                self._note(former.confirmation, REPLACED, by=new.supplier, comment=f"Replaced by {confirmation}")
            booked = self.find(confirmation)
        if booked is None:
            raise LookupError(confirmation)
        return booked

    def note(
        self,
        invoice: Invoice,
        status: str,
        by: str,
        comment: str = "",
        reason: str = "",
        paid: tuple[str, str] = ("", ""),
    ) -> None:
        """Adds a line to an invoice's journal; the last line is how the invoice stands."""
        self._note(invoice.confirmation, status, by=by, comment=comment, reason=reason, paid=paid)

    def find(self, confirmation: str) -> Invoice | None:
        row = self._books.row(_STANDING + " WHERE a.confirmation = ?", confirmation)
        return None if row is None else _invoice(row)

    def find_listed(self, supplier: str, confirmation: str) -> Invoice | None:
        """The supplier's invoice, once the portal lists it."""
        row = self._books.row(
            _STANDING + " WHERE a.confirmation = ? AND a.supplier = ? AND a.visible_from <= ?",
            confirmation,
            supplier,
            self._books.moment(),
        )
        return None if row is None else _invoice(row)

    def find_number(self, supplier: str, number: str, unlisted: bool = False) -> Invoice | None:
        """The newest invoice of this number, whatever became of it; one that is not listed yet only if asked for."""
        row = self._books.row(
            _STANDING + " WHERE a.supplier = ? AND a.number = ? AND a.visible_from <= ? ORDER BY a.sequence DESC",
            supplier,
            number,
            math.inf if unlisted else self._books.moment(),
        )
        return None if row is None else _invoice(row)

    def listed(self, supplier: str, search: str = "", status: str = "") -> list[Invoice]:
        """The supplier's invoices, newest first; `search` looks in the number, the order and the confirmation."""
        rows = self._books.rows(
            _STANDING + " WHERE a.supplier = ? AND a.visible_from <= ? ORDER BY a.sequence DESC",
            supplier,
            self._books.moment(),
        )
        needle = search.casefold()
        return [
            _invoice(row)
            for row in rows
            if needle in f"{row['number']}\n{row['po']}\n{row['confirmation']}".casefold()
            and status in ("", row["status"])
        ]

    def accepted(self) -> list[Invoice]:
        """Everything, in the order in which it was accepted."""
        return [_invoice(row) for row in self._books.rows(_STANDING + " ORDER BY a.sequence")]

    def duplicates(self) -> int:
        """How many accepted invoices are one too many: same supplier, number and corrected revision."""
        return self._books.count(
            "SELECT coalesce(sum(times - 1), 0) FROM"
            " (SELECT count(*) AS times FROM accepted GROUP BY supplier, number, replaces)"
        )

    def journal(self, confirmation: str) -> list[Row]:
        return self._books.rows(
            "SELECT at, status, comment, by FROM journal WHERE confirmation = ? ORDER BY id", confirmation
        )

    def _insert(
        self, new: NewInvoice, sequence: int, at: str, visible_from: float, revision: int, confirmation: str
    ) -> None:
        self._books.write(
            "INSERT INTO accepted VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sequence,
            at,
            visible_from,
            new.supplier,
            new.number,
            revision,
            confirmation,
            new.replaces,
            new.order_id,
            new.po,
            new.invoice_date,
            new.service_date,
            new.currency,
            str(new.net),
            str(new.tax),
            str(new.total),
            _json(new.lines),
            json.dumps(asdict(new.coding)),
            _json(new.files),
            new.draft_id,
            new.sent_by,
        )

    def _note(
        self,
        confirmation: str,
        status: str,
        *,
        by: str,
        comment: str = "",
        reason: str = "",
        paid: tuple[str, str] = ("", ""),
    ) -> None:
        self._books.write(
            "INSERT INTO journal (confirmation, at, status, comment, reason, payment_reference, paid_on, by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            confirmation,
            self._books.now(),
            status,
            comment,
            reason,
            *paid,
            by,
        )


def as_dict(invoice: Invoice) -> dict[str, Any]:
    """The invoice for the buyer's API: figures as strings."""
    shown = asdict(invoice) | {"total": invoice.total}
    del shown["draft_id"], shown["order_id"]
    plain: dict[str, Any] = json.loads(json.dumps(shown, default=str))
    return plain


def _invoice(row: Row) -> Invoice:
    values = dict(row)
    del values["visible_from"], values["total"]
    values["net"], values["tax"] = Decimal(values["net"]), Decimal(values["tax"])
    values["lines"] = tuple(_billed_line(line) for line in json.loads(values["lines"]))
    values["coding"] = Coding(**json.loads(values["coding"]))
    values["files"] = tuple(AttachedFile(**file) for file in json.loads(values["files"]))
    return Invoice(**values)


def _billed_line(line: dict[str, str]) -> BilledLine:
    figures = {name: Decimal(line[name]) for name in ("quantity", "unit_price", "amount")}
    return BilledLine(line=line["line"], description=line["description"], unit=line["unit"], **figures)


def _json(records: Sequence[BilledLine | AttachedFile]) -> str:
    return json.dumps([asdict(record) for record in records], default=str)
