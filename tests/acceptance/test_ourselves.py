"""What goes wrong in ourselves: killed, frozen, robbed of the database or of the time.

The portal must hold each invoice once. It accepts duplicates here, so that nothing but this program prevents one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from submitter.documents.intake import IntakeItem
from submitter.queue.attempts import Attempts
from submitter.queue.keeper import LeaseKeeper, boot_seconds
from submitter.queue.office import open_office
from submitter.queue.worker import Worker
from submitter.store.database import Database
from tests.acceptance.conftest import ACCOUNT, PASSWORD, World
from tests.acceptance.puppet import MOMENTS

pytestmark = pytest.mark.browser

SETTINGS = """
[browsing]
step_seconds = 10
commit_seconds = 4
[working]
lease_seconds = 8
heartbeat_seconds = 1
retry_seconds = 0.5
circuit_seconds = 0.5
"""


@pytest.fixture
def world(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Short leases, a portal that takes duplicates, and a password that other processes can read too."""
    (world.home / "config" / "submitter.toml").write_text(SETTINGS)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / f"{ACCOUNT}.password").write_text(PASSWORD)
    monkeypatch.setenv("SUBMITTER_SECRETS_FOLDER", str(secrets))
    world.buyer.settings(accept_duplicates=True, browser_may_resend=True)
    world.office.close()
    again = replace(world, office=open_office(world.home))
    yield again
    again.office.close()


@contextlib.contextmanager
def puppet(world: World, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    struck = world.home / "struck"
    command = [sys.executable, "-m", "tests.acceptance.puppet", "--home", str(world.home), "--struck", str(struck)]
    command += options
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(happened: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def until_stopped(process: subprocess.Popen[bytes]) -> None:
    def is_stopped() -> bool:
        assert process.poll() is None, "it ended, and its moment never came"
        return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

    until(is_stopped)


def settle(world: World, seconds: float = 120) -> None:
    """Work until every invoice has its receipt, as a worker that keeps running would."""
    deadline = time.monotonic() + seconds
    while any(row.state != "confirmed" for row in world.rows().values()):
        assert time.monotonic() < deadline, {n: (r.state, r.error) for n, r in world.rows().items()}
        world.work()
        time.sleep(0.3)


def assert_each_once(world: World, numbers: list[str]) -> None:
    held = sorted(one["number"] for one in world.accepted())
    assert held == sorted(numbers), "an invoice was lost or sent twice"
    references = {one["number"]: one["confirmation"] for one in world.accepted()}
    assert {n: row.reference for n, row in world.rows().items()} == references


def steps(world: World, number: str) -> list[str]:
    """The phases of all attempts of an invoice, in order."""
    with world.office.database.reading() as c:
        query = (
            "SELECT phase FROM journal JOIN attempt ON attempt.id = journal.attempt "
            "JOIN round ON round.id = attempt.round JOIN submission ON submission.id = round.submission "
            "WHERE invoice_number = ? ORDER BY journal.id"
        )
        return [row[0] for row in c.exec_driver_sql(query, (number,))]


# -- killed --------------------------------------------------------------------------------------------------------

KILLED = {  # moment -> what the next visit makes of it
    "opened": ["failed"],
    "prepared": ["failed"],
    "in-committing": ["failed"],  # the transaction never ended: the phase is not there
    "committing": ["unknown", "returned"],
    "clicked": ["unknown", "confirmed"],
    "in-confirmed": ["unknown", "confirmed"],
    "confirmed": [],
}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_at_any_moment_of_the_journal(world: World, good: list[IntakeItem], moment: str) -> None:
    [number] = world.queue(good[0])
    with puppet(world, "--moment", moment, "--signal", "SIGKILL") as process:
        assert process.wait(timeout=90) == -signal.SIGKILL
    before = steps(world, number)
    settle(world)
    assert_each_once(world, [number])
    after = steps(world, number)
    assert after[: len(before)] == before
    assert after[len(before) :][: len(KILLED[moment])] == KILLED[moment]
    assert after.count("committing") == 1 + (moment == "committing")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM on Windows")
@pytest.mark.parametrize("signals", [1, 2])
def test_told_to_stop_while_the_portal_books(world: World, good: list[IntakeItem], signals: int) -> None:
    """The first signal waits for the receipt; the second ends it where it stands, and the next visit looks it up."""
    numbers = world.queue(*good[:2])
    world.buyer.arm("slow", page="submit", seconds=2)
    command = [sys.executable, "-c", "from submitter.cli.main import run; run()", "--home", str(world.home), "run"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: any("committing" in steps(world, number) for number in numbers))
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)  # two at once would be one
        process.wait(timeout=30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    states = sorted(row.state for row in world.rows().values())
    assert states == (["confirmed", "queued"] if signals == 1 else ["committing", "queued"])
    settle(world)
    assert_each_once(world, numbers)


# -- frozen --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("moment", ["prepared", "committing", "clicked"])
def test_a_worker_frozen_for_longer_than_its_lease_does_nothing_when_it_wakes(
    world: World, good: list[IntakeItem], moment: str
) -> None:
    numbers = world.queue(*good[:2])
    with puppet(world, "--moment", moment, "--signal", "SIGSTOP") as process:
        until_stopped(process)
        settle(world)
        assert_each_once(world, numbers)
        written = {number: steps(world, number) for number in numbers}
        os.kill(process.pid, signal.SIGCONT)
        assert process.wait(timeout=90) == 0
    assert_each_once(world, numbers)
    assert {number: steps(world, number) for number in numbers} == written, "the frozen worker wrote after its lease"


# -- the time is set -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("phase", ["prepared", "committing", "confirmed"])
def test_the_clock_jumps_by_an_hour(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch, phase: str, hours: int
) -> None:
    numbers = world.queue(*good[:2])
    offset, jumped = timedelta(0), False
    write = Attempts.write

    async def and_jump(self: Attempts, action: object) -> object:
        nonlocal offset, jumped
        result = await write(self, action)  # type: ignore[arg-type, var-annotated]
        if not jumped and phase in steps(world, numbers[0]) + steps(world, numbers[1]):
            offset, jumped = timedelta(hours=hours), True
        return result

    monkeypatch.setattr(Attempts, "write", and_jump)
    monkeypatch.setattr(Database, "now", lambda _self, _c: datetime.now(UTC) + offset)
    clocks = staticmethod(lambda: (time.time() + offset.total_seconds(), boot_seconds()))
    monkeypatch.setattr(LeaseKeeper, "clocks", clocks)
    world.work()
    assert offset, "the clock was set in the middle of the visit"
    offset = max(offset, timedelta(0))  # set back, it is put right again, which is a jump the other way
    settle(world)
    assert_each_once(world, numbers)


# -- two workers ---------------------------------------------------------------------------------------------------


def test_two_workers_on_one_account_share_it_in_turn(world: World, good: list[IntakeItem]) -> None:
    numbers = world.queue(*good[:3])
    other = open_office(world.home)

    async def both() -> None:
        await asyncio.gather(Worker(world.office).run_until_idle(), Worker(other).run_until_idle())

    try:
        asyncio.run(both())
    finally:
        other.close()
    settle(world)
    assert_each_once(world, numbers)
    seen = {step for number in numbers for step in steps(world, number)}
    assert seen <= {"opened", "prepared", "committing", "confirmed"}, "nobody got in the other's way"


# -- the database --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on Windows")
@pytest.mark.parametrize("moment", ["opened", "prepared", "committing", "clicked"])
def test_a_disk_that_is_full_from_one_moment_on(world: World, good: list[IntakeItem], moment: str) -> None:
    """Nothing can be written any more, neither the outcome nor a picture of it; when there is room, nothing is lost."""
    numbers = world.queue(*good[:2])
    with puppet(world, "--moment", moment, "--signal", "FULL") as process:
        process.wait(timeout=90)
    assert (world.home / "struck").exists(), "the moment never came"
    assert len(world.accepted()) == (moment in ("committing", "clicked"))
    settle(world)
    assert_each_once(world, numbers)


@pytest.mark.parametrize("moment", ["opened", "committing"])
def test_a_database_that_has_become_read_only(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    numbers = world.queue(*good[:2])
    engine = world.office.database._writing
    failing = False
    write = Attempts.write

    async def and_fail(self: Attempts, action: object) -> object:
        nonlocal failing
        result = await write(self, action)  # type: ignore[arg-type, var-annotated]
        failing = failing or moment in steps(world, numbers[0]) + steps(world, numbers[1])
        return result

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if failing else 'OFF'}")

    event.listen(engine, "begin", begin)
    monkeypatch.setattr(Attempts, "write", and_fail)
    report = world.work()
    assert failing
    assert report.visits[0].error is not None
    assert "This machine failed" in report.visits[0].error.message
    failing = False
    event.remove(engine, "begin", begin)
    world.office.database.close()  # its connections are still as they were
    settle(world)
    assert_each_once(world, numbers)


def test_a_database_locked_for_longer_than_a_lease_after_the_click(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = world.queue(*good[:2])
    confirm = Attempts._confirm
    locked = False

    async def while_locked(self: Attempts, *given: object) -> None:
        nonlocal locked
        if locked:
            return await confirm(self, *given)  # type: ignore[arg-type]
        locked = True
        other = sqlite3.connect(world.home / "data" / "submitter.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        asyncio.get_running_loop().call_later(12, other.close)
        return await confirm(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Attempts, "_confirm", while_locked)
    world.work()
    assert locked
    settle(world)
    assert_each_once(world, numbers)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("moment", ["committing", "clicked", "prepared"])
def test_a_power_cut(world: World, good: list[IntakeItem], tmp_path: Path, moment: str) -> None:
    """The database files as they are at that instant are all that is left; what was `committing` is looked up."""
    numbers = world.queue(*good[:3])
    with puppet(world, "--moment", moment, "--signal", "SIGSTOP") as process:
        until_stopped(process)
        cut(world, process, tmp_path)
    again = replace(world, office=open_office(world.home))
    open_rounds = [n for n in numbers if steps(again, n)[-1:] == ["committing"]]
    assert len(open_rounds) == (moment != "prepared")
    settle(again)
    assert_each_once(again, numbers)
    for number in open_rounds:
        after = steps(again, number)
        assert after[after.index("committing") + 1] == "unknown", "looked up, never sent again blind"
    again.office.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP on Windows")
def test_a_power_cut_at_a_random_instant(world: World, good: list[IntakeItem], tmp_path: Path) -> None:
    numbers = world.queue(*good[:3])
    chance = random.Random()  # noqa: S311
    with puppet(world) as process:
        phase = chance.choice(["opened", "prepared", "committing", "confirmed"])
        until(lambda: any(phase in steps(world, number) for number in numbers))
        time.sleep(chance.uniform(0, 0.3))
        os.killpg(process.pid, signal.SIGSTOP)
        cut(world, process, tmp_path)
    again = replace(world, office=open_office(world.home))
    settle(again)
    assert_each_once(again, numbers)
    again.office.close()


def cut(world: World, process: subprocess.Popen[bytes], folder: Path) -> None:
    """What lies on the disk now, and nothing of what the worker still does, is there afterwards."""
    data, left = world.home / "data", folder / "left"
    left.mkdir()
    for file in data.glob("submitter.sqlite*"):
        shutil.copy(file, left)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    world.office.close()
    for file in data.glob("submitter.sqlite*"):
        file.unlink()
    for file in left.iterdir():
        shutil.copy(file, data)
