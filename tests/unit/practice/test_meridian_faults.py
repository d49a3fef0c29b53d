"""What can be made to go wrong at Meridian."""

import http.client

import pytest

from submitter.practice.__main__ import PORTALS as STARTED
from submitter.practice.buyer import PORTALS
from submitter.practice.fieldgate.faults import KINDS as FIELDGATES
from submitter.practice.meridian.faults import KINDS
from tests.unit.practice.meridian_counter import MeridianBuyer, MeridianClerk


def accepted(buyer: MeridianBuyer, clerk: MeridianClerk) -> list[str]:
    return [each["number"] for each in buyer.accepted(clerk.user)]


def test_all_of_fieldgates_faults_are_known_here() -> None:
    assert set(FIELDGATES) == set(KINDS)


@pytest.mark.parametrize("kind", ["drop_answer_after_booking", "timeout_after_booking"])
def test_the_answer_can_be_lost_after_booking(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer, kind: str
) -> None:
    draft = meridian_clerk.prepare("D-1")
    meridian_buyer.arm(kind, **({"seconds": 0.1} if kind.startswith("timeout") else {}))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        meridian_clerk.submit(draft)
    assert accepted(meridian_buyer, meridian_clerk) == ["D-1"]


def test_other_answers_than_the_receipt_can_come_after_booking(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    draft = meridian_clerk.prepare("E-1")
    meridian_buyer.arm("error_500_after_booking")
    answer = meridian_clerk.submit(draft)
    assert (answer.status, answer.data["title"]) == (500, "Something went wrong")
    draft = meridian_clerk.prepare("E-2")
    meridian_buyer.arm("duplicate_refused_after_booking")
    assert "E-2 has been received" in meridian_clerk.submit(draft).errors
    assert accepted(meridian_buyer, meridian_clerk) == ["E-1", "E-2"]


def test_nothing_is_booked_by_what_strikes_before(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    draft = meridian_clerk.prepare("B-1")
    for kind, status in (("maintenance", 503), ("rate_limit", 429), ("error_500", 500), ("session_lost", 401)):
        meridian_buyer.arm(kind, page="submit")
        assert meridian_clerk.submit(draft).status == status
    assert accepted(meridian_buyer, meridian_clerk) == []


def test_a_careless_portal_books_whatever_it_is_sent(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    meridian_buyer.call("PUT", "/settings", {"accept_duplicates": True})
    draft = meridian_clerk.prepare("C-1")
    meridian_clerk.submit(draft)
    meridian_clerk.submit(draft)
    assert accepted(meridian_buyer, meridian_clerk) == ["C-1", "C-1"]
    assert meridian_buyer.ledger()["duplicates"] == 1


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("rename_field", "draft"),
        ("move_column", "invoices"),
        ("silent_empty", "invoices"),
        ("double_response", "orders"),
        ("pop_up", "draft/review"),
        ("new_tab", "draft/review"),
        ("alert_dialog", "workbench"),
        ("confirm_dialog", "draft/review"),
        ("leave_dialog", "workbench"),
        ("advert_tab", "workbench"),
    ],
)
def test_the_script_is_told_what_to_do_to_its_view(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer, kind: str, path: str
) -> None:
    address = path.replace("draft", meridian_clerk.prepare("O-1")) if path.startswith("draft") else path
    meridian_buyer.arm(kind)
    assert set(meridian_clerk.call("GET", address).odd) == {kind}
    assert meridian_clerk.call("GET", address).odd == {}, "once"
    assert meridian_buyer.fired() == {kind: 1}


def test_a_status_can_be_a_word_that_nobody_has_seen(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    booked = meridian_clerk.send("U-1")
    meridian_buyer.arm("unknown_status")
    assert meridian_clerk.standing(booked) == ("Sent", "Zurückgestellt")
    assert meridian_clerk.standing(booked) == ("Sent", "Sent")


def test_an_upload_can_be_cut_short(meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer) -> None:
    meridian_buyer.arm("truncate_upload")
    meridian_clerk.send("T-1")
    [booked] = meridian_buyer.accepted(meridian_clerk.user)
    assert booked["files"][0]["size"] * 2 <= 39 and booked["files"][1]["size"] == 22


def test_what_can_happen_at_sign_in(meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    meridian_buyer.arm("lock_out")
    assert "locked" in clerk.sign_in().errors
    meridian_buyer.arm("second_factor")
    assert clerk.sign_in().go == "verify"
    assert clerk.call("GET", "session").data["by_app"] is False, "a code that was mailed"
    meridian_buyer.arm("new_terms", page="orders")
    clerk.sign_in()
    assert clerk.call("GET", "orders").go == "terms"


def test_every_portal_that_can_be_started_is_offered() -> None:
    assert tuple(STARTED) == PORTALS
