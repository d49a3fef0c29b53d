"""The buyer's side for programs: orders, logins, decisions, the ledger, settings and faults, as JSON."""

import base64
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from submitter.practice.fieldgate.figures import read_date
from submitter.practice.fieldgate.ledger import STATUSES, Invoice, as_dict
from submitter.practice.fieldgate.orders import Order, read_figure
from submitter.practice.fieldgate.portal import Portal
from submitter.practice.fieldgate.settings import Refused, suggest

Answer = tuple[int, dict[str, Any]]
Call = Callable[[Request, dict[str, Any]], Awaitable[Answer]]


def buyer_api_routes(portal: Portal, own: "BuyerApi | None" = None) -> list[Route]:
    """The calls, answered by a portal's `own` way of answering them if it has one."""
    api = own or BuyerApi(portal)
    calls: list[tuple[str, str, Call]] = [
        ("GET", "/orders", api.list_orders),
        ("POST", "/orders", api.add_order),
        ("POST", "/orders/{po:path}/receipts", api.book_receipt),
        ("GET", "/logins", api.list_logins),
        ("POST", "/logins", api.add_login),
        ("POST", "/logins/{user}/unlock", api.unlock),
        ("GET", "/invoices", api.list_invoices),
        ("POST", "/invoices/{confirmation}/status", api.set_status),
        ("GET", "/ledger", api.show_ledger),
        ("GET", "/settings", api.show_settings),
        ("PUT", "/settings", api.change_settings),
        ("POST", "/clock", api.let_time_pass),
        ("GET", "/faults", api.list_faults),
        ("POST", "/faults", api.arm_fault),
        ("DELETE", "/faults", api.clear_faults),
    ]
    return [
        Route(f"/buyer/api{path}", buyer_endpoint(portal.buyer_token, call), methods=[method])
        for method, path, call in calls
    ]


def buyer_endpoint(buyer_token: str, call: Call) -> Callable[[Request], Awaitable[Response]]:
    """One call of a practice portal's buyer's side: its token, JSON in and out, refusals as sentences."""

    async def endpoint(request: Request) -> Response:
        token = request.headers.get("X-Buyer-Token", "")
        if not hmac.compare_digest(token.encode(), buyer_token.encode()):
            return JSONResponse({"error": "The header X-Buyer-Token is missing or wrong."}, 401)
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise Refused("The body must be a JSON object.")
            status, answer = await call(request, body)
        except json.JSONDecodeError as problem:
            return JSONResponse({"error": f"The body is not JSON: {problem}"}, 400)
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        except Refused as refusal:
            return JSONResponse({"error": str(refusal)}, 400)
        return JSONResponse(answer, status)

    return endpoint


class BuyerApi:
    """One method for each call; each returns an HTTP status and the object to answer with."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def list_orders(self, request: Request, body: dict[str, Any]) -> Answer:
        return 200, {"orders": [order_as_dict(order) for order in self.portal.orders.all()]}

    async def add_order(self, request: Request, body: dict[str, Any]) -> Answer:
        order, new = self.portal.orders.add(body)
        return (201 if new else 200), order_as_dict(order)

    async def book_receipt(self, request: Request, body: dict[str, Any]) -> Answer:
        order = self.portal.orders.find_for_buyer(request.path_params["po"], str(body.get("supplier_login") or ""))
        if order is None:
            raise LookupError(f"There is no order {request.path_params['po']!r}.")
        quantity = read_figure(str(body.get("quantity", "")), "quantity")
        self.portal.orders.book_receipt(order, str(body.get("line", "")), quantity)
        return 201, order_as_dict(self.portal.orders.find_by_id(order.id))

    async def list_logins(self, request: Request, body: dict[str, Any]) -> Answer:
        """With the code that a login without an authenticator app is being asked for, as if read from its e-mail."""
        logins = []
        for login in self.portal.logins.all():
            pending = [session.pending_code for session in self.portal.sessions.of_user(login.user)]
            code = next((each for each in reversed(pending) if each), "")
            shown = {"user": login.user, "supplier_name": login.supplier, "totp": bool(login.totp_secret)}
            logins.append({**shown, "locked": bool(login.locked), "pending_code": code})
        return 200, {"logins": logins}

    async def add_login(self, request: Request, body: dict[str, Any]) -> Answer:
        user, password = str(body.get("user") or "").strip(), str(body.get("password") or "")
        if not user or not password:
            raise Refused("A login needs user and password.")
        secret = read_totp_secret(body)
        supplier = str(body.get("supplier_name") or user)
        self.portal.logins.add(user, password, supplier, secret, self.portal.settings.terms_version)
        return 201, {"user": user, "supplier_name": supplier, "totp": bool(secret)}

    async def unlock(self, request: Request, body: dict[str, Any]) -> Answer:
        user = request.path_params["user"]
        if self.portal.logins.find(user) is None:
            raise LookupError(f"There is no login {user!r}.")
        self.portal.logins.unlock(user)
        return 200, {"user": user, "locked": False}

    async def list_invoices(self, request: Request, body: dict[str, Any]) -> Answer:
        return 200, {"invoices": [as_dict(invoice) for invoice in self.portal.ledger.accepted()]}

    async def set_status(self, request: Request, body: dict[str, Any]) -> Answer:
        invoice = self.portal.ledger.find(request.path_params["confirmation"])
        if invoice is None:
            raise LookupError(f"There is no invoice {request.path_params['confirmation']!r}.")
        decide(self.portal, invoice, body)
        decided = self.portal.ledger.find(invoice.confirmation)
        return 200, as_dict(decided or invoice)

    async def show_ledger(self, request: Request, body: dict[str, Any]) -> Answer:
        accepted = self.portal.ledger.accepted()
        return 200, {
            "accepted": [as_dict(invoice) for invoice in accepted],
            "accepted_count": len(accepted),
            "duplicates": self.portal.ledger.duplicates(),
            "sign_ins": self.portal.logins.sign_ins(),
            "requests": self.portal.requests,
        }

    async def show_settings(self, request: Request, body: dict[str, Any]) -> Answer:
        return 200, self.portal.settings.as_dict()

    async def change_settings(self, request: Request, body: dict[str, Any]) -> Answer:
        self.portal.settings.change(body)
        return 200, self.portal.settings.as_dict()

    async def let_time_pass(self, request: Request, body: dict[str, Any]) -> Answer:
        """What waits to be listed has waited this much longer. Forgotten when the portal is started anew."""
        seconds = body.get("seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise Refused(f"seconds is a number, 0 or more, not {seconds!r}.")
        self.portal.books.ahead_seconds += seconds
        return 200, {"ahead_seconds": self.portal.books.ahead_seconds}

    async def list_faults(self, request: Request, body: dict[str, Any]) -> Answer:
        return 200, {"faults": self.portal.faults.as_list()}

    async def arm_fault(self, request: Request, body: dict[str, Any]) -> Answer:
        return 201, self.portal.faults.arm(body).as_dict()

    async def clear_faults(self, request: Request, body: dict[str, Any]) -> Answer:
        self.portal.faults.clear(request.query_params.get("kind", ""))
        return 200, {"faults": self.portal.faults.as_list()}


def read_totp_secret(body: dict[str, Any]) -> str:
    """The key of an authenticator app as people copy it, with blanks and in any case; empty for none."""
    secret = str(body.get("totp_secret") or "").replace(" ", "").upper()
    try:
        base64.b32decode(secret + "=" * (-len(secret) % 8))
    except ValueError:
        raise Refused("totp_secret is not Base32.") from None
    return secret


def decide(portal: Portal, invoice: Invoice, wanted: dict[str, Any]) -> None:
    """The buyer's decision on an invoice, or (without a status) a comment; unknown words only by force."""
    status = str(wanted.get("status") or invoice.status)
    if status not in (*STATUSES, invoice.status) and not wanted.get("force"):
        raise Refused(f"There is no status {status!r}{suggest(status, list(STATUSES))}")
    comment, reason = str(wanted.get("comment") or ""), str(wanted.get("reason") or "")
    paid = str(wanted.get("payment_reference") or ""), iso_date(str(wanted.get("paid_on") or ""))
    if status == invoice.status:
        reason = reason or invoice.reason
        paid = paid[0] or invoice.payment_reference, paid[1] or invoice.paid_on
    elif status in ("Disputed", "Rejected"):
        reason = reason or comment
    elif status == "Paid":
        paid = paid[0] or invoice.payment_reference, paid[1] or portal.books.now()[:10]
    portal.ledger.note(invoice, status, by="Accounts payable", comment=comment, reason=reason, paid=paid)


def iso_date(text: str) -> str:
    """The buyer's programs send 2026-03-31; people type 03/31/2026."""
    if not text:
        return ""
    day = read_date(text)
    if day is not None:
        return day.isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refused(f"paid_on is a date such as 2026-03-31, not {text!r}.") from None


def order_as_dict(order: Order) -> dict[str, Any]:
    shown = asdict(order) | {"status": order.status}
    shown["lines"] = [asdict(line) | {"quantity": line.ordered, "open": line.open} for line in order.lines]
    plain: dict[str, Any] = json.loads(json.dumps(shown, default=lambda value: format(value, "f")))
    return plain
