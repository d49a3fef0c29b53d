"""Looking at invoices without taking them in: what intake would find, with proofs and orders given by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from submitter.documents.intake import IntakeItem, IntakeVerdict, examine_folder
from submitter.documents.lists.lists import find_list
from submitter.documents.lists.mapping import ListFormat
from submitter.documents.matching import match_pods
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import FoundFile, Verdict
from submitter.documents.preflight.books import Books
from submitter.documents.preflight.preflight import check
from submitter.errors import DocumentRefused
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind, Finding, Severity
from submitter.model.invoice import Invoice
from submitter.model.rulebook import RULEBOOK
from submitter.model.submission import Earlier

_SIDE_DATA = (".xml", ".json")  # beside 4711.pdf lies 4711.xml


@dataclass(frozen=True)
class WithOrders:
    """The books, and orders that were given by hand, which come first."""

    books: Books
    given: Sequence[PurchaseOrder]

    def like(self, customer: Customer, invoice: Invoice) -> Sequence[Earlier]:
        return self.books.like(customer, invoice)

    def on_order(self, customer: Customer, number: str) -> Sequence[Invoice]:
        return self.books.on_order(customer, number)

    def orders(self, customer: Customer) -> Sequence[PurchaseOrder]:
        given = [order for order in self.given if customer.is_called(order.customer)]
        numbers = {order.number for order in given}
        return [*given, *(order for order in self.books.orders(customer) if order.number not in numbers)]


@dataclass(frozen=True)
class Looker:
    """What is needed to look at an invoice."""

    customers: Sequence[Customer]
    reader: DocumentReader
    today: date  # or a moment, see `preflight.check`
    already_submitted: Callable[[str, str], str | None]
    form: ListFormat
    books: Books

    def folder(self, folder: Path, customer: Customer | None = None) -> list[IntakeItem]:
        """Every invoice of a folder; with ``customer``, theirs and those of nobody we know, as theirs."""
        found = self._examine(folder, None)
        if customer is None:
            return found
        theirs = [item for item in found if item.customer is None or item.customer.id == customer.id]
        return [self._as_for(item, customer) for item in theirs]

    def file(self, file: Path, pods: Sequence[Path] = (), customer: Customer | None = None) -> list[IntakeItem]:
        """One invoice file, with its row where a list beside it names it, and with these proofs of delivery.

        A mail or an archive may hold several invoices.
        """
        if not file.exists():
            raise DocumentRefused(f"There is no file {file}.")
        beside = [one for end in _SIDE_DATA if (one := file.with_suffix(end)) != file and one.is_file()]
        try:
            items = self._examine(file.parent, [file, *beside])
        except DocumentRefused:
            if find_list(file.parent, self.form.names):
                raise
            items = []
        items = [item for item in items if item.files and _is_of(item.files[0], (file, *beside))]
        if not items:
            reading = self.reader.read(file)
            raise DocumentRefused(
                reading.sentence
                if reading.verdict is not Verdict.OK
                else f"{file.name} carries no electronic invoice, and no list beside it names it; put it into a folder "
                f"with {self.form.names[0]} and look at that file again."
            )
        if len(items) > 1 and pods:
            raise DocumentRefused(f"{file.name} holds {len(items)} invoices; say of one alone which proofs it has.")
        if customer:
            items = [self._as_for(item, customer) for item in items]
        return [self._with_pods(item, pods) for item in items] if pods else items

    def _examine(self, folder: Path, files: Sequence[Path] | None) -> list[IntakeItem]:
        report = examine_folder(
            folder, self.customers, self.reader, self.today, self.already_submitted, self.form, files, self.books
        )
        return list(report.items)

    def _as_for(self, item: IntakeItem, customer: Customer) -> IntakeItem:
        """The item, taken for this customer's, because a person says so."""
        if item.customer is not None and item.customer.id == customer.id:
            return item
        found = [finding for finding in item.findings if finding.rule != "customer.unknown"]
        named = item.customer.name if item.customer else item.invoice.buyer if item.invoice else ""
        if named and not customer.is_called(named):
            sentence = f'The invoice is made out to "{named}", and you look at it as one for {customer.name}.'
            found.append(Finding(rule="customer.differs", severity=Severity.WARNS, sentence=sentence))
        return self._checked(item.model_copy(update={"customer": customer, "findings": tuple(found)}), item.files)

    def _with_pods(self, item: IntakeItem, pods: Sequence[Path]) -> IntakeItem:
        """The item with these proofs, whatever they name; what intake would not have matched is said."""
        if item.invoice is None or item.customer is None:
            return item
        readings = self.reader.scan_many({pod: self.reader.read(pod) for pod in pods})
        orders = [order.number for order in self.books.orders(item.customer)]
        [match] = match_pods([item.invoice], readings.items(), orders)
        told = " ".join(finding.sentence for finding in match.findings)
        strange = {path for path in readings if path not in {fit.path for fit in match.pods} and path.name not in told}
        findings = [
            Finding(
                rule="pod.not-named",
                severity=Severity.WARNS,
                sentence=f"{path.name} names neither a ticket of invoice {item.invoice.number} nor the invoice itself, "
                "so intake would not take it for its proof.",
                reason="DEL",
            )
            for path in readings
            if path in strange
        ]
        proofs = [FoundFile(path, DocumentKind.POD, reading) for path, reading in readings.items()]
        item = item.model_copy(update={"findings": (*item.findings, *match.findings, *findings)})
        return self._checked(item, (*item.files[:1], *proofs))

    def _checked(self, item: IntakeItem, files: Sequence[FoundFile]) -> IntakeItem:
        """The item with these files, looked at anew by every rule of the book."""
        found = [finding for finding in item.findings if finding.rule not in RULEBOOK]
        invoice, customer = item.invoice, item.customer
        if invoice is not None and customer is not None:
            books = self.books
            others = books.on_order(customer, invoice.po_number)
            known = books.orders(customer)
            found += check(invoice, files, customer, known, self.today, books.like(customer, invoice), others)
        blocked = any(finding.severity is Severity.BLOCKS for finding in found)
        verdict = IntakeVerdict.BLOCKED if blocked else IntakeVerdict.GOOD
        if item.duplicate_of:
            verdict = IntakeVerdict.DUPLICATE
        changed = {"files": tuple(files), "findings": tuple(found), "verdict": verdict}
        return item.model_copy(update=changed)


def _is_of(file: FoundFile, wanted: Sequence[Path]) -> bool:
    """Whether it is one of these files, or lay inside of one."""
    return file.path in wanted or file.reading.outer in wanted
