"""The buyer's side for people: what came in, and buttons to approve, dispute, reject, pay and book receipts."""

import hmac
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.fieldgate.buyer_api import decide
from submitter.practice.fieldgate.figures import read_number
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.portal import Portal, go_to
from submitter.practice.fieldgate.settings import Refused

BUYER_COOKIE = "fieldgate_buyer"
DECISIONS = {
    "review": "In Review",
    "approve": "Approved",
    "post": "Payment Posted",
    "pay": "Paid",
    "dispute": "Disputed",
    "reject": "Rejected",
    "comment": "",
}


def buyer_page_routes(portal: Portal) -> list[Route]:
    pages = BuyerPages(portal)
    return [
        Route("/buyer", pages.show, methods=["GET"]),
        Route("/buyer/decisions", pages.take_decision, methods=["POST"]),
        Route("/buyer/receipts", pages.book_receipt, methods=["POST"]),
    ]


class BuyerPages:
    """One page with everything, because its people are trainers and demonstrators."""

    cookie = BUYER_COOKIE

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def show(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if token and hmac.compare_digest(token.encode(), self.portal.buyer_token.encode()):
            answer = go_to("/buyer")
            answer.set_cookie(self.cookie, self.portal.buyer_cookie, httponly=True, samesite="lax", path="/buyer")
            return answer
        if not self._is_buyer(request):
            return self._message(401, "Buyers only", "Open this page with the address that was shown at the start.")
        return self.portal.render(
            "buyer.html",
            invoices=list(reversed(self.portal.ledger.accepted())),
            orders=list(reversed(self.portal.orders.all())),
            csrf=self.portal.buyer_csrf,
            done=request.query_params.get("done", ""),
            **self._signed_out(),
        )

    async def take_decision(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_buyer(request) or not self._allows(str(form.get("csrf", ""))):
            return self._message(403, "This form has expired", "Reload the buyer's page and try again.")
        invoice = self.portal.ledger.find(str(form.get("confirmation", "")))
        decision = str(form.get("decision", ""))
        if invoice is None or decision not in DECISIONS:
            return self._message(404, "Page not found", "There is no such invoice or decision.")
        status, comment = DECISIONS[decision], str(form.get("comment", "")).strip()
        if decision in ("dispute", "reject", "comment") and not comment:
            return self._message(422, "A comment is missing", "Write what is wrong, so that the supplier can mend it.")
        paid = {"payment_reference": _payment_reference(invoice)} if decision in ("post", "pay") else {}
        decide(self.portal, invoice, {"status": status, "comment": comment, **paid})
        done = f"{invoice.number}: {status or 'comment added'}"
        return go_to(f"/buyer?done={quote(done)}")

    async def book_receipt(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_buyer(request) or not self._allows(str(form.get("csrf", ""))):
            return self._message(403, "This form has expired", "Reload the buyer's page and try again.")
        quantity = read_number(str(form.get("quantity", "")), decimals=4)
        try:
            order = self.portal.orders.find_by_id(int(str(form.get("order", "0"))))
            if not quantity:
                raise Refused("The quantity must be a figure such as 12.5.")
            self.portal.orders.book_receipt(order, str(form.get("line", "")), quantity)
        except (LookupError, ValueError) as problem:
            return self._message(422, "Nothing was booked", str(problem))
        return go_to(f"/buyer?done={quote(f'{order.number}: receipt booked')}")

    def _is_buyer(self, request: Request) -> bool:
        cookie = request.cookies.get(self.cookie, "")
        return hmac.compare_digest(cookie.encode(), self.portal.buyer_cookie.encode())

    def _allows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.portal.buyer_csrf.encode())

    def _message(self, status: int, title: str, text: str) -> Response:
        return self.portal.render("message.html", status, title=title, text=text, **self._signed_out())

    @staticmethod
    def _signed_out() -> dict[str, Any]:
        return {"session": None, "login": None, "here": "/buyer"}


def _payment_reference(invoice: Invoice) -> str:
    return invoice.payment_reference or f"PAY-{invoice.sequence:06d}"
