"""Tryton on this machine: its server and its web client, installed once and kept below ``.venv-tryton``.

Tryton is somebody else's program under the GPL: it is fetched as published and run as it is, in a Python
environment and processes of its own, and nothing of it is part of this project.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[2] / ".venv-tryton"
RELEASES = ("8.0", "7.0")
DATABASE = "tryton"
CONFIGURATION = """
[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
root = {client}
[session]
authentications = password
[password]
length = 8
"""
#: All of it together, installation included; a machine that needs longer has something else to do.
MOST_SECONDS = 420.0


class NotInstallable(Exception):
    """Why there is no Tryton here."""


@dataclass(frozen=True)
class Installation:
    """One release, with a database that holds a company and its people, and nobody's invoices."""

    release: str

    @property
    def folder(self) -> Path:
        return KEPT / self.release

    @property
    def python(self) -> Path:
        return self.folder / "server" / "bin" / "python"

    @property
    def client(self) -> Path:
        return self.folder / "client" / "node_modules" / "tryton-sao"

    @property
    def clean_database(self) -> Path:
        return self.folder / f"clean-{self._prints('filling.py')}.sqlite"

    def make(self) -> None:
        """Install what is not there yet. NotInstallable says what is missing, or what went wrong."""
        if self.release not in RELEASES:
            raise NotInstallable(f"no Tryton: {self.release!r} is none of the releases {', '.join(RELEASES)}")
        if shutil.which("npm") is None:
            raise NotInstallable("no Tryton: its web client needs npm, which is not installed")
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + MOST_SECONDS
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes want it at the same moment
            self._once("server", ("server.txt",), self._install_server, deadline)
            self._once("client", ("package.json", "package-lock.json"), self._install_client, deadline)
            if not self.clean_database.is_file():
                self._fill(deadline)

    def write_configuration(self, folder: Path, port: int) -> Path:
        path = folder / "trytond.conf"
        path.write_text(CONFIGURATION.format(folder=folder, port=port, client=self.client))
        return path

    def _prints(self, *names: str) -> str:
        """A fingerprint of these files of ours: what was made from others is made anew."""
        places = [HERE / self.release / name for name in names if not name.endswith(".py")]
        places += [HERE / name for name in names if name.endswith(".py")]
        return hashlib.sha256(b"".join(place.read_bytes() for place in places)).hexdigest()[:12]

    def _once(self, part: str, locks: tuple[str, ...], install: object, deadline: float) -> None:
        mark = self.folder / f"{part}-{self._prints(*locks)}.ready"
        if mark.is_file():
            return
        shutil.rmtree(self.folder / part, ignore_errors=True)
        for made in self.folder.glob("clean-*"):
            made.unlink()
        assert callable(install)
        install(deadline)
        mark.touch()

    def _install_server(self, deadline: float) -> None:
        place = self.folder / "server"
        self._run([sys.executable, "-m", "venv", place], deadline)
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        self._run([*pip, "--require-hashes", "--requirement", HERE / self.release / "server.txt"], deadline)

    def _install_client(self, deadline: float) -> None:
        place = self.folder / "client"
        place.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / self.release / name, place)
        npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        self._run([*npm, "--prefix", place], deadline)
        link = self.client / "node_modules"  # where the client's own page looks for what npm has put beside it
        if not link.exists():
            link.symlink_to("..")

    def _fill(self, deadline: float) -> None:
        """A fresh database with all modules and the buyer's people; it is copied for each server that is started."""
        work = self.folder / "filling"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        configuration = self.write_configuration(work, 1)
        (work / f"{DATABASE}.sqlite").touch()
        (work / "password").write_text("admin-Secret-2024!\n")
        (work / "password").chmod(0o600)
        admin = [self.python.parent / "trytond-admin", "-c", configuration, "-d", DATABASE]
        modules = ["-u", "account_invoice", "purchase", "--activate-dependencies", "--email", "admin@buyer.invalid"]
        self._run([*admin, *modules], deadline, TRYTONPASSFILE=str(work / "password"))
        self._run([self.python, HERE / "filling.py", configuration, DATABASE], deadline)
        shutil.move(work / f"{DATABASE}.sqlite", self.clean_database)
        shutil.rmtree(work)

    def _run(self, command: list[str | Path], deadline: float, **environment: str) -> None:
        """One program, within what is left of the time. NotInstallable with its last words."""
        output = self.folder / "output.txt"
        with output.open("wb") as file:
            try:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=os.environ | environment,
                    timeout=max(deadline - time.monotonic(), 1),
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                name = Path(command[0]).name
                raise NotInstallable(f"no Tryton: {name} was not done after {MOST_SECONDS:g} s in all") from error
        if done.returncode:
            words = " ".join(output.read_text(errors="replace").split())[-300:]
            raise NotInstallable(f"no Tryton: {Path(command[0]).name} failed: {words}")
