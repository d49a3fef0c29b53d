"""What an invoice has to say, and what a portal shows, where a portal writes it in a manner of its own.

Values as the manifest says that the portal writes them are the visit's (``write_date``, ``read_money``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal, Protocol, TypeVar

from submitter.errors import DocumentRefused, PageUnknown, ReadBackDiffers
from submitter.model.invoice import Coding, CostObject
from submitter.model.money import Money, parse_number

T = TypeVar("T")

AmountFormat = Literal["", "plain", "digits"]  # as the portal's locale has it; 1234.50; 123450, in minor units
ANYTHING = ()  # in the place of the words that ``apart`` may find there
COST_OBJECTS = tuple(CostObject)


class ReadsMoney(Protocol):
    """What reading an amount needs of a visit."""

    def read_money(self, words: str, currency: str | None = None) -> Money: ...


def required(what: str, value: T | None) -> T:
    """What the portal must be told. DocumentRefused where this invoice does not have it: nothing is left blank."""
    if value in (None, ""):
        raise DocumentRefused(f"The portal wants {{{what}}}, and this invoice does not have it.")
    assert value is not None  # noqa: S101 - said above; for the type checker
    return value


def one_of(choices: Mapping[str, T], ours: str, what: str) -> T:
    """The portal's choice that stands for ours. DocumentRefused where none does."""
    if ours not in choices:
        raise DocumentRefused(f"{what}: the adapter has no choice for {ours!r}; it has {', '.join(choices)}.")
    return choices[ours]


def digits_of(words: str) -> str:
    """The digits of a text, and nothing else of it."""
    return "".join(re.findall(r"[0-9]", words))


def read_date_as(words: str, pattern: str) -> date:
    """A date that this page writes otherwise than the portal does elsewhere; ``pattern`` as for strptime."""
    try:
        return datetime.strptime(words, pattern).replace(tzinfo=UTC).date()
    except ValueError:
        raise PageUnknown(f"{words!r} is not a date in the format {pattern}.") from None


def read_amount(visit: ReadsMoney, words: str, currency: str, form: AmountFormat = "") -> Money:
    """An amount; ``currency`` is what the page says elsewhere, where it is not behind the amount."""
    stated = (re.findall(r"[A-Z]{3}$", words) or [currency])[0]
    if not form:
        return visit.read_money(words, stated or None)
    bare = words.removesuffix(stated).strip()
    try:
        if form == "digits":
            return Money(minor=int(bare), currency=stated)
        return Money.of(parse_number(bare, "en-US"), stated)
    except ValueError:
        raise PageUnknown(f"{words!r} is not an amount in the format {form}.") from None


def apart(words: str, *pieces: str | tuple[str, ...]) -> tuple[str, ...]:
    """What stands together, taken apart: ``apart(words, COST_OBJECTS, " ", ANYTHING)``.

    A text must be there as it is; a tuple is one of its words, ``ANYTHING`` whatever stands there. What was found in
    the places of the tuples, in their order. PageUnknown where the words are not so.
    """
    pattern = "".join(
        re.escape(piece) if isinstance(piece, str) else f"({'|'.join(map(re.escape, piece)) or '.*?'})"
        for piece in pieces
    )
    match = re.fullmatch(pattern, words.strip(), re.DOTALL)
    if match is None:
        shape = "".join(piece if isinstance(piece, str) else "|".join(piece) or "..." for piece in pieces)
        raise PageUnknown(f"{words.strip()!r} is not written as {shape!r}.")
    return tuple(text.strip() for text in match.groups())


def read_coding(entered: Coding | None, seen: Mapping[str, str]) -> Coding | None:
    """The coding as the review shows it, by field. ``entered``: what of it the portal does not show is not compared."""
    if not any(seen.values()):
        return None
    if entered is None:
        raise ReadBackDiffers("The review page shows a coding that the invoice does not have; nothing was sent.")
    return Coding.model_validate(entered.model_dump() | dict(seen))
