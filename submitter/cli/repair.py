"""`submitter retry`, `withdraw`, `resolve` and `audit`: what a person decides when the program may not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from submitter.cli.holds import account_of
from submitter.cli.screen import opened, say
from submitter.model.attempt import Phase
from submitter.model.portal import Receipt, ReceiptSource
from submitter.model.submission import RoundState
from submitter.queue.office import person
from submitter.store import audit as log
from submitter.store import journal, submissions


@click.command()
@click.argument("invoice")
@click.option("--reason", default="", help="What was put right.")
@click.option("--customer", help="Whose, when two customers have this number.")
@click.pass_obj
def retry(home: Path, invoice: str, reason: str, customer: str | None) -> None:
    """Send INVOICE back to the queue after it was parked.

    Example: submitter retry NMW-24817 --reason "order number corrected at the portal"
    """
    with opened(home) as office:
        account = account_of(office, customer)
        with office.database.transaction() as c:
            row = submissions.find_one(c, invoice, account)
            submissions.requeue(c, row.id, office.database.now(c), person(), reason)
    say(f"{invoice} is queued again; it goes with the next visit.")


@click.command()
@click.argument("invoice")
@click.option("--reason", required=True, help="Why it is taken back.")
@click.option("--customer", help="Whose, when two customers have this number.")
@click.pass_obj
def withdraw(home: Path, invoice: str, reason: str, customer: str | None) -> None:
    """Take INVOICE back, if nothing of it can have been sent.

    Example: submitter withdraw NMW-24817 --reason "billed to the wrong customer"
    """
    with opened(home) as office:
        account = account_of(office, customer)
        with office.database.transaction() as c:
            row = submissions.find_one(c, invoice, account)
            submissions.withdraw(c, row.id, office.database.now(c), person(), reason)
    say(f"{invoice} is withdrawn.")


@click.command()
@click.argument("invoice")
@click.option("--sent", metavar="REFERENCE", help="The portal has it, under this reference.")
@click.option("--not-sent", is_flag=True, help="The portal does not have it: it goes again.")
@click.option("--reason", required=True, help="How you know.")
@click.option("--customer", help="Whose, when two customers have this number.")
@click.pass_obj
def resolve(home: Path, invoice: str, sent: str | None, not_sent: bool, reason: str, customer: str | None) -> None:
    """Say what became of INVOICE when the program could not find out. Look at the portal first.

    Example: submitter resolve NMW-24817 --sent FG-2026-000123 --reason "seen in the portal's list"
    """
    if bool(sent) == not_sent:
        raise click.UsageError("Say either --sent REFERENCE or --not-sent.")
    with opened(home) as office:
        account = account_of(office, customer)
        who = person()
        with office.database.transaction() as c:
            now = office.database.now(c)
            row = submissions.find_one(c, invoice, account)
            last = submissions.last_round(c, row.id)
            attempt = journal.last_attempt(c, last.id)
            if last.state not in (RoundState.UNKNOWN, RoundState.PERSON) or attempt is None:
                raise click.ClickException(f"{invoice} does not wait for an answer; it is {last.state}.")
            if sent:
                receipt = Receipt(
                    reference=sent, words=reason, at=datetime.now(UTC), source=ReceiptSource.PERSON, files=()
                )
                journal.record_decision(c, attempt.id, Phase.CONFIRMED, now, who, reason)
                journal.keep_receipt(c, attempt.id, receipt)
            else:
                journal.record_decision(c, attempt.id, Phase.RETURNED, now, who, reason)
    say(f"{invoice}: {'confirmed as ' + sent if sent else 'back in the queue'}.")


@click.group()
def audit() -> None:
    """The audit log.

    Example: submitter audit verify
    """


@audit.command()
@click.pass_obj
def verify(home: Path) -> int:
    """Check that no row of the audit log was changed, added or taken away.

    Example: submitter audit verify
    """
    with opened(home) as office, office.database.reading() as c:
        rows, broken = log.verify(c)
    if broken is None:
        say(f"The audit log is whole: {rows} rows.")
        return 0
    where = "its end is missing" if broken == 0 else f"row {broken} does not follow from the one before it"
    say(f"The audit log was tampered with: {where}.", err=True)
    return 1
