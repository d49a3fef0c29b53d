"""Meridian's ledger: Fieldgate's, with a second journal for the way of each invoice through the network."""

from dataclasses import dataclass
from sqlite3 import Row

from submitter.practice.fieldgate import ledger as fieldgate
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.ledger import REPLACED, Invoice
from submitter.practice.meridian.statuses import CORRECTABLE, FAILED, OBSOLETED, QUEUED, ROUTED, SENT

SCHEMA = """
CREATE TABLE IF NOT EXISTS routings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, confirmation TEXT NOT NULL REFERENCES accepted (confirmation),
    at TEXT NOT NULL, routing TEXT NOT NULL, comment TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS routings_by_confirmation ON routings (confirmation, id);
CREATE TRIGGER IF NOT EXISTS routing_is_never_changed BEFORE UPDATE ON routings
    BEGIN SELECT RAISE(ABORT, 'the routing journal only grows'); END;
CREATE TRIGGER IF NOT EXISTS routing_is_never_deleted BEFORE DELETE ON routings
    BEGIN SELECT RAISE(ABORT, 'the routing journal only grows'); END;
"""


@dataclass(frozen=True)
class Standing:
    """How an invoice stands, in Meridian's two status fields."""

    routing: str
    status: str

    @property
    def correctable(self) -> bool:
        return self.routing != OBSOLETED and (self.routing == FAILED or self.status in CORRECTABLE)


class Ledger(fieldgate.Ledger):
    """Accepted invoices and their two journals; rows are only ever added."""

    def __init__(self, books: Books) -> None:
        super().__init__(books, "MN", SENT)
        self._books = books

    def standing(self, invoice: Invoice, queue_seconds: float) -> Standing:
        """An invoice that another took the place of keeps the status it had then."""
        if invoice.status == REPLACED:
            before = [row["status"] for row in self.journal(invoice.confirmation) if row["status"] != REPLACED]
            return Standing(OBSOLETED, before[-1])
        noted = self.routings(invoice.confirmation)
        if noted:
            return Standing(noted[-1]["routing"], invoice.status)
        listed = self._books.row("SELECT visible_from FROM accepted WHERE confirmation = ?", invoice.confirmation)
        waits = listed is not None and listed["visible_from"] + queue_seconds > self._books.moment()
        return Standing(QUEUED if waits else ROUTED, invoice.status)

    def route(self, invoice: Invoice, routing: str, by: str, comment: str = "") -> None:
        """Adds a line to the invoice's way; the last line is how far it has come."""
        self._books.write(
            "INSERT INTO routings (confirmation, at, routing, comment, by) VALUES (?, ?, ?, ?, ?)",
            *(invoice.confirmation, self._books.now(), routing, comment, by),
        )

    def routings(self, confirmation: str) -> list[Row]:
        return self._books.rows(
            "SELECT at, routing, comment, by FROM routings WHERE confirmation = ? ORDER BY id", confirmation
        )

    def replaced_by(self, confirmation: str) -> list[Invoice]:
        """The invoice of this reference and those it was itself sent in place of, the newest first; none for none."""
        found: list[Invoice] = []
        while confirmation and (invoice := self.find(confirmation)) is not None:
            found.append(invoice)
            confirmation = invoice.replaces
        return found

    def duplicates(self) -> int:
        """How many are one too many: same supplier, customer and number in place of the same invoice."""
        return self._books.count(
            "SELECT coalesce(sum(times - 1), 0) FROM (SELECT count(*) AS times FROM accepted a"
            " LEFT JOIN order_customers o ON o.order_id = a.order_id"
            " GROUP BY a.supplier, o.customer, a.number, a.replaces)"
        )
