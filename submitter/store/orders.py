"""The customers' purchase orders as our own ERP last exported them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from submitter.model.account import PurchaseOrder
from submitter.store.tables import purchase_order


def remember(c: Connection, customer: str, orders: Iterable[PurchaseOrder], now: datetime) -> None:
    for order in orders:
        c.execute(
            delete(purchase_order).where(purchase_order.c.customer == customer, purchase_order.c.number == order.number)
        )
        c.execute(
            insert(purchase_order).values(
                customer=customer, number=order.number, order=order.model_dump(mode="json"), seen_at=now
            )
        )


def known(c: Connection, customer: str) -> list[PurchaseOrder]:
    query = select(purchase_order.c.order).where(purchase_order.c.customer == customer)
    return [PurchaseOrder.model_validate(one) for one in c.execute(query).scalars()]
