"""The real processes of real browsers: finding them, killing them, waiting for them to be gone. A browser server."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import playwright

from submitter.adapters import processes
from submitter.adapters.finding import find_installed
from submitter.adapters.processes import Process, Worker

LONG = 30.0  # seconds; far more than anything here takes, for a machine that is busy with other work


def eventually(condition: Callable[[], bool], what: str, seconds: float = LONG) -> None:
    """Wait until it is so; a failure that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds: {what}"
        time.sleep(0.02)


async def eventually_so(condition: Callable[[], bool], what: str, seconds: float = LONG) -> None:
    await asyncio.to_thread(eventually, condition, what, seconds)


def is_alive(process: Process) -> bool:
    now = processes.read_process(process.pid)
    return now is not None and now.started == process.started and not now.is_dead


def family(worker: Worker | None = None) -> list[Process]:
    """The drivers and all Chromium processes of a worker, this one unless another is named.

    Also those that left the tree, as the crash handler does: they have the temporary folder in their environment.
    """
    worker = worker or processes.this_worker()
    assert worker is not None
    everything = [one for one in processes.all_processes() if not one.is_dead]
    mark, folder = f"{processes.MARK}{worker}-".encode(), f"submitter-{worker}-".encode()
    roots = {one.pid for one in everything if any(word.startswith(mark) for word in one.arguments)}
    tree = processes._with_descendants(roots, everything)
    return [one for one in everything if one.pid in tree or folder in environment(one)]


def environment(process: Process) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/environ").read_bytes()
    except OSError:
        return b""


def is_driver(process: Process) -> bool:
    return b"run-driver" in process.arguments


def is_browser(process: Process) -> bool:
    """Chromium's main process."""
    return b"--remote-debugging-pipe" in process.arguments


def is_renderer(process: Process) -> bool:
    return b"--type=renderer" in b" ".join(process.arguments)


def send(signal_number: int, *those: Process) -> None:
    """To processes that this test started, every one by its number."""
    assert those
    for process in those:
        if is_alive(process):
            os.kill(process.pid, signal_number)


def some(kind: Callable[[Process], bool], worker: Worker | None = None) -> list[Process]:
    return [process for process in family(worker) if kind(process)]


# -- a browser server --------------------------------------------------------------------------------------------------


def installed_browser() -> str:
    found = find_installed()
    assert found is not None and found.path is not None, "these tests need an installed browser"
    return found.path


@contextmanager
def browser_server(folder: Path, *, unsafe: bool, port: int = 0) -> Iterator[str]:
    """A real ``playwright run-server`` with the browser of this machine; its address.

    One that takes launch options is told the browser's path by its client, through the address. One that takes none
    finds it where Playwright's own would lie.
    """
    package = Path(playwright.__file__).parent / "driver"
    where = ["--host", "127.0.0.1", "--port", str(port)]
    command = [package / "node", package / "package" / "cli.js", "run-server", *where]
    temporary = tempfile.TemporaryDirectory(prefix="b", ignore_cleanup_errors=True)  # Chromium needs a short name
    own = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(lay_out_browsers(folder)), "TMPDIR": temporary.name}
    server = subprocess.Popen(
        [*command, *(["--unsafe"] if unsafe else [])],
        env=own,
        stdin=subprocess.PIPE,  # it ends when this is closed, so it ends with this process too
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        options = quote(json.dumps({"executablePath": installed_browser()}))
        yield f"{address}?launch-options={options}" if unsafe else address
    finally:
        server.kill()
        server.communicate()
        temporary.cleanup()


def lay_out_browsers(folder: Path) -> Path:
    """A folder as `playwright install` makes it, with the browser of this machine in it."""
    listing = json.loads((Path(playwright.__file__).parent / "driver" / "package" / "browsers.json").read_text())
    revision = next(one["revision"] for one in listing["browsers"] if one["name"] == "chromium-headless-shell")
    machine = {"x86_64": "linux64", "aarch64": "linux-arm64"}.get(platform.machine(), "linux64")
    program = (
        folder / f"chromium_headless_shell-{revision}" / f"chrome-headless-shell-{machine}" / "chrome-headless-shell"
    )
    if not program.exists():
        program.parent.mkdir(parents=True)
        program.symlink_to(installed_browser())
    return folder


# -- another worker ----------------------------------------------------------------------------------------------------

WORKER = """
import asyncio, sys
from submitter.adapters import processes
from submitter.adapters.browser import FencedBrowser
from submitter.adapters.leash import Leash

async def main():
    browser = FencedBrowser({"127.0.0.1"})
    context = await browser.context(frozenset({"http://127.0.0.1:80"}))
    page = await context.new_page()
    busy = await context.new_page()
    asyncio.ensure_future(busy.evaluate("() => { for (;;) {} }"))  # a page that listens to nobody
    print(await page.evaluate("1 + 1"), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(await page.evaluate("2 + 2"), flush=True)

processes._namespace = lambda: int(sys.argv[1])
if "unleashed" in sys.argv:
    Leash.make = lambda *_: None
asyncio.run(main())
"""


@contextmanager
def other_worker(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Worker]]:
    """A process of its own with a browser and two pages, one in an endless loop. It asks the other for each line."""
    here = processes.this_worker()
    assert here is not None
    program = [sys.executable, "-c", WORKER, str(here.namespace), *arguments]
    temporary = tempfile.TemporaryDirectory(prefix="b", ignore_cleanup_errors=True)  # Chromium needs a short name
    own = {**os.environ, "TMPDIR": temporary.name}
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=own, text=True)
    assert process.stdout is not None
    left: list[Process] = []
    try:
        assert process.stdout.readline() == "2\n"
        found = processes.read_process(process.pid)
        assert found is not None
        worker = Worker(found.pid, found.started, here.namespace)
        left = [*(one for one in processes.all_processes() if one.parent == process.pid), *family(worker)]
        yield process, worker
    finally:
        process.kill()
        process.communicate()
        if any(is_alive(one) for one in left):
            send(signal.SIGKILL, *left)
        temporary.cleanup()
