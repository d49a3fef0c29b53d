"""What a supplier looks at: the workbench, orders, invoices in two status fields, one invoice and its history."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from submitter.practice.fieldgate.buyer_api import order_as_dict
from submitter.practice.fieldgate.ledger import REPLACED, Invoice
from submitter.practice.fieldgate.supplier_pages import cut
from submitter.practice.meridian.portal import Visit
from submitter.practice.meridian.statuses import CANCELED, CORRECTABLE, OBSOLETED, UNKNOWN


async def show_workbench(visit: Visit) -> Response:
    invoices = _listed(visit)
    standings = [visit.portal.standing(each) for each in invoices]
    orders = [each for each in visit.portal.orders.of_supplier(visit.supplier) if visit.shows(each.id)]
    return visit.answer(
        orders=sum(1 for each in orders if each.status != "Fully invoiced"),
        invoices=len(invoices),
        waiting=sum(1 for each in standings if each.routing != OBSOLETED and each.status in CORRECTABLE),
    )


async def show_orders(visit: Visit) -> Response:
    orders = visit.portal.orders.of_supplier(visit.supplier, visit.query("q"))
    shown = [order for order in orders if visit.shows(order.id)]
    return _page(visit, shown, [_with_customer(visit, order.id, order_as_dict(order)) for order in shown])


async def show_order(visit: Visit) -> Response:
    order = visit.find_order(visit.request.path_params["po"])
    if order is None:
        return visit.not_found("Order")
    return visit.answer(**_with_customer(visit, order.id, order_as_dict(order)))


async def show_invoices(visit: Visit) -> Response:
    invoices = _listed(visit)
    unknown = visit.fault("unknown_status") is not None
    rows = [_row(visit, each) | ({"status": UNKNOWN} if unknown else {}) for each in invoices]
    return _page(visit, invoices, rows)


async def show_invoice(visit: Visit) -> Response:
    invoice = visit.find_invoice(visit.request.path_params["reference"])
    if invoice is None:
        return visit.not_found("Invoice")
    shown = _row(visit, invoice) | ({"status": UNKNOWN} if visit.fault("unknown_status") else {})
    return visit.answer(
        **shown,
        correctable=visit.portal.standing(invoice).correctable,
        payment_reference=invoice.payment_reference,
        paid_on=invoice.paid_on,
        files=[file.name for file in invoice.files],
        history=_history(visit, invoice),
    )


async def show_receipt(visit: Visit) -> Response:
    """Shown at once, also while the list does not show the invoice yet."""
    invoice = visit.find_invoice(visit.request.path_params["reference"], unlisted=True)
    if invoice is None:
        return visit.not_found("Invoice")
    return visit.answer(**_row(visit, invoice))


async def cancel(visit: Visit) -> Response:
    """Takes back an invoice that came to nothing; one that is on its way has to be rejected first."""
    invoice = visit.find_invoice(visit.request.path_params["reference"])
    if invoice is None:
        return visit.not_found("Invoice")
    if not visit.portal.standing(invoice).correctable:
        return visit.refuse(f"Invoice {invoice.number} ({invoice.confirmation}) cannot be canceled.")
    visit.portal.ledger.note(invoice, CANCELED, by=invoice.supplier, comment="Canceled by the supplier")
    visit.portal.ledger.route(invoice, OBSOLETED, by=invoice.supplier)
    return visit.send_to(f"invoices/{invoice.confirmation}")


def _listed(visit: Visit) -> list[Invoice]:
    found = visit.portal.ledger.listed(visit.supplier, visit.query("q"))
    return [invoice for invoice in found if visit.shows(invoice.order_id)]


def _page(visit: Visit, items: Sequence[object], rows: list[dict[str, Any]]) -> Response:
    """One page of a list: `page` is its number, `pages` how many there are."""
    cut_out = cut(visit.request, rows, visit.portal.settings.page_size)
    return visit.answer(rows=list(cut_out.items), page=cut_out.number, pages=cut_out.pages, total=len(items))


def _row(visit: Visit, invoice: Invoice) -> dict[str, Any]:
    standing = visit.portal.standing(invoice)
    row = {
        "number": invoice.number,
        "reference": invoice.confirmation,
        "order": invoice.po,
        "invoice_date": invoice.invoice_date,
        "total": format(invoice.total, "f"),
        "currency": invoice.currency,
        "routing": standing.routing,
        "status": standing.status,
        "comment": invoice.reason,
    }
    return _with_customer(visit, invoice.order_id, row)


def _with_customer(visit: Visit, order_id: int, row: dict[str, Any]) -> dict[str, Any]:
    return row | {"customer": visit.portal.customers.of_order(order_id).name}


def _history(visit: Visit, invoice: Invoice) -> list[dict[str, str]]:
    """Both journals as one, in the order of time."""
    ledger = visit.portal.ledger
    said = [
        {"at": row["at"], "field": "Invoice", "word": row["status"], "comment": row["comment"], "by": row["by"]}
        for row in ledger.journal(invoice.confirmation)
        if row["status"] != REPLACED
    ]
    way = [
        {"at": row["at"], "field": "Routing", "word": row["routing"], "comment": row["comment"], "by": row["by"]}
        for row in ledger.routings(invoice.confirmation)
    ]
    return sorted([*said, *way], key=lambda entry: entry["at"])
