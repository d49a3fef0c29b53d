"""What is private by its form alone: mail addresses, payment cards, bank accounts. Digits are checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_MAIL = re.compile(r"[\w.+'-]+(?:@|%40|&#64;|&commat;)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?!\w)")
_BANK = re.compile(
    r"(?:routing|\baba\b|bank account|account (?:no|number|#)|acct|sort code|\bswift\b|\bbic\b)"
    r"(?:[\s:.#]|number|no|code|<[^>]*>|\"|&nbsp;){0,8}((?=[A-Z0-9 -]*\d)[A-Z0-9][A-Z0-9 -]{4,24}[A-Z0-9])",
    re.IGNORECASE,
)


def private_in(text: str) -> Iterator[tuple[str, str]]:
    """Each private thing in ``text``: its kind and how it is written there."""
    for found in _MAIL.finditer(text):
        yield "mail", found[0]
    for found in _CARD.finditer(text):
        if _is_card(re.sub(r"\D", "", found[0])):
            yield "card", found[0]
    for found in _IBAN.finditer(text):
        if whole := _account_in(found[0]):
            yield "iban", whole
    for found in _BANK.finditer(text):
        yield "bank", found[1]


def _is_card(digits: str) -> bool:
    """Luhn's check, and no row of one digit, which passes it."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _account_in(written: str) -> str:
    """The IBAN that ``written`` begins with, by ISO 7064; a word that follows it may have been taken along."""
    groups = [*(match.end() for match in re.finditer(r"[A-Z0-9]+", written))]
    for end in reversed(groups):
        plain = written[:end].replace(" ", "")
        turned = plain[4:] + plain[:4]
        if 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1:
            return written[:end]
    return ""


def is_random(word: str) -> bool:
    """Whether nobody would have thought of it: a session, a token, a key."""
    if re.fullmatch(r"[0-9a-fA-F]{32,}", word):
        return True
    kinds = ("0" if c.isdigit() else "A" if c.isupper() else "a" if c.islower() else "-" for c in word)
    changes = sum(one != other for one, other in pairwise(kinds))
    return (
        len(word) >= 16
        and any(c.isdigit() for c in word)
        and any(c.isupper() for c in word)
        and any(c.islower() for c in word)
        and changes >= len(word) // 4
    )
