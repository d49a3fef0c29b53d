"""The fleet: real Procrastinate on a real PostgreSQL. Tasks may be lost, doubled or stuck; visits may not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from submitter.adapters.browser import FencedBrowser
from submitter.queue.fleet import FleetWorker
from submitter.queue.fleet_tables import VISIT, VISITS, ask_for_visit, prepare
from submitter.queue.limits import Barred
from submitter.queue.office import Office
from submitter.queue.progress import Progress
from submitter.queue.stopping import Stop
from submitter.queue.visits import VisitRun
from submitter.store import accounts, leases
from submitter.store.leases import Claim, Held
from submitter.store.tables import lease, slot
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


# -- asking --------------------------------------------------------------------------------------------------------


def test_a_second_task_for_an_account_is_not_queued_while_one_waits(office: Office) -> None:
    """And the refusal costs the caller's transaction nothing."""
    with office.database.transaction() as c:
        assert [ask_for_visit(c, name) for name in ("a-field", "a-field", "b-field", "a-field")] == [
            True,
            False,
            True,
            False,
        ]
        accounts.mark_reading_due(c, "c-field", office.database.now(c))
    assert [job[:2] for job in jobs(office)] == [("a-field", "todo"), ("b-field", "todo")]
    assert due(office) == ["c-field"], "what the transaction did besides was kept"
    with office.database.transaction() as c:
        assert ask_for_visit(c, "a-field") is False, "and from another transaction"


def test_asking_is_part_of_the_callers_transaction(office: Office) -> None:
    with pytest.raises(KeyError), office.database.transaction() as c:
        assert ask_for_visit(c, "a-field")
        raise KeyError
    assert jobs(office) == []


def test_a_task_waits_behind_no_lock_and_is_never_retried(office: Office) -> None:
    with office.database.transaction() as c:
        ask_for_visit(c, "a-field")
    with office.database.reading() as c:
        row = c.execute(text("SELECT lock, queueing_lock, scheduled_at, task_name FROM procrastinate_jobs")).one()
    assert tuple(row) == (None, "visit:a-field", None, VISIT)
    task = FleetWorker(PortalFree(office))._app(VISITS, 1).tasks[VISIT]
    assert task.retry_strategy is None


# -- working -------------------------------------------------------------------------------------------------------


def test_what_is_due_is_visited_once_whoever_does_it(office: Office) -> None:
    async def play() -> None:
        workers = PortalFree(office), PortalFree(office)
        mark(office, *NAMES)
        async with running(*workers):
            await until(is_done(office, *workers))
            assert workers[0].visited + workers[1].visited == Counter(NAMES)
            mark(office, "b-field")  # and later what becomes due then
            await until(is_done(office, *workers))
            await until(lambda: not waiting(office))
        assert workers[0].visited + workers[1].visited == Counter([*NAMES, "b-field"])

    asyncio.run(play())
    assert {status for _, status, _ in jobs(office)} == {"succeeded"}


def test_a_doubled_task_does_nothing_twice(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office, visits=4)
        worker.may_end.clear()
        mark(office, "a-field")
        async with running(worker):
            await until(lambda: worker.inside["a-field"])
            with office.database.transaction() as c:
                asked = ask_for_visit(c, "a-field")
            assert asked or len(jobs(office)) >= 2, "one is under way, so another may wait: ours, or the sweep's"
            await until(lambda: all(status != "todo" for _, status, _ in jobs(office)))
            worker.may_end.set()
            await until(is_done(office, worker))
            with office.database.transaction() as c:  # and one that comes when all is done
                ask_for_visit(c, "a-field")
            await until(lambda: all(status == "succeeded" for _, status, _ in jobs(office)))
        assert (worker.visited, worker.most_inside) == (Counter(["a-field"]), 1)

    asyncio.run(play())
    assert len(jobs(office)) >= 3


def test_a_task_without_due_work_takes_no_lease_and_signs_in_nowhere(office: Office) -> None:
    with office.database.transaction() as c:
        ask_for_visit(c, "a-field")
        ask_for_visit(c, "one whose customer file is not on this host")

    async def play() -> None:
        worker = PortalFree(office)
        async with running(worker):
            await until(lambda: [status for _, status, _ in jobs(office)] == ["succeeded"] * 2)
        assert not worker.visited

    asyncio.run(play())
    with office.database.reading() as c:
        assert c.execute(select(func.count()).select_from(lease)).scalar_one() == 0


def test_work_that_another_visit_has_just_done_is_not_visited_again(office: Office) -> None:
    """Between the look at what is due and the lease there is time for a whole visit."""
    run = VisitRun(office, office.account("a-field"), FencedBrowser(set()), Progress(), Stop())
    found = run._take(LEASE)
    assert isinstance(found, Barred) and found.why == "nothing is due any more"
    with office.database.reading() as c:
        assert leases.live(c, office.database.now(c)) == []
    mark(office, "a-field")
    assert isinstance(run._take(LEASE), Claim)
    assert isinstance(run._take(LEASE), Held)


def test_a_lost_task_is_asked_for_again(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office, visits=1)
        worker.may_end.clear()
        mark(office, "a-field")
        async with running(worker):
            await until(lambda: worker.inside["a-field"])
            mark(office, "b-field")
            await until(lambda: "b-field" in waiting(office))
            with office.database.transaction() as c:
                c.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'todo'"))
            worker.may_end.set()
            await until(is_done(office, worker))
        assert worker.visited == Counter(["a-field", "b-field"])

    asyncio.run(play())


def test_a_task_stuck_in_a_dead_worker_holds_nobody_and_is_written_off(office: Office) -> None:
    with office.database.transaction() as c:
        left_by_a_dead_worker(c, "a-field")
        left_by_a_dead_worker(c, "b-field")
    mark(office, "a-field")

    async def play() -> None:
        worker = PortalFree(office)
        async with running(worker):
            await until(is_done(office, worker))
            await until(lambda: [status for _, status, _ in jobs(office)].count("failed") == 2)
            await until(lambda: not waiting(office))
        assert worker.visited == Counter(["a-field"]), "b-field has nothing due, so its stuck task meant nothing"

    asyncio.run(play())
    ended = [(name, status) for name, status, _ in jobs(office)]
    assert ended[:3] == [("a-field", "failed"), ("b-field", "failed"), ("a-field", "succeeded")]
    assert "todo" not in {status for _, status in ended}


def test_an_account_somebody_visits_is_left_alone(office: Office) -> None:
    with office.database.transaction() as c:
        accounts.mark_reading_due(c, "a-field", office.database.now(c))
        leases.take(c, "a-field", "a host that is alive", office.database.now(c), timedelta(hours=1))
        ask_for_visit(c, "a-field")
    mark(office, "b-field")

    async def play() -> None:
        worker = PortalFree(office)
        async with running(worker):
            await until(is_done(office, worker))
        assert worker.visited == Counter(["b-field"])

    asyncio.run(play())
    assert ("a-field", "todo", 0) not in jobs(office)


def test_no_more_visits_at_a_time_than_were_asked_for_and_the_sweep_goes_on(office: Office) -> None:
    async def play() -> None:
        worker = PortalFree(office, visits=1)
        worker.may_end.clear()
        mark(office, "a-field")
        async with running(worker):
            await until(lambda: worker.inside["a-field"])
            mark(office, "b-field", "c-field")  # every slot for visits is taken; the sweep has its own
            await until(lambda: {"b-field", "c-field"} <= waiting(office))
            assert sum(worker.inside.values()) == 1
            worker.may_end.set()
            await until(is_done(office, worker))

    asyncio.run(play())


def test_each_machine_marks_the_nights_that_were_missed(office: Office) -> None:
    """As the worker of one machine does at its start; the slot's key makes doubles harmless."""
    with office.database.transaction() as c:
        c.execute(slot.delete())

    async def play() -> None:
        workers = PortalFree(office), PortalFree(office)
        async with running(*workers):
            await until(lambda: sum((one.visited for one in workers), Counter()) == Counter(NAMES))
            await until(is_done(office, *workers))

    asyncio.run(play())
    with office.database.reading() as c:
        assert c.execute(select(func.count()).select_from(slot)).scalar_one() == len(NAMES)
