"""The lists that the shop's ERP writes beside the files: the exported files, and the customers' orders it knows."""

import csv
from collections.abc import Iterable
from pathlib import Path

from submitter.practice.shop.catalogue import CUSTOMER
from submitter.practice.shop.ledger import Bill, Order, plain

NAME = "invoices.csv"
ORDERS_NAME = "orders.csv"
ORDER_COLUMNS = ("customer", "po_number", "currency", "line", "description", "unit", "quantity", "unit_price")
COLUMNS = (
    "file",
    "invoice_number",
    "customer",
    "po_number",
    "ticket_number",
    "cost_object",
    "cost_object_number",
    "major",
    "minor",
    "approver",
    "due_date",
)


def write_manifest(folder: Path, exported: Iterable[tuple[str, Bill]]) -> Path:
    """Write `invoices.csv`, UTF-8, dates as ISO 8601, in the order of the pairs (file name, bill)."""
    path = folder / NAME
    with path.open("w", encoding="utf-8", newline="") as target:
        rows = csv.DictWriter(target, COLUMNS)
        rows.writeheader()
        for name, bill in exported:
            rows.writerow(_row(name, bill))
    return path


def _row(name: str, bill: Bill) -> dict[str, str]:
    order = bill.order
    return {
        "file": name,
        "invoice_number": bill.number,
        "customer": CUSTOMER.name,
        "po_number": order.number,
        "ticket_number": bill.ticket,
        "cost_object": order.cost_object,
        "cost_object_number": order.cost_object_number,
        "major": order.major,
        "minor": order.minor,
        "approver": order.approver,
        "due_date": bill.due.isoformat(),
    }


def write_orders(folder: Path, orders: Iterable[Order]) -> Path:
    """Write `orders.csv`: the customers' orders, one row per line, decimals with a point."""
    path = folder / ORDERS_NAME
    with path.open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(ORDER_COLUMNS)
        for order in orders:
            for item in order.items:
                figures = (plain(item.quantity), str(item.unit_price))
                rows.writerow(
                    (CUSTOMER.name, order.number, order.currency, item.line, item.description, item.unit, *figures)
                )
    return path
