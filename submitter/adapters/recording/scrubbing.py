"""Takes everything private out of what was recorded, before any of it is written: what is not known to be
harmless goes.

The same private value gets the same placeholder wherever it occurs, so that a form in a replay still posts what its
page held. Nothing of a request's headers is kept, of an answer's only a few; cookies keep their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, urlsplit

from submitter.adapters.recording.exchange import PostedField
from submitter.adapters.recording.loopback import Answer, Asked
from submitter.adapters.recording.markers import Markers, placeholder
from submitter.adapters.recording.patterns import is_random, private_in
from submitter.redaction import MARK, Redactor, redactor

KEPT_HEADERS = ("content-type", "location", "content-disposition", "retry-after")
_TELLING = re.compile(r"csrf|token|nonce|state|session|secret|verif|auth|api.?key|ticket", re.IGNORECASE)
_SECRET = re.compile(r"csrf|token|secret|nonce|password|api.?key", re.IGNORECASE)
_INPUT = re.compile(r"<(?:input|meta)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_IN_SCRIPT = re.compile(r"""["']?([\w-]{1,40})["']?\s*[:=]\s*["']([^"'\s]{6,})["']""")
_WORD = re.compile(r"[A-Za-z0-9_-]{16,}")
_PLAIN = re.compile(r"[^\d\n]{0,24}|(?:[^\d\n]{0,12}\d{1,4}){0,2}[^\d\n]{0,12}")  # a choice, a small number, a switch
_PATH = re.compile(r"/[\w./-]*")  # where to go on to; what is random in it is taken out all the same
_PLACEHOLDERS = re.compile(r"\[\[[a-z0-9_.:]+\]\]")
_LEAST = 6  # characters of a token; a shorter one would blank out ordinary text


@dataclass
class Scrubber:
    """What is private in one recording, learnt from all of it first; then it is taken out everywhere."""

    markers: Markers
    secrets: Mapping[str, str]  # placeholder's name -> value: what was typed at sign-in
    origins: Mapping[str, str]  # address -> placeholder's name
    private: Iterable[str] = ()
    keeps: frozenset[str] = frozenset()
    _stand_ins: dict[str, str] = field(default_factory=dict)  # private text -> placeholder's name
    _counts: dict[str, int] = field(default_factory=dict)

    # -- learning ------------------------------------------------------------------------------------------------

    def learn(self, asked: Asked, posted: Iterable[PostedField], answer: Answer, text: str) -> None:
        """Remember what of this exchange is private."""
        for one in self.private:
            self._remember("private", one)
        for name in ("cookie", "authorization"):
            for value in re.split(r"[;\s=]+", asked.headers.get(name, "")):
                if len(value) >= 12:
                    self._remember("token", value)
        for value in cookies_of(answer).values():
            self._remember("token", value)
        self._learn_from_text(text)
        for value in (asked.target, *(value for key, value in answer.headers if key.lower() == "location")):
            self._learn_words(value)
        for name, value in asked.query:
            self._learn_typed(name, value)
        for one_field in posted:
            self._learn_typed(one_field.name, one_field.value)

    def _learn_from_text(self, text: str) -> None:
        for tag in _INPUT.findall(text):
            attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)}
            value = unescape(attributes.get("value") or attributes.get("content") or "")
            named = attributes.get("name") or attributes.get("id") or ""
            if attributes.get("type", "").lower() == "hidden" or (_TELLING.search(named) and "content" in attributes):
                self._learn_hidden(value)
        for name, value in _IN_SCRIPT.findall(text):
            if _SECRET.search(name):
                self._remember("token", value)
            elif _TELLING.search(name) and name not in _ATTRIBUTES_OF_PAGES:
                self._learn_hidden(value)
        self._learn_words(text)

    def _learn_hidden(self, value: str) -> None:
        """A value that no person sees. Plain words, and what we entered ourselves, are none."""
        self._learn_words(value)
        plain = re.fullmatch(r"[A-Za-z][a-z]*(?:[ _-][A-Za-z]?[a-z]*)*|\d{1,5}", value) or _PATH.fullmatch(value)
        if not plain and not self._is_known(value):
            self._remember("token", value)

    def _learn_words(self, text: str) -> None:
        for word in dict.fromkeys(_WORD.findall(re.sub(r"%[0-9A-Fa-f]{2}", " ", text))):
            if is_random(word) and not self._is_known(word):
                self._remember("token", word)

    def _learn_typed(self, name: str, value: str) -> None:
        """What was posted is kept when it is of the invoice, or harmless by its form; else it is taken out."""
        self._learn_words(value)
        left = _PLACEHOLDERS.sub("", self.scrub(value))
        telling = _SECRET.search(name) and left.strip()
        harmless = _PLAIN.fullmatch(left) or _PATH.fullmatch(left)
        if left != MARK and value not in self.keeps and (telling or not harmless):
            self._remember("token", value)

    def _is_known(self, value: str) -> bool:
        return not _PLACEHOLDERS.sub("", self.scrub(value)).strip("/?&=.-_ ")

    def _remember(self, kind: str, written: str) -> None:
        value = self.markers.hide(written)  # as it will be found once the markers are out
        if len(value) >= _LEAST and value not in self._stand_ins and value not in self.keeps:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._stand_ins[value] = f"{kind}.{self._counts[kind]}"

    # -- taking out ----------------------------------------------------------------------------------------------

    def scrub(self, text: str) -> str:
        """``text`` with a placeholder for everything private that is known, and for what is private by its form."""
        for name, value in self.secrets.items():
            text = _replace(text, value, placeholder(name))
        for address, name in self.origins.items():
            for written in (address, quote(address, safe=""), urlsplit(address).netloc):
                text = text.replace(written, placeholder(name))
        text = self.markers.hide(text)
        for value in sorted(self._stand_ins, key=len, reverse=True):
            text = _replace(text, value, placeholder(self._stand_ins[value]))
        for kind, written in list(private_in(text)):
            if not _PLACEHOLDERS.search(written):
                self._remember(kind, written)
                text = text.replace(written, placeholder(self._stand_ins.get(written, f"{kind}.0")))
        return redactor.scrub(text)

    def scrub_fields(self, posted: Iterable[PostedField]) -> tuple[PostedField, ...]:
        return tuple(
            PostedField(
                name=self.scrub(one.name),
                value=self.scrub(one.value),
                file=self.scrub(one.file),
                sha256=self.scrub(one.sha256),
            )
            for one in posted
        )

    def kept_headers(self, answer: Answer) -> dict[str, str]:
        return {name.lower(): self.scrub(value) for name, value in answer.headers if name.lower() in KEPT_HEADERS}

    def kept_cookies(self, answer: Answer) -> dict[str, str]:
        """Names, with a placeholder for the value: some pages read a cookie and post it."""
        cookies = {name: self.scrub(value) for name, value in cookies_of(answer).items()}
        short = placeholder("token.0")  # not known elsewhere
        return {name: value if _PLACEHOLDERS.fullmatch(value) else value and short for name, value in cookies.items()}


#: Attributes of ordinary pages whose names sound like secrets'.
_ATTRIBUTES_OF_PAGES = frozenset({"autocomplete", "data-state", "aria-state"})


def cookies_of(answer: Answer) -> dict[str, str]:
    """The cookies that an answer sets; empty values for those that it takes away."""
    found = {}
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            pair, *attributes = value.split(";")
            key, _, content = pair.partition("=")
            gone = any(re.fullmatch(r"\s*max-age\s*=\s*(?:0|-\d+)\s*", one, re.IGNORECASE) for one in attributes)
            found[key.strip()] = "" if gone else content.strip().strip('"')
    return found


def _replace(text: str, value: str, by: str) -> str:
    """In every form in which a value stands in an address, a form, a page's source and JSON."""
    one = Redactor()
    one.register(value)
    return one.scrub(text).replace(MARK, by)


def private_left(text: str) -> list[str]:
    """What private things are in a text that is to be written or was committed: kinds, never the things themselves."""
    found = [kind for kind, _ in private_in(text)]
    if redactor.scrub(text) != text:
        found.append("secret")
    return sorted(set(found))
