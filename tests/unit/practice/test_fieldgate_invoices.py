"""Invoices at Fieldgate: the three steps, what is refused, what is booked, and what becomes of it."""

import hashlib
import re
import sqlite3
from urllib.parse import quote

import pytest

from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, TICKET, Buyer, Supplier, confirmation


def accepted(buyer: Buyer, supplier: Supplier) -> list[dict[str, object]]:
    return [each for each in buyer.ledger()["accepted"] if supplier.user in each["supplier"]]


def test_a_whole_invoice_is_booked_as_it_was_typed(supplier: Supplier, buyer: Buyer) -> None:
    draft = supplier.prepare("W-1001")
    review = supplier.get(f"{draft}/review")
    for label, value in (("Purchase order", supplier.po), ("Cost object", "AFE 1712345"), ("Net amount", "502.00 USD")):
        assert review.says(f"<dt>{label}</dt><dd>{value}</dd>")
    receipt = supplier.submit(draft)
    assert receipt.heading == "Invoice submitted"
    assert receipt.says("Invoice W-1001 for 543.42 USD was received on")
    assert re.fullmatch(r"FG-\d{4}-\d{6}", confirmation(receipt))

    (booked,) = accepted(buyer, supplier)
    assert (booked["number"], booked["po"], booked["total"]) == ("W-1001", supplier.po, "543.42")
    assert booked["invoice_date"] == "2026-03-02"
    assert [(file["name"], file["sha256"]) for file in booked["files"]] == [
        ("W-1001.pdf", hashlib.sha256(COPY).hexdigest()),
        ("W-1001-ticket.pdf", hashlib.sha256(TICKET).hexdigest()),
    ]
    listed = supplier.get("/invoices?q=w-1001")
    assert listed.says("Page 1 of 1") and listed.says(">Submitted</span>")
    assert supplier.get(f"/orders/{quote(supplier.po, safe='')}").says('<td class="figure">6</td>')


def test_the_same_draft_is_booked_once(supplier: Supplier, buyer: Buyer) -> None:
    draft = supplier.prepare("T-1")
    first, second = supplier.submit(draft), supplier.submit(draft)
    assert confirmation(first) == confirmation(second)
    assert len(accepted(buyer, supplier)) == 1


def test_a_number_used_before_is_refused_with_its_confirmation(supplier: Supplier, buyer: Buyer) -> None:
    first = supplier.send("D-1")
    draft = supplier.start_draft()
    page = supplier.post(f"{draft}/header", supplier.header("D-1"))
    assert page.heading == "Invoice header"
    assert f"Invoice number D-1 has already been submitted (confirmation {first})." in page.spoken("alert")
    assert 'value="D-1"' in page.body and 'aria-invalid="true"' in page.body


def test_a_careless_portal_books_twice_and_the_ledger_counts_it(supplier: Supplier, buyer: Buyer) -> None:
    before = buyer.ledger()["duplicates"]
    buyer.call("PUT", "/settings", {"accept_duplicates": True})
    draft = supplier.prepare("C-1", quantity="10")
    assert confirmation(supplier.submit(draft)) != confirmation(supplier.submit(draft))
    supplier.send("C-1", quantity="10")
    assert len(accepted(buyer, supplier)) == 3
    assert buyer.ledger()["duplicates"] == before + 2


def test_a_listing_delay_hides_what_was_booked(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600})
    booked = supplier.send("L-1")
    assert supplier.get("/invoices?q=L-1").spoken("status") == "No invoices match your search."
    assert supplier.get("/invoices").spoken("status") == "You have no invoices yet."
    assert supplier.get(f"/invoices/{booked}").status == 404
    assert supplier.get(f"/invoices/{booked}/receipt").heading == "Invoice submitted"
    draft = supplier.start_draft()
    assert supplier.post(f"{draft}/header", supplier.header("L-1")).heading == "Invoice lines"


def test_an_orderly_portal_refuses_a_number_before_it_lists_it(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600, "refuses_unlisted": True})
    booked = supplier.send("U-1")
    assert supplier.get("/invoices?q=U-1").spoken("status") == "No invoices match your search."
    draft = supplier.start_draft()
    assert f"already been submitted (confirmation {booked})" in supplier.post(
        f"{draft}/header", supplier.header("U-1")
    ).spoken("alert")


def test_what_waits_to_be_listed_is_listed_when_time_has_passed(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600})
    booked = supplier.send("W-1")
    buyer.call("POST", "/clock", {"seconds": 3599})
    assert not supplier.get("/invoices").says(booked)
    buyer.call("POST", "/clock", {"seconds": 2})
    assert supplier.get("/invoices").says(booked)
    for wrong in (-1, "10", True, None):
        buyer.call("POST", "/clock", {"seconds": wrong}, expect=400)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("number", "", "Invoice number is missing."),
        ("number", "9" * 41, "Invoice number must have at most 40 characters."),
        ("invoice_date", "2026-03-02", "Invoice date must be a date in the form MM/DD/YYYY."),
        ("invoice_date", "02/30/2026", "Invoice date must be a date in the form MM/DD/YYYY."),
        ("cost_object", "Cost centre", "This order is charged to: AFE."),
        ("cost_object_number", "1712346", "Cost object number is not the one of this order."),
        ("major", "8211", "Major is not the one of this order."),
        ("approver", "Dana Whitfeld", "Approver's full name is not the one of this order."),
    ],
)
def test_a_wrong_header_is_refused_and_kept(supplier: Supplier, field: str, typed: str, words: str) -> None:
    draft = supplier.start_draft()
    page = supplier.post(f"{draft}/header", supplier.header("H-1", **{field: typed}))
    assert (page.status, page.heading) == (422, "Invoice header")
    assert words in page.spoken("alert")
    assert field in ("number", "cost_object") or f'value="{typed}"' in page.body
    assert supplier.get(f"{draft}/lines").heading == "Invoice header"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Enter a quantity for at least one line."),
        ({"quantity-1": "10.0001"}, "Quantity for line 1 is more than what is open (10)."),
        ({"quantity-1": "1,5"}, "Quantity for line 1 must be a figure"),
        ({"quantity-1": "1.00001"}, "with at most four decimals"),
        ({"quantity-1": "0"}, "Quantity for line 1 must be more than zero"),
        ({"quantity-1": "1", "price-1": "126.13"}, "Unit price for line 1 differs by more than 0.5 %"),
        ({"quantity-1": "1", "tax": "1.234,56"}, "Tax amount must be an amount such as 1,234.56."),
    ],
)
def test_wrong_lines_are_refused(supplier: Supplier, typed: dict[str, str], words: str) -> None:
    draft = supplier.start_draft()
    supplier.post(f"{draft}/header", supplier.header("N-1"))
    page = supplier.post(f"{draft}/lines", {"price-1": "125.50", "tax": "", **typed})
    assert page.heading == "Invoice lines"
    assert words in page.spoken("alert")


def test_american_figures_and_the_price_tolerance(supplier: Supplier) -> None:
    draft = supplier.start_draft()
    supplier.post(f"{draft}/header", supplier.header("U-1"))
    typed = {"quantity-2": "40.5", "price-2": "1,099.99", "tax": "1,234.56"}
    assert supplier.post(f"{draft}/lines", typed).heading == "Attachments"
    supplier.upload(draft, [("signed_tickets", "u.pdf", TICKET)])
    review = supplier.get(f"{draft}/review")
    assert review.says("44,549.60") and review.says("45,784.16 USD")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ticket 1.pdf", TICKET, "The name of ticket 1.pdf cannot be used"),
        ("t" * 129 + ".pdf", TICKET, "at most 132 characters"),
        ("ticket.pdf", b"PK\x03\x04", "ticket.pdf is not a PDF."),
        ("ticket.pdf", b"", "ticket.pdf is empty."),
        ("ticket.pdf", b"%PDF" + bytes(9_000_000), "ticket.pdf is larger than 9 MB."),
        ("taken.pdf", TICKET, "A file named taken.pdf is already attached."),
    ],
)
def test_files_that_cannot_be_attached(supplier: Supplier, name: str, content: bytes, words: str) -> None:
    draft = supplier.start_draft()
    supplier.post(f"{draft}/header", supplier.header("F-1"))
    supplier.post(f"{draft}/lines", {"quantity-1": "1", "price-1": "125.50"})
    supplier.upload(draft, [("invoice_copy", "taken.pdf", COPY)])
    assert "Attach at least one signed ticket." in supplier.post(f"{draft}/attachments/continue").spoken("alert")
    page = supplier.upload(draft, [("signed_tickets", name, content)])
    assert words in page.spoken("alert")
    removed = supplier.post(f"{draft}/attachments/remove", {"name": "taken.pdf"})
    assert removed.says("Nothing is attached yet.")


def test_all_files_together_may_have_80_mb(supplier: Supplier) -> None:
    draft = supplier.start_draft()
    supplier.post(f"{draft}/header", supplier.header("F-2"))
    supplier.post(f"{draft}/lines", {"quantity-1": "1", "price-1": "125.50"})
    big = b"%PDF" + bytes(8_999_990)
    page = supplier.upload(draft, [("signed_tickets", f"big-{n}.pdf", big) for n in range(9)])
    assert page.spoken("alert").strip() == "big-8.pdf does not fit: all files together may have at most 80 MB."
    assert page.says("8 attached")


def test_a_correction_becomes_revision_2(supplier: Supplier, buyer: Buyer) -> None:
    first = supplier.send("R-1", quantity="10")
    decision = {"status": "Disputed", "reason": "Quantity differs", "comment": "The ticket says 9."}
    buyer.call("POST", f"/invoices/{first}/status", decision)
    assert supplier.get("/home").says("Quantity differs")
    page = supplier.post(f"/invoices/{first}/correct")
    assert page.says(f"Correcting {first}") and " readonly" in page.body
    draft = page.form_address.removesuffix("/header")
    assert supplier.get(f"{draft}/attachments").heading == "Invoice header"
    supplier.prepare("changed-by-hand", quantity="9", draft=draft)
    second = confirmation(supplier.submit(draft))

    one, two = accepted(buyer, supplier)
    assert (one["status"], two["revision"], two["replaces"], two["number"]) == ("Replaced", 2, first, "R-1")
    assert two["confirmation"] == second != first
    assert supplier.post(f"/invoices/{first}/correct").status == 409
    assert supplier.get(f"/invoices/{second}").says(f"Corrects {first}")


def test_a_second_correction_of_the_same_revision_is_refused(supplier: Supplier, buyer: Buyer) -> None:
    first = supplier.send("R-2")
    buyer.call("POST", f"/invoices/{first}/status", {"status": "Rejected", "comment": "Illegible ticket"})
    drafts = [supplier.post(f"/invoices/{first}/correct", follow=False).location[:-7] for _ in range(2)]
    for draft in drafts:
        supplier.prepare(f"R-2-{draft[-1]}", draft=draft)
    assert supplier.submit(drafts[0]).heading == "Invoice submitted"
    assert "cannot be corrected any more" in supplier.submit(drafts[1]).spoken("alert")


def test_a_disputed_invoice_can_be_cancelled_after_a_question(supplier: Supplier, buyer: Buyer) -> None:
    booked = supplier.send("K-1")
    assert supplier.get(f"/invoices/{booked}/cancel").status == 409
    buyer.call("POST", f"/invoices/{booked}/status", {"status": "Disputed", "comment": "Wrong AFE"})
    assert supplier.get(f"/invoices/{booked}/cancel").heading == "Cancel invoice K-1?"
    page = supplier.post(f"/invoices/{booked}/cancel")
    assert page.heading == "Invoice K-1" and page.says(">Cancelled</span>")


def test_what_the_buyer_decides_is_shown(supplier: Supplier, buyer: Buyer) -> None:
    booked = supplier.send("P-1")
    path = f"/invoices/{booked}/status"
    refusal = buyer.call("POST", path, {"status": "Aproved"}, expect=400)
    assert "did you mean 'Approved'" in refusal["error"]
    buyer.call("POST", path, {"status": "Awaiting stars", "force": True})
    assert supplier.get("/invoices").says("Awaiting stars")
    buyer.call("POST", path, {"status": "Paid", "payment_reference": "PAY-77", "paid_on": "2026-04-01"})
    page = supplier.get(f"/invoices/{booked}")
    assert page.says("<dd>PAY-77</dd>") and page.says("<dd>04/01/2026</dd>")
    assert supplier.get("/invoices?status=Paid").says("P-1")
    assert supplier.get("/invoices?status=Rejected").spoken("status") == "No invoices match your search."


def test_invoices_come_in_pages_newest_first(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"page_size": 1})
    for number in ("S-1", "S-2", "S-3"):
        supplier.send(number, quantity="1")
    page = supplier.get("/invoices?q=S-")
    assert page.says("Page 1 of 3") and page.says(">S-3</a>") and not page.says(">Previous<")
    following = re.search(r'rel="next" href="([^"]+)"', page.body)
    assert following is not None
    second = supplier.get(following[1].replace("&amp;", "&"))
    assert second.says("Page 2 of 3") and second.says(">S-2</a>") and second.says(">Previous<")


def test_order_numbers_may_hold_anything_printable(supplier: Supplier, buyer: Buyer) -> None:
    odd = f"A/7 #1?x=<b>&ü%2F+{supplier.user}"
    assert buyer.add_order(odd, supplier.user)["number"] == odd
    supplier.po = odd
    assert supplier.get(f"/orders?q={quote('#1?x=<b>')}").says("A/7 #1?x=<b>&ü%2F+")
    assert supplier.get(f"/orders/{quote(odd, safe='')}").heading == f"Purchase order {odd}"
    assert supplier.send("O-1").startswith("FG-")
    assert supplier.get("/orders?q=nothing+like+it").spoken("status") == "No orders match your search."
    receipt = {"line": 1, "quantity": "4"}
    assert buyer.call("POST", f"/orders/{quote(odd, safe='')}/receipts", receipt)["lines"][0]["received"] == "4"


def test_one_supplier_sees_nothing_of_another(supplier: Supplier, buyer: Buyer) -> None:
    booked, draft = supplier.send("X-1"), supplier.start_draft()
    other = buyer.add_supplier()
    other.sign_in()
    assert not other.get("/orders").says(supplier.po)
    for path in (f"/invoices/{booked}", f"/invoices/{booked}/receipt", f"{draft}/header"):
        assert other.get(path).status == 404
    assert other.send("X-1") != booked  # the number is taken only for the supplier who used it


def test_the_ledger_only_grows(fieldgate: Running, supplier: Supplier) -> None:
    supplier.send("G-1")
    connection = sqlite3.connect(fieldgate.folder / "fieldgate.sqlite3")
    copied = "INSERT OR REPLACE INTO accepted SELECT * FROM accepted LIMIT 1"
    for change in ("UPDATE accepted SET total = '0'", "DELETE FROM accepted", copied, "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            connection.execute(change)
    connection.close()
