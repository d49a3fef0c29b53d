"""The books that preflight looks into, as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from submitter.model.account import Customer, PurchaseOrder
from submitter.model.invoice import Invoice
from submitter.model.submission import Earlier
from submitter.store import billing, orders
from submitter.store.database import Database


class StoredBooks:
    """Earlier invoices and the customers' orders. Each look is a reading of its own; nothing is held in between."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def like(self, customer: Customer, invoice: Invoice) -> Sequence[Earlier]:
        with self._database.reading() as c:
            return billing.like(c, customer.account.id, invoice)

    def on_order(self, customer: Customer, number: str) -> Sequence[Invoice]:
        with self._database.reading() as c:
            return billing.on_order(c, customer.account.id, [number])

    def orders(self, customer: Customer) -> Sequence[PurchaseOrder]:
        with self._database.reading() as c:
            return [order.model_copy(update={"customer": customer.id}) for order in orders.known(c, customer.id)]
