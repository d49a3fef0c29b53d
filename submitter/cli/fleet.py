"""`submitter fleet`: several machines share the visits, on one PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from submitter.cli.screen import VisitScreen, age, count, local, opened, print_json, say, show_table
from submitter.cli.work import account_ids, stop_on_signal, visits_option
from submitter.errors import ConfigurationError
from submitter.queue.office import Office
from submitter.queue.worker import Worker
from submitter.redaction import redactor
from submitter.store import accounts, leases, machines

if TYPE_CHECKING:
    from submitter.queue.fleet import FleetWorker

SILENT_FOR_LEASES = 2  # a worker that missed so many is no longer counted
LATELY = timedelta(days=1)  # hosts that were not seen for longer are left out


@click.group()
def fleet() -> None:
    """Share the visits among several machines. Needs PostgreSQL, and: pip install "submitter[fleet]"

    Example: submitter fleet worker
    """


@fleet.command()
@click.option("--headed", is_flag=True, help="Show the browser.")
@visits_option
@click.pass_obj
def worker(home: Path, headed: bool, visits: int | None) -> int:
    """Do this machine's share: visits, and the nightly schedule. Stop with Ctrl-C or SIGTERM.

    Exit code 70 means that the database could not be reached for several lease times and that the worker wants to be
    started again, as systemd and compose do.

    Example: submitter fleet worker --visits 4
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "Fleet workers run on Linux; on Windows every other command works with the same database."
        )
    with opened(home) as office:
        names = account_ids(office, None)
        asyncio.run(_keep_going(office, names, headed=headed, visits=visits))
        say("Stopped.")
    return 0


async def _keep_going(office: Office, names: list[str], *, headed: bool, visits: int | None) -> None:
    with VisitScreen() as screen:
        one = _fleet_worker(Worker(office, screen, headed=headed, visits=visits))
        _tell_the_engines_log_in_lines()
        at_a_time = count(one.worker.visits, "visit")
        say(f"Working in a fleet for {', '.join(names)}, {at_a_time} at a time. Stop with Ctrl-C.")
        with stop_on_signal(one):
            await one.run()


def _fleet_worker(worker: Worker) -> FleetWorker:
    """ConfigurationError on SQLite, and where the engine is not installed."""
    if worker.office.database.dialect != "postgresql":
        raise ConfigurationError(
            "A fleet needs PostgreSQL: SQLite serves the programs of one machine. Set database_url in "
            "config/submitter.toml, or work on this machine alone with: submitter run"
        )
    try:
        from submitter.queue.fleet import FleetWorker  # noqa: PLC0415 (an extra that most installations do without)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f'A fleet needs what was not installed ({error.name}); install it with: pip install "submitter[fleet]"'
        ) from error
    return FleetWorker(worker)


class _InLines(logging.Handler):
    """The engine and its connections log as we do: one line, no secret, no traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        words = redactor.scrub(record.getMessage().splitlines()[0])
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().log(record.levelno, words, by=record.name, **({"error": error} if error else {}))


def _tell_the_engines_log_in_lines() -> None:
    for name in ("procrastinate", "psycopg", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_InLines()], False
        logger.setLevel(logging.WARNING)
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # a line for each try; the worker says it once


@fleet.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def status(home: Path, form: str) -> None:
    """Tell which machines are there, what they visit, and what waits.

    Example: submitter fleet status
    """
    with opened(home) as office:
        _fleet_worker(Worker(office))
        from submitter.queue import fleet_tables  # noqa: PLC0415 (an extra that most installations do without)

        silent = office.settings.working.lease_seconds * SILENT_FOR_LEASES
        with office.database.reading() as c:
            now = office.database.now(c)
            found = fleet_tables.state(c, silent)
            hosts = [row for row in machines.read_all(c) if now - row.seen_at < LATELY]
            waiting, busy = accounts.due(c, now), leases.live(c, now)
    if form == "json":
        print_json(
            {
                "hosts": [{"name": row.name, "seen_at": row.seen_at.isoformat()} for row in hosts],
                "workers": found.workers,
                "tasks_waiting": found.waiting,
                "oldest_waits_since": found.oldest and found.oldest.isoformat(),
                "tasks_under_way": list(found.under_way),
                "accounts_visited": {row.account: row.holder for row in busy},
                "accounts_with_due_work": waiting,
            }
        )
        return
    show_table("Machines", ("Machine", "Last seen"), [(row.name, f"{age(row.seen_at, now)} ago") for row in hosts])
    since = f", the oldest since {local(found.oldest)}" if found.oldest else ""
    say(
        f"{count(found.workers, 'worker')} alive. {count(found.waiting, 'visit')} waiting{since}; "
        f"{len(found.under_way)} under way."
    )
    for row in busy:
        say(f"{row.account} is visited by {row.holder} (its lease runs until {local(row.expires_at)}).")
    say(f"Due, and not visited: {', '.join(waiting)}." if waiting else "Nothing that may be visited now is due.")


@fleet.command()
@click.pass_obj
def upgrade(home: Path) -> None:
    """Bring the task engine's tables to the installed version. Stop all fleet workers before.

    Example: submitter fleet upgrade
    """
    with opened(home) as office:
        _fleet_worker(Worker(office))
        from submitter.queue import fleet_tables  # noqa: PLC0415 (an extra that most installations do without)

        done = fleet_tables.upgrade(office.database)
    say(f"Done: {', '.join(done)}." if done else "The task engine's tables are up to date.")
