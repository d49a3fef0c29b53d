"""Blows against ourselves: processes killed and frozen, the database locked, restarted or thrown back."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.chaos.house import House
from tests.chaos.plans import Blow
from tests.chaos.portal import PortalProcess
from tests.chaos.processes import BROWSER, DRIVER, RENDERER, kill_tree, send
from tests.chaos.workers import Worker, Workers

AIM_SECONDS = 6.0  # how long a phase is waited for before the blow falls anyhow


@dataclass
class Arena:
    """All that can be struck."""

    house: House
    portal: PortalProcess
    workers: Workers
    rng: Random
    tell: Callable[[str], None]
    before_portal_ends: Callable[[], None]  # armed faults live in the portal's memory: count them first
    after_portal_starts: Callable[[], None]
    restart_database: Callable[[], None] | None = None


def strike(arena: Arena, blow: Blow) -> bool:
    """Wait for the blow's moment and let it fall; False when there was nothing left to strike."""
    _await_moment(arena, blow)
    return _BLOWS[blow.name](arena, blow)


def _await_moment(arena: Arena, blow: Blow) -> None:
    if blow.aim:
        before, _ = arena.house.newest_step()
        deadline = time.monotonic() + AIM_SECONDS
        while time.monotonic() < deadline:
            newest, phase = arena.house.newest_step()
            if newest > before and phase == blow.aim:
                break
            time.sleep(0.004)
    time.sleep(blow.delay)


def _victim(arena: Arena) -> Worker | None:
    alive = arena.workers.alive
    return arena.rng.choice(alive) if alive else None


def _kill_worker(arena: Arena, _blow: Blow) -> bool:
    worker = _victim(arena)
    if worker is None:
        return False
    send(worker.pid, signal.SIGKILL)
    worker.process.wait()
    arena.tell(f"kill -9 of {worker.name} ({worker.pid})")
    return True


def _kill_part(role: str) -> Callable[[Arena, Blow], bool]:
    def kill(arena: Arena, _blow: Blow) -> bool:
        parts = [p for worker in arena.workers.alive for p in worker.family() if p.role == role]
        if not parts:
            return False
        part = arena.rng.choice(parts)
        send(part.pid, signal.SIGKILL)
        arena.tell(f"kill -9 of a {role} ({part.pid})")
        return True

    return kill


def _freeze(*, everything: bool, until_sent: bool = False) -> Callable[[Arena, Blow], bool]:
    def freeze(arena: Arena, blow: Blow) -> bool:
        worker = _victim(arena)
        if worker is None:
            return False
        send(worker.pid, signal.SIGSTOP)
        frozen = [worker.pid]
        if everything:
            family = [process.pid for process in worker.family()]
            for pid in family:
                send(pid, signal.SIGSTOP)
            frozen += family
        other = arena.workers.start()
        arena.tell(f"{worker.name} ({len(frozen)} processes) frozen; {other.name} started")
        try:
            thaws_at = time.monotonic() + blow.lasts
            while time.monotonic() < thaws_at and not (until_sent and _all_sent(arena)):
                time.sleep(0.05)
        finally:
            for pid in reversed(frozen):
                send(pid, signal.SIGCONT)
        arena.tell(f"{worker.name} thawed")
        return True

    return freeze


def _all_sent(arena: Arena) -> bool:
    try:
        return not arena.house.unsettled()
    except OperationalError:  # frozen in the middle of a transaction, a worker keeps SQLite's lock: nobody sends
        return False


def _stop(arena: Arena, _blow: Blow) -> bool:
    worker = _victim(arena)
    if worker is None:
        return False
    worker.stop()
    arena.tell(f"SIGTERM to {worker.name}")
    return True


def _stop_twice(arena: Arena, blow: Blow) -> bool:
    worker = _victim(arena)
    if worker is None:
        return False
    worker.stop()
    time.sleep(blow.lasts)
    worker.stop()
    arena.tell(f"SIGTERM twice to {worker.name}, {blow.lasts:.2f} s apart")
    return True


def _second_worker(arena: Arena, _blow: Blow) -> bool:
    arena.tell(f"{arena.workers.start().name} started beside {', '.join(w.name for w in arena.workers.alive)}")
    return True


def _power_cut(arena: Arena, _blow: Blow) -> bool:
    """What had reached the file at one instant is all that is left; the machine's processes are gone.

    All is stopped before the copy is taken and killed after it, so nothing is lost that the disk had promised to keep.
    """
    workers = arena.workers.alive
    if not workers:
        return False
    for worker in workers:
        send(worker.pid, signal.SIGSTOP)
    copy = Path(arena.house.home / "power-cut")
    arena.house.copy_database(copy)
    for worker in workers:
        kill_tree(worker.pid)
        worker.process.wait()
    arena.house.put_back_database(copy)
    arena.tell(f"power cut: {', '.join(worker.name for worker in workers)} gone")
    return True


def _lock_database(arena: Arena, blow: Blow) -> bool:
    house = arena.house
    if house.is_sqlite:
        lock = sqlite3.connect(house.database_file, timeout=10, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
            time.sleep(blow.lasts)
            lock.execute("ROLLBACK")
        finally:
            lock.close()
    else:
        with house.office.database.transaction() as c:
            c.execute(text("LOCK TABLE lease, round, journal IN ACCESS EXCLUSIVE MODE"))
            time.sleep(blow.lasts)
    arena.tell(f"the database was locked for {blow.lasts:.1f} s until now")
    return True


def _restart_database(arena: Arena, _blow: Blow) -> bool:
    if arena.restart_database is None:
        return False
    arena.restart_database()
    arena.house.office.close()  # our own connections are dead too; the next use makes new ones
    arena.tell("the database server was stopped at once and started again")
    return True


def _refuse_connections(arena: Arena, blow: Blow) -> bool:
    arena.before_portal_ends()
    kill = arena.rng.random() < 0.7
    arena.portal.end(kill=kill)
    arena.tell(f"the portal {'was killed' if kill else 'closed'} for {blow.lasts:.1f} s")
    time.sleep(blow.lasts)
    arena.portal.start()
    arena.after_portal_starts()
    return True


_BLOWS: dict[str, Callable[[Arena, Blow], bool]] = {
    "worker killed": _kill_worker,
    "browser killed": _kill_part(BROWSER),
    "page's process killed": _kill_part(RENDERER),
    "driver killed": _kill_part(DRIVER),
    "worker frozen beyond its lease": _freeze(everything=False),
    "everything frozen beyond the lease": _freeze(everything=True),
    "frozen until others have sent": _freeze(everything=True, until_sent=True),
    "told to stop": _stop,
    "told to stop twice": _stop_twice,
    "second worker": _second_worker,
    "power cut": _power_cut,
    "database locked": _lock_database,
    "database restarted": _restart_database,
    "connection refused": _refuse_connections,
}
