"""The folder that the shop's ERP fills: invoices, signed tickets, and the manifest that says what belongs together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TypedDict

from submitter.practice.shop.catalogue import CUSTOMER
from submitter.practice.shop.invoice import print_invoice
from submitter.practice.shop.ledger import Bill, Item, Order, Quirk, Trait, draw_bills, plain
from submitter.practice.shop.manifest import write_manifest, write_orders
from submitter.practice.shop.ticket import Row, make_ticket


class OrderLineEntry(TypedDict):
    """One line of an order as the buyer's side of the practice portal takes it; decimals are strings."""

    line: int
    description: str
    unit: str
    quantity: str
    unit_price: str


class OrderEntry(TypedDict):
    """An order as the buyer's side of the practice portal takes it."""

    number: str
    description: str
    currency: str
    cost_object: str
    cost_object_number: str
    major: str
    minor: str
    approver: str
    lines: list[OrderLineEntry]


@dataclass(frozen=True)
class ShopInvoice:
    """One exported invoice file, and what is to be known about it."""

    number: str
    file: str
    po: str
    ticket: str
    ticket_file: str | None  # None where the ticket was never scanned
    pod_po: str  # the order that the ticket names; another one than `po` where that is the trait
    currency: str
    total: Decimal
    issued: date
    due: date
    delivered: date
    well: str
    rows: tuple[Row, ...]  # what the ticket lists
    trait: Trait
    quirk: Quirk


@dataclass(frozen=True)
class ShopExport:
    """What was written, and where: eleven invoice files, of which the last is a second copy of an earlier one."""

    folder: Path
    manifest: Path
    orders: list[OrderEntry]
    invoices: tuple[ShopInvoice, ...]

    def having(self, what: Trait | Quirk) -> list[ShopInvoice]:
        """The invoices with this trait or quirk, in the order of the manifest."""
        return [invoice for invoice in self.invoices if what in (invoice.trait, invoice.quirk)]


def make_export(folder: Path, seed: int, orders_currency: str = "USD", *, today: date) -> ShopExport:
    """Fill the folder with one day's export; the same seed and day give the same numbers and traits."""
    folder.mkdir(parents=True, exist_ok=True)
    bills = draw_bills(seed, orders_currency, today)
    exported = [(f"{bill.number}.pdf", bill) for bill in bills]
    exported += [(_copy_name(seed, bill), bill) for bill in bills if bill.quirk is Quirk.HAS_COPY]
    for place, (name, bill) in enumerate(exported):
        (folder / name).write_bytes(print_invoice(bill, reprint=place >= len(bills)))
    for bill in bills:
        if bill.trait is not Trait.POD_MISSING:
            _scan_ticket(folder, bill)
    write_orders(folder, _orders(bills))
    return ShopExport(
        folder=folder,
        manifest=write_manifest(folder, exported),
        orders=[_entry(order) for order in _orders(bills)],
        invoices=tuple(
            _record(name, bill, Trait.EXPORTED_TWICE if place >= len(bills) else bill.trait)
            for place, (name, bill) in enumerate(exported)
        ),
    )


def _copy_name(seed: int, bill: Bill) -> str:
    """As a browser names a second download, or a file manager a copy."""
    first = Random(f"{seed}/copy").random() < 0.5  # noqa: S311  sample data
    return f"{bill.number} (1).pdf" if first else f"copy of {bill.number}.pdf"


def _scan_ticket(folder: Path, bill: Bill) -> None:
    make_ticket(
        folder / _ticket_name(bill),
        bill.ticket,
        bill.pod_order,
        CUSTOMER.name,
        delivered=bill.delivered,
        well=bill.order.well,
        rows=_rows(bill),
        quality="worn",
        text_layer=bill.quirk is not Quirk.POD_WITHOUT_TEXT,
    )


def _ticket_name(bill: Bill) -> str:
    return f"ticket-{bill.ticket}.pdf"


def _rows(bill: Bill) -> tuple[Row, ...]:
    return tuple((item.description, plain(item.quantity), item.unit) for item in bill.items)


def _record(name: str, bill: Bill, trait: Trait) -> ShopInvoice:
    return ShopInvoice(
        number=bill.number,
        file=name,
        po=bill.order.number,
        ticket=bill.ticket,
        ticket_file=None if trait is Trait.POD_MISSING else _ticket_name(bill),
        pod_po=bill.pod_order,
        currency=bill.currency,
        total=bill.total,
        issued=bill.issued,
        due=bill.due,
        delivered=bill.delivered,
        well=bill.order.well,
        rows=_rows(bill),
        trait=trait,
        quirk=Quirk.NONE if trait is Trait.EXPORTED_TWICE else bill.quirk,
    )


def _orders(bills: list[Bill]) -> Iterator[Order]:
    """Every order once, though two bills may be for the same."""
    yield from {bill.order.number: bill.order for bill in bills}.values()


def _entry(order: Order) -> OrderEntry:
    return OrderEntry(
        number=order.number,
        description=order.description,
        currency=order.currency,
        cost_object=order.cost_object,
        cost_object_number=order.cost_object_number,
        major=order.major,
        minor=order.minor,
        approver=order.approver,
        lines=[_line_entry(item) for item in order.items],
    )


def _line_entry(item: Item) -> OrderLineEntry:
    return OrderLineEntry(
        line=item.line,
        description=item.description,
        unit=item.unit,
        quantity=plain(item.quantity),
        unit_price=str(item.unit_price),
    )
