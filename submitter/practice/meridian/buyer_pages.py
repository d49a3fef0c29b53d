"""The customers' side for people: what came in, and buttons to decide on each; Fieldgate's, with Meridian's words."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.fieldgate import buyer_pages as fieldgate
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.settings import Refused
from submitter.practice.meridian.buyer_api import decide
from submitter.practice.meridian.portal import Portal
from submitter.practice.meridian.statuses import CORRECTABLE, FAILED


def buyer_page_routes(portal: Portal) -> list[Route]:
    pages = BuyerPages(portal)
    return [
        Route("/buyer", pages.show, methods=["GET"]),
        Route("/buyer/decisions", pages.take_decision, methods=["POST"]),
    ]


class BuyerPages(fieldgate.BuyerPages):
    """One page with everything, because its people are trainers and demonstrators."""

    portal: Portal
    cookie = "meridian_buyer"

    async def take_decision(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_buyer(request) or not self._allows(str(form.get("csrf", ""))):
            return self._message(403, "This form has expired", "Reload the customers' page and try again.")
        invoice = self.portal.ledger.find(str(form.get("confirmation", "")))
        if invoice is None:
            return self._message(404, "Page not found", "There is no such invoice.")
        status, comment = str(form.get("status", "")), str(form.get("comment", "")).strip()
        if status in CORRECTABLE and not comment:
            return self._message(422, "A comment is missing", "Write what is wrong, so that the supplier can mend it.")
        way = {"routing": FAILED} if status == FAILED else {}
        try:
            decide(self.portal, invoice, {"status": status, "comment": comment, **way})
        except Refused as problem:
            return self._message(422, "Nothing was decided", str(problem))
        return go_to(f"/buyer?done={quote(f'{invoice.number}: {status}')}")
