"""A database that is locked, full or only to be read: one sentence that says what to do, and exit code 1."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from submitter.queue.office import open_office
from submitter.store import sqlite
from submitter.store.database import trouble

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
"""
PROGRAM = "from submitter.cli.main import run\nrun()\n"
#: Root may write everywhere; so it becomes nobody, after a first call has loaded what nobody may not read.
AS_NOBODY = """
import contextlib, io, os, sys
from submitter.cli.main import call
if os.geteuid() == 0:
    with contextlib.redirect_stdout(io.StringIO()):
        call([*sys.argv[1:3], "account", "list"])
    os.setgroups([]); os.setegid(65534); os.seteuid(65534)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Not below pytest's own folder, which nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        home = Path(folder)
        customers = home / "config" / "customers"
        customers.mkdir(parents=True)
        (customers / "tejas-resources.toml").write_text(CUSTOMER)
        open_office(home).close()
        for path in (home, *home.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield home


def pause(home: Path, *, before: str = "") -> subprocess.CompletedProcess[str]:
    """A command that writes, as a person calls it."""
    command = ["--home", str(home), "account", "pause", "tejas-resources", "--reason", "holiday"]
    return subprocess.run(
        [sys.executable, "-c", before + PROGRAM, *command],
        env={**os.environ, "HOME": str(home), "SUBMITTER_PERSON": "clerk"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def is_one_sentence(done: subprocess.CompletedProcess[str], expected: str) -> None:
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(rf"Error: The database (cannot be opened|failed): {expected}\.\n", done.stderr), done.stderr


@pytest.fixture
def locked(home: Path) -> Iterator[None]:
    with closing(sqlite3.connect(home / "data" / "submitter.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@pytest.mark.usefixtures("locked")
def test_a_database_that_another_program_holds(home: Path) -> None:
    short = f"import {sqlite.__name__} as sqlite\nsqlite.BUSY_SECONDS = 0.2\n"
    is_one_sentence(pause(home, before=short), r"database is locked \(another program has been writing .+\)")


def test_a_database_that_may_only_be_read(home: Path) -> None:
    (home / "data" / "submitter.sqlite").chmod(0o444)
    is_one_sentence(
        pause(home, before=AS_NOBODY), r"attempt to write a readonly database \(its file or folder may only be read.+\)"
    )


def test_a_database_that_this_user_may_not_open(home: Path) -> None:
    (home / "data" / "submitter.sqlite").chmod(0o000)
    is_one_sentence(pause(home, before=AS_NOBODY), r"unable to open database file \(.+\)")


def test_a_database_that_fails_after_it_was_opened(home: Path) -> None:
    with closing(sqlite3.connect(home / "data" / "submitter.sqlite")) as other, other:
        other.execute("DROP TABLE audit")
    is_one_sentence(pause(home), "no such table: audit")
    assert not (home / "data" / "errors.log").exists()


def test_what_our_own_code_did_wrong_is_not_called_trouble_of_the_machine() -> None:
    assert trouble(IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))) is None
    assert trouble(ValueError("database is locked")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file sizes")
def test_a_disk_that_is_full(home: Path) -> None:
    """A limit on the size of files stands for the full disk: SQLite hears the same, that a page cannot be written."""
    path = home / "data" / "submitter.sqlite"
    full = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))\n"
    )
    before = path.read_bytes()
    is_one_sentence(pause(home, before=full), r"(disk I/O error|database or disk is full) \(.+\)")
    assert path.read_bytes() == before
    assert pause(home).returncode == 0, "when there is room again, it goes on"


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root can make a small disk")
def test_a_disk_that_is_really_full(home: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        shutil.move(home / "data" / "submitter.sqlite", small / "submitter.sqlite")
        (home / "data" / "submitter.sqlite").symlink_to(small / "submitter.sqlite")
        with (small / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):
            while True:
                ballast.write(b"0" * 4096)
        is_one_sentence(pause(home), r"database or disk is full \(make room on that disk.+\)")
        (small / "ballast").unlink()
        assert pause(home).returncode == 0
    finally:
        subprocess.run(["umount", small], check=True)
