"""Machines: SQLite serves one at a time, PostgreSQL as many as there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from submitter.errors import ConfigurationError
from submitter.store import machines
from submitter.store.database import open_database
from submitter.store.machines import Machine, arrive, read_all, seen, this_machine
from submitter.store.tables import machine
from tests.unit.store.made import NOW, seconds

HERE = Machine(id="here", boot="kernel-1", name="north")
THERE = Machine(id="there", boot="kernel-2", name="south")
TEN = timedelta(minutes=10)


def names(c: Connection) -> list[str]:
    return [row.name for row in read_all(c)]


@pytest.mark.parametrize("ago", [timedelta(0), TEN - seconds(1), -TEN + seconds(1)], ids=str)
def test_a_second_machine_is_refused_while_the_first_one_works(c: Connection, ago: timedelta) -> None:
    arrive(c, NOW, alone=True, me=HERE)
    with pytest.raises(ConfigurationError, match=r"The machine north used this database at 02 Mar .*; SQLite"):
        arrive(c, NOW + ago, alone=True, me=THERE)
    assert names(c) == ["north"], "who was refused was not here"


@pytest.mark.parametrize("ago", [TEN + seconds(1), timedelta(days=9), -TEN - seconds(1)], ids=str)
def test_a_folder_that_was_moved_opens_on_its_new_machine(c: Connection, ago: timedelta) -> None:
    """One that was seen in a far future had a wrong clock; that must not lock everybody out until then."""
    arrive(c, NOW, alone=True, me=HERE)
    arrive(c, NOW + ago, alone=True, me=THERE)
    assert sorted(names(c)) == ["north", "south"]


def test_a_worker_that_goes_on_keeps_others_out(c: Connection) -> None:
    arrive(c, NOW, alone=True, me=HERE)
    for minute in range(30):
        seen(c, NOW + timedelta(minutes=minute), HERE)
    with pytest.raises(ConfigurationError, match="The machine north"):
        arrive(c, NOW + timedelta(minutes=31), alone=True, me=THERE)


def test_a_machine_is_itself_after_a_restart_and_under_another_name(c: Connection) -> None:
    arrive(c, NOW, alone=True, me=HERE)
    again = HERE.model_copy(update={"boot": "kernel-3", "name": "north-2"})
    arrive(c, NOW + seconds(1), alone=True, me=again)
    (row,) = read_all(c)
    assert (row.name, row.boot, row.seen_at) == ("north-2", "kernel-3", NOW + seconds(1))


def test_containers_on_one_kernel_see_each_others_locks(c: Connection) -> None:
    arrive(c, NOW, alone=True, me=HERE)
    arrive(c, NOW, alone=True, me=THERE.model_copy(update={"boot": HERE.boot}))
    assert sorted(names(c)) == ["north", "south"]


def test_where_no_kernel_tells_its_name_only_the_ids_count(c: Connection) -> None:
    arrive(c, NOW, alone=True, me=HERE.model_copy(update={"boot": ""}))
    with pytest.raises(ConfigurationError):
        arrive(c, NOW, alone=True, me=THERE.model_copy(update={"boot": ""}))


def test_a_fleet_is_as_many_machines_as_there_are(c: Connection) -> None:
    arrive(c, NOW, alone=False, me=HERE)
    arrive(c, NOW + seconds(1), alone=False, me=THERE)
    assert names(c) == ["south", "north"]


def test_opening_a_database_says_so_and_a_second_machine_depends_on_its_kind(database_url: str, dialect: str) -> None:
    database = open_database(database_url)
    with database.transaction() as c:
        (row,) = read_all(c)
        assert (row.id, row.name) == (this_machine().id, this_machine().name)
        c.execute(update(machine).values(id="another", boot="another", name="south"))
    database.close()
    if dialect == "sqlite":
        with pytest.raises(ConfigurationError, match="The machine south used this database"):
            open_database(database_url)
    else:
        opened = open_database(database_url)
        with opened.reading() as c:
            assert len(read_all(c)) == 2
        opened.close()


def test_an_id_is_told_without_giving_it_away(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    system = "0123456789abcdef0123456789abcdef"
    monkeypatch.setattr(machines, "_read", lambda path: system if path == machines.IDENTITIES[0] else "")
    this_machine.cache_clear()
    try:
        first = this_machine()
        this_machine.cache_clear()
        assert this_machine() == first
        assert len(first.id) == 32 and system not in first.id and first.boot == ""
    finally:
        this_machine.cache_clear()


@pytest.mark.parametrize(
    ("system", "card", "identity"),
    [
        ("0123456789abcdef0123456789abcdef", 1, "0123456789abcdef0123456789abcdef"),
        ("", 0x02_42_AC_11_00_02, "0242ac110002"),
        ("uninitialized", 0x02_42_AC_11_00_02, "0242ac110002"),
        ("", 0x01_00_00_00_00_07, "the-name"),  # made up by Python, and another one in the next process
    ],
)
def test_a_machine_without_an_id_has_its_network_card_or_its_name(
    monkeypatch: pytest.MonkeyPatch, system: str, card: int, identity: str
) -> None:
    monkeypatch.setattr(machines, "_read", lambda _path: system)
    monkeypatch.setattr(machines.uuid, "getnode", lambda: card)
    monkeypatch.setattr(machines.socket, "gethostname", lambda: "the-name")
    assert machines._identity() == identity
