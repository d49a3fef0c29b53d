"""What a preflight rule looks at, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from submitter.documents.reading import FoundFile
from submitter.documents.tokens import folded
from submitter.model.account import Customer, PurchaseOrder, Rules
from submitter.model.document import DocumentKind, Severity
from submitter.model.invoice import Invoice
from submitter.model.money import Money


@dataclass(frozen=True)
class Said:
    """One finding but for the id of its rule, which the table of rules adds."""

    severity: Severity
    sentence: str
    reason: str


def blocks(sentence: str, reason: str = "") -> Said:
    return Said(Severity.BLOCKS, sentence, reason)


def warns(sentence: str, reason: str = "") -> Said:
    return Said(Severity.WARNS, sentence, reason)


def plain(number: Decimal) -> str:
    """As a clerk writes it: without trailing zeros, to six places at most."""
    text = f"{number.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Case:
    """One invoice with its files, the customer it goes to, and that customer's orders as far as we know them."""

    invoice: Invoice
    files: tuple[FoundFile, ...]
    customer: Customer
    orders: tuple[PurchaseOrder, ...]
    today: date

    @property
    def rules(self) -> Rules:
        return self.customer.rules

    @property
    def order(self) -> PurchaseOrder | None:
        wanted = folded(self.invoice.po_number)
        return next((order for order in self.orders if wanted and folded(order.number) == wanted), None)

    @property
    def adjustments(self) -> Money | None:
        """Charges less allowances on the whole invoice, as its electronic data states them."""
        own = (file.reading.adjustments for file in self.files if file.kind is DocumentKind.INVOICE)
        return next((amount for amount in own if amount is not None), None)
