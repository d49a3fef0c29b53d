"""One practice portal that can be killed and started again on the same port, with the same books."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from submitter.practice.buyer import Buyer
from tests.chaos.processes import die_with_parent

TOKEN = "chaos-buyer"


class PortalProcess:
    """Fieldgate, careless: it books every invoice as often as it is sent, and lets Chromium send a click again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.buyer = Buyer("", TOKEN)
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Ready to answer when this returns."""
        if self.is_up:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "portal.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "submitter.practice", "fieldgate", "--with-parent"),
                    *("--folder", str(self.folder), "--port", str(self.port), "--buyer-token", TOKEN),
                ],
                stdout=subprocess.PIPE,
                stderr=log,  # browsers that are killed in the middle of a request make it complain
                text=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads here)
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the practice portal did not start")
        self.buyer = Buyer(json.loads(line)["url"], TOKEN, self._process.pid)
        self.port = int(self.buyer.url.rsplit(":", 1)[1])

    def end(self, *, kill: bool) -> None:
        """From now on connections are refused."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
