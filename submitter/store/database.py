"""Opening the database: SQLite by default, PostgreSQL by address, migrated to the version this program knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from submitter.errors import ConfigurationError
from submitter.redaction import redactor
from submitter.store import machines, postgresql, sqlite


class Dialect(Protocol):
    """What sqlite.py and postgresql.py each do in their own way; everything else is one code for both."""

    def engines(self, url: URL) -> tuple[Engine, Engine]: ...
    def now(self, c: Connection) -> datetime: ...
    def begin_migration(self, c: Connection) -> None: ...


DIALECTS: dict[str, Dialect] = {"sqlite": sqlite, "postgresql": postgresql}

#: What a driver says when the machine, not the program, is the trouble -> what to do about it.
REMEDIES = {
    "database is locked": "another program has been writing to it for a long time; try again when that has ended",
    "readonly database": "its file or folder may only be read; give this user the right to write there",
    "read-only": "the server takes no changes just now; it may be a copy that only follows another",
    "unable to open database file": "its file or folder cannot be opened by this user",
    "disk is full": "make room on that disk; nothing that was stored is lost",
    "disk I/O error": "the disk or its file system failed, or is full",
    "No space left": "make room on the server's disk; nothing that was stored is lost",
}

#: What PostgreSQL says while it starts, recovers or stops; sooner or later it answers again.
STARTING = ("is starting up", "is shutting down", "in recovery mode", "not yet accepting connections")
STARTING_SECONDS = 60.0


class Database:
    """Two engines on one database: one whose transactions write, one for pure reading (the screens, the reports)."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):
            raise ConfigurationError("The database address cannot be read.") from None
        redactor.register(address.password or "")
        self.dialect = address.get_backend_name()
        if self.dialect not in DIALECTS:
            raise ConfigurationError(f"The database must be SQLite or PostgreSQL, not {self.dialect}.")
        self._own = DIALECTS[self.dialect]
        self._writing, self._reading = self._own.engines(address)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back when anything is raised."""
        with self._writing.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one moment, whatever others write meanwhile, and may not write itself."""
        with self._reading.begin() as connection:
            yield connection

    def now(self, connection: Connection) -> datetime:
        """The time that leases go by: the server's clock on PostgreSQL, so that hosts need not agree; else ours."""
        return self._own.now(connection)

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to ``revision``; one that is newer than this program is a ConfigurationError.

        Of two programs that start at once one migrates, the other waits and finds nothing left to do.
        """
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with _opening(), self.transaction() as connection:
            self._own.begin_migration(connection)
            at = MigrationContext.configure(connection).get_current_revision()
            if at is not None and at not in known:
                raise ConfigurationError("The database was made by a newer version of submitter; update this one.")
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def close(self) -> None:
        self._writing.dispose()
        self._reading.dispose()


def open_database(url: str) -> Database:
    """Opened, migrated, and known to be used by this machine. A SQLite file in use by another one is refused."""
    database = Database(url)
    try:
        for attempt in Retrying(
            retry=retry_if_exception(_is_starting),
            stop=stop_after_delay(STARTING_SECONDS),
            wait=wait_fixed(0.5),
            reraise=True,
        ):
            with attempt:
                database.migrate()
                with _opening(), database.transaction() as c:
                    machines.arrive(c, database.now(c), alone=database.dialect == "sqlite")
    except BaseException:
        database.close()
        raise
    return database


def _is_starting(error: BaseException) -> bool:
    """A server that comes up beside us, after a power cut of both, is waited for; one that is away is not."""
    return isinstance(error, ConfigurationError) and any(sign in error.message for sign in STARTING)


@contextmanager
def _opening() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise ConfigurationError(f"The database cannot be opened: {in_words(error)}.") from error


def trouble(error: BaseException) -> str | None:
    """A sentence when the machine or the server is the trouble; None for whatever our own code may have done."""
    if isinstance(error, OperationalError | InternalError | PoolTimeout):
        return f"The database failed: {in_words(error)}."
    return None


def in_words(error: SQLAlchemyError) -> str:
    """What the driver says of it, in one line without the password, and a remedy where one is known."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    words = redactor.scrub(" ".join((said.strip() or type(error).__name__).splitlines()[0].split())).rstrip(".")
    remedy = next((remedy for sign, remedy in REMEDIES.items() if sign in words), None)
    return f"{words} ({remedy})" if remedy else words
