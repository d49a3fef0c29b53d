"""Migrations: from the first revision to the newest with rows in every table, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import IntegrityError

from submitter.errors import ConfigurationError
from submitter.model.submission import RoundState
from submitter.store import audit, submissions
from submitter.store import database as database_module
from submitter.store.database import Database, open_database
from submitter.store.tables import metadata, round_
from tests.postgres import Databases
from tests.unit.store.made import ACCOUNT, NOW, invoice, queue

AT = "2026-03-02 08:00:00.000000"
INVOICE = invoice("INV-1").model_dump_json()

#: One row in every table of the first revision, in an order in which they can be inserted.
FIRST_ROWS: dict[str, dict[str, object]] = {
    "account": {"id": ACCOUNT, "customer": ACCOUNT, "portal": "fieldgate", "paused_at": AT, "paused_by": "clerk"},
    "lease": {
        "account": ACCOUNT,
        "fence": 7,
        "holder": "host/1",
        "acquired_at": AT,
        "heartbeat_at": AT,
        "expires_at": AT,
    },
    "slot": {"key": "poll:north-field:2026-03-02", "account": ACCOUNT, "marked_at": AT},
    "purchase_order": {"customer": ACCOUNT, "number": "PO-77", "order": "{}", "seen_at": AT},
    "document": {
        "sha256": "a" * 64,
        "name": "ticket.pdf",
        "kind": "pod",
        "media_type": "application/pdf",
        "size": 6,
        "stored_at": AT,
    },
    "submission": {
        "account": ACCOUNT,
        "customer": ACCOUNT,
        "invoice_number": "INV-1",
        "invoice": INVOICE,
        "currency": "USD",
        "total_minor": 10825,
        "issue_date": "2026-03-01",
        "po_number": "PO-77",
        "created_at": AT,
        "created_by": "clerk",
        "stage": "on_hold",
    },
    "round": {
        "submission": 1,
        "account": ACCOUNT,
        "number": 1,
        "state": "confirmed",
        "due_at": AT,
        "created_at": AT,
        "created_by": "clerk",
    },
    "round_document": {
        "round": 1,
        "position": 0,
        "document": "a" * 64,
        "name": "ticket.pdf",
        "kind": "pod",
        "upload_name": "ticket.pdf",
    },
    "attempt": {"round": 1, "fence": 7, "holder": "host/1", "opened_at": AT},
    "journal": {"attempt": 1, "phase": "confirmed", "at": AT, "fence": 7, "who": "host/1", "detail": "{}"},
    "look": {"attempt": 1, "at": AT, "fence": 7, "saw": "found", "detail": "{}"},
    "receipt": {
        "round": 1,
        "attempt": 1,
        "reference": "R-1",
        "words": "Taken",
        "at": AT,
        "source": "commit",
        "files": "[]",
        "evidence": "[]",
    },
    "reading": {
        "submission": 1,
        "at": AT,
        "fence": 7,
        "reference": "R-1",
        "status": "Held",
        "comment": "not readable",
        "stage": "on_hold",
    },
    "hold": {"submission": 1, "round_number": 1, "opened_at": AT, "opened_by": 1, "last_reading": 1},
    "effort": {
        "submission": 1,
        "round_number": 1,
        "person": "clerk",
        "activity": "chase",
        "minutes": 5,
        "note": "",
        "at": AT,
    },
    "fault_decision": {"round": 1, "fault": "customer", "who": "clerk", "reason": "late", "at": AT},
    "audit": {
        "at": AT,
        "who": "clerk",
        "action": "submission queued",
        "subject": "north-field/INV-1",
        "detail": "{}",
        "previous": audit.START,
        "hash": audit._digest(audit.START, NOW, "clerk", "submission queued", "north-field/INV-1", {}),
    },
}
APPEND_ONLY_AT_FIRST = ("journal", "look", "receipt", "reading", "effort", "fault_decision", "audit")


def revisions() -> list[str]:
    """All of them, the first one first."""
    config = Config()
    config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> str:
    if dialect == "postgresql":
        return str(request.getfixturevalue("empty_postgres_url"))
    return f"sqlite:///{tmp_path / 'data' / 'new.sqlite'}"


@pytest.fixture
def unmigrated(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.close()


def fill(c: Connection) -> None:
    if c.dialect.name == "postgresql":
        c.execute(text("SET LOCAL timezone = 'UTC'"))  # the times above are written without a zone
    for table, row in FIRST_ROWS.items():
        columns, values = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
        c.execute(text(f'INSERT INTO "{table}" ({columns}) VALUES ({values})'), row)  # noqa: S608 (the names are ours)
    c.execute(text("UPDATE audit_head SET hash = :hash, length = 1"), {"hash": FIRST_ROWS["audit"]["hash"]})


def content(c: Connection, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    """All rows of these tables; columns that were taken away since are left out."""
    found = {}
    for table, names in columns.items():
        there = {column["name"] for column in inspect(c).get_columns(table)}
        wanted = ", ".join(f'"{name}"' for name in names if name in there)
        found[table] = c.execute(text(f'SELECT {wanted} FROM "{table}"')).all()  # noqa: S608
    return found


def test_migrations_make_exactly_the_tables_the_program_uses(unmigrated: Database, dialect: str) -> None:
    unmigrated.migrate()
    with unmigrated.reading() as c:
        options = {"compare_type": True, "compare_server_default": dialect == "postgresql"}  # SQLite's are not compared
        assert compare_metadata(MigrationContext.configure(c, opts=options), metadata) == []
        assert set(inspect(c).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_first_rows_fill_every_table_of_the_first_revision(unmigrated: Database) -> None:
    unmigrated.migrate("0001")
    with unmigrated.reading() as c:
        assert set(inspect(c).get_table_names()) == {*FIRST_ROWS, "audit_head", "alembic_version"}


def test_rows_and_triggers_survive_every_revision(unmigrated: Database) -> None:
    first, *later = revisions()
    unmigrated.migrate(first)
    with unmigrated.transaction() as c:
        fill(c)
        columns = {table: [column["name"] for column in inspect(c).get_columns(table)] for table in FIRST_ROWS}
        before = content(c, columns)
    assert all(len(rows) == 1 for rows in before.values())
    for revision in [first, *later]:
        unmigrated.migrate(revision)
        with unmigrated.reading() as c:
            assert content(c, columns) == before, f"{revision} changed a row"
        for table in APPEND_ONLY_AT_FIRST:
            column = columns[table][-1]
            for change in (f'UPDATE "{table}" SET "{column}" = "{column}"', f'DELETE FROM "{table}"'):  # noqa: S608
                with pytest.raises(IntegrityError, match=f"{table} is append-only"), unmigrated.transaction() as c:
                    c.execute(text(change))


def test_the_program_reads_and_goes_on_with_rows_of_the_first_revision(unmigrated: Database) -> None:
    unmigrated.migrate("0001")
    with unmigrated.transaction() as c:
        fill(c)
    unmigrated.migrate()
    with unmigrated.transaction() as c:
        work = submissions.read_round(c, 1)
        assert (work.invoice, work.state, work.due_at) == (invoice("INV-1"), RoundState.CONFIRMED, NOW)
        added = queue(c, "INV-2", NOW + timedelta(seconds=1))
        assert (added.submission, c.execute(select(round_.c.id).order_by(round_.c.id)).scalars().all()) == (2, [1, 2])
        assert audit.verify(c) == (2, None)


def test_migrating_again_changes_nothing(database: Database) -> None:
    def everything(c: Connection) -> list[object]:
        found = inspect(c)
        return [
            (table, repr(found.get_columns(table)), repr(found.get_indexes(table)), found.get_foreign_keys(table))
            for table in sorted(found.get_table_names())
        ]

    with database.transaction() as c:
        queue(c)
        before = everything(c)
    database.migrate()
    with database.reading() as c:
        assert everything(c) == before
        assert c.execute(text("SELECT count(*) FROM submission")).scalar_one() == 1


def test_a_database_newer_than_the_program_is_refused(database: Database, database_url: str) -> None:
    with database.transaction() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="made by a newer version of submitter"):
        open_database(database_url)


def test_a_migration_that_fails_leaves_nothing_behind(unmigrated: Database) -> None:
    unmigrated.migrate("0001")
    with unmigrated.transaction() as c:
        c.execute(text("CREATE TABLE machine (something INTEGER)"))  # in the way of the second
    with pytest.raises(ConfigurationError, match=r"The database cannot be opened: .*machine.* already exists"):
        unmigrated.migrate()
    with unmigrated.reading() as c:
        assert c.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0001"


OPEN_AT_THE_SAME_TIME = """
import sys
from submitter.store.database import open_database
print("ready", flush=True)
for url in sys.stdin:
    open_database(url.strip()).close()
    print("opened", flush=True)
"""
TIMES = 4


def test_two_programs_that_start_at_once_migrate_once(
    request: pytest.FixtureRequest, dialect: str, tmp_path: Path
) -> None:
    with ExitStack() as lent:
        if dialect == "postgresql":
            postgres: Databases = request.getfixturevalue("postgres")
            urls = [lent.enter_context(postgres.empty()) for _ in range(TIMES)]
        else:
            urls = [f"sqlite:///{tmp_path / str(number) / 'new.sqlite'}" for number in range(TIMES)]
        programs = [
            lent.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", OPEN_AT_THE_SAME_TIME],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for one in programs:
            assert one.stdout is not None and one.stdout.readline() == "ready\n"
        said = []
        for url in urls:
            for one in programs:
                assert one.stdin is not None
                one.stdin.write(url + "\n")
                one.stdin.flush()
            said += [one.stdout.readline() for one in programs if one.stdout is not None]
        errors = [one.communicate(timeout=60)[1] for one in programs]
        assert said == ["opened\n"] * 2 * TIMES, errors
        for url in urls:
            database = Database(url)
            with database.reading() as c:
                assert compare_metadata(MigrationContext.configure(c), metadata) == []
                assert c.execute(text("SELECT count(*) FROM audit_head")).scalar_one() == 1
            database.close()
