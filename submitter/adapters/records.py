"""Rows that a portal shows, in our model: the newest of several records, reviewed lines and files; and the receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from submitter.adapters.tables import Row
from submitter.errors import PageUnknown
from submitter.model.portal import Receipt, ReceiptSource, ReviewedFile, ReviewedLine


class ReadsNumbers(Protocol):
    """What reading lines needs of a visit."""

    def read_number(self, words: str) -> Decimal: ...


def newest_row(
    rows: Sequence[Row], reference: str, column: str = "", rank: Callable[[str], Any] = str, *, drafts: bool = False
) -> Row | None:
    """The newest of the records with one number: the one that is highest in ``column``, as ``rank`` reads it.

    ``reference`` is the column with the portal's reference. A row without one was never sent where ``drafts`` says so;
    else it stops the visit. PageUnknown where it cannot be told which is the newest.
    """
    sent = [row for row in rows if row[reference]]
    if len(sent) < len(rows) and not drafts:
        raise PageUnknown("The list shows the invoice without a reference; whether it was sent cannot be told.")
    if len(sent) < 2:
        return sent[0] if sent else None
    if not column:
        raise PageUnknown(f"The list shows {len(sent)} invoices of this number, and the adapter knows no newest.")
    ranks = [rank(row[column]) for row in sent]
    highest = max(ranks)
    [first, *more] = [row for row, each in zip(sent, ranks, strict=True) if each == highest]
    if more:
        raise PageUnknown(f"The list shows two newest invoices of this number: {first[column]}.")
    return first


def reviewed_lines(
    visit: ReadsNumbers, rows: Sequence[Row], line: str, quantity: str, unit_price: str = ""
) -> tuple[ReviewedLine, ...]:
    """The lines that a review shows, by the headers of their columns."""
    return tuple(
        ReviewedLine(
            order_line=row[line],
            quantity=visit.read_number(row[quantity]),
            unit_price=visit.read_number(row[unit_price]) if unit_price else None,
        )
        for row in rows
    )


def reviewed_files(
    visit: ReadsNumbers, rows: Sequence[Row], name: str, sha256: str = "", size: str = ""
) -> tuple[ReviewedFile, ...]:
    """The files that a review shows, by the headers of their columns, with what else the portal has of them."""
    return tuple(
        ReviewedFile(
            name=row[name],
            sha256=row[sha256].lower() if sha256 else None,
            size=_bytes(visit, row[size]) if size else None,
        )
        for row in rows
    )


def _bytes(visit: ReadsNumbers, words: str) -> int:
    size = visit.read_number(words)
    if size != int(size):
        raise PageUnknown(f"{words!r} is not a number of bytes.")
    return int(size)


def receipt_just_shown(reference: str, words: str) -> Receipt:
    """The receipt of the click just made. PageUnknown where the portal shows no reference: that proves nothing."""
    if not reference:
        raise PageUnknown("The portal's receipt has no reference.")
    return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)
