"""The languages in which Ledgerline shows itself: its words, and how figures and dates are written in each."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from submitter.practice.fieldgate.figures import cents

WORDS = Path(__file__).parent / "words"
_BLANKS = "[ \u00a0\u202f]"  # people type a blank; the pages show the narrow one that may not be broken


@dataclass(frozen=True)
class Language:
    """One language; `words` turns the English of the templates into it."""

    code: str
    name: str
    decimal_mark: str
    group_mark: str
    date_format: str
    date_hint: str
    words: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str, /, **values: Any) -> str:
        """A text of the portal; what others wrote (a reason, a comment) has no translation and stays as it is."""
        said = self.words.get(text, text)
        return said.format(**values) if values else said

    def number(self, value: Decimal, least: int, most: int) -> str:
        """1.234,5: at least and at most so many decimals."""
        whole, _, decimals = f"{value:,.{most}f}".partition(".")
        decimals = decimals.rstrip("0").ljust(least, "0")
        return whole.replace(",", self.group_mark) + (self.decimal_mark + decimals if decimals else "")

    def money(self, amount: Decimal) -> str:
        return self.number(cents(amount), 2, 2)

    def quantity(self, amount: Decimal) -> str:
        return self.number(amount, 0, 4)

    def price(self, amount: Decimal) -> str:
        return self.number(amount, 2, 4)

    def day(self, day: date | str | None) -> str:
        """A date, also from the ISO form in which the books keep it."""
        if not day:
            return ""
        return (date.fromisoformat(day[:10]) if isinstance(day, str) else day).strftime(self.date_format)

    def read_number(self, text: str, decimals: int) -> Decimal | None:
        """A figure as people of this language write it, with at most so many decimals; None for anything else."""
        group = _BLANKS if self.group_mark == "\u202f" else re.escape(self.group_mark)
        shape = rf"(\d{{1,3}}({group}\d{{3}})+|\d{{1,12}})({re.escape(self.decimal_mark)}(\d+))?"
        matched = re.fullmatch(shape, text.strip())
        if matched is None or len(matched.group(4) or "") > decimals:
            return None
        return Decimal(f"{re.sub('[^0-9]', '', matched.group(1))}.{matched.group(4) or '0'}")

    def read_day(self, text: str) -> date | None:
        """A date written in this language's one form; None for anything else, and for days that do not exist."""
        try:
            day = datetime.strptime(text.strip(), self.date_format).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            return None
        return day if self.day(day) == text.strip() else None


def _words(code: str) -> dict[str, str]:
    return tomllib.loads((WORDS / f"{code}.toml").read_text(encoding="utf-8"))


LANGUAGES = {
    "en": Language("en", "English", ".", ",", "%m/%d/%Y", "MM/DD/YYYY"),
    "fr": Language("fr", "Français", ",", "\u202f", "%d/%m/%Y", "JJ/MM/AAAA", _words("fr")),
    "de": Language("de", "Deutsch", ",", ".", "%d.%m.%Y", "TT.MM.JJJJ", _words("de")),
}
ENGLISH = LANGUAGES["en"]
