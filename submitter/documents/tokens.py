"""Numbers as people write them: does this text name that order, ticket, invoice or amount?

Compared are letters and digits only, without regard to case, and only whole: FT-5031 is found as "ft 5031" or
"FT5031", and not in "FT-50311".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from submitter.model.money import Money, exponent

SHORTEST = 4  # a number with fewer letters and digits stands in every text by chance

_LABELLED_ORDER = re.compile(
    r"\b(?:P\.?\s?O\.?|purchase\s+order|order)"
    r"(?:\s{0,3}(?:no\.?|number|num\.?|nr\.?|\#)){0,3}\s{0,3}[:.\#]?\s{0,60}"  # bounded: the text may be hostile
    r"(?P<token>[A-Z]{0,6}[-/]?\d[A-Z0-9]*(?:[-/][A-Z0-9]+)*)\b",
    re.IGNORECASE,
)


def folded(token: str) -> str:
    """Letters and digits only, without case: the form in which two numbers are compared."""
    return "".join(c for c in token.casefold() if c.isalnum())


@lru_cache(maxsize=4096)
def _pattern(token: str) -> re.Pattern[str] | None:
    """Separators may stand, change or go missing only where the number has one or turns from letters to digits."""
    parts = re.findall(r"[^\W\d_]+|\d+", token.casefold())
    if not parts:
        return None
    body = r"[\W_]{0,3}".join(re.escape(part) for part in parts)
    return re.compile(rf"(?<![^\W_]){body}(?![^\W_])")


def mentions(text: str, token: str) -> bool:
    """Whether ``text`` holds ``token`` as a whole number."""
    pattern = _pattern(token.strip())
    return pattern is not None and pattern.search(text.casefold()) is not None


def is_telling(token: str) -> bool:
    """Long enough, and with a digit, to mean something when it stands in a text."""
    bare = folded(token)
    return len(bare) >= SHORTEST and any(c.isdigit() for c in bare)


def labelled_orders(text: str) -> tuple[str, ...]:
    """Numbers that stand right after "PO", "Purchase order no." and the like, as written."""
    found = (match["token"].strip() for match in _LABELLED_ORDER.finditer(text))
    return tuple(dict.fromkeys(token for token in found if is_telling(token)))


def looks_like(token: str, known: Iterable[str]) -> bool:
    """Whether ``token`` is made like a known number: as long, letters and digits in the same places, the same start."""
    bare = folded(token)
    return any(_shape(bare) == _shape(other) and _start(bare) == _start(other) for other in map(folded, known))


def _start(bare: str) -> str:
    """The letters that a series of numbers begins with; where it has none, the digits that change least."""
    letters = re.match(r"[^\W\d_]{2,}", bare)
    return letters.group() if letters else bare[:3]


def _shape(bare: str) -> str:
    return "".join("9" if c.isdigit() else "a" for c in bare)


def states(text: str, amount: Money) -> bool:
    """Whether ``text`` holds this amount, written in any usual way: 1,234.50, 1.234,50, 1 234.50 or 1234.50."""
    places = exponent(amount.currency)
    digits = f"{abs(amount.minor):0{places + 1}}"
    whole, cents = (digits[:-places], digits[-places:]) if places else (digits, "")
    groups = [whole[: len(whole) % 3]] if len(whole) % 3 else []
    groups += [whole[i : i + 3] for i in range(len(whole) % 3, len(whole), 3)]
    body = r"[.,'\u2019\s]?".join(groups)
    if cents:
        body += rf"(?:[.,]{cents})" + ("?" if not cents.strip("0") else "")
    return re.search(rf"(?<!\d)(?<!\d[.,]){body}(?!\d)(?![.,]\d)", text) is not None
