"""What a request posts, field by field: forms, forms with files, JSON."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from python_multipart import parse_form

from submitter.adapters.recording.exchange import PostedField

_LONGEST = 1000  # a longer piece of Base64 in JSON is a file


def read_posted(content_type: str, body: bytes) -> tuple[PostedField, ...]:
    """The fields in the order in which they were posted; of a file its name and the SHA-256 of its bytes."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return ()
    if kind == "multipart/form-data":
        return tuple(_of_multipart(content_type, body))
    if kind == "application/x-www-form-urlencoded":
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        return tuple(PostedField(name=name, value=value) for name, value in pairs)
    if kind.endswith("json"):
        try:
            return tuple(_of_json("", json.loads(body)))
        except ValueError:
            return (PostedField(name="body", value=body.decode("utf-8", "replace")),)
    if kind.startswith("text/"):
        return (PostedField(name="body", value=body.decode("utf-8", "replace")),)
    return (PostedField(name="body", sha256=hashlib.sha256(body).hexdigest()),)


def _of_multipart(content_type: str, body: bytes) -> list[PostedField]:
    found: list[PostedField] = []

    def take_field(field: Any) -> None:
        found.append(PostedField(name=field.field_name.decode(), value=(field.value or b"").decode("utf-8", "replace")))

    def take_file(file: Any) -> None:
        file.file_object.seek(0)
        content = file.file_object.read()
        file.close()
        name = (file.file_name or b"").decode("utf-8", "replace")
        digest = hashlib.sha256(content).hexdigest() if name or content else ""  # a file field that was left empty
        found.append(PostedField(name=file.field_name.decode(), file=name, sha256=digest))

    headers = {"Content-Type": content_type.encode(), "Content-Length": str(len(body)).encode()}
    parse_form(headers, io.BytesIO(body), take_field, take_file)
    return found


def _of_json(place: str, value: Any) -> Iterator[PostedField]:
    """``{"lines": [{"price": 5}]}`` is the field ``lines.0.price``."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from _of_json(f"{place}.{key}" if place else str(key), inner)
    elif isinstance(value, str):
        file = _file_in(value)
        yield PostedField(name=place, sha256=file) if file else PostedField(name=place, value=value)
    else:
        yield PostedField(name=place, value=json.dumps(value))


def _file_in(text: str) -> str:
    """The SHA-256 of a file that is posted as Base64; empty for any other text."""
    if len(text) < _LONGEST:
        return ""
    try:
        return hashlib.sha256(base64.b64decode(text.partition(";base64,")[2] or text, validate=True)).hexdigest()
    except ValueError:
        return ""
