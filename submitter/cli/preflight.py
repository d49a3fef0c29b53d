"""`submitter preflight`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import make_url

from submitter.cli.screen import count, print_json, say, show_table
from submitter.documents.intake import IntakeItem, IntakeVerdict
from submitter.documents.lists.manifest import read_orders
from submitter.documents.lists.mapping import list_format
from submitter.documents.opening.looking import Looker, WithOrders
from submitter.documents.opening.opening import open_reader
from submitter.documents.preflight.books import NoBooks
from submitter.errors import ConfigurationError
from submitter.model.document import Severity
from submitter.queue.books import StoredBooks
from submitter.queue.intake import already
from submitter.settings import Settings, customer_called, read_customers, read_settings
from submitter.store.database import Database, open_database

_WORD = {Severity.BLOCKS: "BLOCKS", Severity.WARNS: "warns"}
#: For programs that read the answer: what an invoice may be.
_VERDICT = {IntakeVerdict.GOOD: "passes", IntakeVerdict.BLOCKED: "blocked", IntakeVerdict.DUPLICATE: "duplicate"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--customer", help="For whom the invoice is. [whom its list or its data name]")
@click.option("--pod", "pods", multiple=True, type=click.Path(path_type=Path), help="A proof of delivery; repeatable.")
@click.option("--orders", type=click.Path(path_type=Path), help="The customer's orders, written like orders.csv.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def preflight(
    home: Path, file: Path, customer: str | None, pods: tuple[Path, ...], orders: Path | None, form: str
) -> int:
    """Check FILE, or every invoice of a folder, against the customer's rules. Nothing is stored or sent.

    All that is found is shown at once. It ends with 0 when nothing blocks and with 1 when something does.

    Example: submitter preflight erp-export/NMW-24817.pdf --customer tejas-resources --pod FT-50311.pdf
    """
    settings = read_settings(home)
    customers = read_customers(settings)
    if not customers:
        raise ConfigurationError(f"There are no customers yet: {settings.customers_folder} has no *.toml file.")
    if pods and file.is_dir():
        raise click.UsageError("--pod goes with one invoice; in a folder, proofs are matched to their invoices.")
    named = customer_called(customer, customers) if customer else None
    with _stored(settings) as database, open_reader(settings) as reader:
        books = StoredBooks(database) if database else NoBooks()
        given = read_orders(orders, reader) if orders else ()
        looker = Looker(
            customers=customers,
            reader=reader,
            today=datetime.now(UTC),
            already_submitted=lambda account, number: already(database, account, number) if database else None,
            form=list_format(settings),
            books=WithOrders(books, given),
        )
        items = looker.folder(file, named) if file.is_dir() else looker.file(file, pods, named)
    if form == "json":
        print_json(as_json(items, compared=database is not None))
    else:
        _show(items, file, compared=database is not None)
    return 1 if any(finding.severity is Severity.BLOCKS for item in items for finding in item.findings) else 0


@contextmanager
def _stored(settings: Settings) -> Iterator[Database | None]:
    """The database, to see which numbers were used before; None where there is none yet or it cannot be asked."""
    address = settings.database()
    if address.startswith("sqlite") and not Path(make_url(address).database or "").is_file():
        yield None
        return
    try:
        database = open_database(address)
    except ConfigurationError as error:
        say(f"Earlier invoices are not looked at: {error.message}", err=True)
        yield None
        return
    try:
        yield database
    finally:
        database.close()


def _show(items: Sequence[IntakeItem], file: Path, *, compared: bool) -> None:
    rows = [row for item in items for row in _rows(item)]
    show_table(f"Preflight of {file}", ("", "Invoice", "Rule", "What", "Reason", "Whose rule"), rows)
    found = Counter(item.verdict for item in items)
    say(
        f"{count(len(items), 'invoice')}: {found[IntakeVerdict.GOOD]} would be queued, {found[IntakeVerdict.BLOCKED]} "
        f"blocked, {count(found[IntakeVerdict.DUPLICATE], 'duplicate')}. Nothing was stored."
    )
    if not compared:
        say("Numbers used before were not looked at: there is no database yet, or it cannot be asked.")


def _rows(item: IntakeItem) -> Iterator[tuple[str, ...]]:
    number = item.invoice.number if item.invoice else item.file
    if item.verdict is IntakeVerdict.DUPLICATE:
        yield "duplicate", number, "", f"a duplicate of {item.duplicate_of}", "", ""
    for finding in sorted(item.findings, key=lambda finding: finding.severity is not Severity.BLOCKS):
        yield _WORD[finding.severity], number, finding.rule, finding.sentence, finding.reason, finding.source
    if item.verdict is IntakeVerdict.GOOD and not item.findings:
        yield "ok", number, "", "", "", ""


def as_json(items: Sequence[IntakeItem], *, compared: bool) -> dict[str, object]:
    """Stable, for programs: described in docs/documents.md."""
    severities = Counter(finding.severity for item in items for finding in item.findings)
    return {
        "compared_with_earlier": compared,
        "blocks": severities[Severity.BLOCKS],
        "warns": severities[Severity.WARNS],
        "invoices": [
            {
                "file": item.file,
                "invoice": item.invoice.number if item.invoice else None,
                "customer": item.customer.id if item.customer else None,
                "verdict": _VERDICT[item.verdict],
                "duplicate_of": item.duplicate_of or None,
                "proofs_of_delivery": [file.path.name for file in item.files[1:]],
                "findings": [finding.model_dump(mode="json") for finding in item.findings],
            }
            for item in items
        ],
    }
