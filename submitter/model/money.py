"""Money as integer minor units with its ISO 4217 currency, and numbers as portals print them.

Exponents come from the ISO 4217 table itself (package ``iso4217``): display precisions, such as Babel's, differ for a
dozen currencies, and an unknown code must be refused rather than taken to have two decimals.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import MAX_PREC, ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Self

from iso4217 import Currency
from pydantic import field_validator

from submitter.model.record import Record

#: Locale -> (decimal mark, grouping mark). Spaces and apostrophes of every kind are folded to one before comparing.
NUMBER_LOCALES: dict[str, tuple[str, str]] = {
    "en-US": (".", ","),
    "en-GB": (".", ","),
    "en-CA": (".", ","),
    "es-MX": (".", ","),
    "ar-EG": (".", ","),  # Arabic marks (U+066B, U+066C) are folded to these
    "de-DE": (",", "."),
    "es-ES": (",", "."),
    "nl-NL": (",", "."),
    "fr-FR": (",", " "),
    "sv-SE": (",", " "),
    "de-CH": (".", "'"),
}

#: Moves the decimal point of any number; the default context would round it to 28 digits, in silence.
_EXACT = Context(prec=MAX_PREC)

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
_MARKS = {ord("\u2019"): "'", ord("\u02bc"): "'", ord("\u066b"): ".", ord("\u066c"): ","}
_MINUS = dict.fromkeys(map(ord, "\u2212\u2013\u2012\ufe63\uff0d"), "-")
_FOLD = {**_SPACES, **_MARKS, **_MINUS}


@cache
def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for USD, 0 for JPY, 3 for KWD. ValueError for an unknown code."""
    try:
        places = Currency(currency).exponent
    except ValueError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code") from None
    if places is None:
        raise ValueError(f"{currency} is a code without minor units, so no amount can be kept in it")
    return int(places)


def parse_number(text: str, locale: str) -> Decimal:
    """The one number in ``text``, written as ``locale`` writes numbers.

    Accepts a leading or trailing minus, accounting parentheses, and any script's decimal digits. Anything that could
    be read in two ways -- misplaced grouping, two numbers, letters -- is a ValueError, never a guess.
    """
    if locale not in NUMBER_LOCALES:
        raise ValueError(f"no number format is known for the locale {locale!r}")
    decimal_mark, group_mark = NUMBER_LOCALES[locale]
    folded = text.translate(_FOLD).strip()
    folded = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    negative = False
    if folded.startswith("(") and folded.endswith(")"):
        negative, folded = True, folded[1:-1].strip()
    elif folded.startswith("-") or folded.endswith("-"):
        negative = True
        folded = (folded[1:] if folded.startswith("-") else folded[:-1]).strip()
    group = re.escape(group_mark)
    if not re.fullmatch(rf"(\d{{1,3}}({group}\d{{3}})+|\d+)({re.escape(decimal_mark)}\d+)?", folded):
        raise ValueError(f"{text!r} is not one number as {locale} writes it")
    value = Decimal(folded.replace(group_mark, "").replace(decimal_mark, "."))
    return value.copy_negate() if negative else value  # a plain minus would round to 28 digits


class Money(Record):
    """An exact amount of one currency."""

    minor: int
    currency: str

    @field_validator("currency")
    @classmethod
    def _known(cls, value: str) -> str:
        exponent(value)
        return value

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Self:
        """Exactly ``amount``; more decimals than the currency has is a ValueError: rounding must be asked for."""
        scaled = Decimal(amount).scaleb(exponent(currency), _EXACT)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} has more decimals than {currency} has")
        return cls(minor=int(scaled), currency=currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """``amount`` rounded half up to the currency's minor unit: the one place where money is rounded."""
        scaled = amount.scaleb(exponent(currency), _EXACT).to_integral_value(rounding=ROUND_HALF_UP)
        return cls(minor=int(scaled), currency=currency)

    @classmethod
    def parse(cls, text: str, currency: str, locale: str) -> Self:
        """``Money.parse("1.234,50", "EUR", "de-DE")``. A code or symbol in the text must be this currency's."""
        bare = text.strip()
        for mark in (currency, *_SYMBOLS.get(currency, ())):
            if bare.startswith(mark) or bare.endswith(mark):
                bare = bare.removeprefix(mark).removesuffix(mark).strip()
                break
        return cls.of(parse_number(bare, locale), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency), _EXACT)

    def __str__(self) -> str:
        return f"{self.amount:,.{exponent(self.currency)}f} {self.currency}"

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} are never added or compared without a rate")
        return other.minor

    def __add__(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def __neg__(self) -> Money:
        return Money(minor=-self.minor, currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)


_SYMBOLS: dict[str, tuple[str, ...]] = {"USD": ("US$", "$"), "EUR": ("€",), "GBP": ("£",), "CAD": ("C$", "$")}
