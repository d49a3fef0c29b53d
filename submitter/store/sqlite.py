"""What only SQLite needs: its pragmas, its way of beginning a transaction, a local disk, its append-only triggers."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from submitter.errors import ConfigurationError

OLDEST = (3, 35)  # the first that gives back the key of a row it inserts
BUSY_SECONDS = 30  # how long a transaction waits for another program's to end
MOUNTS = Path("/proc/self/mountinfo")

#: File systems on which another machine's locks are not seen, or not in time.
NETWORK_FILE_SYSTEM = re.compile(
    r"(fuse\.)?(acfs|afs|beegfs|ceph|cifs|coda|curlftpfs|davfs2?|gcsfuse|gfs2?|glusterfs|goofys|gpfs|juicefs|lustre|mfs|"
    r"moosefs|ncpfs|nfs4?|ocfs2|orangefs|panfs|pvfs2|rclone|s3fs|seaweedfs|smb[23]|smbfs|smbnetfs|sshfs)"
)


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the WAL-reset fix; before it, commits could be lost with two connections.

    Fixed in 3.51.3 and in the backports 3.50.7 and 3.44.6 (sqlite.org, WAL-reset bug).
    """
    return (
        version >= (3, 51, 3)
        or (version[:2] == (3, 50) and version[2] >= 7)
        or (version[:2] == (3, 44) and version[2] >= 6)
    )


def engines(url: URL) -> tuple[Engine, Engine]:
    """One that writes and one for pure reading; their folder is made, and must lie on a disk of this machine."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise ConfigurationError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}; submitter needs {'.'.join(map(str, OLDEST))}."
        )
    refuse_network_file_system(prepare_file(url), _mounts())
    writing, reading = create_engine(url), create_engine(url)
    prepare_engine(writing, writing=True)
    prepare_engine(reading, writing=False)
    return writing, reading


def prepare_engine(engine: Engine, *, writing: bool) -> None:
    """Durable commits, foreign keys, and for writers BEGIN IMMEDIATE.

    With a plain BEGIN a read that later writes fails with "database is locked" in spite of the busy time-out
    (363 of 800 in four threads); with IMMEDIATE none did. Never synchronous=NORMAL: in WAL a power cut may then drop
    the last commits, and a dropped `committing` is an invoice sent twice.
    """
    safe = wal_is_safe(sqlite3.sqlite_version_info[:3])
    mode, synchronous = ("WAL", "FULL") if safe else ("DELETE", "EXTRA")
    pragmas = [
        f"busy_timeout={BUSY_SECONDS * 1000:.0f}",
        f"journal_mode={mode}",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
    ]
    if not writing:
        pragmas.append("query_only=ON")  # as PostgreSQL's reading transactions are

    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we begin our transactions ourselves
        for pragma in pragmas:
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def prepare_file(url: URL) -> Path:
    """Make the folder the file lies in, readable by its owner alone; where the file really lies."""
    name = url.database
    if not name or name == ":memory:":
        raise ConfigurationError("The database must be a file: work that is lost with the process is no queue.")
    folder = Path(name).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(name).resolve()
    except OSError as error:
        raise ConfigurationError(f"The data folder {folder} cannot be made: {error.strerror}.") from error


def refuse_network_file_system(file: Path, mounts: str) -> None:
    """ConfigurationError when the file lies on another machine's disk. ``mounts``: as /proc/self/mountinfo says."""
    found = mounted_at(file, mounts)
    if found is not None and NETWORK_FILE_SYSTEM.fullmatch(found[0]):
        raise ConfigurationError(
            f"The database file lies on a network file system ({found[0]} at {found[1]}); SQLite would lose or double "
            "work there. Put data/ on a local disk, or use PostgreSQL: see docs/operations.md."
        )


def mounted_at(path: Path, mounts: str) -> tuple[str, str] | None:
    """The type and the place of the file system that holds this path; None where the list does not tell.

    A line is: id parent device root place options [tags ...] - type source options (proc_pid_mountinfo(5)). Of two
    mounts at one place the later one counts.
    """
    best: tuple[str, Path] | None = None
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        if not dash or len(before.split()) < 5 or not after.split():
            continue
        place = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4]))
        if path.is_relative_to(place) and (best is None or len(place.parts) >= len(best[1].parts)):
            best = after.split()[0], place
    return None if best is None else (best[0], str(best[1]))


def _mounts() -> str:
    try:
        return MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""  # not Linux


def now(_c: Connection) -> datetime:
    """This machine's clock; there is no other one."""
    return datetime.now(UTC)


def begin_migration(c: Connection) -> None:
    """Nothing more to do: BEGIN IMMEDIATE lets one in at a time."""


def append_only_statements(table: str) -> list[str]:
    return [
        f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]
