"""One started Chromium, on this machine or at a browser server, with the driver that commands it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog
from playwright.async_api import Browser
from playwright.async_api import Error as BrowserError

from submitter.adapters import processes
from submitter.adapters.driver import Driver
from submitter.adapters.endpoint import CONNECT_MS, Endpoint, has_flag
from submitter.adapters.finding import find, own_program
from submitter.errors import ConfigurationError

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
LAUNCH_MS = 60_000
ANSWER_SECONDS = 5.0


@dataclass(eq=False)
class Chromium:
    """``has_host_rule``: whether it can reach the hosts it was started for and no other."""

    driver: Driver
    browser: Browser
    has_host_rule: bool
    is_remote: bool
    handed: int = 0  # contexts ever
    carried: int = 0  # contexts that are not closed yet
    is_retiring: bool = False  # gets no further context; ends with its last one

    @classmethod
    async def launch(cls, hosts: Sequence[str], *, headed: bool) -> Self:
        """ConfigurationError when this machine has no browser that starts."""
        driver = await Driver.start()
        try:
            return cls(driver, await _launch(driver, hosts, headed=headed), has_host_rule=True, is_remote=False)
        except BaseException:
            await driver.stop()
            raise

    @classmethod
    async def connect(cls, endpoint: Endpoint, hosts: Sequence[str], *, headed: bool) -> Self:
        """PortalUnavailable when the browser server cannot be reached or has no browser that starts."""
        driver = await Driver.start()
        try:
            browser = await _connect(driver, endpoint, hosts, headed=headed)
            return cls(driver, browser, has_host_rule=await has_flag(browser, _host_rule(hosts)), is_remote=True)
        except BaseException:
            await driver.stop()
            raise

    async def weigh(self) -> float | None:
        """Megabytes of all its processes; None where that cannot be read."""
        return None if self.is_remote else await asyncio.to_thread(processes.weigh, self.driver.mark)

    async def answers(self) -> bool:
        """Whether it is there and does something. A connection whose driver died still calls itself connected."""
        if not self.browser.is_connected():
            return False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                session = await self.browser.new_browser_cdp_session()
                await session.detach()
        except (BrowserError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Close whatever is still there. It neither hangs nor raises, whatever died already."""
        await self.driver.stop(self.browser.close)


def _host_rule(hosts: Sequence[str]) -> str:
    return "--host-resolver-rules=" + ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)])


async def _launch(driver: Driver, hosts: Sequence[str], *, headed: bool) -> Browser:
    chromium = driver.playwright.chromium
    found = find(driver.playwright, headed=headed)
    path = found.path
    if path is None and driver.leash is not None:
        path = str(own_program(Path(chromium.executable_path), headed=headed))
    arguments = [*FLAGS, _host_rule(hosts), *([driver.mark] if driver.mark else [])]
    errors: list[str] = []
    for sandbox in _sandboxes():
        try:
            browser = await chromium.launch(
                executable_path=None if path is None else driver.program(path),
                headless=not headed,
                args=arguments,
                chromium_sandbox=sandbox,
                timeout=LAUNCH_MS,
                handle_sigint=False,  # a Ctrl-C at the terminal is for the worker, which ends its visits first
            )
        except BrowserError as error:
            errors.append(str(error).splitlines()[0])
            continue
        if errors:
            log.warning("the browser's own sandbox does not work on this machine; running without it")
        return browser
    raise ConfigurationError(f"The browser {found.path or found.how} did not start: {errors[-1]}")


async def _connect(driver: Driver, endpoint: Endpoint, hosts: Sequence[str], *, headed: bool) -> Browser:
    flags = [*FLAGS, _host_rule(hosts)]
    for sandbox in (True, False):  # what the other machine allows is not known here
        headers = endpoint.headers(flags, headed=headed, sandbox=sandbox)
        try:
            return await driver.playwright.chromium.connect(endpoint.address, headers=headers, timeout=CONNECT_MS)
        except BrowserError as error:
            if "sandboxing failed" not in str(error):
                raise endpoint.refused(error) from None
    raise endpoint.has_no_browser("it starts neither with its sandbox nor without")


def _sandboxes() -> Sequence[bool]:
    """Chromium refuses its sandbox to root; some containers refuse it to everybody."""
    if os.environ.get("SUBMITTER_BROWSER_NO_SANDBOX") == "1" or (hasattr(os, "geteuid") and os.geteuid() == 0):
        return (False,)
    return (True, False)
