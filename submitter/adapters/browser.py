"""The fenced browser of a worker, and its life.

One Chromium serves many visits; each visit has a context of its own, which may talk to its portal's origins and to
nothing else. Two fences stand behind each other: a route in the context, and a rule for hosts, because a route does not
see where a redirect leads. The host rule is one of the whole browser where we start it, and one of each context where a
browser server does not take ours (endpoint.py).

A Chromium is started anew after a number of visits, or when it has grown too large. The old one gets no further visit
and ends with its last one. A Chromium or a driver that died or hangs costs the visits that it carried and nothing else:
the next context starts another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Self
from urllib.parse import urlsplit

import structlog
from playwright.async_api import Browser, BrowserContext, Route, WebSocketRoute
from playwright.async_api import Error as BrowserError

from submitter.adapters.chromium import Chromium
from submitter.adapters.endpoint import only_directly_to, read_endpoint
from submitter.adapters.finding import REMEDY, FoundBrowser, find, find_installed
from submitter.adapters.manifest import origin_of
from submitter.errors import ConfigurationError, PortalUnavailable
from submitter.redaction import redactor

__all__ = ["REMEDY", "FencedBrowser", "FoundBrowser", "find", "find_installed"]

log = structlog.get_logger()

CONTEXT_SECONDS = 30.0  # a browser that has not opened a context by then hangs
LEAVE_SECONDS = 10.0


class FencedBrowser:
    """A browser that can reach the given hosts only. It is started with the first context that is asked for."""

    def __init__(
        self,
        hosts: Iterable[str],
        *,
        headed: bool = False,
        endpoint: str = "",
        recycle_visits: int = 100,
        recycle_megabytes: float = 2000,
    ) -> None:
        """``endpoint``: ws://... of a browser server to use instead of a browser of this machine."""
        self.hosts = sorted(set(hosts))
        self.headed = headed
        self.recycle_visits = recycle_visits
        self.recycle_megabytes = recycle_megabytes
        self._endpoint = endpoint
        self._current: Chromium | None = None
        self._living: set[Chromium] = set()  # the current one, and those that still carry visits
        self._closing: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._warned = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def version(self) -> str:
        return self._current.browser.version if self._current else ""

    async def close(self) -> None:
        """Close whatever is still there, in bounded time; a browser that died already is no error here."""
        async with self._starting:
            for chromium in list(self._living):
                self._end(chromium)
        await asyncio.gather(*self._closing)

    async def launch(self) -> Browser:
        """The browser itself, started now if there is none; ConfigurationError or PortalUnavailable if none starts."""
        async with self._starting:
            return (await self._ready()).browser

    async def context(self, origins: frozenset[str], state: Any = None, **options: Any) -> BrowserContext:
        """A fresh context that may talk to ``origins`` only; PortalUnavailable when there is no browser for it.

        What is wrong then is this machine or the browser server: it must not pause a customer's account.
        """
        for is_last in (False, True):
            try:
                async with self._starting:
                    chromium = await self._ready()
                    chromium.handed += 1
                    chromium.carried += 1
            except ConfigurationError as error:
                raise PortalUnavailable(error.message) from error
            try:
                async with asyncio.timeout(CONTEXT_SECONDS):
                    return await self._open(chromium, origins, {"storage_state": state, **options})
            except (BrowserError, TimeoutError) as error:
                if await chromium.answers():
                    raise _not_opened(error) from error
                self._end(chromium)  # it took the others' contexts with it when it died
                if is_last:
                    raise _not_opened(error) from error
        raise AssertionError("the last turn returns or raises")

    async def leave(self, context: BrowserContext) -> None:
        """Close a visit's context, in bounded time and without an error. A browser that hangs over it is ended."""
        closing = asyncio.ensure_future(context.close())
        await asyncio.wait({closing}, timeout=LEAVE_SECONDS)
        if not closing.done():
            log.warning("the browser did not close a visit's context in time; it is ended")
            for chromium in [one for one in self._living if one.browser is context.browser]:
                self._end(chromium)
            closing.cancel()
        outcome = (await asyncio.gather(closing, return_exceptions=True))[0]
        if isinstance(outcome, BrowserError):
            log.warning("the browser context was gone before the visit ended")

    # -- which Chromium ----------------------------------------------------------------------------------------------

    async def _ready(self) -> Chromium:
        """The Chromium for the next context. One at a time: two visits that ask at once must not start two."""
        current = self._current
        if current is not None and not current.browser.is_connected():
            self._end(current)
        elif current is not None and await self._is_worn(current):
            self._retire(current)
        if self._current is None:
            self._current = await self._start()
            self._living.add(self._current)
        return self._current

    async def _start(self) -> Chromium:
        if not self._endpoint:
            return await Chromium.launch(self.hosts, headed=self.headed)
        endpoint = read_endpoint(self._endpoint)
        chromium = await Chromium.connect(endpoint, self.hosts, headed=self.headed)
        if not chromium.has_host_rule and not self._warned:
            self._warned = True
            log.warning(
                "the browser server does not take our flags; each context gets a proxy rule as its second fence",
                server=endpoint.shown,
            )
        return chromium

    async def _is_worn(self, chromium: Chromium) -> bool:
        if chromium.handed >= self.recycle_visits:
            return True
        return (await chromium.weigh() or 0) > self.recycle_megabytes

    def _retire(self, chromium: Chromium) -> None:
        """It gets no further context, and ends with the last one it carries."""
        if self._current is chromium:
            self._current = None
        chromium.is_retiring = True
        log.info("the browser is started anew", visits=chromium.handed, still_carried=chromium.carried)
        if chromium.carried <= 0:
            self._end(chromium)

    def _left(self, chromium: Chromium) -> None:
        chromium.carried -= 1
        if chromium.is_retiring and chromium.carried <= 0:
            self._end(chromium)

    def _end(self, chromium: Chromium) -> None:
        """Close it in the background: a browser that hangs must not keep the next visit waiting."""
        if self._current is chromium:
            self._current = None
        if chromium in self._living:
            self._living.discard(chromium)
            self._in_background(chromium.close())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # -- the fences --------------------------------------------------------------------------------------------------

    async def _open(self, chromium: Chromium, origins: frozenset[str], options: dict[str, Any]) -> BrowserContext:
        if not chromium.has_host_rule:
            options.setdefault("proxy", only_directly_to(_host(origin) for origin in origins))
        try:
            context = await chromium.browser.new_context(service_workers="block", **options)
        except BaseException:
            self._left(chromium)
            raise
        context.once("close", lambda _: self._left(chromium))
        try:
            await context.route(lambda url: origin_of(url) not in origins, _block)
            await context.route_web_socket(lambda url: origin_of(url) not in origins, _block_socket)
        except BaseException:
            self._in_background(self.leave(context))
            raise
        return context


def _host(origin: str) -> str:
    return origin.split("://", 1)[1].rsplit(":", 1)[0]


def _not_opened(error: BaseException) -> PortalUnavailable:
    words = redactor.scrub(str(error).partition("\n")[0]) or f"no answer in {CONTEXT_SECONDS:.0f} seconds"
    return PortalUnavailable(f"The browser opened no context ({words}).")


async def _block(route: Route) -> None:
    log.warning("a page asked for another host and was refused", host=urlsplit(route.request.url).hostname)
    await route.abort("blockedbyclient")


async def _block_socket(socket: WebSocketRoute) -> None:
    log.warning("a page asked for another host and was refused", host=urlsplit(socket.url).hostname)
    await socket.close()
