"""Taking in a folder: what the ERP put there, as items that are good, blocked or duplicates. Nothing is stored here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from submitter.documents.lists.lists import FolderLists, read_lists, with_files
from submitter.documents.lists.manifest import ManifestRow, leaves_folder
from submitter.documents.lists.mapping import ListFormat
from submitter.documents.lists.merging import merge
from submitter.documents.lists.tables import suggestion
from submitter.documents.matching import PodFit, match_pods
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import DocumentReading, FoundFile, Verdict
from submitter.documents.opening.unpacking import with_members
from submitter.documents.preflight.books import Books, NoBooks
from submitter.documents.preflight.preflight import check
from submitter.errors import DocumentRefused
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind, Finding, Severity
from submitter.model.invoice import Invoice
from submitter.model.record import Record

MOST_FILES = 5_000


class IntakeVerdict(StrEnum):
    GOOD = "good"  # may be queued; it may still hold warnings
    BLOCKED = "blocked"  # a person must mend something first
    DUPLICATE = "duplicate"  # the same invoice is there already; `duplicate_of` says where


class IntakeItem(Record):
    """One invoice of the folder with the files that go with it."""

    file: str  # as the list names it
    invoice: Invoice | None = None
    customer: Customer | None = None
    files: tuple[FoundFile, ...] = ()  # the invoice first, then its proofs of delivery, the surest first
    findings: tuple[Finding, ...] = ()
    verdict: IntakeVerdict
    duplicate_of: str = ""
    row: ManifestRow | None = None  # what the list says of it


class IntakeReport(Record):
    """All items of a folder, in the order of its list."""

    folder: Path
    items: tuple[IntakeItem, ...]
    orders: tuple[PurchaseOrder, ...] = ()
    lists: tuple[Path, ...] = ()  # the lists of the folder, which are no documents
    unused: tuple[DocumentReading, ...] = ()  # files that belong to no item, with what reading them gave


@dataclass
class _Draft:
    """An item while it is being worked out."""

    file: str
    path: Path | None = None
    reading: DocumentReading | None = None
    invoice: Invoice | None = None
    customer: Customer | None = None
    pods: list[FoundFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    duplicate_of: str = ""
    row: ManifestRow | None = None

    def block(self, rule: str, sentence: str) -> None:
        self.findings.append(Finding(rule=rule, severity=Severity.BLOCKS, sentence=sentence))

    @property
    def files(self) -> tuple[FoundFile, ...]:
        if self.path is None or self.reading is None:
            return tuple(self.pods)
        return FoundFile(self.reading.place or self.path, DocumentKind.INVOICE, self.reading), *self.pods

    def finished(self) -> IntakeItem:
        verdict = IntakeVerdict.GOOD
        if self.duplicate_of:
            verdict = IntakeVerdict.DUPLICATE
        elif any(finding.severity is Severity.BLOCKS for finding in self.findings):
            verdict = IntakeVerdict.BLOCKED
        return IntakeItem(
            file=self.file,
            invoice=self.invoice,
            customer=self.customer,
            files=self.files,
            findings=tuple(self.findings),
            verdict=verdict,
            duplicate_of=self.duplicate_of,
            row=self.row,
        )


def examine_folder(
    folder: Path,
    customers: Sequence[Customer],
    reader: DocumentReader,
    today: date,
    already_submitted: Callable[[str, str], str | None],
    form: ListFormat | None = None,
    files: Sequence[Path] | None = None,
    books: Books | None = None,
) -> IntakeReport:
    """What the folder holds for us. DocumentRefused only when nothing in it can be worked with.

    ``already_submitted(account id, invoice number)`` answers where an invoice went before, or None. ``form``
    says how the list is written, ``files`` which files count when not all in the folder and below do. ``books`` know
    earlier invoices and orders. ``today`` may be an aware moment: preflight then goes by each customer's own day.
    """
    paths = _files(folder) if files is None else list(files)
    lists = read_lists(folder, reader, form)
    paths = [path for path in paths if path not in lists.paths]
    readings = dict(with_members(zip(paths, reader.read_many(paths), strict=True), reader))
    rows = with_files(_in_archives(lists.rows or (), folder, readings), folder, readings, form)
    _lend_side_data(readings, {folder / row.file for row in rows})
    drafts = [_listed(row, folder, readings, customers) for row in rows]
    drafts += _unlisted(readings, {draft.path for draft in drafts}, customers, lists)
    if not drafts:
        raise DocumentRefused(
            f"{folder} holds no invoices: there is no {lists.name}, and no file in it carries an electronic invoice."
            if lists.rows is None
            else f"{folder} holds no invoices: {lists.name} has no rows, and no file carries an electronic invoice."
        )
    _mark_duplicates(drafts, already_submitted)
    _add_pods(drafts, readings, lists.orders, reader)
    for place, draft in enumerate(drafts):
        _preflight(draft, drafts[:place], lists.orders, today, books or NoBooks())
    used = {file.path for draft in drafts for file in draft.files}
    unused = tuple(reading for path, reading in readings.items() if (reading.place or path) not in used)
    return IntakeReport(
        folder=folder,
        items=tuple(draft.finished() for draft in drafts),
        orders=lists.orders,
        lists=lists.paths,
        unused=unused,
    )


def _in_archives(
    rows: Sequence[ManifestRow], folder: Path, readings: dict[Path, DocumentReading]
) -> tuple[ManifestRow, ...]:
    """The rows, where a file that came in an archive or a mail may be called as if it lay in the folder."""
    inside: dict[str, list[str]] = {}
    for path, reading in readings.items():
        if reading.outer is not None:
            inside.setdefault(path.relative_to(reading.outer).as_posix(), []).append(
                path.relative_to(folder).as_posix()
            )
    found = {name: places[0] for name, places in inside.items() if len(places) == 1}
    return tuple(
        row.model_copy(update={"file": found[row.file]})
        if folder / row.file not in readings and row.file in found
        else row
        for row in rows
    )


def _files(folder: Path) -> list[Path]:
    """Every file in the folder and below, but for our lists and hidden files. Links to folders are not followed."""
    if not folder.exists():
        raise DocumentRefused(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise DocumentRefused(f"{folder} is a file, not a folder with invoices.")
    found: list[Path] = []
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        here = Path(place)
        found += [here / name for name in sorted(names) if not name.startswith((".", "~$"))]
        if len(found) > MOST_FILES:
            raise DocumentRefused(f"{folder} holds more than {MOST_FILES:,} files; please take in smaller folders.")
    return found


def _lend_side_data(readings: dict[Path, DocumentReading], listed: set[Path]) -> None:
    """An invoice whose data lies beside it: `4711.xml` speaks for `4711.pdf` when that carries none itself.

    Data that says the same as the PDF's own is left out, data that says something else stays an item of its own.
    """
    data_files = {path for path, reading in readings.items() if _is_data(reading)} - listed
    by_stem = {path.with_suffix(""): path for path in data_files}
    for path, reading in list(readings.items()):
        beside = by_stem.get(path.with_suffix(""))
        if beside is None or reading.media_type != "application/pdf" or reading.verdict is not Verdict.OK:
            continue
        data, own = readings[beside], reading.invoice
        if own is None:
            lent = {"invoice": data.invoice, "adjustments": data.adjustments, "invoice_problem": data.invoice_problem}
            readings[path] = reading.model_copy(update=lent)
            del readings[beside]
        elif data.invoice and (data.invoice.number, data.invoice.total) == (own.number, own.total):
            del readings[beside]


def _is_data(reading: DocumentReading) -> bool:
    return reading.media_type in ("application/xml", "application/json") and bool(
        reading.invoice or reading.invoice_problem
    )


def _listed(
    row: ManifestRow, folder: Path, readings: dict[Path, DocumentReading], customers: Sequence[Customer]
) -> _Draft:
    draft = _Draft(file=row.file or row.invoice_number, findings=list(row.findings), row=row)
    draft.customer = next((c for c in customers if c.is_called(row.customer)), None)
    if draft.customer is None and row.customer:
        names = [name for c in customers for name in (c.id, c.name, *c.aliases)]
        draft.block(
            "customer.unknown", f'"{row.customer}" is not a known customer{suggestion(row.customer, names) or "."}'
        )
    if not row.file or leaves_folder(row.file):
        return draft
    path = folder / row.file
    if path not in readings:
        names = [str(p.relative_to(folder)) for p in readings]
        draft.block("manifest.file-missing", f'There is no file "{row.file}"{suggestion(row.file, names) or "."}')
        return draft
    draft.path, draft.reading = path, readings[path]
    draft.invoice, findings = merge(row, readings[path])
    if draft.invoice is None and draft.reading.verdict is not Verdict.OK:
        draft.block("documents.unreadable", draft.reading.sentence)
    else:
        draft.findings += findings
    _compare_buyer(draft, customers, row.list_name)
    return draft


def _compare_buyer(draft: _Draft, customers: Sequence[Customer], list_name: str) -> None:
    """The row says for whom the invoice is, and so does its own data."""
    if draft.invoice is None or draft.customer is None or not draft.invoice.buyer:
        return
    buyer, customer = draft.invoice.buyer, draft.customer
    if customer.is_called(buyer):
        return
    other = any(c.is_called(buyer) for c in customers)
    sentence = f'{list_name} lists {draft.file} for {customer.name}, but the invoice is made out to "{buyer}".'
    severity = Severity.BLOCKS if other else Severity.WARNS
    draft.findings.append(Finding(rule="customer.differs", severity=severity, sentence=sentence))


def _unlisted(
    readings: dict[Path, DocumentReading], listed: set[Path | None], customers: Sequence[Customer], lists: FolderLists
) -> Iterator[_Draft]:
    """Files that carry an invoice and have no row: blocked beside a list, taken where there is none."""
    for path, reading in readings.items():
        if path in listed or not (reading.invoice or reading.invoice_problem):
            continue
        draft = _Draft(file=reading.name, path=path, reading=reading, invoice=reading.invoice)
        buyer = reading.invoice.buyer if reading.invoice else ""
        draft.customer = next((c for c in customers if buyer and c.is_called(buyer)), None)
        if lists.rows is not None:
            draft.block("manifest.not-listed", f"{reading.name} holds an invoice, but is not listed in {lists.name}.")
        elif reading.invoice is None:
            draft.block(
                "invoice.no-data", f"The electronic invoice in {reading.name} cannot be used: {_dotted(reading)}"
            )
        elif draft.customer is None:
            names = [name for c in customers for name in (c.name, *c.aliases)]
            called = f'is made out to "{buyer}", which is not a known customer{suggestion(buyer, names) or "."}'
            draft.block("customer.unknown", f"The invoice in {reading.name} {called if buyer else 'names no buyer.'}")
        yield draft


def _dotted(reading: DocumentReading) -> str:
    return f"{reading.invoice_problem.rstrip('.')}."


def _mark_duplicates(drafts: Sequence[_Draft], already_submitted: Callable[[str, str], str | None]) -> None:
    """The second of two equal ones is a duplicate. Two that differ both stop: which is right is not ours to say."""
    first: dict[tuple[str, str], _Draft] = {}
    for draft in drafts:
        if draft.invoice is None or draft.customer is None:
            continue
        number = draft.invoice.number
        earlier = first.setdefault((draft.customer.id, number.casefold()), draft)
        if earlier is not draft and earlier.invoice is not None:
            if earlier.invoice.total != draft.invoice.total:
                sentence = (
                    f"{number} is there twice with different totals: {earlier.file} says {earlier.invoice.total}, "
                    f"{draft.file} says {draft.invoice.total}."
                )
                for one in (earlier, draft):
                    one.block("invoice.two-totals", sentence)
                continue
            draft.duplicate_of = earlier.file
        if before := already_submitted(draft.customer.account.id, number):
            draft.duplicate_of = before


def _add_pods(
    drafts: Sequence[_Draft],
    readings: dict[Path, DocumentReading],
    orders: Sequence[PurchaseOrder],
    reader: DocumentReader,
) -> None:
    taken = {draft.path for draft in drafts}
    candidates = reader.scan_many({path: reading for path, reading in readings.items() if path not in taken})
    claiming = [draft for draft in drafts if draft.invoice and not draft.duplicate_of]
    invoices = [draft.invoice for draft in claiming if draft.invoice]
    matches = match_pods(invoices, candidates.items(), [order.number for order in orders])
    for draft, match in zip(claiming, matches, strict=True):
        draft.findings += match.findings
        draft.pods = [_pod(fit, candidates) for fit in match.pods]


def _pod(fit: PodFit, candidates: dict[Path, DocumentReading]) -> FoundFile:
    reading = candidates[fit.path]
    return FoundFile(reading.place or fit.path, DocumentKind.POD, reading)


def _preflight(
    draft: _Draft, before: Sequence[_Draft], orders: Sequence[PurchaseOrder], today: date, books: Books
) -> None:
    """``before`` are the drafts that were looked at already: the good ones among them use up the order as well."""
    invoice, customer = draft.invoice, draft.customer
    if invoice is None or customer is None or draft.duplicate_of:
        return
    here = {order.number for order in orders if customer.is_called(order.customer)}
    known = [*orders, *(order for order in books.orders(customer) if order.number not in here)]
    others = [*books.on_order(customer, invoice.po_number), *_good_ones(before, customer)]
    found = check(invoice, draft.files, customer, known, today, books.like(customer, invoice), others)
    if any(finding.rule.startswith("pod.") for finding in draft.findings):
        # What is wrong with the proof was said better already
        found = tuple(finding for finding in found if finding.rule != "documents.pod-missing")
    draft.findings += found


def _good_ones(drafts: Sequence[_Draft], customer: Customer) -> list[Invoice]:
    return [
        draft.invoice
        for draft in drafts
        if draft.invoice and draft.customer == customer and draft.finished().verdict is IntakeVerdict.GOOD
    ]
