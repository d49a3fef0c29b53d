"""Preflight of the files that go with an invoice: which there are, what they are, and what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from submitter.documents.opening.reading import DocumentReading, FoundFile, Verdict
from submitter.documents.preflight.case import Case, Look
from submitter.documents.sending.naming import upload_names
from submitter.documents.tokens import is_telling, mentions, states
from submitter.model.document import DocumentKind
from submitter.model.rules import Bundle

_KIND = {
    DocumentKind.POD: "proof of delivery",
    DocumentKind.FIELD_TICKET: "field ticket",
    DocumentKind.INVOICE: "invoice document",
}
_TYPE = {
    "application/pdf": "PDF",
    "application/xml": "XML",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
}


def _called(kind: DocumentKind, number: int = 1) -> str:
    name = _KIND.get(kind, f"{kind.value} document")
    return name if number == 1 else name.replace("proof ", "proofs ") if name.startswith("proof ") else f"{name}s"


# -- which documents there are -------------------------------------------------------------------------------------


def _missing(case: Case) -> Iterator[str]:
    counted = _counted(case)
    for kind in DocumentKind:
        least, there = case.rules.at_least(kind), counted[kind]
        if there >= least or kind is DocumentKind.POD:
            continue
        if least == 1:
            yield f"{case.customer.name} needs a {_called(kind)} with each invoice; there is none.{_hint(case, kind)}"
        else:
            yield (
                f"{case.customer.name} needs {least} {_called(kind, least)} with each invoice; there "
                f"{'is' if there == 1 else 'are'} {there}.{_hint(case, kind)}"
            )


def _hint(case: Case, kind: DocumentKind) -> str:
    if kind is not DocumentKind.FIELD_TICKET:
        return ""
    tickets = " or ".join(case.invoice.ticket_numbers)
    named = f"names ticket {tickets}" if tickets else "names one of the invoice's ticket numbers"
    return f' A file counts as one when it {named}, or is called "field ticket".'


def _missing_pod(case: Case) -> Iterator[str]:
    least, there = case.rules.at_least(DocumentKind.POD), _counted(case)[DocumentKind.POD]
    if there >= least:
        return
    if there or any(file.kind is DocumentKind.POD for file in case.files):
        other = " besides the field ticket" if case.rules.at_least(DocumentKind.FIELD_TICKET) else ""
        needed = f"{least} {_called(DocumentKind.POD, least)}"
        yield f"{case.customer.name} needs {needed}{other}; there {'is' if there == 1 else 'are'} {there}."
        return
    tickets = " or ".join(case.invoice.ticket_numbers)
    looked_for = f"ticket {tickets}" if tickets else f"invoice {case.invoice.number}"
    yield f"There is no proof of delivery: no file names {looked_for}."


def _counted(case: Case) -> Counter[DocumentKind]:
    """How many documents of each kind there are. A signed field ticket is a proof of delivery, and intake takes it for
    one; it counts as the ticket where the customer wants one, and one file never counts as both.
    """
    counted = Counter(file.kind for file in case.files)
    if wanted := case.rules.at_least(DocumentKind.FIELD_TICKET) - counted[DocumentKind.FIELD_TICKET]:
        pods = [file for file in case.files if file.kind is DocumentKind.POD]
        as_tickets = min(wanted, sum(_is_field_ticket(case, file) for file in pods)) if wanted > 0 else 0
        counted[DocumentKind.FIELD_TICKET] += as_tickets
        counted[DocumentKind.POD] -= as_tickets
    return counted


def _is_field_ticket(case: Case, file: FoundFile) -> bool:
    words = "\n".join((file.path.stem, *file.reading.texts, file.reading.text_scan, *file.reading.codes))
    if re.search(r"field[\s_-]{0,3}ticket", words, re.IGNORECASE):
        return True
    return any(mentions(words, ticket) for ticket in case.invoice.ticket_numbers)


def _too_many(case: Case) -> Iterator[str]:
    counted = _counted(case)
    for kind, limits in case.rules.document_limits.items():
        if limits.most is not None and counted[kind] > limits.most:
            yield (
                f"There are {counted[kind]} {_called(kind, counted[kind])}; {case.customer.name} takes {limits.most}. "
                "Leave out what is not needed, or join them."
            )


def _file_count(case: Case) -> Iterator[str]:
    most = case.rules.most_files
    if most is not None and len(case.files) > most and not _combined(case):
        yield f"There are {len(case.files)} files; the portal takes {most} for an invoice."


# -- what the files are --------------------------------------------------------------------------------------------


def _combined(case: Case) -> bool:
    return case.rules.bundle is Bundle.COMBINED


def _unreadable(case: Case) -> Iterator[str]:
    for file in case.files:
        if file.reading.verdict is not Verdict.OK:
            yield file.reading.sentence


def _file_type(case: Case) -> Iterator[str]:
    """Of files that become one PDF, the PDF is what the portal sees: only what cannot become one is refused."""
    taken = case.rules.file_types
    told = ", ".join(_TYPE.get(kind, kind) for kind in taken)
    for file in _sound(case):
        media_type = file.reading.media_type
        pictured = _combined(case) and media_type.startswith("image/") and "application/pdf" in taken
        if media_type not in taken and not pictured:
            yield f"{file.reading.name} is {_TYPE.get(media_type, media_type)}; the portal takes only {told}."


def _sound(case: Case) -> Iterator[FoundFile]:
    return (file for file in case.files if file.reading.verdict is Verdict.OK)


def _file_size(case: Case) -> Iterator[str]:
    most = case.rules.max_file_bytes
    total = sum(file.reading.size for file in case.files)
    if _combined(case) and total > most:
        yield (
            f"The one PDF of {len(case.files)} files would have about {_bytes(total)}; the portal takes "
            f"{_bytes(most)} a file, {_bytes(total - most)} less. Scan with fewer dots, or make the "
            "largest file smaller: submitter documents shrink."
        )
    for file in () if _combined(case) else case.files:
        if file.reading.size > most:
            yield (
                f"{file.reading.name} has {_bytes(file.reading.size)}; the portal takes {_bytes(most)} a file, "
                f"{_bytes(file.reading.size - most)} less. {_smaller(file)}"
            )


def _smaller(file: FoundFile) -> str:
    """What can be done about it. Nothing is ever done to a signed file or to the electronic invoice itself."""
    if why := _untouchable(file.reading):
        return f"It {why} and stays as it is: bring a smaller one."
    if file.kind is DocumentKind.INVOICE:
        return "Export the invoice with smaller pictures."
    parts = ", or submitter documents split" if _pages(file.reading) > 1 else ""
    return f"For smaller copies: submitter documents shrink{parts}."


def _total_size(case: Case) -> Iterator[str]:
    size, most = sum(file.reading.size for file in case.files), case.rules.max_total_bytes
    if size > most:
        yield (
            f"The {len(case.files)} files have {_bytes(size)} together; the portal takes {_bytes(most)}, "
            f"{_bytes(size - most)} less."
        )


def _bytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 100_000 else f"{size:,} bytes"


def _pages(reading: DocumentReading) -> int:
    return reading.pages or 1  # a picture is a page


def _file_pages(case: Case) -> Iterator[str]:
    most = case.rules.max_file_pages
    if most is None:
        return
    total = sum(_pages(file.reading) for file in _sound(case))
    if _combined(case) and total > most:
        yield f"The one PDF of {len(case.files)} files would have {total} pages; the portal takes {most} in a file."
    for file in () if _combined(case) else _sound(case):
        if _pages(file.reading) > most:
            yield f"{file.reading.name} has {file.reading.pages} pages; the portal takes {most} in a file."


def _total_pages(case: Case) -> Iterator[str]:
    most = case.rules.max_total_pages
    total = sum(_pages(file.reading) for file in _sound(case))
    if most is not None and total > most:
        yield f"The {len(case.files)} files have {total} pages together; the portal takes {most}."


def _name(case: Case) -> Iterator[str]:
    if case.rules.rename_files:
        return
    for file in case.files:
        name = file.path.name
        [fit] = upload_names([name], case.rules)
        if fit != name:
            yield f'{case.customer.name} does not take the file name "{name}"; rename it, for example to {fit}.'


def _bundle(case: Case) -> Iterator[str]:
    if not _combined(case) or len(case.files) < 2:
        return
    for file in _sound(case):
        if file.kind is not DocumentKind.INVOICE:
            continue
        if file.reading.media_type != "application/pdf":
            yield f"{case.customer.name} wants one PDF, but the invoice {file.reading.name} is none; print it as a PDF."
        elif why := _untouchable(file.reading):
            yield (
                f"{case.customer.name} wants one PDF, but nothing can be added to {file.reading.name}, which {why}; "
                "export the invoice again without that, or ask whether separate files will do."
            )


def _bundle_embedded(case: Case) -> Iterator[str]:
    """Such a proof would travel inside the PDF as an attachment, which whoever pages through it does not see."""
    if not _combined(case):
        return
    for file in _sound(case):
        if file.kind is not DocumentKind.INVOICE and (why := _untouchable(file.reading)):
            yield (
                f"{case.customer.name} wants one PDF, but {file.reading.name} {why}, so its pages cannot be put into "
                "another; bring a printed and scanned copy, or ask whether a separate file will do."
            )


def _untouchable(reading: DocumentReading) -> str:
    return "is signed" if reading.signed else "is protected against changes" if reading.encrypted else ""


# -- what the files say --------------------------------------------------------------------------------------------


def _encrypted(case: Case) -> Iterator[str]:
    for file in case.files:
        if file.reading.encrypted:
            yield f"{file.reading.name} is protected against changes; some portals refuse such files."


def _no_text(case: Case) -> Iterator[str]:
    invoice = case.invoice
    numbers = [number for number in (invoice.number, *invoice.ticket_numbers, invoice.po_number) if number]
    for file in _sound(case):
        reading = file.reading
        if file.kind is not DocumentKind.POD or reading.has_text:
            continue
        if any(mentions(code, number) for code in reading.codes for number in numbers):
            continue  # a barcode is either read right or not at all
        if any(mentions(reading.text_scan, number) for number in numbers):
            yield (
                f"{reading.name} is a picture. What stands on it was read by a program, which may misread a letter: "
                f"please look whether it belongs to {invoice.number}."
            )
        else:
            yield (
                f"{reading.name} is a picture without text, so only its name says that it belongs to {invoice.number}."
            )


def _read_two_ways(case: Case) -> Iterator[str]:
    for file in _sound(case):
        yield from file.reading.notes


def _not_in_text(case: Case) -> Iterator[str]:
    """The data and what is printed must say the same. A miss is for a person's eye: artful pages hide their text."""
    invoice = case.invoice
    for file in case.files:
        reading = file.reading
        if file.kind is not DocumentKind.INVOICE or reading.media_type != "application/pdf" or not reading.has_text:
            continue
        texts = reading.texts
        wanted = [("invoice number", invoice.number, [mentions(t, invoice.number) for t in texts])]
        if is_telling(invoice.po_number):
            wanted.append(("order", invoice.po_number, [mentions(t, invoice.po_number) for t in texts]))
        wanted.append(("total", str(invoice.total), [states(t, invoice.total) for t in texts]))
        for called, value, found in wanted:
            if not any(found):
                yield f"The {called} {value} does not stand in the text of {reading.name}; please look at it."


LOOKS: dict[str, Look] = {
    "documents.pod-missing": _missing_pod,
    "documents.missing": _missing,
    "documents.too-many": _too_many,
    "documents.count": _file_count,
    "documents.unreadable": _unreadable,
    "documents.file-type": _file_type,
    "documents.file-size": _file_size,
    "documents.total-size": _total_size,
    "documents.file-pages": _file_pages,
    "documents.total-pages": _total_pages,
    "documents.name": _name,
    "documents.bundle": _bundle,
    "documents.bundle-embedded": _bundle_embedded,
    "documents.encrypted": _encrypted,
    "documents.pod-without-text": _no_text,
    "documents.not-in-text": _not_in_text,
    "documents.read-two-ways": _read_two_ways,
}
