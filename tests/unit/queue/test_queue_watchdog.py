"""The watchdog: it ends a process that hangs, and leaves one alone that does its work."""

from __future__ import annotations

import subprocess
import sys
from threading import Event
from time import monotonic

from submitter.queue.watchdog import EXIT_CODE, Watchdog


def test_silence_ends_the_process_once() -> None:
    said: list[str] = []
    ended = Event()

    def end(why: str) -> None:
        said.append(why)
        ended.set()

    begun = monotonic()
    with Watchdog(0.2, "nobody answered", end):
        assert ended.wait(60)
        assert monotonic() - begun >= 0.2
    assert said == ["nobody answered"]


def test_a_sign_of_life_puts_it_off_for_as_long_again() -> None:
    ended, pause = Event(), Event()
    with Watchdog(20, "nobody answered", lambda _why: ended.set()) as watchdog:
        for _ in range(5):
            watchdog.touch()
            pause.wait(0.01)
        assert not ended.is_set()
    assert not ended.is_set(), "and leaving it is no silence"
    assert not watchdog._thread.is_alive()


HANGS = """
import asyncio, time
from submitter.queue.watchdog import Watchdog

async def hang():
    with Watchdog(0.3, "The database could not be reached."):
        time.sleep(600)  # the loop itself stands still: nothing that runs in it could end the process

asyncio.run(hang())
"""


def test_a_process_whose_loop_hangs_ends_with_its_code_and_a_sentence() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (EXIT_CODE, "Error: The database could not be reached.\n")
    assert EXIT_CODE == 70
