"""The invoice of a recording: values unlike anything else, each of which becomes a placeholder wherever it occurs.

A portal writes one value in many ways: an amount with and without grouping, a date as digits and as words, a number in
an address. Each way has a name, so that another invoice's value is written in the same way in its place.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote, quote_plus

from submitter.errors import ConfigurationError
from submitter.model.money import NUMBER_LOCALES
from submitter.model.submission import Round

_PLACEHOLDER = re.compile(r"\[\[([a-z0-9_.:]+)\]\]")
STAND_INS = frozenset({"token", "private", "mail", "card", "iban", "bank"})
_LEAST_CHARACTERS = 3
_DATES = {
    "iso": "%Y-%m-%d",
    "us": "%m/%d/%Y",
    "slashes": "%d/%m/%Y",
    "dots": "%d.%m.%Y",
    "words_us": "%B %d, %Y",
    "words": "%d %B %Y",
    "short_us": "%b %d, %Y",
    "short": "%d %b %Y",
    "dashes": "%d-%b-%Y",
    "plain": "%Y%m%d",
}


def placeholder(name: str) -> str:
    return f"[[{name}]]"


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with a value in each placeholder. What was private has none: something harmless stands for it."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], _stand_in(found[1]) or found[0]), text)


def _stand_in(name: str) -> str:
    """``token-3`` for token.3: the same wherever it was, and harmless in an address, too."""
    kind, _, number = name.partition(".")
    return f"{kind}-{number}" if kind in STAND_INS and number.isdigit() else ""


def values_of(work: Round, locale: str, date_format: str) -> dict[str, str]:
    """Each placeholder's name -> how this invoice's value is written there."""
    found: dict[str, str] = {}
    for name, value in _fields(work):
        for way, written in _ways(value, locale, date_format):
            found[f"{name}:{way}" if way else name] = written
    return found


@dataclass(frozen=True)
class Markers:
    """The written values of a recording's invoice -> the placeholders that take their place."""

    by_value: Mapping[str, str]
    pattern: re.Pattern[str]

    def hide(self, text: str) -> str:
        return self.pattern.sub(lambda found: placeholder(self.by_value[found[0]]), text)


def markers_of(work: Round, locale: str, date_format: str) -> Markers:
    """ConfigurationError when two fields are written alike, or one is too short to be told from other text."""
    by_value: dict[str, str] = {}
    for name, written in values_of(work, locale, date_format).items():
        field = name.partition(":")[0]
        if name == field and len(written) < _LEAST_CHARACTERS:
            raise ConfigurationError(f"A recording's invoice must have longer values: {field} is only {written!r}.")
        other = by_value.setdefault(written, name).partition(":")[0]
        if other != field:
            raise ConfigurationError(
                f"A recording's invoice must have values unlike each other: {field} and {other} are both {written!r}."
            )
    longest_first = sorted((one for one in by_value if len(one) >= _LEAST_CHARACTERS), key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return Markers(by_value, re.compile(rf"(?<!\w)(?<!\d[.,'\u00a0\u202f])(?:{either})(?!\w)(?![.,]\d)"))


def _fields(work: Round) -> Iterator[tuple[str, str | Decimal | date]]:
    invoice = work.invoice
    yield "number", invoice.number
    yield "issue_date", invoice.issue_date
    yield "po_number", invoice.po_number
    for name in ("net", "tax", "total"):
        yield name, getattr(invoice, name).amount
    if invoice.coding is not None:
        for name in ("cost_object_number", "major", "minor", "approver"):
            if value := getattr(invoice.coding, name):
                yield f"coding.{name}", value
    for count, line in enumerate(invoice.lines, 1):
        yield f"line.{count}.quantity", line.quantity
        yield f"line.{count}.unit_price", line.unit_price
        yield f"line.{count}.net", line.net.amount
        if line.description:
            yield f"line.{count}.description", line.description
    for count, file in enumerate(work.files, 1):
        yield f"file.{count}.name", file.upload_name
        yield f"file.{count}.sha256", file.document.sha256


def _ways(value: str | Decimal | date, locale: str, date_format: str) -> Iterator[tuple[str, str]]:
    """How a value may be written, the plainest way without a name."""
    if isinstance(value, date):
        yield "", value.strftime(date_format)
        for way, form in _DATES.items():
            yield way, value.strftime(form)
    elif isinstance(value, Decimal):
        yield from _ways_of_number(value, locale)
    else:
        yield "", value
        yield "html", html.escape(value)
        yield "url", quote(value, safe="")
        yield "plus", quote_plus(value)
        yield "json", json.dumps(value)[1:-1]
        yield "upper", value.upper()
        yield "lower", value.lower()


def _ways_of_number(value: Decimal, locale: str) -> Iterator[tuple[str, str]]:
    mark, group = NUMBER_LOCALES[locale]
    yield "", f"{value:f}".replace(".", mark)
    yield "dot", f"{value:f}"
    for places in range(7):
        if value != round(value, places):
            continue
        whole, _, part = f"{value:,.{places}f}".partition(".")
        behind = mark + part if part else ""
        yield f"{places}", whole.replace(",", "") + behind
        yield f"dot{places}", f"{value:.{places}f}"
        yield f"grouped{places}", whole.replace(",", group) + behind
        if group == " ":
            yield f"spaced{places}", whole.replace(",", "\u202f") + behind
