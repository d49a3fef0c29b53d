"""Invoices at Cobalt: what each customer takes, what is refused, what the list shows, and what shows nowhere else."""

import csv
import hashlib
import io
import re
from urllib.parse import quote

import pytest

from tests.unit.practice.cobalt_counter import PALISADE, TEJAS, Clerk, CobaltBuyer, document_id
from tests.unit.practice.counter import COPY, TICKET

HOLDS = ("On Hold", "AP Hold", "Pending Receipt", "Tolerance Hold")


def accepted(buyer: CobaltBuyer, clerk: Clerk) -> list[dict[str, object]]:
    return [each for each in buyer.ledger()["accepted"] if each["supplier"].endswith(clerk.user.split("@")[0])]


def test_a_whole_invoice_is_booked_as_it_was_typed(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    draft = clerk.prepare("W-1001")
    summary = clerk.get(draft)
    for name, value in (("order", clerk.po), ("number", "W-1001"), ("date", "03/02/2026"), ("total", "543.42 USD")):
        assert summary.says(f'<output id="sum-{name}">{value}</output>')
    receipt = clerk.submit(draft)
    assert receipt.heading == "Invoice sent" and receipt.says("W-1001 over 543.42 USD is on its way to Tejas Resources")
    assert re.fullmatch(r"CB01-\d{4}-\d{6}", document_id(receipt))

    (booked,) = accepted(cobalt_buyer, clerk)
    assert (booked["number"], booked["po"], booked["total"]) == ("W-1001", clerk.po, "543.42")
    assert (booked["customer"], booked["tax_code"], booked["invoice_date"]) == (TEJAS, "TAXABLE", "2026-03-02")
    assert [(file["kind"], file["sha256"]) for file in booked["files"]] == [  # type: ignore[attr-defined]
        ("Invoice image", hashlib.sha256(COPY).hexdigest()),
        ("Supporting document", hashlib.sha256(TICKET).hexdigest()),
    ]
    (row,) = clerk.rows("?q=w-1001")
    assert row[0] == "W-1001" and row[3:] == ["Processing", clerk.po, "543.42 USD", "0", "", "No", "View"]


def test_the_same_draft_is_booked_once(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    draft = clerk.prepare("T-1")
    assert document_id(clerk.submit(draft)) == document_id(clerk.submit(draft))
    assert len(accepted(cobalt_buyer, clerk)) == 1


def test_a_number_is_used_once_at_a_customer_and_again_at_another(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    before = cobalt_buyer.ledger()["duplicates"]
    first = clerk.send("D-1")
    page = clerk.calculate(clerk.start_draft(), "D-1")
    assert f"Invoice # D-1 has been used before ({first}, Processing)" in page.spoken("alert")
    clerk.at = "/at/palisade-energy"
    clerk.send("D-1")
    assert [each["customer"] for each in accepted(cobalt_buyer, clerk)] == [TEJAS, PALISADE]
    assert cobalt_buyer.ledger()["duplicates"] == before
    cobalt_buyer.call("PUT", "/settings", {"customer": PALISADE, "accept_duplicates": True})
    clerk.send("D-1")
    assert cobalt_buyer.ledger()["duplicates"] == before + 1


def test_only_what_is_disputed_can_be_voided_and_its_number_stays_used(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    document = clerk.send("V-1", "10")
    address = f"{clerk.at}/invoices/{document}"
    assert not clerk.get(address).says("Void")
    assert clerk.post(f"{address}/void").heading == "This invoice cannot be voided"
    cobalt_buyer.decide(document, "Disputed", reason="Price differs from the order")
    assert clerk.rows("?q=V-1")[0][7] == "Price differs from the order"
    assert clerk.get(address).says("Void invoice V-1?") and not clerk.get(address).says("Correct")
    assert clerk.post(f"{address}/void").says('<output id="status">Voided</output>')
    assert clerk.post(f"{address}/void").status == 409
    draft = clerk.start_draft()
    assert "has been used before" in clerk.calculate(draft, "V-1").spoken("alert")
    assert clerk.calculate(draft, "V-1-02", "10", files=()).says('id="summary"')
    clerk.submit(draft)
    assert [each["status"] for each in accepted(cobalt_buyer, clerk)] == ["Voided", "Processing"]


def test_a_customer_may_withdraw_its_dispute_or_keep_voiding_to_itself(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    document = clerk.send("V-2")
    cobalt_buyer.call("PUT", "/settings", {"customer": TEJAS, "suppliers_may_void": False})
    cobalt_buyer.decide(document, "Disputed", reason="No receipt")
    assert clerk.post(f"{clerk.at}/invoices/{document}/void").status == 409
    cobalt_buyer.call("PUT", "/settings", {"customer": TEJAS, "suppliers_may_void": True})
    cobalt_buyer.decide(document, "Pending Approval")
    assert clerk.rows("?q=V-2")[0][3:8] == ["Pending Approval", clerk.po, "166.92 USD", "0", ""]


def test_an_order_is_chosen_not_typed(clerk: Clerk) -> None:
    clerk.get(f"{clerk.at}/create")
    page = clerk.post(f"{clerk.at}/create", {"typed": clerk.po, "order": ""})
    assert page.spoken("alert").strip() == "Choose an order from the list."
    offered = clerk.get(f"{clerk.at}/order-suggestions?q={clerk.po[3:].upper()}").body
    assert offered == f'[{{"number":"{clerk.po}","description":"Shafts for Tejas Resources"}}]'


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"number": ""}, "Invoice # is missing."),
        ({"invoice_date": "2026-03-02"}, "in the form MM/DD/YYYY"),
        ({"tax_code": ""}, "Tax code is missing: choose one."),
        ({"tax_code": "EXEMPT"}, "An exempt invoice has no tax."),
        ({"tax": "1,5"}, "Tax amount must be an amount"),
        ({"quantity-1": "11"}, "Quantity for line 1 is more than what is open (10)."),
        ({"quantity-1": ""}, "Enter a quantity for at least one line."),
        ({"price-1": "127"}, "differs by more than 0.5 % from the order"),
    ],
)
def test_what_is_typed_wrong_is_named_and_kept(clerk: Clerk, typed: dict[str, str], words: str) -> None:
    draft = clerk.start_draft()
    number = typed.pop("number", "R-1")
    page = clerk.calculate(draft, number, files=(("image", COPY), ("support", TICKET)), **typed)
    assert words in page.spoken("alert") and not page.says('id="summary"')
    assert clerk.submit(draft).status == 422


def test_each_customer_has_its_own_rules(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"customer": PALISADE, "plain_numbers": True, "one_pdf": True})
    both, one = (("image", COPY), ("support", TICKET)), (("image", COPY),)
    assert "Tejas Resources wants at least one supporting document." in clerk.calculate(
        clerk.start_draft(), "INV_7", files=one
    ).spoken("alert")
    clerk.at = "/at/palisade-energy"
    refused = clerk.calculate(clerk.start_draft(), "INV_7", files=both).spoken("alert")
    assert "may have letters, figures and hyphens for Palisade Energy" in refused
    assert "Palisade Energy takes one file" in refused
    draft = clerk.start_draft()
    assert clerk.calculate(draft, "INV-7", files=one).says('id="summary"')
    assert clerk.submit(draft).heading == "Invoice sent"


def test_a_draft_is_in_the_list_and_not_in_the_ledger(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    draft = clerk.start_draft()
    page = clerk.calculate(draft, "L-1", files=(), do="draft")
    assert page.heading == "Invoices"
    (row,) = clerk.rows()
    assert (row[0], row[1], row[3], row[9]) == ("L-1", "", "Draft", "Edit")
    assert accepted(cobalt_buyer, clerk) == []
    assert clerk.rows("?status=Processing") == []


@pytest.mark.parametrize("word", HOLDS)
def test_a_hold_is_the_customers_to_solve(clerk: Clerk, cobalt_buyer: CobaltBuyer, word: str) -> None:
    document = clerk.send("H-1")
    cobalt_buyer.decide(document, word)
    assert clerk.rows(f"?status={quote(word)}")[0][3] == word
    page = clerk.get(f"{clerk.at}/invoices/{document}")
    assert page.says(f'<output id="status">{word}</output>') and not page.says("Void invoice")


def test_paid_is_a_flag_beside_the_status(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    document = clerk.send("P-1")
    cobalt_buyer.decide(document, "Approved", paid_on="2026-03-31", payment_reference="PAY-9")
    assert clerk.rows("?q=P-1")[0][3:9:5] == ["Approved", "Yes, 03/31/2026"]
    assert clerk.get(f"{clerk.at}/invoices/{document}").says("PAY-9")


def test_unanswered_comments_are_counted_until_they_are_answered(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    document = clerk.send("C-1")
    clerk.send("C-2")
    for text in ("Which well was this for?", "And who signed?"):
        cobalt_buyer.call("POST", f"/invoices/{document}/comments", {"text": text})
    assert [row[6] for row in clerk.rows()] == ["0", "2"]
    assert [row[0] for row in clerk.rows("?comments=1")] == ["C-1"]
    address = f"{clerk.at}/invoices/{document}"
    clerk.get(address)
    assert "Write a comment first." in clerk.post(f"{address}/comments", {"comment": " "}).spoken("alert")
    assert clerk.post(f"{address}/comments", {"comment": "Pad 7; <D. Whitfield>"}).says("Pad 7; <D. Whitfield>")
    assert clerk.rows("?comments=1") == []
    told = next(each for each in accepted(cobalt_buyer, clerk) if each["confirmation"] == document)
    assert [each["text"] for each in told["comments"]][2] == "Pad 7; <D. Whitfield>"  # type: ignore[index]


def test_the_export_holds_every_row_of_the_narrowed_list(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"page_size": 2})
    documents = [clerk.send(f"E-{place}") for place in range(3)]
    cobalt_buyer.decide(documents[1], "Disputed", reason='Wrong "AFE", again')
    assert [row[0] for row in clerk.rows()] == ["E-2", "E-1"]
    assert clerk.get(f"{clerk.at}/invoices").says("3 invoices, page 1 of 2")
    assert [row[0] for row in clerk.rows("?page=2")] == ["E-0"]
    page = clerk.get(f"{clerk.at}/invoices.csv")
    assert page.headers["content-disposition"] == 'attachment; filename="invoices-tejas-resources.csv"'
    rows = list(csv.DictReader(io.StringIO(page.body)))
    assert [row["Document ID"] for row in rows] == documents[::-1]
    assert rows[1]["Dispute Reason"] == 'Wrong "AFE", again' and rows[1]["Total"] == "166.92"
    (only,) = csv.DictReader(io.StringIO(clerk.get(f"{clerk.at}/invoices.csv?status=Disputed").body))
    assert only["Invoice #"] == "E-1"


def test_the_list_is_narrowed_by_date(clerk: Clerk) -> None:
    clerk.send("F-1")
    assert clerk.rows("?from=01/01/2099") == [] and clerk.rows("?to=01/01/2020") == []
    assert [row[0] for row in clerk.rows("?from=01/01/2020&to=01/01/2099")] == ["F-1"]
    assert clerk.get(f"{clerk.at}/invoices?from=01/01/2099").spoken("status") == "Nothing matches these filters."


def test_a_listing_delay_hides_what_was_booked(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600})
    document = clerk.send("Q-1")
    assert clerk.get(f"{clerk.at}/invoices").spoken("status") == "No invoices yet."
    assert clerk.get(f"{clerk.at}/invoices/{document}").status == 404
    assert clerk.get(f"{clerk.at}/invoices/{document}/sent").heading == "Invoice sent"
    cobalt_buyer.call("POST", "/clock", {"seconds": 3601})
    assert [row[1] for row in clerk.rows()] == [document]


def test_one_customers_pages_show_nothing_of_another(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    """The same login and the same order number at both; only the address says whose page it is."""
    document, draft = clerk.send("ONLY-TEJAS"), clerk.start_draft()
    clerk.at = "/at/palisade-energy"
    po = quote(clerk.po, safe="")
    pages = ["invoices", "invoices.csv", "orders", f"orders/{po}", "order-suggestions?q=PO", "create"]
    for page in pages:
        shown = clerk.get(f"{clerk.at}/{page}")
        assert shown.status == 200
        assert not shown.says("ONLY-TEJAS") and not shown.says(document) and not shown.says("for Tejas Resources")
    number = draft.rpartition("/")[2]
    gone = clerk.get(f"{clerk.at}/nothing")
    for page in (f"invoices/{document}", f"invoices/{document}/sent", f"drafts/{number}"):
        assert (clerk.get(f"{clerk.at}/{page}").status, gone.status) == (404, 404)
    assert clerk.post("/switch", {"customer": "tejas-resources"}).says("ONLY-TEJAS")


def test_a_customer_that_does_not_know_the_login_is_as_good_as_none(cobalt_buyer: CobaltBuyer) -> None:
    clerk = cobalt_buyer.add_clerk(customers=(PALISADE,))
    clerk.sign_in()
    assert not clerk.get("/home").says(TEJAS)
    strange, missing = (clerk.get(f"/at/{name}/invoices") for name in ("tejas-resources", "no-such-customer"))
    assert (strange.status, strange.body.replace(clerk.csrf, "")) == (404, missing.body.replace(clerk.csrf, ""))
    assert clerk.post("/switch", {"customer": "tejas-resources"}).status == 404


def test_suppliers_do_not_see_each_other(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    document, draft = clerk.send("MINE-1"), clerk.start_draft()
    other = cobalt_buyer.add_clerk()
    other.sign_in()
    assert other.rows() == [] and not other.get(f"{other.at}/orders").says(clerk.po)
    for address in (f"{other.at}/invoices/{document}", f"{other.at}/invoices/{document}/sent", draft):
        assert other.get(address).status == 404
