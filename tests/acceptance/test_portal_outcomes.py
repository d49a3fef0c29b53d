"""What a portal answers to the sending click, or does not: never two, never none, never a guess.

Every portal here but the one that refuses duplicates on purpose books whatever it is sent (``careless``): it would not
save us from sending twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer
from submitter.practice.shop import ShopExport, make_ticket
from submitter.queue.intake import resubmit
from tests.acceptance.conftest import CUSTOMER, World

pytestmark = pytest.mark.browser

SENT = ["opened", "prepared", "committing"]
FOUND = [*SENT, "unknown", "confirmed"]
RETURNED = [*SENT, "unknown", "returned"]
Faults = list[tuple[str, dict[str, Any]]]

#: What comes instead of a receipt although the portal has booked the invoice; one for each click of a visit.
BOOKED_BUT_NOT_SAID: Faults = [
    ("drop_answer_after_booking", {"skip": 0}),
    ("timeout_after_booking", {"skip": 1, "seconds": 8}),
    ("error_500_after_booking", {"skip": 2}),
    ("error_500", {"page": "receipt", "skip": 0}),  # from here on the click is answered, and its receipt page is not
    ("download_instead", {"page": "receipt", "skip": 1}),
    ("double_response", {"page": "receipt", "skip": 2}),
    ("slow", {"page": "receipt", "skip": 3, "seconds": 5}),
]
BOOKED_AND_ASIDE: Faults = [
    ("new_tab", {"skip": 0}),
    ("slow", {"page": "submit", "skip": 1, "seconds": 4}),  # it is booked after we have stopped waiting
    ("session_lost", {"page": "receipt", "skip": 1}),  # the first receipt went into the other tab
]
#: What comes instead of a receipt, and the portal has booked nothing.
NOT_BOOKED: Faults = [
    ("drop_answer", {"page": "submit", "skip": 0}),
    ("timeout_before_booking", {"page": "submit", "skip": 1, "seconds": 8}),
    ("error_500", {"page": "submit", "skip": 2}),
    ("session_lost", {"page": "submit", "skip": 3}),
]


def arm_one_for_each_click(world: World, faults: Faults, items: list[IntakeItem]) -> list[str]:
    world.limit(commit_seconds=3)
    for kind, more in faults:
        world.arm(kind, **more)
    return world.queue(*items)


def by_click(world: World, faults: Faults, numbers: list[str]) -> dict[str, str]:
    """Kind of fault -> the invoice whose first click it struck."""

    def clicked(number: str) -> int:
        return next(int(step.id) for step in world.steps(number) if step.phase == "committing")

    return dict(zip((kind for kind, _ in faults), sorted(numbers, key=clicked), strict=True))


def was_sent_again(world: World, number: str) -> bool:
    """Looked for, not found, and sent by a second attempt, however long its answer took."""
    phases = world.phases(number)
    return phases[: len(RETURNED)] == RETURNED and phases.count("returned") == 1 and phases[-1] == "confirmed"


@pytest.mark.parametrize("faults", [BOOKED_BUT_NOT_SAID, BOOKED_AND_ASIDE], ids=["no receipt", "receipt elsewhere"])
def test_what_was_booked_is_found_whatever_came_instead_of_a_receipt(
    careless: World, good: list[IntakeItem], faults: Faults
) -> None:
    items = good[: len(faults)]
    numbers = arm_one_for_each_click(careless, faults, items)
    careless.work()
    struck = by_click(careless, faults, numbers)
    assert careless.struck() == dict.fromkeys(struck, 1)
    assert {kind: careless.phases(number) for kind, number in struck.items()} == dict.fromkeys(struck, FOUND)
    assert careless.account().paused_at is None
    careless.holds_exactly(*items)
    for kind, text in {"error_500_after_booking": "could not answer", "new_tab": "Confirmation number"}.items():
        if kind in struck:
            assert text in careless.kept(struck[kind], "unknown"), f"{kind}: what was shown is kept"


def test_what_was_not_booked_is_looked_for_and_sent_again(careless: World, good: list[IntakeItem]) -> None:
    items = good[: len(NOT_BOOKED)]
    numbers = arm_one_for_each_click(careless, NOT_BOOKED, items)
    careless.work()
    struck = by_click(careless, NOT_BOOKED, numbers)
    assert careless.struck() == dict.fromkeys(struck, 1)
    assert {kind: was_sent_again(careless, number) for kind, number in struck.items()} == dict.fromkeys(struck, True)
    assert set(careless.sign_ins()) == {"signed_in"} and careless.account().paused_at is None
    careless.holds_exactly(*items)


@pytest.mark.parametrize(("kind", "page"), [("maintenance", "receipt"), ("rate_limit", "submit")])
def test_a_portal_that_says_when_to_come_back_is_asked_then(
    careless: World, good: list[IntakeItem], kind: str, page: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm(kind, page=page, seconds=600)
    careless.work()
    row = careless.rows()[number]
    assert (row.state, row.error_code) == ("unknown", "outcome-unknown")
    assert row.due_at > datetime.now(UTC) + timedelta(seconds=500)
    careless.mend()
    assert careless.phases(number) == FOUND if page == "receipt" else was_sent_again(careless, number)
    careless.holds_exactly(good[0])


@pytest.mark.parametrize("new_tab", [False, True], ids=["same tab", "new tab"])
def test_the_browser_itself_may_not_send_the_click_a_second_time(
    careless: World, good: list[IntakeItem], new_tab: bool
) -> None:
    """Chromium repeats a POST by itself when the connection closes unanswered; a portal that books both has two."""
    careless.buyer.settings(browser_may_resend=True)
    [number] = careless.queue(good[0])
    careless.arm("drop_answer_after_booking")
    if new_tab:
        careless.arm("new_tab")
        careless.limit(commit_seconds=3)
    careless.work()
    assert careless.phases(number) == FOUND
    careless.holds_exactly(good[0])


def test_a_dropped_answer_after_booking_ends_with_one_invoice_and_a_receipt(
    careless: World, good: list[IntakeItem]
) -> None:
    [number] = careless.queue(good[0])
    careless.arm("drop_answer_after_booking")
    careless.work()
    assert careless.phases(number) == FOUND
    careless.holds_exactly(good[0])


def test_a_dropped_answer_before_booking_is_looked_up_and_sent_again(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer", page="submit")
    careless.work()
    assert was_sent_again(careless, number)
    careless.holds_exactly(good[0])


def test_a_click_that_never_arrives_is_not_made_for_ever(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer", page="submit", times=0)
    careless.work()
    row = careless.rows()[number]
    assert row.state == "parked" and "3 times" in row.error
    assert careless.struck() == {"drop_answer": 3} and careless.accepted() == []
    assert careless.account().paused_at is None, "other invoices may well arrive"
    careless.retry(number)
    careless.mend()
    careless.holds_exactly(good[0])


@pytest.mark.parametrize("kind", ["drop_answer_after_booking", "drop_answer"])
def test_a_correction_is_found_by_its_own_record_and_not_by_the_one_it_corrects(
    careless: World, good: list[IntakeItem], export: ShopExport, kind: str
) -> None:
    [number] = careless.queue(good[0])
    careless.work()
    [first] = careless.accepted()
    careless.buyer.set_status(first["confirmation"], "Disputed", reason="proof of delivery illegible")
    careless.poll()
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = careless.home / f"ticket-{shop.ticket}-rescan.pdf"
    make_ticket(rescan, shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows)
    resubmit(careless.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    careless.limit(commit_seconds=3)
    careless.arm("session_lost", page="invoice")  # the page that a correction begins at
    careless.arm(kind, page="submit")
    careless.work()
    [_, second] = careless.accepted()
    assert (second["number"], second["revision"], second["replaces"]) == (number, 2, first["confirmation"])
    assert (careless.rows()[number].state, careless.rows()[number].reference) == ("confirmed", second["confirmation"])
    assert ("returned" in careless.phases(number)) is (kind == "drop_answer")


# -- unknown outcomes that are hard to look up -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("silent_empty", {}, "page-unknown"),
        ("move_column", {"rename": True}, "column-missing"),
        ("double_response", {"page": "invoices"}, "field-ambiguous"),
    ],
)
def test_a_list_that_cannot_be_read_proves_nothing_about_what_was_sent(
    careless: World, good: list[IntakeItem], kind: str, more: dict[str, Any], code: str
) -> None:
    [number] = careless.queue(good[0])
    careless.arm("drop_answer_after_booking")
    careless.arm(kind, times=0, skip=1, **more)  # the look before the click is answered
    careless.work()
    assert careless.phases(number) == [*SENT, "unknown"] and careless.rows()[number].state == "unknown"
    assert careless.account().pause_code == code
    careless.mend()
    assert careless.phases(number) == FOUND
    careless.holds_exactly(good[0])


@pytest.mark.parametrize("kind", ["session_lost", "error_500", "slow", "drop_answer"])
def test_an_outage_while_an_outcome_is_looked_up_proves_nothing_either(
    careless: World, good: list[IntakeItem], kind: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm("drop_answer_after_booking")
    careless.arm(kind, page="invoices", skip=1, times=2, seconds=6)
    careless.work()
    assert careless.phases(number) == [*SENT, "unknown"] and careless.account().paused_at is None
    assert len(careless.accepted()) == 1
    careless.mend()
    assert careless.phases(number) == FOUND
    careless.holds_exactly(good[0])


def test_what_is_listed_late_is_waited_for(
    portal: Buyer, make_world: Callable[..., World], good: list[IntakeItem]
) -> None:
    """The customer's file may say that this portal lists later than its adapter believes."""
    careless = make_world(portal, CUSTOMER.replace("[rules]", "listing_delay_seconds = 8\n[rules]"))
    careless.limit(commit_seconds=2)  # what the adapter says, and this, would be over before the portal lists it
    portal.settings(accept_duplicates=True, listing_delay_seconds=6)
    [number] = careless.queue(good[0])
    careless.arm("drop_answer_after_booking")
    careless.work()
    assert careless.phases(number) == FOUND
    careless.holds_exactly(good[0])


def test_a_number_refused_as_taken_by_our_own_click_is_found(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.arm("duplicate_refused_after_booking")
    careless.work()
    assert careless.phases(number) == [*SENT, "confirmed"]
    careless.holds_exactly(good[0])


def test_a_number_refused_as_taken_and_not_listed_is_neither_refused_nor_sent_again(
    careless: World, good: list[IntakeItem]
) -> None:
    """The portal's two answers contradict each other for longer than we think it takes to list."""
    careless.buyer.settings(listing_delay_seconds=3600)
    [number] = careless.queue(good[0])
    careless.arm("duplicate_refused_after_booking")
    careless.work()
    careless.pass_time()
    careless.work()
    row = careless.rows()[number]
    assert (row.state, careless.phases(number)) == ("unknown", [*SENT, "unknown"])
    assert "already been submitted" in row.error and "already been submitted" in careless.kept(number, "unknown")
    careless.buyer.let_time_pass(3600)
    careless.mend()
    careless.holds_exactly(good[0])


def test_an_earlier_try_that_arrived_and_is_listed_later_than_we_think_is_not_refused(
    world: World, good: list[IntakeItem]
) -> None:
    """A portal that keeps order refuses our second try while it does not list the first: that is no refusal."""
    world.buyer.settings(refuses_unlisted=True, listing_delay_seconds=3600)
    [number] = world.queue(good[0])
    world.arm("drop_answer_after_booking")
    world.work()
    row = world.rows()[number]
    assert (row.state, row.error_code, row.tries) == ("queued", "not-listed-yet", 1)
    assert world.phases(number) == [*SENT, "unknown", "returned", "opened", "failed"]
    assert "already been submitted" in world.kept(number, "failed")
    world.buyer.let_time_pass(3600)
    world.mend()
    assert world.phases(number)[-2:] == ["opened", "confirmed"]
    world.holds_exactly(good[0])
