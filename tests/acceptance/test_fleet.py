"""Two real fleet workers with real browsers against the practice portal; one dies, then all, then the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import select

from submitter.documents.intake import IntakeItem, IntakeVerdict
from submitter.model.attempt import Phase
from submitter.practice.buyer import Buyer, running_fieldgate
from submitter.practice.shop import ShopExport
from submitter.queue.intake import queue_item
from submitter.queue.office import Office, open_office
from submitter.store import audit, leases, submissions
from submitter.store.tables import attempt, journal
from tests.acceptance.conftest import CUSTOMER, PASSWORD
from tests.postgres import Databases, Server

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.timeout(420)]

ACCOUNTS = ("tejas-basin", "tejas-gulf", "tejas-resources")
SETTINGS = """
[browsing]
step_seconds = 20
commit_seconds = 9
[working]
lease_seconds = 12
heartbeat_seconds = 3
look_seconds = 1
retry_seconds = 2
circuit_seconds = 2
"""


class Fleet:
    """Workers on one home and one database, and the portal they visit."""

    def __init__(self, home: Path, office: Office, buyer: Buyer) -> None:
        self.home = home
        self.office = office
        self.buyer = buyer
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.home / f"worker-{len(self.workers)}.txt").open("wb")
        with log:
            worker = subprocess.Popen(
                [
                    *(sys.executable, "-c", "from submitter.cli.main import run; run()"),
                    *("--home", str(self.home), "fleet", "worker", "--visits", "2"),
                ],
                env={
                    **os.environ,
                    "SUBMITTER_DATABASE_URL": self.office.database.url,
                    "SUBMITTER_SECRETS_FOLDER": str(self.home / "secrets"),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.workers.append(worker)
        return worker

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.home.glob("worker-*.txt")))

    def until(self, condition: Callable[[], Any]) -> Any:
        end = monotonic() + 200
        while True:
            found = condition()
            if found:
                return found
            assert monotonic() < end, self.said()
            assert any(worker.poll() is None for worker in self.workers), self.said()
            sleep(0.02)

    def in_the_midst(self) -> subprocess.Popen[bytes] | None:
        """A worker that has filled an invoice in and not yet brought it to an end."""
        with self.office.database.reading() as c:
            holding = {row.account: row.holder for row in leases.live(c, self.office.database.now(c))}
            phases: dict[int, str] = {}
            holders: dict[int, str] = {}
            query = select(journal.c.attempt, journal.c.phase, attempt.c.holder).join(attempt).order_by(journal.c.id)
            for row in c.execute(query):
                phases[row.attempt], holders[row.attempt] = row.phase, row.holder
        busy = {
            holders[one]
            for one, phase in phases.items()
            if phase in (Phase.PREPARED, Phase.COMMITTING) and holders[one] in holding.values()
        }
        return next((one for one in self.workers if any(_process(holder) == one.pid for holder in busy)), None)

    def states(self) -> Counter[str]:
        with self.office.database.reading() as c:
            return Counter(row.state for row in submissions.listing(c))


def _process(holder: str) -> int:
    return int(holder.split("/")[1])


@contextmanager
def fleet_at(
    url: str, folder: Path, export: ShopExport, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    home = folder / "home"
    (home / "config" / "customers").mkdir(parents=True)
    (home / "secrets").mkdir()
    (home / "config" / "submitter.toml").write_text(SETTINGS)
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", url)
    with running_fieldgate(folder / "portal") as buyer:
        buyer.settings(accept_duplicates=True)  # a portal that would not save us from sending twice
        for name in ACCOUNTS:
            user = f"{name}@northline.example"
            buyer.add_login(user, PASSWORD, "Northline Machine Works")
            (home / "config" / "customers" / f"{name}.toml").write_text(
                CUSTOMER.format(address=buyer.url, user=user).replace("Tejas Resources", name)
            )
            (home / "secrets" / f"{name}.password").write_text(PASSWORD)
        for order in export.orders:
            buyer.add_order(order)
        office = open_office(home)
        for number, item in enumerate(good):
            customer = office.customers[number % len(ACCOUNTS)]
            queued = queue_item(office, item.model_copy(update={"customer": customer}), "test")
            assert queued.verdict is IntakeVerdict.GOOD
        fleet = Fleet(home, office, buyer)
        try:
            yield fleet
        finally:
            for worker in fleet.workers:
                worker.kill()
                worker.wait(60)
            office.close()


def everything_arrived_once(fleet: Fleet, good: list[IntakeItem]) -> None:
    fleet.until(lambda: fleet.states() == Counter({"confirmed": len(good)}))
    entries = {entry["confirmation"]: entry["number"] for entry in fleet.buyer.ledger()["accepted"]}
    assert Counter(entries.values()) == Counter({item.invoice.number: 1 for item in good if item.invoice})
    with fleet.office.database.reading() as c:
        assert {row.reference for row in submissions.listing(c)} == set(entries)
        assert audit.verify(c)[1] is None
    last = fleet.workers[-1]
    last.send_signal(signal.SIGTERM)
    assert last.wait(60) == 0, fleet.said()
    assert "Traceback" not in fleet.said()


def test_what_a_killed_worker_had_in_hand_another_brings_to_its_end(
    postgres_url: str, tmp_path: Path, export: ShopExport, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    with fleet_at(postgres_url, tmp_path, export, good, monkeypatch) as fleet:
        fleet.start()
        fleet.start()
        dying: subprocess.Popen[bytes] = fleet.until(fleet.in_the_midst)
        dying.kill()
        dying.wait(60)
        fleet.workers.sort(key=lambda one: one is not dying)  # the one that lives stands last
        everything_arrived_once(fleet, good)


def test_a_fleet_goes_on_after_all_workers_and_the_database_died(
    own_postgres: Server, tmp_path: Path, export: ShopExport, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Databases(own_postgres.url).empty() as url,
        fleet_at(url, tmp_path, export, good, monkeypatch) as fleet,
    ):
        fleet.start()
        fleet.start()
        fleet.until(fleet.in_the_midst)
        for worker in fleet.workers:
            worker.kill()
            worker.wait(60)
        own_postgres.restart()
        newest = fleet.start()
        fleet.workers.sort(key=lambda one: one is not newest)  # the dead ones hold their leases for a while
        fleet.until(lambda: fleet.in_the_midst() is newest)
        fleet.workers.sort(key=lambda one: one is newest)  # the one that lives stands last
        own_postgres.restart()  # and once more while the new worker is in the midst of it
        everything_arrived_once(fleet, good)
