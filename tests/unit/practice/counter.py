"""Plain HTTP at Fieldgate's counter: a supplier's browser without the browser, and the buyer's programs."""

import hashlib
import http.client
import json
import re
import uuid
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

PASSWORD = "Derrick-4711"
TICKET = b"%PDF-1.7 signed ticket"
COPY = b"%PDF-1.7 invoice copy, a little longer"


@dataclass(frozen=True)
class Page:
    """One answer: status, headers and text."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.body, re.DOTALL)
        return unescape(found.group(1)) if found else ""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def form_address(self) -> str:
        """Where the page's own form goes, the last one on it."""
        return str(re.findall(r'<form[^>]* action="([^"]+)"', self.body)[-1])

    def says(self, text: str) -> bool:
        return text in unescape(self.body)

    def spoken(self, role: str) -> str:
        """The text of the elements with this ARIA role."""
        found = re.findall(rf'<(\w+)[^>]*role="{role}"[^>]*>(.*?)</\1>', self.body, re.DOTALL)
        return unescape(" ".join(re.sub(r"<[^>]+>", " ", inner) for _, inner in found))


class Buyer:
    """The buyer's API."""

    def __init__(self, url: str, token: str) -> None:
        self.host, self.token = urlsplit(url).netloc, token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, expect: int | None = None) -> Any:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, f"/buyer/api{path}", json.dumps(body or {}), {"X-Buyer-Token": self.token})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if expect is None:
            assert answer.status < 300, (answer.status, text)
        else:
            assert answer.status == expect, (answer.status, text)
        return json.loads(text)

    def arm(self, kind: str, **more: Any) -> None:
        self.call("POST", "/faults", {"kind": kind, **more})

    def fired(self) -> dict[str, int]:
        return {fault["kind"]: fault["fired"] for fault in self.call("GET", "/faults")["faults"]}

    def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", "/ledger")
        return found

    def add_supplier(self, totp_secret: str = "") -> "Supplier":
        """A new supplier with one login and one order of two lines."""
        name = f"shop-{uuid.uuid4().hex[:8]}"
        login = {"user": name, "password": PASSWORD, "supplier_name": f"Machine works {name}"}
        self.call("POST", "/logins", {**login, "totp_secret": totp_secret})
        self.add_order(f"PO/{name}", name)
        return Supplier(self.host, name, f"PO/{name}")

    def add_order(self, number: str, login: str) -> Any:
        lines = [
            {"line": 1, "description": "Pump shaft, 4140", "unit": "EA", "quantity": "10", "unit_price": "125.50"},
            {"line": 2, "description": "Machining", "unit": "HR", "quantity": "40.5", "unit_price": "1095.00"},
        ]
        order = {
            "number": number,
            "description": "Shafts for pad 7",
            "currency": "USD",
            "cost_object": "AFE",
            "cost_object_number": "1712345",
            "major": "8210",
            "minor": "3040",
            "approver": "Dana Whitfield",
            "supplier_login": login,
            "lines": lines,
        }
        return self.call("POST", "/orders", order)


@dataclass
class Supplier:
    """A supplier's clerk, who keeps cookies and reads forms."""

    host: str
    user: str
    po: str
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Page:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if content_type:
            headers["Content-Type"] = content_type
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = Page(
                answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode("utf-8", "replace")
            )
        finally:
            connection.close()
        for line in answer.headers.get_all("set-cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        token = re.search(r'name="csrf" value="([^"]+)"', page.body)
        if token:
            self.csrf = token.group(1)
        return page

    def get(self, path: str, follow: bool = True) -> Page:
        page = self.ask("GET", path.partition("#")[0])
        return self.get(page.location) if follow and page.status == 303 else page

    def post(self, path: str, fields: dict[str, str] | None = None, follow: bool = True) -> Page:
        body = urlencode({"csrf": self.csrf, **(fields or {})}).encode()
        page = self.ask("POST", path, body, "application/x-www-form-urlencoded")
        return self.get(page.location) if follow and page.status == 303 else page

    def upload(self, draft: str, files: list[tuple[str, str, bytes]], follow: bool = True) -> Page:
        edge = uuid.uuid4().hex
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self.csrf}\r\n'.encode()]
        for name, filename, content in files:
            disposition = f'form-data; name="{name}"; filename="{filename}"'
            head = f"--{edge}\r\nContent-Disposition: {disposition}\r\nContent-Type: application/pdf\r\n\r\n"
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        page = self.ask("POST", f"{draft}/attachments", body, f"multipart/form-data; boundary={edge}")
        return self.get(page.location) if follow and page.status == 303 else page

    def sign_in(self, password: str = PASSWORD) -> Page:
        self.get("/sign-in")
        return self.post("/sign-in", {"user": self.user, "password": password})

    def start_draft(self) -> str:
        """A new draft's address, /drafts/N."""
        page = self.post(f"/orders/{quote(self.po, safe='')}", follow=False)
        return page.location.removesuffix("/header")

    def header(self, number: str, /, **other: str) -> dict[str, str]:
        return {
            "number": number,
            "invoice_date": "03/02/2026",
            "cost_object": "AFE",
            "cost_object_number": "1712345",
            "major": "8210",
            "minor": "3040",
            "approver": "dana  whitfield",
            **other,
        }

    def prepare(self, number: str, quantity: str = "4", draft: str = "") -> str:
        """A draft up to its review page."""
        draft = draft or self.start_draft()
        assert self.post(f"{draft}/header", self.header(number)).heading == "Invoice lines"
        typed = {"quantity-1": quantity, "price-1": "125.50", "tax": "41.42"}
        assert self.post(f"{draft}/lines", typed).heading == "Attachments"
        files = [("invoice_copy", f"{number}.pdf", COPY), ("signed_tickets", f"{number}-ticket.pdf", TICKET)]
        assert self.upload(draft, files).says(hashlib.sha256(TICKET).hexdigest())
        assert self.post(f"{draft}/attachments/continue").heading == "Review your invoice"
        return draft

    def submit(self, draft: str, follow: bool = True) -> Page:
        return self.post(f"{draft}/review", follow=follow)

    def send(self, number: str, quantity: str = "4") -> str:
        """The confirmation of a whole invoice."""
        return confirmation(self.submit(self.prepare(number, quantity)))


def confirmation(page: Page) -> str:
    found = re.search(r'data-testid="confirmation-number">([^<]+)<', page.body)
    assert found, page.heading
    return found.group(1)
