"""What only SQLite needs: its pragmas, its way of beginning a transaction, its append-only triggers."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url

from submitter.errors import ConfigurationError


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the WAL-reset fix; before it, commits could be lost with two connections.

    Fixed in 3.51.3 and in the backports 3.50.7 and 3.44.6 (sqlite.org, WAL-reset bug).
    """
    return (
        version >= (3, 51, 3)
        or (version[:2] == (3, 50) and version[2] >= 7)
        or (version[:2] == (3, 44) and version[2] >= 6)
    )


def prepare_engine(engine: Engine, *, writing: bool) -> None:
    """Durable commits, foreign keys, and for writers BEGIN IMMEDIATE.

    With a plain BEGIN a read that later writes fails with "database is locked" in spite of the busy time-out
    (363 of 800 in four threads); with IMMEDIATE none did. Never synchronous=NORMAL: in WAL a power cut may then drop
    the last commits, and a dropped `committing` is an invoice sent twice.
    """
    safe = wal_is_safe(sqlite3.sqlite_version_info[:3])
    mode, synchronous = ("WAL", "FULL") if safe else ("DELETE", "EXTRA")

    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we begin our transactions ourselves
        for pragma in ("busy_timeout=30000", f"journal_mode={mode}", f"synchronous={synchronous}", "foreign_keys=ON"):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def prepare_folder(url: str) -> None:
    """Make the folder the file lies in, readable by its owner alone."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ConfigurationError("The database must be a file: work that is lost with the process is no queue.")
    try:
        Path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"The data folder {Path(name).parent} cannot be made: {error.strerror}.") from error


def append_only_statements(table: str) -> list[str]:
    return [
        f'CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]
