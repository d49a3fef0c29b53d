"""No browser outlives its worker, and nobody else's process is touched."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from submitter.adapters import leash, processes
from submitter.adapters.browser import FencedBrowser
from submitter.adapters.processes import MARK, Process, Worker
from tests.browsers import (
    eventually,
    family,
    is_alive,
    is_browser,
    is_driver,
    other_worker,
    send,
    some,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a leash")


@pytest.fixture(autouse=True)
def own_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container: browsers that other tests start at the same time must not sweep up what is left over here."""
    monkeypatch.setattr(processes, "_namespace", os.getpid)


def here() -> Worker:
    found = processes.this_worker()
    assert found is not None
    return found


# -- the leash ---------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize(
    ("frozen", "killed"),
    [
        pytest.param([], [], id="worker killed"),
        pytest.param([], [is_driver], id="driver killed at the same moment"),
        pytest.param([is_driver], [], id="driver frozen"),
        pytest.param([is_driver, is_browser], [], id="driver and browser frozen"),
    ],
)
def test_nothing_outlives_a_worker_that_is_killed(
    frozen: Sequence[Callable[[Process], bool]], killed: Sequence[Callable[[Process], bool]]
) -> None:
    with other_worker() as (process, worker):
        everyone = family(worker)
        assert any(is_driver(one) for one in everyone) and any(is_browser(one) for one in everyone)
        for kind in frozen:
            send(signal.SIGSTOP, *some(kind, worker))
        drivers = [one for kind in killed for one in some(kind, worker)]
        process.kill()
        if drivers:
            send(signal.SIGKILL, *drivers)
        process.wait()
        eventually(lambda: not any(is_alive(one) for one in everyone), "all processes of the dead worker are gone")


@pytest.mark.browser
def test_a_killed_driver_takes_its_browser_along_even_a_frozen_one() -> None:
    with other_worker() as (_, worker):
        browsers = some(is_browser, worker)
        send(signal.SIGSTOP, *browsers)
        send(signal.SIGKILL, *some(is_driver, worker))
        eventually(lambda: not any(is_alive(one) for one in browsers), "the browser is gone with its driver")


@pytest.mark.parametrize("links", ["1", "2"])
def test_a_program_whose_worker_is_gone_is_not_started(links: str, dead: Worker, tmp_path: Path) -> None:
    words = [links, str(dead.pid), str(dead.started), "/usr/bin/touch", "touch", str(tmp_path / "started")]
    run = subprocess.run([sys.executable, leash.PROGRAM, *words], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "the worker is gone" in run.stderr
    assert not (tmp_path / "started").exists()


def test_a_program_whose_worker_got_another_start_is_not_started(tmp_path: Path) -> None:
    """A number of a process that was given away again is not the worker."""
    words = ["1", str(here().pid), str(here().started + 1), "/usr/bin/touch", "touch", str(tmp_path / "started")]
    assert subprocess.run([sys.executable, leash.PROGRAM, *words], capture_output=True, check=False).returncode == 1
    words[2] = str(here().started)
    assert subprocess.run([sys.executable, leash.PROGRAM, *words], capture_output=True, check=False).returncode == 0
    assert (tmp_path / "started").exists()


def test_a_browser_whose_driver_is_gone_is_not_started(tmp_path: Path) -> None:
    """Then it is the worker itself, or whoever takes in orphans, that stands directly above it."""
    words = ["2", str(here().pid), str(here().started), "/usr/bin/touch", "touch", str(tmp_path / "started")]
    assert subprocess.run([sys.executable, leash.PROGRAM, *words], capture_output=True, check=False).returncode == 1
    through = [sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"]
    assert subprocess.run([*through, sys.executable, leash.PROGRAM, *words], check=False).returncode == 0
    assert (tmp_path / "started").exists()


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    words = ["1", str(here().pid), str(here().started), str(tmp_path / "nothing"), "nothing"]
    run = subprocess.run([sys.executable, leash.PROGRAM, *words], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "cannot be started" in run.stderr and "Traceback" not in run.stderr


# -- the sweep ---------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_what_a_dead_worker_left_is_ended_by_the_next_and_a_live_workers_browser_is_not() -> None:
    async def start_a_browser() -> None:
        async with FencedBrowser({"127.0.0.1"}) as browser:
            await browser.launch()

    with (
        other_worker("unleashed") as (lost, gone),
        other_worker() as (at_work, alive),
        other_worker("unleashed") as (
            also_at_work,
            also_alive,
        ),
    ):
        left = family(gone)
        drivers = [one for one in processes.all_processes() if one.parent == lost.pid and is_driver(one)]
        send(signal.SIGSTOP, *drivers)
        lost.kill()
        lost.wait()
        others = [*family(alive), *family(also_alive)]
        assert any(is_alive(one) for one in left if is_browser(one)), "this is what the sweep is for"
        asyncio.run(start_a_browser())
        eventually(lambda: not any(is_alive(one) for one in left), "the browser without a worker is ended")
        assert all(is_alive(one) for one in others)
        for worker in (at_work, also_at_work):
            assert worker.stdin is not None and worker.stdout is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
            assert worker.stdout.readline() == "4\n", "it works as before"


@pytest.fixture
def dead() -> Worker:
    """A worker that was there once."""
    process = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    found = processes.read_process(process.pid)
    process.communicate()
    assert found is not None
    return replace(here(), pid=found.pid, started=found.started)


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts something that lies on the machine with these words on its command line, until it is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> Process:
        program = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", *words]
        running.append(subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        stdout = running[-1].stdout
        assert stdout is not None
        stdout.readline()
        found = processes.read_process(running[-1].pid)
        assert found is not None
        return found

    yield begin
    for process in running:
        process.kill()
        process.communicate()


PIPE = "--remote-debugging-pipe"


def test_only_browsers_and_drivers_of_dead_workers_are_ended(dead: Worker, start: Callable[..., Process]) -> None:
    me = here()
    ended = [
        start(PIPE, f"{MARK}{dead}-1"),
        start(f"{MARK}{dead}-2", "run-driver"),
        start(PIPE, f"{MARK}{replace(me, started=me.started + 1)}-1"),  # our number, but somebody before us
    ]
    left_alone = [
        start(PIPE, f"{MARK}{me}-1"),  # of a live worker
        start(PIPE, f"{MARK}{replace(dead, namespace=me.namespace + 1)}-1"),  # of another container
        start(PIPE),  # somebody else's browser
        start(PIPE, "--user-data-dir=/tmp/" + f"{MARK}{dead}-1"),  # only mentions it
        start(f"{MARK}{dead}-1"),  # neither a browser nor a driver: somebody looks for one
        start(PIPE, f"{MARK}{dead.pid}-1"),  # not a mark of ours
    ]
    assert processes.sweep(me) == len(ended)
    eventually(lambda: not any(is_alive(one) for one in ended), "they are ended")
    assert [one.arguments for one in left_alone if not is_alive(one)] == []


def test_a_browser_of_another_user_is_left_alone(
    dead: Worker, start: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = start(PIPE, f"{MARK}{dead}-1")
    monkeypatch.setattr(processes.os, "geteuid", lambda: 4711)
    assert processes.sweep(here()) == 0
    assert is_alive(browser)


def test_a_number_that_was_given_away_again_is_not_killed(start: Callable[..., Process]) -> None:
    somebody = start()
    before = replace(somebody, started=somebody.started - 1)
    assert processes._end([before], []) == 0
    assert is_alive(somebody)


def test_without_a_mark_nothing_is_found(start: Callable[..., Process]) -> None:
    somebody = start("")
    assert processes.marked("", processes.all_processes()) == []
    assert processes.end_marked("") == 0
    assert processes.weigh("") is None
    assert is_alive(somebody)


def test_folders_of_dead_workers_are_removed_and_no_others(
    dead: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    me = here()
    gone = tmp_path / f"submitter-{dead}-abc_123"
    elsewhere = tmp_path / "elsewhere"
    kept = [
        tmp_path / f"submitter-{me}-abc_123",
        tmp_path / f"submitter-{replace(dead, namespace=me.namespace + 1)}-abc_123",
        tmp_path / f"submitter-{dead}-and-notes",
        tmp_path / f"my-submitter-{dead}-abc_123",
        elsewhere,
    ]
    for folder in (gone, *kept):
        folder.mkdir()
        (folder / "profile").touch()
    link = tmp_path / f"submitter-{dead}-link"
    link.symlink_to(elsewhere)
    leash.sweep(me)
    assert not gone.exists()
    assert all((folder / "profile").exists() for folder in kept)


@pytest.mark.browser
def test_a_closed_browser_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="b") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)

        async def use() -> list[str]:
            async with FencedBrowser({"127.0.0.1"}) as browser:
                page = await (await browser.context(frozenset({"http://127.0.0.1:80"}))).new_page()
                await page.evaluate("1")
                return [path.name for path in Path(short).glob("*/*")]

        names = asyncio.run(use())
        assert any("profile" in name for name in names), "Chromium's own files lie in the folder too"
        assert list(Path(short).iterdir()) == []
