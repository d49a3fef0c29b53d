"""A worker in a process of its own that something happens to at a chosen moment: `python -m tests.acceptance.puppet`.

Everything in it is the real program; only the moment is arranged. The moments are::

    opened, prepared, committing, confirmed     the phase has reached the disk
    in-committing, in-confirmed                 the phase is written, but its transaction has not ended
    clicked                                     the portal has booked it, and its answer has not reached the page
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Route

from submitter.adapters.sending import Sending
from submitter.queue.attempts import Attempts
from submitter.queue.office import open_office
from submitter.queue.worker import Worker
from submitter.secrets import use_backend
from submitter.store import journal

MOMENTS = ("opened", "prepared", "in-committing", "committing", "clicked", "in-confirmed", "confirmed")


def arrange(moment: str, action: Callable[[], None]) -> None:
    """Let the action happen the first time that moment comes."""
    written: list[str] = []
    append, write, send = journal._append, Attempts.write, Sending._send_once

    def appended(*given: Any) -> None:
        append(*given)
        written.append(str(given[2]))
        if moment == f"in-{given[2]}":
            action()

    async def wrote(self: Attempts, change: Callable[..., Any]) -> Any:
        written.clear()
        result = await write(self, change)
        if moment in written:
            action()
        return result

    async def sent(self: Sending, route: Route) -> None:
        fulfill = route.fulfill

        async def answered(**given: Any) -> None:
            action()
            await fulfill(**given)

        if moment == "clicked":
            route.fulfill = answered  # type: ignore[method-assign, assignment]
        await send(self, route)

    journal._append = appended
    Attempts.write = wrote  # type: ignore[method-assign, assignment]
    Sending._send_once = sent  # type: ignore[method-assign]


def fill_the_disk() -> None:
    """From now on no file of this process grows by a byte; the system answers every try with an error."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--moment", choices=MOMENTS)
    parser.add_argument("--signal", choices=["SIGKILL", "SIGSTOP", "FULL"])
    parser.add_argument("--struck", type=Path, help="a file that is there once it has happened")
    given = parser.parse_args()
    use_backend()

    def strike() -> None:
        given.struck.touch()
        if given.signal == "FULL":
            fill_the_disk()
        else:
            os.kill(os.getpid(), getattr(signal, given.signal))

    if given.moment:
        arrange(given.moment, strike)
    office = open_office(given.home)
    asyncio.run(Worker(office).run_until_idle())
    office.close()


if __name__ == "__main__":
    main()
