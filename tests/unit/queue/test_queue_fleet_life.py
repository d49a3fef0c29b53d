"""A fleet that is stopped, started and upgraded, and the tables of its engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from submitter.errors import ConfigurationError
from submitter.queue import fleet_tables
from submitter.queue.fleet import FleetWorker
from submitter.queue.fleet_tables import ask_for_visit, prepare, state, upgrade
from submitter.queue.office import Office
from submitter.store import leases, machines
from submitter.store.database import Database
from submitter.store.tables import metadata
from tests.postgres import Databases, Server
from tests.unit.queue.portal_free import (
    LEASE,
    NAMES,
    PortalFree,
    due,
    is_done,
    jobs,
    left_by_a_dead_worker,
    mark,
    open_at,
    running,
    until,
    waiting,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def office(postgres_url: str, tmp_path: Path) -> Iterator[Office]:
    office = open_at(postgres_url, tmp_path)
    prepare(office.database)
    yield office
    office.close()


# -- stopping and starting -----------------------------------------------------------------------------------------


def test_a_stop_ends_the_visit_in_hand_and_begins_no_other(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office, visits=1)
        worker.may_end.clear()
        mark(office, "a-field")
        async with running(worker) as (one,):
            await until(lambda: worker.inside["a-field"])
            mark(office, "b-field")
            one.stop()
            waiting = asyncio.create_task(one._visit_if_due("b-field"))  # a task that had just come
            asyncio.get_running_loop().call_later(0.5, worker.may_end.set)
            assert await waiting is None
        assert worker.visited == Counter(["a-field"])
        assert due(office) == ["b-field"], "the other was left to whoever comes next"

    asyncio.run(play())


def test_a_second_stop_ends_it_where_it_stands(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office)
        worker.may_end.clear()  # and never set
        mark(office, "a-field")
        async with running(worker) as (one,):
            await until(lambda: worker.inside["a-field"])
            one.stop()
            one.stop_now()
        assert worker.inside["a-field"] == 0

    asyncio.run(play())
    with office.database.reading() as c:
        assert len(leases.live(c, office.database.now(c))) == 1, "its lease runs out; nothing was written in a hurry"


def test_the_engine_goes_on_after_all_workers_ended(office: Office) -> None:
    async def play(*names: str) -> None:
        worker = PortalFree(office)
        mark(office, *names)
        async with running(worker):
            await until(is_done(office, worker))
        assert worker.visited == Counter(names)

    asyncio.run(play("a-field", "b-field"))
    with office.database.transaction() as c:
        left_by_a_dead_worker(c, "c-field")
    asyncio.run(play("c-field", "a-field"))


def test_a_database_that_restarts_in_the_middle_of_a_visit_ends_nothing(own_postgres: Server, tmp_path: Path) -> None:
    with Databases(own_postgres.url).empty() as url:
        fresh = Database(url)
        fresh.migrate()
        fresh.close()
        office = open_at(url, tmp_path)

        async def play() -> None:
            worker = PortalFree(office)
            worker.may_end.clear()
            mark(office, "a-field")
            async with running(worker):
                await until(lambda: worker.inside["a-field"])
                await asyncio.to_thread(own_postgres.restart)
                mark(office, "b-field")
                await until(lambda: worker.inside["b-field"])  # beside the visit that goes on
                worker.may_end.set()
                await until(is_done(office, worker))
                mark(office, "c-field")
                await until(is_done(office, worker))
            assert (worker.visited, worker.most_inside) == (Counter(NAMES), 1)

        asyncio.run(play())
        office.close()


# -- the engine's tables -------------------------------------------------------------------------------------------


@contextmanager
def without_tables(postgres: Databases) -> Iterator[Database]:
    with postgres.migrated() as url:
        database = Database(url)
        yield database
        database.close()


def test_the_engines_tables_are_made_once_and_are_not_ours(postgres: Databases) -> None:
    with without_tables(postgres) as database:
        for _ in range(3):
            prepare(database)
        with database.reading() as c:
            assert fleet_tables.level(c) == fleet_tables.newest_level()
        database.migrate()
    assert not [name for name in metadata.tables if name.startswith("procrastinate")]


def test_two_hosts_that_start_at_once_make_them_once(postgres: Databases) -> None:
    async def both(database: Database) -> None:
        await asyncio.gather(*(asyncio.to_thread(prepare, database) for _ in range(2)))

    for _ in range(3):
        with without_tables(postgres) as database:
            asyncio.run(both(database))


def at_level(database: Database, last: str) -> None:
    """The tables as an older engine made them: by its own numbered files up to that one."""
    for reached, path in fleet_tables.schema_files().items():
        if reached <= last:
            with database.transaction() as c:
                c.exec_driver_sql(path.read_text(), execution_options={"no_parameters": True})
                c.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS 'Procrastinate schema {reached}'")


OLDER = "03.02.00_50"


def test_tables_of_an_older_engine_are_named_and_then_upgraded(postgres: Databases, tmp_path: Path) -> None:
    with postgres.migrated() as url:
        office = open_at(url, tmp_path)
        at_level(office.database, OLDER)
        with pytest.raises(ConfigurationError, match=f"are at schema {OLDER}, .* needs .*: submitter fleet upgrade"):
            prepare(office.database)
        assert upgrade(office.database) == [one for one in fleet_tables.schema_files() if one > OLDER]
        assert upgrade(office.database) == []

        async def play() -> None:
            worker = PortalFree(office)
            mark(office, "a-field")
            async with running(worker):
                await until(is_done(office, worker))

        asyncio.run(play())
        office.close()


def test_tables_of_a_newer_engine_are_left_alone(office: Office) -> None:
    with office.database.transaction() as c:
        c.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS 'Procrastinate schema 99.00.00_01'")
    with pytest.raises(ConfigurationError, match=r"are at schema 99\.00\.00_01, .*; update this host"):
        prepare(office.database)


def test_tables_somebody_else_made_are_used_but_not_upgraded(office: Office) -> None:
    with office.database.transaction() as c:
        c.exec_driver_sql("COMMENT ON TABLE procrastinate_jobs IS NULL")
    prepare(office.database)
    with pytest.raises(ConfigurationError, match="were not made by submitter"):
        upgrade(office.database)


def test_ended_tasks_are_kept_for_a_day(office: Office) -> None:
    for name, status, hours in [("a-field", "succeeded", 25), ("b-field", "failed", 25), ("c-field", "succeeded", 23)]:
        with office.database.transaction() as c:
            ask_for_visit(c, name)
            values = {"status": status, "hours": hours}
            c.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))
            ended = "UPDATE procrastinate_jobs SET status = CAST(:status AS procrastinate_job_status)"
            c.execute(text(f"{ended} WHERE status = 'doing'"), values)
            aged = (
                "UPDATE procrastinate_events SET at = now() - make_interval(hours => :hours) "
                "WHERE job_id = (SELECT max(id) FROM procrastinate_jobs)"
            )
            c.execute(text(aged), values)
    with office.database.transaction() as c:
        ask_for_visit(c, "a-field")

    async def prune() -> None:
        one = FleetWorker(PortalFree(office))
        app = one._app(fleet_tables.CONTROL, 1)
        async with app.open_async():
            await one._prune(app)

    asyncio.run(prune())
    assert [job[:2] for job in jobs(office)] == [("c-field", "succeeded"), ("a-field", "todo")]


def test_the_sweep_leaves_no_rows_behind(office: Office) -> None:
    """It runs every few seconds, for ever."""

    def sweeps(c: Connection) -> int:
        return int(c.execute(text("SELECT last_value FROM procrastinate_jobs_id_seq")).scalar_one())

    async def play() -> None:
        async with running(PortalFree(office)):
            with office.database.reading() as c:
                before = sweeps(c)

            def some_more() -> bool:
                with office.database.reading() as c:
                    return sweeps(c) >= before + 4

            await until(some_more)

    asyncio.run(play())
    with office.database.reading() as c:
        assert c.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() <= 2


def test_the_state_tells_who_is_there_and_what_waits(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office, visits=1)
        worker.may_end.clear()
        mark(office, "a-field")
        async with running(worker):
            await until(lambda: worker.inside["a-field"])
            mark(office, "b-field")
            await until(lambda: "b-field" in waiting(office))
            jobs_waiting = len(waiting(office))
            assert waiting(office) - {"a-field"} == {"b-field"}
            with office.database.reading() as c:
                now = office.database.now(c)
                found = state(c, LEASE.total_seconds())
                hosts = machines.read_all(c)
            assert (found.workers, found.waiting, found.under_way) == (1, jobs_waiting, ("a-field",))
            assert found.oldest is not None and timedelta(0) <= now - found.oldest < timedelta(seconds=90)
            assert [row.name for row in hosts] == [machines.this_machine().name]
            worker.may_end.set()
            await until(is_done(office, worker))

    asyncio.run(play())
    with office.database.reading() as c:
        assert state(c, LEASE.total_seconds()).workers == 0, "who ended has gone from the list"
