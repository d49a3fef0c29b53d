"""Preflight of what stands at the head of an invoice: its kind, number, dates and coding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from submitter.documents.lists.tables import suggestion
from submitter.documents.preflight.case import Case, Look
from submitter.documents.tokens import folded
from submitter.model.invoice import Coding, CostObject
from submitter.model.rules import SameNumber
from submitter.model.submission import Earlier

CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
INVOICES = frozenset({"380", "384"})


def _type(case: Case) -> Iterator[str]:
    invoice = case.invoice
    if invoice.type_code in CREDIT_NOTES:
        yield f"{invoice.number} is a credit note ({invoice.total}); credit notes are not submitted yet."
    elif invoice.total.minor < 0:
        yield (
            f"{invoice.number} calls itself an invoice ({invoice.type_code}), but its total is {invoice.total}: it is "
            "a credit in disguise, and credit notes are not submitted yet."
        )


def _unusual_type(case: Case) -> Iterator[str]:
    invoice = case.invoice
    if invoice.type_code not in CREDIT_NOTES | INVOICES and invoice.total.minor >= 0:
        yield f"{invoice.number} has the unusual document type {invoice.type_code}; portals know 380 (invoice)."


def _number_pattern(case: Case) -> Iterator[str]:
    if not re.fullmatch(case.rules.number_pattern, case.invoice.number):
        yield (
            f'{case.customer.name} does not take the invoice number "{case.invoice.number}"; '
            f"it must look like {case.rules.number_pattern}."
        )


def _number_length(case: Case) -> Iterator[str]:
    length, most = len(case.invoice.number), case.rules.number_max_length
    if length > most:
        yield f'The invoice number "{case.invoice.number}" has {length} characters; the portal takes {most}.'


def _number_reused(case: Case) -> Iterator[str]:
    for earlier in case.earlier:
        if case.rules.same_number is not SameNumber.AS_WRITTEN and _same_but_for_case(case, earlier):
            yield f"{_already(case, earlier)}, and {case.customer.name} takes the two for one number."
        elif case.rules.same_number is SameNumber.VARIANTS and _variant(case, earlier):
            yield (
                f"{_already(case, earlier)} with the same date and total ({earlier.total}), and {case.customer.name} "
                "refuses such a number as a duplicate. If it is the same invoice, send that one again: submitter "
                f"resubmit {earlier.number}."
            )


def _number_similar(case: Case) -> Iterator[str]:
    for earlier in case.earlier:
        if case.rules.same_number is SameNumber.AS_WRITTEN and _same_but_for_case(case, earlier):
            yield f"{_already(case, earlier)}; check that {case.invoice.number} is another invoice."


def _already(case: Case, earlier: Earlier) -> str:
    return f"{case.invoice.number} was already submitted as {earlier.number} on {earlier.at:%d %b %Y}"


def _same_but_for_case(case: Case, earlier: Earlier) -> bool:
    """The same number to the letter is a duplicate, which intake says for itself, or the invoice that is sent again."""
    number = case.invoice.number
    return number != earlier.number and number.casefold() == earlier.number.casefold()


def _variant(case: Case, earlier: Earlier) -> bool:
    """Whether one number is the other with something before or behind it, for the same amount on the same day."""
    ours, theirs = sorted((folded(case.invoice.number), folded(earlier.number)), key=len)
    if ours == theirs:  # they differ in hyphens and the like at most
        return case.invoice.number.casefold() != earlier.number.casefold()
    same_bill = (earlier.total, earlier.issue_date) == (case.invoice.total, case.invoice.issue_date)
    return bool(ours) and same_bill and (theirs.startswith(ours) or theirs.endswith(ours))


def _dates(case: Case) -> Iterator[str]:
    issued, today, ahead = case.invoice.issue_date, case.today, case.rules.newest_days
    if issued > today + timedelta(days=ahead):
        taken = f"; {case.customer.name} takes invoices dated up to {_days(ahead)} ahead" if ahead else ""
        yield f"The invoice is dated {issued}, which is in the future (today is {today}){taken}."
    elif issued < today - timedelta(days=case.rules.oldest_days):
        age = (today - issued).days
        yield (
            f"The invoice is dated {issued}, {age} days ago; {case.customer.name} takes none older than "
            f"{_days(case.rules.oldest_days)}."
        )


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _cutoff(case: Case) -> Iterator[str]:
    """On the cut-off day itself last month's invoices are still taken. Of the months before, none ever is."""
    cutoff, issued, today = case.rules.cutoff_day, case.invoice.issue_date, case.today
    if cutoff is None:
        return
    months = (today.year - issued.year) * 12 + today.month - issued.month
    if months > 1 or (months == 1 and today.day > cutoff):
        yield (
            f"The invoice is dated {issued}, and {case.customer.name} takes invoices of a month only until day "
            f"{cutoff} of the next (today is {today}). Ask them whether it may bear a date of this month."
        )


def _due_date(case: Case) -> Iterator[str]:
    invoice = case.invoice
    if invoice.due_date and invoice.due_date < invoice.issue_date:
        yield f"The due date {invoice.due_date} is before the invoice date {invoice.issue_date}."


def _coding(case: Case) -> Iterator[str]:
    if case.rules.coding_required and case.invoice.coding is None:
        yield (
            f"{case.customer.name} needs the coding of each invoice (AFE or cost centre with its number), and "
            f"{case.invoice.number} has none."
        )


def _cost_object(case: Case) -> Iterator[str]:
    coding, rules = case.invoice.coding, case.rules
    if coding is None:
        return
    if rules.cost_objects and coding.cost_object not in rules.cost_objects:
        taken = " or ".join(kind.value for kind in rules.cost_objects)
        yield f"The coding names a {coding.cost_object.value}, but {case.customer.name} takes only {taken}."
        return
    is_afe = coding.cost_object is CostObject.AFE
    pattern = rules.afe_pattern if is_afe else rules.cost_centre_pattern
    if not re.fullmatch(pattern, coding.cost_object_number):
        called = "an AFE" if is_afe else "a cost centre"
        yield f'"{coding.cost_object_number}" is not {called} of {case.customer.name}; they look like {pattern}.'


def _major(case: Case) -> Iterator[str]:
    rules = case.rules
    return _code(case, "major", rules.major_required, rules.major_pattern, rules.majors)


def _minor(case: Case) -> Iterator[str]:
    rules = case.rules
    return _code(case, "minor", rules.minor_required, rules.minor_pattern, rules.minors)


def _code(case: Case, called: str, required: bool, pattern: str, known: Sequence[str]) -> Iterator[str]:
    code = _coded(case, called)
    if not code:
        if required:
            yield f"{case.customer.name} needs the {called} code of each invoice, and {case.invoice.number} has none."
    elif not re.fullmatch(pattern, code):
        yield f'"{code}" is not a {called} code of {case.customer.name}; they look like {pattern}.'
    elif known and code not in known:
        hint = suggestion(code, known) or f"; there are: {_first_few(known)}."
        yield f'"{code}" is not a {called} code of {case.customer.name}{hint}'


def _approver(case: Case) -> Iterator[str]:
    name, known = _coded(case, "approver"), case.rules.approvers
    if not name:
        if case.rules.approver_required:
            yield f"{case.customer.name} needs the full name of who approves, and {case.invoice.number} names nobody."
    elif known and _spaced(name) not in {_spaced(one) for one in known}:
        hint = suggestion(name, known) or f"; there are: {_first_few(known)}."
        yield f'"{name}" is not among those who may approve for {case.customer.name}{hint}'


def _coded(case: Case, field: str) -> str:
    coding: Coding | None = case.invoice.coding
    return str(getattr(coding, field)).strip() if coding else ""


def _spaced(name: str) -> str:
    return " ".join(name.split()).casefold()


def _first_few(known: Sequence[str]) -> str:
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    return f"{', '.join(known[:5])}{more}"


LOOKS: dict[str, Look] = {
    "invoice.type": _type,
    "invoice.unusual-type": _unusual_type,
    "invoice.number-pattern": _number_pattern,
    "invoice.number-length": _number_length,
    "invoice.number-reused": _number_reused,
    "invoice.number-similar": _number_similar,
    "invoice.date": _dates,
    "invoice.cutoff": _cutoff,
    "invoice.due-date": _due_date,
    "invoice.coding": _coding,
    "invoice.cost-object": _cost_object,
    "invoice.major": _major,
    "invoice.minor": _minor,
    "invoice.approver": _approver,
}
