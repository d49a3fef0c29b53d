"""The task engine's tables in our database: made once, brought up to date when told to, and asked for visits.

Procrastinate's tables all begin with ``procrastinate_`` and none of ours does. It keeps no record of which of its
numbered schema files a database has seen, so a comment on its table of jobs does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from submitter.errors import ConfigurationError
from submitter.store import postgresql
from submitter.store.database import Database

VISITS, CONTROL = "visits", "control"  # the queues
VISIT = "submitter.visit"
LABEL = "Procrastinate schema "

_asking = App(connector=SyncPsycopgConnector())  # never opened: it writes only on the connections it is given


def ask_for_visit(c: Connection, account: str) -> bool:
    """Have some host visit the account, as part of this transaction; False when a visit is waiting already.

    No ``lock``: the lease serialises visits, and a task that got stuck can hold nobody. A refusal is rolled back to a
    savepoint, because it would otherwise take the caller's whole transaction with it.
    """
    raw = c.connection.driver_connection
    task = _asking.configure_task(VISIT, queue=VISITS, queueing_lock=f"visit:{account}", connection=raw)
    try:
        with c.begin_nested():
            task.defer(account=account)
    except AlreadyEnqueued:
        return False
    return True


# -- the schema ----------------------------------------------------------------------------------------------------


def schema_files() -> dict[str, Path]:
    """The installed engine's numbered schema files by their level, the oldest first."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return {found[0]: path for path in files if (found := re.match(r"\d+\.\d+\.\d+_\d+", path.name))}


def newest_level() -> str:
    return list(schema_files())[-1]


def exists(c: Connection) -> bool:
    return c.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is not None


def level(c: Connection) -> str | None:
    """The last schema file this database has seen; None where somebody else made the tables and did not say."""
    comment = c.execute(text("SELECT obj_description('procrastinate_jobs'::regclass)")).scalar_one()
    return comment.removeprefix(LABEL) if comment and comment.startswith(LABEL) else None


def _run(c: Connection, script: str, reached: str) -> None:
    c.exec_driver_sql(script, execution_options={"no_parameters": True})
    c.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{LABEL}{reached}'")


def prepare(database: Database) -> None:
    """Make the tables where there are none. ConfigurationError when they belong to another version of the engine."""
    with database.transaction() as c:
        postgresql.begin_migration(c)  # of two hosts that start at once one makes them
        if not exists(c):
            _run(c, SchemaManager.get_schema(), newest_level())
            return
        found, needed = level(c), newest_level()
    if found is not None and found < needed:
        raise ConfigurationError(
            f"The fleet's task tables are at schema {found}, and the Procrastinate installed here needs {needed}. "
            "Stop all fleet workers, then: submitter fleet upgrade"
        )
    if found is not None and found > needed:
        raise ConfigurationError(
            f"The fleet's task tables are at schema {found}, and the Procrastinate installed here knows only {needed}; "
            "update this host."
        )


def upgrade(database: Database) -> list[str]:
    """Run the schema files that the tables have not seen; their levels. No worker may be running meanwhile."""
    with database.reading() as c:
        found = level(c) if exists(c) else newest_level()
    if found is None:
        raise ConfigurationError(
            "The fleet's task tables were not made by submitter, so nobody knows which schema files they have seen. "
            "Bring them up to date as Procrastinate's documentation says."
        )
    done = []
    for reached, path in schema_files().items():
        if reached > found:
            with database.transaction() as c:
                postgresql.begin_migration(c)
                _run(c, path.read_text(encoding="utf-8"), reached)
            done.append(reached)
    prepare(database)
    return done


# -- what is going on ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FleetState:
    """What the engine's tables say. A worker process registers twice: once for visits, once for the sweep."""

    workers: int = 0
    waiting: int = 0
    oldest: datetime | None = None  # since when the oldest of them waits
    under_way: tuple[str, ...] = ()  # accounts, by the tasks that are being done


def state(c: Connection, silent_seconds: float) -> FleetState:
    """A worker that was silent for longer than that is not counted."""
    if not exists(c):
        return FleetState()
    alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silent)"
    mine = "FROM procrastinate_jobs AS job WHERE job.queue_name = :queue AND job.status = "
    since = "SELECT min(event.at) FROM procrastinate_events AS event WHERE event.type = 'deferred' AND event.job_id IN "
    queue = {"queue": VISITS}
    oldest = c.execute(text(f"{since} (SELECT job.id {mine} 'todo')"), queue).scalar_one()
    under_way = c.execute(text(f"SELECT job.args ->> 'account' {mine} 'doing' ORDER BY 1"), queue)
    return FleetState(
        workers=(c.execute(text(alive), {"silent": silent_seconds}).scalar_one() + 1) // 2,
        waiting=c.execute(text(f"SELECT count(*) {mine} 'todo'"), queue).scalar_one(),
        oldest=oldest and oldest.astimezone(UTC),
        under_way=tuple(under_way.scalars()),
    )
