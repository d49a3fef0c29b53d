"""A migrated database of a test's own, and one way of searching for all property tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection

from submitter.store.database import Database
from tests.unit.store.made import ACCOUNT, account, empty_database, know_accounts

# The same examples everywhere, so that a red run can be repeated by anybody.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A real SQLite file with the account of made.py in it."""
    path = tmp_path / "submitter.sqlite"
    path.write_bytes(empty_database())
    opened = Database(f"sqlite:///{path}")
    with opened.transaction() as connection:
        know_accounts(connection, account(ACCOUNT))
    yield opened
    opened.close()


@pytest.fixture
def c(database: Database) -> Iterator[Connection]:
    """One open transaction on it."""
    with database.transaction() as connection:
        yield connection
