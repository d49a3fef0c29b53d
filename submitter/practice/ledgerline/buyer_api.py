"""The buyer's side for programs: Fieldgate's calls, with Ledgerline's decisions and the language of a login."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from submitter.practice.fieldgate import buyer_api as fieldgate
from submitter.practice.fieldgate.buyer_api import Answer, buyer_endpoint, iso_date
from submitter.practice.fieldgate.ledger import Invoice, as_dict
from submitter.practice.fieldgate.settings import Refused, suggest
from submitter.practice.ledgerline.languages import LANGUAGES
from submitter.practice.ledgerline.portal import Portal
from submitter.practice.ledgerline.statuses import PAID, PAID_RETURNED, SCHEDULED, STATUSES, WANT_A_REASON

Body = dict[str, Any]


def buyer_api_routes(portal: Portal) -> list[Route]:
    api = BuyerApi(portal)
    language = Route("/buyer/api/logins/{user}", buyer_endpoint(portal.buyer_token, api.set_language), methods=["PUT"])
    return [language, *fieldgate.buyer_api_routes(portal, api)]


class BuyerApi(fieldgate.BuyerApi):
    """One method for each call; each returns an HTTP status and the object to answer with."""

    portal: Portal

    async def add_login(self, request: Request, body: Body) -> Answer:
        """`language` is en (unless named), fr or de."""
        code = _language(body.get("language", "en"))
        status, answer = await super().add_login(request, body)
        self.portal.set_language(answer["user"], code)
        return status, {**answer, "language": code}

    async def set_language(self, request: Request, body: Body) -> Answer:
        user = request.path_params["user"]
        if self.portal.logins.find(user) is None:
            raise LookupError(f"There is no login {user!r}.")
        code = _language(body.get("language"))
        self.portal.set_language(user, code)
        return 200, {"user": user, "language": code}

    async def list_invoices(self, request: Request, body: Body) -> Answer:
        self.portal.release_due()
        return await super().list_invoices(request, body)

    async def show_ledger(self, request: Request, body: Body) -> Answer:
        self.portal.release_due()
        return await super().show_ledger(request, body)

    async def set_status(self, request: Request, body: Body) -> Answer:
        self.portal.release_due()
        invoice = self.portal.ledger.find(request.path_params["confirmation"])
        if invoice is None:
            raise LookupError(f"There is no invoice {request.path_params['confirmation']!r}.")
        decide(self.portal, invoice, body)
        return 200, as_dict(self.portal.ledger.find(invoice.confirmation) or invoice)


def decide(portal: Portal, invoice: Invoice, wanted: Body) -> None:
    """The buyer's decision on an invoice, or (without a status) a comment; unknown words only by force."""
    status = str(wanted.get("status") or invoice.status)
    if status not in (*STATUSES[1:], invoice.status) and not wanted.get("force"):
        raise Refused(f"There is no status {status!r}{suggest(status, list(STATUSES[1:]))}")
    comment, reason = str(wanted.get("comment") or ""), str(wanted.get("reason") or "")
    paid = str(wanted.get("payment_reference") or ""), iso_date(str(wanted.get("paid_on") or ""))
    if status == invoice.status:
        reason = reason or invoice.reason
    elif status in WANT_A_REASON:
        reason = reason or comment
    if status in (invoice.status, SCHEDULED, PAID, PAID_RETURNED):
        on = portal.books.now()[:10] if status == PAID else ""
        paid = paid[0] or invoice.payment_reference, paid[1] or invoice.paid_on or on
    portal.ledger.note(invoice, status, by="Payment office", comment=comment, reason=reason, paid=paid)


def _language(code: Any) -> str:
    if code not in LANGUAGES:
        raise Refused(f"There is no language {code!r}{suggest(str(code), list(LANGUAGES))}")
    return str(code)
