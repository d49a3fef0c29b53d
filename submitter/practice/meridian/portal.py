"""One Meridian, and one call of a supplier's browser to it: what every answer needs."""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse, Response

from submitter.practice.fieldgate import portal as fieldgate
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.drafts import Drafts
from submitter.practice.fieldgate.faults import FaultBoard
from submitter.practice.fieldgate.figures import money
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.logins import Logins
from submitter.practice.fieldgate.orders import Order, Orders
from submitter.practice.fieldgate.settings import DEFAULTS as FIELDGATES
from submitter.practice.fieldgate.settings import Settings
from submitter.practice.meridian import customers, ledger
from submitter.practice.meridian.code_locks import SCHEMA as CODE_LOCKS
from submitter.practice.meridian.code_locks import CodeLocks
from submitter.practice.meridian.customers import Customer, Customers
from submitter.practice.meridian.faults import KINDS, PAGES
from submitter.practice.meridian.ledger import Ledger, Standing
from submitter.practice.meridian.statuses import STATUSES
from submitter.practice.sessions import Sessions

HERE = Path(__file__).parent
SESSION_COOKIE = "MDSESSION"
DEFAULTS: dict[str, Any] = {
    **{name: value for name, value in FIELDGATES.items() if name != "one_pdf"},
    "code_tries": 3,  # wrong codes in a row before no more are taken for a while
    "code_retry_seconds": 900,  # how long that while is
    "queue_seconds": 0,  # how long an invoice stays Queued
    "attachment_required": True,
}


class Words(HTMLResponse):
    """What a page with nothing but words is for a script: a title and a text."""

    media_type = "application/json"


class Portal(fieldgate.Portal):
    """Everything one Meridian keeps: books on disk; sessions and armed faults in memory."""

    ledger: Ledger

    def __init__(self, folder: Path, buyer_token: str, fixed_clock: bool = False) -> None:
        schema = customers.SCHEMA + ledger.SCHEMA + CODE_LOCKS
        self.books = Books(folder, fixed_clock, name="meridian", more_schema=schema)
        self.settings = Settings(self.books, DEFAULTS)
        self.customers = Customers(self.books)
        self.logins = Logins(self.books)
        self.code_locks = CodeLocks(self.books, self.logins)
        self.orders = Orders(self.books)
        self.drafts = Drafts(self.books, self.orders)
        self.ledger = Ledger(self.books)
        self.sessions = Sessions()
        self.faults = FaultBoard(KINDS, PAGES)
        self.buyer_token = buyer_token
        self.buyer_cookie = secrets.token_urlsafe(24)
        self.buyer_csrf = secrets.token_urlsafe(24)
        self.requests = 0
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(statuses=STATUSES, standing=self.standing, money=money)

    def standing(self, invoice: Invoice) -> Standing:
        return self.ledger.standing(invoice, float(self.settings["queue_seconds"]))


@dataclass
class Visit(fieldgate.Visit):
    """One call of a supplier's browser, of a name that faults can be armed on. `sent` is the JSON that came with it."""

    portal: Portal
    sent: dict[str, Any] = field(default_factory=dict)

    @property
    def portal_name(self) -> str:
        return "Meridian"

    @property
    def supplier(self) -> str:
        return self.known_login.supplier

    @property
    def customer(self) -> Customer | None:
        """The one customer whose orders and invoices the browser looks at; None for all of them."""
        wanted = self.query("with")
        return self.portal.customers.named(wanted) if wanted else None

    def shows(self, order_id: int) -> bool:
        """Whether what belongs to this order is among what the browser looks at."""
        return self.customer in (None, self.portal.customers.of_order(order_id))

    def find_order(self, number: str) -> Order | None:
        order = self.portal.orders.find(number, self.supplier)
        return order if order is not None and self.shows(order.id) else None

    def find_invoice(self, reference: str, unlisted: bool = False) -> Invoice | None:
        """The supplier's invoice; one that is not listed yet only if asked for."""
        found = self.portal.ledger.find(reference)
        if found is not None and not unlisted:
            found = self.portal.ledger.find_listed(self.supplier, reference)
        return found if found and found.supplier == self.supplier and self.shows(found.order_id) else None

    def typed(self, name: str) -> str:
        """A field of the JSON that came, as typed, without the blanks around it."""
        return str(self.sent.get(name) or "").strip()

    def answer(self, **data: Any) -> Response:
        return JSONResponse(data)

    def refuse(self, *errors: str, status: int = 422) -> Response:
        """What is wrong with what was entered, in sentences that the script shows above the fields."""
        return JSONResponse({"errors": list(errors)}, status)

    def send_to(self, view: str, status: int = 200, **data: Any) -> Response:
        """The script goes on to another view."""
        return JSONResponse({"go": view, **data}, status)

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        """A view with nothing but words, which the script draws; for the page it lives in, a page of its own."""
        if self.page == "shell":
            return self.portal.render(template, http_status, **context)
        return Words(json.dumps(context), status_code=http_status)

    def message(self, http_status: int, title: str, text: str) -> Response:
        return self.render("message.html", http_status, title=title, text=text)

    def not_found(self, what: str) -> Response:
        return self.message(404, f"{what} not found", f"Meridian has no such {what.lower()} of yours.")
