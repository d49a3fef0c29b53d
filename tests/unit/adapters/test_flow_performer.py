"""The verbs of a flow, each tried on a real page of a made-up site."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.performer import Performer
from submitter.adapters.flow.shown import newest_of, record_of, review_of
from submitter.adapters.flow.vocabulary import facts_of_round
from submitter.adapters.visit import Visit
from submitter.errors import DocumentRefused, FieldAmbiguous, FieldMissing, PageUnknown, ReadBackDiffers
from submitter.model.invoice import Coding, CostObject, InvoiceLine
from submitter.model.money import Money
from submitter.model.portal import ReviewedFile
from submitter.model.submission import Round
from tests.unit.adapters.site import Browsing, Pages, start
from tests.unit.adapters.test_flow_files import INVOICE, WHOLE
from tests.unit.store.made import NOW

pytestmark = pytest.mark.browser

LINE = InvoiceLine(
    number="1", description="", quantity=Decimal("2.5"), unit_price=Decimal("9"), net=Money.of("22.50", "EUR")
)
CODING = Coding(cost_object=CostObject.AFE, cost_object_number="4711")
WORK = Round(
    id=1,
    account="tiny",
    submission=1,
    number=1,
    invoice=INVOICE.model_copy(update={"lines": (LINE,), "coding": CODING}),
    files=(),
    due_at=NOW,
)
SHOWS = (
    "JSON.stringify([...document.querySelectorAll('input, select')].map(e => e.type === 'radio' ? e.checked : e.value))"
)


def flow_of(section: str, steps: str, lists: str = "") -> Flow:
    """Fieldgate's flow with these steps in the place of a section's, and a page of ours."""
    raw: Any = tomllib.loads(WHOLE)
    mine: Any = tomllib.loads(f"{steps}\n{lists}")
    opening = [{"open": "/start", "then": "start"}] if section == "prepare" else []
    raw |= {section: [*opening, *mine[section]], "lists": raw["lists"] | mine.get("lists", {})}
    raw["pages"]["start"] = {"path": "/start", "landmark": {"role": "heading", "name": "Start"}}
    return Flow.model_validate(raw)


def performed(browsing: Browsing, address: str, flow: Flow, section: str = "prepare", then: Any = None) -> Any:
    """What is in the fields after the steps of this section, or what ``then`` makes of the performer."""

    async def use(visit: Visit) -> Any:
        hand = Performer(flow, visit)
        hand.facts |= facts_of_round(WORK)
        await hand.perform(getattr(flow, section), WORK)
        return await then(hand) if then else json.loads(await visit.page.evaluate(SHOWS))

    return browsing.at_start(address, use)


def test_fields_are_filled_ticked_and_chosen_and_what_is_not_there_may_be_left_out(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/start"] = start(
        "<label>Number<input></label><label>Day<input type=date></label><label>Due<input value=old></label>"
        "<label>AFE<input type=radio name=o></label><label>Cost centre<input type=radio name=o></label>"
        "<select aria-label=Unit><option>none<option>Each</select>"
    )
    flow = flow_of(
        "prepare",
        """
        [[prepare]]
        fill = "Number"
        value = "INV {invoice.number}"
        [[prepare]]
        fill = "Day"
        value = "{invoice.date}"
        [[prepare]]
        fill = "Due"
        value = "{invoice.due_date}"
        optional = true
        [[prepare]]
        tick = "Cost object"
        value = "{coding.cost_object}"
        choices = { "AFE" = { label = "AFE" }, "Cost centre" = { label = "Cost centre" } }
        [[prepare]]
        choose = "Unit"
        value = "{invoice.currency}"
        words = { "EUR" = "Each" }
        """,
    )
    assert performed(browsing, address, flow) == ["INV N-1/ü", "2026-02-03", "old", True, False, "Each"]


def test_what_an_invoice_says_is_encoded_in_a_path(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start?n=N-1%2F%C3%BC%26x"] = "<h1>Start</h1><input value=found>"
    pages["/start"] = "<h1>Start</h1><input value=other>"
    steps = '[[prepare]]\nopen = "/start?n={invoice.number}%26x"\nthen = "start"'
    assert performed(browsing, address, flow_of("prepare", steps)) == ["found"]


def test_a_value_that_the_flow_has_no_choice_for_is_refused(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start("<select aria-label=Unit><option>EUR</select>")
    steps = '[[prepare]]\nchoose = "Unit"\nvalue = "{invoice.currency}"\nwords = { "USD" = "EUR" }'
    with pytest.raises(DocumentRefused, match="the adapter has no choice for 'EUR'; it has USD"):
        performed(browsing, address, flow_of("prepare", steps))


def test_a_notice_is_pressed_away_where_there_is_one_and_never_guessed_at(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    steps = '[[prepare]]\ndismiss_if_shown = "Got it"\n[[prepare]]\nfill = "Number"\nvalue = "{invoice.po_number}"'
    notice = "<div><button onclick='this.parentNode.remove()'>Got it</button></div>"
    for shown in ("", notice):
        pages["/start"] = start(f"{shown}<label>Number<input></label>")
        assert performed(browsing, address, flow_of("prepare", steps)) == ["450"]
    pages["/start"] = start(f"{notice}{notice}<label>Number<input></label>")
    with pytest.raises(FieldAmbiguous, match="2 of Got it"):
        performed(browsing, address, flow_of("prepare", steps))


def test_what_is_expected_must_be_seen_in_its_words(browsing: Browsing, address: str, pages: Pages) -> None:
    steps = '[[prepare]]\nexpect = "Order"\nby = { css = "#order" }\nvalue = "{invoice.po_number}"'
    pages["/start"] = start("<p id=order>450</p>")
    assert performed(browsing, address, flow_of("prepare", steps)) == []
    pages["/start"] = start("<p id=order>451</p>")
    with pytest.raises(PageUnknown, match="Order says '451' instead of '450'"):
        performed(browsing, address, flow_of("prepare", steps))
    pages["/start"] = start("<p id=order hidden>450</p>")
    with pytest.raises(FieldMissing, match="does not show Order"):
        performed(browsing, address, flow_of("prepare", steps))


def test_lines_are_filled_in_the_columns_of_an_old_table_in_a_frame(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    rows = "".join(f"<tr><td>{line}<td><input><td><input>" for line in (2, 1))
    pages["/inner"] = f"<table><tr><td>Line<td>Qty<td>Price{rows}</table><label>Tax<input></label>"
    pages["/start"] = start("<iframe name=work src=/inner></iframe>")
    flow = flow_of(
        "prepare",
        """
        [[prepare]]
        fill = "Tax"
        value = "{invoice.tax}"
        frame = "iframe[name=work]"
        [[prepare]]
        fill = "Lines"
        frame = "iframe[name=work]"
        by = { headers = ["Line", "Qty"] }
        lines = { number = "Line", quantity = "Qty", unit_price = "Price", in_columns = true, headed = "first_row" }
        """,
    )

    async def shown(hand: Performer) -> Any:
        return json.loads(await hand.visit.page.frames[1].evaluate(SHOWS))

    assert performed(browsing, address, flow, then=shown) == ["", "", "2,5", "9", "0,00"]


def test_a_review_is_read_into_our_model_whatever_the_page_leaves_out(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/start"] = start(
        "<dl><dt>Invoice<dd>No. N-1/7<dt>Dated<dd>2026-02-03<dt>Sum<dd>1.234,50<dt>In<dd>EUR<dt>Object<dd>AFE 4711</dl>"
        "<table><caption>Files</caption><thead><tr><th>Name<th>Bytes</thead>"
        "<tbody><tr><td>a.pdf<td>1.204</tbody></table>"
    )
    terms = {
        "Invoice": "No. {invoice.number}",
        "Dated": "{invoice.date:iso}",
        "Sum": "{invoice.total}",
        "In": "{invoice.currency}",
        "Object": "{coding.cost_object} {coding.cost_object_number}",
    }
    steps = "".join(f'[[read_back]]\nread = "{term}"\ninto = "{into}"\n' for term, into in terms.items())
    files = '[[read_back]]\nread_table = "Files"\ninto = "files"\ncolumns = { name = "Name", size = "Bytes" }'

    async def review(hand: Performer) -> Any:
        return review_of(hand, CODING.model_copy(update={"approver": "not shown"}))

    seen = performed(browsing, address, flow_of("read_back", steps + files), "read_back", review)
    assert (seen.number, seen.issue_date, seen.total) == ("N-1/7", date(2026, 2, 3), Money.of("1234.50", "EUR"))
    assert (seen.net, seen.lines, seen.files) == (None, None, (ReviewedFile(name="a.pdf", size=1204),))
    assert (seen.coding.cost_object_number, seen.coding.approver) == ("4711", "not shown")

    async def none_entered(hand: Performer) -> Any:
        return review_of(hand, None)

    with pytest.raises(ReadBackDiffers, match="a coding that the invoice does not have"):
        performed(browsing, address, flow_of("read_back", steps + files), "read_back", none_entered)


LISTED = """
[lists.mine]
page = "start"
table = "Mine"
paged = false
empty = ["Nothing."]
newest = { column = "Ref", kind = "text" }
flags = [{ column = "Paid", begins = "Yes", status = "Paid" }]
columns = { number = "No", reference = "Ref", status = "Status", total = "Total", currency = "In" }
"""
TABLE = (
    "<table><caption>Mine</caption><thead><tr><th>No<th>Ref<th>Status<th>Paid<th>Total<th>In</thead><tbody>{}</table>"
)
ROW = "<tr><td>{}<td>{}<td>Approved<td>{}<td>1,00<td>EUR"


def listed(browsing: Browsing, address: str, *, lists: str = LISTED) -> Any:
    """The newest record of N that the list shows."""
    flow = flow_of("probe", '[[probe]]\nopen = "/start"\nthen = "start"', lists)

    async def newest(hand: Performer) -> Any:
        spec = hand.flow.lists["mine"]
        rows = [row async for row in hand.rows("mine") if row["No"] == "N"]
        found = newest_of(rows, spec, hand.visit)
        return None if found is None else record_of(found, spec, hand.visit)

    return performed(browsing, address, flow, "probe", newest)


def test_of_several_records_the_newest_is_taken_and_a_flag_says_more_than_the_status(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    rows = ROW.format("N", "A-1", "No") + ROW.format("N", "A-2", "Yes, today") + ROW.format("M", "A-9", "No")
    pages["/start"] = start(TABLE.format(rows))
    record = listed(browsing, address)
    assert (record.reference, record.status, record.total) == ("A-2", "Paid", Money.of("1.00", "EUR"))
    with pytest.raises(PageUnknown, match="2 invoices of this number, and the adapter knows no newest"):
        listed(browsing, address, lists=LISTED.replace("newest", "# newest"))
    pages["/start"] = start(TABLE.format(rows + ROW.format("N", "A-2", "No")))
    with pytest.raises(PageUnknown, match="two newest invoices of this number: A-2"):
        listed(browsing, address)


def test_a_record_without_a_reference_is_no_proof_of_anything_unless_the_flow_says_so(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/start"] = start(TABLE.format(ROW.format("N", "", "No")))
    with pytest.raises(PageUnknown, match="without a reference"):
        listed(browsing, address)
    assert listed(browsing, address, lists=f'{LISTED}without_reference = "drafts"') is None
    pages["/start"] = start("Nothing.")
    assert listed(browsing, address) is None
    pages["/start"] = start(TABLE.format(""))
    with pytest.raises(PageUnknown, match="does not say so"):
        listed(browsing, address)


def test_a_list_that_must_come_whole_proves_nothing_where_it_goes_on(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    lists = LISTED.replace("paged = false", 'paged = false\nnext = "More"')
    pages["/start"] = start(TABLE.format(ROW.format("M", "A-1", "No")))
    assert listed(browsing, address, lists=lists) is None
    pages["/start"] = start(TABLE.format(ROW.format("M", "A-1", "No")) + "<a href=/start>More</a>")
    with pytest.raises(PageUnknown, match="goes on, on a page that forgets what was looked for"):
        listed(browsing, address, lists=lists)


def test_a_list_is_read_from_a_file_that_the_portal_hands_out(browsing: Browsing, address: str, pages: Pages) -> None:
    text = "No;Ref;Status;Paid;Total;In\nN;A-1;Approved;No;1,00;EUR\n"
    href = f"data:text/csv;charset=utf-8,{quote(text)}"  # the site itself puts a document's head before everything
    pages["/start"] = start(f'<a download=list.csv href="{href}">Export</a>')
    lists = LISTED.replace(
        'table = "Mine"\npaged = false\nempty = ["Nothing."]',
        'handed_out = { press = "Export", by = { role = "link", name = "Export" }, delimiter = ";" }',
    )
    record = listed(browsing, address, lists=lists)
    assert (record.reference, record.status, record.total) == ("A-1", "Approved", Money.of("1.00", "EUR"))
