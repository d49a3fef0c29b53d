"""Preflight: everything a portal would refuse an invoice for that we can see before a browser opens.

Each rule is one small function in the table at the end; its id is stable and goes into worklists and reports. The
sentences are for the clerk who will mend it, so they name the values. ``reason`` is the Peppol reason code
(OPStatusReason) that a buyer would have answered with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from submitter.documents import order_checks
from submitter.documents.case import Case, Said, blocks, plain, warns
from submitter.documents.reading import FoundFile, Verdict
from submitter.documents.tokens import is_telling, mentions, states
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind, Finding
from submitter.model.invoice import Invoice
from submitter.model.money import Money

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
INVOICES = frozenset({"380", "384"})

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


def check(
    invoice: Invoice,
    files: Sequence[FoundFile],
    customer: Customer,
    orders: Sequence[PurchaseOrder],
    today: date,
) -> tuple[Finding, ...]:
    """All findings about one invoice with its files, for this customer. ``orders`` may hold other customers' too."""
    known = tuple(order for order in orders if customer.is_called(order.customer))
    case = Case(invoice=invoice, files=tuple(files), customer=customer, orders=known, today=today)
    return tuple(
        Finding(rule=rule, severity=said.severity, sentence=said.sentence, reason=said.reason)
        for rule, look in RULES
        for said in look(case)
    )


def _type(case: Case) -> Iterator[Said]:
    invoice = case.invoice
    if invoice.type_code in CREDIT_NOTES or invoice.total.minor < 0:
        yield blocks(f"{invoice.number} is a credit note ({invoice.total}); credit notes are not submitted yet.")
    elif invoice.type_code not in INVOICES:
        yield warns(f"{invoice.number} has the unusual document type {invoice.type_code}; portals know 380 (invoice).")


def _number_pattern(case: Case) -> Iterator[Said]:
    if not re.fullmatch(case.rules.number_pattern, case.invoice.number):
        yield blocks(
            f'{case.customer.name} does not take the invoice number "{case.invoice.number}"; '
            f"it must look like {case.rules.number_pattern}.",
            "REF",
        )


def _number_length(case: Case) -> Iterator[Said]:
    length, most = len(case.invoice.number), case.rules.number_max_length
    if length > most:
        yield blocks(
            f'The invoice number "{case.invoice.number}" has {length} characters; the portal takes {most}.', "REF"
        )


def _dates(case: Case) -> Iterator[Said]:
    issued, today = case.invoice.issue_date, case.today
    if issued > today:
        yield blocks(f"The invoice is dated {issued}, which is in the future (today is {today}).")
    elif issued < today - timedelta(days=case.rules.oldest_days):
        age = (today - issued).days
        yield blocks(
            f"The invoice is dated {issued}, {age} days ago; {case.customer.name} takes none older than "
            f"{case.rules.oldest_days} days."
        )


def _due_date(case: Case) -> Iterator[Said]:
    invoice = case.invoice
    if invoice.due_date and invoice.due_date < invoice.issue_date:
        yield blocks(f"The due date {invoice.due_date} is before the invoice date {invoice.issue_date}.", "PAY")


def _coding(case: Case) -> Iterator[Said]:
    if case.rules.coding_required and case.invoice.coding is None:
        yield blocks(
            f"{case.customer.name} needs the coding of each invoice (AFE or cost centre with its number), and "
            f"{case.invoice.number} has none.",
            "REF",
        )


def _totals(case: Case) -> Iterator[Said]:
    invoice = case.invoice
    if invoice.net + invoice.tax != invoice.total:
        yield blocks(
            f"The totals do not add up: {invoice.net} and {invoice.tax} tax are not {invoice.total}.",
            "FIN",
        )


def _line_sum(case: Case) -> Iterator[Said]:
    invoice = case.invoice
    if not invoice.lines:
        return
    billed = sum((line.net for line in invoice.lines), Money(minor=0, currency=invoice.currency))
    difference = invoice.net - billed
    if not difference.minor:
        return
    adjustments = case.adjustments
    if adjustments == difference:
        yield warns(
            f"The lines come to {billed} and the invoice to {invoice.net}: {difference} is an allowance or charge on "
            "the whole invoice. Check that the portal can take it.",
            "FIN",
        )
    else:
        yield blocks(f"The lines come to {billed}, but the invoice says {invoice.net} without tax.", "FIN")


def _line_amounts(case: Case) -> Iterator[Said]:
    for line in case.invoice.lines:
        product = Money.rounded(line.quantity * line.unit_price, case.invoice.currency)
        if product != line.net:
            factors = f"{plain(line.quantity)} at {plain(line.unit_price)}"
            yield warns(f"Line {line.number}: {factors} is {product}, but the line says {line.net}.", "PRI")


def _missing_documents(case: Case) -> Iterator[Said]:
    present = {file.kind for file in case.files}
    for kind in case.rules.required_documents:
        if kind not in present and kind is not DocumentKind.POD:
            yield blocks(
                f"{case.customer.name} needs a {_KIND.get(kind, kind.value)} with each invoice; there is none."
            )


def _missing_pod(case: Case) -> Iterator[Said]:
    present = {file.kind for file in case.files}
    if DocumentKind.POD in case.rules.required_documents and DocumentKind.POD not in present:
        tickets = " or ".join(case.invoice.ticket_numbers)
        looked_for = f"ticket {tickets}" if tickets else f"invoice {case.invoice.number}"
        yield blocks(f"There is no proof of delivery: no file names {looked_for}.", "DEL")


def _unreadable(case: Case) -> Iterator[Said]:
    for file in case.files:
        if file.reading.verdict is not Verdict.OK:
            yield blocks(file.reading.sentence)


def _file_type(case: Case) -> Iterator[Said]:
    taken = ", ".join(_TYPE.get(kind, kind) for kind in case.rules.file_types)
    for file in case.files:
        media_type = file.reading.media_type
        if file.reading.verdict is Verdict.OK and media_type not in case.rules.file_types:
            yield blocks(f"{file.reading.name} is {_TYPE.get(media_type, media_type)}; the portal takes only {taken}.")


def _file_size(case: Case) -> Iterator[Said]:
    most = case.rules.max_file_bytes
    for file in case.files:
        if file.reading.size > most:
            yield blocks(
                f"{file.reading.name} has {_bytes(file.reading.size)}; the portal takes {_bytes(most)} a file."
            )


def _total_size(case: Case) -> Iterator[Said]:
    size, most = sum(file.reading.size for file in case.files), case.rules.max_total_bytes
    if size > most:
        yield blocks(f"The {len(case.files)} files have {_bytes(size)} together; the portal takes {_bytes(most)}.")


def _bytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 100_000 else f"{size:,} bytes"


def _encrypted(case: Case) -> Iterator[Said]:
    for file in case.files:
        if file.reading.encrypted:
            yield warns(f"{file.reading.name} is protected against changes; some portals refuse such files.")


def _no_text(case: Case) -> Iterator[Said]:
    for file in case.files:
        if file.kind is DocumentKind.POD and file.reading.verdict is Verdict.OK and not file.reading.has_text:
            yield warns(
                f"{file.reading.name} is a picture without text, so only its name says that it belongs to "
                f"{case.invoice.number}.",
            )


def _not_in_text(case: Case) -> Iterator[Said]:
    """The data and what is printed must say the same. A miss is for a person's eye: artful pages hide their text."""
    invoice = case.invoice
    for file in case.files:
        reading = file.reading
        if file.kind is not DocumentKind.INVOICE or reading.media_type != "application/pdf" or not reading.has_text:
            continue
        texts = (reading.text_plain, reading.text_layout)
        wanted = [("invoice number", invoice.number, [mentions(t, invoice.number) for t in texts])]
        if is_telling(invoice.po_number):
            wanted.append(("order", invoice.po_number, [mentions(t, invoice.po_number) for t in texts]))
        wanted.append(("total", str(invoice.total), [states(t, invoice.total) for t in texts]))
        for called, value, found in wanted:
            if not any(found):
                yield warns(f"The {called} {value} does not stand in the text of {reading.name}; please look at it.")


Look = Callable[[Case], Iterator[Said]]
RULES: tuple[tuple[str, Look], ...] = (
    ("invoice.type", _type),
    ("invoice.number-pattern", _number_pattern),
    ("invoice.number-length", _number_length),
    ("invoice.date", _dates),
    ("invoice.due-date", _due_date),
    ("invoice.coding", _coding),
    *order_checks.RULES,
    ("totals.sum", _totals),
    ("totals.lines", _line_sum),
    ("totals.line", _line_amounts),
    ("documents.pod-missing", _missing_pod),
    ("documents.missing", _missing_documents),
    ("documents.unreadable", _unreadable),
    ("documents.file-type", _file_type),
    ("documents.file-size", _file_size),
    ("documents.total-size", _total_size),
    ("documents.encrypted", _encrypted),
    ("documents.pod-without-text", _no_text),
    ("documents.not-in-text", _not_in_text),
)
