"""Invoices that a supplier is still writing, as Ledgerline keeps, corrects and discards them."""

import json
from decimal import Decimal

from submitter.practice.fieldgate.drafts import Draft, billable
from submitter.practice.fieldgate.ledger import Coding, Invoice, NewInvoice
from submitter.practice.fieldgate.orders import Order
from submitter.practice.ledgerline.languages import Language
from submitter.practice.ledgerline.portal import Portal
from submitter.practice.ledgerline.rules import CheckedEntry, check_entry


def start_entry(portal: Portal, supplier: str, order: Order, lang: Language) -> int:
    """A new draft; the order's prices stand in it already."""
    draft_id = portal.drafts.start(supplier, order)
    prices = {f"price-{line.line}": lang.price(line.unit_price) for line in order.lines}
    portal.books.write("UPDATE drafts SET typed = ? WHERE id = ?", json.dumps(prices), draft_id)
    return draft_id


def start_correction(portal: Portal, invoice: Invoice, lang: Language) -> int:
    """A draft with what the rejected invoice had; its files have to be attached again."""
    draft_id = start_entry(portal, invoice.supplier, portal.orders.find_by_id(invoice.order_id), lang)
    header = {
        "number": invoice.number,
        "invoice_date": lang.day(invoice.invoice_date),
        "service_date": lang.day(invoice.service_date),
    }
    typed = {"tax": lang.money(invoice.tax)}
    for line in invoice.lines:
        typed[f"quantity-{line.line}"] = lang.quantity(line.quantity)
        typed[f"price-{line.line}"] = lang.price(line.unit_price)
    portal.books.write(
        "UPDATE drafts SET header = ?, typed = ?, replaces = ? WHERE id = ?",
        json.dumps(header),
        json.dumps(typed),
        invoice.confirmation,
        draft_id,
    )
    return draft_id


def save_for_later(portal: Portal, draft: Draft, header: dict[str, str], typed: dict[str, str]) -> None:
    """Kept as it is, whatever is wrong with it, and listed as a draft from now on."""
    portal.drafts.keep_header(draft, header)
    portal.books.write("UPDATE drafts SET typed = ?, lines_done = 0 WHERE id = ?", json.dumps(typed), draft.id)


def discard(portal: Portal, draft: Draft) -> None:
    portal.books.write("DELETE FROM draft_files WHERE draft_id = ?", draft.id)
    portal.books.write("DELETE FROM drafts WHERE id = ?", draft.id)


def saved_drafts(portal: Portal, supplier: str) -> list[Draft]:
    rows = portal.books.rows(
        "SELECT id FROM drafts WHERE supplier = ? AND header_done = 1 AND confirmation = '' ORDER BY id DESC", supplier
    )
    found = [portal.drafts.find(row["id"], supplier) for row in rows]
    return [draft for draft in found if draft is not None]


def check_draft(
    portal: Portal, draft: Draft, header: dict[str, str], typed: dict[str, str], lang: Language
) -> CheckedEntry:
    former = portal.ledger.find(draft.replaces) if draft.replaces else None
    return check_entry(draft.order, header, typed, billable(draft, former, portal.settings.accept_duplicates), lang)


def as_new_invoice(draft: Draft, checked: CheckedEntry, lang: Language, sent_by: str) -> NewInvoice:
    """The draft as it goes into the ledger; what it is booked to is the order's, as suppliers are not asked for it."""
    order, header = draft.order, draft.header
    return NewInvoice(
        supplier=draft.supplier,
        number=header["number"],
        replaces=draft.replaces,
        order_id=order.id,
        po=order.number,
        invoice_date=str(lang.read_day(header["invoice_date"]) or ""),
        service_date=str(lang.read_day(header["service_date"]) or ""),
        currency=order.currency,
        net=checked.net,
        tax=checked.tax,
        lines=tuple(checked.lines),
        coding=Coding(order.cost_object, order.cost_object_number, order.major, order.minor, order.approver),
        files=tuple(draft.files),
        draft_id=draft.id,
        sent_by=sent_by,
    )


def megabytes(size: int) -> Decimal:
    return Decimal(size) / 1_000_000


def minutes(seconds: float) -> Decimal:
    return Decimal(str(round(seconds / 60, 2))).normalize()
