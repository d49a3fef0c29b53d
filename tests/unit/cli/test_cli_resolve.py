"""`submitter resolve`: a person says what became of an invoice, why, and the audit log says who."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from submitter.cli.main import call
from submitter.model.attempt import Phase
from submitter.queue.office import Office, open_office
from submitter.store import audit, journal, leases, submissions
from submitter.store.tables import audit as audit_table
from submitter.store.tables import receipt
from tests.unit.store.made import file, invoice

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
"""
ACCOUNT = "tejas-resources"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which INV-1 waits for a person: nobody could find out whether the portal took it."""
    monkeypatch.setenv("SUBMITTER_PERSON", "Ada Sample")
    home = tmp_path / "home"
    (home / "config" / "customers").mkdir(parents=True)
    (home / "config" / "customers" / f"{ACCOUNT}.toml").write_text(CUSTOMER)
    office = open_office(home)
    with office.database.transaction() as c:
        now = office.database.now(c)
        added = submissions.add(c, ACCOUNT, ACCOUNT, invoice("INV-1"), (file(),), now, "clerk")
        claim = leases.take(c, ACCOUNT, "worker", now, timedelta(seconds=60))
        assert isinstance(added, submissions.Added) and isinstance(claim, leases.Claim)
        attempt = journal.open_attempt(c, claim, added.round, now)
        for phase in (Phase.PREPARED, Phase.COMMITTING, Phase.UNKNOWN, Phase.PERSON):
            journal.record(c, claim, attempt, phase, now)
        leases.release(c, claim, now)
    office.close()
    return home


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = call(["--home", str(home), "resolve", "INV-1", *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run


def look(home: Path, see: Callable[[Office], object]) -> object:
    office = open_office(home)
    try:
        return see(office)
    finally:
        office.close()


def state(home: Path) -> tuple[str, list[str], list[tuple[str, str, str]]]:
    """The round's state, its receipts, and who did what why in the audit log about a decision."""

    def see(office: Office) -> tuple[str, list[str], list[tuple[str, str, str]]]:
        with office.database.reading() as c:
            [row] = submissions.listing(c)
            receipts = list(c.execute(select(receipt.c.reference)).scalars())
            rows = [one for one in c.execute(select(audit_table).order_by(audit_table.c.id)) if "reason" in one.detail]
            assert audit.verify(c)[1] is None
            return row.state, receipts, [(one.who, one.action, one.detail["reason"]) for one in rows]

    found = look(home, see)
    assert isinstance(found, tuple)
    return found  # type: ignore[return-value]


def test_sent_gives_the_receipt_that_the_person_saw(home: Path, run: Run) -> None:
    code, out, _ = run("--sent", "FG-2026-000123", "--reason", "seen in the portal's list")
    assert code == 0 and "INV-1" in out
    now, receipts, said = state(home)
    assert (now, receipts) == ("confirmed", ["FG-2026-000123"])
    assert [(who, why) for who, _, why in said] == [("Ada Sample", "seen in the portal's list")]


def test_not_sent_queues_it_again(home: Path, run: Run) -> None:
    assert run("--not-sent", "--reason", "the portal's help desk looked")[0] == 0
    now, receipts, said = state(home)
    assert (now, receipts) == ("queued", [])
    assert [(who, why) for who, _, why in said] == [("Ada Sample", "the portal's help desk looked")]


def test_it_is_said_once(home: Path, run: Run) -> None:
    run("--sent", "FG-1", "--reason", "seen")
    code, _, err = run("--not-sent", "--reason", "no, not seen")
    assert code == 1 and "does not wait for an answer; it is confirmed" in err
    assert state(home)[:2] == ("confirmed", ["FG-1"])
