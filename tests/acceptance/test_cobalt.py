"""Invoices go into Cobalt once each, whatever it does to them; its own ledger is the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer, running_portal
from submitter.practice.shop import ShopExport
from submitter.queue.intake import resubmit
from submitter.queue.sessions import SessionStore
from submitter.secrets import store_secret
from submitter.store import readings
from tests.acceptance.conftest import ACCOUNT, PASSWORD, USER, World

pytestmark = pytest.mark.browser
CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "cobalt"
address = "{address}/at/tejas-resources"
user = "{user}"
time_zone = "America/Chicago"
[rules]
currencies = ["USD"]
"""
SENT = ["opened", "prepared", "committing"]
HOLDS = ("On Hold", "AP Hold", "Pending Receipt", "Tolerance Hold")


@pytest.fixture
def cobalt(tmp_path: Path, export: ShopExport) -> Iterator[Buyer]:
    with running_portal("cobalt", tmp_path / "portal") as buyer:
        buyer.ask("POST", "/customers", {"name": "Palisade Energy"})
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            for customer in ("Tejas Resources", "Palisade Energy"):
                buyer.add_order({**order, "customer": customer})
        yield buyer


@pytest.fixture
def world(cobalt: Buyer, make_world: Callable[..., World]) -> World:
    return make_world(cobalt, customer=CUSTOMER)


@pytest.fixture
def careless(world: World) -> World:
    """A portal that books whatever it is sent: it would not save us from sending twice."""
    world.buyer.settings(accept_duplicates=True)
    return world


def stages(world: World) -> dict[str, str]:
    return {number: row.stage for number, row in world.rows().items()}


def test_every_invoice_arrives_once_at_its_customer_and_is_read_into_stages(
    world: World, good: list[IntakeItem]
) -> None:
    world.buyer.settings(page_size=2)  # the list goes on over several pages
    items = good[:4]
    numbers = world.queue(*items)
    world.work()
    world.holds_exactly(*items)
    assert {entry["customer"] for entry in world.accepted()} == {"Tejas Resources"}
    assert world.buyer.ledger()["duplicates"] == 0
    assert world.sign_ins() == ["signed_in"], "one visit, one sign-in"
    decided = [
        *zip(numbers, HOLDS, ["on_hold"] * 4, strict=True),
        (numbers[0], "Pending Approval", "in_process"),
        (numbers[1], "Approved", "approved"),
        (numbers[2], "Voided", "cancelled"),
        (numbers[3], "Abandoned", "rejected"),
    ]
    for turn in (decided[:4], decided[4:]):
        for number, word, _ in turn:
            world.buyer.set_status(world.rows()[number].reference, word)
        world.poll()
        assert stages(world) == {number: stage for number, _, stage in turn}
    world.buyer.set_status(world.rows()[numbers[1]].reference, "Approved", payment_reference="PAY-9")
    world.poll()
    assert stages(world)[numbers[1]] == "paid", "a flag beside the status"
    assert world.sign_ins() == ["signed_in"], "the stored session was used"


def test_a_dispute_comes_with_its_reason_and_an_unknown_word_is_flagged(world: World, good: list[IntakeItem]) -> None:
    disputed, strange = world.queue(*good[:2])
    world.work()
    world.buyer.set_status(world.rows()[disputed].reference, "Disputed", reason="Proof of delivery illegible")
    world.buyer.set_status(world.rows()[strange].reference, "Zurückgestellt", force=True)
    world.poll()
    assert stages(world) == {disputed: "on_hold", strange: "unknown_word"}
    with world.office.database.reading() as c:
        [hold] = [hold for hold in readings.holds(c) if hold.invoice_number == disputed]
    assert (hold.comment, str(hold.cause)) == ("Proof of delivery illegible", "pod-illegible")


def test_a_disputed_invoice_is_voided_by_a_person_and_goes_again_under_a_new_number(
    world: World, good: list[IntakeItem]
) -> None:
    [number] = world.queue(good[0])
    world.work()
    first = world.rows()[number].reference
    world.buyer.set_status(first, "Disputed", reason="Proof of delivery illegible")
    world.poll()
    another = f"{number}-02"
    resubmit(world.office, number, None, [], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test", sent_as=another)
    world.work()
    assert len(world.accepted()) == 1, "the disputed one still bills the order's quantities"
    world.buyer.set_status(first, "Voided")
    world.retry(number)
    world.mend()
    [old, new] = world.accepted()
    assert [(one["number"], one["status"]) for one in (old, new)] == [
        (number, "Voided"),
        (another, "Processing"),
    ]
    assert world.buyer.ledger()["duplicates"] == 0


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
    assert "has been used before" in str(world.rows()[number].error)


def test_a_wrong_password_is_tried_exactly_once_and_pauses_the_account(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    store_secret(ACCOUNT, "password", "wrong-Horse-7-battery")
    world.work()
    assert world.sign_ins() == ["wrong_password"]
    assert world.account().pause_code == "credentials-rejected"
    world.work()
    assert world.sign_ins() == ["wrong_password"], "and no further run tried it again"
    assert world.accepted() == []


@pytest.mark.parametrize(
    ("kind", "page", "named"),
    [
        ("rename_field", "draft", "Invoice #"),
        ("double_response", "draft", "Invoice draft"),
        ("silent_empty", "", "say so"),
    ],
)
def test_a_changed_page_is_named_before_anything_is_sent(
    careless: World, good: list[IntakeItem], kind: str, page: str, named: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm(kind, page=page, times=0)
    careless.work()
    assert careless.accepted() == [] and "committing" not in careless.phases(number)
    assert careless.account().pause_code in ("field-missing", "field-ambiguous", "page-unknown")
    assert named in str(careless.account().pause_reason)
    careless.limit(step_seconds=8)
    careless.mend()
    careless.holds_exactly(good[0])


@pytest.mark.parametrize("kind", ["drop_answer_after_booking", "error_500_after_booking"])
def test_an_answer_lost_after_booking_is_looked_up_and_not_sent_twice(
    careless: World, good: list[IntakeItem], kind: str
) -> None:
    [number] = careless.queue(good[0])
    careless.arm(kind)
    careless.work()
    assert careless.phases(number) == [*SENT, "unknown", "confirmed"]
    careless.holds_exactly(good[0])


def test_a_click_that_never_arrived_is_made_again(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer", page="submit")
    careless.work()
    assert careless.phases(number)[:5] == [*SENT, "unknown", "returned"]
    careless.holds_exactly(good[0])


def test_a_code_that_a_customer_wants_stops_for_a_person(world: World, good: list[IntakeItem]) -> None:
    world.buyer.settings(customer="Tejas Resources", requires_second_factor=True)
    world.queue(good[0])
    world.work()
    assert world.account().pause_code == "second-factor"
    assert "Verify it is you" in world.shown_at_pause()
    assert world.accepted() == []


def test_an_authenticators_code_is_entered_and_the_device_remembered(world: World, good: list[IntakeItem]) -> None:
    key = "GEZDGNBVGY3TQOJQ"
    login = {"user": USER, "password": PASSWORD, "supplier_name": "Northline Machine Works", "totp_secret": key}
    world.buyer.ask("POST", "/logins", login)
    store_secret(ACCOUNT, "second-factor", key)
    world.queue(good[0])
    world.work()
    world.holds_exactly(good[0])
    sessions = SessionStore(world.office.settings.data / "sessions")
    state = sessions.load(ACCOUNT)
    assert state is not None
    state["cookies"] = [cookie for cookie in state["cookies"] if cookie["name"] == "cobalt_device"]
    sessions.save(ACCOUNT, state)  # as when the portal has ended the session
    world.queue(good[1])
    world.work()
    world.holds_exactly(good[0], good[1])
    assert world.sign_ins() == ["code_wanted", "signed_in", "signed_in"], "the second time without a code"
