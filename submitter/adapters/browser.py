"""Finding, starting and fencing in the browser.

One Chromium serves many visits; each visit has a context of its own, which may talk to its portal's origins and to
nothing else. Two fences stand behind each other: a route in the context, and a host rule of the whole browser, because
a route does not see where a redirect leads.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import structlog
from playwright.async_api import Browser, BrowserContext, Playwright, Route, WebSocketRoute, async_playwright
from playwright.async_api import Error as BrowserError

from submitter.adapters.manifest import origin_of
from submitter.errors import ConfigurationError, PortalUnavailable

log = structlog.get_logger()

FLAGS = (
    "--disable-gpu",
    "--disable-quic",  # UDP traffic would pass by the host rule
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # /dev/shm is tiny in containers
)

_HEADLESS_NAMES = ("chromium-headless-shell",)  # halves the CPU of a visit where it is installed
_NAMES = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
)
_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"%ProgramFiles%\\Google\\Chrome\\Application\\chrome.exe",
        r"%ProgramFiles(x86)%\\Google\\Chrome\\Application\\chrome.exe",
        r"%ProgramFiles(x86)%\\Microsoft\\Edge\\Application\\msedge.exe",
    ),
}
REMEDY = (
    "install Chromium (Debian: apt-get install chromium), or run `playwright install chromium`, or name a browser in "
    "SUBMITTER_BROWSER"
)


@dataclass(frozen=True)
class FoundBrowser:
    path: str | None  # None: Playwright's own
    how: str


def find_installed(*, headed: bool = False) -> FoundBrowser | None:
    """``SUBMITTER_BROWSER``, else an installed Chrome, Chromium or Edge. None leaves Playwright's own to be tried."""
    named = os.environ.get("SUBMITTER_BROWSER")
    if named:
        path = shutil.which(named)
        if path is None:
            raise ConfigurationError(f"SUBMITTER_BROWSER names {named!r}, which is not a program on this machine.")
        return FoundBrowser(path, "named by SUBMITTER_BROWSER")
    names = _NAMES if headed else (*_HEADLESS_NAMES, *_NAMES)
    places = (os.path.expandvars(place) for place in _PLACES.get(sys.platform, ()))
    for candidate in (*names, *places):
        path = shutil.which(candidate)
        if path is not None:
            return FoundBrowser(path, "installed")
    return None


def find(playwright: Playwright, *, headed: bool = False) -> FoundBrowser:
    """The browser to use; ConfigurationError with the remedy when this machine has none."""
    found = find_installed(headed=headed)
    if found is not None:
        return found
    if Path(playwright.chromium.executable_path).exists():
        return FoundBrowser(None, "Playwright's own")
    raise ConfigurationError(f"No browser was found; {REMEDY}.")


class FencedBrowser:
    """One Chromium that can reach the given hosts only. It is started with the first context that is asked for."""

    def __init__(self, hosts: Iterable[str], *, headed: bool = False) -> None:
        self.hosts = sorted(set(hosts))
        self.headed = headed
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def version(self) -> str:
        return self._browser.version if self._browser else ""

    async def close(self) -> None:
        """Close whatever is still there; a browser that died already is no error here."""
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        try:
            if browser is not None:
                await browser.close()
            if playwright is not None:
                await playwright.stop()
        except BrowserError as error:
            log.warning("the browser did not close cleanly", error=str(error).splitlines()[0])

    async def launch(self) -> Browser:
        self._playwright = await async_playwright().start()
        found = find(self._playwright, headed=self.headed)
        rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in self.hosts)])
        arguments = [*FLAGS, f"--host-resolver-rules={rules}"]
        errors: list[str] = []
        for sandbox in _sandboxes():
            try:
                self._browser = await self._playwright.chromium.launch(
                    executable_path=found.path, headless=not self.headed, args=arguments, chromium_sandbox=sandbox
                )
                if errors:
                    log.warning("the browser's own sandbox does not work on this machine; running without it")
                return self._browser
            except BrowserError as error:
                errors.append(str(error).splitlines()[0])
        raise ConfigurationError(f"The browser {found.path or found.how} did not start: {errors[-1]}")

    async def context(self, origins: frozenset[str], state: Any = None, **options: Any) -> BrowserContext:
        """A fresh context that may talk to ``origins`` only; the browser is started anew if it has died."""
        browser = self._browser
        if browser is None or not browser.is_connected():
            await self.close()
            try:
                browser = await self.launch()
            except ConfigurationError as error:  # this machine's trouble: it must not pause a customer's account
                raise PortalUnavailable(error.message) from error
        context = await browser.new_context(
            storage_state=state, service_workers="block", accept_downloads=False, **options
        )
        await context.route(lambda url: origin_of(url) not in origins, _block)
        await context.route_web_socket(lambda url: origin_of(url) not in origins, _block_socket)
        return context


def _sandboxes() -> Sequence[bool]:
    """Chromium refuses its sandbox to root; some containers refuse it to everybody."""
    if os.environ.get("SUBMITTER_BROWSER_NO_SANDBOX") == "1" or (hasattr(os, "geteuid") and os.geteuid() == 0):
        return (False,)
    return (True, False)


async def _block(route: Route) -> None:
    log.warning("a page asked for another host and was refused", host=urlsplit(route.request.url).hostname)
    await route.abort("blockedbyclient")


async def _block_socket(socket: WebSocketRoute) -> None:
    log.warning("a page asked for another host and was refused", host=urlsplit(socket.url).hostname)
    await socket.close()
