"""A supplier whose customer runs Tryton: the real server with the real web client, and a real browser between."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from submitter.documents.intake import IntakeItem
from tests.acceptance.conftest import CUSTOMER, World
from tests.acceptance.tryton.installation import Installation, NotInstallable
from tests.acceptance.tryton.server import Tryton, running

RELEASE = os.environ.get("TRYTON", "8.0")
#: Every page of the web client is drawn in the browser from a dozen answers: it needs longer than Fieldgate.
PATIENT = """
[browsing]
step_seconds = 90
commit_seconds = 40
"""
BUYER = CUSTOMER.replace('portal = "fieldgate"', 'portal = "tryton"').replace("coding_required = true", "")


@pytest.fixture(scope="session")
def installation() -> Installation:
    found = Installation(RELEASE)
    try:
        found.make()
    except NotInstallable as why:
        pytest.skip(str(why))
    return found


@pytest.fixture(scope="session")
def tryton(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """One server for all tests of a process; each test has orders and invoices of its own in it."""
    with running(installation, tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture
def supplier(tryton: Tryton, make_world: Callable[..., World]) -> World:
    return make_world(tryton, BUYER, PATIENT)


def carry(world: World, number: str) -> None:
    """Work until the invoice is no longer queued.

    A server that was just installed answers its first pages slowly enough to be an outage, which is tried again.
    """
    for _ in range(3):
        world.work()
        if world.rows()[number].state != "queued":
            return
        world.pass_time()


def place_order(tryton: Tryton, item: IntakeItem) -> None:
    """The buyer has ordered what this invoice bills."""
    invoice = item.invoice
    assert invoice is not None
    lines = [
        {"description": line.description, "quantity": str(line.quantity), "unit_price": str(line.unit_price)}
        for line in invoice.lines
    ]
    tryton.do("add_order", number=invoice.po_number, lines=lines, taxed=invoice.tax.minor > 0)


def require_booked_once(tryton: Tryton, world: World, item: IntakeItem) -> dict[str, Any]:
    """The server holds the invoice once, with our figures and the very files that were read; we have its number."""
    invoice = item.invoice
    assert invoice is not None
    [entry] = tryton.ledger(reference=invoice.number)
    row = world.rows()[invoice.number]
    assert (row.state, row.reference) == ("confirmed", entry["number"])
    assert (entry["state"], entry["order"], entry["total"]) == (
        "validated",
        invoice.po_number,
        str(invoice.total.amount),
    )
    assert entry["date"] == invoice.issue_date.isoformat()
    sent = sorted(hashlib.sha256(file.path.read_bytes()).hexdigest() for file in item.files)
    assert sorted(entry["files"].values()) == sent and len(sent) == 2
    return entry
