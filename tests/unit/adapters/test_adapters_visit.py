"""Arriving at pages with a real browser: what is slow, what is changed, and what shows up unasked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from submitter.adapters.page import Interruption, PageSpec, css, label, role
from submitter.adapters.tables import PagedList
from submitter.adapters.visit import Visit
from submitter.errors import (
    FieldAmbiguous,
    FieldMissing,
    PageUnknown,
    PortalRejected,
    PortalUnavailable,
    UnknownOrder,
)
from tests.unit.adapters.site import Answer, Browsing, Pages, Site, form

pytestmark = pytest.mark.browser
NEXT = PageSpec("Next", "/next", role("heading", "Next"))
LIST = PagedList("Invoices", ("Number",), NEXT, "More", ("There are none.",))
GO = role("button", "Go")


async def go(visit: Visit) -> PageSpec:
    return await visit.click("Go", GO, then=NEXT)


# -- slow, and away --------------------------------------------------------------------------------------------------


def test_a_page_that_has_not_come_in_time_is_away(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = Answer("<h1>Next</h1>", after=4)
    with pytest.raises(PortalUnavailable, match="still loading: /next"):
        browsing.at_start(address, go)


@pytest.mark.parametrize("needed", ["<script src=/slow></script>", "<script>fetch('/slow')</script>"])
def test_a_page_that_waits_for_its_parts_is_away(browsing: Browsing, address: str, pages: Pages, needed: str) -> None:
    pages["/slow"] = Answer(after=4)
    pages["/next?name="] = f"<p>Please wait</p>{needed}"
    with pytest.raises(PortalUnavailable, match="still loading: /slow"):
        browsing.at_start(address, go)


def test_another_page_is_unknown_although_a_picture_of_it_hangs(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/slow"] = Answer(after=4)
    pages["/next?name="] = "<h1>Something new</h1><img src=/slow>"
    with pytest.raises(PageUnknown, match="Expected the page Next, but /next was shown"):
        browsing.at_start(address, go)


def test_a_click_that_does_nothing_is_an_unknown_page(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = form().replace("<form", '<form onsubmit="return false"')
    with pytest.raises(PageUnknown, match="/start was shown"):
        browsing.at_start(address, go)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("99999999", timedelta(days=1)),
        ("soon", None),
        ("", None),
        (format_datetime(datetime(2020, 1, 1, tzinfo=UTC)), None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_portal_that_says_not_now_may_say_until_when(
    browsing: Browsing, address: str, pages: Pages, status: int, said: str, wait: timedelta | None
) -> None:
    pages["/next?name="] = Answer("<h1>Next</h1>", status=status, headers={"Retry-After": said})
    with pytest.raises(PortalUnavailable, match=str(status)) as caught:
        browsing.at_start(address, go)
    assert caught.value.retry_after == wait


def test_a_portal_may_say_until_when_with_a_date(browsing: Browsing, address: str, pages: Pages) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=2))
    pages["/next?name="] = Answer(status=503, headers={"Retry-After": until})
    with pytest.raises(PortalUnavailable) as caught:
        browsing.at_start(address, go)
    assert caught.value.retry_after is not None
    assert timedelta(hours=1, minutes=50) < caught.value.retry_after <= timedelta(hours=2)


def test_what_a_portal_that_is_away_shows_is_there_to_be_kept(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = Answer("<h1>Back at noon</h1>", status=503, late=1)

    async def shown(visit: Visit) -> str:
        with pytest.raises(PortalUnavailable):
            await go(visit)
        return await visit.page.locator("body").inner_text()

    assert browsing.at_start(address, shown) == "Back at noon"


# -- fields and lists that come later than their page ------------------------------------------------------------------

LATER = (
    "<script>fetch('/part').then(a => a.text()).then(t => document.body.insertAdjacentHTML('beforeend', t))</script>"
)
TABLE = "<table><caption>Invoices</caption><thead><tr><th>Number</th></tr></thead><tbody>{rows}</tbody></table>"


async def fill(visit: Visit) -> None:
    await go(visit)
    await visit.fill("Amount", "5", label("Amount"))


async def read(visit: Visit) -> list[str]:
    await go(visit)
    return [row["Number"] async for row in visit.list_rows(LIST)]


def test_what_comes_in_time_is_used(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = f"<h1>Next</h1>{LATER}"
    pages["/part"] = Answer("<label>Amount<input></label>" + TABLE.format(rows="<tr><td>7</td></tr>"), after=1)
    browsing.at_start(address, fill)
    assert browsing.at_start(address, read) == ["7"]
    pages["/part"] = Answer("<p>There are none.</p>", after=1)
    assert browsing.at_start(address, read) == []


@pytest.mark.parametrize("use", [fill, read])
def test_what_is_still_on_its_way_is_not_missing(
    browsing: Browsing, address: str, pages: Pages, use: Callable[[Visit], Awaitable[None]]
) -> None:
    pages["/next?name="] = f"<h1>Next</h1>{TABLE.format(rows='')}{LATER}"
    pages["/part"] = Answer(after=5)
    with pytest.raises(PortalUnavailable, match="still loading: /part"):
        browsing.at_start(address, use)


def test_what_has_not_come_with_all_the_rest_is_missing(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = f"<h1>Next</h1>{TABLE.format(rows='')}{LATER}"
    with pytest.raises(FieldMissing, match="Amount"):
        browsing.at_start(address, fill)
    with pytest.raises(PageUnknown, match="does not say so"):
        browsing.at_start(address, read)


# -- what a page looks like --------------------------------------------------------------------------------------------

ALERT = Interruption(css("[role=alert]"), PortalRejected, words=css("[role=alert]"))


def test_a_hidden_alert_is_none(browsing: Browsing, address: str, pages: Pages) -> None:
    """Many portals have an empty box for alerts above every page."""
    pages["/next?name="] = "<div role=alert hidden>Wrong!</div><h1 hidden>Next</h1><h1>Next</h1>"
    assert browsing.at_start(address, go, ALERT) is NEXT
    pages["/next?name="] = "<div role=alert hidden></div><div role=alert>No such order</div>"
    with pytest.raises(PortalRejected) as caught:
        browsing.at_start(address, go, ALERT)
    assert caught.value.words == "No such order"


def test_an_interruption_can_say_what_a_person_has_to_do(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = "<div role=alert>Sprache?</div>"
    alert = replace(ALERT, says="Choose English.", by_words={"order": UnknownOrder})
    with pytest.raises(PortalRejected, match=r'^Choose English\. The portal said: "Sprache\?"$'):
        browsing.at_start(address, go, alert)
    pages["/next?name="] = "<div role=alert>No such order</div>"
    with pytest.raises(UnknownOrder, match="does not know this purchase order"):
        browsing.at_start(address, go, alert)


def test_a_page_that_is_there_twice_is_ambiguous(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = "<h1>Next</h1><h1>Next</h1>"
    with pytest.raises(FieldAmbiguous, match="2 times"):
        browsing.at_start(address, go)


def test_a_landmark_elsewhere_is_not_the_page(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = form().replace("/next", "/other")
    pages["/other?name="] = "<h1>Next</h1>"
    with pytest.raises(PageUnknown, match="/other was shown"):
        browsing.at_start(address, go)


@pytest.mark.parametrize("how", ["location.replace('/next')", "history.replaceState(0, '', '/next')"])
def test_a_page_that_moves_on_by_itself_is_followed(browsing: Browsing, address: str, pages: Pages, how: str) -> None:
    pages["/start"] = form().replace("/next", "/other")
    pages["/other?name="] = f"<h1>Next</h1><script>setTimeout(() => {how}, 700)</script>"
    pages["/next"] = "<h1>Next</h1>"
    assert browsing.at_start(address, go) is NEXT


# -- what shows up unasked -------------------------------------------------------------------------------------------


def test_a_dialog_while_a_form_is_filled_in_stops_the_next_step(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/start"] = form().replace("<input", "<input oninput=\"alert('Numbers only')\"")

    async def fill_in(visit: Visit) -> None:
        await visit.fill("Name", "five", label("Name"))
        await go(visit)

    with pytest.raises(PageUnknown) as caught:
        browsing.at_start(address, fill_in)
    assert caught.value.words == "Numbers only"


ASKS = form("post").replace("<form", "<form onsubmit=\"return confirm('Really send it?')\"")


@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize(("says_yes_to", "sent"), [("", 0), ("Delete", 0), ("Really send", 1)])
def test_only_the_question_that_is_expected_is_answered_with_yes(
    browsing: Browsing, address: str, pages: Pages, commits: bool, says_yes_to: str, sent: int
) -> None:
    pages.update({"/start": ASKS, "/next": "<h1>Next</h1>"})

    async def press(visit: Visit) -> list[str]:
        if commits:
            await visit.commit_click("Go", GO, then=NEXT, accepts_dialog=says_yes_to)
        else:
            await visit.click("Go", GO, then=NEXT, accepts_dialog=says_yes_to)
        return visit.watch.dialogs

    if sent:
        assert browsing.at_start(address, press) == ["Really send it?"]
    else:
        with pytest.raises(PageUnknown) as caught:
            browsing.at_start(address, press)
        assert caught.value.words == "Really send it?"
    assert len(Site.posted) == sent


LEAVES = "<script>addEventListener('beforeunload', e => e.preventDefault())</script>"


def test_what_was_filled_in_may_be_left_but_not_by_a_click(browsing: Browsing, address: str, pages: Pages) -> None:
    pages.update({"/start": form() + LEAVES, "/next": "<h1>Next</h1>"})

    async def leave(visit: Visit) -> list[str]:
        await (await visit.find("Name", label("Name"))).click()  # Chromium asks only after somebody did something
        await visit.open("/next", NEXT)
        return visit.watch.dialogs

    assert len(browsing.at_start(address, leave)) == 1, "it was asked, and left"
    with pytest.raises(PageUnknown, match="dialog"):
        browsing.at_start(address, go)


def test_a_file_instead_of_a_page_is_an_unknown_page(browsing: Browsing, address: str, pages: Pages) -> None:
    pages["/next?name="] = pages["/next"] = Answer(
        "x", headers={"Content-Disposition": "attachment; filename=next.zip"}
    )
    with pytest.raises(PageUnknown, match=r"handed out the file next\.zip"):
        browsing.at_start(address, go)

    async def open_it(visit: Visit) -> None:
        await visit.open("/next", NEXT)

    with pytest.raises(PageUnknown, match="Expected the page Next"):
        browsing.at_start(address, open_it)


def test_tabs_are_closed_and_one_that_the_click_opened_only_after_it(
    browsing: Browsing, address: str, pages: Pages
) -> None:
    pages.update({"/start": form() + "<script>open('/advert')</script>", "/advert": "<script>open('/more')</script>"})
    pages["/next?name="] = form("post", "_blank").replace("Start", "Next").replace("/next", "/sent")
    pages["/sent"] = "<h1>Thank you</h1><script>open('/more')</script>"

    async def press(visit: Visit) -> None:
        try:
            assert await go(visit) is NEXT
            await visit.open("/next?name=", NEXT)
            assert visit.page.context.pages == [visit.page], "the advertisements are gone"
            await visit.commit_click("Go", GO, then=PageSpec("Sent", "/sent", role("heading", "Thank you")))
        finally:
            assert visit.page.context.pages == [visit.page]
            assert len(Site.posted) == 1, "and what the click sent from its tab had arrived before"

    with pytest.raises(PageUnknown, match="opened another tab") as caught:
        browsing.at_start(address, press)
    assert "another-tab.png" in caught.value.evidence
