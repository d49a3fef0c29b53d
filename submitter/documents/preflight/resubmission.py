"""What a customer wants of an invoice that is sent again: under which number, and with which files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from submitter.documents.opening.reading import DocumentReading, FoundFile
from submitter.documents.preflight.preflight import check
from submitter.documents.sending.naming import upload_names
from submitter.errors import DocumentRefused
from submitter.model.account import Customer
from submitter.model.document import Document, Severity
from submitter.model.invoice import Invoice
from submitter.model.rules import Rules, Suffix

#: Suffixes as people write them, for the proposal in a sentence.
_USUAL = ("A", "-A", "-R", "R", "-2", "-02", "2", "/2", "-R2", "R2", "B", "-B", "-3", "-03")


def number_to_send(customer: Customer, current: str, taken: Sequence[str], first: str, wanted: str = "") -> str:
    """The number under which the next round goes. DocumentRefused, with what to do, when the customer forbids it.

    ``current`` is the number of the last round, ``taken`` the numbers under which the portal has taken the invoice,
    ``first`` the number of round 1, ``wanted`` what the clerk asked for (may be empty). Our own identity of the
    submission stays its first number. What the portal never took may always go under the number it has.
    """
    rules = customer.rules
    needs_another = rules.resubmission_suffix is Suffix.REQUIRED and current in taken
    if rules.resubmission_suffix is Suffix.FORBIDDEN and wanted not in ("", current):
        raise DocumentRefused(
            f"{customer.name} wants a resubmission under the same number, {current}{_whose(customer)}; leave out "
            "--number."
        )
    if needs_another and not wanted:
        proposal = proposed(rules, first, (current, *taken))
        raise DocumentRefused(
            f"{customer.name} wants another number on a resubmission: {first} with a suffix like "
            f"{rules.suffix_pattern}{_whose(customer)}. See that the invoice itself bears it, and say which: --number "
            f"{proposal or 'NUMBER'}."
        )
    if wanted and (wanted != current or needs_another):
        _require_fitting(customer, first, taken, wanted)
    return wanted or current


def _require_fitting(customer: Customer, first: str, taken: Sequence[str], wanted: str) -> None:
    rules = customer.rules
    if wanted.casefold() in {number.casefold() for number in taken}:
        raise DocumentRefused(f"{customer.name} has had {wanted} before; a number with another suffix is needed.")
    if not is_suffixed(rules, first, wanted):
        raise DocumentRefused(
            f"{wanted} is not {first} with a suffix like {rules.suffix_pattern}, which is what {customer.name} takes"
            f"{_whose(customer)}."
        )
    if not _allowed(rules, wanted):
        raise DocumentRefused(
            f"{customer.name} does not take the invoice number {wanted}: it must look like {rules.number_pattern} and "
            f"have at most {rules.number_max_length} characters."
        )


#: Rules that a new proof can break, alone or together with what stays.
_OF_FILES = frozenset(
    f"documents.{name}"
    for name in (
        *("unreadable", "file-type", "file-size", "total-size", "file-pages", "total-pages", "name", "count"),
        *("too-many", "bundle", "bundle-embedded"),
    )
)


def require_taken(customer: Customer, invoice: Invoice, new: Sequence[FoundFile], staying: Sequence[Document]) -> None:
    """DocumentRefused, with everything that is wrong, when the customer's rules about files stop the new proofs."""
    # What stays was read and taken in an earlier round; here it only counts for the sums
    kept = [_as_found(one, customer.rules) for one in staying]
    found = check(invoice, (*kept, *new), customer, (), invoice.issue_date)
    wrong = [one.told for one in found if one.rule in _OF_FILES and one.severity is Severity.BLOCKS]
    if wrong:
        raise DocumentRefused(" ".join(wrong))


def _as_found(one: Document, rules: Rules) -> FoundFile:
    """Under a name and of a kind that are taken: both were looked at when it came in."""
    media_type = one.media_type if one.media_type in rules.file_types else rules.file_types[0]
    [name] = upload_names([one.name], rules)
    reading = DocumentReading(name=name, sha256=one.sha256, size=one.size, media_type=media_type, pages=one.pages)
    return FoundFile(Path(name), one.kind, reading)


def is_suffixed(rules: Rules, first: str, number: str) -> bool:
    return number.startswith(first) and re.fullmatch(rules.suffix_pattern, number[len(first) :]) is not None


def proposed(rules: Rules, first: str, used: Sequence[str]) -> str:
    """A number that would do: the first usual suffix that fits and was not used; empty when none does."""
    before = {number.casefold() for number in (first, *used)}
    for number in (f"{first}{suffix}" for suffix in _USUAL):
        if number.casefold() not in before and is_suffixed(rules, first, number) and _allowed(rules, number):
            return number
    return ""


def _allowed(rules: Rules, number: str) -> bool:
    return bool(re.fullmatch(rules.number_pattern, number)) and len(number) <= rules.number_max_length


def _whose(customer: Customer) -> str:
    """Where the rule stands, when it is not in the customer's own file."""
    source = customer.rules_from.get("resubmission_suffix", "")
    return f" ({source})" if source else ""
