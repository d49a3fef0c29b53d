"""The lists of a folder, and which file each invoice of the list is in when the list does not say it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from submitter.documents.lists.manifest import MANIFEST, ManifestRow, read_manifest, read_orders
from submitter.documents.lists.mapping import ORDERS, ListFormat, plain_format
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import DocumentReading, Verdict
from submitter.documents.tokens import folded, mentions, states
from submitter.errors import DocumentRefused
from submitter.model.account import PurchaseOrder
from submitter.model.document import Finding, Severity

_INVOICE_WORDS = ("", "invoice", "inv", "salesinvoice", "bill", "rechnung", "facture", "factura")
_PAGES = (".pdf", ".xml")


@dataclass(frozen=True)
class FolderLists:
    """What the lists of a folder say."""

    rows: tuple[ManifestRow, ...] | None  # None when there is no list of invoices
    orders: tuple[PurchaseOrder, ...]
    paths: tuple[Path, ...]  # the lists themselves, which are no documents
    name: str = MANIFEST  # of the list of invoices, for sentences


def read_lists(folder: Path, reader: DocumentReader, form: ListFormat | None = None) -> FolderLists:
    """DocumentRefused when a list cannot be used, or when it is not plain which one is meant."""
    form = form or plain_format()
    invoices, orders = find_list(folder, form.names), find_list(folder, ORDERS)
    return FolderLists(
        rows=None if invoices is None else tuple(read_manifest(invoices, form, reader)),
        orders=() if orders is None else tuple(read_orders(orders, reader)),
        paths=tuple(path for path in (invoices, orders) if path),
        name=invoices.name if invoices else form.names[0],
    )


def find_list(folder: Path, names: Sequence[str]) -> Path | None:
    """The one file in the folder that is called so."""
    if not folder.is_dir():
        return None
    found = sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "~$"))
        and any(fnmatch(path.name.casefold(), name.casefold()) for name in names)
        and path.is_file()
    )
    if len(found) > 1:
        several = " and ".join(path.name for path in found)
        raise DocumentRefused(f"{folder} holds the lists {several}; leave the one that is meant.")
    return found[0] if found else None


def with_files(
    rows: Sequence[ManifestRow], folder: Path, readings: Mapping[Path, DocumentReading], form: ListFormat | None
) -> tuple[ManifestRow, ...]:
    """The rows, each with its file. An export that names no files means those that are called like its invoices."""
    pattern = form.map.file if form else ""
    named = {row.file for row in rows if row.file}
    free = {path: one for path, one in readings.items() if path.relative_to(folder).as_posix() not in named}
    free = {path: one for path, one in free.items() if path.suffix.casefold() in _PAGES}
    return tuple(row if row.file or not row.invoice_number else _with_file(row, folder, free, pattern) for row in rows)


def _with_file(row: ManifestRow, folder: Path, readings: Mapping[Path, DocumentReading], pattern: str) -> ManifestRow:
    if any(finding.rule == "manifest.missing" for finding in row.findings) and not pattern:
        return row
    found, holding = _called_like(row, readings, pattern)
    if len(found) == 1:
        return row.model_copy(update={"file": found[0].relative_to(folder).as_posix()})
    looked = (
        f'"{pattern.replace("{invoice_number}", row.invoice_number)}"' if pattern else f'"{row.invoice_number}.pdf"'
    )
    if found:
        names = " and ".join(path.name for path in found)
        sentence = f"{names} could each be invoice {row.invoice_number}; call one of them {looked}."
        return _blocked(row, "manifest.file-ambiguous", sentence)
    also = f" ({holding[0].name} holds the number, but nothing shows that it is the invoice)" if holding else ""
    sentence = f"There is no file for invoice {row.invoice_number}: {looked} was looked for{also}."
    return _blocked(row, "manifest.file-missing", sentence)


def _called_like(
    row: ManifestRow, readings: Mapping[Path, DocumentReading], pattern: str
) -> tuple[list[Path], list[Path]]:
    """The files that are this invoice by their name, the surest way of saying so first; and those that only may be.

    A proof of delivery is called like its invoice, too. So a name that merely holds the number counts only when the
    file says itself that it is the invoice: by its data, or by its number and total in the text.
    """
    number = row.invoice_number
    if pattern:
        exact = pattern.replace("{invoice_number}", number).casefold()
        found = [path for path in readings if path.name.casefold() == exact]
        if found:
            return found, []
    wanted = {word + folded(number) for word in _INVOICE_WORDS}
    found = _pages_first([path for path in readings if folded(path.stem) in wanted])
    if found:
        return found, []
    holding = [path for path in readings if mentions(path.stem, number)]
    return [path for path in holding if _is_invoice(row, readings[path])], holding


def _pages_first(found: list[Path]) -> list[Path]:
    """Of `4711.pdf` and `4711.xml` the page is meant; the data beside it speaks for it."""
    pages = [path for path in found if path.suffix.casefold() == ".pdf"]
    return pages or found


def _is_invoice(row: ManifestRow, reading: DocumentReading) -> bool:
    if reading.verdict is not Verdict.OK:
        return False
    if reading.invoice:
        return folded(reading.invoice.number) == folded(row.invoice_number)
    text = f"{reading.text_plain}\n{reading.text_layout}"
    return row.total is not None and mentions(text, row.invoice_number) and states(text, row.total)


def _blocked(row: ManifestRow, rule: str, sentence: str) -> ManifestRow:
    found = Finding(rule=rule, severity=Severity.BLOCKS, sentence=sentence)
    return row.model_copy(update={"findings": (*row.findings, found)})


def files_named(rows: Sequence[ManifestRow]) -> tuple[str, ...]:
    """The files that the list names, as it writes them."""
    return tuple(dict.fromkeys(re.sub(r"\\", "/", row.file) for row in rows if row.file))
