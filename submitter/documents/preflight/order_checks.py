"""Preflight against the purchase order: its number, currency, quantities and prices, as our ERP knows them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from submitter.documents.preflight.case import Case, Look, plain
from submitter.documents.tokens import folded
from submitter.model.account import OrderLine, PurchaseOrder
from submitter.model.invoice import Invoice, InvoiceLine


def _missing(case: Case) -> Iterator[str]:
    if case.rules.po_required and not case.invoice.po_number:
        yield f"Invoice {case.invoice.number} names no purchase order."


def _pattern(case: Case) -> Iterator[str]:
    number = case.invoice.po_number
    if number and not re.fullmatch(case.rules.po_pattern, number):
        yield f'"{number}" is not an order number of {case.customer.name}; they look like {case.rules.po_pattern}.'


def _currency_taken(case: Case) -> Iterator[str]:
    taken = case.rules.currencies
    if taken and case.invoice.currency not in taken:
        yield f"The invoice is in {case.invoice.currency}, but {case.customer.name} takes only {', '.join(taken)}."


def _currency_of_order(case: Case) -> Iterator[str]:
    order = case.order
    if order and order.currency != case.invoice.currency:
        yield f"The invoice is in {case.invoice.currency}, but order {order.number} is in {order.currency}."


def _unknown(case: Case) -> Iterator[str]:
    if case.invoice.po_number and case.orders and case.order is None:
        yield f"Order {case.invoice.po_number} is not among the known orders of {case.customer.name}."


def _unknown_line(case: Case) -> Iterator[str]:
    if case.order is None:
        return
    for line in case.invoice.lines:
        if _order_line(case.order, line) is None:
            yield f"Line {line.number}: order {case.order.number} has no line {line.order_line_number}."


def _quantity(case: Case) -> Iterator[str]:
    """Several lines of one invoice, and several invoices, may bill one line of the order."""
    if case.order is None:
        return
    before = [invoice for invoice in case.others if folded(invoice.po_number) == folded(case.order.number)]
    for name, quantity in _billed(case.order, [case.invoice]).items():
        ordered = next(line.quantity for line in case.order.lines if line.line == name)
        elsewhere = {one.number: amount for one in before if (amount := _billed(case.order, [one]).get(name))}
        if quantity + sum(elsewhere.values()) <= ordered + _allowed(
            ordered, case.rules.quantity_tolerance, case.rules.quantity_tolerance_units
        ):
            continue
        amount = sum(elsewhere.values(), Decimal(0))
        already = f"; {plain(amount)} more are billed by {', '.join(elsewhere)}" if elsewhere else ""
        yield (
            f"The invoice bills {plain(quantity)} of line {name} of order {case.invoice.po_number}, "
            f"which is for {plain(ordered)}{already}."
        )


def _billed(order: PurchaseOrder, invoices: Iterable[Invoice]) -> dict[str, Decimal]:
    """How much of each of the order's lines these invoices bill."""
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in invoices:
        for line in invoice.lines:
            if found := _order_line(order, line):
                billed[found.line] += line.quantity
    return billed


def _price(case: Case) -> Iterator[str]:
    if case.order is None or case.order.currency != case.invoice.currency:
        return  # the difference of currency is its own finding
    rules = case.rules
    for line in case.invoice.lines:
        found = _order_line(case.order, line)
        if found is None:
            continue
        most = found.unit_price + _allowed(found.unit_price, rules.price_tolerance, rules.price_tolerance_amount)
        if line.unit_price > most:
            taken = f" ({case.customer.name} takes up to {plain(most)})" if most != found.unit_price else ""
            yield (
                f"Line {line.number}: the price {plain(line.unit_price)} {case.invoice.currency} is above the "
                f"{plain(found.unit_price)} of line {found.line} of order {case.order.number}{taken}."
            )


def _allowed(ordered: Decimal, share: Decimal, absolute: Decimal) -> Decimal:
    """How much beyond the order is let pass: the larger of a share of it and a fixed amount."""
    return max(abs(ordered) * share, absolute)


def _order_line(order: PurchaseOrder, line: InvoiceLine) -> OrderLine | None:
    return next((found for found in order.lines if _bare(found.line) == _bare(line.order_line_number)), None)


def _bare(line: str) -> str:
    """Without the leading zeros that one side prints and the other does not: 00010 is 10."""
    return line.strip().lstrip("0").casefold() or "0"


LOOKS: dict[str, Look] = {
    "order.missing": _missing,
    "order.pattern": _pattern,
    "order.currency-taken": _currency_taken,
    "order.currency": _currency_of_order,
    "order.unknown": _unknown,
    "order.line": _unknown_line,
    "order.quantity": _quantity,
    "order.price": _price,
}
