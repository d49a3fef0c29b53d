"""A form whose sending click carries the files: every byte arrives, whatever the files and fields are called."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.adapters.multipart import with_files

BOUNDARY = "----WebKitFormBoundarySNHSXQBmLrkWzBjY"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


def form(*parts: tuple[str, bytes]) -> bytes:
    """As Chromium writes it: (the disposition's parameters, content)."""
    written = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\nContent-Type: application/pdf\r\n\r\n".encode()
        + content
        + b"\r\n"
        for head, content in parts
    )
    return written + f"--{BOUNDARY}--\r\n".encode()


def read(body: bytes) -> list[tuple[str | None, bytes]]:
    """(file name, content) of each part, as the standard library reads it."""
    head = f"Content-Type: {KIND}\r\n\r\n".encode()
    message: Message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [(part.get_filename(), bytes(part.get_payload(decode=True) or b"")) for part in parts]  # type: ignore[union-attr, arg-type]


names = st.text(st.sampled_from("abcXYZ019 _.-()"), min_size=1, max_size=20).map(lambda stem: f"{stem.strip()}x.pdf")
content = st.binary(min_size=1, max_size=300).filter(lambda data: b"\r\n" not in data and b"--" not in data)


@given(st.dictionaries(names, content, max_size=4), st.text(st.sampled_from("abc 1"), max_size=9))
def test_each_file_arrives_with_its_bytes_and_each_field_as_it_was(files: dict[str, bytes], field: str) -> None:
    empty = [(f'name="f"; filename="{name}"', b"") for name in files]
    given = form(('name="n"', field.encode()), *empty, ('name="g"; filename=""', b""))
    filled = form(
        ('name="n"', field.encode()),
        *((f'name="f"; filename="{name}"', data) for name, data in files.items()),
        ('name="g"; filename=""', b""),
    )
    assert with_files(given, KIND, files) == filled


def test_the_form_is_read_by_others_as_it_was_meant() -> None:
    given = form(('name="n"', b"a b"), ('name="f"; filename="ticket.pdf"', b""))
    assert read(with_files(given, KIND, {"ticket.pdf": b"%PDF-1.7 x"})) == [
        (None, b"a b"),
        ("ticket.pdf", b"%PDF-1.7 x"),
    ]


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_a_name_that_browsers_write_in_another_way_is_known(charset: str) -> None:
    written = 'name="f"; filename="t\xe9 %22q%22.pdf"'
    body = form((written, b"")).decode().encode(charset)
    assert b"BYTES" in with_files(body, KIND, {'t\xe9 "q".pdf': b"BYTES"})


def test_what_was_not_chosen_is_not_sent_empty() -> None:
    with pytest.raises(ValueError, match="not chosen"):
        with_files(form(('name="f"; filename="other.pdf"', b"")), KIND, {"ticket.pdf": b"x"})


def test_a_file_that_is_there_already_is_left_alone() -> None:
    body = form(('name="f"; filename="made.json"', b"{}"))
    assert with_files(body, KIND, {}) == body


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", KIND), (b"n=1", KIND), (form(('name="n"', b"1")), "multipart/form-data"), (b"--x--", KIND)]
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match="the form"):
        with_files(body, kind, {})
