"""Plain HTTP at Meridian's counter: the calls that its script makes, and the customers' programs."""

import http.client
import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.unit.practice.counter import COPY, PASSWORD, TICKET, Buyer

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers, and the JSON in it."""

    status: int
    headers: dict[str, str]
    data: dict[str, Any]

    @property
    def errors(self) -> str:
        return " ".join(self.data.get("errors", []))

    @property
    def go(self) -> str:
        """The view that the script goes on to."""
        return str(self.data.get("go", ""))

    @property
    def odd(self) -> dict[str, str]:
        """What the script is told to do to its view."""
        found: dict[str, str] = json.loads(self.headers.get("x-meridian-odd", "{}"))
        return found


class MeridianBuyer(Buyer):
    """The customers' API."""

    def add_clerk(self, totp_secret: str = "", customer: str = "") -> "MeridianClerk":
        """A new supplier with one login and one order of two lines."""
        name = f"shop-{uuid.uuid4().hex[:8]}"
        login = {"user": name, "password": PASSWORD, "supplier_name": f"Machine works {name}"}
        self.call("POST", "/logins", {**login, "totp_secret": totp_secret})
        self.customer = customer
        self.add_order(f"PO/{name}", name)
        return MeridianClerk(self.host, name, f"PO/{name}")

    customer = ""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, expect: int | None = None) -> Any:
        if (method, path) == ("POST", "/orders") and self.customer:
            body = {**(body or {}), "customer": self.customer}
        return super().call(method, path, body, expect)

    def decide(self, reference: str, status: str = "", expect: int | None = None, **more: Any) -> Any:
        return self.call("POST", f"/invoices/{reference}/status", {"status": status, **more}, expect)

    def accepted(self, user: str) -> list[dict[str, Any]]:
        return [each for each in self.ledger()["accepted"] if user in each["supplier"]]


@dataclass
class MeridianClerk:
    """A supplier's clerk whose browser keeps cookies and the token of the session."""

    host: str
    user: str
    po: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def call(self, method: str, path: str, body: Any = None, files: Files = (), **query: str) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method != "GET":
            headers["X-Meridian-Token"] = self.token
        data = json.dumps(body or {}).encode()
        if files:
            edge = uuid.uuid4().hex
            headers["Content-Type"] = f"multipart/form-data; boundary={edge}"
            parts = [
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
                + content
                + b"\r\n"
                for name, content in files
            ]
            data = b"".join(parts) + f"--{edge}--\r\n".encode()
        address = f"/api/{path}" + (f"?{urlencode(query)}" if query else "")
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, address, data if method != "GET" else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        for line in answer.headers.get_all("set-cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(text))
        self.token = found.data.get("token") or self.token
        return found

    def sign_in(self, password: str = PASSWORD) -> Answer:
        self.call("GET", "session")
        return self.call("POST", "session", {"user": self.user, "password": password})

    def start_draft(self) -> str:
        """A new draft's address, drafts/N."""
        return self.call("POST", "drafts", {"order": self.po}).go

    def fill(self, draft: str, number: str, **other: Any) -> Answer:
        typed = {"quantity-1": "4", "price-1": "125.50", "tax": "41.42", **other.pop("typed", {})}
        entered = {"number": number, "invoice_date": "2026-03-02", "tax_category": "Sales tax", **other}
        return self.call("PUT", draft, {**entered, "typed": typed})

    def attach(self, draft: str, *files: tuple[str, bytes]) -> Answer:
        return self.call("POST", f"{draft}/files", files=files)

    def prepare(self, number: str, quantity: str = "1", draft: str = "", **other: Any) -> str:
        """A draft up to its review."""
        draft = draft or self.start_draft()
        assert self.attach(draft, (f"{number}.pdf", COPY), (f"{number}-ticket.pdf", TICKET)).errors == ""
        answer = self.fill(draft, number, typed={"quantity-1": quantity}, **other)
        assert answer.go == f"{draft}/review", answer.data
        return draft

    def submit(self, draft: str) -> Answer:
        return self.call("POST", f"{draft}/submission")

    def send(self, number: str, quantity: str = "1", **other: Any) -> str:
        """The reference of a whole invoice."""
        return reference(self.submit(self.prepare(number, quantity, **other)))

    def again(self, former: str) -> str:
        """A draft in place of the former invoice, drafts/N."""
        answer = self.call("POST", f"invoices/{former}/drafts")
        assert answer.go.startswith("drafts/"), answer.data
        return answer.go

    def row(self, former: str) -> dict[str, Any]:
        (found,) = [row for row in self.call("GET", "invoices").data["rows"] if row["reference"] == former]
        return dict(found)

    def standing(self, former: str) -> tuple[str, str]:
        row = self.row(former)
        return row["routing"], row["status"]

    def order(self) -> dict[str, Any]:
        return self.call("GET", f"orders/{quote(self.po, safe='')}").data


def reference(answer: Answer) -> str:
    assert answer.go.endswith("/submitted"), answer.data
    return answer.go.split("/")[1]
