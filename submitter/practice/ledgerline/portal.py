"""One Ledgerline, and one visit of a supplier to it: what every page needs."""

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from submitter.practice.fieldgate import portal as fieldgate
from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.drafts import Drafts
from submitter.practice.fieldgate.faults import FaultBoard
from submitter.practice.fieldgate.ledger import Ledger
from submitter.practice.fieldgate.logins import Logins
from submitter.practice.fieldgate.orders import Orders
from submitter.practice.fieldgate.settings import DEFAULTS as FIELDGATES
from submitter.practice.fieldgate.settings import Settings
from submitter.practice.ledgerline.faults import KINDS, PAGES
from submitter.practice.ledgerline.languages import ENGLISH, LANGUAGES, Language
from submitter.practice.ledgerline.records import Records
from submitter.practice.ledgerline.statuses import PENDING_SUBMISSION
from submitter.practice.sessions import Sessions

HERE = Path(__file__).parent
SESSION_COOKIE = "LLSESSION"
SCHEMA = "CREATE TABLE IF NOT EXISTS languages (user TEXT PRIMARY KEY, language TEXT NOT NULL);"
DEFAULTS: dict[str, Any] = {
    **FIELDGATES,
    "submission_delay_seconds": 600,  # how long an invoice stays Pending Submission
    "file_name_length": 60,
    "max_file_bytes": 10_000_000,
    "attachment_required": True,
}


class Portal(fieldgate.Portal):
    """Everything one Ledgerline keeps: books on disk; sessions and armed faults in memory."""

    def __init__(self, folder: Path, buyer_token: str, fixed_clock: bool = False) -> None:
        self.books = Books(folder, fixed_clock, name="ledgerline", more_schema=SCHEMA)
        self.settings = Settings(self.books, DEFAULTS)
        self.logins = Logins(self.books)
        self.orders = Orders(self.books)
        self.drafts = Drafts(self.books, self.orders)
        self.ledger = Ledger(self.books, "LL", PENDING_SUBMISSION)
        self.records = Records(self.books, self.ledger)
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

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        language = context.setdefault("lang", ENGLISH)
        page = self.templates.get_template(template).render(t=language.say, **context)
        return HTMLResponse(page, status_code=http_status)

    def language_of(self, user: str) -> Language:
        row = self.books.row("SELECT language FROM languages WHERE user = ?", user)
        return ENGLISH if row is None else LANGUAGES[row["language"]]

    def set_language(self, user: str, code: str) -> None:
        """The whole portal in this language, whenever this login comes in."""
        self.books.write("INSERT OR REPLACE INTO languages VALUES (?, ?)", user, code)

    def release_due(self) -> None:
        """Invoices that have been held back for long enough go to the buyer."""
        self.records.release_due(float(self.settings["submission_delay_seconds"]))


@dataclass
class Visit(fieldgate.Visit):
    """One request of a supplier's browser, to a page that has a name faults can be armed on."""

    portal: Portal

    @property
    def portal_name(self) -> str:
        return "Ledgerline"

    @property
    def language(self) -> Language:
        return self.portal.language_of(self.session.user if self.session else "")

    def say(self, text: str, /, **values: Any) -> str:
        return self.language.say(text, **values)

    def issue(self, form: str, step: str = "") -> str:
        """The token of the page that is about to be shown; with it, every earlier page with this form goes stale."""
        token = secrets.token_urlsafe(18)
        self.open_session.forms[form] = f"{step}:{token}"
        return token

    def redeem(self, form: str, step: str = "") -> bool:
        """Whether the form comes from the page that was shown last; each page's token is good for one use."""
        issued = self.open_session.forms.pop(form, "")
        return bool(issued) and hmac.compare_digest(issued.encode(), f"{step}:{self.text('page_token')}".encode())

    def step_shown(self, form: str) -> str:
        """The step of this form that was shown last, in this session."""
        return self.open_session.forms.get(form, "").partition(":")[0]

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse:
        return self.portal.render(template, http_status, lang=self.language, login=self.login, **context)

    def message(self, http_status: int, title: str, text: str, /, **values: Any) -> Response:
        return self.render("message.html", http_status, title=self.say(title), text=self.say(text, **values))

    def not_found(self, what: str) -> Response:
        return self.message(404, "Page not found", "There is no such record.")

    def stale(self) -> Response:
        return self.message(409, "This page has expired", "Go back to the menu and begin again. Nothing was changed.")
