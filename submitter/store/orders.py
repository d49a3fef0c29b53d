"""The customers' purchase orders as our own ERP last exported them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from submitter.model.account import PurchaseOrder
from submitter.store.insertion import insert_once
from submitter.store.tables import purchase_order


def remember(c: Connection, customer: str, orders: Iterable[PurchaseOrder], now: datetime) -> None:
    """What the export says now takes the place of what it said before."""
    for order in sorted(orders, key=lambda order: order.number):  # in one order, so that nobody waits in a circle
        values = {"order": order.model_dump(mode="json"), "seen_at": now}
        if insert_once(c, purchase_order, customer=customer, number=order.number, **values) is None:
            same = (purchase_order.c.customer == customer, purchase_order.c.number == order.number)
            c.execute(update(purchase_order).where(*same).values(**values))


def known(c: Connection, customer: str) -> list[PurchaseOrder]:
    query = select(purchase_order.c.order).where(purchase_order.c.customer == customer)
    return [PurchaseOrder.model_validate(one) for one in c.execute(query).scalars()]
