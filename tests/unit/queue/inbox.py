"""A watch folder with the program that watches it, as a process of its own."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from submitter.queue.office import open_office
from submitter.store import submissions
from tests.unit.documents.papers import hybrid, page

CUSTOMER = """
name = "Tejas Resources"
aliases = ["Tejas"]
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
[rules]
oldest_days = 100000
"""
SETTINGS = """
[watching]
look_seconds = 0.1
settle_seconds = 1
wait_minutes = {wait}
again_seconds = 0.5
"""
HEAD = "file,invoice_number,customer,po_number"
PROGRAM = (sys.executable, "-c", "from submitter.cli.main import run; run()")


class Inbox:
    """The folder, the home of the program that watches it, and what the program said."""

    def __init__(self, tmp_path: Path, wait_minutes: float = 0.05) -> None:
        self.folder = tmp_path / "inbox"
        self.folder.mkdir()
        self.home = tmp_path / "home"
        (self.home / "config" / "customers").mkdir(parents=True)
        (self.home / "config" / "customers" / "tejas-resources.toml").write_text(CUSTOMER)
        (self.home / "config" / "submitter.toml").write_text(SETTINGS.format(wait=wait_minutes))
        self._said = tmp_path / "said.txt"
        self._before = 0  # what was said by those that ran before this one
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        command = (*PROGRAM, "--home", str(self.home), "intake", "--watch", str(self.folder))
        self._before = len(self.said)
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, once it says that it listens; the exit code."""
        assert self._process is not None
        self.wait_until(lambda: "Watching " in self.said[self._before :])
        self._process.send_signal(number)
        return self._process.wait(60)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def said(self) -> str:
        words = self._said.read_text(encoding="utf-8") if self._said.exists() else ""
        assert "Traceback" not in words, words
        assert not (self.home / "data" / "errors.log").exists(), words
        return words

    def wait_until(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"it did not come to that; lying there: {self.lying}; said: {self.said}"
            assert self._process is None or self._process.poll() is None, self.said
            time.sleep(0.05)

    @property
    def lying(self) -> list[str]:
        """All files in the folder but those of the program itself, as paths without the day."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        named = (path.parts for path in found if not path.name.startswith(".submitter"))
        return sorted("/".join(p[:1] + p[2:] if p[0] in ("done", "blocked") else p) for p in named)

    def hashes(self) -> Counter[str]:
        """How often each content lies there."""
        found: Counter[str] = Counter()
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.name.startswith(".submitter"):
                with suppress(FileNotFoundError):
                    found[hashlib.sha256(path.read_bytes()).hexdigest()] += 1
        return found

    def queued(self) -> list[str]:
        """The invoice numbers in the database."""
        office = open_office(self.home)
        try:
            with office.database.reading() as c:
                return sorted(row.invoice_number for row in submissions.listing(c, [], None))
        finally:
            office.close()


def deliver(
    place: Path, *numbers: str, listed: bool = True, pods: bool = True, but: Mapping[str, bytes | None] | None = None
) -> None:
    """Invoices with their proofs and a list, the list last, as a careful ERP does it.

    ``but`` puts other files in place of these, or none; what is watched must never lie there half as a test wants it.
    All of it is made before the first file is written: making a PDF may take as long as files need to settle.
    """
    files: dict[str, bytes | None] = {}
    for number in numbers:
        files[f"{number}.pdf"] = hybrid(number)
        if pods:
            files[f"ticket {number}.pdf"] = page(f"Delivered for {number}", "Purchase order TR-45017")
    rows = [f"{number}.pdf,{number},Tejas,TR-45017" for number in numbers]
    files |= {"invoices.csv": "\n".join((HEAD, *rows, "")).encode()} if listed else {}
    files |= but or {}
    place.mkdir(exist_ok=True)
    for name, data in sorted(files.items(), key=lambda file: file[0] == "invoices.csv"):
        if data is not None:
            (place / name).write_bytes(data)
