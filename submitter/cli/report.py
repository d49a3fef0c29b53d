"""`submitter report`: what managers read."""

from __future__ import annotations

from pathlib import Path

import click

from submitter.cli.screen import opened, print_csv, print_json, say, show_table
from submitter.model.money import Money
from submitter.model.submission import Fault
from submitter.settings import customer_called
from submitter.tracker.reports import ResubmissionReport, resubmission_report


@click.group()
def report() -> None:
    """Reports for managers.

    Example: submitter report resubmissions
    """


@report.command()
@click.option("--customer", help="Only this customer.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.pass_obj
def resubmissions(home: Path, customer: str | None, form: str) -> None:
    """What resubmissions cost, whose fault they were, and what could be charged, per customer.

    Example: submitter report resubmissions --format csv > resubmissions.csv
    """
    with opened(home) as office:
        only = customer_called(customer, office.customers).id if customer else None
        per_hour = office.settings.labour.per_hour
        with office.database.reading() as c:
            found = resubmission_report(c, office.customers, per_hour, only, today=office.database.now(c).date())
    if form == "json":
        print_json([one.model_dump(mode="json") for one in found])
    elif form == "csv":
        print_csv(*_flat(found))
    elif not found:
        say("Nothing has been submitted yet.")
    else:
        for one in found:
            _show(one, per_hour)


def _show(one: ResubmissionReport, per_hour: Money) -> None:
    facts = [
        ("Invoices", one.invoices),
        ("Rounds", one.rounds),
        ("Resubmissions", one.resubmissions),
        ("Causes", ", ".join(f"{cause} {count}" for cause, count in one.causes.items()) or "none"),
        ("Fault", ", ".join(f"{fault} {one.faults.get(fault, 0)}" for fault in Fault if one.faults.get(fault))),
        ("Minutes of people", one.minutes),
        ("Labour cost", f"{one.cost} (at {per_hour} an hour)"),
        ("Free passes used", one.free_passes_used),
        ("Could be charged", ", ".join(map(str, one.chargeable.values())) or "nothing"),
        ("The next one would cost", _next(one)),
    ]
    show_table(f"{one.customer_name}: resubmissions", ("", ""), facts)
    if one.lines:
        rows = [
            (
                line.resubmission.invoice_number,
                line.resubmission.round_number,
                line.resubmission.day,
                line.resubmission.cause,
                line.resubmission.fault,
                line.resubmission.minutes,
                line.fee or ("free pass" if line.free_pass else "-"),
                line.because,
                line.resubmission.reference,
            )
            for line in one.lines
        ]
        headers = ("Invoice", "Round", "Day", "Cause", "Fault", "Minutes", "Fee", "Because", "Portal's confirmation")
        show_table("Line by line", headers, rows, ("Round", "Minutes", "Fee"))


def _next(one: ResubmissionReport) -> str:
    if one.next_fee is None:
        return "nothing: no agreement in force"
    return "nothing: a free pass is left" if one.free_passes_left else str(one.next_fee)


def _flat(found: list[ResubmissionReport]) -> tuple[list[str], list[list[object]]]:
    """One row per resubmission; the customer's sums repeat beside each, and stand alone where there is none."""
    headers = ["customer", "invoices", "rounds", "resubmissions", "minutes", "labour_cost", "labour_currency"]
    headers += ["invoice", "round", "day", "cause", "fault", "line_minutes", "free_pass", "fee", "fee_currency"]
    headers += ["because", "confirmation"]
    rows: list[list[object]] = []
    for one in found:
        sums: list[object] = [one.customer, one.invoices, one.rounds, one.resubmissions, one.minutes]
        sums += [one.cost.amount, one.cost.currency]
        for line in one.lines:
            of = line.resubmission
            fee = [line.fee.amount, line.fee.currency] if line.fee else ["", ""]
            facts: list[object] = [
                of.invoice_number,
                of.round_number,
                of.day.isoformat(),
                of.cause,
                of.fault,
                of.minutes,
            ]
            free = "yes" if line.free_pass else "no"
            rows.append([*sums, *facts, free, *fee, line.because, of.reference])
        if not one.lines:
            rows.append([*sums, *[""] * (len(headers) - len(sums))])
    return headers, rows
