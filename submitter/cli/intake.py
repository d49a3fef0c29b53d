"""`submitter intake`."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from pathlib import Path

import click

from submitter.cli.failures import in_a_sentence
from submitter.cli.screen import count, opened, print_json, say, show_table
from submitter.documents.intake import IntakeItem, IntakeReport, IntakeVerdict
from submitter.documents.opening.opening import open_reader
from submitter.model.document import Severity
from submitter.queue.intake import take_in
from submitter.queue.office import person
from submitter.queue.watching import Told, Watch, is_watchable


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--watch", is_flag=True, help="Keep looking, and put what was taken in into done/ or blocked/.")
@click.pass_obj
def intake(home: Path, folder: Path, form: str, watch: bool) -> None:
    """Read FOLDER, match proofs of delivery to invoices, check them, and queue what is good.

    What is blocked is listed with the reason; mend it and take the same folder in again: nothing is queued twice.

    With --watch it goes on until Ctrl-C or SIGTERM: what is put into FOLDER is taken in as soon as it is whole, and
    then moved to done/ or, with the reason beside it, to blocked/. A folder moved back from there is taken in again.

    Example: submitter intake ~/erp-export
    """
    if watch:
        keep_watching(home, folder.absolute(), form)
        return
    report = read_folder(home, folder)
    if form == "json":
        print_json([as_json(item) for item in report.items])
    else:
        show(report)


def keep_watching(home: Path, folder: Path, form: str) -> None:
    """The first SIGTERM or Ctrl-C ends after the invoice in hand, a second one at once. Either loses nothing."""
    is_watchable(folder)
    stopping = threading.Event()

    def stop(number: int, _frame: object) -> None:
        if stopping.is_set():
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        stopping.set()

    def tell(told: Told) -> None:
        if form == "json" and told.report:
            print_json([as_json(item) for item in told.report.items])
        elif told.report:
            show(told.report)
        if told.sentence:
            say(told.sentence, err=told.trouble or form == "json")

    with opened(home) as office:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, stop)
        say(f"Watching {folder}. Stop with Ctrl-C.", err=form == "json")
        Watch(office, folder, person(), tell, in_a_sentence, stopping).run()
    say("Stopped.", err=form == "json")


def read_folder(home: Path, folder: Path) -> IntakeReport:
    with opened(home) as office, open_reader(office.settings) as reader:
        return take_in(office, folder, reader, person())


_WORD = {IntakeVerdict.GOOD: "queued", IntakeVerdict.BLOCKED: "BLOCKED", IntakeVerdict.DUPLICATE: "duplicate"}


def show(report: IntakeReport) -> None:
    rows = []
    for item in report.items:
        invoice = item.invoice
        number = invoice.number if invoice else ""
        total = str(invoice.total) if invoice else ""
        pods = "\n".join(file.path.name for file in item.files[1:])
        rows.append((_WORD[item.verdict], number, total, item.file, pods, _why(item)))
    show_table(
        f"Intake of {report.folder}", ("", "Invoice", "Total", "File", "Proof of delivery", "Why"), rows, ("Total",)
    )
    found = Counter(item.verdict for item in report.items)
    say(
        f"{count(len(report.items), 'invoice')}: {found[IntakeVerdict.GOOD]} queued, {found[IntakeVerdict.BLOCKED]} "
        f"blocked, {count(found[IntakeVerdict.DUPLICATE], 'duplicate')}."
    )
    for reading in report.unused:
        say(f"Not used: {reading.name}{f' ({reading.sentence})' if reading.sentence else ''}")


def _why(item: IntakeItem) -> str:
    if item.verdict is IntakeVerdict.DUPLICATE:
        return f"a duplicate of {item.duplicate_of}"
    order = sorted(item.findings, key=lambda finding: finding.severity is not Severity.BLOCKS)
    marks = {Severity.BLOCKS: "", Severity.WARNS: "Note: "}
    return "\n".join(f"{marks[finding.severity]}{finding.told}" for finding in order)


def as_json(item: IntakeItem) -> dict[str, object]:
    return {
        "verdict": item.verdict,
        "invoice": item.invoice.number if item.invoice else None,
        "customer": item.customer.id if item.customer else None,
        "file": item.file,
        "proofs_of_delivery": [file.path.name for file in item.files[1:]],
        "duplicate_of": item.duplicate_of or None,
        "findings": [finding.model_dump(mode="json") for finding in item.findings],
    }
