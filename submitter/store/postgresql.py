"""What only PostgreSQL needs: how it is connected to, its clock, its migration lock, its append-only triggers.

Transactions are READ COMMITTED, so whatever a change rests on is locked before it is read (``with_for_update``), a new
row that may be there already goes through ``insert_once``, and everybody locks in one order: lease, submission,
account, round, and the audit log's head last, because all wait for that one until its holder commits. ``key_share``:
a row that merely refers to a locked one need not wait.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from submitter.errors import ConfigurationError

OLDEST_SERVER = (13,)  # the oldest that Procrastinate knows
MISSING_DRIVER = 'The driver for PostgreSQL is not installed; install it with: pip install "submitter[fleet]"'

#: A worker that stands still inside a transaction holds its locks; they are taken from it after this time, before those
#: who wait for them give up, and both happen before a lease (60 s) runs out.
SECONDS = {"idle_in_transaction_session_timeout": 20, "lock_timeout": 30, "statement_timeout": 60}
MIGRATION_LOCK = 7_823_106_511  # any number, as long as every submitter takes the same

#: A connection whose other end has gone without a word is found out within half a minute, not after hours.
CONNECTION = {
    "application_name": "submitter",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


def _complete(url: URL) -> URL:
    """The address with our settings, where it does not say otherwise itself."""
    own = " ".join(f"-c {name}={seconds}s" for name, seconds in SECONDS.items())
    given = dict(url.query)
    options = f"{own} {given.pop('options', '')}".strip()
    return url.set(drivername="postgresql+psycopg", query={**CONNECTION, "options": options, **given})


def conninfo(url: URL, **changes: str) -> str:
    """The same connection in libpq's words, for what does not go through SQLAlchemy."""
    try:
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415 (an extra that most installations do without)
    except ImportError as error:
        raise ConfigurationError(MISSING_DRIVER) from error
    whole = _complete(url)
    return make_conninfo(
        **{**whole.translate_connect_args(database="dbname", username="user"), **whole.query, **changes}
    )


def engines(url: URL) -> tuple[Engine, Engine]:
    """One that writes and one for pure reading, on the same connections.

    A reading sees one moment: a report, or the audit chain and its head, must not change between two queries.
    """
    if "@" in (url.host or ""):
        raise ConfigurationError("The password in the database address holds an @; write it there as %40.")
    try:
        writing = create_engine(_complete(url), pool_pre_ping=True, isolation_level="READ COMMITTED")
    except ImportError as error:
        raise ConfigurationError(MISSING_DRIVER) from error
    event.listen(writing, "connect", _keep_no_nul)
    return writing, writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _keep_no_nul(connection: Any, _record: Any) -> None:
    """PostgreSQL takes no NUL in a text, and some PDFs hold one; it becomes the mark for an unreadable character."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 (an extra that most installations do without)

    class WithoutNul(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    connection.adapters.register_dumper(str, WithoutNul)


def now(c: Connection) -> datetime:
    """The server's clock, so that hosts need not agree; not now(), which stands still in a transaction."""
    moment: datetime = c.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def begin_migration(c: Connection) -> None:
    """Wait until nobody else migrates; the lock ends with the transaction, however that ends."""
    version = c.dialect.server_version_info or ()
    if version < OLDEST_SERVER:
        found, needed = ".".join(map(str, version)), ".".join(map(str, OLDEST_SERVER))
        raise ConfigurationError(f"The PostgreSQL server is version {found}; submitter needs {needed} or newer.")
    c.execute(text("SET LOCAL statement_timeout = 0"))
    c.execute(text("SET LOCAL lock_timeout = '300s'"))
    c.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})


def append_only_statements(table: str) -> list[str]:
    return [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
