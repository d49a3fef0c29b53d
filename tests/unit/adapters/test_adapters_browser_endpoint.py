"""Browsers at a browser server: what it takes from us, the fence where it takes nothing, and what is shown of it."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import BrowserContext
from playwright.async_api import Error as BrowserError
from structlog.testing import capture_logs

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.endpoint import only_directly_to, read_endpoint
from submitter.errors import PortalUnavailable
from tests.browsers import browser_server, is_driver, send, some


class Server(ThreadingHTTPServer):
    """Answers everything and remembers it; /away leads elsewhere."""

    daemon_threads = True
    elsewhere = ""

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), Answer)
        self.heard: list[str] = []
        self.origin = f"http://{address}:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.heard.append(self.path)
        away = self.path == "/away"
        self.send_response(307 if away else 200)
        if away:
            self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def portal() -> Iterator[Server]:
    with Server("127.0.0.1") as server:
        yield server
        server.shutdown()


@pytest.fixture
def stranger(portal: Server) -> Iterator[Server]:
    with Server("127.0.0.2") as server:
        portal.elsewhere = f"{server.origin}/collect"
        yield server
        server.shutdown()


def closing_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def goes(context: BrowserContext, address: str) -> bool:
    page = await context.new_page()
    try:
        await page.goto(address, timeout=15_000)
    except BrowserError:
        return False
    finally:
        await page.close()
    return True


@pytest.mark.browser
@pytest.mark.parametrize("unsafe", [True, False], ids=["takes our flags", "takes no flags"])
def test_the_portal_is_reached_and_nobody_else_not_even_by_a_redirect(
    portal: Server, stranger: Server, tmp_path: Path, *, unsafe: bool
) -> None:
    async def visit(address: str) -> None:
        async with FencedBrowser({"127.0.0.1"}, endpoint=address, recycle_visits=1) as browser:
            for _ in range(2):
                context = await browser.context(frozenset({portal.origin}))
                assert await goes(context, f"{portal.origin}/here")
                assert not await goes(context, f"{stranger.origin}/directly")
                assert not await goes(context, f"{portal.origin}/away")
                assert (await context.request.get(f"{portal.origin}/asked")).ok
                await browser.leave(context)

    with browser_server(tmp_path, unsafe=unsafe) as address, capture_logs() as logged:
        asyncio.run(visit(address))
    assert portal.heard.count("/here") == portal.heard.count("/away") == portal.heard.count("/asked") == 2
    assert stranger.heard == []
    warned = [line for line in logged if "does not take our flags" in line["event"]]
    assert len(warned) == (0 if unsafe else 1), "said once, not with every browser"
    assert all(line["server"] == address.partition("/?")[0].rstrip("/") for line in warned)


@pytest.mark.browser
def test_the_route_stands_before_the_proxy_rule(portal: Server, stranger: Server, tmp_path: Path) -> None:
    """What a page asks for is refused in the context already, and said."""

    async def visit(address: str) -> None:
        async with FencedBrowser({"127.0.0.1"}, endpoint=address) as browser:
            assert not await goes(await browser.context(frozenset({portal.origin})), f"{stranger.origin}/directly")

    with browser_server(tmp_path, unsafe=False) as address, capture_logs() as logged:
        asyncio.run(visit(address))
    assert any("asked for another host" in line["event"] for line in logged)


@pytest.mark.browser
def test_a_server_that_dies_costs_the_visit_in_hand(portal: Server, tmp_path: Path) -> None:
    async def visit() -> None:
        port = closing_port()
        with browser_server(tmp_path, unsafe=True, port=port) as address:
            browser = FencedBrowser({"127.0.0.1"}, endpoint=address)
            context = await browser.context(frozenset({portal.origin}))
            assert await goes(context, portal.origin)
        with pytest.raises(BrowserError):
            await context.new_page()
        with pytest.raises(PortalUnavailable, match="cannot be reached"):
            await browser.context(frozenset({portal.origin}))
        with browser_server(tmp_path, unsafe=True, port=port):
            assert await goes(await browser.context(frozenset({portal.origin})), portal.origin)
            send(signal.SIGKILL, *some(is_driver))  # our own driver, which is here
            assert await goes(await browser.context(frozenset({portal.origin})), portal.origin)
        await browser.close()

    asyncio.run(visit())
    assert some(is_driver) == []


@pytest.mark.browser
def test_a_server_without_a_browser_that_starts_is_said(tmp_path: Path) -> None:
    async def visit(address: str) -> str:
        async with FencedBrowser({"127.0.0.1"}, endpoint=address) as browser:
            with pytest.raises(PortalUnavailable) as caught:
                await browser.context(frozenset({"http://127.0.0.1:80"}))
            return caught.value.message

    with browser_server(tmp_path, unsafe=True) as address:
        server = address.partition("/?")[0]
        for program in ("/bin/false", "/nowhere/chromium"):
            message = asyncio.run(visit(f"{server}/?launch-options=" + quote(f'{{"executablePath": "{program}"}}')))
            assert message.startswith(f"The browser server at {server} has no browser that starts: ")
        message = asyncio.run(visit(f"{server}/another-path"))
        assert (
            message.startswith(f"The browser server at {server} cannot be reached: ") and "another-path" not in message
        )


@pytest.mark.browser
def test_an_unreachable_server_is_said_without_its_password() -> None:
    secrets = ("s3cret-Horse", "the-t0ken")
    port = closing_port()
    address = f"ws://visitor:{secrets[0]}@127.0.0.1:{port}/{secrets[1]}?token={secrets[1]}"

    async def visit() -> str:
        async with FencedBrowser({"127.0.0.1"}, endpoint=address) as browser:
            with pytest.raises(PortalUnavailable) as caught:
                await browser.context(frozenset({"http://127.0.0.1:80"}))
            with pytest.raises(PortalUnavailable):
                await browser.launch()
            return str(caught.value)

    with capture_logs() as logged:
        message = asyncio.run(visit())
    assert message.startswith(f"The browser server at ws://127.0.0.1:{port} cannot be reached: connect ECONNREFUSED")
    assert not any(secret in message + str(logged) for secret in secrets)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:3000", "http://127.0.0.1:3000", "ws://", "ws://host:port/", "ws://u:pass-word@", "chromium"]
)
def test_an_address_that_is_none_is_said_without_repeating_it(address: str) -> None:
    with pytest.raises(PortalUnavailable) as caught:
        read_endpoint(address)
    assert str(caught.value) == (
        "The browser server at browsing.endpoint cannot be reached: "
        "the address must begin with ws:// or wss:// and name a host."
    )


def test_launch_options_of_the_address_are_kept_and_ours_added() -> None:
    stated = quote('{"executablePath": "/opt/chromium", "args": ["--lang=de"], "chromiumSandbox": false}')
    endpoint = read_endpoint(f"wss://u:pw-pw-pw@[::1]:9222/path?token=abc&launch-options={stated}")
    assert endpoint.shown == "wss://[::1]:9222"
    assert endpoint.address == "wss://u:pw-pw-pw@[::1]:9222/path?token=abc", "else ours would not count"
    [header] = endpoint.headers(["--disable-quic"], headed=False, sandbox=True).values()
    assert '"executablePath": "/opt/chromium"' in header and '["--lang=de", "--disable-quic"]' in header
    assert '"chromiumSandbox": false' in header and '"headless": true' in header
    with pytest.raises(PortalUnavailable, match="not a JSON object"):
        read_endpoint("ws://127.0.0.1:1/?launch-options=chromium")


def test_a_proxy_rule_names_the_hosts_and_takes_no_address_for_granted() -> None:
    rule = only_directly_to(["portal.example.com", "::1"])
    assert rule["bypass"] == "<-loopback>,[::1],portal.example.com"
