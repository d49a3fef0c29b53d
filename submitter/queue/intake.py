"""From files to due work: a folder's good invoices are queued, and a disputed one is queued again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from submitter.documents.intake import IntakeItem, IntakeReport, IntakeVerdict, examine_folder
from submitter.documents.manifest import ORDERS, read_orders
from submitter.documents.naming import upload_names
from submitter.documents.opening import DocumentReader
from submitter.documents.reading import Verdict
from submitter.errors import ConfigurationError, DocumentRefused
from submitter.model.account import Customer
from submitter.model.document import Document, DocumentKind, Finding, Severity, SubmittedFile
from submitter.model.effort import Activity
from submitter.model.portal import HELD
from submitter.model.submission import Cause, Fault, RoundState
from submitter.queue.office import Office
from submitter.store import effort, orders, submissions
from submitter.store.submissions import Duplicate, StillOnItsWay


def take_in(office: Office, folder: Path, reader: DocumentReader, who: str) -> IntakeReport:
    """Read a folder, queue what is good, and say of the rest why not. Doing it twice queues nothing twice."""
    if not office.customers:
        raise ConfigurationError(f"There are no customers yet: {office.settings.customers_folder} has no *.toml file.")
    today = datetime.now(UTC).astimezone().date()
    report = examine_folder(folder, office.customers, reader, today, lambda a, n: _already(office, a, n))
    _remember_orders(office, folder)
    return report.model_copy(update={"items": tuple(queue_item(office, item, who) for item in report.items)})


def _already(office: Office, account: str, number: str) -> str | None:
    with office.database.reading() as c:
        row = submissions.find(c, account, number)
        return None if row is None else _first(row.created_at, submissions.last_round(c, row.id).state)


def _first(at: datetime, state: str) -> str:
    return f"the submission of {at.astimezone():%d %b %Y %H:%M}, now {state}"


def _remember_orders(office: Office, folder: Path) -> None:
    path = folder / ORDERS
    known = read_orders(path) if path.is_file() else []
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
        files = _keep(office, [(f.path, f.kind, f.reading.sha256, f.reading.pages) for f in item.files], item.customer)
    except DocumentRefused as error:
        finding = Finding(rule="documents.changed", severity=Severity.BLOCKS, sentence=error.message)
        return item.model_copy(update={"verdict": IntakeVerdict.BLOCKED, "findings": (*item.findings, finding)})
    with office.database.transaction() as c:
        now = office.database.now(c)
        added = submissions.add(c, item.customer.account.id, item.customer.id, item.invoice, files, now, who)
    if isinstance(added, Duplicate):  # somebody else queued it since we looked
        first = _first(added.created_at, added.state)
        return item.model_copy(update={"verdict": IntakeVerdict.DUPLICATE, "duplicate_of": first})
    return item


def _keep(
    office: Office, files: Sequence[tuple[Path, DocumentKind, str, int | None]], customer: Customer
) -> tuple[SubmittedFile, ...]:
    """Put the files into the vault. What is sent later is what was read and checked: another hash is refused."""
    names = upload_names([path.name for path, _, _, _ in files], customer.rules)
    kept = []
    for (path, kind, sha256, pages), name in zip(files, names, strict=True):
        try:
            digest = office.vault.keep(path)
        except OSError as error:
            raise DocumentRefused(f"{path.name} could not be stored: {error.strerror}.") from error
        if digest != sha256:
            raise DocumentRefused(f"{path.name} changed while it was being taken in; take the folder in again.")
        one = Document(
            sha256=digest,
            name=path.name,
            kind=kind,
            media_type="application/pdf" if path.suffix.lower() == ".pdf" else "application/octet-stream",
            size=office.vault.path(digest).stat().st_size,
            pages=pages,
        )
        kept.append(SubmittedFile(document=one, upload_name=name))
    return tuple(kept)


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
) -> int:
    """Queue the next round. New proofs of delivery take the place of the former ones; the rest goes again as it was.

    The fault decision and the minutes are stored with it or not at all. Returns the round's number.
    """
    with office.database.reading() as c:
        row = submissions.find_one(c, invoice_number, account)
        last = submissions.last_round(c, row.id)
        former = submissions.read_round(c, last.id).files
    if last.state == RoundState.CONFIRMED and row.stage not in HELD:
        said = (
            f"the portal says {row.stage}" if row.stage else "the portal has not been read since; try: submitter poll"
        )
        raise StillOnItsWay(f"{invoice_number} is not held: {said}. Nothing is sent again without a reason to.")
    customer = office.customer(row.customer)
    if customer is None:
        raise ConfigurationError(f"No customer file describes {row.customer!r} any more.")
    files = _with_new_pods(office, former, pods, customer) if pods else former
    with office.database.transaction() as c:
        now = office.database.now(c)
        round_id = submissions.add_resubmission(c, row.id, files, cause, fault, reason, now, who)
        effort.decide_fault(c, round_id, fault, who, reason or f"decided when resubmitting ({cause})", now)
        number = int(last.number) + 1
        if minutes:
            effort.log(c, row.id, number, who, Activity.RE_ENTER, minutes, f"resubmission, {cause}", now)
    return number


def _with_new_pods(
    office: Office, former: tuple[SubmittedFile, ...], pods: Sequence[Path], customer: Customer
) -> tuple[SubmittedFile, ...]:
    with DocumentReader() as reader:
        readings = [reader.read(pod) for pod in pods]
    for pod, reading in zip(pods, readings, strict=True):
        if reading.verdict is not Verdict.OK:
            raise DocumentRefused(reading.sentence or f"{pod.name} cannot be read.")
        if reading.media_type not in customer.rules.file_types:
            raise DocumentRefused(f"{pod.name} is of a kind that {customer.name}'s portal does not take.")
        if reading.size > customer.rules.max_file_bytes:
            raise DocumentRefused(f"{pod.name} is larger than {customer.name}'s portal takes.")
    kept = tuple(file for file in former if file.document.kind is not DocumentKind.POD)
    new = _keep(
        office,
        [(pod, DocumentKind.POD, r.sha256, r.pages) for pod, r in zip(pods, readings, strict=True)],
        customer,
    )
    names = upload_names([file.upload_name for file in (*kept, *new)], customer.rules)
    return tuple(file.model_copy(update={"upload_name": name}) for file, name in zip((*kept, *new), names, strict=True))
