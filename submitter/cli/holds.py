"""`submitter holds`, `resubmit` and `effort`: what the clerk does in the morning."""

from __future__ import annotations

from pathlib import Path

import click

from submitter.cli.screen import age, local, opened, print_json, say, show_table
from submitter.model.effort import Activity
from submitter.model.submission import Cause, Fault
from submitter.queue.intake import resubmit as queue_again
from submitter.queue.office import Office, person
from submitter.settings import customer_called
from submitter.store import effort as book
from submitter.store import submissions
from submitter.tracker.holds import worklist


def account_of(office: Office, customer: str | None) -> str | None:
    return customer_called(customer, office.customers).account.id if customer else None


@click.command()
@click.option("--customer", help="Only this customer.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def holds(home: Path, customer: str | None, form: str) -> None:
    """The worklist: every invoice whose payment is withheld, with a suggested action and a suggested fault.

    Example: submitter holds
    """
    with opened(home) as office:
        who = customer_called(customer, office.customers).id if customer else None
        with office.database.reading() as c:
            found = worklist(c, who)
        names = {one.id: one.name for one in office.customers}
    if form == "json":
        print_json([hold.model_dump(mode="json") for hold in found])
        return
    if not found:
        say("Nothing is on hold.")
        return
    headers = (
        "Customer",
        "Invoice",
        "Total",
        "Age",
        "The portal's words",
        "Stage",
        "Suggested action",
        "Suggested fault",
    )
    rows = [
        (
            names.get(hold.customer, hold.customer),
            hold.invoice_number,
            hold.total,
            age(hold.opened_at),
            f"{hold.status}: {hold.comment}" if hold.comment else hold.status,
            hold.stage,
            hold.action,
            f"{hold.suggested_fault}: {hold.because}",
        )
        for hold in found
    ]
    show_table(f"On hold: {len(found)}", headers, rows, ("Total", "Age"))


@click.command()
@click.argument("invoice")
@click.option("--pod", "pods", multiple=True, type=click.Path(path_type=Path), help="A new proof of delivery (PDF).")
@click.option("--cause", required=True, type=click.Choice([c.value for c in Cause]), help="Why it goes again.")
@click.option("--fault", default="undecided", type=click.Choice([f.value for f in Fault]), show_default=True)
@click.option("--minutes", type=click.IntRange(0, 6000), default=0, help="Minutes this took you, for the effort book.")
@click.option("--reason", default="", help="Why you decided on this fault.")
@click.option("--number", "sent_as", default="", help="Another number, if the customer wants one.")
@click.option("--customer", help="Whose, when two customers have this number.")
@click.pass_obj
def resubmit(
    home: Path,
    invoice: str,
    pods: tuple[Path, ...],
    cause: str,
    fault: str,
    minutes: int,
    reason: str,
    sent_as: str,
    customer: str | None,
) -> None:
    """Queue the next round of INVOICE. The next visit sends it the way the portal wants corrections sent.

    Example: submitter resubmit NMW-24817 --pod rescan.pdf --cause pod-illegible --fault customer --minutes 12
    """
    with opened(home) as office:
        account = account_of(office, customer)
        who = person()
        number = queue_again(office, invoice, account, pods, Cause(cause), Fault(fault), reason, who, minutes, sent_as)
    if sent_as and sent_as != invoice:
        say(f"It goes to the portal as {sent_as}; the stored invoice document is the former one and is not changed.")
    say(f"{invoice}: round {number} is queued ({cause}, fault: {fault}, {minutes} min). It goes with the next visit.")


@click.group()
def effort() -> None:
    """The effort book: minutes people spend on portals. Entries are never changed; corrections are new entries.

    Example: submitter effort log NMW-24817 --activity chase --minutes 8
    """


@effort.command("log")
@click.argument("invoice")
@click.option("--minutes", required=True, type=click.IntRange(1, 6000))
@click.option("--activity", required=True, type=click.Choice([a.value for a in Activity if a is not Activity.MACHINE]))
@click.option("--note", default="")
@click.option("--person", "who", help="Whose minutes. [you]")
@click.option("--customer", help="Whose invoice, when two customers have this number.")
@click.pass_obj
def effort_log(
    home: Path, invoice: str, minutes: int, activity: str, note: str, who: str | None, customer: str | None
) -> None:
    """Log minutes spent on INVOICE.

    Example: submitter effort log NMW-24817 --activity call --minutes 6 --note "asked receiving to book the ticket"
    """
    with opened(home) as office:
        account = account_of(office, customer)
        with office.database.transaction() as c:
            row = submissions.find_one(c, invoice, account)
            number = submissions.last_round(c, row.id).number
            now = office.database.now(c)
            book.log(c, row.id, number, who or person(), Activity(activity), minutes, note, now)
    say(f"{invoice}: {minutes} minutes of {activity} logged.")


@effort.command("list")
@click.argument("invoice", required=False)
@click.option("--customer", help="Whose invoice, when two customers have this number.")
@click.pass_obj
def effort_list(home: Path, invoice: str | None, customer: str | None) -> None:
    """List the effort book, or the part of it about INVOICE.

    Example: submitter effort list NMW-24817
    """
    with opened(home) as office:
        account = account_of(office, customer)
        with office.database.reading() as c:
            row = submissions.find_one(c, invoice, account) if invoice else None
            entries = book.entries(c, row.id if row else None)
    if not entries:
        say("No effort is logged.")
        return
    rows = [
        (local(e.at), e.customer, e.invoice_number, e.round_number, e.person, e.activity, e.minutes, e.note)
        for e in entries
    ]
    headers = ("When", "Customer", "Invoice", "Round", "Person", "Activity", "Minutes", "Note")
    show_table(f"Effort: {sum(e.minutes for e in entries)} minutes", headers, rows, ("Round", "Minutes"))
