"""Meridian put together: the page that its script lives in, the calls behind it, and how it is started."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from submitter.practice.meridian import drafting_calls, reading_calls, sign_in_calls
from submitter.practice.meridian.buyer_api import buyer_api_routes
from submitter.practice.meridian.buyer_pages import buyer_page_routes
from submitter.practice.meridian.desk import Desk
from submitter.practice.meridian.portal import HERE, Portal, Visit
from submitter.practice.serving import LOOPBACK, OfficeHeaders, PracticePortal


def build_app(portal: Portal) -> Starlette:
    async def not_found(request: Request, error: Exception) -> Response:
        return portal.render("message.html", 404, title="Page not found", text="There is no such page at Meridian.")

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


async def show_shell(visit: Visit) -> Response:
    """The one page there is: empty but for its script, at the customer's address if it has one in it."""
    wanted = visit.request.path_params.get("customer", "")
    if wanted:
        visit.portal.customers.named(wanted)
    return visit.portal.render("shell.html", customer=wanted)


def _supplier_routes(desk: Desk) -> list[BaseRoute]:
    shells = [desk.route(path, "shell", show_shell) for path in ("/", "/with/{customer}", "/with/{customer}/")]
    return [*shells, *_door_routes(desk), *_reading_routes(desk), *_drafting_routes(desk)]


def _door_routes(desk: Desk) -> list[Route]:
    calls = sign_in_calls
    return [
        desk.route("/api/session", "session", calls.show_session),
        desk.route("/api/session", "sign-in", calls.sign_in, "POST"),
        desk.route("/api/session", "sign-out", calls.sign_out, "DELETE"),
        desk.route("/api/session/code", "verify", calls.verify, "POST"),
        desk.route("/api/terms", "terms", calls.show_terms),
        desk.route("/api/terms", "terms", calls.accept_terms, "POST"),
    ]


def _reading_routes(desk: Desk) -> list[Route]:
    calls, one = reading_calls, "/api/invoices/{reference}"
    return [
        desk.route("/api/workbench", "workbench", calls.show_workbench),
        desk.route("/api/orders", "orders", calls.show_orders),
        desk.route("/api/orders/{po:path}", "order", calls.show_order),
        desk.route("/api/invoices", "invoices", calls.show_invoices),
        desk.route(one, "invoice", calls.show_invoice),
        desk.route(one, "invoice", calls.cancel, "DELETE"),
        desk.route(f"{one}/receipt", "receipt", calls.show_receipt),
    ]


def _drafting_routes(desk: Desk) -> list[Route]:
    calls, draft = drafting_calls, "/api/drafts/{draft:int}"
    return [
        desk.route("/api/drafts", "order", calls.create, "POST"),
        desk.route("/api/invoices/{reference}/drafts", "invoice", calls.edit_and_resubmit, "POST"),
        desk.route(draft, "draft", calls.show_draft),
        desk.route(draft, "draft", calls.keep_draft, "PUT"),
        desk.route(f"{draft}/files", "files", calls.attach, "POST"),
        desk.route(f"{draft}/files", "files", calls.detach, "DELETE"),
        desk.route(f"{draft}/review", "review", calls.show_review),
        desk.route(f"{draft}/submission", "submit", calls.submit, "POST"),
    ]


MERIDIAN = PracticePortal("meridian", Portal, build_app)
