"""What a flow has read on the portal's pages, in our model: the review, the receipt, and the rows of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from submitter.adapters.flow.lists import InvoiceList, Newest
from submitter.adapters.flow.performer import Performer
from submitter.adapters.flow.vocabulary import Locale, Placeholder, read_date, read_money
from submitter.adapters.tables import Row
from submitter.adapters.visit import Visit
from submitter.errors import PageUnknown, ReadBackDiffers
from submitter.model.invoice import Coding
from submitter.model.money import Money
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedFile, ReviewedLine


def review_of(hand: Performer, entered: Coding | None) -> Review:
    """``entered``: the coding that was filled in. What of it the portal does not show cannot be compared."""
    shown, visit = hand.read, hand.visit
    return Review(
        number=_text(shown, "invoice.number") or "",
        po_number=_text(shown, "invoice.po_number"),
        issue_date=_date(shown, visit),
        currency=_text(shown, "invoice.currency"),
        net=_money(shown, "invoice.net", visit),
        tax=_money(shown, "invoice.tax", visit),
        total=_total(shown, visit),
        coding=_coding(shown, entered),
        lines=_lines(hand),
        files=_files(hand),
    )


def receipt_of(hand: Performer) -> Receipt:
    reference = _text(hand.read, "receipt.reference")
    if not reference:
        raise PageUnknown("The portal's receipt has no reference.")
    words = _text(hand.read, "receipt.words") or ""
    return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)


def record_of(row: Row, spec: InvoiceList, visit: Visit) -> PortalRecord:
    columns = spec.columns
    flagged = next((flag.status for flag in spec.flags if row[flag.column].startswith(flag.begins)), None)
    currency = row[columns.currency] if columns.currency else None
    return PortalRecord(
        number=row[columns.number],
        reference=row[columns.reference],
        status=flagged or row[columns.status],
        comment=row[columns.comment] if columns.comment else "",
        po_number=row[columns.po_number] if columns.po_number else None,
        total=visit.read_money(row[columns.total], currency) if columns.total else None,
    )


def newest_of(rows: Sequence[Row], spec: InvoiceList, visit: Visit) -> Row | None:
    """The newest of the records with one number. PageUnknown where the flow does not say which that is."""
    sent = [row for row in rows if row[spec.columns.reference]]
    if len(sent) < len(rows) and spec.without_reference == "refused":
        raise PageUnknown("The list shows the invoice without a reference; whether it was sent cannot be told.")
    if len(sent) < 2:
        return sent[0] if sent else None
    newest = spec.newest
    if newest is None:
        raise PageUnknown(f"The list shows {len(sent)} invoices of this number, and the flow knows no newest.")

    ranks = [_rank(newest, row, visit) for row in sent]
    highest = max(ranks)
    [first, *more] = [row for row, rank in zip(sent, ranks, strict=True) if rank == highest]
    if more:
        raise PageUnknown(f"The list shows two newest invoices of this number: {first[newest.column]}.")
    return first


def _rank(newest: Newest, row: Row, visit: Visit) -> Any:
    """To be compared with others of the same column."""
    words = row[newest.column]
    match newest.kind:
        case "number":
            return visit.read_number(words)
        case "date":
            return visit.read_date(words)
    return words


def _of(shown: Mapping[Placeholder, str], name: str) -> tuple[str, str] | None:
    """The format and the words of what was read."""
    return next(((part.format, words) for part, words in shown.items() if part.name == name), None)


def _text(shown: Mapping[Placeholder, str], name: str) -> str | None:
    found = _of(shown, name)
    return found[1] if found else None


def _date(shown: Mapping[Placeholder, str], locale: Locale) -> date | None:
    found = _of(shown, "invoice.date")
    return read_date(*found, locale) if found else None


def _money(shown: Mapping[Placeholder, str], name: str, locale: Locale) -> Money | None:
    found = _of(shown, name)
    return read_money(*found, _text(shown, "invoice.currency") or "", locale) if found else None


def _total(shown: Mapping[Placeholder, str], locale: Locale) -> Money:
    total = _money(shown, "invoice.total", locale)
    if total is None:
        raise PageUnknown("The portal's review shows no total.")
    return total


def _coding(shown: Mapping[Placeholder, str], entered: Coding | None) -> Coding | None:
    seen = {p.name.removeprefix("coding."): words for p, words in shown.items() if p.name.startswith("coding.")}
    if not any(seen.values()):
        return None
    if entered is None:
        raise ReadBackDiffers("The review page shows a coding that the invoice does not have; nothing was sent.")
    return Coding.model_validate(entered.model_dump() | seen)


def _lines(hand: Performer) -> tuple[ReviewedLine, ...] | None:
    if "lines" not in hand.tables:
        return None
    columns, rows = hand.tables["lines"]
    price = columns.get("unit_price")
    return tuple(
        ReviewedLine(
            order_line=row[columns["line"]],
            quantity=hand.visit.read_number(row[columns["quantity"]]),
            unit_price=hand.visit.read_number(row[price]) if price else None,
        )
        for row in rows
    )


def _files(hand: Performer) -> tuple[ReviewedFile, ...]:
    if "files" not in hand.tables:
        raise PageUnknown("The review was not read for the files.")
    columns, rows = hand.tables["files"]
    size, digest = columns.get("size"), columns.get("sha256")
    return tuple(
        ReviewedFile(
            name=row[columns["name"]],
            sha256=row[digest].lower() if digest else None,
            size=_bytes(row[size], hand.visit) if size else None,
        )
        for row in rows
    )


def _bytes(words: str, visit: Visit) -> int:
    size = visit.read_number(words)
    if size != int(size):
        raise PageUnknown(f"{words!r} is not a number of bytes.")
    return int(size)
