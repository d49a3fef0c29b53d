"""A migrated database of a test's own, on SQLite and on PostgreSQL, and one way of searching for all property tests.

A test that asks for ``database``, ``c`` or ``fresh`` runs twice, once on each. ``database`` is a real one, for tests in
which transactions matter; ``c`` is a single open transaction; ``fresh`` makes empty databases by the hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection

from submitter.store.database import Database
from tests.postgres import Databases
from tests.unit.store.made import ACCOUNT, InMemory, RolledBack, Scratch, account, empty_database, know_accounts

# The same examples everywhere, so that a red run can be repeated by anybody.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

DIALECTS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> str:
    """The address of a database with all tables and nothing in them."""
    if dialect == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    path = tmp_path / "submitter.sqlite"
    path.write_bytes(empty_database())
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A real database with the account of made.py in it."""
    opened = Database(database_url)
    with opened.transaction() as connection:
        know_accounts(connection, account(ACCOUNT))
    yield opened
    opened.close()


@pytest.fixture
def c(request: pytest.FixtureRequest, dialect: str) -> Iterator[Connection]:
    """One open transaction on a database with the account of made.py in it."""
    if "database" in request.fixturenames:
        found = request.getfixturevalue("database")
        with found.transaction() as connection:
            yield connection
        return
    make = InMemory if dialect == "sqlite" else request.getfixturevalue("rolled_back")
    with make().transaction() as connection:
        know_accounts(connection, account(ACCOUNT))
        yield connection


@pytest.fixture(scope="session", params=DIALECTS)
def fresh(request: pytest.FixtureRequest) -> Callable[[], Scratch]:
    """Makes a database with all tables and nothing in them; the one made before it is no longer to be used."""
    return InMemory if request.param == "sqlite" else request.getfixturevalue("rolled_back")  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def rolled_back(postgres: Databases) -> Iterator[Callable[[], RolledBack]]:
    last: list[RolledBack] = []

    def make() -> RolledBack:
        while last:
            last.pop().close()
        last.append(RolledBack(database))
        return last[0]

    with postgres.migrated() as url:
        database = Database(url)
        yield make
        while last:
            last.pop().close()
        database.close()
