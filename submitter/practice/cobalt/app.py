"""Cobalt put together: its pages, its buyer's side, and how it is started."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from submitter.practice.cobalt import invoice_pages, list_pages, sign_in_pages
from submitter.practice.cobalt.buyer_api import buyer_api_routes
from submitter.practice.cobalt.buyer_pages import buyer_page_routes
from submitter.practice.cobalt.desk import Desk
from submitter.practice.cobalt.portal import HERE, Portal
from submitter.practice.fieldgate.portal import HERE as FIELDGATES
from submitter.practice.serving import LOOPBACK, OfficeHeaders, PracticePortal


def build_app(portal: Portal) -> Starlette:
    async def not_found(request: Request, error: Exception) -> Response:
        title, text = "We could not find that page", "There is nothing here."
        return portal.render("message.html", 404, title=title, text=text)

    async def interrupt(request: Request) -> Response:
        return FileResponse(FIELDGATES / "static" / "interrupt.js")

    return Starlette(
        routes=[
            Route("/static/interrupt.js", interrupt),
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
    return [*_door_routes(desk), *_reading_routes(desk), *_writing_routes(desk)]


def _door_routes(desk: Desk) -> list[Route]:
    pages = sign_in_pages
    return [
        desk.route("/login", "login", pages.show_login),
        desk.route("/login", "login", pages.take_user, "POST"),
        desk.route("/login/password", "password", pages.show_password),
        desk.route("/login/password", "password", pages.take_password, "POST"),
        desk.route("/login/code", "code", pages.show_code),
        desk.route("/login/code", "code", pages.check_code, "POST"),
        desk.route("/login/code/mail", "code", pages.send_code, "POST"),
        desk.route("/logout", "logout", pages.sign_out, "POST"),
        desk.route("/password-expired", "password-expired", pages.show_password_expired),
        desk.route("/terms", "terms", pages.show_terms),
        desk.route("/terms", "terms", pages.accept_terms, "POST"),
    ]


def _reading_routes(desk: Desk) -> list[Route]:
    pages, at = list_pages, "/at/{customer}"
    one = f"{at}/invoices/{{confirmation}}"
    return [
        desk.route("/", "home", pages.show_front),
        desk.route("/home", "home", pages.show_home),
        desk.route("/switch", "home", pages.switch_customer, "POST"),
        desk.route(f"{at}/order-suggestions", "suggestions", pages.suggest_orders),
        desk.route(f"{at}/orders", "orders", pages.show_orders),
        desk.route(f"{at}/orders/{{po:path}}", "order", pages.show_order),
        desk.route(f"{at}/invoices", "invoices", pages.show_invoices),
        desk.route(f"{at}/invoices.csv", "export", pages.export_invoices),
        desk.route(one, "invoice", pages.show_invoice),
        desk.route(f"{one}/sent", "receipt", pages.show_receipt),
        desk.route(f"{one}/comments", "invoice", pages.add_comment, "POST"),
        desk.route(f"{one}/void", "invoice", pages.void_invoice, "POST"),
    ]


def _writing_routes(desk: Desk) -> list[Route]:
    pages, at = invoice_pages, "/at/{customer}"
    draft = f"{at}/drafts/{{draft:int}}"
    return [
        desk.route(f"{at}/create", "create", pages.show_create),
        desk.route(f"{at}/create", "create", pages.create, "POST"),
        desk.route(draft, "draft", pages.show_draft),
        desk.route(draft, "calculate", pages.keep_draft, "POST"),
        desk.route(f"{draft}/remove", "draft", pages.remove_file, "POST"),
        desk.route(f"{draft}/submit", "submit", pages.submit, "POST"),
    ]


COBALT = PracticePortal("cobalt", Portal, build_app)
