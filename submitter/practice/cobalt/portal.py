"""One Cobalt, and one visit of a supplier to it: what every page needs."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from submitter.practice.cobalt import devices
from submitter.practice.cobalt.customers import Customer, Customers
from submitter.practice.cobalt.devices import Devices
from submitter.practice.cobalt.faults import KINDS, PAGES
from submitter.practice.fieldgate import figures
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.faults import Fault, FaultBoard
from submitter.practice.fieldgate.logins import Login, Logins
from submitter.practice.fieldgate.settings import Settings
from submitter.practice.mailbox import Mailbox
from submitter.practice.sessions import Session, Sessions

HERE = Path(__file__).parent
SESSION_COOKIE = "cobalt_sid"
DEVICE_COOKIE = "cobalt_device"
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS customers (position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
    + devices.SCHEMA
)
DEFAULTS: dict[str, Any] = {
    "idle_seconds": 1800,
    "terms_version": "",
    "totp_required": False,  # a second factor at every sign-in; its name is the one Fieldgate gave it
    "code_seconds": 600,
    "device_days": 30,
    "browser_may_resend": False,
}
# What the frame around every page is told when it is shown to nobody in particular.
NOBODY: dict[str, Any] = {
    "session": None,
    "login": None,
    "at": None,
    "customers": [],
    "announced": False,
    "page_name": "",
}


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("money", "quantity", "unit_price", "us_date", "us_time", "file_size"):
        environment.filters[name] = getattr(figures, name)
    return environment


class Portal:
    """Everything one Cobalt keeps: books on disk, one for itself and one for each customer; sessions in memory."""

    def __init__(self, folder: Path, buyer_token: str, fixed_clock: bool = False) -> None:
        self.books = Books(folder, fixed_clock, name="cobalt", more_schema=SCHEMA)
        self.customers = Customers(self.books, folder / "customers", fixed_clock)
        self.settings = Settings(self.books, DEFAULTS)
        self.logins = Logins(self.books)
        self.devices = Devices(self.books)
        self.mailbox = Mailbox(folder / "mail", "Cobalt <no-reply@cobalt.example>")
        self.sessions = Sessions()
        self.faults = FaultBoard(KINDS, PAGES)
        self.buyer_token = buyer_token
        self.buyer_cookie = secrets.token_urlsafe(24)
        self.buyer_csrf = secrets.token_urlsafe(24)
        self.requests = 0
        self.templates = _templates()

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        page = self.templates.get_template(template).render(**NOBODY | context)
        return HTMLResponse(page, status_code=http_status)

    def let_time_pass(self, seconds: float) -> float:
        """Later by so much in all books: what waits to be listed, codes and remembered devices grow older."""
        ahead = self.books.ahead_seconds + seconds
        for books in (self.books, *(customer.books for customer in self.customers.all())):
            books.ahead_seconds = ahead
        return ahead

    def close(self) -> None:
        self.customers.close()
        self.books.close()


@dataclass
class Visit:
    """One request of a supplier's browser, to a page that has a name faults can be armed on."""

    request: Request
    portal: Portal
    page: str
    session: Session | None
    login: Login | None = None
    at: Customer | None = None
    form: FormData = field(default_factory=FormData)
    remember: str = ""  # the value of the cookie by which this browser is to be known again

    @property
    def portal_name(self) -> str:
        return "Cobalt"

    @property
    def known_login(self) -> Login:
        if self.login is None:
            raise RuntimeError(f"the page {self.page} was built for people who are signed in")
        return self.login

    @property
    def customer(self) -> Customer:
        if self.at is None:
            raise RuntimeError(f"the page {self.page} was built for the pages of one customer")
        return self.at

    @property
    def supplier(self) -> str:
        return self.known_login.supplier

    @property
    def open_session(self) -> Session:
        """The session, opened now if the browser had none."""
        if self.session is None:
            self.session = self.portal.sessions.open()
        return self.session

    def end_session(self) -> None:
        if self.session is not None:
            self.portal.sessions.end(self.session)
            self.session = None

    def fault(self, kind: str, page: str = "") -> Fault | None:
        """The fault of this kind that strikes now; asking counts, so ask only where it would have an effect."""
        return self.portal.faults.take(kind, page or self.page, self.request.method)

    def text(self, name: str) -> str:
        """A field of the form as typed, without the blanks around it."""
        value = self.form.get(name, "")
        return "" if isinstance(value, UploadFile) else value.strip()

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        """The page with the customers this login may switch to, those and no others."""
        signed_in = self.login is not None
        announced = self.request.method == "GET" and signed_in and self.fault("announcement") is not None
        return self.portal.render(
            template,
            http_status,
            session=self.open_session,
            login=self.login,
            at=self.at,
            customers=self.portal.customers.of(self.known_login.user) if signed_in else [],
            announced=announced,
            page_name=self.page,
            **context,
        )

    def not_found(self) -> Response:
        """The same words whether a thing is not there or is somebody else's."""
        return self.render("message.html", 404, title="We could not find that page", text="There is nothing here.")
