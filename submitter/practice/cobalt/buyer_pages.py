"""The buyers' side for people: what came in at each customer, and a form to decide, pay, ask or dispute."""

import hmac
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.cobalt.buyer_api import decide
from submitter.practice.cobalt.portal import Portal
from submitter.practice.cobalt.statuses import DISPUTED, STATUSES
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.settings import Refused

BUYER_COOKIE = "cobalt_buyer"


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
        groups = [(each, list(reversed(each.ledger.accepted()))) for each in self.portal.customers.all()]
        return self.portal.render(
            "buyer.html",
            groups=groups,
            statuses=STATUSES,
            mails=self.portal.mailbox.sent(),
            csrf=self.portal.buyer_csrf,
            done=request.query_params.get("done", ""),
        )

    async def take_decision(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_buyer(request) or not self._allows(str(form.get("csrf", ""))):
            return self._message(403, "That page is out of date", "Reload the buyers' page and try again.")
        wanted = {name: str(form.get(name, "")).strip() for name in ("status", "comment", "payment_reference")}
        if wanted["status"] == DISPUTED and not wanted["comment"]:
            return self._message(422, "A comment is missing", "Write what is disputed, so that the supplier knows.")
        try:
            customer, invoice = self.portal.customers.holding(str(form.get("confirmation", "")))
            decide(customer, invoice, wanted)
        except (LookupError, Refused) as problem:
            return self._message(422, "Nothing was decided", str(problem))
        return go_to(f"/buyer?done={quote(f'{invoice.number}: kept')}")

    def _is_buyer(self, request: Request) -> bool:
        cookie = request.cookies.get(BUYER_COOKIE, "")
        return hmac.compare_digest(cookie.encode(), self.portal.buyer_cookie.encode())

    def _allows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.portal.buyer_csrf.encode())

    def _message(self, status: int, title: str, text: str) -> Response:
        return self.portal.render("message.html", status, title=title, text=text)
