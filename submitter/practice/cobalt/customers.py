"""The customers that Cobalt connects a supplier with. Each has books of its own, so that nothing of one can show at
another's."""

import re
import secrets
from pathlib import Path
from typing import Any

from submitter.practice.cobalt import comments
from submitter.practice.cobalt.comments import Comments
from submitter.practice.cobalt.statuses import PROCESSING
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.drafts import Draft, Drafts
from submitter.practice.fieldgate.ledger import Invoice, Ledger
from submitter.practice.fieldgate.logins import Logins
from submitter.practice.fieldgate.orders import Orders
from submitter.practice.fieldgate.settings import Refused, Settings

FIRST_CUSTOMER = "Tejas Resources"  # there is one from the start, for people who do not care which
RULES: dict[str, Any] = {
    "accept_duplicates": False,
    "refuses_unlisted": False,
    "listing_delay_seconds": 0,
    "page_size": 10,
    "one_pdf": False,
    "requires_proof": True,  # a supporting document beside the invoice
    "plain_numbers": False,  # letters, figures and hyphens, 16 at most
    "requires_second_factor": False,  # its data stays hidden until a code was given
    "suppliers_may_void": True,
}


class Customer:
    """One customer: its name, its rules, and the books in which it keeps orders, drafts, invoices and comments."""

    def __init__(self, folder: Path, position: int, name: str, fixed_clock: bool) -> None:
        self.name = name
        self.id = customer_id(name)
        self.books = Books(folder / self.id, fixed_clock, name="customer", more_schema=comments.SCHEMA)
        self.settings = Settings(self.books, RULES)
        self.suppliers = Logins(self.books)
        self.orders = Orders(self.books)
        self.drafts = Drafts(self.books, self.orders)
        self.ledger = Ledger(self.books, prefix=f"CB{position:02d}", first_status=PROCESSING)
        self.comments = Comments(self.books)

    @property
    def address(self) -> str:
        """Where its pages begin."""
        return f"/at/{self.id}"

    def connect(self, user: str, supplier: str) -> None:
        """From now on this login sees the customer. It comes in at Cobalt's door; the password here opens nothing."""
        self.suppliers.add(user, secrets.token_urlsafe(24), supplier, "", "")

    def knows(self, user: str) -> bool:
        return self.suppliers.find(user) is not None

    def open_drafts(self, supplier: str) -> list[Draft]:
        """What the supplier has begun and not sent, newest first."""
        rows = self.books.rows(
            "SELECT id FROM drafts WHERE supplier = ? AND confirmation = '' ORDER BY id DESC", supplier
        )
        found = [self.drafts.find(row["id"], supplier) for row in rows]
        return [draft for draft in found if draft is not None]

    def tax_code(self, invoice: Invoice) -> str:
        """The tax code that was chosen in the draft of an invoice."""
        draft = self.drafts.find(invoice.draft_id, invoice.supplier)
        return "" if draft is None else draft.header.get("tax_code", "")


class Customers:
    """All customers of one Cobalt, in the order in which they came to it."""

    def __init__(self, books: Books, folder: Path, fixed_clock: bool) -> None:
        self._books = books
        self._folder = folder
        self._fixed_clock = fixed_clock
        self._all: list[Customer] = []
        for row in books.rows("SELECT name FROM customers ORDER BY position"):
            self._open(row["name"])
        if not self._all:
            self.add(FIRST_CUSTOMER)

    def add(self, name: str) -> Customer:
        """The customer of this name, new or known."""
        name = " ".join(name.split())
        if not customer_id(name):
            raise Refused("A customer needs a name.")
        known = self.find(customer_id(name))
        if known is not None:
            return known
        self._books.write("INSERT INTO customers (name) VALUES (?)", name)
        return self._open(name)

    def find(self, customer: str) -> Customer | None:
        return next((each for each in self._all if each.id == customer), None)

    def all(self) -> list[Customer]:
        return list(self._all)

    def of(self, user: str) -> list[Customer]:
        return [each for each in self._all if each.knows(user)]

    def holding(self, confirmation: str) -> tuple[Customer, Invoice]:
        """The invoice of this confirmation and whose it is."""
        for each in self._all:
            invoice = each.ledger.find(confirmation)
            if invoice is not None:
                return each, invoice
        raise LookupError(f"There is no invoice {confirmation!r}.")

    def close(self) -> None:
        for each in self._all:
            each.books.close()

    def _open(self, name: str) -> Customer:
        customer = Customer(self._folder, len(self._all) + 1, name, self._fixed_clock)
        self._all.append(customer)
        return customer


def customer_id(name: str) -> str:
    """tejas-resources, for Tejas Resources."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
