"""The buyer's side for people: what came in, and a form to decide on each."""

import hmac
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.settings import Refused
from submitter.practice.ledgerline.buyer_api import decide
from submitter.practice.ledgerline.portal import Portal
from submitter.practice.ledgerline.statuses import STATUSES, WANT_A_REASON

BUYER_COOKIE = "ledgerline_buyer"


def buyer_page_routes(portal: Portal) -> list[Route]:
    pages = BuyerPages(portal)
    return [
        Route("/buyer", pages.show, methods=["GET"]),
        Route("/buyer/decisions", pages.take_decision, methods=["POST"]),
    ]


class BuyerPages:
    """One page with everything, because its people are trainers and demonstrators."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def show(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if token and hmac.compare_digest(token.encode(), self.portal.buyer_token.encode()):
            answer = go_to("/buyer")
            answer.set_cookie(BUYER_COOKIE, self.portal.buyer_cookie, httponly=True, samesite="lax", path="/buyer")
            return answer
        if not self._is_buyer(request):
            return self._message(401, "Buyers only", "Open this page with the address that was shown at the start.")
        self.portal.release_due()
        return self.portal.render(
            "buyer.html",
            invoices=list(reversed(self.portal.ledger.accepted())),
            statuses=STATUSES[1:],
            token=self.portal.buyer_csrf,
            done=request.query_params.get("done", ""),
        )

    async def take_decision(self, request: Request) -> Response:
        form = await request.form()
        allowed = hmac.compare_digest(str(form.get("page_token", "")).encode(), self.portal.buyer_csrf.encode())
        if not self._is_buyer(request) or not allowed:
            return self._message(403, "This page has expired", "Reload the buyer's page and try again.")
        wanted = {name: str(form.get(name, "")).strip() for name in ("status", "comment", "payment_reference")}
        invoice = self.portal.ledger.find(str(form.get("confirmation", "")))
        if invoice is None:
            return self._message(404, "Page not found", "There is no such record.")
        if wanted["status"] in WANT_A_REASON and not wanted["comment"]:
            return self._message(422, "A comment is missing", "Write what is wrong, so that the supplier can mend it.")
        try:
            decide(self.portal, invoice, wanted)
        except Refused as problem:
            return self._message(422, "Nothing was decided", str(problem))
        return go_to(f"/buyer?done={quote(f'{invoice.number}: kept')}")

    def _is_buyer(self, request: Request) -> bool:
        cookie = request.cookies.get(BUYER_COOKIE, "")
        return hmac.compare_digest(cookie.encode(), self.portal.buyer_cookie.encode())

    def _message(self, status: int, title: str, text: str) -> Response:
        return self.portal.render("message.html", status, title=title, text=text)
