"""Invoices as Ledgerline looks for them: in a window of days, by status, or by number with a wildcard."""

import re

from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.ledger import REPLACED, Invoice, Ledger
from submitter.practice.ledgerline.statuses import PENDING_APPROVAL, PENDING_SUBMISSION

DAY_SECONDS = 86_400


class Records:
    """Accepted invoices without the revisions that were replaced: a corrected invoice is one record."""

    def __init__(self, books: Books, ledger: Ledger) -> None:
        self._books = books
        self._ledger = ledger

    def release_due(self, delay_seconds: float) -> None:
        """What was submitted this long ago, and was not voided since, is now the buyer's to approve."""
        due = self._books.rows(
            "SELECT a.confirmation FROM accepted a JOIN journal j"
            " ON j.id = (SELECT max(id) FROM journal WHERE confirmation = a.confirmation)"
            " WHERE j.status = ? AND a.visible_from + ? <= ?",
            PENDING_SUBMISSION,
            delay_seconds,
            self._books.moment(),
        )
        for row in due:
            invoice = self._ledger.find(row["confirmation"])
            if invoice is not None:
                self._ledger.note(invoice, PENDING_APPROVAL, by="Ledgerline")

    def in_window(self, supplier: str, days: int, status: str = "") -> list[Invoice]:
        """Those submitted in the last so many days, newest first."""
        since = self._books.moment() - days * DAY_SECONDS
        rows = self._books.rows(
            "SELECT confirmation FROM accepted WHERE supplier = ? AND visible_from >= ?", supplier, since
        )
        recent = {row["confirmation"] for row in rows}
        return [each for each in self._all(supplier) if each.confirmation in recent and status in ("", each.status)]

    def matching(self, supplier: str, pattern: str) -> list[Invoice]:
        """Those whose number is exactly this, in any case; % stands for any characters."""
        shape = ".*".join(re.escape(part) for part in pattern.split("%"))
        return [each for each in self._all(supplier) if re.fullmatch(shape, each.number, re.IGNORECASE)]

    def _all(self, supplier: str) -> list[Invoice]:
        return [each for each in self._ledger.listed(supplier) if each.status != REPLACED]
