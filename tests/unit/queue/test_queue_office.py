"""Opening the office: settings, customers, database and vault, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from submitter.errors import ConfigurationError
from submitter.queue.office import holder, open_office, person
from submitter.store import accounts

CUSTOMER = """
name = "North Field"
[account]
portal = "fieldgate"
address = "https://portal.example.com"
user = "clerk"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "config" / "customers"
    folder.mkdir(parents=True)
    (folder / "north-field.toml").write_text(CUSTOMER)
    return tmp_path / "home"


def test_every_configured_account_is_known_to_the_database(home: Path) -> None:
    office = open_office(home)
    with office.database.reading() as c:
        assert [(row.id, row.portal) for row in accounts.read_all(c)] == [("north-field", "fieldgate")]
    assert office.account("north-field").user == "clerk"
    assert office.customer("north-field") is office.customers[0]
    assert office.customer("south-field") is None
    office.close()


def test_an_account_whose_file_was_taken_away_keeps_its_work(home: Path) -> None:
    open_office(home).close()
    (home / "config" / "customers" / "north-field.toml").unlink()
    office = open_office(home)
    with office.database.reading() as c:
        assert [row.id for row in accounts.read_all(c)] == ["north-field"]
    with pytest.raises(ConfigurationError, match="no customer file describes it"):
        office.account("north-field")
    office.close()


def test_the_data_folder_is_its_owners_alone(home: Path) -> None:
    open_office(home).close()
    assert (home / "data").stat().st_mode & 0o077 == 0


def test_the_person_at_the_keyboard_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBMITTER_PERSON", "clerk")
    assert person() == "clerk"


def test_a_holder_names_host_and_process() -> None:
    host, _, process = holder().partition("/")
    assert host
    assert process.isdigit()
