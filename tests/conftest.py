"""What all tests share: nothing of the developer's own settings or keyring, and a count of what really ran."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from submitter.redaction import redactor
from submitter.secrets import PrivateMemory
from tests.postgres import Databases, NoServer, Server, databases, why_there_is_none

COUNTED = ("browser", "postgres", "tryton", "samples")
_ran: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A keyring and a home of this test's own."""
    for name in [name for name in os.environ if name.startswith("SUBMITTER_") and name != "SUBMITTER_BROWSER"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("SUBMITTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")  # tables are folded where a terminal is narrow
    before, known = keyring.get_keyring(), set(redactor._secrets)
    keyring.set_keyring(PrivateMemory())
    yield
    keyring.set_keyring(before)
    redactor._secrets.intersection_update(known)  # one test's password may be another's ordinary word


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL server, one for each process that runs tests; what asks for it bears the mark ``postgres``."""
    try:
        with databases() as found:
            yield found
    except NoServer as why:
        pytest.skip(str(why))


@pytest.fixture
def postgres_url(postgres: Databases) -> Iterator[str]:
    """The address of a PostgreSQL database of this test's own, with all tables."""
    with postgres.migrated() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres: Databases) -> Iterator[str]:
    """The same without tables."""
    with postgres.empty() as url:
        yield url


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Server]:
    """A durable server that a test may kill and restart."""
    try:
        server = Server(durable=True)
    except NoServer as why:
        pytest.skip(str(why))
    yield server
    server.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there is no PostgreSQL at all, one line for each file says so, not one for each test.

    What each test is counted as goes along with its report, whose keywords have names of folders and parameters, too.
    """
    why = why_there_is_none()
    for item in items:
        item.user_properties += [("counted", name) for name in COUNTED if item.get_closest_marker(name)]
        if why is not None and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.skip(reason=why))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        _ran.update(str(value) for name, value in report.user_properties if name == "counted")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that `.ci/run` reads: tests that need a real machine must have run, not been skipped."""
    terminalreporter.write_line("really ran: " + ", ".join(f"{marker} {_ran[marker]}" for marker in COUNTED))
