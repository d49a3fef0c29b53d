"""Files made to exhaust who opens them, of every kind that we read: each gets a verdict and harms no neighbour."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from packed import archive, many_on_one
from papers import (
    BILLION_LAUGHS,
    OUTSIDE_ENTITY,
    deflate_bomb,
    hybrid,
    invoice,
    page,
    pages_sharing,
    raw_pdf,
    stream,
    with_attachments,
)
from written_invoices import as_cxml

from submitter.documents.opening.opening import DocumentReader, Verdict

DAMAGED, HOSTILE, OK, TOO_LARGE = Verdict.DAMAGED, Verdict.HOSTILE, Verdict.OK, Verdict.TOO_LARGE


def nested_deflate() -> bytes:
    """A page of zeros, packed three times over: a few hundred bytes."""
    data = bytes(100_000_000)
    for _ in range(3):
        data = zlib.compress(data, 9)
    return pages_sharing(data, 1, b"/Filter[/FlateDecode/FlateDecode/FlateDecode]")


def deep_brackets() -> bytes:
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 100_000 + b">>", b"<</Type/Pages/Count 0/Kids[]>>"])


def many_attachments(name: str, count: int) -> bytes:
    """Attachments that are small in the file and large when they are looked at, each by itself within the limits."""
    packed = stream(zlib.compress(bytes(9_000_000), 9), b"/Type/EmbeddedFile/Filter/FlateDecode")
    files = [b"<</Type/Filespec/F(%s)/EF<</F 4 0 R>>>>" % name.format(number).encode() for number in range(count)]
    names = b" ".join(b"(%s) %d 0 R" % (name.format(number).encode(), number + 5) for number in range(count))
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[%s]>>>>>>" % names,
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
            packed,
            *files,
        ]
    )


def laughing_cxml() -> bytes:
    start, end = b'cXML SYSTEM "', b".dtd"
    data = as_cxml(invoice())
    inner = BILLION_LAUGHS[BILLION_LAUGHS.index(b"[") : BILLION_LAUGHS.index(b"]>") + 1]
    head = data.index(end, data.index(start)) + len(end) + 1
    return data[:head] + b" " + inner + data[head:].replace(b"Tejas Resources", b"&a9;", 1)


BOMBS: list[tuple[str, bytes, tuple[Verdict, ...]]] = [
    ("deflate.pdf", deflate_bomb(), (HOSTILE,)),
    ("nested.pdf", nested_deflate(), (HOSTILE,)),
    ("brackets.pdf", deep_brackets(), (HOSTILE, DAMAGED)),
    ("xml-attachments.pdf", many_attachments("{}.xml", 25), (HOSTILE,)),
    ("laughs.xml", BILLION_LAUGHS, (HOSTILE,)),
    ("laughs-inside.pdf", with_attachments(page("x"), {"factur-x.xml": BILLION_LAUGHS}), (HOSTILE,)),
    ("laughs-cxml.xml", laughing_cxml(), (HOSTILE,)),
    ("outside.xml", OUTSIDE_ENTITY, (HOSTILE,)),
    ("deep.xml", b"<Invoice>" * 200_000, (HOSTILE, DAMAGED)),
    ("deep.json", b'{"format":' * 200_000, (HOSTILE,)),
    ("zeros.zip", archive({"a.pdf": bytes(60_000_000)}), (HOSTILE,)),
    ("overlapping.zip", many_on_one(400, 9_000_000), (HOSTILE,)),
    ("wide.zip", many_on_one(60_000, 10), (TOO_LARGE,)),
]


@pytest.mark.parametrize(("name", "data", "verdicts"), BOMBS, ids=[bomb[0] for bomb in BOMBS])
def test_a_bomb_gets_its_verdict(
    tmp_path: Path, reader: DocumentReader, name: str, data: bytes, verdicts: tuple[Verdict, ...]
) -> None:
    assert len(data) < 4_000_000
    (tmp_path / name).write_bytes(data)
    read = reader.read(tmp_path / name)
    assert read.verdict in verdicts
    assert name in read.sentence
    assert read.invoice is None
    (tmp_path / "next.pdf").write_bytes(hybrid())
    assert reader.read(tmp_path / "next.pdf").invoice is not None


def test_all_bombs_together_keep_no_neighbour_from_being_read(tmp_path: Path, reader: DocumentReader) -> None:
    paths = []
    for name, data, _ in BOMBS:
        for path, content in ((tmp_path / name, data), (tmp_path / f"good-{name}.pdf", hybrid())):
            path.write_bytes(content)
            paths.append(path)
    for path, read in zip(paths, reader.read_many(paths), strict=True):
        assert (read.invoice is not None) == path.name.startswith("good-")


def test_many_attachments_of_other_kinds_are_listed_and_not_opened(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "a.pdf").write_bytes(many_attachments("{}.bin", 130))
    read = reader.read(tmp_path / "a.pdf")
    assert (read.verdict, len(read.attachments)) == (OK, 100)
