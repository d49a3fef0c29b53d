"""A portal's place taken on this machine: what the browser asks arrives here whole, uploaded bytes and all.

A route of Playwright's sees neither the bytes of an upload nor any field of a form that has one, and nothing of what
Playwright's own client sends, as the sending click does. A server sees what a portal would see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One question as it came. Names of headers are in lower case."""

    origin: int
    method: str
    target: str  # path and query as they were written
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def is_for(self) -> str:
        """What the browser wants it for (Sec-Fetch-Dest): document, iframe, script, style, image; empty for data."""
        wanted = self.headers.get("sec-fetch-dest", "")
        return "" if wanted == "empty" else wanted


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_lost: bool = False  # the connection is closed without a word


@dataclass
class Loopback:
    """Servers on the loopback address, one for each origin that takes part."""

    answer: Callable[[Asked], Answer]
    origins: int = 1
    addresses: list[str] = field(default_factory=list)
    _servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def __enter__(self) -> Loopback:
        for number in range(self.origins):
            server = ThreadingHTTPServer((HOST, 0), partial(_Connection, self.answer, number))
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
            self._servers.append(server)
            self.addresses.append(f"http://{HOST}:{server.server_port}")
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, at once: in two, each answer waits 40 ms for the first to be confirmed
    disable_nagle_algorithm = True

    def __init__(self, answer: Callable[[Asked], Answer], origin: int, *given: object) -> None:
        self._answer, self._origin = answer, origin
        super().__init__(*given)  # type: ignore[arg-type]

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self._answer(Asked(self._origin, self.command, self.path, headers, body))
        if answer.is_lost:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _take  # noqa: N815

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the browser was closed, or has gone elsewhere
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked for may hold what a log must not."""
