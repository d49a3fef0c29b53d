"""A supplier with a home folder, a customer with a real portal in a process of its own, and a real browser between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from submitter.documents.intake import IntakeItem, IntakeVerdict, examine_folder
from submitter.documents.opening import DocumentReader
from submitter.model.account import Customer
from submitter.practice.buyer import Buyer, running_fieldgate
from submitter.practice.shop import ShopExport, make_export
from submitter.queue.intake import queue_item
from submitter.queue.office import Office, open_office
from submitter.queue.worker import Worker, WorkReport
from submitter.secrets import store_secret
from submitter.settings import read_customer
from submitter.store import accounts, submissions

ACCOUNT = "tejas-resources"
USER = "billing@northline.example"
PASSWORD = "correct-Horse-7-battery"
SETTINGS = """
[browsing]
step_seconds = 8
commit_seconds = 6
"""
CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "{address}"
user = "{user}"
time_zone = "America/Chicago"
[rules]
currencies = ["USD"]
coding_required = true
[agreement]
valid_from = 2020-01-01
fee = {{ amount = "75.00", currency = "USD" }}
"""


@dataclass
class World:
    """One supplier and one portal."""

    home: Path
    buyer: Buyer
    office: Office

    def queue(self, *items: IntakeItem) -> list[str]:
        """Queue these invoices as an intake would; their numbers."""
        numbers = []
        for item in items:
            queued = queue_item(self.office, item.model_copy(update={"customer": self.office.customers[0]}), "test")
            assert queued.verdict is IntakeVerdict.GOOD and queued.invoice is not None
            numbers.append(queued.invoice.number)
        return numbers

    def work(self) -> WorkReport:
        return asyncio.run(Worker(self.office).run_until_idle())

    def poll(self) -> WorkReport:
        with self.office.database.transaction() as c:
            accounts.mark_reading_due(c, ACCOUNT, self.office.database.now(c))
        return self.work()

    def rows(self) -> dict[str, Any]:
        """The last round of every submission, by invoice number."""
        with self.office.database.reading() as c:
            return {row.invoice_number: row for row in submissions.listing(c)}

    def account(self) -> Any:
        with self.office.database.reading() as c:
            return accounts.read(c, ACCOUNT)

    def accepted(self) -> list[dict[str, Any]]:
        return list(self.buyer.ledger()["accepted"])


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> ShopExport:
    return make_export(tmp_path_factory.mktemp("erp-export"), 20417, today=datetime.now(UTC).date())


@pytest.fixture(scope="session")
def good(export: ShopExport, tmp_path_factory: pytest.TempPathFactory) -> list[IntakeItem]:
    """The export's good invoices, read and checked once for all tests."""
    path = tmp_path_factory.mktemp("customer") / f"{ACCOUNT}.toml"
    path.write_text(CUSTOMER.format(address="http://127.0.0.1:1", user=USER))
    customer: Customer = read_customer(path)
    with DocumentReader() as reader:
        report = examine_folder(export.folder, [customer], reader, datetime.now(UTC).date(), lambda _a, _n: None)
    return [item for item in report.items if item.verdict is IntakeVerdict.GOOD]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[[Buyer], World]]:
    offices: list[Office] = []

    def make(buyer: Buyer, customer: str = CUSTOMER) -> World:
        home = tmp_path / "home"
        customers = home / "config" / "customers"
        customers.mkdir(parents=True)
        (home / "config" / "submitter.toml").write_text(SETTINGS)
        (customers / f"{ACCOUNT}.toml").write_text(customer.format(address=buyer.url, user=USER))
        store_secret(ACCOUNT, "password", PASSWORD)
        office = open_office(home)
        offices.append(office)
        return World(home, buyer, office)

    yield make
    for office in offices:
        office.close()


@pytest.fixture
def world(tmp_path: Path, export: ShopExport, make_world: Callable[[Buyer], World]) -> Iterator[World]:
    with running_fieldgate(tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            buyer.add_order(order)
        yield make_world(buyer)
