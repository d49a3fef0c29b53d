"""What can be made to go wrong at Cobalt does what its name says."""

import hashlib
import http.client

import pytest

from tests.unit.practice.cobalt_counter import Clerk, CobaltBuyer, document_id
from tests.unit.practice.counter import TICKET


def booked(buyer: CobaltBuyer, clerk: Clerk) -> list[dict[str, object]]:
    return [each for each in buyer.ledger()["accepted"] if each["supplier"].endswith(clerk.user.split("@")[0])]


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("drop_answer", 0),
        ("timeout_before_booking", 0),
        ("timeout_after_booking", 1),
        ("drop_answer_after_booking", 1),
    ],
)
def test_answers_that_never_come(clerk: Clerk, cobalt_buyer: CobaltBuyer, kind: str, times: int) -> None:
    draft = clerk.prepare("1")
    cobalt_buyer.arm(kind, seconds=0.05, page="submit")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        clerk.submit(draft)
    assert len(booked(cobalt_buyer, clerk)) == times
    document_id(clerk.submit(draft))
    assert len(booked(cobalt_buyer, clerk)) == 1


@pytest.mark.parametrize(
    ("kind", "status", "heading", "times"),
    [
        ("error_500", 500, "Something went wrong", 0),
        ("error_500_after_booking", 500, "Something went wrong", 1),
        ("maintenance", 503, "Cobalt is being maintained", 0),
        ("rate_limit", 429, "Too many requests", 0),
        ("session_lost", 200, "Log in to Cobalt", 0),
        ("new_terms", 200, "We have updated our terms", 0),
        ("duplicate_refused_after_booking", 422, "Invoice draft for", 1),
    ],
)
def test_answers_to_the_final_click(
    clerk: Clerk, cobalt_buyer: CobaltBuyer, kind: str, status: int, heading: str, times: int
) -> None:
    draft = clerk.prepare("1")
    cobalt_buyer.arm(kind, page="submit")
    page = clerk.submit(draft)
    assert page.status == status and page.heading.startswith(heading)
    assert len(booked(cobalt_buyer, clerk)) == times
    assert cobalt_buyer.fired() == {kind: 1}


def test_pages_that_have_changed(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    clerk.send("X-1")
    cobalt_buyer.arm("move_column", rename=True)
    page = clerk.get(f"{clerk.at}/invoices")
    assert page.says("<th>State</th>") and page.body.index("<th>PO #</th>") < page.body.index("<th>State</th>")
    cobalt_buyer.arm("unknown_status")
    assert clerk.rows()[0][3] == "Zurückgestellt"
    cobalt_buyer.arm("silent_empty")
    assert clerk.get(f"{clerk.at}/invoices").spoken("status") == ""
    cobalt_buyer.arm("rename_field")
    draft = clerk.start_draft()
    assert clerk.get(draft).says("Supplier reference")
    assert clerk.get(draft).says("Invoice #")
    cobalt_buyer.arm("announcement")
    assert clerk.get("/home").says("data-shown") and not clerk.get("/home").says("data-shown")


def test_an_upload_may_be_cut_short(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.arm("truncate_upload", times=0)
    clerk.send("Y-1")
    (found,) = booked(cobalt_buyer, clerk)
    assert found["files"][1]["sha256"] == hashlib.sha256(TICKET[: len(TICKET) // 2]).hexdigest()  # type: ignore[index]
