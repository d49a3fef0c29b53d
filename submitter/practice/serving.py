"""Puts a practice portal on the loopback address of this machine, and nowhere else.

Every practice portal shares this: an address that only this machine can reach, an announcement once connections are
really accepted, answers that can be dropped in mid-air, and an end that comes with the program that started it.
"""

import asyncio
import ctypes
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Generic, Protocol, TypeVar

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

LOOPBACK = "127.0.0.1"

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_transports: dict[tuple[str, int], asyncio.Transport] = {}

# When an answer was dropped last, by the cookies, the method and the path of its request.
_dropped: dict[tuple[str, str, bytes], float] = {}
RESENT_WITHIN_SECONDS = 0.5


class NotThisMachine(ValueError):
    """A practice portal is served on 127.0.0.1 only: it has no defences for a network. Leave the host out."""


@dataclass(frozen=True)
class Announcement:
    """What the starter of a portal needs to know, printed as one JSON line once connections are accepted."""

    portal: str
    url: str
    buyer_token: str
    pid: int

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 that remembers its connections, so that an answer can be dropped without a byte being sent."""

    _peer: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host, port = transport.get_extra_info("peername")[:2]
        self._peer = (host, port)
        _transports[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._peer is not None:
            _transports.pop(self._peer, None)
        super().connection_lost(exc)


class NoAnswer(Response):
    """Closes the connection instead of answering, after holding it for some seconds."""

    def __init__(self, hold_seconds: float = 0) -> None:
        super().__init__()
        self.hold_seconds = hold_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hold_seconds:
            await asyncio.sleep(self.hold_seconds)
        _forget_old_drops()
        _dropped[_request_key(scope)] = time.monotonic()
        transport = _transports.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass  # the rest of the request, which nobody reads


def is_sent_again_by_browser(request: Request) -> bool:
    """Whether a browser repeats, unasked, a request whose answer was dropped a moment ago.

    Chromium sends a request again by itself, a POST too, when a connection that it had opened in advance or used
    before closes without an answer. The person, or the program driving the browser, never learns of it.
    """
    at = _dropped.get(_request_key(request.scope))
    return "sec-fetch-mode" in request.headers and at is not None and time.monotonic() - at < RESENT_WITHIN_SECONDS


def _request_key(scope: Scope) -> tuple[str, str, bytes]:
    cookies = b"".join(value for name, value in scope["headers"] if name == b"cookie")
    return cookies.decode("latin-1"), scope["method"], scope["raw_path"]


def _forget_old_drops() -> None:
    now = time.monotonic()
    for key in [key for key, at in _dropped.items() if now - at >= RESENT_WITHIN_SECONDS]:
        del _dropped[key]


class OfficeHeaders:
    """Adds the headers that every answer carries, and closes the connection after each unless told otherwise."""

    def __init__(self, app: ASGIApp, keep_alive: Callable[[], bool]) -> None:
        self.app = app
        self.keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PAGE_HEADERS.items():
                    headers.setdefault(name, value)
                if not self.keep_alive():
                    headers["Connection"] = "close"
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class AnnouncingServer(uvicorn.Server):
    """Tells its starter the address once, and only when connections are really accepted."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.announce()


def new_token() -> str:
    """A token for the buyer's side when the starter named none."""
    return secrets.token_urlsafe(24)


def open_loopback_socket(port: int, host: str = LOOPBACK) -> socket.socket:
    """Takes the port (0 = any free one) on this machine's own address."""
    if host not in (LOOPBACK, "localhost"):
        raise NotThisMachine(f"{NotThisMachine.__doc__} (asked for {host!r})")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    return listener


def serve_portal(
    app: ASGIApp,
    *,
    portal: str,
    listener: socket.socket,
    buyer_token: str,
    with_parent: bool = False,
    announce: Callable[[Announcement], None] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, or until the starter is gone when `with_parent` is set."""
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    announcement = Announcement(portal, url, buyer_token, os.getpid())
    say = announce or print_announcement
    config = uvicorn.Config(
        app,
        http=DroppableProtocol,
        ws="none",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = AnnouncingServer(config, lambda: say(announcement))
    if with_parent:
        end_with_parent(server)
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again after its clean end; without this the process would still die of it.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _already_stopped)
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()


class OpenPortal(Protocol):
    """A portal whose books are open."""

    buyer_token: str

    def close(self) -> None: ...


P = TypeVar("P", bound=OpenPortal)


@dataclass(frozen=True)
class PracticePortal(Generic[P]):
    """One practice portal: how its books in a folder are opened, and its pages over them."""

    name: str
    opened: Callable[[Path, str, bool], P]
    build_app: Callable[[P], ASGIApp]

    def serve(
        self,
        folder: Path,
        *,
        port: int = 0,
        host: str = LOOPBACK,
        buyer_token: str | None = None,
        fixed_clock: bool = False,
        with_parent: bool = False,
        announce: Callable[[Announcement], None] | None = None,
    ) -> None:
        """Serves it out of a folder until it is told to stop; `announce` learns the address (default: printed)."""
        listener = open_loopback_socket(port, host)
        portal = self.opened(folder, buyer_token or new_token(), fixed_clock)
        try:
            serve_portal(
                self.build_app(portal),
                portal=self.name,
                listener=listener,
                buyer_token=portal.buyer_token,
                with_parent=with_parent,
                announce=announce,
            )
        finally:
            portal.close()


def print_announcement(announcement: Announcement) -> None:
    """One line on standard output; everything else goes to standard error."""
    sys.stdout.write(announcement.as_json() + "\n")
    sys.stdout.flush()


def end_with_parent(server: uvicorn.Server) -> None:
    """Stops the server when the process that started it is gone, whatever it died of."""
    parent = os.getppid()
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)

    def watch() -> None:
        # The kernel's signal follows the starting *thread*; this follows the process, and works elsewhere too.
        while not server.should_exit:
            if os.getppid() != parent:
                server.should_exit = True
                return
            time.sleep(0.25)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _already_stopped(number: int, frame: FrameType | None) -> None:
    """The server has ended in good order; there is nothing left to interrupt."""
