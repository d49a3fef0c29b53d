"""Plain HTTP at Ledgerline's counter: a clerk's browser without the browser, and the payment office's programs."""

import re
import uuid
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, urlencode

from tests.unit.practice.counter import COPY, PASSWORD, TICKET, Buyer, Page, Supplier

DAY = 86_400


class LedgerlineBuyer(Buyer):
    """The payment office's API."""

    def add_clerk(self, language: str = "en", totp_secret: str = "") -> "LedgerlineClerk":
        """A new supplier with one login and one order of two lines."""
        name = f"shop-{uuid.uuid4().hex[:8]}"
        login = {"user": name, "password": PASSWORD, "supplier_name": f"Machine works {name}"}
        self.call("POST", "/logins", {**login, "totp_secret": totp_secret, "language": language})
        self.add_order(f"PO/{name}", name)
        return LedgerlineClerk(self.host, name, f"PO/{name}")

    def decide(self, tracking: str, status: str, **more: str) -> None:
        self.call("POST", f"/invoices/{tracking}/status", {"status": status, **more})


@dataclass
class LedgerlineClerk(Supplier):
    """A supplier's clerk at Ledgerline; `token` is that of the page that was seen last."""

    token: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Page:
        page = super().ask(method, path, body, content_type)
        found = re.search(r'name="page_token" value="([^"]+)"', page.body)
        self.token = found.group(1) if found else self.token
        return page

    def post(self, path: str, fields: dict[str, str] | None = None, follow: bool = True) -> Page:
        body = urlencode({"page_token": self.token, **(fields or {})}).encode()
        page = self.ask("POST", path, body, "application/x-www-form-urlencoded")
        return self.get(page.location) if follow and page.status == 303 else page

    def sign_in(self, password: str = PASSWORD) -> Page:
        self.get("/logon")
        return self.post("/logon", {"user": self.user, "password": password})

    def start_draft(self) -> str:
        """A new draft's address, /area/entry/N, with its first page shown."""
        order = f"/area/orders/{quote(self.po, safe='')}"
        self.get(order)
        address = self.post(order, {"create": "x"}, follow=False).location
        assert screen(self.get(address)) == "INV-010"
        return address.removesuffix("/details")

    def fill(self, draft: str, number: str, **other: str) -> Page:
        typed = {"number": number, "invoice_date": "03/02/2026", "quantity-1": "4", "price-1": "125.50", "tax": "41.42"}
        return self.post(f"{draft}/details", {**typed, "next": "x", **other})

    def attach(self, draft: str, *files: tuple[str, str, bytes], press: str = "attach") -> Page:
        """Field, name and content of each file; presses a button of the page of attachments."""
        edge = uuid.uuid4().hex
        fields = {"page_token": self.token, press: "x"}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for name, filename, content in files:
            disposition = f'form-data; name="{name}"; filename="{filename}"'
            parts.append(f"--{edge}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        page = self.ask("POST", f"{draft}/files", body, f"multipart/form-data; boundary={edge}")
        return self.get(page.location) if page.status == 303 else page

    def prepare(self, number: str, quantity: str = "4", draft: str = "", **other: str) -> str:
        """A draft up to its page of review."""
        draft = draft or self.start_draft()
        page = self.fill(draft, number, **{"quantity-1": quantity, **other})
        assert screen(page) == "INV-020", errors(page)
        copy, ticket = ("invoice_copy", f"{number}.pdf", COPY), ("supporting", f"{number}-ticket.pdf", TICKET)
        assert errors(self.attach(draft, copy, ticket)) == ""
        assert screen(self.attach(draft, press="next")) == "INV-030"
        return draft

    def submit(self, draft: str, follow: bool = True) -> Page:
        return self.post(f"{draft}/certify", {"certified": "yes", "send": "x"}, follow)

    def send(self, number: str, quantity: str = "1", **other: str) -> str:
        """The tracking number of a whole invoice."""
        return tracking(self.submit(self.prepare(number, quantity, **other)))

    def rows(self, query: str = "", page: str = "invoices") -> list[list[str]]:
        """The cells of the list below its header, in the order of the columns."""
        return cells(self.get(f"/area/{page}{query}"))[1:]


def cells(page: Page) -> list[list[str]]:
    """The rows of the page's last table with borders, its header among them."""
    table = page.body.rpartition('<table class="data"')[2].partition("</table>")[0]
    return [
        [
            re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip(" ")
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]


def screen(page: Page) -> str:
    """The code by which Ledgerline names its pages, in every language the same."""
    found = re.search(r'<td class="screen"[^>]*>([^<]*)<', page.body)
    return found.group(1) if found else ""


def errors(page: Page) -> str:
    found = re.search(r'<td id="errors">(.*?)</td>', page.body, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found.group(1))) if found else ""


def tracking(page: Page) -> str:
    found = re.search(r'id="tracking">([^<]+)<', page.body)
    assert found, (screen(page), errors(page))
    return found.group(1)
