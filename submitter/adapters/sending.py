"""The one irreversible click, and what it sends: exactly once, and never after the account may be another's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import APIResponse, BrowserContext, Route
from playwright.async_api import Error as BrowserError

from submitter.adapters.manifest import origin_of
from submitter.adapters.multipart import with_files
from submitter.adapters.watch import PageWatch, unavailable
from submitter.errors import AdapterBug, SubmitterError


@dataclass
class Sending:
    """One press of the sending button, and the request it caused.

    ``guard`` raises LeaseLost when the account may no longer be ours.
    """

    watch: PageWatch
    origins: frozenset[str]
    guard: Callable[[], None]
    seconds: float
    chosen: Mapping[str, Path] = field(default_factory=dict)  # the files that the page holds, by their names in it
    may_begin: bool = True
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_over.set()  # unset only while the request is under way

    @property
    def context(self) -> BrowserContext:
        """On the context, as the click may send from a tab that it opens. The fence's own routes stay behind this."""
        return self.watch.page.context

    async def begin(self) -> None:
        await self.context.route(_everything, self._send_once)

    async def end(self) -> None:
        await self.context.unroute(_everything, self._send_once)

    async def hold_back(self) -> Callable[[], Awaitable[None]]:
        """Let nothing more begin, and wait for what is under way. What is returned takes the route away.

        That may be done only when the page has gone elsewhere: before, it would let go the request that Chromium still
        holds back, and a portal slower than the limit would get the invoice twice.
        """
        self.may_begin = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds + 5):
                await self.is_over.wait()
        return self.end

    async def _send_once(self, route: Route) -> None:
        """Send what the click sends exactly once.

        Chromium repeats a request by itself, a POST too, when the connection closes before an answer came: a portal
        that had booked the first would get a second. Playwright's own client does not repeat.
        """
        request = route.request
        ours = origin_of(request.url) in self.origins
        if request.method in ("GET", "HEAD", "OPTIONS") or not ours:
            await route.fallback()
            return
        if not self.may_begin:  # nobody waits for it any more, and its outcome is being looked up
            with contextlib.suppress(BrowserError):
                await route.abort("aborted")
            return
        self.is_over.clear()
        try:
            # What is really sent goes out from here, and we may have stood still since the click
            self.guard()
            response = await self._fetch(route)
            await route.fulfill(response=response)
        except (BrowserError, SubmitterError) as error:
            self.watch.report(unavailable(error) if isinstance(error, BrowserError) else error)
            with contextlib.suppress(BrowserError):  # the page may be gone with it
                await route.abort("connectionfailed")
        finally:
            self.is_over.set()

    async def _fetch(self, route: Route) -> APIResponse:
        """The one request, with the bytes of the files that a form carries; see multipart.py."""
        limit, request = self.seconds * 1000, route.request
        kind = request.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return await route.fetch(max_redirects=0, max_retries=0, timeout=limit)
        files = {name: await asyncio.to_thread(path.read_bytes) for name, path in self.chosen.items()}
        try:
            body = with_files(request.post_data_buffer or b"", kind, files)
        except ValueError as error:
            raise AdapterBug(f"The sending click's form cannot be sent: {error}.") from error
        self.guard()  # reading the files may have taken its time
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return await route.fetch(post_data=body, headers=headers, max_redirects=0, max_retries=0, timeout=limit)


def _everything(_url: str) -> bool:
    return True
