"""Playwright's driver: the process between us and a browser. Every browser that is started gets one of its own."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import playwright as playwright_package
import structlog
from playwright.async_api import Playwright, async_playwright

from submitter.adapters import leash, processes
from submitter.adapters.finding import behind_wrapper
from submitter.adapters.leash import Leash
from submitter.errors import ConfigurationError
from submitter.redaction import redactor

log = structlog.get_logger()

START_SECONDS = 60.0
CLOSE_SECONDS = 10.0  # what has not closed by then is killed
NODE = "PLAYWRIGHT_NODEJS_PATH"  # Playwright's own variable for another program to run its driver with
_serials = itertools.count(1)
_environment = threading.Lock()  # there is one of them for the whole process, whatever loops run in it


class Driver:
    """A running driver. ``mark`` is on its command line and must be on that of its Chromium."""

    def __init__(self, playwright: Playwright, mark: str, held_by: Leash | None) -> None:
        self.playwright = playwright
        self.mark = mark
        self.leash = held_by

    @classmethod
    async def start(cls) -> Self:
        """ConfigurationError when it does not start. Browsers that dead workers left behind are ended first."""
        worker = processes.this_worker()
        mark, held_by = "", None
        if worker is not None:
            await asyncio.to_thread(leash.sweep, worker)
            mark = f"{processes.MARK}{worker}-{next(_serials)}"
            held_by = await asyncio.to_thread(Leash.make, worker, mark)
        try:
            return cls(await _start_playwright(held_by), mark, held_by)
        except BaseException as error:
            await asyncio.to_thread(_end, mark, held_by)
            if isinstance(error, Exception):  # Playwright raises a plain Exception when its driver ends too soon
                words = redactor.scrub(f"{type(error).__name__}: {error}".splitlines()[0])
                raise ConfigurationError(f"Playwright's driver did not start ({words}).") from error
            raise

    def program(self, path: str) -> str:
        """The same program on the leash, where there is one."""
        program = behind_wrapper(path)
        return program if self.leash is None else str(self.leash.browser_script(program))

    async def stop(self, *first: Callable[[], Awaitable[Any]]) -> None:
        """Do what has to be done first, then end the driver. What does not go in time is killed; nothing is raised."""
        tasks = []
        for step in (*first, self.playwright.stop):
            tasks.append(task := asyncio.ensure_future(step()))
            await asyncio.wait({task}, timeout=CLOSE_SECONDS)
        await asyncio.to_thread(_end, self.mark, self.leash)
        await asyncio.wait(tasks, timeout=CLOSE_SECONDS)  # they fail at once when what they wait for is dead
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.warning("the browser did not close cleanly", error=redactor.scrub(str(outcome).partition("\n")[0]))


def _end(mark: str, held_by: Leash | None) -> None:
    processes.end_marked(mark)
    if held_by is not None:
        held_by.remove()


async def _start_playwright(held_by: Leash | None) -> Playwright:
    manager = async_playwright()
    node = _node()
    async with asyncio.timeout(START_SECONDS):
        if held_by is None or node is None:
            return _quiet(manager, await manager.start())
        while not _environment.acquire(blocking=False):  # noqa: ASYNC110 (loops of two threads may meet here)
            await asyncio.sleep(0.01)
        before = os.environ.get(NODE)
        os.environ[NODE] = str(held_by.driver_script(node))
        try:
            return _quiet(manager, await manager.start())
        finally:
            if before is None:
                del os.environ[NODE]
            else:
                os.environ[NODE] = before
            _environment.release()


def _node() -> str | None:
    """What runs the driver: another program that was named, or the one that comes with Playwright."""
    bundled = Path(playwright_package.__file__).parent / "driver" / "node"
    return os.environ.get(NODE) or (str(bundled) if bundled.is_file() else None)


def _quiet(manager: Any, playwright: Playwright) -> Playwright:
    """A driver that died leaves an error behind that nobody can collect; asyncio would log it with a traceback."""
    transport = getattr(getattr(manager, "_client", None), "_transport", None)
    error = getattr(transport, "on_error_future", None)
    if isinstance(error, asyncio.Future):
        error.add_done_callback(lambda done: done.cancelled() or done.exception())
    return playwright
