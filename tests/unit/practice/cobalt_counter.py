"""Plain HTTP at Cobalt's counter: a clerk's browser without the browser, and the customers' programs."""

import re
import uuid
from dataclasses import dataclass
from html import unescape

from tests.unit.practice.counter import COPY, PASSWORD, TICKET, Buyer, Page, Supplier

TEJAS, PALISADE = "Tejas Resources", "Palisade Energy"


class CobaltBuyer(Buyer):
    """The customers' API."""

    def add_clerk(self, totp_secret: str = "", customers: tuple[str, ...] = (TEJAS, PALISADE)) -> "Clerk":
        """A new supplier with one login, connected with these customers, and an order of its own at each."""
        name = f"shop-{uuid.uuid4().hex[:8]}"
        login = {"user": f"{name}@shop.example", "password": PASSWORD, "supplier_name": f"Machine works {name}"}
        self.call("POST", "/logins", {**login, "totp_secret": totp_secret, "customers": list(customers)})
        for customer in customers:
            self.place_order(customer, f"PO/{name}", login["user"])
        return Clerk(self.host, login["user"], f"PO/{name}")

    def place_order(self, customer: str, number: str, login: str, description: str = "Shafts") -> None:
        lines = [
            {"line": 1, "description": "Pump shaft, 4140", "unit": "EA", "quantity": "10", "unit_price": "125.50"},
            {"line": 2, "description": "Machining", "unit": "HR", "quantity": "40.5", "unit_price": "1095.00"},
        ]
        order = {
            "customer": customer,
            "number": number,
            "description": f"{description} for {customer}",
            "currency": "USD",
            "cost_object": "AFE",
            "cost_object_number": "1712345",
            "approver": "Dana Whitfield",
            "supplier_login": login,
            "lines": lines,
        }
        self.call("POST", "/orders", order)

    def decide(self, document: str, status: str, **more: str) -> None:
        self.call("POST", f"/invoices/{document}/status", {"status": status, **more})

    def mails(self, to: str) -> list[str]:
        return [mail["text"] for mail in self.call("GET", f"/mails?to={to}")["mails"]]

    def last_code(self, to: str) -> str:
        found = re.search(r"code is (\d{6})", self.mails(to)[-1])
        assert found
        return found.group(1)


@dataclass
class Clerk(Supplier):
    """A supplier's clerk at Cobalt; `at` is the customer whose pages are open."""

    at: str = "/at/tejas-resources"

    def sign_in(self, password: str = PASSWORD) -> Page:
        self.get("/login")
        assert self.post("/login", {"user": self.user}).heading == "Welcome back"
        return self.post("/login/password", {"password": password})

    def start_draft(self) -> str:
        self.get(f"{self.at}/create")
        page = self.post(f"{self.at}/create", {"order": self.po, "typed": self.po}, follow=False)
        assert page.status == 303, page.body
        return page.location

    def prepare(self, number: str, quantity: str = "4", draft: str = "", **other: str) -> str:
        draft = draft or self.start_draft()
        page = self.calculate(draft, number, quantity, **other)
        assert page.says('id="summary"'), page.spoken("alert")
        return draft

    def calculate(
        self,
        draft: str,
        number: str,
        quantity: str = "4",
        files: tuple[tuple[str, bytes], ...] = (("image", COPY), ("support", TICKET)),
        **other: str,
    ) -> Page:
        """Types the draft anew, attaches the files and presses Calculate."""
        fields = {
            "csrf": self.csrf,
            "number": number,
            "invoice_date": "03/02/2026",
            "tax_code": "TAXABLE",
            "tax": "41.42",
            "quantity-1": quantity,
            "price-1": "125.50",
            "do": "calculate",
            **other,
        }
        edge = uuid.uuid4().hex
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for place, (name, content) in enumerate(files):
            disposition = f'form-data; name="{name}"; filename="{number}-{place}.pdf"'
            head = f"--{edge}\r\nContent-Disposition: {disposition}\r\nContent-Type: application/pdf\r\n\r\n"
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        page = self.ask("POST", draft, body, f"multipart/form-data; boundary={edge}")
        return self.get(page.location) if page.status == 303 else page

    def submit(self, draft: str, follow: bool = True) -> Page:
        return self.post(f"{draft}/submit", follow=follow)

    def send(self, number: str, quantity: str = "1") -> str:
        """The document ID of a whole invoice."""
        return document_id(self.submit(self.prepare(number, quantity)))

    def rows(self, query: str = "") -> list[list[str]]:
        """The cells of the invoice list."""
        body = (
            self.get(f"{self.at}/invoices{query}").body.partition('aria-label="Invoices"')[2].partition("</table>")[0]
        )
        return [
            [
                " ".join(unescape(re.sub(r"<[^>]+>", "", cell)).split())
                for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.S)
            ]
            for row in body.split("<tr>")[2:]
        ]


def document_id(page: Page) -> str:
    found = re.search(r'id="document-id">([^<]+)<', page.body)
    assert found, (page.heading, page.spoken("alert"))
    return found.group(1)
