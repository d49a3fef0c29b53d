"""The buyers' side for programs: customers, orders, logins, decisions, comments, mails, the ledger, faults, as JSON.

Calls that are about one customer take its name as `customer`; without it they mean the first one, settings mean all.
"""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from submitter.practice.cobalt.customers import RULES, Customer, customer_id
from submitter.practice.cobalt.portal import DEFAULTS, Portal
from submitter.practice.cobalt.statuses import DISPUTED, STATUSES
from submitter.practice.fieldgate.buyer_api import (
    Answer,
    Call,
    buyer_endpoint,
    iso_date,
    order_as_dict,
    read_totp_secret,
)
from submitter.practice.fieldgate.ledger import Invoice, as_dict
from submitter.practice.fieldgate.orders import read_figure
from submitter.practice.fieldgate.settings import Refused, suggest

Body = dict[str, Any]


def buyer_api_routes(portal: Portal) -> list[Route]:
    api = BuyerApi(portal)
    calls: list[tuple[str, str, Call]] = [
        ("GET", "/customers", api.list_customers),
        ("POST", "/customers", api.add_customer),
        ("GET", "/orders", api.list_orders),
        ("POST", "/orders", api.add_order),
        ("POST", "/orders/{po:path}/receipts", api.book_receipt),
        ("GET", "/logins", api.list_logins),
        ("POST", "/logins", api.add_login),
        ("POST", "/logins/{user}/unlock", api.unlock),
        ("GET", "/mails", api.list_mails),
        ("GET", "/invoices", api.list_invoices),
        ("POST", "/invoices/{confirmation}/status", api.set_status),
        ("POST", "/invoices/{confirmation}/comments", api.add_comment),
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


class BuyerApi:
    """One method for each call; each returns an HTTP status and the object to answer with."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    async def list_customers(self, request: Request, body: Body) -> Answer:
        return 200, {"customers": [{"id": each.id, "name": each.name} for each in self.portal.customers.all()]}

    async def add_customer(self, request: Request, body: Body) -> Answer:
        customer = self.portal.customers.add(str(body.get("name") or ""))
        customer.books.ahead_seconds = self.portal.books.ahead_seconds
        return 201, {"id": customer.id, "name": customer.name}

    async def list_orders(self, request: Request, body: Body) -> Answer:
        orders = [
            {"customer": customer.name, **order_as_dict(order)}
            for customer in self.portal.customers.all()
            for order in customer.orders.all()
        ]
        return 200, {"orders": orders}

    async def add_order(self, request: Request, body: Body) -> Answer:
        customer = self._customer(body.pop("customer", ""))
        order, new = customer.orders.add(body)
        return (201 if new else 200), {"customer": customer.name, **order_as_dict(order)}

    async def book_receipt(self, request: Request, body: Body) -> Answer:
        customer = self._customer(body.get("customer", ""))
        order = customer.orders.find_for_buyer(request.path_params["po"], str(body.get("supplier_login") or ""))
        if order is None:
            raise LookupError(f"There is no order {request.path_params['po']!r}.")
        customer.orders.book_receipt(
            order, str(body.get("line", "")), read_figure(str(body.get("quantity", "")), "quantity")
        )
        return 201, order_as_dict(customer.orders.find_by_id(order.id))

    async def list_logins(self, request: Request, body: Body) -> Answer:
        """With the customers each of them sees, and the code it is being asked for, as if read from its e-mail."""
        logins = []
        for login in self.portal.logins.all():
            pending = [session.pending_code for session in self.portal.sessions.of_user(login.user)]
            code = next((each for each in reversed(pending) if each), "")
            shown = {"user": login.user, "supplier_name": login.supplier, "totp": bool(login.totp_secret)}
            names = [customer.name for customer in self.portal.customers.of(login.user)]
            logins.append({**shown, "locked": bool(login.locked), "pending_code": code, "customers": names})
        return 200, {"logins": logins}

    async def add_login(self, request: Request, body: Body) -> Answer:
        """Connected with the customers it names, or with all that are there."""
        user, password = str(body.get("user") or "").strip(), str(body.get("password") or "")
        if not user or not password:
            raise Refused("A login needs user and password.")
        supplier, secret = str(body.get("supplier_name") or user), read_totp_secret(body)
        named = body.get("customers")
        customers = self.portal.customers.all() if named is None else [self._customer(each) for each in named]
        self.portal.logins.add(user, password, supplier, secret, self.portal.settings.terms_version)
        self.portal.devices.forget(user)
        for customer in customers:
            customer.connect(user, supplier)
        shown = {"user": user, "supplier_name": supplier, "totp": bool(secret)}
        return 201, {**shown, "customers": [customer.name for customer in customers]}

    async def unlock(self, request: Request, body: Body) -> Answer:
        user = request.path_params["user"]
        if self.portal.logins.find(user) is None:
            raise LookupError(f"There is no login {user!r}.")
        self.portal.logins.unlock(user)
        return 200, {"user": user, "locked": False}

    async def list_mails(self, request: Request, body: Body) -> Answer:
        return 200, {"mails": self.portal.mailbox.sent(request.query_params.get("to", ""))}

    async def list_invoices(self, request: Request, body: Body) -> Answer:
        return 200, {"invoices": self._accepted()}

    async def set_status(self, request: Request, body: Body) -> Answer:
        customer, invoice = self.portal.customers.holding(request.path_params["confirmation"])
        decide(customer, invoice, body)
        return 200, invoice_as_dict(customer, customer.ledger.find(invoice.confirmation) or invoice)

    async def add_comment(self, request: Request, body: Body) -> Answer:
        customer, invoice = self.portal.customers.holding(request.path_params["confirmation"])
        text = str(body.get("text") or "").strip()
        if not text:
            raise Refused("A comment needs a text.")
        by = str(body.get("by") or f"Accounts payable, {customer.name}")
        customer.comments.add(invoice.confirmation, by, text, from_customer=True)
        return 201, invoice_as_dict(customer, invoice)

    async def show_ledger(self, request: Request, body: Body) -> Answer:
        accepted = self._accepted()
        return 200, {
            "accepted": accepted,
            "accepted_count": len(accepted),
            "duplicates": sum(customer.ledger.duplicates() for customer in self.portal.customers.all()),
            "sign_ins": self.portal.logins.sign_ins(),
            "requests": self.portal.requests,
        }

    async def show_settings(self, request: Request, body: Body) -> Answer:
        """Those of the portal, and those of one customer."""
        customer = self._customer(request.query_params.get("customer", ""))
        return 200, {**self.portal.settings.as_dict(), **customer.settings.as_dict()}

    async def change_settings(self, request: Request, body: Body) -> Answer:
        named = body.pop("customer", "")
        unknown = [name for name in body if name not in DEFAULTS and name not in RULES]
        if unknown:
            raise Refused(f"There is no setting {unknown[0]!r}{suggest(unknown[0], [*DEFAULTS, *RULES])}")
        rules = {name: value for name, value in body.items() if name in RULES}
        self.portal.settings.change({name: value for name, value in body.items() if name in DEFAULTS})
        for customer in [self._customer(named)] if named else self.portal.customers.all():
            customer.settings.change(rules)
        return 200, {**self.portal.settings.as_dict(), **self._customer(named).settings.as_dict()}

    async def let_time_pass(self, request: Request, body: Body) -> Answer:
        """What waits to be listed has waited this much longer. Forgotten when the portal is started anew."""
        seconds = body.get("seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise Refused(f"seconds is a number, 0 or more, not {seconds!r}.")
        return 200, {"ahead_seconds": self.portal.let_time_pass(seconds)}

    async def list_faults(self, request: Request, body: Body) -> Answer:
        return 200, {"faults": self.portal.faults.as_list()}

    async def arm_fault(self, request: Request, body: Body) -> Answer:
        return 201, self.portal.faults.arm(body).as_dict()

    async def clear_faults(self, request: Request, body: Body) -> Answer:
        self.portal.faults.clear(request.query_params.get("kind", ""))
        return 200, {"faults": self.portal.faults.as_list()}

    def _customer(self, name: Any) -> Customer:
        if not name:
            return self.portal.customers.all()[0]
        found = self.portal.customers.find(customer_id(str(name)))
        if found is None:
            raise LookupError(f"There is no customer {name!r}.")
        return found

    def _accepted(self) -> list[Body]:
        """Every invoice that was ever accepted, in the order in which that happened at each customer."""
        return [
            invoice_as_dict(customer, invoice)
            for customer in self.portal.customers.all()
            for invoice in customer.ledger.accepted()
        ]


def decide(customer: Customer, invoice: Invoice, wanted: Body) -> None:
    """What the customer's people decide; unknown words only by force. That it is paid is no status at Cobalt."""
    status = str(wanted.get("status") or invoice.status)
    if status not in (*STATUSES, invoice.status) and not wanted.get("force"):
        raise Refused(f"There is no status {status!r}{suggest(status, list(STATUSES))}")
    comment = str(wanted.get("comment") or "")
    reason = str(wanted.get("reason") or "")
    if status == DISPUTED:
        reason = reason or comment or invoice.reason
    reference = str(wanted.get("payment_reference") or "") or invoice.payment_reference
    paid_on = iso_date(str(wanted.get("paid_on") or "")) or invoice.paid_on
    if reference and not paid_on:
        paid_on = customer.books.now()[:10]
    by = f"Accounts payable, {customer.name}"
    customer.ledger.note(invoice, status, by=by, comment=comment, reason=reason, paid=(reference, paid_on))
    if comment:
        customer.comments.add(invoice.confirmation, by, comment, from_customer=True)


def invoice_as_dict(customer: Customer, invoice: Invoice) -> Body:
    """The invoice for the buyers' API, with whose it is, its tax code and the conversation about it."""
    conversation: Iterable[Any] = customer.comments.on(invoice.confirmation)
    comments = [{"at": each.at, "by": each.by, "text": each.text} for each in conversation]
    return {
        **as_dict(invoice),
        "customer": customer.name,
        "tax_code": customer.tax_code(invoice),
        "comments": comments,
    }
