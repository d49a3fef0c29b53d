"""The lease keeper: it trusts its own clocks before the click, and closes the browser when the lease is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

from submitter.errors import LeaseLost
from submitter.queue.keeper import LeaseKeeper, boot_seconds
from submitter.store.database import Database
from submitter.store.leases import Claim
from submitter.store.tables import lease
from tests.unit.store.made import ACCOUNT, LASTS, seconds, take

WALL, BOOT = 1_800_000_000.0, 5_000.0
HOUR = 3600.0
SOON = seconds(0.01)
CLAIM = Claim(account=ACCOUNT, fence=1, holder="me")


class Clocks:
    """The machine's two clocks, as a test sets them."""

    def __init__(self) -> None:
        self.wall, self.boot = WALL, BOOT

    def __call__(self) -> tuple[float, float]:
        return self.wall, self.boot

    def pass_by(self, count: float) -> None:
        self.wall, self.boot = self.wall + count, self.boot + count


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    driven = Clocks()
    monkeypatch.setattr(LeaseKeeper, "clocks", staticmethod(driven))
    return driven


def keeper_of(database: Database, claim: Claim = CLAIM) -> LeaseKeeper:
    return LeaseKeeper(database, claim, LASTS, SOON, LeaseKeeper.clocks())


@pytest.mark.parametrize("after", [0, 1, 44.9])
def test_inside_the_margin_the_account_is_ours(clocks: Clocks, database: Database, after: float) -> None:
    keeper = keeper_of(database)
    clocks.pass_by(after)
    keeper.guard()


JUMPS = {
    "a quarter of the lease is left": (45, 45),
    "time went by": (61, 61),
    "the wall clock was set forward": (HOUR, 1),
    "the wall clock was set forward into the margin": (45, 0),
    "the machine slept and its wall clock was not set": (0, 45),
    "the wall clock was set back by an hour": (1 - HOUR, 1),
    "the wall clock was set back by more than the margin": (-15.1, 0),
    "set back while the machine slept": (1 - HOUR, HOUR),
}


@pytest.mark.parametrize("jump", JUMPS)
def test_outside_it_nothing_is_clicked(clocks: Clocks, database: Database, jump: str) -> None:
    keeper = keeper_of(database)
    wall, boot = JUMPS[jump]
    clocks.wall += wall
    clocks.boot += boot
    with pytest.raises(LeaseLost):
        keeper.guard()


def test_a_clock_that_a_time_server_nudged_does_no_harm(clocks: Clocks, database: Database) -> None:
    keeper = keeper_of(database)
    clocks.wall -= 2
    keeper.guard()


def test_a_lease_that_is_known_to_be_lost_stays_lost(clocks: Clocks, database: Database) -> None:
    keeper = keeper_of(database)
    keeper.lost.set()
    with pytest.raises(LeaseLost):
        keeper.guard()


def test_a_renewal_counts_from_before_it_was_asked_for(
    clocks: Clocks, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as c:
        claim = take(c, "me", database.now(c))
    keeper = keeper_of(database, claim)
    clocks.pass_by(40)
    transaction = database.transaction

    @contextmanager
    def slow() -> Iterator[Connection]:
        clocks.pass_by(30)  # the database took its time
        with transaction() as connection:
            yield connection

    monkeypatch.setattr(database, "transaction", slow)
    keeper.renew()
    clocks.pass_by(14.9)
    keeper.guard()
    clocks.pass_by(0.2)
    with pytest.raises(LeaseLost):
        keeper.guard()


def test_the_boot_clock_goes_on() -> None:
    assert 0 < boot_seconds() <= boot_seconds()


# -- the heartbeat -------------------------------------------------------------------------------------------------


def hold(keeper: LeaseKeeper) -> list[str]:
    """Keep the lease until it is lost; what happened."""
    happened: list[str] = []

    async def on_lost() -> None:
        happened.append("closed the browser")

    async def visit() -> None:
        keeper.close_on_loss(on_lost)
        async with keeper:
            await asyncio.wait_for(keeper.lost.wait(), 20)
            await asyncio.wait_for(asyncio.gather(*map(asyncio.shield, keeper._tasks)), 20)  # it beats no more
        happened.append("left")

    asyncio.run(visit())
    return happened


def test_a_lease_taken_over_closes_the_browser_once(database: Database) -> None:
    with database.transaction() as c:
        claim = take(c, "me", database.now(c))
        c.execute(update(lease).values(fence=claim.fence + 1, holder="other"))
    assert hold(keeper_of(database, claim)) == ["closed the browser", "left"]
    with database.reading() as c:
        row = c.execute(select(lease)).one()
        assert row.expires_at > database.now(c), "the other's lease was given back"


def test_a_clock_that_jumps_closes_the_browser_before_anybody_asks_the_database(
    clocks: Clocks, database: Database
) -> None:
    with database.transaction() as c:
        claim = take(c, "me", database.now(c))
    keeper = keeper_of(database, claim)
    clocks.wall -= HOUR
    assert hold(keeper) == ["closed the browser", "left"]


def test_a_database_that_is_away_is_waited_for_until_the_deadline(
    clocks: Clocks, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_of(database)
    asked: list[float] = []

    def away() -> None:
        asked.append(clocks.boot)
        clocks.pass_by(10)
        raise OperationalError("UPDATE lease", {}, Exception("away"))

    monkeypatch.setattr(keeper, "renew", away)
    assert hold(keeper) == ["closed the browser", "left"]
    assert asked[:5] == [BOOT, BOOT + 10, BOOT + 20, BOOT + 30, BOOT + 40]


def test_a_renewal_that_hangs_does_not_keep_the_browser_open(
    clocks: Clocks, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open connection: the database neither answers nor refuses."""
    keeper = keeper_of(database)
    closed = threading.Event()

    def hang() -> None:
        clocks.pass_by(46)
        assert closed.wait(60), "the browser was not closed while the renewal hung"

    async def on_lost() -> None:
        closed.set()

    async def visit() -> None:
        keeper.close_on_loss(on_lost)
        async with keeper:
            await asyncio.wait_for(keeper.lost.wait(), 20)

    monkeypatch.setattr(keeper, "renew", hang)
    asyncio.run(visit())
    assert closed.is_set()


def test_what_may_be_lost_already_is_not_renewed(clocks: Clocks, database: Database) -> None:
    with database.transaction() as c:
        claim = take(c, "me", database.now(c))
    keeper = keeper_of(database, claim)
    clocks.pass_by(46)
    with pytest.raises(LeaseLost):
        keeper.renew()


def test_a_living_lease_is_renewed_and_given_back_at_the_end(database: Database) -> None:
    with database.transaction() as c:
        claim = take(c, "me", database.now(c))
    keeper = keeper_of(database, claim)
    beaten = asyncio.Event()

    async def visit() -> None:
        loop, renew = asyncio.get_running_loop(), keeper.renew

        def and_tell() -> None:
            renew()
            loop.call_soon_threadsafe(beaten.set)

        keeper.renew = and_tell  # type: ignore[method-assign]
        async with keeper:
            await asyncio.wait_for(beaten.wait(), 20)

    asyncio.run(visit())
    with database.reading() as c:
        row = c.execute(select(lease)).one()
        assert row.heartbeat_at > row.acquired_at
        assert row.expires_at <= database.now(c)
    assert not keeper.lost.is_set()
