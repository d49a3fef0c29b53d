"""Field by field: what the portal shows for review against what we mean to send."""

from __future__ import annotations

from submitter.errors import AmountDiffers, ReadBackDiffers
from submitter.model.invoice import Coding
from submitter.model.portal import PortalRecord, Review
from submitter.model.submission import Round


def differences(review: Review, work: Round) -> list[str]:
    """Every difference in words; empty when the portal shows exactly what we entered."""
    invoice = work.invoice
    pairs: list[tuple[str, object, object]] = [
        ("invoice number", review.number, invoice.number),
        ("total", review.total, invoice.total),
        ("invoice date", review.issue_date, invoice.issue_date),
        ("PO number", review.po_number, invoice.po_number),
        ("currency", review.currency, invoice.currency),
        ("net amount", review.net, invoice.net),
        ("tax amount", review.tax, invoice.tax),
        ("coding", _plain(review.coding), _plain(invoice.coding)),
    ]
    found = [
        f"{what}: {_say(ours)} entered, {_say(shown)} shown" for what, shown, ours in pairs if _differ(shown, ours)
    ]
    return found + _line_differences(review, work) + _file_differences(review, work)


def require_same(review: Review, work: Round) -> None:
    found = differences(review, work)
    if found:
        raise ReadBackDiffers(f"The review page does not show what we entered ({'; '.join(found)}); nothing was sent.")


def require_same_invoice(record: PortalRecord, work: Round) -> None:
    """A record under our number must be our invoice: its total and its order say so where the portal lists them."""
    invoice = work.invoice
    if record.total is not None and record.total != invoice.total:
        raise AmountDiffers(
            f"The portal has an invoice {invoice.number} over {record.total}, but ours is over {invoice.total}.",
            words=record.status,
        )
    if record.po_number is not None and record.po_number != invoice.po_number:
        raise AmountDiffers(
            f"The portal has an invoice {invoice.number} for order {record.po_number}, but ours is for "
            f"{invoice.po_number}.",
            words=record.status,
        )


def _line_differences(review: Review, work: Round) -> list[str]:
    if review.lines is None:
        return []
    shown = {line.order_line: line for line in review.lines}
    entered = {line.order_line_number: line for line in work.invoice.lines}
    if len(review.lines) != len(work.invoice.lines) or shown.keys() != entered.keys():
        return [f"lines: {_say(sorted(entered))} entered, {_say(sorted(shown))} shown"]
    found = []
    for number, ours in entered.items():
        theirs = shown[number]
        if theirs.quantity != ours.quantity:
            found.append(f"quantity of line {number}: {ours.quantity} entered, {theirs.quantity} shown")
        if theirs.unit_price is not None and theirs.unit_price != ours.unit_price:
            found.append(f"unit price of line {number}: {ours.unit_price} entered, {theirs.unit_price} shown")
    return found


def _file_differences(review: Review, work: Round) -> list[str]:
    shown = {file.name for file in review.files}
    ours = {file.upload_name: file.document.sha256 for file in work.files}
    if len(review.files) != len(work.files) or shown != ours.keys():
        return [f"files: {_say(sorted(ours))} uploaded, {_say(sorted(shown))} shown"]
    sizes = {file.upload_name: file.document.size for file in work.files}
    return [
        f"file {file.name}: the portal holds other bytes than we sent"
        for file in review.files
        if _differ(file.sha256, ours[file.name]) or _differ(file.size, sizes[file.name])
    ]


def _differ(shown: object, ours: object) -> bool:
    return shown is not None and shown != ours


def _plain(coding: Coding | None) -> object:
    """Coding without regard to case and spacing, which portals tidy up."""
    return None if coding is None else {k: " ".join(str(v).split()).casefold() for k, v in coding.model_dump().items()}


def _say(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(str(v) for v in value.values())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
