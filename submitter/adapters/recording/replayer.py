"""Answers a visit from a recording, in its order, and says what the visit did otherwise.

Nothing is ever answered that was not asked for in the same way when it was recorded: a question that is not the next
one, or a field with another value, gets no answer but an error, and is named.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from submitter.adapters.recording.exchange import Exchange, Kind, PostedField
from submitter.adapters.recording.loopback import Answer, Asked, Loopback
from submitter.adapters.recording.markers import fill
from submitter.adapters.recording.posted import read_posted
from submitter.adapters.recording.recorder import PAGES
from submitter.adapters.recording.recording import Recording
from submitter.redaction import redactor

_NOTHING = Answer(204)
_EMPTY = {"script": "text/javascript", "style": "text/css"}
_ELSE = "Something else"  # stands where the words were that a variant takes out


@dataclass
class Replayer:
    """Stands in for the portal while it is entered. ``values``: what the placeholders stand for this time."""

    recording: Recording
    values: Mapping[str, str]
    takes_out: str = ""  # words of the portal's that it no longer shows
    loses_answer: bool = False  # the sending click gets no answer
    differences: list[str] = field(default_factory=list)
    sent: int = 0  # how often the request of the sending click came
    _used: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        origins = 1 + max((exchange.origin for exchange in self.recording.exchanges), default=0)
        self._loopback = Loopback(self._answer, origins).__enter__()
        named = {f"origin.{number}" if number else "origin": one for number, one in enumerate(self.addresses)}
        self.values = {**self.values, **named}
        return self

    def __exit__(self, *_: object) -> None:
        self._loopback.__exit__()

    @property
    def address(self) -> str:
        return self._loopback.addresses[0] + self.recording.base

    @property
    def addresses(self) -> list[str]:
        return self._loopback.addresses

    def unused(self) -> list[str]:
        """What the visit should have asked for and never did."""
        left = [one for number, one in enumerate(self.recording.exchanges) if one.required and number not in self._used]
        return [f"{self._filled(one.told)} was never asked for (step {one.step + 1})." for one in left]

    # -- answering -----------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        with self._lock:
            found = self._match(asked)
        if found is None:
            return Answer(501, (("Content-Type", "text/plain"),), b"This is not in the recording.")
        if isinstance(found, Answer):
            return found
        if found.sends:
            self.sent += 1
            if self.loses_answer:
                return Answer(502, is_lost=True)
        return self._recorded(found)

    def _match(self, asked: Asked) -> Exchange | Answer | None:
        if asked.is_for and asked.is_for not in PAGES and (answer := self._beside(asked)):
            return answer
        exchanges = list(enumerate(self.recording.exchanges))
        if (optional := self._at_any_time(asked)) is not None:
            return optional
        waiting = [(number, one) for number, one in exchanges if one.required and number not in self._used]
        turn = [(number, one) for number, one in waiting if one.turn == waiting[0][1].turn]
        there = [(number, one) for number, one in turn if self._is_same_place(one, asked)]
        if not there:
            expected = " or ".join(self._filled(one.told) for _, one in turn) or "nothing more"
            self._differs(f"{asked.method} {asked.path} was asked for, but the recording has {expected} here.")
            return None
        compared = [(self._compare(one, asked), number, one) for number, one in there]
        differing, number, one = min(compared, key=lambda each: len(each[0]))
        for words in differing:
            self._differs(f"{asked.method} {asked.path}: {words}")
        if differing:
            return None
        self._used.add(number)
        return one

    def _at_any_time(self, asked: Asked) -> Exchange | None:
        """The answer at a path that the scenario calls optional: to this very question, else the last there was."""
        there = [one for one in self.recording.exchanges if not one.required and self._is_same_place(one, asked)]
        return next((one for one in there if not self._compare(one, asked)), there[-1] if there else None)

    def _beside(self, asked: Asked) -> Exchange | Answer | None:
        """A script, a style, a picture: as recorded, or nothing where it was left out."""
        for one in self.recording.exchanges:
            if one.kind is Kind.STATIC and self._is_same_place(one, asked):
                return one
        known = asked.path in {self._filled(path) for path in self.recording.left_out}
        if not known and not asked.path.endswith("/favicon.ico"):
            return None
        kind = _EMPTY.get(asked.is_for)
        return Answer(200, (("Content-Type", kind),)) if kind else _NOTHING

    def _is_same_place(self, one: Exchange, asked: Asked) -> bool:
        there = (one.method, self._filled(one.path), one.origin)
        return there == (asked.method, asked.path, asked.origin)

    def _differs(self, words: str) -> None:
        self.differences.append(redactor.scrub(words))

    def _filled(self, text: str) -> str:
        return fill(text, self.values)

    def _recorded(self, one: Exchange) -> Answer:
        headers = [(name, self._filled(value)) for name, value in one.headers.items()]
        headers.append(("Cache-Control", "no-store"))
        for name, value in one.cookies.items():
            headers.append(("Set-Cookie", f"{name}={self._filled(value)}; Path=/" + ("" if value else "; Max-Age=0")))
        text = self.recording.answers.get(one.body, "")
        if self.takes_out:
            text = text.replace(self.takes_out, _ELSE)
        return Answer(one.status, tuple(headers), self._filled(text).encode())

    # -- comparing -----------------------------------------------------------------------------------------------

    def _compare(self, one: Exchange, asked: Asked) -> list[str]:
        """In words, what of the query and of what was posted is not as it should be."""
        query = [PostedField(name=name, value=self._filled(value)) for name, value in one.query]
        shown = [PostedField(name=name, value=value) for name, value in asked.query]
        posted = [self._filled_field(each) for each in one.posted]
        came = read_posted(asked.headers.get("content-type", ""), asked.body)
        return compare_fields("?", query, shown) + compare_fields("", posted, came)

    def _filled_field(self, one: PostedField) -> PostedField:
        return PostedField(
            name=self._filled(one.name),
            value=self._filled(one.value),
            file=self._filled(one.file),
            sha256=self._filled(one.sha256),
        )


def compare_fields(mark: str, expected: Sequence[PostedField], came: Sequence[PostedField]) -> list[str]:
    """Field by field; fields of one name in their order."""
    found = []
    for name in dict.fromkeys(one.name for one in (*expected, *came)):
        ours = [one for one in came if one.name == name]
        theirs = [one for one in expected if one.name == name]
        for count in range(max(len(ours), len(theirs))):
            what = f"the field {mark}{name}"
            if count >= len(theirs):
                found.append(f"{what} was posted besides, with {ours[count].shown}.")
            elif count >= len(ours):
                found.append(f"{what} is missing; {theirs[count].shown} was expected.")
            elif ours[count] != theirs[count]:
                found.append(f"{what} was {ours[count].shown}, but {theirs[count].shown} was expected.")
    return found
