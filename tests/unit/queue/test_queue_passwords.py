"""Reminders of passwords that a portal will soon want to be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from submitter.model.account import Customer
from submitter.queue.office import Office
from submitter.queue.passwords import reminder, reminders
from submitter.settings import Settings
from submitter.store import accounts
from submitter.store.database import Database
from tests.unit.store.made import account

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ONE = account("tejas", password_days=90)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (75.9, None),
        (76, "The password of tejas is 76 days old; fieldgate asks for a new one every 90 days."),
        (91, "after 90 days. Change it at the portal, then: submitter account rotate tejas"),
    ],
)
def test_the_reminder_comes_two_weeks_before(days: float, words: str | None) -> None:
    said = reminder(ONE, NOW - timedelta(days=days), NOW)
    assert said is None if words is None else said is not None and words in said


def test_nobody_is_reminded_of_what_is_not_known() -> None:
    assert reminder(ONE, None, NOW) is None
    assert reminder(account("tejas"), NOW - timedelta(days=5000), NOW) is None


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_password_is_as_old_as_it_was_last_stored(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'data.db'}" if dialect == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    if dialect == "sqlite":
        database.migrate()
    other = account("sabine", password_days=90)
    with database.transaction() as c:
        accounts.register(c, [ONE, other])
        now = database.now(c)
        for name, days in (("tejas", 400), ("tejas", 80), ("sabine", 400), ("sabine", 1)):
            accounts.note_password(c, name, now - timedelta(days=days), "test")
    customers = tuple(Customer(id=one.id, name=one.id, account=one) for one in (ONE, other))
    office = Office(Settings(home=tmp_path), customers, database, vault=None)  # type: ignore[arg-type]
    [said] = reminders(office, ["tejas", "sabine"])
    assert "tejas is 80 days old" in said
    assert reminders(office, ["sabine"]) == []
    database.close()
