"""Opening the database: SQLite by default, PostgreSQL by address, migrated to the version this program knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from submitter.errors import ConfigurationError
from submitter.store import sqlite


class Database:
    """Two engines on one database: one whose transactions write, one for pure reading (the screens, the reports)."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.dialect = make_url(url).get_backend_name()
        except ArgumentError as error:
            raise ConfigurationError("The database address cannot be read.") from error
        if self.dialect == "sqlite":
            sqlite.prepare_folder(url)
        elif self.dialect != "postgresql":
            raise ConfigurationError(f"The database must be SQLite or PostgreSQL, not {self.dialect}.")
        try:
            self._writing, self._reading = create_engine(url), create_engine(url)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigurationError(f"The driver for {self.dialect} is not installed: {error}.") from error
        if self.dialect == "sqlite":
            sqlite.prepare_engine(self._writing, writing=True)
            sqlite.prepare_engine(self._reading, writing=False)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back when anything is raised."""
        with self._writing.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._reading.begin() as connection:
            yield connection

    def now(self, connection: Connection) -> datetime:
        """The time that leases go by: the server's clock on PostgreSQL, so that hosts need not agree; else ours."""
        if self.dialect == "postgresql":
            moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return moment.astimezone(UTC)
        return datetime.now(UTC)

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to ``revision``; one that is newer than this program is a ConfigurationError."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        try:
            with self.transaction() as connection:
                at = MigrationContext.configure(connection).get_current_revision()
                if at is not None and at not in known:
                    raise ConfigurationError("The database was made by a newer version of submitter; update this one.")
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        except DBAPIError as error:
            raise ConfigurationError(f"The database cannot be opened: {error.orig}.") from error

    def close(self) -> None:
        self._writing.dispose()
        self._reading.dispose()


def open_database(url: str) -> Database:
    database = Database(url)
    database.migrate()
    return database
