"""What a customer's rules say to an invoice that a supplier is writing."""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from submitter.practice.cobalt.customers import Customer
from submitter.practice.fieldgate.drafts import Draft, billable
from submitter.practice.fieldgate.rules import CheckedLines, Errors, check_header, check_lines

IMAGE = "Invoice image"
SUPPORT = "Supporting document"
NUMBER_LABEL = "Invoice #"
TAX_CODES = {"TAXABLE": "Taxable, amount as stated", "EXEMPT": "Exempt, certificate on file"}
_PLAIN_NUMBER = re.compile(r"[A-Za-z0-9-]{1,16}")


@dataclass
class CheckedDraft:
    """The lines as figures, and everything that is wrong, by the name of the field."""

    lines: CheckedLines
    errors: Errors = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.errors


def check_draft(customer: Customer, draft: Draft) -> CheckedDraft:
    """Everything that has to be right before the draft can be sent."""
    careless = customer.settings.accept_duplicates
    lines = check_lines(draft.order, draft.typed, billable(draft, None, careless))
    errors = check_header(draft.order, with_coding(draft), NUMBER_LABEL)
    problems = {
        "number": errors.get("number", "") or _number(customer, draft),
        "tax_code": _tax_code(draft, lines.tax),
        "files": _files(customer, draft),
    }
    errors = {name: words for name, words in ({**errors, **problems, **lines.errors}).items() if words}
    return CheckedDraft(lines, errors)


def with_coding(draft: Draft) -> dict[str, str]:
    """The draft's header with the coding of its order: at Cobalt the customer's people code, not the supplier."""
    order = draft.order
    return draft.header | {
        "cost_object": order.cost_object,
        "cost_object_number": order.cost_object_number,
        "major": order.major,
        "minor": order.minor,
        "approver": order.approver,
    }


def _number(customer: Customer, draft: Draft) -> str:
    number = draft.header["number"]
    if customer.settings["plain_numbers"] and not _PLAIN_NUMBER.fullmatch(number):
        return f"{NUMBER_LABEL} may have letters, figures and hyphens for {customer.name}, 16 characters at most."
    if customer.settings.accept_duplicates:
        return ""
    other = customer.ledger.find_number(draft.supplier, number, customer.settings.refuses_unlisted)
    if other is None:
        return ""
    return (
        f"{NUMBER_LABEL} {number} has been used before ({other.confirmation}, {other.status}). Numbers must be unique."
    )


def _tax_code(draft: Draft, tax: Decimal) -> str:
    code = draft.header.get("tax_code", "")
    if code not in TAX_CODES:
        return "Tax code is missing: choose one."
    return "An exempt invoice has no tax." if code == "EXEMPT" and tax else ""


def _files(customer: Customer, draft: Draft) -> str:
    kinds = [file.kind for file in draft.files]
    if customer.settings.one_pdf:
        return (
            "" if kinds == [IMAGE] else f"{customer.name} takes one file: the invoice image with all proofs behind it."
        )
    if IMAGE not in kinds:
        return "Attach the invoice image."
    if customer.settings["requires_proof"] and SUPPORT not in kinds:
        return f"{customer.name} wants at least one supporting document."
    return ""
