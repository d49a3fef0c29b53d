"""Invoices at Ledgerline: three pages, what is refused, the delay, and what becomes of what was booked."""

import hashlib
import re
from typing import Any

import pytest

from tests.unit.practice.counter import COPY, TICKET
from tests.unit.practice.ledgerline_counter import (
    DAY,
    LedgerlineBuyer,
    LedgerlineClerk,
    cells,
    errors,
    screen,
    tracking,
)

STATUS = 7
PNG = b"\x89PNG\r\n"


def accepted(buyer: LedgerlineBuyer, clerk: LedgerlineClerk) -> list[dict[str, Any]]:
    return [each for each in buyer.ledger()["accepted"] if clerk.user in each["supplier"]]


def test_a_whole_invoice_is_booked_as_it_was_typed(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    review = clerk.get(f"{clerk.prepare('W-1001')}/certify")
    for name, value in (("Order no.", clerk.po), ("Invoice number", "W-1001"), ("Invoice total", "543.42 USD")):
        assert review.says(f'<td class="lbl">{name}:</td><td>{value}</td>')
    receipt = clerk.submit(re.findall(r'action="([^"]+)/certify"', review.body)[0])
    assert screen(receipt) == "INV-040" and receipt.says("Pending Submission")
    assert re.fullmatch(r"LL-\d{4}-\d{6}", tracking(receipt))

    (booked,) = accepted(ledgerline_buyer, clerk)
    assert (booked["number"], booked["po"], booked["total"]) == ("W-1001", clerk.po, "543.42")
    assert (booked["invoice_date"], booked["lines"][0]["quantity"]) == ("2026-03-02", "4.0")
    assert [(file["name"], file["kind"], file["sha256"]) for file in booked["files"]] == [
        ("W-1001.pdf", "Invoice copy", hashlib.sha256(COPY).hexdigest()),
        ("W-1001-ticket.pdf", "Supporting document", hashlib.sha256(TICKET).hexdigest()),
    ]
    (row,) = clerk.rows()
    assert row[:3] == ["W-1001", clerk.po, tracking(receipt)] and row[5:] == ["543.42", "USD", "Pending Submission", ""]


def test_an_invoice_is_held_back_and_can_be_voided_until_it_goes_out(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    kept, voided = clerk.send("D-1"), clerk.send("D-2")
    assert screen(clerk.get(f"/area/invoices/{voided}/void")) == "INV-070"
    assert clerk.post(f"/area/invoices/{voided}/void").says('<td id="state">Voided</td>')
    assert [row[STATUS] for row in clerk.rows()] == ["Voided", "Pending Submission"]
    ledgerline_buyer.call("POST", "/clock", {"seconds": 601})
    assert [row[STATUS] for row in clerk.rows()] == ["Voided", "Pending Approval"]
    assert clerk.get(f"/area/invoices/{kept}/void").status == 409
    assert [each["status"] for each in accepted(ledgerline_buyer, clerk)] == ["Pending Approval", "Voided"]
    assert [row[1] for row in cells(clerk.get(f"/area/invoices/{kept}"))[1:]] == [
        "Pending Submission",
        "Pending Approval",
    ]


def test_the_delay_can_be_set(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    ledgerline_buyer.call("PUT", "/settings", {"submission_delay_seconds": 0})
    assert ledgerline_clerk.submit(ledgerline_clerk.prepare("S-1")).says("Pending Approval")


def test_a_rejected_invoice_is_mended_and_sent_again(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    first = clerk.send("R-1", "10")
    ledgerline_buyer.decide(first, "Rejected", comment="Quantity differs")
    assert clerk.rows()[0][STATUS:] == ["Rejected", "Quantity differs"]
    clerk.get(f"/area/invoices/{first}")
    page = clerk.post(f"/area/invoices/{first}/correct")
    assert screen(page) == "INV-010" and page.says('value="R-1" readonly') and page.says('value="10"')
    draft = re.findall(r'action="([^"]+)/details"', page.body)[0]
    second = tracking(clerk.submit(clerk.prepare("ignored", "9", draft)))
    assert [(row[0], row[2]) for row in clerk.rows()] == [("R-1", second)]
    former, new = accepted(ledgerline_buyer, clerk)
    assert (former["status"], new["number"], new["revision"], new["replaces"]) == ("Replaced", "R-1", 2, first)
    assert ledgerline_buyer.ledger()["duplicates"] == 0


def test_a_denied_invoice_can_never_be_sent_again(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    first = clerk.send("N-1", "10")
    ledgerline_buyer.decide(first, "Denied", comment="Not ordered by us")
    page = clerk.get(f"/area/invoices/{first}")
    assert not page.says('id="correct"') and not page.says('id="void"')
    assert clerk.post(f"/area/invoices/{first}/correct").status == 409
    page = clerk.fill(clerk.start_draft(), "N-1")
    assert f"N-1 was denied (tracking number {first}) and can never be submitted again" in errors(page)
    assert clerk.send("N-1A", "10").startswith("LL-"), "what a denied invoice billed is open again"


def test_a_number_used_before_is_refused(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_clerk
    first = clerk.send("U-1")
    draft = clerk.start_draft()
    page = clerk.fill(draft, "U-1")
    assert screen(page) == "INV-010" and page.says('value="U-1"')
    assert f"Invoice number U-1 is already on file (tracking number {first})." in errors(page)
    ledgerline_buyer.call("PUT", "/settings", {"accept_duplicates": True})
    assert clerk.send("U-1") != first
    assert ledgerline_buyer.ledger()["duplicates"] == 1


def test_a_number_is_still_taken_when_it_was_used_between_the_pages(ledgerline_clerk: LedgerlineClerk) -> None:
    clerk = ledgerline_clerk
    draft = clerk.prepare("B-1")
    kept = clerk.token
    clerk.send("B-1")
    clerk.token = kept
    assert "already on file" in errors(clerk.submit(draft))


def test_the_same_draft_is_booked_once(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    draft = ledgerline_clerk.prepare("T-1")
    first, second = ledgerline_clerk.submit(draft), ledgerline_clerk.submit(draft)
    assert tracking(first) == tracking(second)
    assert len(accepted(ledgerline_buyer, ledgerline_clerk)) == 1


def test_nothing_is_sent_that_was_not_certified(ledgerline_clerk: LedgerlineClerk) -> None:
    draft = ledgerline_clerk.prepare("C-1")
    page = ledgerline_clerk.post(f"{draft}/certify", {"send": "x"})
    assert screen(page) == "INV-030" and "Tick the box to certify the invoice." in errors(page)
    assert screen(ledgerline_clerk.submit(draft)) == "INV-040"


@pytest.mark.parametrize("earlier", ["details", "files"])
def test_going_back_loses_the_draft(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer, earlier: str
) -> None:
    clerk = ledgerline_clerk
    draft = clerk.prepare("G-1")
    page = clerk.get(f"{draft}/{earlier}")
    assert (page.status, screen(page)) == (409, "MSG-900") and page.says("The draft was discarded; begin again.")
    assert clerk.get(f"{draft}/certify").status == 404
    assert clerk.submit(draft).status == 404
    assert accepted(ledgerline_buyer, clerk) == [] and clerk.get("/area/drafts").says("No records found.")


def test_each_page_is_good_for_one_use(ledgerline_clerk: LedgerlineClerk) -> None:
    clerk = ledgerline_clerk
    draft = clerk.start_draft()
    stale = clerk.token
    assert "Enter a quantity" in errors(clerk.fill(draft, "P-1", **{"quantity-1": ""}))
    assert clerk.token != stale
    clerk.token = stale
    page = clerk.fill(draft, "P-1")
    assert page.status == 409 and page.says("The draft was discarded")
    assert clerk.fill(draft, "P-1").status == 404


def test_a_draft_is_kept_aside_and_taken_up_again(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    draft = clerk.start_draft()
    page = clerk.post(f"{draft}/details", {"number": "K-1", "quantity-1": "not yet", "save": "x"})
    assert screen(page) == "INV-050" and cells(page)[1][:3] == ["K-1", clerk.po, "Draft"]
    assert clerk.rows() == [] and accepted(ledgerline_buyer, clerk) == []
    page = clerk.post(f"/area/drafts/{draft.rpartition('/')[2]}/open")
    assert screen(page) == "INV-010" and page.says('value="not yet"')
    assert clerk.submit(clerk.prepare("K-1", draft=draft)).says("K-1")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"number": "50%"}, "The invoice number must have 1 to 30 letters, digits"),
        ({"invoice_date": "2026-03-02"}, "The invoice date must be written as MM/DD/YYYY."),
        ({"service_date": "31/12/2026"}, "The date of service must be written as MM/DD/YYYY."),
        ({"quantity-1": "10.0001"}, "Line 1: the quantity is more than what is open (10)."),
        ({"quantity-1": "1,5"}, "Line 1: the quantity must be a figure such as 1,234.5."),
        ({"price-1": "126.13"}, "Line 1: the unit price differs from the order (125.50)."),
        ({"quantity-1": ""}, "Enter a quantity on at least one line."),
        ({"tax": "1.234,56"}, "The tax must be an amount such as 1,234.56."),
    ],
)
def test_what_is_typed_wrong_is_named_and_kept(
    ledgerline_clerk: LedgerlineClerk, typed: dict[str, str], words: str
) -> None:
    page = ledgerline_clerk.fill(ledgerline_clerk.start_draft(), **{"number": "E-1", **typed})  # type: ignore[arg-type]
    assert screen(page) == "INV-010" and words in errors(page)
    assert all(page.says(f'value="{value}"') for value in typed.values())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ticket 1.pdf", TICKET, "ticket 1.pdf: the name may have only letters, digits and _ . -"),
        ("Lieferschein_Müller.pdf", TICKET, "the name may have only letters"),
        ("t" * 57 + ".pdf", TICKET, "the name is longer than 60 characters."),
        ("ticket.docx", b"PK\x03\x04", "only PDF, JPEG, PNG and TIFF files can be attached."),
        ("ticket.pdf", PNG, "only PDF, JPEG, PNG and TIFF"),
        ("ticket.pdf", b"%PDF" + bytes(10_000_000), "ticket.pdf: the file is larger than 10 MB."),
        ("TAKEN.pdf", TICKET, "a file of this name is already attached."),
    ],
)
def test_files_that_break_a_rule_are_refused(
    ledgerline_clerk: LedgerlineClerk, name: str, content: bytes, words: str
) -> None:
    clerk = ledgerline_clerk
    draft = clerk.start_draft()
    clerk.fill(draft, "F-1")
    assert "At least one file has to be attached." in errors(clerk.attach(draft, press="next"))
    chosen = ("invoice_copy", "taken.pdf", COPY)
    assert "chosen but not attached" in errors(clerk.attach(draft, chosen, press="next"))
    assert errors(clerk.attach(draft, chosen)) == ""
    page = clerk.attach(draft, ("supporting", name, content), ("supporting", "fine.png", PNG))
    assert words in errors(page)
    assert [row[0] for row in cells(page)[1:]] == ["taken.pdf", "fine.png"]
    page = clerk.post(f"{draft}/files", {"remove": "taken.pdf"})
    assert [row[0] for row in cells(page)[1:]] == ["fine.png"]


def test_payment_words_and_reasons_are_shown(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk, buyer = ledgerline_clerk, ledgerline_buyer
    booked = clerk.send("P-1")
    path = f"/invoices/{booked}/status"
    assert "did you mean 'Approved to Pay'" in buyer.call("POST", path, {"status": "Approved"}, expect=400)["error"]
    buyer.call("POST", path, {"status": "Draft"}, expect=400)
    for status in ("Approved to Pay", "Scheduled to Pay", "In Exception", "Registration Expired"):
        buyer.decide(booked, status, paid_on="2026-04-01")
        assert clerk.rows()[0][STATUS] == status
    buyer.decide(booked, "Paid", payment_reference="EFT-77", paid_on="2026-04-01")
    buyer.decide(booked, "Paid Returned", reason="Account closed")
    page = clerk.get(f"/area/invoices/{booked}")
    for words in ("Paid Returned", "Account closed", "EFT-77", "04/01/2026"):
        assert page.says(words)


def test_the_list_shows_30_days_until_it_is_widened(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    clerk.send("O-1")
    ledgerline_buyer.call("POST", "/clock", {"seconds": 31 * DAY})
    assert clerk.get("/area/invoices").says("No invoices were submitted in the last 30 days.")
    clerk.send("O-2")
    ledgerline_buyer.call("POST", "/clock", {"seconds": 61 * DAY})
    assert [row[0] for row in clerk.rows("?days=90")] == ["O-2"]
    assert [row[0] for row in clerk.rows("?days=120")] == ["O-2", "O-1"]
    assert clerk.rows("?days=5000") == [], "another window than those on offer is the default one"
    assert [row[0] for row in clerk.rows("?days=120&status=Pending+Approval")] == ["O-2", "O-1"]
    ledgerline_buyer.call("POST", "/clock", {"seconds": 61 * DAY})
    assert [row[0] for row in clerk.rows("?number=O-1", "search")] == ["O-1"], "the search goes through all years"


def test_the_list_goes_on_over_pages_with_its_criteria(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    ledgerline_buyer.call("PUT", "/settings", {"page_size": 2})
    for place in range(3):
        clerk.send(f"L-{place}")
    page = clerk.get("/area/invoices?days=60")
    assert page.says("Page 1 of 2") and [row[0] for row in cells(page)[1:]] == ["L-2", "L-1"]
    (onward,) = re.findall(r'href="(/area/invoices\?[^"]+)">Next page', page.body)
    assert onward == "/area/invoices?days=60&amp;page=2"
    assert [row[0] for row in cells(clerk.get(onward.replace("&amp;", "&")))[1:]] == ["L-0"]


def test_the_search_forgets_its_criteria_on_the_second_page(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    for number in ("A-1", "A-2", "A-3", "B-1"):
        clerk.send(number)
    ledgerline_buyer.call("PUT", "/settings", {"page_size": 2})
    assert [row[0] for row in clerk.rows("?number=a-3", "search")] == ["A-3"], "without a wildcard it is exact"
    assert clerk.get("/area/search?number=A").says("No records found.")
    page = clerk.get("/area/search?number=a-%25")
    assert page.says("Page 1 of 2") and [row[0] for row in cells(page)[1:]] == ["A-3", "A-2"]
    (onward,) = re.findall(r'href="(/area/search\?[^"]+)">Next page', page.body)
    assert [row[0] for row in cells(clerk.get(onward))[1:]] == ["A-2", "A-1"], "B-1 is counted: A-1 is not the third"


def test_a_listing_delay_hides_what_was_booked(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    ledgerline_buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600})
    booked = clerk.send("H-1")
    assert clerk.get("/area/search?number=H-1").says("No records found.") and clerk.rows() == []
    assert clerk.get(f"/area/invoices/{booked}").status == 404
    ledgerline_buyer.call("POST", "/clock", {"seconds": 3601})
    assert [row[0] for row in clerk.rows()] == ["H-1"]


def test_suppliers_do_not_see_each_other(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    booked, draft = ledgerline_clerk.send("X-1"), ledgerline_clerk.start_draft()
    other = ledgerline_buyer.add_clerk()
    other.sign_in()
    assert other.rows() == [] and other.get("/area/search?number=%25").says("No records found.")
    assert not other.get("/area/orders").says(ledgerline_clerk.po)
    for path in (f"/area/invoices/{booked}", f"/area/invoices/{booked}/receipt", f"{draft}/details"):
        assert other.get(path).status == 404
    assert other.send("X-1") != booked
