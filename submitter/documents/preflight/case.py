"""What a preflight rule looks at: one invoice with its files, the customer's rules, and what is known besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from submitter.documents.opening.reading import FoundFile
from submitter.documents.tokens import folded
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind
from submitter.model.invoice import Invoice
from submitter.model.money import Money
from submitter.model.rules import Rules
from submitter.model.submission import Earlier


def plain(number: Decimal) -> str:
    """As a clerk writes it: without trailing zeros, to six places at most."""
    text = f"{number.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day_at(customer: Customer, today: date) -> date:
    """The customer's own day, when ``today`` is a moment: their books close by their calendar, not by ours."""
    if isinstance(today, datetime):
        return today.astimezone(ZoneInfo(customer.account.time_zone)).date()
    return today


@dataclass(frozen=True)
class Case:
    """One invoice with its files, the customer it goes to, and that customer's orders as far as we know them."""

    invoice: Invoice
    files: tuple[FoundFile, ...]
    customer: Customer
    orders: tuple[PurchaseOrder, ...]
    today: date
    earlier: tuple[Earlier, ...] = ()  # submitted before, under a like number or for the same amount on the same day
    others: tuple[Invoice, ...] = ()  # that bill the same order

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


#: One rule at work: a sentence for every time it is broken.
Look = Callable[[Case], Iterator[str]]
