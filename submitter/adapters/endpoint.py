"""A browser on another machine: a ``playwright run-server`` that is connected to instead of a browser started here.

What the server takes from us depends on how it was started:

* ``playwright run-server --unsafe`` takes our flags, the host rule among them, and the program's path where the
  endpoint states one: ``ws://host:port/?launch-options={"executablePath":"/usr/bin/chromium"}`` (percent-encoded).
* Without ``--unsafe`` the server drops flags, path and sandbox without a word, and runs Playwright's own browser,
  never with Chromium's sandbox. A server made by ``launch-server`` has its browser already and drops everything.

So the command line of the browser that answers is read. Where our host rule is not in it, every context gets a proxy
rule: the portal's hosts directly, all others through a proxy that is not there. Like the host rule, and unlike a route,
this holds for redirects too.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from playwright.async_api import Browser, ProxySettings
from playwright.async_api import Error as BrowserError

from submitter.errors import PortalUnavailable
from submitter.redaction import redactor

CONNECT_MS = 30_000
ANSWER_SECONDS = 10.0
LAUNCH_OPTIONS = "launch-options"
HEADER = "x-playwright-launch-options"
NOWHERE = "http://127.0.0.1:9"  # the port named "discard", where nobody runs a proxy


@dataclass(frozen=True)
class Endpoint:
    address: str  # may hold a password or a token: never shown
    shown: str
    options: dict[str, Any]  # launch options that the endpoint itself states

    def cannot_be_reached(self, why: str) -> PortalUnavailable:
        return PortalUnavailable(f"The browser server at {self.shown} cannot be reached: {self._first_line(why)}.")

    def has_no_browser(self, why: str) -> PortalUnavailable:
        words = self._first_line(why)
        return PortalUnavailable(f"The browser server at {self.shown} has no browser that starts: {words}.")

    def _first_line(self, words: str) -> str:
        """What Playwright said, without the address, which may hold a password, a token or a secret path."""
        first = words.partition("\n")[0].removeprefix("BrowserType.connect: ").removeprefix("WebSocket error: ")
        return redactor.scrub(re.sub(r"\bwss?://\S+", self.shown, first)).rstrip(". ")

    def refused(self, error: BrowserError) -> PortalUnavailable:
        """What a failed connection means: nobody is there, or somebody who has no browser."""
        words = str(error)
        if "WebSocket error" in words or "Timeout" in words.partition("\n")[0]:
            return self.cannot_be_reached(words)
        return self.has_no_browser(words)

    def headers(self, flags: Sequence[str], *, headed: bool, sandbox: bool) -> dict[str, str]:
        ours = {"headless": not headed, "chromiumSandbox": sandbox, **self.options}
        ours["args"] = [*self.options.get("args", ()), *flags]
        return {HEADER: json.dumps(ours)}


def read_endpoint(address: str) -> Endpoint:
    """PortalUnavailable when it is no address of a browser server; what it may hold of secrets is never shown again."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    unreadable = Endpoint("", "browsing.endpoint", {})
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise unreadable.cannot_be_reached("the address must begin with ws:// or wss:// and name a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    query = parse_qsl(parts.query, keep_blank_values=True)
    redactor.register(unquote(parts.password or ""))
    try:
        stated = json.loads(dict(query).get(LAUNCH_OPTIONS, "{}"))
    except ValueError:
        stated = None
    if not isinstance(stated, dict):
        raise unreadable.cannot_be_reached(f"its {LAUNCH_OPTIONS} are not a JSON object")
    rest = urlencode([pair for pair in query if pair[0] != LAUNCH_OPTIONS])
    return Endpoint(urlunsplit(parts._replace(query=rest)), f"{parts.scheme}://{host}{port}", stated)


async def has_flag(browser: Browser, flag: str) -> bool:
    """Whether the browser really runs with this flag; a server may drop it without a word."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            session = await browser.new_browser_cdp_session()
            told = await session.send("SystemInfo.getInfo")
            await session.detach()
    except (BrowserError, TimeoutError):
        return False
    return flag in str(told.get("commandLine", ""))


def only_directly_to(hosts: Iterable[str]) -> ProxySettings:
    """A proxy rule that leads every other host nowhere. Loopback and link-local addresses would else be exempt."""
    written = [f"[{host}]" if ":" in host else host for host in sorted(hosts)]
    return {"server": NOWHERE, "bypass": ",".join(["<-loopback>", *written])}
