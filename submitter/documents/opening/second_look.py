"""What may be known of a file beyond its first reading, when the optional parts for it are installed.

A second opinion on a PDF (``submitter[second-opinion]``), barcodes and QR codes on scans (``submitter[codes]``) and
text read from pictures (the program tesseract). A second look adds to a reading; it never turns a good file into a bad
one, and when it fails there is simply none. The official rules of EN 16931 have a file of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from submitter.documents.opening.children import Children, Gone, program
from submitter.documents.opening.reading import DocumentReading, Verdict
from submitter.documents.opening.scan_child import READER_OF_LETTERS
from submitter.errors import ConfigurationError
from submitter.settings import Files

OPINION_SECONDS = 45.0
SCAN_SECONDS = 90.0
_CHILD = "submitter.documents.opening.scan_child"
_PICTURES = frozenset({"image/png", "image/jpeg", "image/tiff"})


def opinion_possible() -> bool:
    return find_spec("pypdfium2") is not None


def codes_possible() -> bool:
    return find_spec("zxingcpp") is not None


def letters_possible() -> bool:
    return shutil.which(READER_OF_LETTERS) is not None


class SecondLook:
    """Looks again at files that were read, in processes of their own kind. Any thread may ask."""

    def __init__(self, most: int, how: Files) -> None:
        self._draws = opinion_possible()  # one library gives second opinions and draws the pages of scanned PDFs
        self._opinions = self._draws and how.second_opinion
        skills = (("codes", codes_possible()), ("text", letters_possible()))
        self._scans = [skill for skill, possible in skills if possible and how.read_scans]
        self._language = how.scan_language
        self._children = Children(program(_CHILD), most)

    def stop(self) -> None:
        self._children.stop()

    def opinion(self, path: Path, reading: DocumentReading) -> DocumentReading:
        """What another library says to a PDF: another number of pages, text where we found none, that it does open."""
        if not self._opinions or reading.media_type != "application/pdf":
            return reading
        if reading.verdict is Verdict.DAMAGED:
            pages = self._ask(path, "pdf", ["opinion"], OPINION_SECONDS).get("pages")
            return reading if not pages else reading.model_copy(update={"sentence": _may_open(reading)})
        if reading.verdict is not Verdict.OK:
            return reading
        answer = self._ask(path, "pdf", ["opinion"] if not reading.has_text else ["pages"], OPINION_SECONDS)
        added: dict[str, Any] = {}
        pages, text = answer.get("pages"), answer.get("text")
        if isinstance(pages, int) and pages != reading.pages:
            added["notes"] = (*reading.notes, _other_pages(reading, pages))
        if answer.get("locked") is True:
            added["notes"] = (*reading.notes, _locked_elsewhere(reading))
        if isinstance(text, str) and not reading.has_text:
            added["text_other"] = text
        return reading.model_copy(update=added) if added else reading

    def scan(self, path: Path, reading: DocumentReading) -> DocumentReading:
        """Codes and letters on a file that holds no text of its own."""
        picture = reading.media_type in _PICTURES
        if reading.verdict is not Verdict.OK or reading.has_text or not self._scans:
            return reading
        if not picture and (reading.media_type != "application/pdf" or not self._draws):
            return reading
        answer = self._ask(path, "image" if picture else "pdf", self._scans, SCAN_SECONDS)
        codes, text = answer.get("codes"), answer.get("text")
        return reading.model_copy(
            update={
                "codes": tuple(code for code in codes if isinstance(code, str)) if isinstance(codes, list) else (),
                "text_scan": text if isinstance(text, str) else "",
            }
        )

    def _ask(self, path: Path, what: str, wanted: Iterable[str], seconds: float) -> Mapping[str, Any]:
        request = {"path": str(path.absolute()), "what": what, "wanted": list(wanted), "language": self._language}
        try:
            return self._children.ask(request, seconds)
        except (Gone, TimeoutError, ConfigurationError):
            return {}  # the file's verdict stands already; `submitter doctor` tells when a part cannot start at all


def _may_open(reading: DocumentReading) -> str:
    return f"{reading.sentence} A viewer may still show it: if yours does, print it from there to PDF and use that."


def _locked_elsewhere(reading: DocumentReading) -> str:
    return (
        f"{reading.name} opens here, but other programs ask for a password, so the portal may not be able to show it; "
        "please save a copy without the password."
    )


def _other_pages(reading: DocumentReading, pages: int) -> str:
    return (
        f"{reading.name} has {reading.pages} pages by one way of reading it and {pages} by another, so the portal may "
        "show other pages than you see; please print it to PDF again."
    )
