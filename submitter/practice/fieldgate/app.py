"""Fieldgate put together: its pages, its buyer's side, and how it is started."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from submitter.practice.fieldgate import sign_in_pages, supplier_pages, wizard_pages
from submitter.practice.fieldgate.buyer_api import buyer_api_routes
from submitter.practice.fieldgate.buyer_pages import buyer_page_routes
from submitter.practice.fieldgate.desk import Desk
from submitter.practice.fieldgate.portal import HERE, Portal
from submitter.practice.serving import LOOPBACK, OfficeHeaders, PracticePortal


def build_app(portal: Portal) -> Starlette:
    async def not_found(request: Request, error: Exception) -> Response:
        title, text = "Page not found", "There is no such page at Fieldgate."
        return portal.render("message.html", 404, session=None, login=None, here="", title=title, text=text)

    return Starlette(
        routes=[
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


def _supplier_routes(desk: Desk) -> list[BaseRoute]:
    return [*_door_routes(desk), *_reading_routes(desk), *_wizard_routes(desk)]


def _door_routes(desk: Desk) -> list[Route]:
    pages = sign_in_pages
    return [
        desk.route("/sign-in", "sign-in", pages.show_sign_in),
        desk.route("/sign-in", "sign-in", pages.sign_in, "POST"),
        desk.route("/sign-in/code", "code", pages.show_code),
        desk.route("/sign-in/code", "code", pages.check_code, "POST"),
        desk.route("/sign-out", "sign-out", pages.sign_out, "POST"),
        desk.route("/password-expired", "password-expired", pages.show_password_expired),
        desk.route("/terms", "terms", pages.show_terms),
        desk.route("/terms", "terms", pages.accept_terms, "POST"),
    ]


def _reading_routes(desk: Desk) -> list[Route]:
    pages, one = supplier_pages, "/invoices/{confirmation}"
    return [
        desk.route("/", "home", pages.show_front),
        desk.route("/home", "home", pages.show_home),
        desk.route("/orders", "orders", pages.show_orders),
        desk.route("/orders/{po:path}", "order", pages.show_order),
        desk.route("/orders/{po:path}", "order", pages.create_invoice, "POST"),
        desk.route("/invoices", "invoices", pages.show_invoices),
        desk.route(one, "invoice", pages.show_invoice),
        desk.route(f"{one}/receipt", "receipt", pages.show_receipt),
        desk.route(f"{one}/correct", "invoice", pages.correct_invoice, "POST"),
        desk.route(f"{one}/cancel", "invoice", pages.ask_to_cancel),
        desk.route(f"{one}/cancel", "invoice", pages.cancel_invoice, "POST"),
    ]


def _wizard_routes(desk: Desk) -> list[Route]:
    pages, draft = wizard_pages, "/drafts/{draft:int}"
    return [
        desk.route(f"{draft}/header", "header", pages.show_header),
        desk.route(f"{draft}/header", "header", pages.keep_header, "POST"),
        desk.route(f"{draft}/lines", "lines", pages.show_lines),
        desk.route(f"{draft}/lines", "lines", pages.keep_lines, "POST"),
        desk.route(f"{draft}/attachments", "attachments", pages.show_attachments),
        desk.route(f"{draft}/attachments", "attachments", pages.upload, "POST"),
        desk.route(f"{draft}/attachments/remove", "attachments", pages.remove_file, "POST"),
        desk.route(f"{draft}/attachments/continue", "attachments", pages.finish_attachments, "POST"),
        desk.route(f"{draft}/review", "review", pages.show_review),
        desk.route(f"{draft}/review", "submit", pages.submit, "POST"),
    ]


FIELDGATE = PracticePortal("fieldgate", Portal, build_app)
