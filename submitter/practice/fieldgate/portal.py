"""One running Fieldgate and one request to it: what every page needs."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from submitter.practice.fieldgate import figures
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.drafts import Drafts
from submitter.practice.fieldgate.faults import Fault, FaultBoard
from submitter.practice.fieldgate.ledger import Ledger
from submitter.practice.fieldgate.logins import Login, Logins
from submitter.practice.fieldgate.orders import Orders
from submitter.practice.fieldgate.settings import Settings
from submitter.practice.sessions import Session, Sessions

HERE = Path(__file__).parent
SESSION_COOKIE = "fieldgate_session"


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
    """Everything one Fieldgate keeps: books on disk; sessions and armed faults in memory."""

    def __init__(self, folder: Path, buyer_token: str, fixed_clock: bool = False) -> None:
        self.books = Books(folder, fixed_clock)
        self.settings = Settings(self.books)
        self.logins = Logins(self.books)
        self.orders = Orders(self.books)
        self.drafts = Drafts(self.books, self.orders)
        self.ledger = Ledger(self.books)
        self.sessions = Sessions()
        self.faults = FaultBoard()
        self.buyer_token = buyer_token
        self.buyer_cookie = secrets.token_urlsafe(24)
        self.buyer_csrf = secrets.token_urlsafe(24)
        self.requests = 0
        self.templates = _templates()

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        return HTMLResponse(self.templates.get_template(template).render(**context), status_code=http_status)

    def close(self) -> None:
        self.books.close()


@dataclass
class Visit:
    """One request of a supplier's browser, to a page that has a name faults can be armed on."""

    request: Request
    portal: Portal
    page: str
    session: Session | None
    login: Login | None = None
    form: FormData = field(default_factory=FormData)

    @property
    def known_login(self) -> Login:
        if self.login is None:
            raise RuntimeError(f"the page {self.page} was built for people who are signed in")
        return self.login

    @property
    def open_session(self) -> Session:
        """The session, opened now if the browser had none."""
        if self.session is None:
            self.session = self.portal.sessions.open()
        return self.session

    @property
    def portal_name(self) -> str:
        return "Fieldgate"

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
        return self.portal.render(
            template, http_status, session=self.open_session, login=self.login, here=self.request.url.path, **context
        )

    def not_found(self, what: str) -> Response:
        return self.render("message.html", 404, title="Page not found", text=f"There is no {what} here.")


def go_to(path: str) -> Response:
    """After a form: the browser asks for another page."""
    return RedirectResponse(path, status_code=303)
