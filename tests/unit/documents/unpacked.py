"""Reading archives and mails as an intake does."""

from __future__ import annotations

from pathlib import Path

from packed import archive
from papers import page

from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import DocumentReading
from submitter.documents.opening.unpacking import with_members


def opened(folder: Path, reader: DocumentReader, name: str, data: bytes) -> dict[str, DocumentReading]:
    """What reading this file gives, by the names that staff see."""
    path = folder / name
    path.write_bytes(data)
    return {one.name: one for _, one in with_members([(path, reader.read(path))], reader)}


def refused(folder: Path, reader: DocumentReader, name: str, data: bytes) -> DocumentReading:
    """The one reading of a file that is not opened at all; and the next file is fine."""
    [(shown, read)] = opened(folder, reader, name, data).items()
    assert shown == name
    assert name in read.sentence
    after = opened(folder, reader, "next.zip", archive({"a.pdf": page("still here")}))
    assert "still here" in after["next.zip/a.pdf"].text_plain
    return read
