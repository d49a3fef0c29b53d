"""The customers that Meridian connects a supplier with, and what each wants of invoice numbers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.settings import Refused, suggest

FIRST_CUSTOMER = "Tejas Resources"  # there is one from the start, for people who do not care which
# What a customer makes of a number with something behind it, when an invoice is sent again.
ALLOWED = "allowed"  # the former number, or any other that is free
REQUIRED = "required"  # the former number with a letter behind it, and nothing else
DUPLICATES = "duplicates"  # the same date and amount under a longer number is the same invoice, and refused
SUFFIXES = (ALLOWED, REQUIRED, DUPLICATES)
SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, suffixes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS order_customers (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id), customer TEXT NOT NULL REFERENCES customers (id));
"""


@dataclass(frozen=True)
class Customer:
    """One customer; `id` is its place in addresses, as in /with/tejas-resources."""

    id: str
    name: str
    suffixes: str


@dataclass(frozen=True)
class Numbered:
    """A number that is to be sent, with what tells whether it is an invoice that is there already."""

    number: str
    day: date | None
    total: Decimal


class Customers:
    """All customers of this network, and whose each order is."""

    def __init__(self, books: Books) -> None:
        self._books = books
        if not books.count("SELECT count(*) FROM customers"):
            self.add(FIRST_CUSTOMER)

    def add(self, name: str, suffixes: str = ALLOWED) -> Customer:
        """Adds the customer, or gives an existing one this rule."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
        if not slug:
            raise Refused("A customer needs a name.")
        if suffixes not in SUFFIXES:
            raise Refused(f"There is no rule {suffixes!r} for suffixes{suggest(suffixes, list(SUFFIXES))}")
        self._books.write(
            "INSERT INTO customers VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET suffixes = excluded.suffixes",
            *(slug, name, suffixes),
        )
        return Customer(slug, name, suffixes)

    def all(self) -> list[Customer]:
        return [Customer(**dict(row)) for row in self._books.rows("SELECT * FROM customers ORDER BY rowid")]

    def named(self, name: str) -> Customer:
        for customer in self.all():
            if name in (customer.name, customer.id):
                return customer
        raise LookupError(f"There is no customer {name!r}.")

    def take_order(self, order_id: int, customer: Customer) -> None:
        """The order is this customer's, unless it is another's already."""
        self._books.write("INSERT OR IGNORE INTO order_customers VALUES (?, ?)", order_id, customer.id)

    def of_order(self, order_id: int) -> Customer:
        row = self._books.row("SELECT customer FROM order_customers WHERE order_id = ?", order_id)
        return self.named(FIRST_CUSTOMER if row is None else row["customer"])


def refuse_number(customer: Customer, wanted: Numbered, former: Iterable[Invoice], others: Iterable[Invoice]) -> str:
    """Why the customer does not take this number; empty when it does.

    `former` are the invoices that this one is sent in place of, the newest first; `others` are all that are left.
    """
    replaced = list(former)
    if replaced and customer.suffixes == REQUIRED:
        first = replaced[-1].number
        if not re.fullmatch(re.escape(first) + "-?[A-Z]", wanted.number):
            return (
                f"INVOICE_NUMBER: {customer.name} wants another number when an invoice is sent again: {first} with a"
                f" letter behind it, such as {first}A."
            )
    same_is_free = customer.suffixes != REQUIRED
    for other in [*others, *(replaced if not same_is_free else [])]:
        if other.number == wanted.number:
            return _received(other)
    if customer.suffixes == DUPLICATES:
        for other in [*others, *replaced]:
            same = (date.fromisoformat(other.invoice_date), other.total) == (wanted.day, wanted.total)
            if other.number != wanted.number and same and _is_variant(other.number, wanted.number):
                return _received(other)
    return ""


def _is_variant(one: str, other: str) -> bool:
    """Whether one number is the other with something before or behind it."""
    short, long = sorted((re.sub(r"[^a-z0-9]", "", number.casefold()) for number in (one, other)), key=len)
    return bool(short) and (long.startswith(short) or long.endswith(short))


def _received(other: Invoice) -> str:
    return f"INVOICE_DUPLICATE: invoice {other.number} has been received before ({other.confirmation})."
