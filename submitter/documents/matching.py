"""Which proof of delivery belongs to which invoice, and why. What could be read in two ways goes to a person.

Evidence is a number of the invoice found whole in the file's name, its text or a barcode on it. A ticket or invoice
number is strong; a purchase order alone is weak, because several deliveries share one. Text that was read from a
picture counts for less, because a letter may have been misread. A text that names another order than the invoice's
contradicts every other sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from submitter.documents.opening.reading import DocumentReading, Verdict
from submitter.documents.tokens import folded, is_telling, labelled_orders, looks_like, mentions
from submitter.model.document import Finding, Severity
from submitter.model.invoice import Invoice
from submitter.model.record import Record

OTHER_ORDER = "pod.other-order"
AMBIGUOUS = "pod.ambiguous"
NAME_AGAINST_TEXT = "pod.name-against-text"
ORDER_ONLY = "pod.order-only"  # told only to an invoice that has no other proof

_WHY = {
    AMBIGUOUS: "they are for different orders and it names none of these",
    NAME_AGAINST_TEXT: "its name and what is on it name different ones of them",
    ORDER_ONLY: "it names the order that they share and nothing else of theirs",
}


_PLACES = {
    "name": "its name holds",
    "code": "its barcode holds",
    "text": "its text names",
    "picture": "its picture shows",
}
_MISREAD = 1  # what text that was read from a picture counts less


class PodFit(Record):
    """One proof of delivery that belongs to the invoice."""

    path: Path
    score: int  # higher is surer; to order them, not to compare across invoices
    reasons: tuple[str, ...]


class PodMatch(Record):
    """What matching found for one invoice, best first."""

    pods: tuple[PodFit, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Pod:
    """A candidate with what can be searched in it."""

    path: Path
    reading: DocumentReading
    stem: str
    text: str  # its own
    seen: str  # read from its picture

    @property
    def sure(self) -> str:
        """All that stands in it for certain: another order there contradicts, where a misread one must not."""
        return "\n".join((self.text, *self.reading.codes))

    @property
    def words(self) -> str:
        return f"{self.sure}\n{self.seen}"

    def places(self, number: str) -> tuple[str, ...]:
        """Where it names this number, the surest first."""
        found = ["name"] if mentions(self.stem, number) else []
        if any(_says(code, number) for code in self.reading.codes):
            found.append("code")
        if is_telling(number):
            found += ["text"] * mentions(self.text, number) + ["picture"] * mentions(self.seen, number)
        return tuple(found)

    @property
    def usable(self) -> bool:
        return self.reading.verdict is Verdict.OK


@dataclass(frozen=True)
class _Evidence:
    """Why one candidate may belong to one invoice."""

    pod: _Pod
    by_number: int = 0
    by_order: int = 0
    reasons: tuple[str, ...] = ()
    other_order: str = ""  # the order it names instead of the invoice's

    @property
    def score(self) -> int:
        return self.by_number + self.by_order


@dataclass
class _Outcome:
    """What is being gathered for one invoice."""

    fits: list[_Evidence] = field(default_factory=list)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def block(self, rule: str, sentence: str, reason: str) -> None:
        finding = Finding(rule=rule, severity=Severity.BLOCKS, sentence=sentence, reason=reason)
        self.findings[rule, sentence] = finding


def match_pods(
    invoices: Sequence[Invoice],
    candidates: Iterable[tuple[Path, DocumentReading]],
    known_orders: Iterable[str] = (),
) -> tuple[PodMatch, ...]:
    """For every invoice, in order, the candidates that fit it. One candidate may serve several invoices.

    ``known_orders`` are order numbers from elsewhere; those of the invoices themselves are known anyway.
    """
    pods = [_Pod(path, reading, path.stem, "\n".join(reading.texts), reading.text_scan) for path, reading in candidates]
    orders = {number for number in (*known_orders, *(i.po_number for i in invoices)) if is_telling(number)}
    others = {folded(number) for i in invoices for number in (i.number, *_tickets(i))}
    outcomes = [_Outcome() for _ in invoices]
    for pod in pods:
        evidence = [_evidence(invoice, pod, orders, others) for invoice in invoices]
        _assign(pod, invoices, evidence, outcomes)
    return tuple(_result(outcome) for outcome in outcomes)


def _says(code: str, number: str) -> bool:
    """A code that is nothing but the number says it, however short it is; in a longer one it must be telling."""
    return folded(code) == folded(number) != "" or (is_telling(number) and mentions(code, number))


def _tickets(invoice: Invoice) -> tuple[str, ...]:
    named = (*invoice.ticket_numbers, invoice.despatch_advice, invoice.receiving_advice)
    return tuple(dict.fromkeys(ticket for ticket in named if ticket))


def _evidence(invoice: Invoice, pod: _Pod, orders: set[str], others: set[str]) -> _Evidence:
    by_number, by_order, reasons = 0, 0, []
    for called, number, worth in (
        *(("ticket", ticket, 5) for ticket in _tickets(invoice)),
        ("invoice", invoice.number, 4),
        *((("order", invoice.po_number, 2),) if is_telling(invoice.po_number) else ()),
    ):
        for place in pod.places(number):
            score = worth - _MISREAD if place == "picture" else worth
            if called == "order":
                by_order += score
            else:
                by_number += score
            reasons.append(f"{_PLACES[place]} {called} {number}")
    other = "" if by_order or not by_number else _other_order(invoice.po_number, pod, orders, others)
    return _Evidence(pod, by_number, by_order, tuple(reasons), other)


def _other_order(own: str, pod: _Pod, orders: set[str], others: set[str]) -> str:
    """The order that the text names when it is not ``own``: one known, labelled, or made like our own."""
    if not own:
        return ""
    for number in sorted(orders):
        if folded(number) != folded(own) and mentions(pod.words, number):
            return number
    for token in labelled_orders(pod.sure):
        if folded(token) not in others and not folded(own).endswith(folded(token)):
            return token
    for token in dict.fromkeys(re.findall(r"[^\W_]+(?:-[^\W_]+)*", pod.sure)):
        if len(folded(token)) > 5 and folded(token) not in others and looks_like(token, (own,)):
            return str(token)
    return ""


def _assign(pod: _Pod, invoices: Sequence[Invoice], evidence: Sequence[_Evidence], outcomes: list[_Outcome]) -> None:
    """Give one candidate to the invoices that it belongs to, or tell them why it could not be given."""
    strong = [place for place, found in enumerate(evidence) if found.by_number]
    for place in strong:
        if evidence[place].other_order:
            _tell_other_order(pod, invoices[place], evidence[place], outcomes[place])
    fitting = [place for place in strong if not evidence[place].other_order]
    if not strong:
        fitting = [place for place, found in enumerate(evidence) if found.by_order]
        if _names_other_ticket(pod, [invoices[place] for place in fitting]):
            return
        if len(fitting) > 1:
            _tell_ambiguous(pod, invoices, fitting, outcomes, ORDER_ONLY)
            return
    elif _name_against_text(pod, [invoices[place] for place in fitting]):
        _tell_ambiguous(pod, invoices, fitting, outcomes, NAME_AGAINST_TEXT)
        return
    elif _orders_differ(invoices, evidence, fitting):
        _tell_ambiguous(pod, invoices, fitting, outcomes, AMBIGUOUS)
        return
    for place in fitting:
        outcomes[place].fits.append(evidence[place])


def _names_other_ticket(pod: _Pod, invoices: Sequence[Invoice]) -> bool:
    """Whether a file found by its order alone carries another number made like their tickets."""
    tickets = [ticket for invoice in invoices for ticket in _tickets(invoice) if is_telling(ticket)]
    tokens = re.findall(r"[^\W_]+(?:-[^\W_]+)*", f"{pod.stem}\n{pod.words}")
    orders = {folded(invoice.po_number) for invoice in invoices}
    return any(folded(token) not in orders and looks_like(token, tickets) for token in dict.fromkeys(tokens))


def _name_against_text(pod: _Pod, invoices: Sequence[Invoice]) -> bool:
    """Whether the file name speaks for one invoice and the text for another, and neither for both."""
    places = {i.number: {p for n in (i.number, *_tickets(i)) for p in pod.places(n)} for i in invoices}
    by_name = {number for number, found in places.items() if "name" in found}
    by_text = {number for number, found in places.items() if found - {"name"}}
    return bool(by_name and by_text) and not by_name & by_text


def _orders_differ(invoices: Sequence[Invoice], evidence: Sequence[_Evidence], fitting: Sequence[int]) -> bool:
    """Whether invoices for different orders claim one file that names no order: only one of them can be right."""
    if any(evidence[place].by_order for place in fitting):
        return False
    claimed = {folded(number) for place in fitting for number in _tickets(invoices[place])}
    shared = sum(len({folded(number) for number in _tickets(invoices[place])}) for place in fitting) > len(claimed)
    return shared and len({folded(invoices[place].po_number) for place in fitting}) > 1


def _tell_other_order(pod: _Pod, invoice: Invoice, found: _Evidence, outcome: _Outcome) -> None:
    sentence = (
        f"{pod.path.name} belongs to invoice {invoice.number} ({'; '.join(found.reasons)}), but it names order "
        f"{found.other_order}, and the invoice is for order {invoice.po_number}."
    )
    outcome.block(OTHER_ORDER, sentence, "REF")


def _tell_ambiguous(
    pod: _Pod, invoices: Sequence[Invoice], places: Sequence[int], outcomes: list[_Outcome], rule: str
) -> None:
    numbers = " and ".join(invoices[place].number for place in places)
    sentence = f"{pod.path.name} could belong to invoices {numbers}: {_WHY[rule]}. Please decide which it proves."
    for place in places:
        outcomes[place].block(rule, sentence, "DEL")


def _result(outcome: _Outcome) -> PodMatch:
    """Usable files before unusable ones, which count only where there is nothing better; the same bytes once."""
    usable = [found for found in outcome.fits if found.pod.usable] or outcome.fits
    usable.sort(key=lambda found: (-found.score, found.pod.path.name))
    once: dict[str, _Evidence] = {}
    for found in usable:
        once.setdefault(found.pod.reading.sha256 or str(found.pod.path), found)
    findings = [f for f in outcome.findings.values() if not (once and f.rule == ORDER_ONLY)]
    fits = [PodFit(path=found.pod.path, score=found.score, reasons=found.reasons) for found in once.values()]
    return PodMatch(pods=tuple(fits), findings=tuple(findings))
