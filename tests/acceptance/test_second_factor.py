"""An authenticator's key in the keyring: the program enters codes by itself, one for each sign-in, and none twice."""

from __future__ import annotations

import asyncio
import io
import time
from datetime import timedelta
from typing import Any

import pytest

from submitter.cli.main import call
from submitter.documents.intake import IntakeItem
from submitter.errors import LeaseLost, SecondFactor
from submitter.practice.one_time_codes import code_for_step, current_step
from submitter.queue import second_factor
from submitter.queue.office import holder
from submitter.store import accounts, leases
from submitter.store.leases import Claim
from tests.acceptance.conftest import ACCOUNT, PASSWORD, USER, World

KEY = "GEZDGNBVGY3TQOJQ"  # 80 bits, as many portals hand out


def store_key(world: World, monkeypatch: pytest.MonkeyPatch, written: str = KEY) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{written}\n"))
    return call(["--home", str(world.home), "account", "second-factor", ACCOUNT, "--key-stdin"])


@pytest.fixture
def guarded(world: World) -> World:
    """A login that is asked for a code of an authenticator."""
    world.buyer.ask("POST", "/logins", {"user": USER, "password": PASSWORD, "totp_secret": KEY})
    return world


@pytest.mark.browser
def test_codes_are_entered_once_the_key_is_stored(
    guarded: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guarded.queue(good[0])
    guarded.work()
    assert guarded.account().pause_code == "second-factor"
    assert f"submitter account second-factor {ACCOUNT}" in guarded.account().pause_reason
    assert store_key(guarded, monkeypatch) == 0
    said = capsys.readouterr().out
    assert any(f"The code of this moment is {code_for_step(KEY, current_step() - n)}." in said for n in (0, 1))
    assert "is no longer paused" in said
    guarded.pass_time()
    guarded.work()
    assert len(guarded.accepted()) == 1
    assert guarded.sign_ins() == ["code_wanted", "code_wanted", "signed_in"]


@pytest.mark.browser
def test_a_wrong_code_is_entered_once_and_then_waits_for_a_person(
    guarded: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.queue(good[0])
    store_key(guarded, monkeypatch, "MFRGGZDFMZTWQ2LK")
    guarded.work()
    guarded.pass_time()
    guarded.work()
    assert guarded.account().pause_code == "second-factor"
    assert "That code is not correct." in guarded.shown_at_pause()
    assert guarded.sign_ins() == ["code_wanted", "wrong_code"]
    assert guarded.accepted() == []


@pytest.mark.parametrize("written", ["", "not a key!", "GEZD"])
def test_what_is_no_key_is_refused_in_a_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    assert store_key(world, monkeypatch, written) == 1
    assert "Nothing was stored: the key is" in capsys.readouterr().err


# -- the codes themselves, on a clock of the test's own ------------------------------------------------------------


class Clock:
    """A wall clock that passes only when somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: float) -> None:
        self.at = at
        self.waited: list[float] = []
        monkeypatch.setattr(second_factor.time, "time", lambda: self.at)
        monkeypatch.setattr(second_factor.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        assert len(self.waited) < 20, "it waits for ever"
        self.waited.append(seconds)
        self.at += seconds


@pytest.fixture
def claim(world: World, monkeypatch: pytest.MonkeyPatch) -> Claim:
    store_key(world, monkeypatch)
    with world.office.database.transaction() as c:
        found = leases.take(c, ACCOUNT, holder(), world.office.database.now(c), timedelta(hours=1))
    assert isinstance(found, Claim)
    return found


def codes(world: World, claim: Claim, ahead: float = 0.0) -> str:
    return asyncio.run(second_factor.next_code(world.office.database, claim, ahead))


STEP = 40_000_000


def test_no_code_goes_out_twice_not_even_by_another_process(
    world: World, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, STEP * 30 + 5)
    assert codes(world, claim) == code_for_step(KEY, STEP)
    assert codes(world, claim) == code_for_step(KEY, STEP + 1)
    assert clock.waited == [pytest.approx(25.1)]
    with world.office.database.reading() as c:
        assert accounts.last_code_step(c, ACCOUNT) == STEP + 1


@pytest.mark.parametrize(("into", "ahead", "step"), [(28, 0, 1), (20, 8, 1), (5, 60, 2), (5, -60, -2), (29, 2, 1)])
def test_the_portals_clock_counts_and_a_code_about_to_end_is_not_used(
    world: World, claim: Claim, monkeypatch: pytest.MonkeyPatch, into: float, ahead: float, step: int
) -> None:
    Clock(monkeypatch, STEP * 30 + into)
    assert codes(world, claim, ahead) == code_for_step(KEY, STEP + step)


def test_a_clock_set_back_far_behind_the_last_code_asks_for_a_person(
    world: World, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, STEP * 30 + 5)
    codes(world, claim)
    clock.at -= 3600
    with pytest.raises(SecondFactor, match="is this clock right"):
        codes(world, claim)


def test_a_visit_that_lost_its_account_gets_no_code(world: World, claim: Claim, monkeypatch: Any) -> None:
    Clock(monkeypatch, time.time() // 30 * 30 + 5)
    with world.office.database.transaction() as c:
        leases.release(c, claim, world.office.database.now(c))
        leases.take(c, ACCOUNT, "another", world.office.database.now(c), timedelta(hours=1))
    with pytest.raises(LeaseLost):
        codes(world, claim)
    with world.office.database.reading() as c:
        assert accounts.last_code_step(c, ACCOUNT) == 0
