"""Files that people write in TOML: what is wrong with one is said in one sentence, with its place in the file."""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from submitter.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
Place = tuple[int | str, ...]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (known: {', '.join(sorted(known))})" if known else ""


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error


def validated(model: type[M], raw: dict[str, Any], path: Path) -> M:
    """What the file describes. ConfigurationError names the file and the key that is wrong."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {what_is_wrong(model, error)}.") from error


def what_is_wrong(model: type[BaseModel], error: ValidationError) -> str:
    found = error.errors()  # a mistyped key may also be missing under its right name; the typing error says more
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = keys_at(model, first["loc"][:-1])
        return f"the key {where!r} is unknown{did_you_mean(str(first['loc'][-1]), known)}"
    return f"{where or 'the file'}: {first['msg'].removeprefix('Value error, ')}"


def keys_at(model: type[BaseModel], where: Place) -> list[str]:
    """The keys that may stand at a place of the file, as pydantic names places."""
    found = _below(model, where)
    return list(found.model_fields) if found is not None else []


def _below(annotation: Any, where: Place) -> type[BaseModel] | None:
    """The model at the end of the way ``where``, through tables, lists and alternatives."""
    if get_origin(annotation) is Annotated:
        return _below(get_args(annotation)[0], where)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not where:
            return annotation
        field = annotation.model_fields.get(str(where[0]))
        return _below(field.annotation, where[1:]) if field else None
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _of_alternatives(inner, where)
    if not where or not inner:
        return None
    return _below(inner[-1] if origin is Mapping else inner[0], where[1:])


def _of_alternatives(alternatives: tuple[Any, ...], where: Place) -> type[BaseModel] | None:
    for one in alternatives:
        tags = [mark.tag for mark in getattr(one, "__metadata__", ()) if isinstance(mark, Tag)]
        if tags and where and where[0] in tags:
            return _below(one, where[1:])
    found = (_below(one, where) for one in alternatives if one is not type(None))
    return next((one for one in found if one is not None), None)
