"""Reading a flow.toml: one sentence with its place for whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.steps import KINDS, VERBS
from submitter.errors import ConfigurationError
from submitter.toml_files import Place, did_you_mean, keys_at, read_toml

NAME = "flow.toml"


def read_flow(folder: Path) -> Flow:
    """The flow in this folder. ConfigurationError says what is wrong with it, and where."""
    path = folder / NAME
    try:
        return Flow.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_sentence(error)}.") from error


def _sentence(error: ValidationError) -> str:
    found: list[Any] = list(error.errors())
    first = min(found, key=lambda one: _RANK.get(one["type"], 1))
    where, given = first["loc"], first["input"]
    place = _place(where)
    match first["type"]:
        case "extra_forbidden":
            key, known = str(where[-1]), keys_at(Flow, where[:-1])
            known = [one for one in known if one not in VERBS or one == _verb(where)]
            above = _place(where[:-1])
            return f"{above + ': ' if above else ''}the key {key!r} is unknown{did_you_mean(key, known)}"
        case "union_tag_not_found" | "union_tag_invalid":
            return f"{place}: {_about_verbs(given)}"
        case "missing":
            return f"{place}: this is missing"
    return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"


#: What says most first: a mistyped verb or key is also missing under its right name.
_RANK = {"union_tag_not_found": 0, "union_tag_invalid": 0, "extra_forbidden": 0, "missing": 2}


#: What may stand beside a verb.
_OTHER_KEYS = {key for kind in KINDS for key in kind.model_fields} - VERBS.keys()


def _verb(where: Place) -> str:
    return next((str(part) for part in where if part in VERBS), "")


def _about_verbs(step: Any) -> str:
    if not isinstance(step, dict):
        return "a step is a table with a verb"
    verbs = [key for key in step if key in VERBS]
    if verbs:
        return f"a step has one verb, and this one has {' and '.join(verbs)}"
    guesses = [(key, did_you_mean(key, VERBS)) for key in step if key not in _OTHER_KEYS]
    near = next((f"{key!r} is not a verb{guess}" for key, guess in guesses if "did you mean" in guess), "")
    return near or f"there is no verb among {', '.join(step) or 'its keys'}{did_you_mean('', VERBS)}"


def _place(where: Place) -> str:
    """``prepare, step 3, value``: the tag of the verb, which stands in pydantic's place, says nothing new."""
    words: list[str] = []
    for index, part in enumerate(where):
        if isinstance(part, int):
            words.append(f"step {part + 1}" if index == 1 and where[0] != "interruptions" else f"number {part + 1}")
        elif not (part in VERBS and index == 2 and isinstance(where[1], int)):
            words.append(part)
    return ", ".join(words)
