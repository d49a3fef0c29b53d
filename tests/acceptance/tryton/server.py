"""A Tryton server in a process of its own, on loopback, with a database of this test's own, and the buyer's desk."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.acceptance.tryton.installation import DATABASE, HERE, Installation

_START_SECONDS = 60.0


class DeskRefused(Exception):
    """What Tryton said to the buyer."""


@dataclass
class Tryton:
    """A running server, seen from the buyer's side."""

    url: str
    desk: subprocess.Popen[str]
    log: Path

    def do(self, command: str, **given: Any) -> Any:
        """One command of ``desk.py``."""
        assert self.desk.stdin is not None and self.desk.stdout is not None
        self.desk.stdin.write(json.dumps({"do": command, **given}) + "\n")
        self.desk.stdin.flush()
        answer = json.loads(self.desk.stdout.readline() or '{"error": "the desk is closed"}')
        if "error" in answer:
            raise DeskRefused(answer["error"])
        return answer["result"]

    def ledger(self, **like: str) -> list[dict[str, Any]]:
        """Every supplier invoice that has these values, with what the server holds of it."""
        return [one for one in self.do("ledger") if all(one[key] == value for key, value in like.items())]

    def refused_passwords(self) -> int:
        """How many passwords the server has refused."""
        return self.log.read_text(errors="replace").count("login failed for ")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(URLError, ConnectionError, TimeoutError), urlopen(f"{url}/", timeout=5):  # noqa: S310
            return
        time.sleep(0.1)
    raise RuntimeError(f"Tryton did not start: {log.read_text(errors='replace')[-600:]}")


@contextmanager
def running(installation: Installation, folder: Path) -> Iterator[Tryton]:
    """A server on a copy of the clean database; both are gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(installation.clean_database, folder / f"{DATABASE}.sqlite")
    port = _free_port()
    configuration = installation.write_configuration(folder, port)
    url, log = f"http://127.0.0.1:{port}", folder / "log.txt"
    program = [installation.python.parent / "trytond", "-c", configuration, "-d", DATABASE]
    with log.open("wb") as output:
        server = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder)
    try:
        _wait_until_it_answers(url, server, log)
        desk = subprocess.Popen(
            [installation.python, HERE / "desk.py", configuration, DATABASE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Tryton(url, desk, log)
        finally:
            desk.communicate(timeout=20)
    finally:
        server.terminate()
        server.wait(60)
