"""PostgreSQL: how it is connected to, what is said when it is not there, and what a restart in the middle leaves."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from submitter.cli.main import call
from submitter.errors import ConfigurationError
from submitter.store import accounts, audit, postgresql, submissions
from submitter.store import database as store_database
from submitter.store.database import Database, open_database
from submitter.store.submissions import Duplicate
from submitter.store.tables import account as account_table
from tests.postgres import Databases, Server
from tests.unit.store.made import ACCOUNT, NOW, account, file, invoice, know_accounts, queue, take

PASSWORD = "s3cret/Battery:Horse"
QUOTED = "s3cret%2FBattery%3AHorse"


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url)
    with opened.transaction() as c:
        know_accounts(c, account(ACCOUNT))
    yield opened
    opened.close()


def shown(database: Database, name: str) -> str:
    with database.transaction() as c:
        return str(c.execute(text(f"SHOW {name}")).scalar_one())


# -- the connection ------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_who_stands_still_or_waits_for_ever_is_stopped(database: Database) -> None:
    limits = ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout")
    assert [shown(database, name) for name in limits] == ["20s", "30s", "1min"]
    assert shown(database, "application_name") == "submitter"
    assert shown(database, "transaction_isolation") == "read committed"


@pytest.mark.postgres
def test_an_address_may_say_otherwise(postgres_url: str) -> None:
    query = {"application_name": "night shift", "options": "-c lock_timeout=7s"}
    database = Database(make_url(postgres_url).update_query_dict(query).render_as_string(hide_password=False))
    assert (shown(database, "application_name"), shown(database, "lock_timeout")) == ("night shift", "7s")
    assert shown(database, "statement_timeout") == "1min"
    database.close()


def test_a_connection_whose_other_end_is_gone_is_found_out() -> None:
    info = psycopg.conninfo.conninfo_to_dict(
        postgresql.conninfo(make_url(f"postgresql://clerk:{QUOTED}@db.example.com:5433/invoices?keepalives_idle=30"))
    )
    assert {name: info[name] for name in ("host", "port", "user", "password", "dbname")} == {
        "host": "db.example.com",
        "port": "5433",
        "user": "clerk",
        "password": PASSWORD,
        "dbname": "invoices",
    }
    assert (info["keepalives"], info["keepalives_interval"], info["keepalives_count"]) == ("1", "5", "3")
    assert (info["tcp_user_timeout"], info["connect_timeout"]) == ("20000", "10")
    assert info["keepalives_idle"] == "30", "what the address says counts"


@pytest.mark.postgres
def test_a_reading_sees_one_moment(database: Database) -> None:
    """The audit log's rows and its head are two queries; what is written between them must not look like a cut."""
    with database.transaction() as c:
        audit.append(c, NOW, "clerk", "said", "x")
    with database.reading() as reading:
        before = reading.execute(select(audit.audit)).all()
        with database.transaction() as c:
            audit.append(c, NOW, "clerk", "said", "y")
        assert reading.execute(select(audit.audit)).all() == before
        assert audit.verify(reading) == (1, None)
    with database.reading() as reading:
        assert audit.verify(reading) == (2, None)


@pytest.mark.postgres
def test_the_servers_clock_counts_and_goes_on_within_a_transaction(database: Database) -> None:
    with database.transaction() as c:
        first, second = database.now(c), database.now(c)
        begun = c.execute(text("SELECT transaction_timestamp()")).scalar_one()
    assert begun < first < second
    assert first.utcoffset() is not None and not first.utcoffset(), "whatever zone the server is in"


@pytest.mark.postgres
def test_a_nul_from_a_document_is_kept_as_an_unreadable_character(database: Database) -> None:
    with database.transaction() as c:
        added = queue(c, "INV\0-1")
        accounts.pause(c, ACCOUNT, NOW, "cl\0erk", "by-hand", "it said \0")
        again = submissions.add(c, ACCOUNT, ACCOUNT, invoice("INV\0-1"), (file(),), NOW, "clerk")
        assert isinstance(again, Duplicate) and again.submission == added.submission
        assert c.execute(select(account_table.c.pause_reason)).scalar_one() == "it said \N{REPLACEMENT CHARACTER}"
        assert audit.verify(c) == (2, None)


# -- what is said when it is not there -----------------------------------------------------------------------------

AWAY = {
    "nobody listens": f"postgresql://clerk:{QUOTED}@127.0.0.1:1/invoices",
    "no such host": f"postgresql://clerk:{QUOTED}@nowhere.invalid/invoices",
    "no such socket": f"postgresql://clerk:{QUOTED}@/invoices?host=/nowhere/at/all",
}


@pytest.mark.parametrize("why", AWAY)
def test_a_server_that_is_away_is_one_sentence_without_the_password(why: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^The database cannot be opened: .+\.$") as caught:
        open_database(AWAY[why])
    assert_keeps_the_secret(str(caught.value))
    assert "\n" not in str(caught.value)


def assert_keeps_the_secret(words: str) -> None:
    for part in (PASSWORD, QUOTED, "Battery", "Horse"):
        assert part not in words


@pytest.mark.parametrize("why", AWAY)
def test_the_command_line_says_so_too(
    why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", AWAY[why])
    assert call(["--verbose", "queue"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Error: The database cannot be opened: ") and len(said.err.splitlines()) == 1
    assert_keeps_the_secret(said.err)
    for written in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert_keeps_the_secret(written.read_text(errors="replace"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://clerk:Battery@Horse@db.example.com/x", "holds an @; write it there as %40"),
        ("postgresql://clerk:s3cret@db:Horse/x", "address cannot be read"),
        ("postgres://clerk:Battery@/x", "must be SQLite or PostgreSQL, not postgres"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        open_database(url)
    assert_keeps_the_secret(str(caught.value))


def test_a_missing_driver_names_the_command_that_installs_it() -> None:
    program = """
import sys
sys.modules["psycopg"] = None  # as if it were not installed
from submitter.cli.main import run
run(["queue"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"SUBMITTER_DATABASE_URL": "postgresql://clerk@127.0.0.1/x", "SUBMITTER_HOME": "/nowhere", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1 and done.stdout == ""
    sentence = 'The driver for PostgreSQL is not installed; install it with: pip install "submitter[fleet]"'
    assert done.stderr.strip().removesuffix(".") == f"Error: {sentence}"


@pytest.mark.postgres
def test_a_server_that_is_too_old_is_refused(empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "OLDEST_SERVER", (99, 1))
    with pytest.raises(ConfigurationError, match=r"PostgreSQL server is version \d+.*; submitter needs 99\.1 or newer"):
        open_database(empty_postgres_url)


@pytest.mark.postgres
def test_a_database_that_only_follows_another_is_one_sentence(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_reads = {"options": "-c default_transaction_read_only=on"}
    url = make_url(postgres_url).update_query_dict(only_reads).render_as_string(hide_password=False)
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", url)
    assert call(["queue"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: The database cannot be opened: cannot execute ") and len(said.splitlines()) == 1
    assert "in a read-only transaction (the server takes no changes just now" in said


# -- a restart in the middle ---------------------------------------------------------------------------------------


@pytest.fixture
def restarted(own_postgres: Server) -> Iterator[tuple[Server, Database]]:
    with Databases(own_postgres.url).empty() as url:
        database = open_database(url)
        with database.transaction() as c:
            know_accounts(c, account(ACCOUNT))
        yield own_postgres, database
        database.close()


@pytest.mark.postgres
def test_after_a_restart_the_same_object_works_again(restarted: tuple[Server, Database]) -> None:
    server, database = restarted
    with database.transaction() as c:
        queue(c, "INV-1")
    with database.reading() as c:
        assert accounts.due(c, NOW) == [ACCOUNT]
    server.restart()
    with database.reading() as c:  # on a connection that was open before
        assert accounts.due(c, NOW) == [ACCOUNT]
    with database.transaction() as c:
        queue(c, "INV-2")
        assert audit.verify(c) == (2, None)


@pytest.mark.postgres
def test_what_a_restart_cut_off_never_happened_and_what_was_committed_did(restarted: tuple[Server, Database]) -> None:
    server, database = restarted
    with database.transaction() as c:
        queue(c, "INV-1")
        take(c, "first")
    with pytest.raises(SQLAlchemyError), database.transaction() as c:
        queue(c, "INV-2")
        server.restart()
        queue(c, "INV-3")
    with database.transaction() as c:
        assert c.execute(text("SELECT invoice_number FROM submission")).scalars().all() == ["INV-1"]
        assert audit.verify(c) == (1, None)
        queue(c, "INV-4")


def test_a_server_that_comes_up_beside_us_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a power cut of the whole machine. This one says so for ever; it speaks just enough of the protocol."""
    words = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
    asked: list[int] = []

    def refuse(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(1000)
                asked.append(1)
                client.sendall(b"E" + (len(words) + 4).to_bytes(4, "big") + words)

    monkeypatch.setattr(store_database, "STARTING_SECONDS", 6.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, args=(listener,), daemon=True).start()
        address = (
            f"postgresql+psycopg://clerk@127.0.0.1:{listener.getsockname()[1]}/x?sslmode=disable&gssencmode=disable"
        )
        with pytest.raises(ConfigurationError, match="the database system is starting up"):
            open_database(address)
        listener.shutdown(socket.SHUT_RDWR)
    assert len(asked) >= 2


@pytest.mark.postgres
def test_while_the_server_is_down_every_try_fails_soon_and_afterwards_none(restarted: tuple[Server, Database]) -> None:
    server, database = restarted
    with database.transaction() as c:
        queue(c, "INV-1")
    server.stop()
    try:
        for _ in range(3):
            with pytest.raises(OperationalError), database.transaction() as c:
                queue(c, "INV-2")
    finally:
        server.start()
    with database.transaction() as c:
        assert c.execute(text("SELECT count(*) FROM submission")).scalar_one() == 1


@pytest.mark.postgres
def test_a_wrong_password_is_one_sentence(own_postgres: Server) -> None:
    own_postgres.ask_for_passwords("clerk")
    with psycopg.connect(postgresql.conninfo(make_url(own_postgres.url)), autocommit=True) as c:
        c.execute("CREATE ROLE clerk LOGIN PASSWORD 'another'")
    wrong = make_url(own_postgres.url).set(username="clerk", password=PASSWORD)
    with pytest.raises(ConfigurationError, match=r'password authentication failed for user "clerk"\.$') as caught:
        open_database(wrong.render_as_string(hide_password=False))
    assert_keeps_the_secret(str(caught.value))


@pytest.mark.postgres
def test_a_worker_that_stands_still_in_a_transaction_loses_its_locks(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others wait for the audit log's head until then, no longer."""
    monkeypatch.setitem(postgresql.SECONDS, "idle_in_transaction_session_timeout", 1)
    database = Database(postgres_url)
    held, done = threading.Event(), threading.Event()
    errors: list[SQLAlchemyError] = []

    def stand_still() -> None:
        try:
            with database.transaction() as c:
                audit.append(c, NOW, "frozen", "said", "x")
                held.set()
                done.wait(60)
                audit.append(c, NOW, "frozen", "said", "y")
        except SQLAlchemyError as error:
            errors.append(error)

    frozen = threading.Thread(target=stand_still)
    frozen.start()
    assert held.wait(60)
    with database.transaction() as c:
        audit.append(c, NOW, "clerk", "said", "z")
    done.set()
    frozen.join(60)
    assert len(errors) == 1
    with database.reading() as c:
        assert audit.verify(c) == (1, None)
    database.close()
