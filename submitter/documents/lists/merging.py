"""One invoice out of two sources: the electronic data in the document, and its row in the list.

The data speaks for the document; the row fills in what the data lacks, and adds the coding. Where both speak and
differ, nobody is believed: a person looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from submitter.documents.lists.manifest import ManifestRow
from submitter.documents.opening.reading import DocumentReading
from submitter.documents.tokens import folded
from submitter.model.document import Finding, Severity
from submitter.model.invoice import Invoice


def merge(row: ManifestRow, reading: DocumentReading) -> tuple[Invoice | None, tuple[Finding, ...]]:
    """The invoice of this row, with what keeps it from being sent. None when there is not enough to make one."""
    carried = reading.invoice
    if carried is None:
        return _from_row(row, reading)
    added: dict[str, Any] = {"coding": row.coding}
    if not carried.po_number:
        added["po_number"] = row.po_number
    if carried.due_date is None:
        added["due_date"] = row.due_date
    tickets = dict.fromkeys((*carried.ticket_numbers, *row.ticket_numbers))
    added["ticket_numbers"] = tuple({folded(ticket): ticket for ticket in reversed(tickets)}.values())[::-1]
    return carried.model_copy(update=added), tuple(_disagreements(row, carried, reading.name))


def _from_row(row: ManifestRow, reading: DocumentReading) -> tuple[Invoice | None, tuple[Finding, ...]]:
    """An invoice without electronic data, from the optional columns."""
    missing = [name for name in ("issue_date", "currency", "net", "tax", "total") if not getattr(row, name)]
    if not (missing or row.findings) and row.issue_date and row.net and row.tax and row.total:
        invoice = Invoice(
            number=row.invoice_number,
            issue_date=row.issue_date,
            currency=row.currency,
            due_date=row.due_date,
            po_number=row.po_number,
            net=row.net,
            tax=row.tax,
            total=row.total,
            ticket_numbers=row.ticket_numbers,
            coding=row.coding,
        )
        return invoice, _problem(reading)
    if row.findings:
        return None, ()
    why = f" ({reading.invoice_problem})" if reading.invoice_problem else ""
    sentence = (
        f"{reading.name} holds no electronic invoice that could be used{why}, and {row.list_name} does not give its "
        f"{', '.join(missing)}."
    )
    return None, (Finding(rule="invoice.no-data", severity=Severity.BLOCKS, sentence=sentence),)


def _problem(reading: DocumentReading) -> tuple[Finding, ...]:
    if not reading.invoice_problem:
        return ()
    sentence = f"The electronic invoice in {reading.name} was not used: {reading.invoice_problem}."
    return (Finding(rule="invoice.data-unusable", severity=Severity.WARNS, sentence=sentence),)


def _disagreements(row: ManifestRow, carried: Invoice, name: str) -> Iterator[Finding]:
    for rule, called, listed, stated in (
        ("manifest.number", "invoice number", row.invoice_number, carried.number),
        ("manifest.po", "order", row.po_number, carried.po_number),
        ("manifest.currency", "currency", row.currency, carried.currency),
        ("manifest.issue-date", "invoice date", row.issue_date, carried.issue_date),
        ("manifest.net", "amount without tax", row.net, carried.net),
        ("manifest.tax", "tax", row.tax, carried.tax),
        ("manifest.total", "total", row.total, carried.total),
    ):
        if listed and stated and listed != stated:
            yield _differs(rule, called, (str(listed), str(stated)), row, name, Severity.BLOCKS)
    if row.due_date and carried.due_date and row.due_date != carried.due_date:
        days = str(row.due_date), str(carried.due_date)
        yield _differs("manifest.due-date", "due date", days, row, name, Severity.WARNS)
    listed_tickets, stated_tickets = map(set, (map(folded, row.ticket_numbers), map(folded, carried.ticket_numbers)))
    if listed_tickets and stated_tickets and not listed_tickets & stated_tickets:
        tickets = ", ".join(row.ticket_numbers), ", ".join(carried.ticket_numbers)
        yield _differs("manifest.ticket", "ticket", tickets, row, name, Severity.BLOCKS)


def _differs(
    rule: str, called: str, values: tuple[str, str], row: ManifestRow, name: str, severity: Severity
) -> Finding:
    sentence = f"{row.list_name} gives the {called} {values[0]}, but {name} itself says {values[1]}."
    return Finding(rule=rule, severity=severity, sentence=sentence)
