"""The one click, where the portal or the browser does something unforeseen with it. Found by `make chaos`.

The portal accepts duplicates here and counts a repeated request as a new one, as most web servers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from submitter.documents.intake import IntakeItem
from submitter.queue.office import open_office
from tests.acceptance.conftest import ACCOUNT, World

pytestmark = pytest.mark.browser

SETTINGS = "[browsing]\nstep_seconds = 8\ncommit_seconds = 2\n[working]\nretry_seconds = 0.5\ncircuit_seconds = 0.5\n"


@pytest.fixture
def world(world: World) -> Iterator[World]:
    (world.home / "config" / "submitter.toml").write_text(SETTINGS)
    world.buyer.settings(accept_duplicates=True, browser_may_resend=True)
    world.office.close()
    again = replace(world, office=open_office(world.home))
    yield again
    again.office.close()


def once(world: World, numbers: list[str]) -> None:
    world.work()
    assert sorted(one["number"] for one in world.accepted()) == sorted(numbers)
    assert {number: row.state for number, row in world.rows().items()} == dict.fromkeys(numbers, "confirmed")


def test_a_booking_slower_than_we_wait_is_not_sent_again_by_the_browser(world: World, good: list[IntakeItem]) -> None:
    """Chromium holds its own request back while ours is under way; letting go of the page let that go too."""
    numbers = world.queue(*good[:2])
    world.buyer.arm("slow", page="submit", seconds=3)
    once(world, numbers)


@pytest.mark.parametrize("fault", ["drop_answer_after_booking", "timeout_after_booking"])
def test_a_click_that_opens_a_new_tab_is_sent_once_too(world: World, good: list[IntakeItem], fault: str) -> None:
    """The new tab sends the form; Chromium repeats it there when the connection closes before an answer."""
    numbers = world.queue(*good[:2])
    world.buyer.arm("new_tab")
    world.buyer.arm(fault, seconds=1)
    once(world, numbers)


def test_already_submitted_says_the_portal_before_its_list_shows_it(world: World, good: list[IntakeItem]) -> None:
    """A late booking of ours is refused as a duplicate of itself; only the list, later, can tell that it is ours."""
    world.buyer.settings(accept_duplicates=False, listing_delay_seconds=6)
    numbers = world.queue(good[0])
    path = world.home / "config" / "customers" / f"{ACCOUNT}.toml"
    path.write_text(path.read_text().replace("time_zone", "listing_delay_seconds = 8\ntime_zone"))
    world.office.close()
    again = replace(world, office=open_office(world.home))
    world.buyer.arm("duplicate_refused_after_booking")
    once(again, numbers)
    again.office.close()
