"""Names under which files are uploaded: legal for the portal, unique, and still recognisable."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence

from submitter.errors import ConfigurationError
from submitter.model.rules import Rules

LONGEST_EXTENSION = 10  # with its dot; what is longer is part of the name


def upload_names(names: Sequence[str], rules: Rules) -> tuple[str, ...]:
    """One legal name for each of ``names``, in their order. The same names and rules always give the same result.

    No two results are equal, even to a portal that takes upper and lower case for the same.
    """
    legal = _legal_characters(rules)
    taken: set[str] = set()
    chosen: list[str] = []
    for name in names:
        stem, extension = _legal_parts(name, rules, legal)
        candidate = _fitting(stem, "", extension, rules.name_max_length)
        count = 2
        while candidate.casefold() in taken:
            mark = _separator(legal) + _counted(count, legal)
            candidate = _fitting(stem, mark, extension, rules.name_max_length)
            count += 1
        taken.add(candidate.casefold())
        chosen.append(candidate)
    return tuple(chosen)


def _legal_parts(name: str, rules: Rules, legal: str) -> tuple[str, str]:
    bare = re.split(r"[/\\]", name)[-1]
    stem, dot, extension = bare.rpartition(".")
    if not stem or len(extension) >= LONGEST_EXTENSION:
        stem, dot, extension = bare, "", ""
    stem = _made_legal(stem, rules, legal).strip(".") or _made_legal("document", rules, legal) or legal[0]
    return stem, _made_legal(dot + extension, rules, legal)


def _made_legal(text: str, rules: Rules, legal: str) -> str:
    """Accents go when the bare letter is legal; a run of other characters becomes one separator, where one is legal."""
    allowed = re.compile(f"[{rules.name_characters}]")
    parts: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if allowed.fullmatch(character):
            parts.append(character)
            continue
        plain = "".join(c for c in unicodedata.normalize("NFKD", character) if allowed.fullmatch(c))
        if plain:
            parts.append(plain)
        elif parts and (separator := _separator(legal)) and parts[-1] != separator:
            parts.append(separator)
    return "".join(parts)


def _fitting(stem: str, mark: str, extension: str, longest: int) -> str:
    """The end of the name is kept and the stem is cut: the count and the kind of file must survive."""
    room = longest - len(mark) - len(extension)
    if room < 1:
        extension, room = "", longest - len(mark)
    if room < 1:
        raise ConfigurationError(f"This customer's name_max_length {longest} leaves no room for different file names.")
    return stem[:room] + mark + extension


def _legal_characters(rules: Rules) -> str:
    legal = _matching(string.digits + string.ascii_letters, rules)
    if len({c.casefold() for c in legal}) < 2:
        raise ConfigurationError(
            f'This customer\'s name_characters "{rules.name_characters}" allow no letters or digits to name files with.'
        )
    return legal + _matching("_- ", rules)


def _matching(characters: Iterable[str], rules: Rules) -> str:
    allowed = re.compile(f"[{rules.name_characters}]")
    return "".join(c for c in characters if allowed.fullmatch(c))


def _separator(legal: str) -> str:
    return next((c for c in "_- " if c in legal), "")


def _counted(count: int, legal: str) -> str:
    """``count`` in digits, or in letters where a portal takes no digits."""
    signs = [c for c in string.digits if c in legal]
    if len(signs) < 2:
        signs = list({c.casefold(): c for c in legal if c.isalnum()}.values())
    text = ""
    while count:
        count, place = divmod(count, len(signs))
        text = signs[place] + text
    return text
