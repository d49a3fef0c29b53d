"""From files to due work: a folder's good invoices are queued, and a disputed one is queued again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from submitter.documents.intake import IntakeItem, IntakeReport, IntakeVerdict, examine_folder
from submitter.documents.lists.mapping import list_format
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import FoundFile
from submitter.documents.preflight.resubmission import number_to_send, require_taken
from submitter.errors import ConfigurationError, DocumentRefused
from submitter.model.account import PurchaseOrder
from submitter.model.document import DocumentKind, Finding, Severity
from submitter.model.effort import Activity
from submitter.model.portal import HELD
from submitter.model.submission import Cause, Fault, RoundState
from submitter.queue.books import StoredBooks
from submitter.queue.keeping import as_sent, keep, keep_again, originals, require_kept
from submitter.queue.office import Office
from submitter.store import billing, effort, orders, submissions
from submitter.store.database import Database
from submitter.store.submissions import Duplicate, StillOnItsWay


def take_in(office: Office, folder: Path, reader: DocumentReader, who: str) -> IntakeReport:
    """Read a folder, queue what is good, and say of the rest why not. Doing it twice queues nothing twice."""
    try:
        report = look_in(office, folder, reader)
        return report.model_copy(update={"items": tuple(queue_item(office, item, who) for item in report.items)})
    finally:
        reader.forget_unpacked()  # what came in archives and mails is in the vault by now


def look_in(office: Office, folder: Path, reader: DocumentReader, files: Sequence[Path] | None = None) -> IntakeReport:
    """What a folder holds, or these files of it, and whether it may be queued. Its orders are remembered."""
    if not office.customers:
        raise ConfigurationError(f"There are no customers yet: {office.settings.customers_folder} has no *.toml file.")
    report = examine_folder(
        folder,
        office.customers,
        reader,
        datetime.now(UTC),
        lambda account, number: already(office.database, account, number),
        list_format(office.settings),
        files=files,
        books=StoredBooks(office.database),
    )
    remember_orders(office, report.orders)
    return report


def already(database: Database, account: str, number: str) -> str | None:
    """Where an invoice of this number went before, in words; None when nothing did."""
    with database.reading() as c:
        row = billing.owner_of(c, account, number)
        return None if row is None else _first(row.created_at, submissions.last_round(c, row.id).state)


def _first(at: datetime, state: str) -> str:
    return f"the submission of {at.astimezone():%d %b %Y %H:%M}, now {state}"


def remember_orders(office: Office, known: Sequence[PurchaseOrder]) -> None:
    with office.database.transaction() as c:
        now = office.database.now(c)
        for customer in office.customers:
            theirs = [order for order in known if customer.is_called(order.customer)]
            orders.remember(c, customer.id, theirs, now)


def queue_item(office: Office, item: IntakeItem, who: str) -> IntakeItem:
    """Queue one good item: its files into the vault, its submission and first round in one transaction."""
    if item.verdict is not IntakeVerdict.GOOD or item.invoice is None or item.customer is None:
        return item
    try:
        files = as_sent(office, keep(office, item.files), item.customer)
    except DocumentRefused as error:
        finding = Finding(rule="documents.changed", severity=Severity.BLOCKS, sentence=error.message)
        return item.model_copy(update={"verdict": IntakeVerdict.BLOCKED, "findings": (*item.findings, finding)})
    with office.database.transaction() as c:
        now = office.database.now(c)
        added = submissions.add(c, item.customer.account.id, item.customer.id, item.invoice, files, now, who)
    if isinstance(added, Duplicate):  # somebody else queued it since we looked
        first = _first(added.created_at, added.state)
        return item.model_copy(update={"verdict": IntakeVerdict.DUPLICATE, "duplicate_of": first})
    keep_again(office, item.files)
    return item


def resubmit(
    office: Office,
    invoice_number: str,
    account: str | None,
    pods: Sequence[Path],
    cause: Cause,
    fault: Fault,
    reason: str,
    who: str,
    minutes: int = 0,
    sent_as: str = "",
) -> int:
    """Queue the next round. New proofs of delivery take the place of the former ones; the rest goes again as it was.

    ``sent_as`` is another invoice number for the portal, where the customer wants one. The fault decision and the
    minutes are stored with it or not at all. Returns the round's number.
    """
    with office.database.reading() as c:
        row = submissions.find_one(c, invoice_number, account)
        last = submissions.last_round(c, row.id)
        former_round = submissions.read_round(c, last.id)
        taken = submissions.numbers_taken(c, row.id)
    former = former_round.files
    if last.state == RoundState.CONFIRMED and row.stage not in HELD:
        said = (
            f"the portal says {row.stage}" if row.stage else "the portal has not been read since; try: submitter poll"
        )
        raise StillOnItsWay(f"{invoice_number} is not held: {said}. Nothing is sent again without a reason to.")
    customer = office.customer(row.customer)
    if customer is None:
        raise ConfigurationError(f"No customer file describes {row.customer!r} any more.")
    number = number_to_send(customer, former_round.invoice.number, taken, row.invoice_number, sent_as.strip())
    with DocumentReader() as reader:
        new = [FoundFile(pod, DocumentKind.POD, reader.read(pod)) for pod in pods]
    files = former
    if new:
        stay = [one for one in originals(former) if one.kind is not DocumentKind.POD]
        require_taken(customer, former_round.invoice, new, stay)
        require_kept(office, stay)
        files = as_sent(office, (*stay, *keep(office, new)), customer)
    else:
        require_kept(office, [file.document for file in former])
    with office.database.transaction() as c:
        now = office.database.now(c)
        owner = billing.owner_of(c, row.account, number)
        if owner is not None and owner.id != row.id:
            raise DocumentRefused(f"{number} was submitted for another invoice of {customer.name}; choose another.")
        corrected = former_round.invoice.model_copy(update={"number": number})
        changed = corrected if corrected.number != row.invoice_number else None
        round_id = submissions.add_resubmission(c, row.id, files, cause, fault, reason, now, who, changed)
        effort.decide_fault(c, round_id, fault, who, reason or f"decided when resubmitting ({cause})", now)
        round_number = int(last.number) + 1
        if minutes:
            effort.log(c, row.id, round_number, who, Activity.RE_ENTER, minutes, f"resubmission, {cause}", now)
    keep_again(office, new)
    return round_number
