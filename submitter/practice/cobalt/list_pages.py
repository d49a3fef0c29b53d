"""What a supplier looks at: home, one customer's orders and invoices, one invoice and the conversation about it."""

from starlette.responses import JSONResponse, Response

from submitter.practice.cobalt.listing import COLUMNS, Listed, Wanted, as_csv, listing
from submitter.practice.cobalt.portal import Visit
from submitter.practice.cobalt.statuses import DISPUTED, DRAFT, HOLDS, STATUSES, UNKNOWN, VOIDED
from submitter.practice.fieldgate.figures import read_date, us_date
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.supplier_pages import cut

SUGGESTIONS = 8


async def show_front(visit: Visit) -> Response:
    return go_to("/home")


async def show_home(visit: Visit) -> Response:
    """Every customer of this login, with what waits there. What hides behind a second factor is not counted."""
    cards = []
    for customer in visit.portal.customers.of(visit.known_login.user):
        hidden = customer.settings["requires_second_factor"] and not visit.open_session.proven
        rows = [] if hidden else listing(customer, visit.supplier, Wanted())
        counts = {"disputed": sum(row.disputed for row in rows), "unanswered": sum(row.unanswered for row in rows)}
        cards.append({"customer": customer, "hidden": hidden, "invoices": len(rows), **counts})
    return visit.render("home.html", cards=cards)


async def switch_customer(visit: Visit) -> Response:
    """From one customer to the invoices of another; what was typed on the page before is gone."""
    customer = visit.portal.customers.find(visit.text("customer"))
    if customer is None or not customer.knows(visit.known_login.user):
        return visit.not_found()
    return go_to(f"{customer.address}/invoices")


async def show_orders(visit: Visit) -> Response:
    orders = visit.customer.orders.of_supplier(visit.supplier, visit.query("q"))
    return visit.render("orders.html", orders=orders, search=visit.query("q"))


async def show_order(visit: Visit) -> Response:
    order = visit.customer.orders.find(visit.request.path_params["po"], visit.supplier)
    return visit.not_found() if order is None else visit.render("order.html", order=order)


async def suggest_orders(visit: Visit) -> Response:
    """What the order field offers while somebody types."""
    orders = visit.customer.orders.of_supplier(visit.supplier, visit.query("q"))[:SUGGESTIONS]
    return JSONResponse([{"number": order.number, "description": order.description} for order in orders])


async def show_invoices(visit: Visit) -> Response:
    wanted, typed = _wanted(visit)
    rows: list[Listed] = listing(visit.customer, visit.supplier, wanted)
    columns = list(COLUMNS)
    headings = {name: name for name in columns}
    moved = visit.fault("move_column")
    if moved:
        columns[3:5] = ["PO #", "Status"]
        headings["Status"] = "State" if moved.rename else "Status"
    silent = visit.fault("silent_empty") is not None
    return visit.render(
        "invoices.html",
        page=cut(visit.request, [] if silent else rows, visit.customer.settings.page_size),
        count=len(rows),
        typed=typed,
        statuses=(DRAFT, *STATUSES),
        columns=columns,
        headings=headings,
        silent=silent,
        shown_status=UNKNOWN if visit.fault("unknown_status") else "",
        nothing="Nothing matches these filters." if wanted.anything else "No invoices yet.",
        query=visit.request.url.query,
        holds=HOLDS,
    )


async def export_invoices(visit: Visit) -> Response:
    """The list as it is narrowed down now, all pages of it, as a file."""
    wanted, _ = _wanted(visit)
    name = f"invoices-{visit.customer.id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    rows = listing(visit.customer, visit.supplier, wanted)
    return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


async def show_invoice(visit: Visit) -> Response:
    invoice = _listed(visit)
    return visit.not_found() if invoice is None else _invoice_page(visit, invoice, "")


async def add_comment(visit: Visit) -> Response:
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found()
    text = visit.text("comment")
    if not text:
        return _invoice_page(visit, invoice, "Write a comment first.")
    visit.customer.comments.add(invoice.confirmation, visit.known_login.user, text, from_customer=False)
    return go_to(f"{visit.customer.address}/invoices/{invoice.confirmation}#comments")


async def void_invoice(visit: Visit) -> Response:
    """Only what is disputed, and only where the customer leaves it to its suppliers. Its number stays used."""
    invoice = _listed(visit)
    if invoice is None:
        return visit.not_found()
    if not _voidable(visit, invoice):
        text = f"{invoice.number} is {invoice.status}. Only disputed invoices can be voided."
        return visit.render("message.html", 409, title="This invoice cannot be voided", text=text)
    visit.customer.ledger.note(invoice, VOIDED, by=invoice.supplier, comment="Voided by the supplier")
    return go_to(f"{visit.customer.address}/invoices/{invoice.confirmation}")


async def show_receipt(visit: Visit) -> Response:
    """Shown at once, also while the list does not show the invoice yet."""
    invoice = visit.customer.ledger.find(visit.request.path_params["confirmation"])
    if invoice is None or invoice.supplier != visit.supplier:
        return visit.not_found()
    return visit.render("receipt.html", invoice=invoice)


def _invoice_page(visit: Visit, invoice: Invoice, alert: str) -> Response:
    unknown = visit.fault("unknown_status") is not None
    return visit.render(
        "invoice.html",
        422 if alert else 200,
        alert=alert,
        invoice=invoice,
        status=UNKNOWN if unknown else invoice.status,
        voidable=_voidable(visit, invoice),
        comments=visit.customer.comments.on(invoice.confirmation),
        history=visit.customer.ledger.journal(invoice.confirmation),
    )


def _voidable(visit: Visit, invoice: Invoice) -> bool:
    return invoice.status == DISPUTED and bool(visit.customer.settings["suppliers_may_void"])


def _listed(visit: Visit) -> Invoice | None:
    return visit.customer.ledger.find_listed(visit.supplier, visit.request.path_params["confirmation"])


def _wanted(visit: Visit) -> tuple[Wanted, dict[str, str]]:
    """The filters of the address, and as they are shown again; a date that is none is left out."""
    since, until = read_date(visit.query("from")), read_date(visit.query("to"))
    typed = {
        "q": visit.query("q"),
        "status": visit.query("status"),
        "from": us_date(since),
        "to": us_date(until),
        "comments": "1" if visit.query("comments") else "",
    }
    return Wanted(typed["q"], typed["status"], since, until, bool(typed["comments"])), typed
