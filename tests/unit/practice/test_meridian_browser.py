"""Meridian in a real Chromium: one page for everything, lists that turn in place, and what is put in between."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, PASSWORD
from tests.unit.practice.meridian_counter import MeridianBuyer, MeridianClerk

pytestmark = pytest.mark.browser
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
KEPT = "() => window.drawnBefore === true"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = [*FLAGS.split(), "--disable-component-update", "--disable-sync"]
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, meridian: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=meridian.url)
    context.set_default_timeout(30_000)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert broken == []


def enter(page: Page, clerk: MeridianClerk) -> None:
    page.goto("/#/workbench")
    page.get_by_label("Username").fill(clerk.user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log on").click()
    expect(page.get_by_role("heading", name="Workbench")).to_be_visible()
    page.evaluate("() => { window.drawnBefore = true }")


def review(page: Page, clerk: MeridianClerk) -> None:
    """An invoice written by hand, up to its review."""
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_role("link", name=clerk.po).click()
    page.get_by_role("button", name="Create Invoice").click()
    page.get_by_label("Invoice #").fill("INV-1")
    page.get_by_label("Invoice Date").fill("2026-03-02")
    page.get_by_label("Quantity, line 2").fill("40.5")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a tax category.")
    page.get_by_role("combobox", name="Tax category").click()
    page.get_by_role("option", name="Tax exempt").click()
    page.get_by_label("Choose files").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": COPY})
    page.get_by_role("button", name="Add Attachments").click()
    expect(page.get_by_role("grid", name="Attached files")).to_contain_text("a.pdf")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="Review Invoice")).to_be_visible()
    expect(page.locator("main")).to_contain_text("44,347.50 USD")


def test_an_invoice_goes_out_without_a_new_document(page: Page, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    enter(page, clerk)
    review(page, clerk)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Invoice Submitted")).to_be_visible()
    [booked] = meridian_buyer.accepted(clerk.user)
    expect(page.locator("#reference")).to_have_text(booked["confirmation"])
    page.go_back()
    expect(page.get_by_role("heading", name="Invoice Submitted")).to_be_visible()  # never the review again
    assert page.evaluate(KEPT)


def test_a_list_turns_its_pages_in_place(
    page: Page, meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    meridian_buyer.call("PUT", "/settings", {"page_size": 1})
    meridian_clerk.send("L-1")
    meridian_clerk.send("L-2")
    enter(page, meridian_clerk)
    page.get_by_role("link", name="Invoices", exact=True).click()
    listed = page.get_by_role("grid", name="Invoices")
    expect(listed).to_contain_text("L-2")
    page.get_by_role("button", name="Next page").click()
    expect(listed).to_contain_text("L-1")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("searchbox").fill("L-2")
    page.get_by_role("button", name="Search").click()
    expect(listed).to_contain_text("L-2")
    page.goto("/#/invoices?q=nothing")
    expect(page.get_by_text("No invoices found.")).to_be_visible()
    assert page.evaluate(KEPT)


def test_a_session_that_ended_is_told_and_begun_again(page: Page, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    enter(page, clerk)
    meridian_buyer.arm("session_lost", page="orders")
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Your session has ended. Log on again.")
    page.get_by_label("Username").fill(clerk.user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log on").click()
    expect(page.get_by_role("heading", name="Workbench")).to_be_visible()
    assert page.evaluate(KEPT)


def test_a_question_may_stand_before_the_sending(page: Page, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    enter(page, clerk)
    meridian_buyer.arm("confirm_dialog", page="review")
    meridian_buyer.arm("drop_answer", page="submit")
    review(page, clerk)
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Submit").click()
    assert asked == ["Are you sure?"] and meridian_buyer.fired()["drop_answer"] == 0
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Meridian could not be reached")).to_be_visible()
    assert meridian_buyer.accepted(clerk.user) == []


def test_a_view_may_be_drawn_twice_or_handed_out(page: Page, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    enter(page, clerk)
    meridian_buyer.arm("double_response", page="orders")
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.get_by_role("heading", name="Orders")).to_have_count(2)
    meridian_buyer.arm("download_instead", page="orders")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Orders", exact=True).click()
    assert coming.value.suggested_filename == "Orders.txt"
