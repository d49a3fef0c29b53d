"""`submitter queue`, `show`, `work`, `poll` and `run`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import click

from submitter.cli.screen import VisitScreen, count, local, opened, print_json, say, show_table
from submitter.errors import ConfigurationError
from submitter.model.account import Account
from submitter.model.money import Money
from submitter.model.submission import RoundState
from submitter.queue.office import Office
from submitter.queue.passwords import reminders
from submitter.queue.schedule import build_scheduler, catch_up
from submitter.queue.stopping import Stop
from submitter.queue.visits import VisitReport
from submitter.queue.worker import Worker, WorkReport
from submitter.settings import customer_called
from submitter.store import accounts, journal, readings, submissions

visits_option = click.option(
    "--visits",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many accounts to visit at the same time; without it, what the settings say or this machine carries.",
)


def account_ids(office: Office, customer: str | None) -> list[str]:
    """The accounts a command is about: the named customer's, else all."""
    if customer is not None:
        return [customer_called(customer, office.customers).account.id]
    if not office.customers:
        raise ConfigurationError(f"There are no customers yet: {office.settings.customers_folder} has no *.toml file.")
    return [one.account.id for one in office.customers]


@click.command()
@click.option("--until-idle", is_flag=True, help="Wait also for what becomes due within a minute.")
@click.option("--customer", help="Only this customer's account.")
@click.option("--headed", is_flag=True, help="Show the browser.")
@visits_option
@click.pass_obj
def work(home: Path, until_idle: bool, customer: str | None, headed: bool, visits: int | None) -> int:
    """Visit every account with due work: sign in once, submit what is queued, read what is due.

    Example: submitter work --until-idle
    """
    with opened(home) as office:
        return visit(office, account_ids(office, customer), headed=headed, wait=until_idle, visits=visits)


@click.command()
@click.option("--customer", help="Only this customer's account.")
@click.option("--headed", is_flag=True, help="Show the browser.")
@click.pass_obj
def poll(home: Path, customer: str | None, headed: bool) -> int:
    """Read at the portals what became of the submissions, now and not only at night.

    Example: submitter poll --customer "Tejas Resources"
    """
    with opened(home) as office:
        names = account_ids(office, customer)
        with office.database.transaction() as c:
            for name in names:
                accounts.mark_reading_due(c, name, office.database.now(c))
        return visit(office, names, headed=headed, wait=True)


def visit(office: Office, names: list[str], *, headed: bool, wait: bool, visits: int | None = None) -> int:
    """Run the worker in the foreground; 1 when an account could not be visited to the end."""
    with VisitScreen() as screen:
        worker = Worker(office, screen, only=names, headed=headed, visits=visits)
        report = asyncio.run(_until_stopped(worker, wait=wait))
    return tell(office, report, names)


def look_at(office: Office, one: Account, *, headed: bool, only_sign_in: bool = False) -> VisitReport | None:
    """Probe an account in the foreground. None, with the reason said, when it could not be looked at to the end."""

    async def look(worker: Worker) -> VisitReport:
        with stop_on_signal(worker):
            return await worker.probe(one.id, only_sign_in=only_sign_in)

    with VisitScreen() as screen:
        report = asyncio.run(look(Worker(office, screen, only=[one.id], headed=headed, visits=1)))
    if report.held is not None:
        say(f"{one.id}: {report.held.holder} is visiting this account; nothing was done here.", err=True)
    elif report.barred is not None:
        say(f"{one.id} was not tried, as it waits for a person: {report.barred.why}", err=True)
    elif report.error is None:
        return report
    return None


async def _until_stopped(worker: Worker, *, wait: bool) -> WorkReport:
    with stop_on_signal(worker):
        return await worker.run_until_idle(wait=wait)


def tell(office: Office, report: WorkReport, names: list[str]) -> int:
    """Say how it went, in sentences; the exit code."""
    with office.database.reading() as c:
        rows = [row for row in accounts.read_all(c) if row.id in names]
        now = office.database.now(c)
    paused = [row for row in rows if row.paused_at is not None]
    for row in report.busy:
        seconds = int((row.expires_at - now).total_seconds()) + 1
        say(
            f"{row.id}: {row.holder} is visiting this account; nothing was done here. "
            f"If that program is gone, the account is free in {seconds} seconds.",
            err=True,
        )
    visited = {one.account for one in report.visits if one.held is None}
    for row in paused:
        if row.id not in visited:
            say(f"{row.id} is paused since {local(row.paused_at)} by {row.paused_by}: {row.pause_reason}", err=True)
            say(f"When that is put right: submitter account resume {row.id}", err=True)
    away = [row for row in rows if row.closed_until is not None and row.closed_until > now and row.paused_at is None]
    for row in away:
        say(f"{row.id}: the portal was away; it is tried again after {local(row.closed_until)}.", err=True)
    for name, why in report.barred.items():
        if why.until is not None and name not in {row.id for row in away}:
            say(f"{name}: {why.why}; what is due goes after {local(why.until)}.")
    for words in reminders(office, names):
        say(words, err=True)
    failed = [one for one in report.visits if one.error is not None]
    if not report.visits and not report.busy and not paused and not away and not report.barred:
        say("Nothing is due.")
    elif report.visits:
        read = sum(one.read for one in report.visits)
        visits = count(len(report.visits), "visit")
        say(f"{visits}, {count(report.receipts, 'receipt')}, {count(read, 'reading')}.")
    missing = sum(one.not_seen for one in report.visits)
    if missing:
        say(f"{count(missing, 'submission')} not in the portal's list this time; that alone means nothing.")
    return 1 if failed or report.busy or paused or away else 0


class Stoppable(Protocol):
    """A worker, alone or of a fleet."""

    @property
    def stopping(self) -> Stop: ...
    def stop(self) -> None: ...
    def stop_now(self) -> None: ...


@contextlib.contextmanager
def stop_on_signal(worker: Stoppable) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C finishes the round in hand, a second ends the visits at once, a third the program."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        if not worker.stopping.asked:
            say("Stopping after the round in hand; once more stops at once.", err=True)
            worker.stop()
            return
        for one in caught:
            loop.remove_signal_handler(one)
        say("Stopping at once. What was being sent is looked up by the next visit.", err=True)
        worker.stop_now()

    if sys.platform == "win32":  # no signal handlers on its event loop: Ctrl-C raises KeyboardInterrupt
        yield
        return
    for one in caught:
        loop.add_signal_handler(one, stop)
    try:
        yield
    finally:
        for one in caught:
            loop.remove_signal_handler(one)


@click.command()
@click.option("--headed", is_flag=True, help="Show the browser.")
@visits_option
@click.pass_obj
def run(home: Path, headed: bool, visits: int | None) -> int:
    """Keep going: submit what is queued, and read every account nightly at its own time. Stop with Ctrl-C or SIGTERM.

    Example: submitter run
    """
    with opened(home) as office:
        names = account_ids(office, None)
        for name in catch_up(office):
            say(f"{name}: the last nightly reading is due now")
        asyncio.run(_keep_going(office, headed=headed, names=names, visits=visits))
        say("Stopped.")
    return 0


async def _keep_going(office: Office, *, headed: bool, names: list[str], visits: int | None) -> None:
    with VisitScreen() as screen:
        worker = Worker(office, screen, headed=headed, visits=visits)
        scheduler = build_scheduler(office)
        scheduler.start()
        say(f"Running for {', '.join(names)}. Stop with Ctrl-C.")
        try:
            with stop_on_signal(worker):
                await worker.run_forever()
        finally:
            scheduler.shutdown(wait=False)


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in RoundState]), help="Only these.")
@click.option("--customer", help="Only this customer.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def queue(home: Path, states: tuple[str, ...], customer: str | None, form: str) -> None:
    """List the submissions: where each stands, and what it waits for.

    Example: submitter queue --state queued --state person
    """
    with opened(home) as office:
        who = customer_called(customer, office.customers).id if customer else None
        with office.database.reading() as c:
            rows = submissions.listing(c, [RoundState(s) for s in states], who)
    if form == "json":
        print_json([_as_json(row) for row in rows])
        return
    if not rows:
        say("No submissions.")
        return
    headers = ("Customer", "Invoice", "Round", "Total", "State", "Portal says", "Receipt", "Why")
    cells = [
        (
            row.customer,
            row.invoice_number,
            row.round_number,
            Money(minor=row.total_minor, currency=row.currency),
            row.state,
            row.stage or "",
            row.reference or "",
            row.error or "",
        )
        for row in rows
    ]
    show_table("Submissions", headers, cells, ("Round", "Total"))


def _as_json(row: Any) -> dict[str, object]:
    return {
        "customer": row.customer,
        "account": row.account,
        "invoice": row.invoice_number,
        "round": row.round_number,
        "total_minor": row.total_minor,
        "currency": row.currency,
        "state": row.state,
        "stage": row.stage,
        "receipt": row.reference,
        "due_at": row.due_at.isoformat(),
        "error_code": row.error_code,
        "error": row.error,
    }


@click.command()
@click.argument("invoice")
@click.option("--customer", help="Whose, when two customers have this number.")
@click.pass_obj
def show(home: Path, invoice: str, customer: str | None) -> None:
    """Tell everything about one INVOICE: its rounds, every step of every attempt, and what the portal said.

    Example: submitter show NMW-24817
    """
    with opened(home) as office:
        account = customer_called(customer, office.customers).account.id if customer else None
        with office.database.reading() as c:
            row = submissions.find_one(c, invoice, account)
            steps = journal.timeline(c, row.id)
            said = readings.of_submission(c, row.id)
    total = Money(minor=row.total_minor, currency=row.currency)
    say(f"{row.invoice_number} for {row.customer}: {total}, order {row.po_number}, issued {row.issue_date}")
    cells = [(s.at, f"round {s.round_number}", s.phase, _detail(s.detail)) for s in steps]
    cells += [(r.at, "portal", r.status, r.comment) for r in said]
    cells.sort(key=lambda cell: cell[0])
    show_table("What happened", ("When", "", "What", "Detail"), [(local(at), *rest) for at, *rest in cells])


def _detail(detail: dict[str, Any]) -> str:
    return ", ".join(f"{k}: {v}" for k, v in detail.items() if v and k not in ("evidence", "code"))
