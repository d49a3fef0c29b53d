"""The database: migrations, append-only tables, times, and what SQLite is asked for."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import IntegrityError, StatementError

from submitter.errors import ConfigurationError
from submitter.model.attempt import Phase
from submitter.model.effort import Activity
from submitter.model.portal import Reading, Receipt, ReceiptSource, Stage
from submitter.model.submission import Fault
from submitter.store import audit, effort, journal, readings
from submitter.store.database import Database, open_database
from submitter.store.sqlite import wal_is_safe
from submitter.store.tables import APPEND_ONLY, UtcTime, metadata, slot
from tests.unit.store.made import ACCOUNT, NOW, InMemory, queue, seconds, take


def test_migrations_make_exactly_the_tables_the_program_uses(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'new.sqlite'}")
    with database.reading() as c:
        assert compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata) == []
        assert set(inspect(c).get_table_names()) == {*metadata.tables, "alembic_version"}
    database.close()


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.transaction() as c:
        queue(c)
        before = c.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY name")).all()
    database.migrate()
    with database.reading() as c:
        assert c.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY name")).all() == before
        assert c.execute(text("SELECT count(*) FROM submission")).scalar_one() == 1


def test_a_database_newer_than_the_program_is_refused(database: Database) -> None:
    with database.transaction() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="made by a newer version of submitter"):
        open_database(database.url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://host/db", "must be SQLite or PostgreSQL, not mysql"),
        ("nonsense", "address cannot be read"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_a_database_that_cannot_hold_the_queue_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Database(url)


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite").write_text("Dear clerk, this is a letter. " * 100)
    with pytest.raises(ConfigurationError, match="The database cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'letter.sqlite'}")


# -- append-only ---------------------------------------------------------------------------------------------------


def one_row_everywhere(c: Connection) -> None:
    """At least one row in each append-only table."""
    claim, added = take(c), queue(c)
    attempt = journal.open_attempt(c, claim, added.round, NOW)
    journal.record(c, claim, attempt, Phase.PREPARED, NOW)
    journal.record(c, claim, attempt, Phase.COMMITTING, NOW)
    journal.record(c, claim, attempt, Phase.UNKNOWN, NOW)
    journal.note_look(c, claim, attempt, NOW, "found")
    journal.record(c, claim, attempt, Phase.CONFIRMED, NOW)
    journal.keep_receipt(c, attempt, Receipt(reference="R-1", words="Taken", at=NOW, source=ReceiptSource.FOUND))
    one = Reading(
        submission=added.submission, at=NOW, reference="R-1", status="Paid", comment="", stage=Stage.PAID, cause=None
    )
    readings.add(c, claim, one, 1, NOW)
    effort.log(c, added.submission, 1, "clerk", Activity.CHASE, 5, "", NOW)
    effort.decide_fault(c, added.round, Fault.CUSTOMER, "clerk", "they booked it late", NOW)


@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_money_and_blame_rest_on_cannot_be_changed_or_deleted(database: Database, table: str, change: str) -> None:
    with database.transaction() as c:
        one_row_everywhere(c)
    column = metadata.tables[table].columns.keys()[-1]
    with database.transaction() as c:
        before = c.execute(text(f"SELECT * FROM {table}")).all()  # noqa: S608 (the names are ours)
    assert before
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), database.transaction() as c:
        c.execute(text(change.format(table, f'"{column}"')))
    with database.transaction() as c:
        assert c.execute(text(f"SELECT * FROM {table}")).all() == before  # noqa: S608


def test_one_attempt_cannot_hold_a_phase_twice(database: Database) -> None:
    with database.transaction() as c:
        one_row_everywhere(c)
    again = text("INSERT INTO journal (attempt, phase, at, who, detail) VALUES (1, 'committing', :at, 'x', '{}')")
    with pytest.raises(IntegrityError, match="UNIQUE"), database.transaction() as c:
        c.execute(again, {"at": "2026-03-02 08:00:00"})


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as c:
        queue(c)
        raise KeyError
    with database.reading() as c:
        assert c.execute(text("SELECT count(*) FROM submission")).scalar_one() == 0
        assert audit.verify(c) == (0, None)


def test_a_row_without_its_account_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.transaction() as c:
        c.execute(slot.insert().values(key="k", account="nobody", marked_at=NOW))


# -- SQLite --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_it_loses_nothing(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_commits_are_durable_and_keys_are_checked(database: Database) -> None:
    safe = wal_is_safe(sqlite3.sqlite_version_info[:3])
    with database.transaction() as c:
        assert c.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert c.execute(text("PRAGMA busy_timeout")).scalar_one() == 30000
        assert c.execute(text("PRAGMA synchronous")).scalar_one() == (2 if safe else 3)
        assert c.execute(text("PRAGMA journal_mode")).scalar_one() == ("wal" if safe else "delete")


def test_a_writing_transaction_takes_the_write_lock_when_it_begins(database: Database) -> None:
    said: list[str] = []
    event.listen(database._writing, "before_cursor_execute", lambda *a: said.append(a[2]))
    with database.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other = sqlite3.connect(database.url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
        finally:
            other.close()
    assert said[0] == "BEGIN IMMEDIATE"


# -- times ---------------------------------------------------------------------------------------------------------


def test_a_time_without_a_zone_is_never_stored(c: Connection) -> None:
    with pytest.raises(StatementError, match="a time without a zone was about to be stored"):
        c.execute(slot.insert().values(key="k", account=ACCOUNT, marked_at=datetime(2026, 3, 2)))  # noqa: DTZ001


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(at=st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_a_time_comes_back_as_the_same_moment_in_utc(at: datetime) -> None:
    database = InMemory()
    with database.transaction() as c:
        c.execute(text("INSERT INTO account (id, customer, portal) VALUES ('north-field', 'n', 'p')"))
        c.execute(slot.insert().values(key="k", account=ACCOUNT, marked_at=at))
        back = c.execute(slot.select()).one().marked_at
        assert c.execute(slot.select().where(slot.c.marked_at == at)).one().key == "k"
        assert c.execute(slot.select().where(slot.c.marked_at < at + seconds(1))).one().key == "k"
    assert back == at
    assert back.tzinfo is UTC


def test_every_time_column_keeps_its_zone() -> None:
    times = [column for table in metadata.tables.values() for column in table.columns if "TIME" in str(column.type)]
    assert times
    assert all(isinstance(column.type, UtcTime) for column in times)
