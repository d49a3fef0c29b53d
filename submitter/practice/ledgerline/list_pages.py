"""What a supplier looks at: home, orders, the list in its window of days, the search, one invoice and its history."""

from dataclasses import replace

from starlette.responses import Response

from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.supplier_pages import ListPage, cut
from submitter.practice.ledgerline import entry
from submitter.practice.ledgerline.portal import Visit
from submitter.practice.ledgerline.statuses import CORRECTABLE, DRAFT, STATUSES, UNKNOWN, VOIDABLE, VOIDED

ORDERS_ON_A_PAGE = 15
WINDOWS = (15, 30, 60, 90, 120)
DEFAULT_WINDOW = 30
COLUMNS = (
    "Invoice no.",
    "Order no.",
    "Tracking no.",
    "Invoice date",
    "Submitted on",
    "Amount",
    "Currency",
    "Status",
    "Reason",
)


async def show_home(visit: Visit) -> Response:
    recent = visit.portal.records.in_window(visit.known_login.supplier, DEFAULT_WINDOW)
    counts = {status: sum(1 for each in recent if each.status == status) for status in STATUSES[1:]}
    counts = {DRAFT: len(entry.saved_drafts(visit.portal, visit.known_login.supplier)), **counts}
    return visit.render("home.html", counts=counts, days=DEFAULT_WINDOW)


async def show_orders(visit: Visit) -> Response:
    search = visit.query("find")
    orders = visit.portal.orders.of_supplier(visit.known_login.supplier, search)
    return visit.render("orders.html", page=cut(visit.request, orders, ORDERS_ON_A_PAGE), search=search)


async def show_order(visit: Visit) -> Response:
    order = visit.portal.orders.find(visit.request.path_params["po"], visit.known_login.supplier)
    if order is None:
        return visit.not_found("such order")
    return visit.render("order.html", order=order, token=visit.issue("create"))


async def create_invoice(visit: Visit) -> Response:
    supplier = visit.known_login.supplier
    order = visit.portal.orders.find(visit.request.path_params["po"], supplier)
    if order is None:
        return visit.not_found("such order")
    if not visit.redeem("create"):
        return visit.stale()
    return go_to(f"/area/entry/{entry.start_entry(visit.portal, supplier, order, visit.language)}/details")


async def show_drafts(visit: Visit) -> Response:
    drafts = entry.saved_drafts(visit.portal, visit.known_login.supplier)
    return visit.render("drafts.html", drafts=drafts, token=visit.issue("drafts"))


async def open_draft(visit: Visit) -> Response:
    draft = visit.portal.drafts.find(visit.request.path_params["draft"], visit.known_login.supplier)
    if draft is None or draft.confirmation:
        return visit.not_found("such draft")
    if not visit.redeem("drafts"):
        return visit.stale()
    visit.open_session.forms.pop(f"entry-{draft.id}", None)
    return go_to(f"/area/entry/{draft.id}/details")


async def show_invoices(visit: Visit) -> Response:
    """The list of a window of days; its further pages keep what was asked for."""
    asked, status = visit.query("days"), visit.query("status")
    days = int(asked) if asked in {str(each) for each in WINDOWS} else DEFAULT_WINDOW
    found = visit.portal.records.in_window(visit.known_login.supplier, days, status)
    page = cut(visit.request, found, visit.portal.settings.page_size)
    nothing = visit.say("No invoices were submitted in the last {days} days.", days=days)
    if status:
        nothing = visit.say("No records found.")
    choice = {"days": days, "status": status, "windows": WINDOWS, "statuses": STATUSES[1:]}
    return _list_page(visit, "invoices.html", page, nothing, **choice)


async def search_invoices(visit: Visit) -> Response:
    """By number, through all years. A further page has forgotten the number: it is one of the default list."""
    number, supplier = visit.query("number"), visit.known_login.supplier
    if not number and not visit.query("page"):
        return visit.render("search.html", page=None, number="")
    records = visit.portal.records
    found = records.matching(supplier, number) if number else records.in_window(supplier, DEFAULT_WINDOW)
    page = cut(visit.request, found, visit.portal.settings.page_size)
    forgetful = replace(page, previous=_without_criteria(page, -1), next=_without_criteria(page, 1))
    return _list_page(visit, "search.html", forgetful, visit.say("No records found."), number=number)


def _without_criteria(page: ListPage[Invoice], step: int) -> str:
    other = page.number + step
    return f"/area/search?page={other}" if 1 <= other <= page.pages else ""


def _list_page(visit: Visit, template: str, page: ListPage[Invoice], nothing: str, **more: object) -> Response:
    columns = list(COLUMNS)
    headings = {name: visit.say(name) for name in columns}
    moved = visit.fault("move_column")
    if moved:
        columns[-2:] = ["Reason", "Status"]
        headings["Status"] = visit.say("State") if moved.rename else headings["Status"]
    silent = visit.fault("silent_empty") is not None
    return visit.render(
        template,
        page=replace(page, items=[]) if silent else page,
        columns=columns,
        headings=headings,
        silent=silent,
        shown_status=UNKNOWN[visit.language.code] if visit.fault("unknown_status") else "",
        nothing=nothing,
        **more,
    )


async def show_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    return visit.render(
        "invoice.html",
        invoice=invoice,
        status=UNKNOWN[visit.language.code] if visit.fault("unknown_status") else visit.say(invoice.status),
        history=visit.portal.ledger.journal(invoice.confirmation),
        correctable=invoice.status in CORRECTABLE,
        voidable=invoice.status in VOIDABLE,
        token=visit.issue("correct"),
    )


async def show_receipt(visit: Visit) -> Response:
    """Shown at once, also while the list does not show the invoice yet."""
    invoice = visit.portal.ledger.find(visit.request.path_params["confirmation"])
    if invoice is None or invoice.supplier != visit.known_login.supplier:
        return visit.not_found("such receipt")
    minutes = visit.language.quantity(entry.minutes(visit.portal.settings["submission_delay_seconds"]))
    return visit.render("receipt.html", invoice=invoice, minutes=minutes)


async def correct_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if not visit.redeem("correct"):
        return visit.stale()
    if invoice.status not in CORRECTABLE:
        return _cannot(visit, invoice)
    return go_to(f"/area/entry/{entry.start_correction(visit.portal, invoice, visit.language)}/details")


async def ask_to_void(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if invoice.status not in VOIDABLE:
        return _cannot(visit, invoice)
    return visit.render("void.html", invoice=invoice, token=visit.issue("void"))


async def void_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found("such invoice")
    if not visit.redeem("void"):
        return visit.stale()
    if invoice.status not in VOIDABLE:
        return _cannot(visit, invoice)
    visit.portal.ledger.note(invoice, VOIDED, by=invoice.supplier)
    return go_to(f"/area/invoices/{invoice.confirmation}")


def _listed(visit: Visit) -> Invoice | None:
    return visit.portal.ledger.find_listed(visit.known_login.supplier, visit.request.path_params["confirmation"])


def _cannot(visit: Visit, invoice: Invoice) -> Response:
    text = "Invoice {number} has the status {status}; this cannot be done with it."
    return visit.message(409, "This is not possible", text, number=invoice.number, status=visit.say(invoice.status))
