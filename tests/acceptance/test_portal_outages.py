"""A portal that is away, busy or slow, at each of its pages: nobody is paused, no password wasted, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from submitter.documents.intake import IntakeItem
from submitter.practice.buyer import running_fieldgate
from submitter.practice.shop import ShopExport
from submitter.store.tables import round_
from tests.acceptance.conftest import PASSWORD, USER, World

pytestmark = pytest.mark.browser

STEPS = ["invoices", "order", "header", "lines", "attachments", "review"]
UNAVAILABLE = "portal-unavailable"


def outage(world: World, number: str, code: str = UNAVAILABLE) -> Any:
    """What one visit to a portal that is away came to: an error that pauses nobody and leaves the round queued."""
    [visit] = world.work().visits
    assert visit.error is not None and visit.error.code == code, visit.error
    assert world.account().paused_at is None
    assert world.rows()[number].state == "queued" and world.accepted() == []
    return visit.error


def test_a_portal_that_refuses_connections_is_away_and_no_more(
    tmp_path: Path, export: ShopExport, make_world: Callable[..., World], good: list[IntakeItem]
) -> None:
    with running_fieldgate(tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            buyer.add_order(order)
        world = make_world(buyer)
        [number] = world.queue(good[0])
    world.accepted = list  # type: ignore[method-assign]  (there is nobody to ask)
    assert "REFUSED" in str(outage(world, number))
    assert (world.account().unavailable_in_a_row, world.rows()[number].tries) == (1, 0)
    with running_fieldgate(tmp_path / "portal", int(buyer.url.rsplit(":", 1)[1])) as again:
        world = World(world.home, again, world.office)
        world.pass_time()
        assert world.work().receipts == 1
        assert world.sign_ins() == ["signed_in"] and world.account().unavailable_in_a_row == 0
        world.holds_exactly(good[0])


@pytest.mark.parametrize(
    ("page", "kinds"),
    [
        ("home", ["maintenance", "slow"]),
        ("sign-in", ["maintenance", "rate_limit", "error_500", "drop_answer", "slow"]),
    ],
)
def test_an_outage_at_the_door_is_not_a_wrong_password(
    careless: World, good: list[IntakeItem], page: str, kinds: list[str]
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    outages = 0
    for kind in kinds:
        careless.arm(kind, page=page, method="POST" if page == "sign-in" else "GET", seconds=6)
        for _ in range(3):  # a machine with much to do may be too slow at another page before
            outage(careless, number)
            careless.pass_time()
            outages += 1
            if careless.struck()[kind]:
                break
        assert careless.struck() == {kind: 1}
        careless.buyer.ask("DELETE", "/faults")
        careless.pass_time()
    assert careless.rows()[number].tries == 0 and careless.phases(number) == [], "no attempt was begun"
    assert set(careless.sign_ins()) <= {"signed_in"}, "the slow answer was a yes that came too late"
    assert careless.account().unavailable_in_a_row == outages
    careless.limit(step_seconds=8)
    assert careless.mend().receipts == 1
    assert careless.account().unavailable_in_a_row == 0
    careless.holds_exactly(good[0])


OUTAGES = {  # page -> what happens there, and what its page says
    "order": ("maintenance", "Fieldgate is being maintained"),
    "header": ("rate_limit", "Too many requests"),
    "lines": ("error_500", "Something went wrong"),
    "attachments": ("drop_answer", ""),
    "review": ("maintenance", "Fieldgate is being maintained"),
}


def test_an_outage_at_any_step_is_tried_again_from_the_start(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    for tries, (page, (kind, said)) in enumerate(OUTAGES.items(), start=1):
        careless.arm(kind, page=page, times=1 if said else 0)  # Chromium asks again by itself when no answer comes
        outage(careless, number)
        assert kind in careless.struck() and careless.rows()[number].tries == tries
        assert careless.phases(number)[-2:] == ["opened", "failed"]
        if said:
            assert said in careless.kept(number, "failed"), "what was shown is kept"
        careless.buyer.ask("DELETE", "/faults")
        careless.pass_time()
    assert careless.mend().receipts == 1
    assert careless.phases(number).count("committing") == 1
    careless.holds_exactly(good[0])


@pytest.mark.parametrize(("method", "pages"), [("GET", STEPS), ("POST", ["order", "attachments"])], ids=["GET", "POST"])
def test_a_page_slower_than_a_step_may_take_is_an_outage_and_no_unknown_page(
    careless: World, good: list[IntakeItem], method: str, pages: list[str]
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=2.5)
    for page in pages:
        careless.arm("slow", page=page, method=method, seconds=5)
        for _ in range(3):  # a machine with much to do may be too slow at another step before
            outage(careless, number)
            careless.pass_time()
            with careless.office.database.transaction() as c:
                c.execute(update(round_).values(tries=0))  # so many outages would park it, which is not the question
            if careless.struck()["slow"]:
                break
        assert careless.struck() == {"slow": 1}, f"{page} was never reached"
        careless.buyer.ask("DELETE", "/faults")
    assert "committing" not in careless.phases(number)
    careless.limit(step_seconds=8)
    assert careless.mend().receipts == 1
    careless.holds_exactly(good[0])


def test_a_page_as_slow_as_a_step_may_be_is_only_slow(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    for page in ("home", "header", "submit", "receipt"):
        careless.arm("slow", page=page, seconds=2)
    assert careless.work().receipts == 1
    assert careless.phases(number) == ["opened", "prepared", "committing", "confirmed"]
    careless.holds_exactly(good[0])


def test_a_portal_that_says_when_to_come_back_is_left_alone_until_then(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.arm("rate_limit", times=0, seconds=900)
    assert outage(careless, number).retry_after == timedelta(seconds=900)
    assert careless.account().closed_until > datetime.now(UTC) + timedelta(seconds=840)
    asked = careless.buyer.ledger()["requests"]
    careless.work()
    assert careless.buyer.ledger()["requests"] == asked, "the next run did not go there"
    careless.mend()
    careless.holds_exactly(good[0])


def test_three_outages_in_a_row_close_the_account_for_a_while(careless: World, good: list[IntakeItem]) -> None:
    careless.queue(good[0])
    careless.arm("error_500", times=0)
    for _ in range(4):
        careless.work()
    assert careless.account().unavailable_in_a_row == 3, "the fourth run left the portal alone"
    assert careless.account().closed_until is not None and careless.struck() == {"error_500": 3}
    careless.mend()
    careless.holds_exactly(good[0])


# -- signed out ------------------------------------------------------------------------------------------------------


def test_a_session_lost_between_steps_signs_in_again_and_sends_once(careless: World, good: list[IntakeItem]) -> None:
    """One invoice for each step of the wizard, so that each is signed out once."""
    items = good[: len(STEPS)]
    for page, item in zip(STEPS, items, strict=True):
        [number] = careless.queue(item)
        before = len(careless.sign_ins())
        careless.arm("session_lost", page=page)
        [visit] = careless.work().visits
        assert (visit.error, visit.receipts) == (None, 1), f"signed out at {page}"
        careless.buyer.ask("DELETE", "/faults")
        assert careless.phases(number).count("committing") == 1 and careless.phases(number)[-1] == "confirmed"
        expected = ["signed_in"] * (2 if page == STEPS[0] else 1)  # later visits resume the stored session first
        assert careless.sign_ins()[before:] == expected
    assert careless.account().paused_at is None and careless.account().unavailable_in_a_row == 0
    careless.holds_exactly(*items)


def test_a_portal_that_signs_us_out_again_and_again_gets_two_passwords_and_no_more(
    careless: World, good: list[IntakeItem]
) -> None:
    [number] = careless.queue(good[0])
    careless.arm("session_lost", page="order", times=0)
    assert "signed us out again" in str(outage(careless, number))
    assert careless.sign_ins() == ["signed_in", "signed_in"]
    careless.mend()
    careless.holds_exactly(good[0])


# -- while reading ---------------------------------------------------------------------------------------------------


def test_an_outage_while_reading_leaves_the_reading_due(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.work()
    [entry] = careless.accepted()
    careless.buyer.set_status(entry["confirmation"], "Approved")
    careless.limit(step_seconds=3)
    for kind in ("maintenance", "drop_answer", "slow"):
        careless.arm(kind, page="invoices", seconds=5)
        [visit] = careless.poll().visits
        assert visit.error is not None and visit.error.code == UNAVAILABLE, kind
        assert careless.account().paused_at is None and careless.account().reading_due_at is not None
        assert careless.rows()[number].stage is None, "nothing was read, so nothing is said"
        careless.buyer.ask("DELETE", "/faults")
        careless.pass_time()
    careless.limit(step_seconds=8)
    careless.mend()
    assert careless.rows()[number].stage == "approved" and careless.account().reading_due_at is None
    careless.holds_exactly(good[0])


def test_a_session_lost_while_reading_signs_in_again_and_reads(careless: World, good: list[IntakeItem]) -> None:
    careless.buyer.settings(page_size=1)
    items = good[:2]
    numbers = careless.queue(*items)
    careless.work()
    careless.arm("session_lost", page="invoices", skip=1)  # on the list's second page
    [visit] = careless.poll().visits
    assert visit.error is None and careless.struck() == {"session_lost": 1}
    assert [careless.rows()[number].stage for number in numbers] == ["received", "received"]
    assert careless.sign_ins() == ["signed_in", "signed_in"]
    careless.holds_exactly(*items)


# -- our own machine -------------------------------------------------------------------------------------------------


def test_a_browser_that_does_not_start_pauses_nobody(
    careless: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    [number] = careless.queue(good[0])
    monkeypatch.setenv("SUBMITTER_BROWSER", "/bin/false")
    assert "did not start" in outage(careless, number).message
    monkeypatch.delenv("SUBMITTER_BROWSER")
    assert careless.mend().receipts == 1
    careless.holds_exactly(good[0])
