"""The practice portals as recordings are made of them: what has to be there first, and what the buyer does."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from submitter.adapters.recording.record import Meanwhile
from submitter.adapters.recording.rehearsal import Login
from submitter.adapters.recording.scenario import Scenario
from submitter.practice.buyer import Buyer, running_portal


@dataclass(frozen=True)
class House:
    """A portal that is ready for a scenario."""

    address: str
    login: Login
    meanwhile: Meanwhile


USER, PASSWORD, SUPPLIER = "billing@northline.example", "correct-Horse-7-battery", "Northline Machine Works"


@asynccontextmanager
async def fieldgate(scenario: Scenario) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as folder, running_portal("fieldgate", Path(folder)) as buyer:
        buyer.add_login(USER, PASSWORD, SUPPLIER)
        buyer.add_order(order_for(scenario))
        yield House(buyer.url, Login(USER, {"password": PASSWORD}, (SUPPLIER,)), statuses_of(buyer, scenario))


@asynccontextmanager
async def cobalt(scenario: Scenario) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as folder, running_portal("cobalt", Path(folder)) as buyer:
        buyer.add_login(USER, PASSWORD, SUPPLIER)
        buyer.add_order(order_for(scenario) | {"customer": "Tejas Resources"})
        login = Login(USER, {"password": PASSWORD}, (SUPPLIER,))
        yield House(f"{buyer.url}/at/tejas-resources", login, statuses_of(buyer, scenario))


def order_for(scenario: Scenario) -> dict[str, Any]:
    """The order that the scenario's invoice bills, of more than is billed, so that one is told from the other."""
    invoice, coding = scenario.invoice, scenario.invoice.coding
    assert coding is not None
    lines = [
        {
            "line": line.order_line_number,
            "description": line.description,
            "unit": "EA",
            "quantity": str(line.quantity + 50),
            "unit_price": str(line.unit_price),
        }
        for line in invoice.lines
    ]
    plain = {"number": invoice.po_number, "supplier_login": USER, "description": "An order"}
    return {**plain, "currency": invoice.currency, **coding.model_dump(mode="json"), "lines": lines}


def statuses_of(buyer: Buyer, scenario: Scenario) -> Meanwhile:
    """Before each reading the buyer gives the invoice the status that the scenario wants to read."""
    first = next((number for number, step in enumerate(scenario.steps) if step.do == "read"), 0)

    async def meanwhile(step: int, reference: str) -> None:
        wanted = scenario.steps[step]
        if wanted.do != "read" or step == first:
            return
        decided = {"status": wanted.status, "reason": wanted.comment}
        if wanted.status == "Paid" and scenario.adapter == "cobalt":  # a flag beside the status
            decided = {"status": "Approved", "payment_reference": "PAY-9"}
        await asyncio.to_thread(buyer.ask, "POST", f"/invoices/{quote(reference)}/status", decided)

    return meanwhile


HOUSES: dict[str, Callable[[Scenario], AbstractAsyncContextManager[House]]] = {"cobalt": cobalt, "fieldgate": fieldgate}
