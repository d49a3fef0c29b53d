"""Ends a process that can no longer do its work, so that whoever keeps it going starts another one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Self

EXIT_CODE = 70  # EX_SOFTWARE in sysexits.h; anything but 0 makes systemd and compose start the program again


def end_process(why: str) -> None:
    """At once: a thread that hangs in a dead connection could not be asked to end."""
    print(f"Error: {why}", file=sys.stderr, flush=True)  # noqa: T201 (the last words; the log may hang as well)
    os._exit(EXIT_CODE)


class Watchdog:
    """Calls ``end`` once when nobody has called ``touch`` for so many seconds; it has a thread of its own."""

    def __init__(self, seconds: float, why: str, end: Callable[[str], None] = end_process) -> None:
        self._seconds = seconds
        self._why = why
        self._end = end
        self._touched = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def touch(self) -> None:
        self._touched.set()

    def _watch(self) -> None:
        while self._touched.wait(self._seconds):
            self._touched.clear()
            if self._over:
                return
        self._end(self._why)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._touched.set()
        self._thread.join(5)
