"""Why there is a guard: every order of events of a tiny model is tried, with the guard and without it.

The model is the protocol in a few lines, with time in quarters of a lease. What the search finds without the guard is
then played with the real journal, leases and keeper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.unit.store.made import Scratch
from tests.unit.store.two_workers import World

LEASE, MARGIN, FAR = 4, 1, 6


@dataclass(frozen=True)
class Clerk:
    """A worker: where it stands, whether its lease is the newest, and what its own two clocks leave it for a click."""

    at: str = "idle"
    newest: bool = False
    wall: int = 0
    boot: int = 0

    def may_click(self) -> bool:
        return self.wall > MARGIN and self.boot > MARGIN and self.wall <= LEASE + MARGIN

    def later(self, boot: int, wall: int) -> Clerk:
        if self.at != "clicking":
            return self
        left = max(self.boot - boot, 0)
        return replace(self, boot=left, wall=self.wall - wall if left else 0)


@dataclass(frozen=True)
class Story:
    """Everything there is: the lease, the round, what the portal holds, two workers. All times count from now."""

    expires: int = 0
    state: str = "queued"
    left_behind: bool = False  # `committing` was written under an older lease than the newest
    waits: int = 0  # boot time that must pass until "absent" is believed of an attempt that another worker left behind
    sends: int = 0
    clerks: tuple[Clerk, Clerk] = (Clerk(), Clerk())
    offset: int = 0  # of the wall clock

    def put(self, who: int, clerk: Clerk, **changes: Any) -> Story:
        other = self.clerks[1 - who]
        return replace(self, clerks=(clerk, other) if who == 0 else (other, clerk), **changes)

    def later(self, boot: int, wall: int) -> Story:
        first, second = (clerk.later(boot, wall) for clerk in self.clerks)
        waits = max(self.waits - boot, 0)
        return replace(self, clerks=(first, second), expires=max(self.expires - wall, -FAR), waits=waits)


def take(story: Story, who: int) -> Story:
    """The lease, if it has run out or is from the future; the other's is then no longer the newest."""
    if 0 < story.expires <= LEASE + MARGIN:
        return story
    other = replace(story.clerks[1 - who], newest=False)
    left_behind = story.state == "committing"
    return story.put(1 - who, other).put(who, Clerk("ready", True), expires=LEASE, left_behind=left_behind)


def step(story: Story, who: int, *, guarded: bool, patient: bool) -> Story:
    """What a worker does next; one that finds its lease gone stops."""
    clerk = story.clerks[who]
    if clerk.at == "idle":
        return take(story, who)
    if clerk.at == "clicking":
        if guarded and not clerk.may_click():
            return story.put(who, Clerk())
        return story.put(who, Clerk("clicked", clerk.newest), sends=story.sends + 1)
    if not clerk.newest or story.expires <= 0:
        return story.put(who, Clerk())
    match clerk.at, story.state:
        case "ready", "committing" if story.left_behind:
            return story.put(who, clerk, state="unknown", waits=LEASE if patient else 0)
        case "ready", "unknown":
            return story.put(who, replace(clerk, at="saw it" if story.sends else "saw nothing"))
        case "ready", "queued":
            return story.put(who, replace(clerk, at="saw it" if story.sends else "prepared"))
        case ("saw it", "unknown" | "queued") | ("clicked", "committing"):
            return story.put(who, Clerk(), state="confirmed")
        case "saw nothing", "unknown" if story.waits:
            return story.put(who, replace(clerk, at="ready"))  # put off
        case "saw nothing", "unknown":
            return story.put(who, replace(clerk, at="ready"), state="queued")
        case "prepared", "queued":
            ready = Clerk("clicking", True, LEASE, LEASE)
            return story.put(who, ready, state="committing", left_behind=False, expires=LEASE)
    return story.put(who, Clerk())


@dataclass(frozen=True)
class Protocol:
    """Which of its precautions the protocol takes, and whether somebody sets the clock."""

    guarded: bool = True
    patient: bool = True
    clock_is_set: bool = True


def what_may_happen(story: Story, protocol: Protocol) -> Iterator[tuple[str, Story]]:
    for who, name in enumerate(("first", "second")):
        yield name, step(story, who, guarded=protocol.guarded, patient=protocol.patient)
        yield f"{name} dies", story.put(who, Clerk())
    yield "time", story.later(1, 1)
    if protocol.clock_is_set:
        for offset in (-FAR, 0, FAR):
            by = offset - story.offset
            if by:
                yield f"clock {by:+}", replace(story.later(0, by), offset=offset)


def search(protocol: Protocol) -> tuple[int, list[str] | None]:
    """(stories looked at, the shortest one in which an invoice was sent twice)"""
    came_from: dict[Story, tuple[Story, str] | None] = {Story(): None}
    waiting = deque(came_from)
    while waiting:
        story = waiting.popleft()
        if story.sends > 1:
            events: list[str] = []
            while (before := came_from[story]) is not None:
                story, event = before
                events.insert(0, event)
            return len(came_from), events
        for event, after in what_may_happen(story, protocol):
            if after not in came_from:
                came_from[after] = (story, event)
                waiting.append(after)
    return len(came_from), None


@pytest.mark.parametrize("clock_is_set", [False, True])
def test_no_order_of_events_sends_twice_however_often_the_clock_is_set(clock_is_set: bool) -> None:
    looked_at, double = search(Protocol(clock_is_set=clock_is_set))
    assert double is None
    assert looked_at > (10_000 if clock_is_set else 500)


def test_without_the_guard_a_worker_that_stood_still_sends_again() -> None:
    _, double = search(Protocol(guarded=False, clock_is_set=False))
    assert double is not None
    assert double.count("time") >= LEASE  # its lease had to run out
    assert double[-1] in ("first", "second")


def test_without_the_wait_a_clock_set_forward_and_back_sends_again() -> None:
    _, double = search(Protocol(patient=False))
    assert double is not None
    assert sum(event.startswith("clock") for event in double) >= 2


def play_the_double(world: World) -> None:
    """The found story with the real code: the first stands still before its click until the second has sent."""
    first, second = world.workers
    world.add(1)
    while first.at != "clicking":
        world.step(first)
    world.boot += 61
    for _ in range(1000):
        if second.at == "clicked":
            break
        world.step(second)
        world.boot += 1
    world.step(first)


def test_the_double_happens_with_the_real_journal_and_leases_when_nobody_guards(fresh: Callable[[], Scratch]) -> None:
    world = World(guarded=False, database=fresh())
    play_the_double(world)
    assert world.sends == {1: 2}


def test_the_real_guard_prevents_it(fresh: Callable[[], Scratch]) -> None:
    world = World(guarded=True, database=fresh())
    play_the_double(world)
    assert world.sends == {1: 1}
    assert world.workers[0].at == "idle"


@pytest.mark.parametrize("by", [-7200, 7200], ids=["back", "forward"])
def test_the_real_guard_prevents_it_when_the_clock_was_set_meanwhile(fresh: Callable[[], Scratch], by: int) -> None:
    world = World(database=fresh())
    world.add(1)
    first, second = world.workers
    while first.at != "clicking":
        world.step(first)
    world.offset += by
    for _ in range(120):
        world.step(second)
        world.boot += 1
    world.step(first)
    assert world.sends[1] == (0 if by < 0 else 1)


@pytest.mark.parametrize("patient", [True, False])
def test_the_clock_set_forward_and_back_while_a_worker_stands_still(patient: bool) -> None:
    """The first stands before its click; its successor must not believe "absent" while the first may still wake."""
    world = World(patient=patient)
    world.add(1)
    first, second = world.workers
    while first.at != "clicking":
        world.step(first)
    world.offset += 7200
    for _ in range(30):
        world.step(second)
        world.boot += 1
    world.offset -= 7200
    world.step(first)
    for _ in range(300):
        world.step(second)
        world.boot += 1
    assert world.sends == {1: 1 if patient else 2}
