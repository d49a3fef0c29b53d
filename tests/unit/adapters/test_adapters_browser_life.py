"""One Chromium for many visits: when it is started anew, and what its death costs."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as BrowserError
from structlog.testing import capture_logs

from submitter.adapters import browser as browser_module
from submitter.adapters import driver, leash, processes
from submitter.adapters.browser import FencedBrowser
from submitter.adapters.finding import behind_wrapper, own_program
from submitter.errors import ConfigurationError, PortalUnavailable
from tests.browsers import LONG, eventually_so, family, is_alive, is_browser, is_driver, is_renderer, send, some

pytestmark = pytest.mark.browser

ORIGINS = frozenset({"http://127.0.0.1:80"})
HOSTS = {"127.0.0.1"}


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)
    assert family() == [], "nothing may be left over"


async def works(context: BrowserContext) -> bool:
    page = await context.new_page()
    answer: int = await page.evaluate("6 * 7")
    await page.close()
    return answer == 42


# -- started anew ------------------------------------------------------------------------------------------------------


def test_after_so_many_visits_a_new_one_is_started_and_the_old_one_ends_with_its_last_visit() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS, recycle_visits=2) as browser:
            first, second = await browser.context(ORIGINS), await browser.context(ORIGINS)
            old = family()
            third = await browser.context(ORIGINS)
            assert first.browser is second.browser is not third.browser
            await first.close()
            assert await works(second) and await works(third), "a visit in hand loses nothing"
            assert all(is_alive(one) for one in old if is_browser(one) or is_driver(one))
            await second.close()
            await eventually_so(lambda: not any(is_alive(one) for one in old), "the old browser ends")
            assert await works(third)
            fourth = await browser.context(ORIGINS)
            assert fourth.browser is third.browser

    run(test())


def test_an_old_one_that_carries_nothing_ends_at_once() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS, recycle_visits=1) as browser:
            for _ in range(3):
                async with await browser.context(ORIGINS) as context:
                    assert await works(context)
            await eventually_so(lambda: len(some(is_browser)) == 1, "only the last one is left")

    run(test())


def test_one_that_has_grown_too_large_is_started_anew() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS, recycle_megabytes=1) as browser:
            first, second = await browser.context(ORIGINS), await browser.context(ORIGINS)
            assert first.browser is not second.browser
            assert await works(first) and await works(second)

    run(test())


def test_where_memory_cannot_be_read_only_visits_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS, recycle_megabytes=1, recycle_visits=2) as browser:
            with monkeypatch.context() as patched:
                patched.setattr(processes, "_PROC", tmp_path)
                first, second = await browser.context(ORIGINS), await browser.context(ORIGINS)
                third = await browser.context(ORIGINS)
            assert first.browser is second.browser is not third.browser

    run(test())


def test_its_weight_is_that_of_all_its_processes() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            page = await (await browser.context(ORIGINS)).new_page()
            chromium = browser._current
            assert chromium is not None
            before = await chromium.weigh()
            await page.evaluate("() => { window.held = new Uint8Array(150 * 1024 * 1024).fill(7) }")
            after = await chromium.weigh()
            assert before is not None and after is not None
            assert 120 < after - before < 300, "what a page's own process holds counts, once"

    run(test())


def test_visits_that_ask_at_the_same_time_share_one() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            contexts = await asyncio.gather(*(browser.context(ORIGINS) for _ in range(5)))
            assert len({id(context.browser) for context in contexts}) == 1
            assert len(some(is_browser)) == len(some(is_driver)) == 1

    run(test())


# -- death -------------------------------------------------------------------------------------------------------------


def test_a_dead_page_leaves_the_other_visits_alone() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            context = await browser.context(ORIGINS)
            page = await context.new_page()
            crashed = asyncio.get_running_loop().create_future()
            page.once("crash", lambda _: crashed.set_result(True))
            send(signal.SIGKILL, *some(is_renderer))
            await asyncio.wait_for(crashed, LONG)
            with pytest.raises(BrowserError):
                await page.evaluate("1")
            other = await browser.context(ORIGINS)
            assert other.browser is context.browser
            assert await works(other) and await works(context)

    run(test())


@pytest.mark.parametrize("kind", [is_browser, is_driver])
def test_after_a_death_the_next_visit_finds_a_new_one(kind: Any) -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            page = await (await browser.context(ORIGINS)).new_page()
            old = family()
            send(signal.SIGKILL, *some(kind))
            with pytest.raises(BrowserError):
                await page.wait_for_selector("#never")
            contexts = await asyncio.gather(browser.context(ORIGINS), browser.context(ORIGINS))
            assert await works(contexts[0]) and await works(contexts[1])
            assert len(some(is_browser)) == 1, "two visits that found it dead do not start two"
            await eventually_so(lambda: not any(is_alive(one) for one in old), "nothing of the old one is left")
            send(signal.SIGKILL, *some(kind))  # and now it is closed
            began = time.monotonic()
        assert time.monotonic() - began < driver.CLOSE_SECONDS, "closing what is dead waits for nothing"

    run(test())


@pytest.mark.parametrize("kind", [is_browser, is_driver])
def test_one_that_hangs_is_ended_and_replaced(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_module, "CONTEXT_SECONDS", 15.0)
    monkeypatch.setattr(driver, "CLOSE_SECONDS", 1.0)

    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            await browser.context(ORIGINS)
            old = family()
            send(signal.SIGSTOP, *some(kind))
            context = await asyncio.wait_for(browser.context(ORIGINS), LONG)
            assert await works(context)
            await eventually_so(lambda: not any(is_alive(one) for one in old), "the frozen one is ended")
            send(signal.SIGSTOP, *some(kind))
        # leaving must neither hang nor raise; `run` looks that nothing is left

    run(test())


def test_leaving_a_context_of_one_that_hangs_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "CLOSE_SECONDS", 1.0)

    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            well, context = await browser.context(ORIGINS), await browser.context(ORIGINS)
            await browser.leave(well)
            monkeypatch.setattr(browser_module, "LEAVE_SECONDS", 1.0)
            assert well not in (context.browser.contexts if context.browser else [])
            old = family()
            send(signal.SIGSTOP, *some(is_browser))
            await asyncio.wait_for(browser.leave(context), LONG)
            await eventually_so(lambda: not any(is_alive(one) for one in old), "a click that hangs is never sent later")
            assert await works(await browser.context(ORIGINS))

    run(test())


def test_a_request_that_the_browser_refuses_costs_nobody_the_browser() -> None:
    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            context = await browser.context(ORIGINS)
            with pytest.raises(PortalUnavailable, match="opened no context"):
                await browser.context(ORIGINS, geolocation={"latitude": 4711, "longitude": 0})
            assert await works(context)
            assert (await browser.context(ORIGINS)).browser is context.browser

    run(test())


def test_a_driver_that_does_not_start_is_this_machines_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")

    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            with pytest.raises(PortalUnavailable, match=r"driver did not start"):
                await browser.context(ORIGINS)
            with pytest.raises(ConfigurationError, match=r"driver did not start"):
                await browser.launch()

    run(test())


def test_elsewhere_than_on_linux_it_runs_without_a_leash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "this_worker", lambda: None)

    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            assert await works(await browser.context(ORIGINS))
            assert browser._current is not None and browser._current.driver.leash is None
            assert await browser._current.weigh() is None

    asyncio.run(test())


def test_a_temporary_folder_without_programs_costs_the_leash_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leash, "may_be_started", lambda _: False)

    async def test() -> None:
        async with FencedBrowser(HOSTS) as browser:
            assert await works(await browser.context(ORIGINS))
            assert len(some(is_browser)) == 1, "it still carries its mark, for the sweep"

    with capture_logs() as logged:
        run(test())
    assert any("may outlive" in line["event"] for line in logged)


def test_playwrights_own_is_the_shell_where_nobody_watches(tmp_path: Path) -> None:
    full = tmp_path / "chromium-1255" / "chrome-linux64" / "chrome"
    shell = tmp_path / "chromium_headless_shell-1255" / "chrome-headless-shell-linux64" / "chrome-headless-shell"
    assert own_program(full, headed=False) == full
    shell.parent.mkdir(parents=True)
    shell.touch()
    assert own_program(full, headed=False) == shell
    assert own_program(full, headed=True) == full


def test_a_script_that_only_starts_a_browser_is_left_out(tmp_path: Path) -> None:
    real, wrapper = tmp_path / "real", tmp_path / "wrapper"
    for path in (real, wrapper):
        path.write_text("#!/bin/sh\nexit 0\n")
        path.chmod(0o755)
    wrapper.write_text(f'#!/bin/sh -e\n\n# starts it\n{real} "$@"\n')
    assert behind_wrapper(str(wrapper)) == str(real)
    assert behind_wrapper(str(real)) == str(real), "what does more than that is started itself"
    for other in (f'#!/bin/sh\nexec {real} "$@"\n', f'#!/bin/sh\nPATH=/opt\n{real} "$@"\n', f'{real} "$@"\n'):
        wrapper.write_text(other)
        assert behind_wrapper(str(wrapper)) == str(wrapper)
    real.unlink()
    wrapper.write_text(f'#!/bin/sh\n{real} "$@"\n')
    assert behind_wrapper(str(wrapper)) == str(wrapper)
