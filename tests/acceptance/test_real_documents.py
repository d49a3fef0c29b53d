"""Hybrid invoices that nobody here made go through the whole path; the portal opens orders to fit."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from submitter.documents.intake import IntakeVerdict
from submitter.documents.opening.opening import DocumentReader
from submitter.model.invoice import Invoice
from submitter.practice.buyer import Buyer, running_fieldgate
from submitter.practice.shop import make_ticket_for
from submitter.queue.intake import take_in
from tests.acceptance.conftest import CUSTOMER, PASSWORD, USER, World

SAMPLES = Path(os.environ.get("SUBMITTER_SAMPLES") or Path(__file__).resolve().parents[2].parent / "shared" / "samples")
NAMES = (
    "EN16931_Einfach.pdf",
    "EN16931_Reisekostenabrechnung.pdf",
    "MustangGnuaccountingBeispielRE-20201121_508_withBOM.pdf",
)

COLUMNS = (
    *("file", "invoice_number", "customer", "po_number", "ticket_number"),
    *("cost_object", "cost_object_number", "major", "minor", "approver"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.samples,
    pytest.mark.skipif(not (SAMPLES / "zugferd").is_dir(), reason="[samples] no real documents here"),
]

EURO_CUSTOMER = CUSTOMER.replace('"USD"]', '"EUR"]\noldest_days = 10000')


def order_for(invoice: Invoice, number: str) -> dict[str, Any]:
    """What the buyer would have ordered, had they ordered just this."""
    return {
        "number": number,
        "description": f"Order behind {invoice.number}",
        "currency": invoice.currency,
        "cost_object": "Cost centre",
        "cost_object_number": "6104417",
        "major": "8250",
        "minor": "310",
        "approver": "Avery Lindqvist",
        "lines": [
            {
                "line": line.order_line_number,
                "description": line.description,
                "unit": line.unit or "EA",
                "quantity": str(line.quantity),
                "unit_price": str(line.unit_price),
            }
            for line in invoice.lines
        ],
    }


def fill(folder: Path, buyer: Buyer) -> dict[str, Invoice]:
    """Copy the invoices, make their tickets, open their orders, write the list. Invoice number -> what was read."""
    folder.mkdir()
    found: dict[str, Invoice] = {}
    rows = []
    with DocumentReader() as reader:
        for place, name in enumerate(NAMES):
            (folder / name).write_bytes((SAMPLES / "zugferd" / name).read_bytes())
            invoice = reader.read(folder / name).invoice
            assert invoice is not None
            po = f"45009{place:05}"
            buyer.add_order(order_for(invoice, po))
            ticket = make_ticket_for(folder, f"FT-9{place:04}", po, delivered=datetime.now(UTC).date())
            rows.append([name, invoice.number, "Tejas Resources", po, ticket.stem.removeprefix("ticket-")])
            found[invoice.number] = invoice
    coding = ["Cost centre", "6104417", "8250", "310", "Avery Lindqvist"]
    with (folder / "invoices.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([*row, *coding] for row in rows)
    return found


def test_real_hybrid_invoices_arrive_with_their_numbers_totals_and_hashes(
    tmp_path: Path, make_world: Callable[..., World]
) -> None:
    with running_fieldgate(tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        invoices = fill(tmp_path / "in", buyer)
        world = make_world(buyer, EURO_CUSTOMER)
        with DocumentReader() as reader:
            report = take_in(world.office, tmp_path / "in", reader, "test")
        blocked = [f.sentence for i in report.items if i.verdict is not IntakeVerdict.GOOD for f in i.findings]
        assert blocked == [] and len(report.items) == len(NAMES) == 3
        world.work()
        accepted = {entry["number"]: entry for entry in world.accepted()}
        assert sorted(accepted) == sorted(invoices)
        for name, (number, invoice) in zip(NAMES, invoices.items(), strict=True):
            entry = accepted[number]
            assert Decimal(entry["total"]) == invoice.total.amount and entry["currency"] == "EUR"
            digest = hashlib.sha256((SAMPLES / "zugferd" / name).read_bytes()).hexdigest()
            assert digest in {file["sha256"] for file in entry["files"]}, "the original bytes, nothing re-written"
        assert {row.state for row in world.rows().values()} == {"confirmed"}
