"""Preflight: everything a portal would refuse an invoice for that we can see before a browser opens.

What each rule means, how severe it is and what the portal would have said stands in the rulebook (`model/rulebook.py`);
here each of its ids has one small function that looks. The sentences are for the clerk who will mend it, so they name
the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from submitter.documents.opening.reading import FoundFile
from submitter.documents.preflight import amount_checks, document_checks, invoice_checks, order_checks
from submitter.documents.preflight.case import Case, Look, day_at
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind, Finding
from submitter.model.invoice import Invoice
from submitter.model.rulebook import RULEBOOK, Rule
from submitter.model.submission import Earlier

LOOKS: dict[str, Look] = invoice_checks.LOOKS | order_checks.LOOKS | amount_checks.LOOKS | document_checks.LOOKS


def check(
    invoice: Invoice,
    files: Sequence[FoundFile],
    customer: Customer,
    orders: Sequence[PurchaseOrder],
    today: date,
    earlier: Sequence[Earlier] = (),
    others: Sequence[Invoice] = (),
) -> tuple[Finding, ...]:
    """All findings about one invoice with its files, for this customer, in the rulebook's order.

    ``orders`` may hold other customers' too. ``today`` may be an aware moment: the customer's own day is then taken.
    ``earlier`` are invoices submitted before that might be this one; ``others`` bill the same order.
    """
    case = Case(
        invoice=invoice,
        files=tuple(files),
        customer=customer,
        orders=tuple(order for order in orders if customer.is_called(order.customer)),
        today=day_at(customer, today),
        earlier=tuple(earlier),
        others=tuple(one for one in others if one.number.casefold() != invoice.number.casefold()),
    )
    own = [_finding(rule, sentence, customer) for rule in RULEBOOK.values() for sentence in LOOKS[rule.id](case)]
    official = [said for file in case.files if file.kind is DocumentKind.INVOICE for said in file.reading.official]
    return (*own, *official)


def _finding(rule: Rule, sentence: str, customer: Customer) -> Finding:
    return Finding(
        rule=rule.id,
        severity=customer.rules.severity.get(rule.id, rule.severity),
        sentence=sentence,
        reason=rule.reason,
        source=source_of(rule, customer),
    )


def source_of(rule: Rule, customer: Customer) -> str:
    """Whose rule it is: the profile that set it, ``customer`` when their own file did; empty where nobody has."""
    keys = [key for key in rule.keys if key in customer.rules.model_fields_set and key != "document_limits"]
    if "document_limits" in rule.keys:
        keys += [f"document_limits.{kind.value}" for kind in customer.rules.document_limits]
    if rule.id in customer.rules.severity:
        keys.append(f"severity.{rule.id}")
    return " and ".join(dict.fromkeys(customer.rules_from.get(key, "customer") for key in keys))
