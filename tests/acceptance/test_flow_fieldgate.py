"""A flow file takes invoices through Fieldgate as the adapter in Python does; the portal's own ledger is the judge."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer
from submitter.practice.shop import ShopExport, make_ticket
from submitter.queue.intake import resubmit
from submitter.secrets import store_secret
from submitter.store import readings
from tests.acceptance.conftest import ACCOUNT, CUSTOMER, PASSWORD, World

pytestmark = pytest.mark.browser
GATEHOUSE = Path(__file__).parent / "gatehouse"


@pytest.fixture
def world(portal: Buyer, make_world: Callable[..., World]) -> World:
    """Fieldgate again, through a flow that lies in the supplier's own home folder."""
    world = make_world(portal, CUSTOMER.replace('portal = "fieldgate"', 'portal = "gatehouse"'))
    shutil.copytree(GATEHOUSE, world.home / "config" / "adapters" / "gatehouse")
    return world


def test_every_invoice_arrives_once_with_its_files_and_is_read_into_stages(
    world: World, good: list[IntakeItem]
) -> None:
    world.buyer.settings(page_size=2)  # the list goes on over several pages
    items = good[:3]
    numbers = world.queue(*items)
    world.work()
    world.holds_exactly(*items)
    assert world.buyer.ledger()["duplicates"] == 0
    for number, word in zip(numbers, ("Approved", "Paid", "Disputed"), strict=True):
        reason = "proof of delivery illegible" if word == "Disputed" else ""
        world.buyer.set_status(world.rows()[number].reference, word, reason=reason)
    world.poll()
    assert [world.rows()[number].stage for number in numbers] == ["approved", "paid", "on_hold"]
    with world.office.database.reading() as c:
        [hold] = readings.holds(c)
    assert (hold.comment, str(hold.cause)) == ("proof of delivery illegible", "pod-illegible")
    assert world.sign_ins() == ["signed_in"], "the stored session was used"


def test_a_disputed_invoice_goes_again_as_a_correction(
    world: World, good: list[IntakeItem], export: ShopExport
) -> None:
    [number] = world.queue(good[0])
    world.work()
    first = world.rows()[number].reference
    world.buyer.set_status(first, "Disputed", reason="proof of delivery illegible")
    world.poll()
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = make_ticket(
        world.home / f"ticket-{shop.ticket}-rescan.pdf", shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows
    )
    resubmit(world.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    world.work()
    second = world.rows()[number].reference
    entries = [(entry["revision"], entry["confirmation"], entry["replaces"]) for entry in world.accepted()]
    assert entries == [(1, first, ""), (2, second, first)]


def test_what_was_booked_without_an_answer_is_found_and_what_was_not_is_sent_again(
    careless: World, good: list[IntakeItem]
) -> None:
    careless.queue(*good[:2])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer_after_booking", skip=0)
    careless.arm("drop_answer", page="submit", skip=1)
    careless.work()
    assert careless.struck() == {"drop_answer_after_booking": 1, "drop_answer": 1}
    clicks = [careless.phases(number) for number in careless.rows()]
    assert ["opened", "prepared", "committing", "unknown", "confirmed"] in clicks, "found, and not sent again"
    assert any("returned" in phases for phases in clicks), "not found, and sent again"
    careless.holds_exactly(*good[:2])


def test_a_wrong_password_is_tried_once(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    store_secret(ACCOUNT, "password", "not-the-password")
    world.work()
    world.work()
    assert world.account().pause_code == "credentials-rejected"
    assert world.sign_ins() == ["wrong_password"]
    store_secret(ACCOUNT, "password", PASSWORD)
    world.mend()
    world.holds_exactly(good[0])


@pytest.mark.parametrize("page", ["header", "review"])
def test_a_renamed_field_is_named_before_anything_is_sent(careless: World, good: list[IntakeItem], page: str) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm("rename_field", page=page, times=0)
    careless.work()
    assert careless.account().pause_code == "field-missing" and "Invoice number" in careless.account().pause_reason
    assert careless.accepted() == [] and "committing" not in careless.phases(number)
    careless.limit(step_seconds=8)
    careless.mend()
    careless.holds_exactly(good[0])
