"""A portal's profile: what is known of it before anybody has submitted there. One file <portal>.toml each.

``[rules]`` is what preflight begins with. The rest is for people, and for whoever teaches the portal: its status words,
its reasons, and facts about sessions, numbers, corrections and lists, each with where it was read and how sure it is.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from submitter.model.portal import Stage, StatusWords
from submitter.model.record import Record
from submitter.model.rules import Rules
from submitter.model.submission import Cause


class Certainty(StrEnum):
    """How sure a fact is."""

    READ = "read"  # the page named was read and says so
    SECOND_HAND = "second_hand"  # somebody else's account of it
    UNVERIFIED = "unverified"  # commonly said; look it up before you rely on it


class Topic(StrEnum):
    """What a fact is about."""

    SIGN_IN = "sign_in"
    SESSION = "session"
    LOCK_OUT = "lock_out"
    NUMBERS = "numbers"
    CORRECTION = "correction"
    ATTACHMENTS = "attachments"
    LIST = "list"
    HOLD = "hold"
    REJECTION = "rejection"
    PAYMENT = "payment"
    COST = "cost"


class Sourced(Record):
    """Something said of a portal, and by whom."""

    sure: Certainty
    source: str = Field(min_length=4)  # an address without its https://


class ProfileWord(Sourced):
    """A status word as the portal writes it. Its stage is submitter's own reading of what the portal says it means."""

    word: str = Field(min_length=1)
    stage: Stage
    field: str = ""  # which status, where a portal shows more than one
    means: str = ""
    acts: bool = False  # payment is withheld until the supplier does something


class ProfileReason(Sourced):
    """Words that a portal or its customers use for a hold or a rejection."""

    words: str = Field(min_length=1)
    cause: Cause


class ProfileFact(Sourced):
    about: Topic
    says: str = Field(min_length=10)


class Profile(Record):
    """One file <portal>.toml. Its rules hold until a customer's own file says otherwise."""

    name: str = ""  # how staff know the portal
    noted: date | None = None  # when the sources were read
    rules: Rules = Rules()
    words: tuple[ProfileWord, ...] = ()
    reasons: tuple[ProfileReason, ...] = ()
    facts: tuple[ProfileFact, ...] = ()

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        keys = [(one.field.casefold(), one.word.casefold().strip()) for one in self.words]
        twice = {word for field, word in keys if keys.count((field, word)) > 1}
        if twice:
            raise ValueError(f"the status word {sorted(twice)[0]!r} is there twice")
        return self

    def vocabulary(self, field: str = "") -> StatusWords:
        """The words of one of the portal's status fields, for an adapter or a flow that begins with them."""
        return StatusWords(
            stages={one.word: one.stage for one in self.words if one.field == field},
            reasons={one.words: one.cause for one in self.reasons},
        )
