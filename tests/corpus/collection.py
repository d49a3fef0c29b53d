"""Documents that nobody here made, and what we expect reading each of them to give: `verdicts.toml`.

Two collections are known: the samples beside the repository, and what `make corpus` has downloaded.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from submitter.documents.opening.reading import DocumentReading

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = {
    "samples": Path(os.environ.get("SUBMITTER_SAMPLES") or ROOT.parent / "shared" / "samples"),
    "downloaded": ROOT / ".cache" / "corpus",
}
HOW_TO_GET = {
    "samples": "[samples] the sample documents are not there; set SUBMITTER_SAMPLES to their folder",
    "downloaded": "[corpus] the documents of pypdf and factur-x are not there; run: make corpus",
}
TABLE = Path(__file__).with_name("verdicts.toml")
KINDS = (".pdf", ".xml")
#: Of factur-x's own sources: code lists and the like, as large as they are many, and no documents of anybody's.
NO_DOCUMENTS = "xsd_and_schematron"

Entry = dict[str, Any]


def documents(collection: str) -> list[Path]:
    folder = COLLECTIONS[collection]
    found = (path for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file())
    return sorted(path for path in found if NO_DOCUMENTS not in path.parts)


def name_of(collection: str, path: Path) -> str:
    return path.relative_to(COLLECTIONS[collection]).as_posix()


def expected(collection: str) -> dict[str, Entry]:
    """The reviewed table: name -> entry."""
    with TABLE.open("rb") as source:
        found: dict[str, Entry] = tomllib.load(source).get(collection, {})
    return found


def seen(path: Path, reading: DocumentReading) -> Entry:
    """What reading a document gave, as the table writes it."""
    entry: Entry = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()[:16], "verdict": str(reading.verdict)}
    if reading.pages is not None:
        entry["pages"] = reading.pages
    if reading.invoice is not None:
        entry["invoice"] = reading.invoice.number
        entry["total"] = str(reading.invoice.total)
    if reading.invoice_problem:
        entry["problem"] = reading.invoice_problem
    return entry


def differences(wanted: Entry, found: Entry) -> Iterator[str]:
    for key in sorted({*wanted, *found} - {"why", "reviewed"}):
        if wanted.get(key) != found.get(key):
            yield f"{key} is {found.get(key)!r}, the table says {wanted.get(key)!r}"
