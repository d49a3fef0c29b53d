"""Ledgerline put together: its pages, its buyer's side, and how it is started."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from submitter.practice.fieldgate.portal import HERE as FIELDGATES
from submitter.practice.ledgerline import entry_pages, list_pages, sign_in_pages
from submitter.practice.ledgerline.buyer_api import buyer_api_routes
from submitter.practice.ledgerline.buyer_pages import buyer_page_routes
from submitter.practice.ledgerline.desk import Desk
from submitter.practice.ledgerline.portal import HERE, Portal
from submitter.practice.serving import LOOPBACK, OfficeHeaders, PracticePortal


def build_app(portal: Portal) -> Starlette:
    async def not_found(request: Request, error: Exception) -> Response:
        return portal.render("message.html", 404, title="Page not found", text="There is no such record.")

    return Starlette(
        routes=[
            *[_shared_script(name) for name in ("interrupt.js", "ask_first.js")],
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
            *buyer_api_routes(portal),
            *buyer_page_routes(portal),
            *_supplier_routes(Desk(portal)),
        ],
        middleware=[
            Middleware(OfficeHeaders, keep_alive=lambda: portal.settings.browser_may_resend),
            Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"], www_redirect=False),
        ],
        exception_handlers={404: not_found},
    )


def _shared_script(name: str) -> Route:
    """A script that Fieldgate's pages have, too."""

    async def script(request: Request) -> Response:
        return FileResponse(FIELDGATES / "static" / name)

    return Route(f"/static/{name}", script)


def _supplier_routes(desk: Desk) -> list[BaseRoute]:
    return [*_door_routes(desk), *_reading_routes(desk), *_entry_routes(desk)]


def _door_routes(desk: Desk) -> list[Route]:
    pages = sign_in_pages
    return [
        desk.route("/", "desk", pages.show_front),
        desk.route("/desk", "desk", pages.show_desk),
        desk.route("/logon", "logon", pages.show_logon),
        desk.route("/logon", "logon", pages.log_on, "POST"),
        desk.route("/logon/code", "code", pages.show_code),
        desk.route("/logon/code", "code", pages.check_code, "POST"),
        desk.route("/logoff", "logoff", pages.log_off, "POST"),
        desk.route("/password-expired", "password-expired", pages.show_password_expired),
        desk.route("/terms", "terms", pages.show_terms),
        desk.route("/terms", "terms", pages.accept_terms, "POST"),
        desk.route("/area/terms", "terms", pages.show_terms),
        desk.route("/area/terms", "terms", pages.accept_terms, "POST"),
        desk.route("/area/profile", "profile", pages.show_profile),
        desk.route("/area/profile", "profile", pages.keep_profile, "POST"),
    ]


def _reading_routes(desk: Desk) -> list[Route]:
    pages, one = list_pages, "/area/invoices/{confirmation}"
    return [
        desk.route("/area/home", "home", pages.show_home),
        desk.route("/area/orders", "orders", pages.show_orders),
        desk.route("/area/orders/{po:path}", "order", pages.show_order),
        desk.route("/area/orders/{po:path}", "order", pages.create_invoice, "POST"),
        desk.route("/area/drafts", "invoices", pages.show_drafts),
        desk.route("/area/drafts/{draft:int}/open", "details", pages.open_draft, "POST"),
        desk.route("/area/invoices", "invoices", pages.show_invoices),
        desk.route("/area/search", "search", pages.search_invoices),
        desk.route(one, "invoice", pages.show_invoice),
        desk.route(f"{one}/receipt", "receipt", pages.show_receipt),
        desk.route(f"{one}/correct", "invoice", pages.correct_invoice, "POST"),
        desk.route(f"{one}/void", "void", pages.ask_to_void),
        desk.route(f"{one}/void", "void", pages.void_invoice, "POST"),
    ]


def _entry_routes(desk: Desk) -> list[Route]:
    pages, draft = entry_pages, "/area/entry/{draft:int}"
    return [
        desk.route(f"{draft}/details", "details", pages.show_details),
        desk.route(f"{draft}/details", "details", pages.keep_details, "POST"),
        desk.route(f"{draft}/files", "files", pages.show_files),
        desk.route(f"{draft}/files", "files", pages.keep_files, "POST"),
        desk.route(f"{draft}/certify", "certify", pages.show_certify),
        desk.route(f"{draft}/certify", "submit", pages.submit, "POST"),
    ]


LEDGERLINE = PracticePortal("ledgerline", Portal, build_app)
