"""What the books know while invoices are checked: earlier ones, and the customers' orders. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from submitter.model.account import Customer, PurchaseOrder
from submitter.model.invoice import Invoice
from submitter.model.submission import Earlier


class Books(Protocol):
    """Where earlier invoices and orders are looked up; the store has one (`queue/books.py`)."""

    def like(self, customer: Customer, invoice: Invoice) -> Sequence[Earlier]:
        """Earlier ones that might be this one: the same number but for case, or the same date and total."""

    def on_order(self, customer: Customer, number: str) -> Sequence[Invoice]:
        """Invoices that bill this order and were neither taken back nor turned down."""

    def orders(self, customer: Customer) -> Sequence[PurchaseOrder]:
        """The customer's orders, as the ERP last exported them."""


class NoBooks:
    """Where nothing is known: files that are only looked at."""

    def like(self, customer: Customer, invoice: Invoice) -> Sequence[Earlier]:
        return ()

    def on_order(self, customer: Customer, number: str) -> Sequence[Invoice]:
        return ()

    def orders(self, customer: Customer) -> Sequence[PurchaseOrder]:
        return ()
