"""The words for what is ours in a flow file: {placeholders} with named formats, written into fields and read back.

A template is text with placeholders: ``{invoice.number}``, ``{invoice.date:iso}``. The same template says how to
write something and how to read it where the portal shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, cast

from submitter.adapters.values import (
    ANYTHING,
    COST_OBJECTS,
    AmountFormat,
    apart,
    digits_of,
    read_amount,
    read_date_as,
    required,
)
from submitter.model.invoice import Invoice, InvoiceLine
from submitter.model.money import Money
from submitter.model.submission import Round
from submitter.toml_files import did_you_mean


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    NUMBER = "number"


PLACEHOLDERS: dict[str, Kind] = {
    "account.user": Kind.TEXT,
    "account.customer": Kind.TEXT,
    "invoice.number": Kind.TEXT,
    "invoice.date": Kind.DATE,
    "invoice.due_date": Kind.DATE,
    "invoice.po_number": Kind.TEXT,
    "invoice.currency": Kind.TEXT,
    "invoice.net": Kind.MONEY,
    "invoice.tax": Kind.MONEY,
    "invoice.total": Kind.MONEY,
    "invoice.buyer": Kind.TEXT,
    "invoice.buyer_reference": Kind.TEXT,
    "invoice.buyer_tax_id": Kind.TEXT,
    "invoice.despatch_advice": Kind.TEXT,
    "invoice.receiving_advice": Kind.TEXT,
    "invoice.seller": Kind.TEXT,
    "invoice.seller_tax_id": Kind.TEXT,
    "coding.cost_object": Kind.TEXT,
    "coding.cost_object_number": Kind.TEXT,
    "coding.major": Kind.TEXT,
    "coding.minor": Kind.TEXT,
    "coding.approver": Kind.TEXT,
    "previous.reference": Kind.TEXT,  # the portal's reference of the round before this one
    "line.number": Kind.TEXT,  # the number of the order's line
    "secret.password": Kind.TEXT,
    "secret.one_time_code": Kind.TEXT,  # of the account's authenticator
    "receipt.reference": Kind.TEXT,
    "receipt.words": Kind.TEXT,
}

#: Without a format: dates, amounts and numbers as the manifest says that the portal writes them.
DATE_FORMATS = {
    "iso": "%Y-%m-%d",
    "us": "%m/%d/%Y",
    "british": "%d/%m/%Y",
    "german": "%d.%m.%Y",
    "digits": "%Y%m%d",
}
FORMATS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("upper", "lower", "digits"),
    Kind.DATE: tuple(DATE_FORMATS),
    Kind.MONEY: ("plain", "digits"),  # 1234.50 whatever the locale; 123450, in minor units
    Kind.NUMBER: ("plain",),
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Fact = str | date | Money | Decimal | None


@dataclass(frozen=True)
class Placeholder:
    name: str
    format: str = ""

    @property
    def kind(self) -> Kind:
        return PLACEHOLDERS[self.name]


def parsed(template: str, may: Iterable[str] = PLACEHOLDERS) -> list[str | Placeholder]:
    """The template's words and placeholders. ValueError for one that is not there, or may not stand in this place.

    ``may``: the names, or the groups of names (``invoice``), that this place of the file may use.
    """
    parts: list[str | Placeholder] = []
    allowed = [name for name in PLACEHOLDERS if name in set(may) or name.split(".")[0] in set(may)]
    for index, part in enumerate(_PLACEHOLDER.split(template)):
        if index % 2:
            parts.append(_placeholder(part, allowed))
        elif "{" in part or "}" in part:
            raise ValueError(f"{template!r} has a brace that belongs to no {{placeholder}}")
        elif part:
            parts.append(part)
    return parts


def _placeholder(words: str, allowed: list[str]) -> Placeholder:
    name, colon, form = (word.strip() for word in words.partition(":"))
    if name not in PLACEHOLDERS:
        raise ValueError(f"there is no placeholder {{{name}}}{did_you_mean(name, allowed)}")
    if name not in allowed:
        raise ValueError(f"{{{name}}} cannot be used here; what can is {', '.join(allowed) or 'nothing'}")
    formats = FORMATS[PLACEHOLDERS[name]]
    if colon and form not in formats:
        raise ValueError(f"{{{name}}} has no format {form!r}{did_you_mean(form, formats)}")
    return Placeholder(name, form)


class Locale(Protocol):
    """What writing and reading values needs of a visit."""

    def write_date(self, day: date) -> str: ...
    def write_number(self, value: Decimal) -> str: ...
    def write_money(self, amount: Money) -> str: ...
    def read_date(self, words: str) -> date: ...
    def read_money(self, words: str, currency: str | None = None) -> Money: ...


# -- what there is to write ----------------------------------------------------------------------------------------


def facts_of_round(work: Round) -> dict[str, Fact]:
    earlier = work.earlier_references
    return {**facts_of_invoice(work.invoice), "previous.reference": earlier[-1] if earlier else ""}


def facts_of_invoice(invoice: Invoice) -> dict[str, Fact]:
    named = {name.removeprefix("invoice."): name for name in PLACEHOLDERS if name.startswith("invoice.")}
    facts: dict[str, Fact] = {name: getattr(invoice, _FIELDS.get(field, field)) for field, name in named.items()}
    for name in PLACEHOLDERS:
        if name.startswith("coding."):
            facts[name] = None if invoice.coding is None else str(getattr(invoice.coding, name.removeprefix("coding.")))
    return facts


_FIELDS = {"date": "issue_date"}


def facts_of_line(line: InvoiceLine) -> dict[str, Fact]:
    return {"line.number": line.order_line_number}


def is_empty(template: str, facts: Mapping[str, Fact]) -> bool:
    """Whether something that the template names is not there on this invoice."""
    return any(facts.get(part.name) in (None, "") for part in parsed(template) if isinstance(part, Placeholder))


def written(template: str, facts: Mapping[str, Fact], locale: Locale, encoded: Callable[[str], str] = str) -> str:
    """The template with what the facts say. DocumentRefused for a fact that this invoice does not have."""
    parts = parsed(template)
    return "".join(part if isinstance(part, str) else encoded(_write(part, facts, locale)) for part in parts)


def alone(template: str, facts: Mapping[str, Fact]) -> Fact:
    """The one fact that the template is, where it is nothing else and states no format."""
    parts = parsed(template)
    [first, *more] = parts or [""]
    return facts.get(first.name) if isinstance(first, Placeholder) and not first.format and not more else None


def _write(part: Placeholder, facts: Mapping[str, Fact], locale: Locale) -> str:
    match facts.get(part.name):
        case None | "":
            return required(part.name, "")
        case date() as day:
            return day.strftime(DATE_FORMATS[part.format]) if part.format else locale.write_date(day)
        case Money() as amount:
            return _write_money(part.format, amount, locale)
        case Decimal() as number:
            return f"{number:f}" if part.format else locale.write_number(number)
        case words:
            return _write_text(part.format, words)


def _write_money(form: str, amount: Money, locale: Locale) -> str:
    if form == "digits":
        return str(amount.minor)
    return f"{amount.amount:f}" if form == "plain" else locale.write_money(amount)


def _write_text(form: str, words: str) -> str:
    match form:
        case "upper":
            return words.upper()
        case "lower":
            return words.lower()
        case "digits":
            return digits_of(words)
    return words


# -- what the portal shows -----------------------------------------------------------------------------------------


def taken_apart(template: str, words: str) -> dict[Placeholder, str]:
    """What stands in the place of each placeholder. PageUnknown where the words are not as the template says."""
    parts = parsed(template)
    pieces = [part if isinstance(part, str) else may_be(part) for part in parts]
    found = [part for part in parts if isinstance(part, Placeholder)]
    return dict(zip(found, apart(words, *pieces), strict=True))


def may_be(part: Placeholder) -> tuple[str, ...]:
    """The words that can stand in its place."""
    return COST_OBJECTS if part.name == "coding.cost_object" else ANYTHING


def read_date(form: str, words: str, locale: Locale) -> date:
    return read_date_as(words, DATE_FORMATS[form]) if form else locale.read_date(words)


def read_money(form: str, words: str, currency: str, locale: Locale) -> Money:
    """An amount; ``currency`` is what the page says elsewhere, where it is not behind the amount."""
    return read_amount(locale, words, currency, cast(AmountFormat, form))
