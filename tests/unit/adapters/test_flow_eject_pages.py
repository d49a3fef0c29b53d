"""An ejected adapter and the flow it came from do the same on the same pages of a made-up site."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.performer import Performer
from submitter.adapters.flow.shown import review_of
from submitter.adapters.visit import Visit
from tests.unit.adapters.site import Browsing, Pages, start
from tests.unit.adapters.test_flow_eject import written
from tests.unit.adapters.test_flow_performer import LISTED, ROW, SHOWS, TABLE, WORK, flow_of, listed, performed

pytestmark = pytest.mark.browser


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The ejected adapter of a flow."""

    def made(flow: Flow) -> PortalAdapter:
        monkeypatch.syspath_prepend(str(written(flow, tmp_path)))
        from submitter_gatehouse.adapter import Gatehouse  # type: ignore[import-not-found]  # noqa: PLC0415

        adapter: PortalAdapter = Gatehouse()
        return adapter

    yield made
    for name in [one for one in sys.modules if one.partition(".")[0] == "submitter_gatehouse"]:
        del sys.modules[name]


async def fields(visit: Visit) -> Any:
    return json.loads(await visit.page.frames[-1].evaluate(SHOWS))


async def performed_fields(hand: Performer) -> Any:
    return await fields(hand.visit)


CELLS = "".join(f"<tr><td>{line}<td><input><td><input>" for line in (2, 1))
LABELS = "".join(f"<tr><td>{n}<td><input aria-label='Q {n}'><td><input aria-label='P {n}'>" for n in (2, 1))
INNER = f"<table><tr><td>Line<td>Qty<td>Price{CELLS}</table><label>Tax<input></label>"
LABELLED = f"<table><caption>Lines</caption><thead><tr><th>No<th>Q<th>P</thead><tbody>{LABELS}</table>"
IN_CELLS = """
[[prepare]]
fill = "Tax"
value = "{invoice.tax} {invoice.currency:lower}"
frame = "iframe"
[[prepare]]
fill = "Lines"
frame = "iframe"
by = { headers = ["Line", "Qty"] }
lines = { number = "Line", quantity = "Qty", unit_price = "Price", in_columns = true, headed = "first_row" }
"""
BY_LABEL = """
[[prepare]]
fill = "Lines"
frame = "iframe"
lines = { number = "No", quantity = "Q {line.number}", unit_price = "P {line.number}" }
"""
PLAIN = """
[[prepare]]
dismiss_if_shown = "Got it"
[[prepare]]
fill = "Number"
value = "INV {invoice.number:upper} of {invoice.date:german}"
[[prepare]]
fill = "Due"
value = "{invoice.due_date}"
optional = true
[[prepare]]
tick = "Object"
value = "{coding.cost_object}"
choices = { "AFE" = { label = "AFE" }, "Cost centre" = { label = "Cost centre" } }
[[prepare]]
choose = "Unit"
value = "{invoice.currency}"
words = { "EUR" = "Each" }
[[prepare]]
expect = "Order"
by = { css = "#order" }
value = "{invoice.po_number}"
"""
FORM = (
    "<div><button onclick='this.parentNode.remove()'>Got it</button></div><p id=order>450</p>"
    "<label>Number<input></label><label>Due<input value=old></label><label>AFE<input type=radio name=o></label>"
    "<label>Cost centre<input type=radio name=o></label><select aria-label=Unit><option>none<option>Each</select>"
)
FRAME = "<iframe src=/inner></iframe>"


@pytest.mark.parametrize(
    ("steps", "page", "inner", "entered"),
    [
        (PLAIN, FORM, "", ["INV N-1/Ü of 03.02.2026", "old", True, False, "Each"]),
        (IN_CELLS, FRAME, INNER, ["", "", "2,5", "9", "0,00 eur"]),
        (BY_LABEL, FRAME, LABELLED, ["", "", "2,5", "9"]),
    ],
    ids=["plain", "in cells", "by label"],
)
def test_fields_hold_the_same(
    browsing: Browsing, address: str, pages: Pages, made: Any, steps: str, page: str, inner: str, entered: list[Any]
) -> None:
    pages |= {"/start": start(page), "/inner": inner}
    flow = flow_of("prepare", steps)
    adapter = made(flow)

    async def use(visit: Visit) -> Any:
        await adapter.prepare(visit, WORK)
        return await fields(visit)

    assert browsing.at_start(address, use) == performed(browsing, address, flow, then=performed_fields) == entered


REVIEW = """
[[read_back]]
read = "Invoice"
into = "No. {invoice.number}"
[[read_back]]
read = "Dated"
into = "{invoice.date:iso}"
[[read_back]]
read = "Sum"
into = "{invoice.total:digits}"
[[read_back]]
read = "In"
into = "{invoice.currency}"
by = { css = "#in" }
[[read_back]]
read = "Object"
into = "{coding.cost_object} {coding.cost_object_number}"
[[read_back]]
read_table = "Files"
into = "files"
columns = { name = "Name", sha256 = "Print", size = "Bytes" }
"""


def test_a_review_is_read_into_the_same_model(browsing: Browsing, address: str, pages: Pages, made: Any) -> None:
    pages["/start"] = start(
        "<dl><dt>Invoice<dd>No. N-1/7<dt>Dated<dd>2026-02-03<dt>Sum<dd>123450"
        "<dt>In<dd id=in>EUR<dt>Object<dd>AFE 4711</dl>"
        "<table><caption>Files</caption><thead><tr><th>Name<th>Print<th>Bytes</thead>"
        "<tbody><tr><td>a.pdf<td>AB12<td>1.024</tbody></table>"
    )
    flow = flow_of("read_back", REVIEW)
    adapter = made(flow)
    adapter._work = WORK

    async def review(hand: Performer) -> Any:
        return review_of(hand, WORK.invoice.coding)

    there = browsing.at_start(address, adapter.read_back)
    assert there == performed(browsing, address, flow, "read_back", review)
    assert (there.files[0].sha256, there.files[0].size) == ("ab12", 1024)
    assert (there.number, there.total.minor, there.coding.cost_object_number) == ("N-1/7", 123450, "4711")


def test_the_newest_record_of_a_list_is_the_same(browsing: Browsing, address: str, pages: Pages, made: Any) -> None:
    rows = ROW.format("N", "A-1", "No") + ROW.format("N", "A-2", "Yes, today") + ROW.format("M", "A-9", "No")
    pages["/start"] = start(TABLE.format(rows))
    steps = '[[find]]\nopen = "/start"\nthen = "start"\n[[find]]\nread_table = "mine"'
    adapter = made(flow_of("find", steps, LISTED))
    found = browsing.at_start(address, lambda visit: adapter.find(visit, "N"))
    assert found == listed(browsing, address) and (found.reference, found.status) == ("A-2", "Paid")
    pages["/start"] = start("Nothing.")
    assert browsing.at_start(address, lambda visit: adapter.find(visit, "N")) is None


def test_what_an_invoice_says_is_encoded_in_a_path(browsing: Browsing, address: str, pages: Pages, made: Any) -> None:
    pages["/start?n=N-1%2F%C3%BC%26x"] = start("<input value=found>")
    pages["/start"] = start("<input value=other>")
    steps = '[[prepare]]\nopen = "/start?n={invoice.number}%26x"\nthen = "start"'
    adapter = made(flow_of("prepare", steps))

    async def use(visit: Visit) -> Any:
        await adapter.prepare(visit, WORK)
        return await fields(visit)

    assert browsing.at_start(address, use) == ["found"]
