"""A supplier with a home folder, a customer with a real portal in a process of its own, and a real browser between."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from submitter.documents.intake import IntakeItem, IntakeVerdict, examine_folder
from submitter.documents.opening.opening import DocumentReader
from submitter.model.account import Customer
from submitter.model.invoice import Invoice
from submitter.practice.buyer import Buyer, running_fieldgate
from submitter.practice.shop import ShopExport, make_export
from submitter.queue.intake import queue_item
from submitter.queue.office import Office, open_office
from submitter.queue.worker import Worker, WorkReport
from submitter.secrets import store_secret
from submitter.settings import read_customer
from submitter.store import accounts, journal, submissions, tables

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

    def limit(self, **browsing: float) -> None:
        """Other limits for the steps from here on: `step_seconds`, `commit_seconds`."""
        settings = self.office.settings
        limits = settings.browsing.model_copy(update=browsing)
        self.office = replace(self.office, settings=settings.model_copy(update={"browsing": limits}))

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

    def sign_ins(self) -> list[str]:
        """What the portal made of each password that it was sent."""
        return [one["result"] for one in self.buyer.ledger()["sign_ins"]]

    def arm(self, kind: str, **more: Any) -> None:
        self.buyer.arm(kind, **more)

    def struck(self) -> dict[str, int]:
        """How often each armed fault has struck."""
        return {fault["kind"]: fault["fired"] for fault in self.buyer.ask("GET", "/faults")["faults"]}

    # -- what our journal says -----------------------------------------------------------------------------------

    def steps(self, number: str) -> list[Any]:
        with self.office.database.reading() as c:
            return journal.timeline(c, submissions.find_one(c, number).id)

    def phases(self, number: str) -> list[str]:
        return [step.phase for step in self.steps(number)]

    def kept(self, number: str, phase: str) -> str:
        """The page text kept with the last step of this phase; there must be a picture, too."""
        [*_, step] = [step for step in self.steps(number) if step.phase == phase]
        return self._read_evidence(step.detail["evidence"])

    def shown_at_pause(self) -> str:
        """The page text kept when the account was last paused; there must be a picture, too."""
        table = tables.audit
        query = select(table.c.detail).where(table.c.action == "account paused").order_by(table.c.id.desc()).limit(1)
        with self.office.database.reading() as c:
            detail = c.execute(query).scalar_one()
        return self._read_evidence(detail.get("evidence", []))

    def _read_evidence(self, digests: list[str]) -> str:
        files = [self.office.vault.read(digest) for digest in digests]
        assert any(data.startswith(b"\x89PNG") for data in files), "no picture was kept"
        return "\n".join(data.decode() for data in files if not data.startswith(b"\x89PNG"))

    # -- what a person does, and what time does --------------------------------------------------------------------

    def resume(self) -> None:
        with self.office.database.transaction() as c:
            accounts.resume(c, ACCOUNT, self.office.database.now(c), "test", "seen to")

    def retry(self, number: str) -> None:
        with self.office.database.transaction() as c:
            submissions.requeue(c, submissions.find_one(c, number).id, self.office.database.now(c), "test", "again")

    def forget(self) -> None:
        """Our books are lost; the portal has it all the same."""
        with self.office.database.transaction() as c:
            for table in ("receipt", "journal"):
                c.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_delete")
                c.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
            c.exec_driver_sql("DELETE FROM attempt")
            c.exec_driver_sql("UPDATE round SET state = 'queued'")

    def pass_time(self) -> None:
        """Whatever waits has waited long enough: a backoff, a closed circuit."""
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            c.execute(update(tables.round_).where(tables.round_.c.due_at > now).values(due_at=now))
            c.execute(update(tables.account).values(closed_until=None))

    def mend(self) -> WorkReport:
        """The portal works again, a person has looked at the account, time has passed, and the program goes on."""
        self.buyer.ask("DELETE", "/faults")
        if self.account().paused_at is not None:
            self.resume()
        self.pass_time()
        return self.work()

    def holds_exactly(self, *items: IntakeItem) -> None:
        """The portal has each of these invoices once and nothing else, with our totals and files; we have the receipts.

        What the portal accepted is judged by what it wrote down, not by what it showed us.
        """
        accepted, rows = self.accepted(), self.rows()
        assert sorted(entry["number"] for entry in accepted) == sorted(_invoice(item).number for item in items)
        entries = {entry["number"]: entry for entry in accepted}
        for invoice, item in ((_invoice(item), item) for item in items):
            entry, row = entries[invoice.number], rows[invoice.number]
            assert (row.state, row.reference) == ("confirmed", entry["confirmation"])
            assert (entry["po"], entry["total"]) == (invoice.po_number, str(invoice.total.amount))
            sent = sorted(hashlib.sha256(found.path.read_bytes()).hexdigest() for found in item.files)
            assert sorted(file["sha256"] for file in entry["files"]) == sent


def _invoice(item: IntakeItem) -> Invoice:
    assert item.invoice is not None
    return item.invoice


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
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    offices: list[Office] = []

    def make(buyer: Buyer, customer: str = CUSTOMER, settings: str = SETTINGS) -> World:
        home = tmp_path / "home"
        customers = home / "config" / "customers"
        customers.mkdir(parents=True)
        (home / "config" / "submitter.toml").write_text(settings)
        (customers / f"{ACCOUNT}.toml").write_text(customer.format(address=buyer.url, user=USER))
        store_secret(ACCOUNT, "password", PASSWORD)
        office = open_office(home)
        offices.append(office)
        return World(home, buyer, office)

    yield make
    for office in offices:
        office.close()


@pytest.fixture
def portal(tmp_path: Path, export: ShopExport) -> Iterator[Buyer]:
    with running_fieldgate(tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            buyer.add_order(order)
        yield buyer


@pytest.fixture
def world(portal: Buyer, make_world: Callable[..., World]) -> World:
    return make_world(portal)


@pytest.fixture
def careless(world: World) -> World:
    """A portal that books whatever it is sent: it would not save us from sending twice."""
    world.buyer.settings(accept_duplicates=True)
    return world
