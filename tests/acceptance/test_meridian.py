"""Invoices go into Meridian once each, whatever it does to them; its own ledger is the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer, running_portal
from submitter.practice.shop import ShopExport
from submitter.queue.intake import resubmit
from submitter.secrets import store_secret
from submitter.store import readings
from tests.acceptance.conftest import ACCOUNT, PASSWORD, USER, World

pytestmark = pytest.mark.browser
CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "meridian"
address = "{address}/with/tejas-resources"
user = "{user}"
time_zone = "America/Chicago"
[rules]
currencies = ["USD"]
"""
WANTS_A_LETTER = CUSTOMER + 'resubmission_suffix = "required"\nsuffix_pattern = "[A-Z]"\n'
SENT = ["opened", "prepared", "committing"]
KEY = "GEZDGNBVGY3TQOJQ"  # 80 bits


@pytest.fixture
def meridian(tmp_path: Path, export: ShopExport) -> Iterator[Buyer]:
    with running_portal("meridian", tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            buyer.add_order(order)
        yield buyer


@pytest.fixture
def world(meridian: Buyer, make_world: Callable[..., World]) -> World:
    return make_world(meridian, customer=CUSTOMER)


@pytest.fixture
def careless(world: World) -> World:
    """A portal that books whatever it is sent: it would not save us from sending twice."""
    world.buyer.settings(accept_duplicates=True)
    return world


def stages(world: World) -> dict[str, str]:
    return {number: row.stage for number, row in world.rows().items()}


def decide(world: World, number: str, status: str = "", **more: object) -> None:
    """The customer's decision on the last round of an invoice."""
    world.buyer.set_status(world.rows()[number].reference, status, **more)


def send_again(world: World, number: str, sent_as: str = "") -> None:
    resubmit(world.office, number, None, [], Cause.PORTAL_ERROR, Fault.CUSTOMER, "", "test", sent_as=sent_as)
    world.work()


def test_every_invoice_arrives_once_and_both_status_fields_are_read(world: World, good: list[IntakeItem]) -> None:
    world.buyer.settings(page_size=2, queue_seconds=3600)  # the list goes on over several pages
    items = good[:4]
    one, two, three, four = world.queue(*items)
    world.work()
    world.holds_exactly(*items)
    assert {entry["customer"] for entry in world.accepted()} == {"Tejas Resources"}
    assert world.buyer.ledger()["duplicates"] == 0
    assert world.sign_ins() == ["signed_in"], "one visit, one sign-in"
    decide(world, one, routing="Acknowledged")
    decide(world, two, "Approved")
    decide(world, three, "Rejected", reason="Proof of delivery illegible")
    world.poll()
    assert stages(world) == {one: "received", two: "approved", three: "rejected", four: "sent"}
    with world.office.database.reading() as c:
        [hold] = readings.holds(c)
    assert (hold.status, hold.comment) == ("Acknowledged / Rejected", "Proof of delivery illegible")
    assert str(hold.cause) == "pod-illegible"
    decide(world, one, "Paid", routing="Acknowledged")
    decide(world, two, "Zurückgestellt", force=True)
    decide(world, four, routing="Zurückgestellt", force=True)
    world.poll()
    unknown = dict.fromkeys((two, four), "unknown_word")
    assert stages(world) == {one: "paid", three: "rejected", **unknown}, "a strange word in either field is shown"
    assert world.sign_ins() == ["signed_in"], "the stored session was used"


def test_failed_is_edited_and_sent_again_and_the_former_is_obsoleted(world: World, good: list[IntakeItem]) -> None:
    [number] = world.queue(good[0])
    world.work()
    decide(world, number, routing="Failed", comment="Ship-to is missing")
    world.poll()
    assert stages(world) == {number: "failed"}
    send_again(world, number)
    [old, new] = world.accepted()
    assert [(each["number"], each["routing"], each["status"]) for each in (old, new)] == [
        (number, "Obsoleted", "Failed"),
        (number, "Sent", "Sent"),
    ]
    assert new["replaces"] == old["confirmation"] and world.rows()[number].reference == new["confirmation"]
    assert [file["sha256"] for file in new["files"]] == [file["sha256"] for file in old["files"]]
    assert world.buyer.ledger()["duplicates"] == 0
    world.poll()
    assert stages(world) == {number: "sent"}


def test_a_customer_that_wants_a_letter_behind_the_number_gets_it(
    meridian: Buyer, make_world: Callable[..., World], good: list[IntakeItem]
) -> None:
    meridian.ask("POST", "/customers", {"name": "Tejas Resources", "suffixes": "required"})
    world = make_world(meridian, customer=WANTS_A_LETTER)
    [number] = world.queue(good[0])
    world.work()
    decide(world, number, "Rejected", comment="No")
    world.poll()
    send_again(world, number, f"{number}A")
    [old, new] = world.accepted()
    assert (old["routing"], new["number"], new["routing"]) == ("Obsoleted", f"{number}A", "Sent")
    assert new["replaces"] == old["confirmation"]


def test_a_customer_that_takes_a_longer_number_for_a_duplicate_says_so(world: World, good: list[IntakeItem]) -> None:
    world.buyer.ask("POST", "/customers", {"name": "Tejas Resources", "suffixes": "duplicates"})
    [number] = world.queue(good[0])
    world.work()
    decide(world, number, "Rejected", comment="No")
    world.poll()
    send_again(world, number, f"{number}A")
    row = world.rows()[number]
    assert row.state == "refused" and f"INVOICE_DUPLICATE: invoice {number} has been received" in row.error
    assert len(world.accepted()) == 1


def test_an_invoice_that_is_there_already_is_found_and_not_sent(careless: World, good: list[IntakeItem]) -> None:
    careless.queue(good[0])
    careless.work()
    careless.forget()
    careless.work()
    careless.holds_exactly(good[0])


def test_a_number_that_was_used_is_refused_before_the_list_shows_it(world: World, good: list[IntakeItem]) -> None:
    world.buyer.settings(listing_delay_seconds=3600, refuses_unlisted=True)
    [number] = world.queue(good[0])
    world.work()
    world.forget()
    world.work()
    assert len(world.accepted()) == 1 and "committing" not in world.phases(number)
    assert "INVOICE_DUPLICATE" in str(world.rows()[number].error)


def test_a_wrong_password_is_tried_exactly_once_and_pauses_the_account(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    store_secret(ACCOUNT, "password", "wrong-Horse-7-battery")
    world.work()
    assert world.sign_ins() == ["wrong_password"]
    assert world.account().pause_code == "credentials-rejected"
    world.work()
    assert world.sign_ins() == ["wrong_password"], "and no further run tried it again"
    assert world.accepted() == []


@pytest.mark.parametrize(("key", "signed_in"), [(KEY, True), ("MFRGGZDFMZTWQ2LK", False)])
def test_an_authenticators_code_is_entered_once(
    world: World, good: list[IntakeItem], key: str, signed_in: bool
) -> None:
    login = {"user": USER, "password": PASSWORD, "supplier_name": "Northline Machine Works", "totp_secret": KEY}
    world.buyer.ask("POST", "/logins", login)
    store_secret(ACCOUNT, "second-factor", key)
    world.queue(good[0])
    world.work()
    if signed_in:
        assert world.sign_ins() == ["code_wanted", "signed_in"]
        world.holds_exactly(good[0])
        world.poll()
        assert world.sign_ins() == ["code_wanted", "signed_in"], "the session was kept"
        return
    world.pass_time()
    world.work()
    assert world.sign_ins() == ["code_wanted", "wrong_code"], "too many would lock the login"
    assert world.account().pause_code == "second-factor"
    assert "The verification code is not correct." in world.shown_at_pause()
    assert world.accepted() == []


@pytest.mark.parametrize("page", ["draft", "submit"])
def test_a_session_that_is_lost_loses_no_invoice(careless: World, good: list[IntakeItem], page: str) -> None:
    careless.queue(good[0])
    careless.arm("session_lost", page=page)
    careless.work()
    assert careless.struck() == {"session_lost": 1} and careless.account().paused_at is None
    careless.mend()
    careless.holds_exactly(good[0])
    assert careless.sign_ins() == ["signed_in", "signed_in"]


def test_a_renamed_column_is_named_when_the_list_is_read(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    world.arm("move_column", page="", times=0, rename=True)
    world.poll()
    assert world.account().pause_code == "column-missing" and "'Invoice Status'" in world.account().pause_reason


@pytest.mark.parametrize(
    ("kind", "page", "named"),
    [
        ("rename_field", "draft", "Invoice #"),
        ("rename_field", "review", "Invoice #"),
        ("double_response", "review", "Review Invoice"),
        ("silent_empty", "", "say so"),
        ("truncate_upload", "", "other bytes"),
    ],
)
def test_a_changed_view_is_named_before_anything_is_sent(
    careless: World, good: list[IntakeItem], kind: str, page: str, named: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm(kind, page=page, times=0, rename=True)
    careless.work()
    assert number not in [each["number"] for each in careless.accepted()] and "committing" not in careless.phases(
        number
    )
    assert careless.account().pause_code in ("field-missing", "field-ambiguous", "page-unknown", "column-missing") or (
        kind == "truncate_upload" and careless.account().pause_code == "read-back-differs"
    )
    assert named in str(careless.account().pause_reason)


@pytest.mark.parametrize(
    "kind", ["drop_answer_after_booking", "error_500_after_booking", "new_tab", "download_instead"]
)
def test_an_answer_lost_after_booking_is_looked_up_and_not_sent_twice(
    careless: World, good: list[IntakeItem], kind: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm(kind)
    careless.work()
    assert careless.struck() == {kind: 1}
    careless.mend()
    assert careless.phases(number)[:4] == [*SENT, "unknown"] and careless.phases(number)[-1] == "confirmed"
    careless.holds_exactly(good[0])


def test_a_click_that_never_arrived_is_made_again(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer", page="submit")
    careless.work()
    assert careless.phases(number)[:5] == [*SENT, "unknown", "returned"]
    careless.holds_exactly(good[0])


def test_a_call_that_fails_behind_a_view_is_an_outage(careless: World, good: list[IntakeItem]) -> None:
    careless.queue(good[0])
    for kind, page in (("maintenance", "order"), ("drop_answer", "draft"), ("rate_limit", "review")):
        careless.arm(kind, page=page)
        careless.work()
        assert careless.account().paused_at is None and careless.accepted() == []
        assert careless.rows()[good[0].invoice.number].state == "queued"  # type: ignore[union-attr]
        careless.pass_time()
    careless.work()
    careless.holds_exactly(good[0])
