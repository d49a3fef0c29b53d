"""How a worker is asked to end: after the round in hand, but not for ever."""

from __future__ import annotations

import asyncio

GRACE_SECONDS = 30.0  # a round that is not sent by then is given up before its sending click, never after it


class Stop:
    """Asked once, it stays. A round in hand may go on for ``grace`` seconds; then it ends before its next step."""

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._asked = asyncio.Event()
        self.grace = grace
        self._at = 0.0

    def ask(self) -> None:
        if not self._asked.is_set():
            self._at = asyncio.get_running_loop().time()
            self._asked.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    @property
    def overdue(self) -> bool:
        return self.asked and asyncio.get_running_loop().time() >= self._at + self.grace

    async def wait(self) -> None:
        await self._asked.wait()
