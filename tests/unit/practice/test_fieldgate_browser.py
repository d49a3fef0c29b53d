"""Fieldgate in a real Chromium: the labels people and adapters go by, and what only a browser can show."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, PASSWORD, TICKET, Buyer, Supplier

pytestmark = pytest.mark.browser
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
PDF = "application/pdf"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = [*FLAGS.split(), "--disable-component-update", "--disable-sync"]
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, fieldgate: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=fieldgate.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def review(page: Page, supplier: Supplier) -> Page:
    """The review page of an invoice written by hand."""
    page.goto("/orders")
    page.get_by_label("User name").fill(supplier.user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_test_id("signed-in-user").inner_text() == supplier.user
    page.get_by_label("Search orders").fill(supplier.po)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("table", name="Purchase orders").get_by_role("link", name=supplier.po).click()
    page.get_by_role("button", name="Create invoice").click()
    page.get_by_label("Invoice number").fill("INV-1")
    page.get_by_label("Invoice date").fill("03/02/2026")
    page.get_by_role("group", name="Cost object").get_by_label("AFE").check()
    page.get_by_label("Cost object number").fill("1712345")
    page.get_by_label("Major").fill("8210")
    page.get_by_label("Minor").fill("3040")
    page.get_by_label("Approver's full name").fill("Dana Whitfield")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Quantity for line 2").fill("40.5")
    page.get_by_label("Unit price for line 2").fill("1,095.00")
    page.get_by_label("Tax amount").fill("0.50")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Invoice copy").set_input_files({"name": "copy.pdf", "mimeType": PDF, "buffer": COPY})
    page.get_by_label("Signed tickets").set_input_files({"name": "ticket.pdf", "mimeType": PDF, "buffer": TICKET})
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Continue to review").click()
    page.get_by_role("heading", name="Review your invoice").wait_for()
    return page


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit invoice").click()


def count(buyer: Buyer, supplier: Supplier) -> int:
    return sum(1 for each in buyer.ledger()["accepted"] if supplier.user in each["supplier"])


def test_the_whole_wizard_by_its_labels(review: Page) -> None:
    assert "44,348.00 USD" in review.get_by_role("definition").all_inner_texts()
    submit(review)
    number = review.get_by_test_id("confirmation-number").inner_text()
    review.get_by_role("link", name="Invoices", exact=True).click()
    row = review.get_by_role("table", name="Invoices").get_by_role("row").filter(has_text=number)
    assert row.get_by_role("cell").all_inner_texts()[8] == "Submitted"


def test_chromium_does_not_send_a_dropped_click_again(review: Page, supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("drop_answer_after_booking", times=2)
    with pytest.raises(Error, match="ERR_"), review.expect_navigation():
        submit(review)
    assert count(buyer, supplier) == 1
    assert buyer.fired() == {"drop_answer_after_booking": 1}


def test_a_pop_up_can_be_dismissed(review: Page, supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("pop_up")
    review.reload()
    review.once("dialog", lambda dialog: dialog.dismiss())
    submit(review)
    assert review.get_by_role("heading", level=1).inner_text() == "Review your invoice"
    assert count(buyer, supplier) == 0
    review.once("dialog", lambda dialog: dialog.accept())
    submit(review)
    review.get_by_test_id("confirmation-number").wait_for()


def test_a_dialog_may_tell_or_ask_something_on_any_page(review: Page, supplier: Supplier, buyer: Buyer) -> None:
    said: list[str] = []
    review.on("dialog", lambda dialog: (said.append(f"{dialog.type}: {dialog.message}"), dialog.dismiss()))
    buyer.arm("alert_dialog", page="review")
    review.reload()
    assert said == ["alert: Fieldgate moves to a new address on 1 May."]
    buyer.arm("confirm_dialog", page="review")
    review.reload()
    submit(review)
    assert said[1:] == ["confirm: Are you sure?"]
    assert count(buyer, supplier) == 0


def test_a_page_may_ask_before_it_is_left(review: Page, supplier: Supplier, buyer: Buyer) -> None:
    said: list[str] = []
    review.on("dialog", lambda dialog: (said.append(dialog.type), dialog.dismiss()))
    buyer.arm("leave_dialog", page="review")
    review.reload()
    submit(review)
    assert said == ["beforeunload"] and count(buyer, supplier) == 0


def test_an_advertisement_opens_a_tab(review: Page, buyer: Buyer) -> None:
    buyer.arm("advert_tab", page="review")
    with review.expect_popup() as opened:
        review.reload()
    opened.value.wait_for_url("**/static/fieldgate.svg")


def test_the_receipt_may_open_in_a_new_tab(review: Page, buyer: Buyer) -> None:
    buyer.arm("new_tab")
    review.reload()
    with review.expect_popup() as opened:
        submit(review)
    opened.value.get_by_test_id("confirmation-number").wait_for()
    assert review.get_by_role("heading", level=1).inner_text() == "Review your invoice"


def test_the_receipt_may_be_downloaded(review: Page, buyer: Buyer) -> None:
    buyer.arm("download_instead")
    with review.expect_download() as download:
        submit(review)
    assert download.value.suggested_filename.startswith("FG-")
