"""Ledgerline in a real Chromium: the working area in its frame, pages that go stale, what is put in between."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, PASSWORD
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, LedgerlineClerk

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
def page(browser: Browser, ledgerline: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=ledgerline.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def review(page: Page, clerk: LedgerlineClerk) -> FrameLocator:
    """The frame with an invoice to certify, written by hand; the clerk's pages are German."""
    page.goto("/")
    page.locator("#user").fill(clerk.user)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    work = page.frame_locator("iframe[name=work]")
    expect(work.get_by_text("HOM-010")).to_be_visible()
    page.get_by_role("link", name="Bestellungen").click()
    work.get_by_role("link", name=clerk.po).click()
    work.get_by_role("button", name="Rechnung anlegen").click()
    work.locator("#number").fill("RE-1")
    work.get_by_label("Rechnungsdatum").fill("02.03.2026")
    work.locator("#quantity-2").fill("40,5")
    work.get_by_role("button", name="Weiter").click()
    work.locator("#invoice_copy").set_input_files({"name": "RE-1.pdf", "mimeType": "application/pdf", "buffer": COPY})
    work.get_by_role("button", name="Anhängen").click()
    expect(work.locator("table.data")).to_contain_text("RE-1.pdf")
    work.locator("#next").click()
    expect(work.locator("#review")).to_contain_text("44.347,50 USD")
    return work


def test_an_invoice_goes_out_through_the_frame(page: Page, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk("de")
    work = review(page, clerk)
    work.locator("#send").click()
    expect(work.locator("#errors")).to_contain_text("Setzen Sie das Häkchen")
    work.locator("#certified").check()
    work.locator("#send").click()
    expect(work.locator("#tracking")).to_contain_text("LL-")
    expect(page.locator("#who")).to_contain_text(clerk.user)
    tracking = work.locator("#tracking").inner_text()
    page.goto(f"/area/invoices/{tracking}")
    expect(work.locator("#state")).to_have_text("Einreichung ausstehend")
    assert "/desk?work=" in page.url, "a page of the working area comes with the shell around it"


def test_the_browsers_way_back_loses_the_draft(page: Page, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk("de")
    work = review(page, clerk)
    page.evaluate("history.back()")  # of the frame only; go_back() waits for the shell
    expect(work.get_by_text("Der Entwurf wurde verworfen")).to_be_visible()
    assert not [each for each in ledgerline_buyer.ledger()["accepted"] if clerk.user in each["supplier"]]


def test_a_confirmation_can_stand_before_the_sending(page: Page, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk("de")
    ledgerline_buyer.arm("confirm_dialog", page="certify")
    work = review(page, clerk)
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    work.locator("#certified").check()
    work.locator("#send").click()
    assert asked == ["Are you sure?"]
    assert not [each for each in ledgerline_buyer.ledger()["accepted"] if clerk.user in each["supplier"]]
    page.once("dialog", lambda dialog: dialog.accept())
    work.locator("#send").click()
    expect(work.locator("#tracking")).to_contain_text("LL-")
