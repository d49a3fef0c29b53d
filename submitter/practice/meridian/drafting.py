"""Invoices that a supplier is still writing, from an order or in place of one that came to nothing."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from submitter.practice.fieldgate.drafts import Draft, billable
from submitter.practice.fieldgate.figures import read_date, us_date
from submitter.practice.fieldgate.ledger import Coding
from submitter.practice.fieldgate.orders import Order
from submitter.practice.fieldgate.rules import CheckedLines, check_header, check_lines
from submitter.practice.meridian.customers import Numbered, refuse_number
from submitter.practice.meridian.portal import Portal

ATTACHMENT = "Attachment"
TAXED, EXEMPT = "Sales tax", "Tax exempt"
TAX_CATEGORIES = (TAXED, EXEMPT)


def start_draft(portal: Portal, supplier: str, order: Order) -> int:
    """A new draft; what it is booked to is the order's, as suppliers are not asked for it."""
    draft_id = portal.drafts.start(supplier, order)
    header = {name: getattr(order, name) for name in Coding.__dataclass_fields__}
    portal.books.write("UPDATE drafts SET header = ? WHERE id = ?", json.dumps(header), draft_id)
    return draft_id


def keep(portal: Portal, draft: Draft, sent: dict[str, Any]) -> list[str]:
    """Keeps what was entered, unless something is wrong with it; what that is."""
    day = str(sent.get("invoice_date") or "")
    header = {
        **draft.header,
        "number": str(sent.get("number") or "").strip(),
        "invoice_date": us_date(day) if _is_iso(day) else day,
        "tax_category": str(sent.get("tax_category") or ""),
    }
    typed = {name: str(value).strip() for name, value in dict(sent.get("typed") or {}).items()}
    checked = check_lines(draft.order, typed, limits(portal, draft))
    errors = list((check_header(draft.order, header, "Invoice #") | checked.errors).values())
    if header["tax_category"] not in TAX_CATEGORIES:
        errors.append("Choose a tax category.")
    elif header["tax_category"] == EXEMPT and checked.tax:
        errors.append("A tax amount cannot be given with this tax category.")
    refusal = refusal_of_number(portal, draft, header, checked)
    if refusal:
        errors.append(refusal)
    if portal.settings["attachment_required"] and not draft.files:
        errors.append("Attach at least one file.")
    if not errors:
        portal.drafts.keep_header(draft, header)
        portal.drafts.keep_lines(draft, typed)
    return errors


def checked_lines(portal: Portal, draft: Draft) -> CheckedLines:
    return check_lines(draft.order, draft.typed, limits(portal, draft))


def limits(portal: Portal, draft: Draft) -> dict[str, Decimal]:
    """How much of each line may be billed."""
    former = portal.ledger.find(draft.replaces) if draft.replaces else None
    return billable(draft, former, portal.settings.accept_duplicates)


def refusal_of_number(portal: Portal, draft: Draft, header: dict[str, str], checked: CheckedLines) -> str:
    """Why the order's customer does not take this number; empty when it does."""
    if portal.settings.accept_duplicates or not header["number"]:
        return ""
    customer = portal.customers.of_order(draft.order.id)
    former = portal.ledger.replaced_by(draft.replaces)
    replaced = {each.confirmation for each in former}
    unlisted = portal.settings.refuses_unlisted
    listed = {each.confirmation for each in portal.ledger.listed(draft.supplier)}
    others = [
        each
        for each in portal.ledger.accepted()
        if each.supplier == draft.supplier
        and each.confirmation not in replaced
        and (unlisted or each.confirmation in listed)
        and portal.customers.of_order(each.order_id) == customer
    ]
    wanted = Numbered(header["number"], read_date(header["invoice_date"]), checked.total)
    return refuse_number(customer, wanted, former, others)


def _is_iso(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
