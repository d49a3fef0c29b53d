"""What can be made to go wrong at Ledgerline."""

import http.client

import pytest

from submitter.practice.fieldgate.faults import KINDS as FIELDGATES
from submitter.practice.ledgerline.faults import KINDS
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, LedgerlineClerk, cells, errors, screen


def accepted(buyer: LedgerlineBuyer, clerk: LedgerlineClerk) -> list[str]:
    return [each["number"] for each in buyer.ledger()["accepted"] if clerk.user in each["supplier"]]


def test_all_of_fieldgates_faults_are_known_here() -> None:
    assert set(FIELDGATES) == set(KINDS)


@pytest.mark.parametrize("kind", ["drop_answer_after_booking", "timeout_after_booking"])
def test_the_answer_can_be_lost_after_booking(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer, kind: str
) -> None:
    clerk, seconds = ledgerline_clerk, {"seconds": 0.1} if kind.startswith("timeout") else {}
    draft = clerk.prepare("D-1")
    ledgerline_buyer.arm(kind, **seconds)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        clerk.submit(draft)
    assert accepted(ledgerline_buyer, clerk) == ["D-1"]
    assert [row[0] for row in clerk.rows("?number=D-1", "search")] == ["D-1"]
    assert screen(clerk.submit(draft)) == "INV-040", "the draft shows its receipt"
    assert accepted(ledgerline_buyer, clerk) == ["D-1"]


def test_other_answers_than_the_receipt_can_come_after_booking(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    draft = clerk.prepare("E-1")
    ledgerline_buyer.arm("error_500_after_booking")
    page = clerk.submit(draft)
    assert page.status == 500 and page.says("Ledgerline could not answer this request.")
    draft = clerk.prepare("E-2")
    ledgerline_buyer.arm("duplicate_refused_after_booking")
    assert "E-2 is already on file" in errors(clerk.submit(draft))
    assert accepted(ledgerline_buyer, clerk) == ["E-1", "E-2"]


def test_nothing_is_booked_by_what_strikes_before(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    clerk = ledgerline_clerk
    draft = clerk.prepare("B-1")
    for kind, status in (("maintenance", 503), ("rate_limit", 429), ("error_500", 500), ("session_lost", 401)):
        ledgerline_buyer.arm(kind, page="submit")
        assert clerk.submit(draft).status == status
    assert accepted(ledgerline_buyer, clerk) == []


def test_pages_can_be_other_than_known(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_clerk
    draft = clerk.start_draft()
    ledgerline_buyer.arm("rename_field")
    page = clerk.get(f"{draft}/details")
    assert page.says("Document reference:") and page.says('id="doc_ref"') and not page.says('id="number"')
    clerk.prepare("R-1", draft=draft)
    ledgerline_buyer.arm("rename_field", page="certify")
    ledgerline_buyer.arm("new_tab")
    ledgerline_buyer.arm("pop_up")
    page = clerk.get(f"{draft}/certify")
    assert page.says("Document reference:</td><td>R-1") and page.says('target="_blank"') and page.says("ask_first.js")
    assert clerk.get("/static/ask_first.js").status == 200
    assert clerk.get(f"{draft}/certify").says("Invoice number:</td><td>R-1")


def test_lists_can_change(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_clerk
    ledgerline_buyer.decide(clerk.send("L-1"), "In Exception", reason="Price")
    ledgerline_buyer.arm("move_column", rename=True)
    header, row = cells(clerk.get("/area/invoices"))
    assert header[-2:] == ["Reason", "State"] and row[-2:] == ["Price", "In Exception"]
    ledgerline_buyer.arm("unknown_status")
    assert clerk.rows()[0][7] == "Parked"
    ledgerline_buyer.arm("silent_empty", page="search")
    page = clerk.get("/area/search?number=L-1")
    assert cells(page)[0][0] == "Invoice no." and len(cells(page)) == 1 and not page.says("No records found.")


def test_an_upload_can_be_cut_short(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    ledgerline_buyer.arm("truncate_upload")
    ledgerline_clerk.send("T-1")
    (booked,) = [each for each in ledgerline_buyer.ledger()["accepted"] if ledgerline_clerk.user in each["supplier"]]
    assert booked["files"][0]["size"] * 2 <= 39 and booked["files"][1]["size"] == 22


@pytest.mark.parametrize("kind", ["alert_dialog", "confirm_dialog", "leave_dialog", "advert_tab"])
def test_a_page_may_be_interrupted_by_a_script(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer, kind: str
) -> None:
    ledgerline_buyer.arm(kind, page="orders")
    assert ledgerline_clerk.get("/area/orders").says(f'data-with="{kind}"')
    assert ledgerline_clerk.get("/static/interrupt.js").says(kind)
    assert ledgerline_buyer.fired() == {kind: 1}


def test_what_can_happen_at_sign_in(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk()
    ledgerline_buyer.arm("lock_out")
    assert "locked" in errors(clerk.sign_in())
    ledgerline_buyer.arm("second_factor")
    assert screen(clerk.sign_in()) == "LOG-002"
    clerk.cookies.clear()
    ledgerline_buyer.arm("password_expired")
    assert screen(clerk.sign_in()) == "LOG-003"
    assert screen(clerk.get("/desk")) == "LOG-003"


def test_the_receipt_may_be_handed_out_as_a_file(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    ledgerline_buyer.arm("download_instead")
    page = ledgerline_clerk.submit(ledgerline_clerk.prepare("F-1"))
    assert page.headers["content-disposition"].startswith('attachment; filename="LL-')
