"""What a flow has read on the portal's pages, in our model: the review, the receipt, and the rows of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from submitter.adapters.flow.lists import InvoiceList
from submitter.adapters.flow.performer import Performer
from submitter.adapters.flow.vocabulary import Locale, Placeholder, read_date, read_money
from submitter.adapters.records import newest_row, receipt_just_shown, reviewed_files, reviewed_lines
from submitter.adapters.tables import Row
from submitter.adapters.values import read_coding
from submitter.adapters.visit import Visit
from submitter.errors import PageUnknown
from submitter.model.invoice import Coding
from submitter.model.money import Money
from submitter.model.portal import PortalRecord, Receipt, Review, ReviewedFile, ReviewedLine


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
    return receipt_just_shown(_text(hand.read, "receipt.reference") or "", _text(hand.read, "receipt.words") or "")


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
    drafts, newest = spec.without_reference == "drafts", spec.newest
    if newest is None:
        return newest_row(rows, spec.columns.reference, drafts=drafts)
    ranks: dict[str, Callable[[str], Any]] = {"number": visit.read_number, "date": visit.read_date, "text": str}
    return newest_row(rows, spec.columns.reference, newest.column, ranks[newest.kind], drafts=drafts)


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
    return read_coding(entered, seen)


def _lines(hand: Performer) -> tuple[ReviewedLine, ...] | None:
    if "lines" not in hand.tables:
        return None
    columns, rows = hand.tables["lines"]
    return reviewed_lines(hand.visit, rows, columns["line"], columns["quantity"], columns.get("unit_price", ""))


def _files(hand: Performer) -> tuple[ReviewedFile, ...]:
    if "files" not in hand.tables:
        raise PageUnknown("The review was not read for the files.")
    columns, rows = hand.tables["files"]
    return reviewed_files(hand.visit, rows, columns["name"], columns.get("sha256", ""), columns.get("size", ""))
