"""`submitter fleet`: what it says where it cannot work, what it tells, and how it ends when the database stays away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import text

from submitter.cli import fleet
from submitter.cli.main import call
from submitter.queue import fleet_tables
from submitter.queue.office import open_office
from submitter.store import accounts
from submitter.store.database import Database
from tests.postgres import Databases, Server

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
"""
SETTINGS = """
[browsing]
commit_seconds = 1
[working]
lease_seconds = 3
heartbeat_seconds = 0.5
look_seconds = 1
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    customers = tmp_path / "home" / "config" / "customers"
    customers.mkdir(parents=True)
    (customers / "tejas-resources.toml").write_text(CUSTOMER)
    (customers.parent / "submitter.toml").write_text(SETTINGS)
    return tmp_path / "home"


COMMANDS = ("worker", "status", "upgrade")


@pytest.mark.parametrize("command", COMMANDS)
def test_on_sqlite_a_fleet_is_refused_with_a_sentence(
    home: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert call(["--home", str(home), "fleet", command]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("Error: A fleet needs PostgreSQL: ") and len(said.err.splitlines()) == 1
    assert said.out == ""


@pytest.mark.postgres
@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_engine_a_sentence_names_what_to_install(
    home: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", postgres_url)
    for name in [name for name in sys.modules if name.startswith(("procrastinate", "submitter.queue.fleet"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    assert call(["--home", str(home), "fleet", command]) == 1
    assert capsys.readouterr().err == (
        'Error: A fleet needs what was not installed (procrastinate); install it with: pip install "submitter[fleet]"\n'
    )


def test_on_windows_a_worker_is_refused_with_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fleet.sys, "platform", "win32")
    assert call(["--home", str(home), "fleet", "worker"]) == 1
    assert capsys.readouterr().err.startswith("Error: Fleet workers run on Linux; ")


@pytest.mark.postgres
def test_the_status_tells_what_is_there(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", postgres_url)
    assert call(["--home", str(home), "fleet", "status"]) == 0
    said = capsys.readouterr().out
    assert "0 workers alive. 0 visits waiting; 0 under way." in said
    assert "Nothing that may be visited now is due." in said
    office = open_office(home)
    fleet_tables.prepare(office.database)
    with office.database.transaction() as c:
        accounts.mark_reading_due(c, "tejas-resources", office.database.now(c))
        fleet_tables.ask_for_visit(c, "tejas-resources")
    office.close()
    assert call(["--home", str(home), "fleet", "status"]) == 0
    said = capsys.readouterr().out
    assert "1 visit waiting, the oldest since " in said
    assert "Due, and not visited: tejas-resources." in said
    assert call(["--home", str(home), "fleet", "status", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["tasks_waiting"], found["accounts_with_due_work"], found["workers"]) == (1, ["tejas-resources"], 0)
    assert [host["name"] for host in found["hosts"]] == [os.uname().nodename]


@pytest.mark.postgres
def test_an_upgrade_that_is_not_needed_says_so(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", postgres_url)
    assert call(["--home", str(home), "fleet", "upgrade"]) == 0
    assert capsys.readouterr().out == "The task engine's tables are up to date.\n"


# -- the process ---------------------------------------------------------------------------------------------------


@contextmanager
def worker(home: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """A real worker process that has begun to work."""
    with subprocess.Popen(
        [sys.executable, "-c", "from submitter.cli.main import run; run()", "--home", str(home), "fleet", "worker"],
        env={**os.environ, "SUBMITTER_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Working in a fleet for tejas-resources, ")
            yield process
        finally:
            process.kill()


def has_swept(url: str) -> None:
    """Wait until the engine has taken up its work."""
    database = Database(url)
    swept = text("SELECT count(*) FROM procrastinate_periodic_defers WHERE task_name = 'submitter.sweep'")
    while True:
        with database.reading() as c:
            if fleet_tables.exists(c) and c.execute(swept).scalar_one():
                break
        sleep(0.05)
    database.close()


@pytest.mark.postgres
def test_a_worker_ends_with_its_code_when_the_database_stays_away(own_postgres: Server, home: Path) -> None:
    with Databases(own_postgres.url).empty() as url, worker(home, url) as process:
        has_swept(url)
        own_postgres.stop()
        try:
            out, err = process.communicate(timeout=120)
        finally:
            own_postgres.start()
    assert process.returncode == 70
    last = err.splitlines()[-1]
    assert last == "Error: The database could not be reached for 9 seconds; this worker ends, to be started again."
    assert err.count("the database does not answer") == 1 and "answers again" not in err
    assert "Traceback" not in out + err


@pytest.mark.postgres
def test_a_worker_outlives_a_restart_of_the_database_and_stops_when_told(own_postgres: Server, home: Path) -> None:
    with Databases(own_postgres.url).empty() as url, worker(home, url) as process:
        has_swept(url)
        own_postgres.restart()
        database = Database(url)
        with database.transaction() as c:
            c.execute(text("DELETE FROM procrastinate_periodic_defers"))
        database.close()
        has_swept(url)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "Stopped."
    assert "Stopping after the round in hand; once more stops at once." in err
    assert err.count("the database does not answer") == err.count("the database answers again") <= 1
    assert "Traceback" not in out + err
