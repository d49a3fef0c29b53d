"""The buyers' side for programs: Fieldgate's calls, with the customers of the network and both status fields."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from submitter.practice.fieldgate import buyer_api as fieldgate
from submitter.practice.fieldgate.buyer_api import Answer, buyer_endpoint, iso_date
from submitter.practice.fieldgate.ledger import Invoice, as_dict
from submitter.practice.fieldgate.settings import Refused, suggest
from submitter.practice.meridian.customers import ALLOWED, FIRST_CUSTOMER
from submitter.practice.meridian.portal import Portal
from submitter.practice.meridian.statuses import ACKNOWLEDGED, CORRECTABLE, FAILED, OBSOLETED, PAID, ROUTINGS, STATUSES

Body = dict[str, Any]


def buyer_api_routes(portal: Portal) -> list[Route]:
    api = BuyerApi(portal)
    own = [
        Route(f"/buyer/api{path}", buyer_endpoint(portal.buyer_token, call), methods=[method])
        for method, path, call in (("GET", "/customers", api.list_customers), ("POST", "/customers", api.add_customer))
    ]
    return [*own, *fieldgate.buyer_api_routes(portal, api)]


class BuyerApi(fieldgate.BuyerApi):
    """One method for each call; each returns an HTTP status and the object to answer with."""

    portal: Portal

    async def list_customers(self, request: Request, body: Body) -> Answer:
        shown = [{"name": each.name, "id": each.id, "suffixes": each.suffixes} for each in self.portal.customers.all()]
        return 200, {"customers": shown}

    async def add_customer(self, request: Request, body: Body) -> Answer:
        """`suffixes`: allowed (unless named), required or duplicates; of a customer that is there already, too."""
        added = self.portal.customers.add(str(body.get("name") or ""), str(body.get("suffixes") or ALLOWED))
        return 201, {"name": added.name, "id": added.id, "suffixes": added.suffixes}

    async def add_order(self, request: Request, body: Body) -> Answer:
        """`customer` is the name of the one whose order it is; the first one unless named."""
        customer = self.portal.customers.named(str(body.get("customer") or FIRST_CUSTOMER))
        status, answer = await super().add_order(request, body)
        self.portal.customers.take_order(answer["id"], customer)
        return status, {**answer, "customer": self.portal.customers.of_order(answer["id"]).name}

    async def list_invoices(self, request: Request, body: Body) -> Answer:
        return 200, {"invoices": [self._shown(invoice) for invoice in self.portal.ledger.accepted()]}

    async def show_ledger(self, request: Request, body: Body) -> Answer:
        status, answer = await super().show_ledger(request, body)
        return status, {**answer, "accepted": [self._shown(each) for each in self.portal.ledger.accepted()]}

    async def set_status(self, request: Request, body: Body) -> Answer:
        invoice = self.portal.ledger.find(request.path_params["confirmation"])
        if invoice is None:
            raise LookupError(f"There is no invoice {request.path_params['confirmation']!r}.")
        decide(self.portal, invoice, body)
        return 200, self._shown(self.portal.ledger.find(invoice.confirmation) or invoice)

    def _shown(self, invoice: Invoice) -> dict[str, Any]:
        standing = self.portal.standing(invoice)
        customer = self.portal.customers.of_order(invoice.order_id).name
        return as_dict(invoice) | {"routing": standing.routing, "status": standing.status, "customer": customer}


def decide(portal: Portal, invoice: Invoice, wanted: Body) -> None:
    """A decision on an invoice in one or both fields, or (with neither) a comment; unknown words only by force.

    What fails on its way has failed as an invoice, too; what a customer has decided on has arrived there.
    """
    now = portal.standing(invoice)
    if now.routing == OBSOLETED:
        raise Refused(f"{invoice.confirmation} is {OBSOLETED}; nothing becomes of it any more.")
    status = str(wanted.get("status") or (FAILED if wanted.get("routing") == FAILED else now.status))
    arrived = status not in (now.status, FAILED)
    routing = str(wanted.get("routing") or (ACKNOWLEDGED if arrived else now.routing))
    for word, known, before in ((status, STATUSES, now.status), (routing, ROUTINGS, now.routing)):
        if word not in (*known, before) and not wanted.get("force"):
            raise Refused(f"There is no status {word!r}{suggest(word, list(known))}")
    comment, reason = str(wanted.get("comment") or ""), str(wanted.get("reason") or "")
    paid = str(wanted.get("payment_reference") or ""), iso_date(str(wanted.get("paid_on") or ""))
    if status == now.status:
        reason = reason or invoice.reason
        paid = paid[0] or invoice.payment_reference, paid[1] or invoice.paid_on
    elif status in CORRECTABLE:
        reason = reason or comment
    elif status == PAID:
        paid = paid[0] or invoice.payment_reference, paid[1] or portal.books.now()[:10]
    customer = portal.customers.of_order(invoice.order_id).name
    portal.ledger.note(invoice, status, by=customer, comment=comment, reason=reason, paid=paid)
    if routing != now.routing:
        portal.ledger.route(invoice, routing, by="Meridian", comment=comment if routing == FAILED else "")
