"""Lists, files and tabs of portals, each tried on a real page: paged, scrolled, drawn in place, handed out."""

from __future__ import annotations

import json

import pytest

from submitter.adapters.page import By, PageSpec, css, framed, headers, inside, role
from submitter.adapters.tables import PagedList, ScrolledList, read_csv, read_definitions, read_table
from submitter.adapters.visit import Visit
from submitter.errors import (
    ColumnMissing,
    FieldAmbiguous,
    FieldMissing,
    PageUnknown,
    PortalUnavailable,
)
from tests.unit.adapters.site import START, Answer, Browsing, Pages, start

pytestmark = pytest.mark.browser


# -- lists -----------------------------------------------------------------------------------------------------------

ROWS = json.dumps([f"N-{n:03}" for n in range(60)])
SCROLLED = """
const all = %s, box = document.getElementById('box'), body = document.querySelector('tbody'), total = %d;
box.style.cssText = 'height: 120px; overflow-y: scroll'; body.style.display = 'block';
let loaded = 20, asking = false;
const draw = () => {  // only the rows in sight are in the page
  const first = Math.floor(box.scrollTop / 20);
  body.style.height = loaded * 20 + 'px';
  body.innerHTML = all.slice(first, Math.min(first + 8, loaded)).map(
    (n, i) => `<tr style="position: absolute; height: 20px"><td>${n}</td></tr>`).join('');
  if (!asking && first + 10 >= loaded && loaded < total) {
    asking = true;
    fetch('/more').then(() => { loaded = Math.min(loaded + 20, total); asking = false; draw() });
  }
};
box.onscroll = draw; draw();
"""
TABLE = (
    "<p id=count>60 invoices</p><div id=box>"
    "<table aria-label=Invoices><thead><tr><th>Number</thead><tbody></table></div>"
)
SCROLLED_LIST = ScrolledList("Invoices", ("Number",), "Number", css("#box"), ("There are none.",), total=css("#count"))


async def scroll(visit: Visit) -> list[str]:
    return [row["Number"] async for row in visit.list_rows(SCROLLED_LIST)]


def test_a_list_that_comes_and_goes_while_it_is_scrolled_is_read_whole(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/more"] = Answer("{}", after=0.2)
    pages["/start"] = start(TABLE, SCROLLED % (ROWS, 60))
    assert browsing.at_start(address, scroll) == json.loads(ROWS)


def test_a_list_that_stops_before_its_end_is_not_taken_for_whole(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/more"] = "{}"
    pages["/start"] = start(TABLE, SCROLLED % (ROWS, 40))
    with pytest.raises(PageUnknown, match="showed 40 rows, but the portal says: 60 invoices"):
        browsing.at_start(address, scroll)


def test_an_empty_scrolled_list_must_say_so(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start(f"{TABLE}<p>There are none.</p>")
    assert browsing.at_start(address, scroll) == []
    pages["/start"] = start(TABLE)
    with pytest.raises(PageUnknown, match="empty, but the portal does not say so"):
        browsing.at_start(address, scroll)


def test_a_scrolled_list_without_any_mark_of_its_end_is_refused() -> None:
    with pytest.raises(ValueError, match="number of rows"):
        ScrolledList("Invoices", ("Number",), "Number", css("#box"), ())


GRID = """<div role=grid aria-label=Invoices><div role=row><span role=columnheader>Number</span></div>
<div role=row><span role=gridcell>%s</span></div></div><button %s>More</button>"""
TURNED = PagedList(
    role("grid", "Invoices"), ("Number",), START, role("button", "More"), ("There are none.",), redraws=True
)


def test_a_grid_that_is_turned_in_place_is_read_to_its_last_page(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/more"] = Answer("{}", after=0.3)
    pages["/start"] = start(
        GRID % ("1", ""),
        "let at = 1; main.querySelector('button').onclick = e => fetch('/more').then(() => {"
        " main.querySelector('[role=gridcell]').innerText = ++at; e.target.disabled = at === 3 })",
    )

    async def use(visit: Visit) -> list[str]:
        return [row["Number"] async for row in visit.list_rows(TURNED)]

    assert browsing.at_start(address, use) == ["1", "2", "3"]
    pages["/start"] = start(GRID % ("1", ""))
    with pytest.raises(PageUnknown, match="did not go on"):
        browsing.at_start(address, use)


FRAMED = "<h2>List</h2><table><tr><td>Number<tr><td>%s</table>%s"


def test_a_list_in_an_iframe_is_read_over_its_pages_however_slow(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages["/start"] = "<h1>Start</h1><iframe name=work src=/list></iframe>"
    pages["/list"] = FRAMED % ("1", "<a href=/list/2>More</a>")
    pages["/list/2"] = Answer(FRAMED % ("2", "<a href=/list/3>More</a>"), after=1.5)
    pages["/list/3"] = FRAMED % ("3", "")
    work = "iframe[name=work]"
    page = PageSpec("List", "/list.*", framed(work, role("heading", "List")))
    more = framed(work, role("link", "More"))
    spec = PagedList(framed(work, headers("Number")), ("Number",), page, more, ("None.",), headed="first_row")

    async def use(visit: Visit) -> list[str]:
        await visit.arrive(page)
        return [row["Number"] async for row in visit.list_rows(spec)]

    assert browsing.at_start(address, use) == ["1", "2", "3"]


def test_a_list_in_an_iframe_is_not_read_before_it_has_come_whole(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    """The rows behind a slow script are not there yet when the page shows its heading and its first row."""
    pages["/start"] = "<h1>Start</h1><iframe name=work src=/list></iframe>"
    pages["/list"] = FRAMED % ("1<script src=/slow></script><tr><td>2", "")
    pages["/slow"] = Answer(after=1)
    work = "iframe[name=work]"
    page = PageSpec("List", "/list", framed(work, role("heading", "List")))
    spec = PagedList(framed(work, headers("Number")), ("Number",), page, css("a"), ("None.",), headed="first_row")

    async def use(visit: Visit) -> list[str]:
        await visit.arrive(page)
        await visit.open("/start", page)
        return [row["Number"] async for row in visit.list_rows(spec)]

    assert browsing.at_start(address, use) == ["1", "2"]


OLD = "<table><tr><td><b>Menu</b></td><td><table><tr><td>Invoice no</td><td>State</td></tr>%s</table></td></tr></table>"


def test_a_table_without_a_name_is_found_by_its_headers(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start(
        OLD % "<tr><td>7</td><td>Paid</td></tr>" + "<table><tr><td>Net:</td><td>5</td></tr></table>"
    )

    async def use(visit: Visit, *columns: str) -> list[dict[str, str]]:
        rows = await read_table(visit.page, headers(*columns), columns, "first_row")
        assert (await read_definitions(visit.page, ("Net",)))["Net"] == "5"
        return [row.cells for row in rows]

    assert browsing.at_start(address, lambda visit: use(visit, "Invoice no", "State")) == [
        {"Invoice no": "7", "State": "Paid"}
    ]
    with pytest.raises(FieldMissing, match="no table 'Invoice no, Status'"):
        browsing.at_start(address, lambda visit: use(visit, "Invoice no", "Status"))
    pages["/start"] = start(2 * (OLD % ""))
    with pytest.raises(FieldAmbiguous):
        browsing.at_start(address, lambda visit: use(visit, "Invoice no", "State"))


# -- files and tabs --------------------------------------------------------------------------------------------------

CSV = {"Content-Type": "text/csv", "Content-Disposition": "attachment; filename=../list.csv"}


def test_a_list_that_is_handed_out_is_read(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start("<a href=/list>Export</a>")
    pages["/list"] = Answer("<!-- -->", headers=CSV)

    async def use(visit: Visit) -> bytes:
        return (await visit.download("Export", role("link", "Export"))).data

    assert browsing.at_start(address, use).endswith(b"<!-- -->")
    pages["/list"] = "<p role=alert>Please sign in</p>"
    with pytest.raises(PageUnknown, match="handed out no file; /list was shown"):
        browsing.at_start(address, use)
    pages["/list"] = Answer(status=500)
    with pytest.raises(PortalUnavailable, match="500"):
        browsing.at_start(address, use)


def test_rows_of_a_handed_out_list_go_by_their_headers() -> None:
    data = "\ufeffNumber;State\r\n7; Paid \r\n\r\n".encode()
    assert [row.cells for row in read_csv(data, ("State",), "list.csv", ";")] == [{"Number": "7", "State": "Paid"}]
    with pytest.raises(ColumnMissing, match="no single column 'Status'; it has Number, State"):
        read_csv(data, ("Status",), "list.csv", ";")
    with pytest.raises(ColumnMissing, match="Row 1 of the file list does not fit"):
        read_csv(b"a,b\n1\n", ("a",), "list")
    for damaged in (b"", b"\r\n"):
        with pytest.raises(ColumnMissing, match="is empty"):
            read_csv(damaged, ("a",), "list.csv")
    with pytest.raises(PageUnknown, match="not a list"):
        read_csv(b"\xff\xfe\x00", ("a",), "list.csv")


def test_a_page_that_opens_in_another_tab_is_opened_in_ours(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = start("<a href=/review target=_blank>Review</a><button>None</button>")
    pages["/review"] = "<h1>Review</h1>"
    review = PageSpec("Review", "/review", role("heading", "Review"))

    async def use(visit: Visit, link: By) -> list[str]:
        await visit.open_beside("Review", link, then=review)
        return [page.url.removeprefix(address) for page in visit.page.context.pages]

    assert browsing.at_start(address, lambda visit: use(visit, role("link", "Review"))) == ["/review"]
    with pytest.raises(PageUnknown, match="opened no tab"):
        browsing.at_start(address, lambda visit: use(visit, role("button", "None")))


def test_a_test_id_in_a_region_is_found_there_only(browsing: Browsing, address: str, pages: Pages) -> None:
    test_id = By("test_id", "a")
    pages["/start"] = start("<p data-testid=a>1</p><section aria-label=Here><p data-testid=a>2</p></section>")

    async def use(visit: Visit, by: By) -> str:
        return await visit.text("A", by)

    assert browsing.at_start(address, lambda visit: use(visit, inside(role("region", "Here"), test_id))) == "2"
    with pytest.raises(FieldAmbiguous):
        browsing.at_start(address, lambda visit: use(visit, test_id))
