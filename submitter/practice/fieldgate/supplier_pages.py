"""What a supplier looks at: home, orders, invoices, one invoice and its journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from submitter.practice.fieldgate.ledger import REPLACED, STATUSES, Invoice
from submitter.practice.fieldgate.portal import Visit, go_to

ORDERS_ON_A_PAGE = 20
UNKNOWN_STATUS = "Zurückgestellt"  # a word no adapter has seen
INVOICE_COLUMNS = (
    "Invoice number",
    "Revision",
    "Confirmation",
    "PO number",
    "Invoice date",
    "Submitted",
    "Total",
    "Currency",
    "Status",
    "Reason",
)

Item = TypeVar("Item")


@dataclass(frozen=True)
class ListPage(Generic[Item]):
    """One page of a list, with the addresses of its neighbours."""

    items: Sequence[Item]
    number: int
    pages: int
    previous: str
    next: str


def cut(request: Request, items: Sequence[Item], size: int) -> ListPage[Item]:
    """The page the address asks for (`page=2`); beyond the end is the last one."""
    pages = max(1, -(-len(items) // size))
    asked = request.query_params.get("page", "").strip()
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() else 1

    def address(other: int) -> str:
        if not 1 <= other <= pages:
            return ""
        kept = {name: value for name, value in request.query_params.items() if name != "page" and value}
        return f"{request.url.path}?{urlencode(kept | {'page': str(other)})}"

    shown = items[(number - 1) * size : number * size]
    return ListPage(shown, number, pages, address(number - 1), address(number + 1))


async def show_front(visit: Visit) -> Response:
    return go_to("/home")


async def show_home(visit: Visit) -> Response:
    invoices = visit.portal.ledger.listed(visit.known_login.supplier)
    counts = {status: sum(1 for each in invoices if each.status == status) for status in STATUSES}
    disputed = [invoice for invoice in invoices if invoice.correctable]
    return visit.render("home.html", counts=counts, disputed=disputed)


async def show_orders(visit: Visit) -> Response:
    search = visit.query("q")
    orders = visit.portal.orders.of_supplier(visit.known_login.supplier, search)
    nothing = "No orders match your search." if search else "You have no orders."
    return visit.render(
        "orders.html", page=cut(visit.request, orders, ORDERS_ON_A_PAGE), search=search, nothing=nothing
    )


async def show_order(visit: Visit) -> Response:
    order = visit.portal.orders.find(visit.request.path_params["po"], visit.known_login.supplier)
    if order is None:
        return visit.not_found("such order")
    return visit.render("order.html", order=order)


async def create_invoice(visit: Visit) -> Response:
    order = visit.portal.orders.find(visit.request.path_params["po"], visit.known_login.supplier)
    if order is None:
        return visit.not_found("such order")
    draft_id = visit.portal.drafts.start(visit.known_login.supplier, order)
    return go_to(f"/drafts/{draft_id}/header")


async def show_invoices(visit: Visit) -> Response:
    search, status = visit.query("q"), visit.query("status")
    invoices = visit.portal.ledger.listed(visit.known_login.supplier, search, status)
    columns = list(INVOICE_COLUMNS)
    headings = {name: name for name in columns}
    moved = visit.fault("move_column")
    if moved:
        columns[-2:] = ["Reason", "Status"]
        headings["Status"] = "State" if moved.rename else "Status"
    silent = visit.fault("silent_empty") is not None
    return visit.render(
        "invoices.html",
        page=cut(visit.request, [] if silent else invoices, visit.portal.settings.page_size),
        search=search,
        status=status,
        statuses=(*STATUSES, REPLACED),
        columns=columns,
        headings=headings,
        silent=silent,
        shown_status=UNKNOWN_STATUS if visit.fault("unknown_status") else "",
        nothing="No invoices match your search." if search or status else "You have no invoices yet.",
    )


async def show_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    return visit.render(
        "invoice.html",
        invoice=invoice,
        status=UNKNOWN_STATUS if visit.fault("unknown_status") else invoice.status,
        journal=visit.portal.ledger.journal(invoice.confirmation),
    )


async def correct_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if not invoice.correctable:
        return _cannot(visit, invoice, "corrected")
    return go_to(f"/drafts/{visit.portal.drafts.start_correction(invoice)}/header")


async def ask_to_cancel(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if not invoice.correctable:
        return _cannot(visit, invoice, "cancelled")
    return visit.render("cancel.html", invoice=invoice)


async def cancel_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if not invoice.correctable:
        return _cannot(visit, invoice, "cancelled")
    visit.portal.ledger.note(invoice, "Cancelled", by=invoice.supplier, comment="Cancelled by the supplier")
    return go_to(f"/invoices/{invoice.confirmation}")


async def show_receipt(visit: Visit) -> Response:
    """Shown at once, also while the list does not show the invoice yet."""
    invoice = visit.portal.ledger.find(visit.request.path_params["confirmation"])
    if invoice is None or invoice.supplier != visit.known_login.supplier:
        return visit.not_found("such receipt")
    return visit.render("receipt.html", invoice=invoice)


def _listed(visit: Visit) -> Invoice | None:
    return visit.portal.ledger.find_listed(visit.known_login.supplier, visit.request.path_params["confirmation"])


def _cannot(visit: Visit, invoice: Invoice, done: str) -> Response:
    text = f"Invoice {invoice.number} ({invoice.confirmation}) is {invoice.status} and cannot be {done}."
    return visit.render("message.html", 409, title="This is not possible", text=text)
