"""Preflight against the purchase order: its number, currency, quantities and prices, as our ERP knows them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

from submitter.documents.case import Case, Said, blocks, plain, warns
from submitter.model.account import OrderLine
from submitter.model.invoice import InvoiceLine


def _missing(case: Case) -> Iterator[Said]:
    if not case.invoice.po_number:
        yield blocks(f"Invoice {case.invoice.number} names no purchase order.", "REF")


def _pattern(case: Case) -> Iterator[Said]:
    number = case.invoice.po_number
    if number and not re.fullmatch(case.rules.po_pattern, number):
        yield blocks(
            f'"{number}" is not an order number of {case.customer.name}; they look like {case.rules.po_pattern}.', "REF"
        )


def _currency_taken(case: Case) -> Iterator[Said]:
    taken = case.rules.currencies
    if taken and case.invoice.currency not in taken:
        yield blocks(
            f"The invoice is in {case.invoice.currency}, but {case.customer.name} takes only {', '.join(taken)}.", "FIN"
        )


def _currency_of_order(case: Case) -> Iterator[Said]:
    order = case.order
    if order and order.currency != case.invoice.currency:
        yield blocks(
            f"The invoice is in {case.invoice.currency}, but order {order.number} is in {order.currency}.", "FIN"
        )


def _unknown(case: Case) -> Iterator[Said]:
    if case.invoice.po_number and case.orders and case.order is None:
        yield warns(f"Order {case.invoice.po_number} is not among the known orders of {case.customer.name}.", "REF")


def _unknown_line(case: Case) -> Iterator[Said]:
    if case.order is None:
        return
    for line in case.invoice.lines:
        if _order_line(case, line) is None:
            yield warns(f"Line {line.number}: order {case.order.number} has no line {line.order_line_number}.", "ITM")


def _quantity(case: Case) -> Iterator[Said]:
    """Several lines of one invoice may bill one line of the order; what earlier invoices billed is not known here."""
    billed: dict[str, Decimal] = defaultdict(Decimal)
    ordered: dict[str, OrderLine] = {}
    for line in case.invoice.lines:
        if found := _order_line(case, line):
            billed[found.line] += line.quantity
            ordered[found.line] = found
    for name, quantity in billed.items():
        most = ordered[name].quantity * (1 + case.rules.quantity_tolerance)
        if quantity > most:
            yield blocks(
                f"The invoice bills {plain(quantity)} of line {name} of order {case.invoice.po_number}, "
                f"which is for {plain(ordered[name].quantity)}.",
                "QTY",
            )


def _price(case: Case) -> Iterator[Said]:
    if case.order is None or case.order.currency != case.invoice.currency:
        return  # the difference of currency is its own finding
    for line in case.invoice.lines:
        found = _order_line(case, line)
        if found and line.unit_price > found.unit_price:
            yield blocks(
                f"Line {line.number}: the price {plain(line.unit_price)} {case.invoice.currency} is above the "
                f"{plain(found.unit_price)} of line {found.line} of order {case.order.number}.",
                "PRI",
            )


def _order_line(case: Case, line: InvoiceLine) -> OrderLine | None:
    if case.order is None:
        return None
    return next((found for found in case.order.lines if _bare(found.line) == _bare(line.order_line_number)), None)


def _bare(line: str) -> str:
    """Without the leading zeros that one side prints and the other does not: 00010 is 10."""
    return line.strip().lstrip("0").casefold() or "0"


RULES: tuple[tuple[str, Callable[[Case], Iterator[Said]]], ...] = (
    ("order.missing", _missing),
    ("order.pattern", _pattern),
    ("order.currency-taken", _currency_taken),
    ("order.currency", _currency_of_order),
    ("order.unknown", _unknown),
    ("order.line", _unknown_line),
    ("order.quantity", _quantity),
    ("order.price", _price),
)
