"""The tests' own PostgreSQL ends with the tests, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import make_url

from submitter.store import postgresql
from tests.postgres import NAMED, Databases, Server, programs

pytestmark = pytest.mark.postgres

TESTS = """
import sys, time
from tests.postgres import Server
server = Server()
print(server.folder, (server.folder / "data" / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(NAMED is not None, reason="the tests use a server that was named to them")
@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_the_server_ends_with_the_tests_that_started_it(ended_by: signal.Signals) -> None:
    programs()
    with subprocess.Popen([sys.executable, "-c", TESTS], stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        folder, server = tests.stdout.readline().split()
        assert alive(int(server))
        tests.send_signal(ended_by)
        tests.wait(60)
    end = monotonic() + 60
    while alive(int(server)) or Path(folder).exists():
        assert monotonic() < end, "it was left behind"
        sleep(0.05)


def test_what_a_killed_run_left_on_a_named_server_is_dropped_by_the_next(own_postgres: Server) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(60)
    first = Databases(own_postgres.url)
    dead, living, strange = f"{first._prefix}{gone.pid}_1", f"{first._prefix}{os.getpid()}_99", "invoices"
    with psycopg.connect(postgresql.conninfo(make_url(own_postgres.url)), autocommit=True) as c:
        for name in (dead, living, strange):
            c.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        Databases(own_postgres.url)
        left = {name for (name,) in c.execute("SELECT datname FROM pg_database")}
    assert left >= {living, strange} and dead not in left
