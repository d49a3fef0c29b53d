"""A practice portal in a process of its own, and its buyer's side over plain HTTP: for the demo and for tests."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

PORTALS = ("fieldgate", "cobalt", "ledgerline", "meridian")  # those that can be started


class BuyerRefused(Exception):
    """The buyer's side answered with an error; its words are the message."""


@dataclass(frozen=True)
class Buyer:
    """What the customer's people do at the portal."""

    url: str
    token: str
    pid: int = 0

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the buyer's API below /buyer/api."""
        request = Request(  # noqa: S310  always our own loopback address
            f"{self.url}/buyer/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Buyer-Token": self.token, "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            with error:
                raise BuyerRefused(error.read().decode("utf-8", "replace")) from None

    def add_login(self, user: str, password: str, supplier_name: str, **more: Any) -> None:
        self.ask("POST", "/logins", {"user": user, "password": password, "supplier_name": supplier_name, **more})

    def add_order(self, order: Mapping[str, Any]) -> None:
        self.ask("POST", "/orders", order)

    def invoices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", "/invoices")["invoices"]
        return found

    def set_status(self, confirmation: str, status: str, **more: Any) -> None:
        self.ask("POST", f"/invoices/{quote(confirmation)}/status", {"status": status, **more})

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """What the portal has sent by e-mail since it was started, oldest first; codes among it."""
        found: list[dict[str, Any]] = self.ask("GET", f"/mails?to={quote(to)}")["mails"]
        return found

    def ledger(self) -> dict[str, Any]:
        """Every invoice the portal ever accepted, with the SHA-256 of every file it received."""
        found: dict[str, Any] = self.ask("GET", "/ledger")
        return found

    def arm(self, kind: str, **more: Any) -> None:
        """Switch a fault on: it strikes the next matching request of the supplier's."""
        self.ask("POST", "/faults", {"kind": kind, **more})

    def let_time_pass(self, seconds: float) -> None:
        """What the portal has yet to list has waited this much longer."""
        self.ask("POST", "/clock", {"seconds": seconds})

    def settings(self, **changes: Any) -> None:
        self.ask("PUT", "/settings", changes)


@contextmanager
def running_portal(portal: str, folder: Path, port: int = 0) -> Iterator[Buyer]:
    """A practice portal in its own process, which ends with this block, or with us if we die first."""
    process = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, "-m", "submitter.practice", portal, "--with-parent"),
            *("--folder", str(folder), "--port", str(port)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            raise BuyerRefused("The practice portal did not start.")
        said = json.loads(line)
        yield Buyer(said["url"], said["buyer_token"], process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def running_fieldgate(folder: Path, port: int = 0) -> Iterator[Buyer]:
    with running_portal("fieldgate", folder, port) as buyer:
        yield buyer
