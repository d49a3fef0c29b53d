"""Invoices at Meridian: what is taken, two status fields, edit and resubmit, and each customer's rule for numbers."""

import hashlib

import pytest

from tests.unit.practice.counter import COPY, TICKET, Supplier
from tests.unit.practice.meridian_counter import MeridianBuyer, MeridianClerk

NEEDY, JEALOUS = "Bluegrass Rigs", "Wabash Pumps"  # wants a letter behind; takes longer numbers for the same invoice


@pytest.fixture
def needy(meridian_buyer: MeridianBuyer) -> MeridianClerk:
    return clerk_of(meridian_buyer, NEEDY, "required")


@pytest.fixture
def jealous(meridian_buyer: MeridianBuyer) -> MeridianClerk:
    return clerk_of(meridian_buyer, JEALOUS, "duplicates")


def clerk_of(buyer: MeridianBuyer, customer: str, suffixes: str) -> MeridianClerk:
    buyer.call("POST", "/customers", {"name": customer, "suffixes": suffixes})
    clerk = buyer.add_clerk(customer=customer)
    assert clerk.sign_in().go == "workbench"
    return clerk


def test_an_invoice_goes_into_the_ledger_with_its_files(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    clerk = meridian_clerk
    draft = clerk.prepare("A-1", "4")
    shown = clerk.call("GET", f"{draft}/review").data
    assert (shown["number"], shown["invoice_date"], shown["customer"]) == ("A-1", "2026-03-02", "Tejas Resources")
    assert (shown["net"], shown["tax"], shown["total"]) == ("502.00", "41.42", "543.42")
    assert [file["sha256"] for file in shown["files"]] == [hashlib.sha256(f).hexdigest() for f in (COPY, TICKET)]
    answer = clerk.submit(draft)
    [booked] = meridian_buyer.accepted(clerk.user)
    assert answer.go == f"invoices/{booked['confirmation']}/submitted"
    assert (booked["po"], booked["total"], booked["customer"]) == (clerk.po, "543.42", "Tejas Resources")
    assert [file["sha256"] for file in booked["files"]] == [file["sha256"] for file in shown["files"]]
    assert clerk.submit(draft).go == answer.go, "the same draft shows its receipt"
    assert len(meridian_buyer.accepted(clerk.user)) == 1
    assert clerk.order()["lines"][0]["open"] == "6"


def test_what_is_wrong_is_said_all_at_once(meridian_clerk: MeridianClerk) -> None:
    draft = meridian_clerk.start_draft()
    said = meridian_clerk.fill(draft, "", invoice_date="", tax_category="", typed={"quantity-1": "11"}).errors
    for words in ("Invoice # is missing", "date is missing", "more than what is open", "tax category", "Attach"):
        assert words in said
    said = meridian_clerk.fill(draft, "B-1", tax_category="Tax exempt").errors
    assert "cannot be given with this tax category" in said
    assert meridian_clerk.submit(draft).errors == "Complete the invoice before you submit it."
    assert "not a PDF" in meridian_clerk.attach(draft, ("x.pdf", b"PK")).errors


def test_attachments_may_be_taken_away_again(meridian_clerk: MeridianClerk) -> None:
    draft = meridian_clerk.start_draft()
    meridian_clerk.attach(draft, ("a.pdf", COPY), ("b.pdf", TICKET))
    assert "already attached" in meridian_clerk.attach(draft, ("a.pdf", COPY)).errors
    left = meridian_clerk.call("DELETE", f"{draft}/files", {"name": "a.pdf"}).data["files"]
    assert [file["name"] for file in left] == ["b.pdf"]


def test_a_number_is_taken_once(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_clerk
    first = clerk.send("D-1")
    draft, late = clerk.start_draft(), clerk.prepare("D-2")
    clerk.attach(draft, ("a.pdf", COPY))
    assert f"INVOICE_DUPLICATE: invoice D-1 has been received before ({first})" in clerk.fill(draft, "D-1").errors
    clerk.send("D-2")
    assert "INVOICE_DUPLICATE" in clerk.submit(late).errors, "looked at again before it is booked"
    meridian_buyer.call("PUT", "/settings", {"listing_delay_seconds": 3600})
    clerk.send("D-3")
    assert clerk.fill(draft, "D-3").go, "what is not listed yet is not known yet"
    meridian_buyer.call("PUT", "/settings", {"refuses_unlisted": True})
    assert "INVOICE_DUPLICATE" in clerk.fill(draft, "D-3").errors


def test_an_invoice_stands_in_two_fields(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    meridian_buyer.call("PUT", "/settings", {"queue_seconds": 300})
    booked = meridian_clerk.send("S-1")
    assert meridian_clerk.standing(booked) == ("Queued", "Sent")
    meridian_buyer.call("POST", "/clock", {"seconds": 301})
    assert meridian_clerk.standing(booked) == ("Sent", "Sent")
    meridian_buyer.decide(booked, routing="Acknowledged")
    assert meridian_clerk.standing(booked) == ("Acknowledged", "Sent")
    meridian_buyer.decide(booked, "Paid", payment_reference="PAY-1", paid_on="2026-04-01")
    shown = meridian_clerk.call("GET", f"invoices/{booked}").data
    assert (shown["status"], shown["payment_reference"], shown["paid_on"]) == ("Paid", "PAY-1", "2026-04-01")
    assert [entry["word"] for entry in shown["history"] if entry["field"] == "Routing"] == ["Acknowledged"]
    refusal = meridian_buyer.decide(booked, "Payed", expect=400)
    assert "did you mean 'Paid'" in refusal["error"]


def test_what_a_customer_decides_on_has_arrived(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    booked = meridian_clerk.send("S-2")
    meridian_buyer.decide(booked, "Rejected", comment="Price differs")
    assert meridian_clerk.standing(booked) == ("Acknowledged", "Rejected")
    assert meridian_clerk.row(booked)["comment"] == "Price differs"


def test_failed_is_edited_and_resubmitted_and_the_old_one_obsoleted(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    clerk = meridian_clerk
    first = clerk.send("F-1", "10")
    assert "cannot be edited" in clerk.call("POST", f"invoices/{first}/drafts").errors, "it is on its way"
    meridian_buyer.decide(first, routing="Failed", comment="Ship-to is missing")
    assert clerk.standing(first) == ("Failed", "Failed") and clerk.row(first)["comment"] == "Ship-to is missing"
    draft, twice = clerk.again(first), clerk.again(first)
    shown = clerk.call("GET", draft).data
    assert (shown["number"], shown["typed"]["quantity-1"], shown["files"]) == ("F-1", "10", [])
    second = clerk.send("F-1", "10", draft=draft)
    assert clerk.standing(first) == ("Obsoleted", "Failed") and clerk.standing(second) == ("Sent", "Sent")
    assert meridian_buyer.ledger()["duplicates"] == 0
    clerk.attach(twice, ("again.pdf", COPY))
    assert "more than what is open" in clerk.fill(twice, "F-1", typed={"quantity-1": "10"}).errors
    assert "cannot be edited" in clerk.call("POST", f"invoices/{first}/drafts").errors
    assert "Obsoleted" in meridian_buyer.decide(first, "Paid", expect=400)["error"]
    [row, _] = clerk.call("GET", "invoices", q="F-1").data["rows"]
    assert row["reference"] == second, "the newest first"


def test_a_draft_that_came_too_late_is_refused(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_clerk
    first = clerk.send("F-2")
    meridian_buyer.decide(first, "Rejected", comment="No")
    one, other = (clerk.prepare("F-2", draft=clerk.again(first)) for _ in range(2))
    clerk.submit(one)
    assert "INVOICE_DUPLICATE" in clerk.submit(other).errors
    assert f"{first} cannot be edited" in clerk.submit(other).errors


def test_only_what_came_to_nothing_is_canceled(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_clerk
    booked = clerk.send("C-1", "10")
    assert "cannot be canceled" in clerk.call("DELETE", f"invoices/{booked}").errors
    meridian_buyer.decide(booked, "Rejected", comment="No")
    assert clerk.call("DELETE", f"invoices/{booked}").go == f"invoices/{booked}"
    assert clerk.standing(booked) == ("Obsoleted", "Canceled")
    assert clerk.order()["lines"][0]["open"] == "10", "open again"


def test_one_customer_wants_a_letter_behind_the_number(needy: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    first = needy.send("N-1")
    meridian_buyer.decide(first, "Rejected", comment="No")
    draft = needy.again(first)
    needy.attach(draft, ("a.pdf", COPY))
    for wrong in ("N-1", "N-2", "N-11"):
        assert f"{NEEDY} wants another number" in needy.fill(draft, wrong).errors
    second = needy.send("N-1A", draft=draft)
    meridian_buyer.decide(second, "Rejected", comment="No")
    again = needy.again(second)
    needy.attach(again, ("a.pdf", COPY))
    assert "INVOICE_DUPLICATE: invoice N-1A" in needy.fill(again, "N-1A").errors
    needy.send("N-1B", draft=again)
    assert [each["number"] for each in meridian_buyer.accepted(needy.user)] == ["N-1", "N-1A", "N-1B"]


def test_another_takes_longer_numbers_for_duplicates(jealous: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    first = jealous.send("J-1")
    draft = jealous.start_draft()
    jealous.attach(draft, ("a.pdf", COPY))
    for variant in ("J-1A", "2026-J1", "j1"):
        assert "INVOICE_DUPLICATE" in jealous.fill(draft, variant, typed={"quantity-1": "1"}).errors
    assert jealous.fill(draft, "J-1A", typed={"quantity-1": "2"}).go, "another amount is another invoice"
    assert jealous.fill(draft, "K-1", typed={"quantity-1": "1"}).go, "another number is another invoice"
    meridian_buyer.decide(first, routing="Failed", comment="No")
    again = jealous.again(first)
    jealous.attach(again, ("a.pdf", COPY))
    assert "INVOICE_DUPLICATE" in jealous.fill(again, "J-1A", typed={"quantity-1": "1"}).errors
    second = jealous.send("J-1", draft=jealous.again(first))
    assert jealous.standing(first)[0] == "Obsoleted" and jealous.standing(second)[0] == "Sent"


def test_one_login_sees_all_its_customers_or_one(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_clerk
    meridian_buyer.call("POST", "/customers", {"name": NEEDY})
    meridian_buyer.customer = NEEDY
    meridian_buyer.add_order(f"PO-2/{clerk.user}", clerk.user)
    booked = clerk.send("M-1")
    other = MeridianClerk(clerk.host, clerk.user, f"PO-2/{clerk.user}", clerk.cookies, clerk.token)
    other.send("M-1")
    assert meridian_buyer.ledger()["duplicates"] == 0, "a number is used once for each customer"
    seen = {name: clerk.call("GET", "invoices", **{"with": name}).data["total"] for name in ("bluegrass-rigs", "")}
    assert seen == {"bluegrass-rigs": 1, "": 2}
    elsewhere = {"with": "bluegrass-rigs"}
    assert clerk.call("GET", f"invoices/{booked}", **elsewhere).status == 404
    assert clerk.call("POST", "drafts", {"order": clerk.po}, **elsewhere).status == 404
    assert clerk.call("GET", "orders", **{"with": "nobody"}).status == 404


def test_a_supplier_sees_nothing_of_anothers(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    other = meridian_buyer.add_clerk()
    other.sign_in()
    booked, draft = meridian_clerk.send("X-1"), meridian_clerk.start_draft()
    for path in (f"invoices/{booked}", f"invoices/{booked}/receipt", draft, f"{draft}/review"):
        assert other.call("GET", path).status == 404
    assert other.call("POST", f"{draft}/submission").status == 404
    assert other.call("GET", "invoices").data["total"] == 0


def test_lists_go_on_over_pages(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    meridian_buyer.call("PUT", "/settings", {"page_size": 2})
    for number in ("L-1", "L-2", "L-3"):
        meridian_clerk.send(number)
    pages = [meridian_clerk.call("GET", "invoices", page=page).data for page in ("1", "2")]
    assert [[row["number"] for row in page["rows"]] for page in pages] == [["L-3", "L-2"], ["L-1"]]
    assert [(page["page"], page["pages"], page["total"]) for page in pages] == [(1, 2, 3), (2, 2, 3)]


def test_customers_decide_on_a_page(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    booked = meridian_clerk.send("P-1")
    person = Supplier(meridian_clerk.host, "", "")
    assert person.get("/buyer").status == 401
    assert person.get(f"/buyer?token={meridian_buyer.token}").says(booked)
    decision = {"confirmation": booked, "status": "Failed", "comment": ""}
    assert person.post("/buyer/decisions", decision).status == 422
    person.get("/buyer")
    assert person.post("/buyer/decisions", {**decision, "comment": "Ship-to is missing"}).says("P-1: Failed")
    assert meridian_clerk.standing(booked) == ("Failed", "Failed")
