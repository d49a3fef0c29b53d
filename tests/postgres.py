"""PostgreSQL for tests: the server that SUBMITTER_TEST_POSTGRES_URL names, or one of the tests' own.

Their own one listens on a socket in a private folder and nowhere else. A waiting shell holds the other end of a pipe to
us: when this process ends, however it ends, the pipe breaks and the shell stops the server and removes the folder.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from submitter.store import postgresql
from submitter.store.database import Database

VARIABLE = "SUBMITTER_TEST_POSTGRES_URL"
NAMED = os.environ.get(VARIABLE)  # read once: the tests take every variable of ours out of their environment
PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")
NEEDED = ("initdb", "postgres", "pg_ctl")
UNPRIVILEGED = ("postgres", "nobody")  # who runs the server when root runs the tests; it refuses to run as root
LONGEST_FOLDER = 40  # a socket's whole path may have about a hundred characters

#: Another zone than UTC, because no result may depend on where the server believes to be.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
timezone = 'America/Chicago'
max_connections = 60
shared_buffers = 32MB
"""
QUICK = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""
REAPER = 'cat >/dev/null; "$0" -D "$1/data" -m immediate -w -t 20 stop; rm -rf "$1"'


class NoServer(Exception):
    """Why there is no PostgreSQL here."""


def programs() -> Path:
    """The folder with the server's programs: the one in the PATH, else the newest of the usual places."""
    found = shutil.which("pg_ctl")
    candidates = [Path(found).resolve().parent] if found else []
    for place in PLACES:
        candidates += sorted(Path("/").glob(place[1:]), key=_version, reverse=True)
    for folder in candidates:
        if all((folder / name).is_file() for name in NEEDED):
            return folder
    raise NoServer(f"no PostgreSQL: {VARIABLE} is not set, and initdb and pg_ctl are not installed")


def why_there_is_none() -> str | None:
    """None where a server is named, or can be started as far as can be seen without trying."""
    try:
        if not NAMED:
            programs()
    except NoServer as why:
        return str(why)
    return None


def _version(folder: Path) -> int:
    return int("".join(c for c in str(folder) if c.isdigit()) or 0)


class Server:
    """A server of our own. ``durable``: it writes as a real one does, for tests that kill it."""

    def __init__(self, *, durable: bool = False) -> None:
        if os.name != "posix":
            raise NoServer(f"no PostgreSQL: {VARIABLE} is not set")
        self._programs = programs()
        self._as: dict[str, Any] = _unprivileged() if os.geteuid() == 0 else {}
        own = Path(tempfile.gettempdir())
        parent = own if len(str(own)) < LONGEST_FOLDER and not self._as else Path("/tmp")  # noqa: S108
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent))
        if self._as:
            shutil.chown(self.folder, self._as["user"], self._as["group"])
        self._reaper = subprocess.Popen(
            ["sh", "-c", REAPER, self._programs / "pg_ctl", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self.folder,
            **self._as,
        )
        try:
            who = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
            self._call("initdb", "-D", str(self._data), "-N", *who)
            with (self._data / "postgresql.conf").open("a") as file:
                file.write(SETTINGS.format(folder=self.folder) + ("" if durable else QUICK))
            self.start()
        except NoServer:
            self.close()
            raise

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def _call(self, program: str, *arguments: str) -> None:
        output = self.folder / f"{program}.txt"
        with output.open("wb") as file:
            done = subprocess.run(
                [self._programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                timeout=120,
                check=False,
                **self._as,
            )
        if done.returncode:
            words = " ".join(output.read_text(errors="replace").split())[-400:]
            raise NoServer(f"no PostgreSQL: {program} failed: {words}")

    def _control(self, *arguments: str) -> None:
        self._call("pg_ctl", "-D", str(self._data), "-w", "-t", "60", *arguments)

    def start(self) -> None:
        self._control("-l", str(self.folder / "log.txt"), "start")

    def stop(self) -> None:
        """As a power cut would: nobody is waited for."""
        self._control("-m", "immediate", "stop")

    def restart(self) -> None:
        self._control("-m", "immediate", "-l", str(self.folder / "log.txt"), "restart")

    def ask_for_passwords(self, user: str) -> None:
        """Everybody is trusted on the private socket but this user."""
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        self._control("reload")

    def close(self) -> None:
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait(60)


def _unprivileged() -> dict[str, Any]:
    import pwd  # noqa: PLC0415 (Windows has none)

    for name in UNPRIVILEGED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServer(f"no PostgreSQL: it refuses to run as {getpass.getuser()}, and nobody else is there to run it")


class Databases:
    """Databases on one server, each for one test; what a killed run of this machine left behind goes first."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._prefix = f"submitter_test_{sha256(socket.gethostname().encode()).hexdigest()[:8]}_"
        self._numbers = count(1)
        self._template = ""
        try:
            for (name,) in self._do("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", self._prefix):
                if not _alive(int(name.removeprefix(self._prefix).split("_")[0])):
                    self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        except psycopg.Error as error:
            raise NoServer(f"no PostgreSQL: {VARIABLE} names one that does not answer ({error})") from error

    def _do(self, statement: str, *values: object) -> list[Any]:
        with psycopg.connect(postgresql.conninfo(self._url), autocommit=True) as connection:
            done = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []

    def _create(self, template: str = "") -> str:
        name = f"{self._prefix}{os.getpid()}_{next(self._numbers)}"
        self._do(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a database without tables; it is gone afterwards."""
        yield from self._lent(self._create())

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The address of a database with all tables, copied from one that was migrated once."""
        if not self._template:
            name = self._create()
            database = Database(self._address(name))
            database.migrate()
            database.close()
            self._template = name
        yield from self._lent(self._create(self._template))

    def _lent(self, name: str) -> Iterator[str]:
        try:
            yield self._address(name)
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        if self._template:
            self._drop(self._template)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def databases() -> Iterator[Databases]:
    """Databases on the named server, else on one that lives as long as this block. NoServer where neither is there."""
    if NAMED:
        found = Databases(NAMED)
        yield found
        found.close()
        return
    server = Server()
    try:
        yield Databases(server.url)
    finally:
        server.close()
