"""A site with pages that a test makes up, on this machine, and a real browser that visits it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.manifest import read_manifest
from submitter.adapters.page import Interruption, PageSpec, role
from submitter.adapters.surroundings import Surroundings
from submitter.adapters.visit import Visit
from submitter.model.account import Account

T = TypeVar("T")

START = PageSpec("Start", "/start", role("heading", "Start"))
FORM = (
    '<h1>Start</h1><form action=/next method={method} target="{target}">'
    "<label>Name<input name=name></label><button>Go</button></form>"
)
NOTHING = "There is nothing here."


def form(method: str = "get", target: str = "") -> str:
    return FORM.format(method=method, target=target)


def start(body: str, script: str = "") -> str:
    """A start page whose main part a script may change."""
    script = f"const main = document.getElementById('main');{script}"
    return f"<h1>Start</h1><main id=main>{body}</main><script>{script}</script>"


@dataclass
class Answer:
    """What the site answers; ``after`` so many seconds, its text ``late`` seconds after its head."""

    text: str = ""
    after: float = 0
    late: float = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Pages = dict[str, str | Answer]


class Site(BaseHTTPRequestHandler):
    """Pages by path: the text of each, or an answer."""

    pages: ClassVar[Pages] = {}
    posted: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        page = self.pages.get(self.path, NOTHING)
        answer = page if isinstance(page, Answer) else Answer(page)
        time.sleep(answer.after)
        body = f"<!doctype html><title>Site</title>{answer.text}".encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        time.sleep(answer.late)
        with contextlib.suppress(ConnectionError):  # the browser was closed while it waited
            self.wfile.write(body)

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode("latin-1"))
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def pages(address: str) -> Iterator[Pages]:
    Site.pages = {"/start": form()}
    Site.posted = []
    yield Site.pages


class Browsing:
    """One browser for all tests of a file, and its event loop."""

    def __init__(self, runner: asyncio.Runner, browser: FencedBrowser) -> None:
        self.runner = runner
        self.browser = browser

    def at_start(self, address: str, use: Callable[[Visit], Awaitable[T]], *shows_up: Interruption) -> T:
        """What ``use`` makes of a visit that has arrived at the start page."""

        async def run() -> T:
            async with self.visit(address, *shows_up) as visit:
                await visit.open("/start", START)
                return await use(visit)

        return self.runner.run(run())

    @asynccontextmanager
    async def visit(self, address: str, *shows_up: Interruption) -> AsyncIterator[Visit]:
        async def keep(content: bytes, name: str) -> str:
            return name

        manifest = read_manifest(Path(__file__).parent / "tiny")
        account = Account(id="tiny", customer="tiny", portal="tiny", address=address, user="u")
        context = await self.browser.context(manifest.allowed_origins(account))
        around = Surroundings(
            read_secret=str, keep_evidence=keep, copy_file=lambda _: Path(), guard=lambda: None, step_seconds=2.5
        )
        around.commit_seconds = 2.5
        try:
            yield Visit(await context.new_page(), account, manifest, around, shows_up)
        finally:
            await context.close()


@pytest.fixture(scope="module")
def browsing() -> Iterator[Browsing]:
    with asyncio.Runner() as runner:
        browser = FencedBrowser({"127.0.0.1"})
        yield Browsing(runner, browser)
        runner.run(browser.close())
