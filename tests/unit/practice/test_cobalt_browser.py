"""Cobalt in a real Chromium: the order field, the dialogs, the file that is downloaded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.unit.practice.cobalt_counter import Clerk, CobaltBuyer
from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, PASSWORD, TICKET

pytestmark = pytest.mark.browser
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = [*FLAGS.split(), "--disable-component-update", "--disable-sync"]
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, cobalt: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=cobalt.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def draft(page: Page, clerk: Clerk) -> Page:
    """A draft written by hand, calculated, and not sent yet."""
    page.goto("/home")
    page.get_by_label("E-mail address").fill(clerk.user)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Customer").select_option("Tejas Resources")
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("link", name="Create invoice").click()
    page.wait_for_url("**/create*")  # its script has to be there before anything is typed that it should hear of
    page.get_by_role("combobox", name="Purchase order").fill(clerk.po[3:9])
    page.get_by_role("option", name=clerk.po).click()
    page.get_by_role("button", name="Start invoice").click()
    page.get_by_label("Invoice #").fill("INV-1")
    page.get_by_label("Invoice Date").fill("03/02/2026")
    page.get_by_label("Tax Code").select_option("Exempt, certificate on file")
    page.get_by_label("Qty, line 2").fill("40.5")
    page.get_by_label("Invoice image").set_input_files(
        {"name": "copy.pdf", "mimeType": "application/pdf", "buffer": COPY}
    )
    page.get_by_label("Supporting documents").set_input_files(
        {"name": "ticket.pdf", "mimeType": "application/pdf", "buffer": TICKET}
    )
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("region", name="Summary").get_by_label("Total")).to_have_text("44,347.50 USD")
    return page


def count(buyer: CobaltBuyer, clerk: Clerk) -> int:
    return sum(1 for each in buyer.ledger()["accepted"] if each["supplier"].endswith(clerk.user.split("@")[0]))


def test_nothing_is_sent_before_the_dialog_says_so(draft: Page, clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    draft.get_by_role("button", name="Submit").click()
    dialog = draft.get_by_role("dialog")
    expect(dialog).to_contain_text("Invoice INV-1 over 44,347.50 USD goes to Tejas Resources.")
    dialog.get_by_role("button", name="Continue editing").click()
    expect(dialog).to_be_hidden()
    assert count(cobalt_buyer, clerk) == 0
    draft.get_by_role("button", name="Submit").click()
    dialog.get_by_role("button", name="Send invoice").click()
    expect(draft.get_by_role("heading", level=1)).to_have_text("Invoice sent")
    assert count(cobalt_buyer, clerk) == 1


def test_a_summary_is_gone_once_something_else_is_typed(draft: Page) -> None:
    draft.get_by_label("Qty, line 1").fill("1")
    expect(draft.get_by_role("region", name="Summary")).to_be_hidden()
    draft.get_by_role("button", name="Calculate").click()
    expect(draft.get_by_role("region", name="Summary").get_by_label("Total")).to_have_text("44,473.00 USD")


def test_chromium_does_not_send_a_dropped_click_again(draft: Page, clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.arm("drop_answer_after_booking", times=2)
    draft.get_by_role("button", name="Submit").click()
    with pytest.raises(Error, match="ERR_"), draft.expect_navigation():
        draft.get_by_role("button", name="Send invoice").click()
    assert count(cobalt_buyer, clerk) == 1
    assert cobalt_buyer.fired() == {"drop_answer_after_booking": 1}


def test_typing_on_forgets_the_order_that_was_chosen(draft: Page, clerk: Clerk) -> None:
    draft.get_by_role("link", name="Create invoice").click()
    field = draft.get_by_role("combobox", name="Purchase order")
    field.fill(clerk.po)
    draft.get_by_role("option", name=clerk.po).click()
    field.press_sequentially("9")
    draft.get_by_role("button", name="Start invoice").click()
    expect(draft.get_by_role("alert")).to_have_text("Choose an order from the list.")


def test_the_list_is_downloaded_behind_an_announcement(draft: Page, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.arm("announcement", page="invoices")
    draft.get_by_role("link", name="Invoices").click()
    draft.get_by_role("button", name="No thanks").click()
    with draft.expect_download() as download:
        draft.get_by_role("link", name="Export to CSV").click()
    assert download.value.suggested_filename == "invoices-tejas-resources.csv"
    assert "INV-1" in Path(download.value.path()).read_text()
