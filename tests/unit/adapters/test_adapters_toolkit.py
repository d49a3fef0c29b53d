"""The manners of portals, each tried on a real page: frames, pages drawn in place, fields."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from submitter.adapters.page import Interruption, PageSpec, css, framed, headers, inside, label, role, text_of
from submitter.adapters.tables import read_table
from submitter.adapters.visit import Visit
from submitter.errors import (
    FieldMissing,
    PageUnknown,
    PortalRejected,
    PortalUnavailable,
    ReadBackDiffers,
)
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.money import Money
from tests.unit.adapters.site import START, Answer, Browsing, Pages, Site, start

pytestmark = pytest.mark.browser

DONE = PageSpec("Done", "/start", role("heading", "Done"))
GO = role("button", "Go")
ALERT = Interruption(css("[role=alert]"), PortalRejected, words=css("[role=alert]"))


async def go(visit: Visit) -> PageSpec:
    return await visit.click("Go", GO, then=DONE, redraws=True)


# -- pages drawn in place --------------------------------------------------------------------------------------------


def test_a_page_drawn_in_place_is_arrived_at_when_its_landmark_comes(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/data"] = Answer("{}", after=0.5)
    pages["/start"] = start(
        "<button>Go</button>",
        "main.onclick = () => fetch('/data').then(() => { main.innerHTML = '<h2>Done</h2>' })",
    )
    assert browsing.at_start(address, go) is DONE


def test_what_was_there_before_the_click_is_not_taken_for_what_comes(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    """The old view has the very landmark of the new one, and an alert of its own."""
    pages["/data"] = Answer("{}", after=0.5)
    old = "<h2>Done</h2><div role=alert>Old words</div><button>Go</button><label>State<input value=old></label>"
    pages["/start"] = start(
        old,
        "main.querySelector('button').onclick = () => fetch('/data').then(() => {"
        " main.innerHTML = '<h2>Done</h2><label>State<input value=new></label>' })",
    )

    async def use(visit: Visit) -> str:
        await go(visit)
        return await (await visit.find("State", label("State"))).input_value()

    assert browsing.at_start(address, use) == "new"


def test_an_alert_that_the_click_brings_interrupts(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start(
        "<button>Go</button>",
        "main.onclick = () => main.insertAdjacentHTML('beforeend', '<div role=alert>No such order</div>')",
    )
    with pytest.raises(PortalRejected) as caught:
        browsing.at_start(address, go, ALERT)
    assert caught.value.words == "No such order"


def test_another_route_of_the_same_document_is_arrived_at_although_its_landmark_stays(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    """The heading is the same element, with the same words; the address and what was fetched tell the two apart."""
    pages["/data"] = Answer("{}", after=0.6)
    pages["/start"] = start(
        "<h2>Invoice</h2><p id=number>1</p><a href='#/2'>Go</a>",
        "onhashchange = () => fetch('/data').then(() => { main.querySelector('#number').innerText = location.hash })",
    )
    invoice = PageSpec("Invoice", "/start#/[0-9]", role("heading", "Invoice"))

    async def use(visit: Visit) -> list[str]:
        await visit.click("Go", role("link", "Go"), then=invoice, redraws=True)
        seen = [await visit.text("Number", css("#number"))]
        await visit.open("/start#/3", invoice)
        return [*seen, await visit.text("Number", css("#number"))]

    assert browsing.at_start(address, use) == ["#/2", "#/3"]


def test_a_view_that_never_comes_is_an_unknown_page_and_one_that_still_loads_is_away(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/start"] = start("<button>Go</button>")
    with pytest.raises(PageUnknown, match="Expected the page Done"):
        browsing.at_start(address, go)
    pages["/data"] = Answer("{}", after=5)
    pages["/start"] = start("<button>Go</button>", "main.onclick = () => fetch('/data')")
    with pytest.raises(PortalUnavailable, match="still loading: /data"):
        browsing.at_start(address, go)


def test_a_dialog_of_the_page_is_confirmed_and_the_click_sends_once(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/sent"] = Answer("{}", after=0.3)
    pages["/start"] = start(
        "<button onclick=\"document.querySelector('dialog').showModal()\">Go</button>"
        "<dialog aria-label=Sure><p>Really?</p><button id=yes>Go</button></dialog>",
        "document.getElementById('yes').onclick = () => fetch('/sent', {method: 'POST', body: 'one'}).then(() => {"
        " document.querySelector('dialog').close(); main.innerHTML = '<h2>Done</h2>' })",
    )
    dialog = PageSpec("Sure", "/start", role("dialog", "Sure"))

    async def use(visit: Visit) -> None:
        await visit.click("Go", GO, then=dialog, redraws=True)
        await visit.commit_click("Yes", inside(dialog.landmark, GO), then=DONE, redraws=True)

    browsing.at_start(address, use)
    assert Site.posted == ["one"]


@pytest.mark.parametrize("how", ["form", "fetch"])
def test_a_sending_click_that_carries_the_files_sends_their_bytes(
    browsing: Browsing, address: str, pages: Pages, tmp_path: Path, how: str
) -> None:
    pages["/sent"] = "<h1>Start</h1><h2>Done</h2>"
    script = (
        "main.querySelector('form').onsubmit = e => { e.preventDefault();"
        " fetch('/sent', {method: 'POST', body: new FormData(e.target)}).then(() => {"
        " main.innerHTML = '<h2>Done</h2>' }) }"
    )
    field = "<label>Files<input type=file name=f multiple></label><input type=file name=none>"
    form = f"<form method=post action=/sent enctype=multipart/form-data>{field}<button>Go</button></form>"
    pages["/start"] = start(form, script if how == "fetch" else "")
    data = bytes(range(256)) * 40
    ticket = tmp_path / "ticket (2).pdf"
    ticket.write_bytes(data)
    document = Document(
        sha256=hashlib.sha256(data).hexdigest(),
        name="t.pdf",
        kind=DocumentKind.POD,
        media_type="application/pdf",
        size=len(data),
    )
    done = PageSpec("Done", "/(sent|start)", role("heading", "Done"))

    async def use(visit: Visit) -> None:
        visit.surroundings.copy_file = lambda _: ticket
        await visit.upload("Files", [SubmittedFile(document=document, upload_name=ticket.name)], label("Files"))
        await visit.commit_click("Go", GO, then=done, redraws=how == "fetch")

    browsing.at_start(address, use)
    [posted] = Site.posted
    assert data.decode("latin-1") in posted


def test_after_a_click_without_an_answer_the_next_route_begins_with_a_new_document(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    """The old one may still hold the request back, and would let it go when nobody watches any more."""
    pages["/sent"] = Answer("{}", after=4)
    pages["/start"] = start("<button>Go</button>", "main.onclick = () => fetch('/sent', {method: 'POST', body: 'x'})")
    listed = PageSpec("Start", "/start#/list", START.landmark)

    async def use(visit: Visit) -> bool:
        await visit.page.evaluate("window.old = true")
        with pytest.raises(PortalUnavailable):
            await visit.commit_click("Go", GO, then=DONE, redraws=True)
        await visit.open("/start#/list", listed)
        return bool(await visit.page.evaluate("window.old === true"))

    assert browsing.at_start(address, use) is False
    assert Site.posted == ["x"]


# -- frames and shadow roots -----------------------------------------------------------------------------------------

WORK = "iframe[name=work]"
FIRST = PageSpec("First", "/first", framed(WORK, role("heading", "First")))
SECOND = PageSpec("Second", "/second", framed(WORK, role("heading", "Second")))


def in_frame(pages: Pages, second: str | Answer) -> None:
    pages["/start"] = "<h1>Start</h1><iframe name=work src=/first></iframe>"
    pages["/first"] = (
        "<h2>First</h2><form action=/second method=post><label>Name<input name=name></label><button>Go</button></form>"
    )
    pages["/second"] = second


async def go_in_frame(visit: Visit) -> PageSpec:
    await visit.arrive(FIRST)
    await visit.fill("Name", "x", framed(WORK, css("#moved")), framed(WORK, label("Name")))
    return await visit.click("Go", framed(WORK, GO), then=SECOND, redraws=True)


def test_pages_in_an_iframe_are_arrived_at_one_after_the_other(browsing: Browsing, address: str, pages: Pages) -> None:
    in_frame(pages, Answer("<h2>Second</h2><table><tr><td>Number<td>Total<tr><td>7<td>1,50</table>", after=0.5))

    async def use(visit: Visit) -> list[str]:
        assert await go_in_frame(visit) is SECOND
        table = framed(WORK, headers("Number", "Total"))
        rows = await read_table(visit.page, table, ("Number",), "first_row")
        assert visit.drift.seen == ["Name was found by label 'Name'"]
        assert "Second" in await text_of(visit.page), "evidence holds what frames show"
        return [row["Number"] for row in rows]

    assert browsing.at_start(address, use) == ["7"]


@pytest.mark.parametrize(
    ("second", "error", "words"),
    [
        ("<h2>Something new</h2>", PageUnknown, "Expected the page Second"),
        (Answer("<h2>Second</h2>", status=503), PortalUnavailable, "answered 503"),
        (Answer("<h2>Second</h2>", after=5), PortalUnavailable, "still loading: /second"),
        ("<script>top.location = '/out'</script>", PortalRejected, "Signed out"),
    ],
)
def test_what_shows_up_in_an_iframe_instead_is_told_apart(
    browsing: Browsing, address: str, pages: Pages, second: str | Answer, error: type[Exception], words: str
) -> None:
    in_frame(pages, second)
    pages["/out"] = "<p role=alert>Signed out</p>"
    with pytest.raises(error) as caught:
        browsing.at_start(address, go_in_frame, ALERT)
    assert words in f"{caught.value} {getattr(caught.value, 'words', '')}"


def test_open_shadow_roots_are_looked_into(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start(
        "<x-form></x-form>",
        "const root = document.querySelector('x-form').attachShadow({mode: 'open'});"
        "root.innerHTML = '<label>Name<input></label><button>Go</button>';"
        "root.querySelector('button').onclick = () => { root.innerHTML = '<h2>Done</h2>' }",
    )

    async def use(visit: Visit) -> PageSpec:
        await visit.fill("Name", "x", label("Name"))
        return await go(visit)

    assert browsing.at_start(address, use) is DONE


# -- fields ----------------------------------------------------------------------------------------------------------

FIELDS = """
<label>Amount<input name=amount></label><label>Day<input name=day></label><label>Own day<input type=date></label>
<label>Short<input maxlength=3></label><label>Agree<input type=checkbox></label><label>Card<input type=radio></label>
<label for=tax>Tax</label><select id=tax><option>None</option><option>VAT 20 %</option><option>VAT 5 %</option></select>
<button id=terms role=combobox aria-label=Terms aria-haspopup=listbox>Choose</button>
<label>Order<input role=combobox id=order></label><div id=list role=listbox></div>
"""
SUGGESTING = """
const list = document.getElementById('list');
const offer = (field, words, put) => {
  list.innerHTML = words.map(w => `<div role=option>${w}</div>`).join('');
  list.querySelectorAll('div').forEach(o => { o.onclick = () => { put(o.innerText); list.innerHTML = '' } });
};
const terms = document.getElementById('terms'), order = document.getElementById('order');
terms.onclick = () => setTimeout(() => offer(terms, ['30 days', '60 days'], w => { terms.innerText = w }), 100);
order.oninput = () => setTimeout(
  () => offer(order, order.value.length > 2 ? ['TR-450 Pump', 'TR-4501 Valve'] : [], w => { order.value = w }), 100);
"""


@pytest.fixture
def form_of_fields(pages: Pages) -> Pages:
    pages["/start"] = start(FIELDS, SUGGESTING)
    return pages


async def value(visit: Visit, name: str) -> str:
    return await (await visit.find(name, label(name))).input_value()


def test_each_kind_of_field_holds_what_was_entered(browsing: Browsing, address: str, form_of_fields: Pages) -> None:
    async def use(visit: Visit) -> list[str]:
        await visit.fill_money("Amount", Money.of("1234.5", "USD"), label("Amount"))
        await visit.fill_date("Day", date(2026, 3, 9), label("Day"))
        await visit.fill_date("Own day", date(2026, 3, 9), label("Own day"))
        await visit.choose("Tax", "VAT 20 %", label("Tax"))
        await visit.choose("Terms", "60 days", role("combobox", "Terms"))
        await visit.complete("Order", "TR-4", "TR-450 Pump", label("Order"))
        await visit.tick("Card", label("Card"))
        for on in (True, False):
            await visit.tick("Agree", label("Agree"), on=on)
            assert await (await visit.find("Agree", label("Agree"))).is_checked() is on
        terms = await visit.text("Terms", role("combobox", "Terms"))
        return [await value(visit, "Amount"), await value(visit, "Own day"), terms, await value(visit, "Order")]

    assert browsing.at_start(address, use) == ["1234,50", "2026-03-09", "60 days", "TR-450 Pump"]


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda visit: visit.fill("Short", "INV-1001", label("Short")), ReadBackDiffers, "Short shows 'INV' after"),
        (lambda visit: visit.choose("Tax", "VAT", label("Tax")), FieldMissing, "it offers None, VAT 20 %, VAT 5 %"),
        (
            lambda visit: visit.choose("Terms", "90 days", role("combobox", "Terms")),
            FieldMissing,
            "offers no '90 days'",
        ),
        (lambda visit: visit.complete("Order", "TR-4", "TR-450", label("Order")), FieldMissing, "offers no 'TR-450'"),
    ],
)
def test_a_field_that_does_not_take_it_is_named(
    browsing: Browsing,
    address: str,
    form_of_fields: Pages,
    use: Callable[[Visit], Awaitable[None]],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        browsing.at_start(address, use)
