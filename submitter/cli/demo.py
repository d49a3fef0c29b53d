"""`submitter demo` and `submitter practice`: the only commands that know the practice portals.

The demo plays a supplier's whole day. What the supplier does goes through the same commands a clerk types; what the
customer does happens at the practice portal's buyer's side, over HTTP, and the figures about the portal at the end are
read from its own ledger.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import keyring

from submitter.cli.intake import read_folder
from submitter.cli.intake import show as show_intake
from submitter.cli.main import call
from submitter.cli.screen import console, opened, say
from submitter.documents.intake import IntakeReport, IntakeVerdict
from submitter.model.portal import Stage
from submitter.practice.buyer import PORTALS, Buyer, BuyerRefused, running_fieldgate, running_portal
from submitter.practice.shop import ShopExport, ShopInvoice, make_export, make_ticket
from submitter.secrets import PrivateMemory, backend_problem, read_secret, store_secret
from submitter.store import readings, submissions
from submitter.tracker.reports import resubmission_report

USER = "billing@northline.example"

CUSTOMER = """\
name = "Tejas Resources"
aliases = ["Tejas Resources LLC"]

[account]
portal = "fieldgate"
address = "{address}"
user = "{user}"
time_zone = "America/Chicago"
reading_time = "02:00"

[rules]
currencies = ["USD"]
coding_required = true

[agreement]
valid_from = 2020-01-01
fee = {{ amount = "75.00", currency = "USD" }}
free_passes = 1
"""


@dataclass
class Story:
    """The demo's world: a supplier's home folder, an ERP export, and a customer with a portal."""

    home: Path
    buyer: Buyer
    export: ShopExport
    seed: int
    headed: bool
    begun: float = field(default_factory=time.monotonic)

    def show_command(self, *arguments: object) -> None:
        shown = " ".join(f'"{word}"' if " " in word else word for word in map(str, arguments))
        console().print(f"\n$ submitter {shown}", style="bold", markup=False, highlight=False, soft_wrap=True)

    def type_command(self, *arguments: object) -> None:
        """Run a command as a clerk would, and show what was typed."""
        self.show_command(*arguments)
        words = [str(argument) for argument in arguments]
        code = call(["--home", str(self.home), *words])
        if code:
            raise click.ClickException(f"submitter {words[0]} ended with {code}; the demo stops here.")

    def chapter(self, words: str) -> None:
        console().print(f"\n== {words}", style="bold cyan", markup=False, highlight=False)


@click.command()
@click.option("--seed", type=int, help="Which day to play; the same seed gives the same invoices. [another each time]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object, on the last line.")
@click.option("--headed", is_flag=True, help="Show the browser.")
@click.option("--keep", is_flag=True, help="Keep the portal running and the folder in place at the end.")
def demo(seed: int | None, as_json: bool, headed: bool, keep: bool) -> None:
    """Play a supplier's whole day, in about a minute, against a practice portal on this machine.

    Invoices with their proofs of delivery go into a customer's portal through a real browser; the customer pays one,
    holds two and rejects one; one is sent again; the manager's report comes out.

    Example: submitter demo --headed
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    folder = Path(tempfile.mkdtemp(prefix="submitter-demo-"))
    before = keyring.get_keyring()
    try:
        say(f"A supplier's day at Northline Machine Works (--seed {seed})")
        problem = backend_problem()
        keyring.set_keyring(PrivateMemory())
        why = "this machine has no keyring" if problem else "your own keyring is left alone"
        say(f"Passwords: kept in this process's memory for the demo ({why}).")
        with running_fieldgate(folder / "portal") as buyer:
            story = _prepare(folder, buyer, seed, headed=headed)
            summary = _summary(story, _play(story))
            _tell(summary)
            if as_json:
                click.echo(json.dumps(summary))
            if keep:
                _keep_running(story)
    except BuyerRefused as error:
        raise click.ClickException(f"The practice portal refused: {error}") from error
    finally:
        keyring.set_keyring(before)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, buyer: Buyer, seed: int, *, headed: bool) -> Story:
    export = make_export(folder / "erp-export", seed, today=datetime.now(UTC).date())
    password = secrets.token_urlsafe(16)
    buyer.add_login(USER, password, "Northline Machine Works")
    for order in export.orders:
        buyer.add_order(order)
    customers = folder / "home" / "config" / "customers"
    customers.mkdir(parents=True)
    (customers / "tejas-resources.toml").write_text(
        CUSTOMER.format(address=buyer.url, user=USER), encoding="utf-8", newline="\n"
    )
    store_secret("tejas-resources", "password", password)
    return Story(folder / "home", buyer, export, seed, headed)


def _play(story: Story) -> IntakeReport:
    """The whole day; what the intake found is handed back for the summary."""
    watch = ["--headed"] if story.headed else []
    say(f"The customer, Tejas Resources, mandates the portal Fieldgate; it runs at {story.buyer.url}")
    story.chapter("Morning: the ERP has exported yesterday's invoices and signed tickets")
    story.show_command("intake", story.export.folder)
    report = read_folder(story.home, story.export.folder)
    show_intake(report)
    story.chapter("One visit signs in and submits all that is good")
    story.type_command("work", "--until-idle", *watch)
    story.chapter("Days pass at the customer's: one is paid, two are held, one is rejected")
    illegible, kept = _customer_acts(story)
    story.type_command("poll", *watch)
    story.chapter("The clerk's worklist")
    story.type_command("holds")
    story.chapter("The clerk answers: a call about the receipt, a clearer scan of the ticket")
    story.type_command(
        "effort", "log", kept, "--activity", "call", "--minutes", 6, "--note", "asked to book the receipt"
    )
    rescan = make_ticket(
        story.home / f"ticket-{illegible.ticket}-rescan.pdf",
        illegible.ticket,
        illegible.po,
        delivered=illegible.delivered,
        well=illegible.well,
        rows=illegible.rows,
    )
    answer = ["--pod", rescan, "--cause", "pod-illegible", "--fault", "customer", "--minutes", 12]
    story.type_command("resubmit", illegible.number, *answer, "--reason", "the first copy was readable at review")
    story.type_command("work", "--until-idle", *watch)
    story.chapter("The customer is content and pays it")
    _customer_pays(story.buyer, _confirmation(story.buyer, illegible.number), "PAY-20418")
    story.type_command("poll", *watch)
    story.chapter("For the manager")
    story.type_command("show", illegible.number)
    story.type_command("report", "resubmissions")
    story.type_command("audit", "verify")
    return report


def _customer_acts(story: Story) -> tuple[ShopInvoice, str]:
    """What the customer's people do at the portal. Returns the invoice to send again, and the other hold's number."""
    buyer = story.buyer
    by_number = {invoice.number: invoice for invoice in story.export.invoices}
    there = sorted(buyer.invoices(), key=lambda invoice: str(invoice["confirmation"]))
    paid, unbooked, illegible, rejected = there[:4]
    _customer_pays(buyer, paid["confirmation"], "PAY-20417")
    buyer.set_status(unbooked["confirmation"], "Disputed", reason="receipt not booked", comment="asked the field")
    buyer.set_status(
        illegible["confirmation"], "Disputed", reason="proof of delivery illegible", comment="rescan please"
    )
    buyer.set_status(rejected["confirmation"], "Rejected", reason="quantity exceeds received quantity")
    for other in there[4:]:
        buyer.set_status(other["confirmation"], "In Review")
    return by_number[illegible["number"]], str(unbooked["number"])


def _customer_pays(buyer: Buyer, confirmation: str, reference: str) -> None:
    buyer.set_status(confirmation, "Approved")
    buyer.set_status(confirmation, "Payment Posted", payment_reference=reference)
    buyer.set_status(confirmation, "Paid", payment_reference=reference)


def _confirmation(buyer: Buyer, number: str) -> str:
    rows = [invoice for invoice in buyer.invoices() if invoice["number"] == number]
    return str(max(rows, key=lambda row: int(row["revision"]))["confirmation"])


def _summary(story: Story, report: IntakeReport) -> dict[str, Any]:
    """The figures of the day: ours from our database, the portal's from its own ledger."""
    ledger = story.buyer.ledger()
    verdicts = Counter(item.verdict for item in report.items)
    with opened(story.home) as office, office.database.reading() as c:
        rows = submissions.listing(c)
        holds = Counter(hold.stage for hold in readings.holds(c, also_closed=True))
        costs = resubmission_report(
            c, office.customers, office.settings.labour.per_hour, today=office.database.now(c).date()
        )[0]
        still_held = len(readings.holds(c))
        receipts = submissions.count_receipts(c)
    charge = next(iter(costs.chargeable.values()), None)
    return {
        "invoices_found": len(report.items),
        "blocked": verdicts[IntakeVerdict.BLOCKED],
        "duplicates": verdicts[IntakeVerdict.DUPLICATE],
        "submitted": len(rows),
        "receipts": receipts,
        "on_hold": holds[Stage.ON_HOLD],
        "rejected": holds[Stage.REJECTED],
        "resubmitted": costs.resubmissions,
        "paid": sum(row.stage == Stage.PAID for row in rows),
        "still_held": still_held,
        "effort_minutes": costs.minutes,
        "chargeable_minor": charge.minor if charge else 0,
        "currency": charge.currency if charge else costs.cost.currency,
        "free_passes_used": costs.free_passes_used,
        "portal_accepted": ledger["accepted_count"],
        "portal_duplicates": ledger["duplicates"],
        "seed": story.seed,
        "seconds": round(time.monotonic() - story.begun, 1),
    }


def _tell(figures: dict[str, Any]) -> None:
    say(
        f"\nThe day in figures: {figures['invoices_found']} invoices found, {figures['blocked']} blocked before the "
        f"portal, {figures['duplicates']} duplicate; {figures['submitted']} submitted, {figures['resubmitted']} of "
        f"them twice; {figures['on_hold']} put on hold, {figures['rejected']} rejected; {figures['paid']} are paid."
    )
    say(
        f"The portal's own ledger: {figures['portal_accepted']} accepted, {figures['portal_duplicates']} duplicates. "
        f"It took {figures['seconds']} seconds."
    )


def _keep_running(story: Story) -> None:
    """Leave portal and folder to be looked at, until somebody presses Ctrl-C."""
    say(f"\nThe portal goes on at {story.buyer.url}; buyer's side: {story.buyer.url}/buyer?token={story.buyer.token}")
    say(f"The supplier's login there: {USER}, password {read_secret('tejas-resources', 'password')}")
    say(f"The supplier's folder: submitter --home {story.home} holds")
    say("Press Ctrl-C to end the portal. The folder stays.")
    with contextlib.suppress(KeyboardInterrupt):
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


@click.group()
def practice() -> None:
    """Practice portals to train on. They run on this machine only; nothing reaches a real customer.

    Example: submitter practice serve
    """


@practice.command()
@click.option("--portal", type=click.Choice(PORTALS), default="fieldgate", show_default=True, help="Which one.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the portal keeps its books. [data/practice]")
@click.option("--port", type=click.IntRange(0, 65535), default=8788, show_default=True, help="0 for any free port.")
@click.pass_obj
def serve(home: Path, portal: str, folder: Path | None, port: int) -> None:
    """Serve a practice portal until Ctrl-C, with one login and a few orders to practise on.

    Example: submitter practice serve --portal meridian --port 8788
    """
    place = folder or home / "data" / "practice" / portal
    try:
        with running_portal(portal, place, port) as buyer:
            password = secrets.token_urlsafe(9)
            buyer.add_login("trainee", password, "Northline Machine Works")
            with tempfile.TemporaryDirectory(prefix="submitter-practice-") as scratch:
                export = make_export(Path(scratch), secrets.randbelow(1_000_000), today=datetime.now(UTC).date())
            for order in export.orders:
                buyer.add_order(order)
            say(f"{portal.capitalize()} is at {buyer.url}; sign in as trainee with the password {password}")
            say(f"The customer's side: {buyer.url}/buyer?token={buyer.token}")
            say("Press Ctrl-C to stop.")
            with contextlib.suppress(KeyboardInterrupt):
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except BuyerRefused as error:
        raise click.ClickException(f"{error} Is the port taken? Try --port 0.") from error
