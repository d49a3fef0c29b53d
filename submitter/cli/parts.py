"""What the doctor says of the optional parts for reading files: whether each is there, and what it is for."""

from __future__ import annotations

import shutil
import subprocess
from typing import NamedTuple

from submitter.documents.einvoices.official_rules import rules_possible
from submitter.documents.opening.scan_child import READER_OF_LETTERS
from submitter.documents.opening.second_look import codes_possible, letters_possible, opinion_possible
from submitter.settings import Files


class Part(NamedTuple):
    what: str
    found: str
    remedy: str = ""
    stops: bool = False  # the settings ask for it, and it is not there


def optional_parts(files: Files) -> list[Part]:
    return [_opinion(files), _codes(files), _letters(files), _rules(files)]


def _opinion(files: Files) -> Part:
    what = "Second opinion"
    if not opinion_possible():
        return Part(what, "not installed: PDFs are read by one library only", _install("second-opinion"))
    off = "; switched off for PDFs, it only draws scanned pages" if not files.second_opinion else ""
    return Part(what, f"pypdfium2 is there: a second library looks at each PDF, and draws scanned pages{off}")


def _codes(files: Files) -> Part:
    what = "Barcodes"
    if not files.read_scans:
        return Part(what, "switched off (files.read_scans): codes on scans are not read")
    if not codes_possible():
        return Part(what, "not installed: codes on scans are not read", _install("codes"))
    if not opinion_possible():
        return Part(what, "zxing-cpp is there, for pictures; not for the pages of PDFs", _install("second-opinion"))
    return Part(what, "zxing-cpp is there: scans find their invoice by their codes")


def _letters(files: Files) -> Part:
    what = "Scans"
    if not files.read_scans:
        return Part(what, "switched off (files.read_scans): a picture is known by its name only")
    if not letters_possible():
        found = f"{READER_OF_LETTERS} is not installed: a proof of delivery that is a picture is known by its name only"
        return Part(what, found, "install tesseract (Debian and Ubuntu: apt-get install tesseract-ocr)")
    missing = [language for language in files.scan_language.split("+") if language not in _languages()]
    if missing:
        remedy = f"install its data (Debian and Ubuntu: tesseract-ocr-{missing[0]}), or change files.scan_language"
        return Part(what, f"{READER_OF_LETTERS} does not know the language {', '.join(missing)}", remedy)
    return Part(
        what, f"{READER_OF_LETTERS} is there: proofs of delivery that are pictures are read ({files.scan_language})"
    )


def _languages() -> list[str]:
    program = shutil.which(READER_OF_LETTERS)
    if program is None:
        return []
    try:
        listed = subprocess.run(  # noqa: S603  the program that was just found
            [program, "--list-langs"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listed.stdout.split()


def _rules(files: Files) -> Part:
    what = "Official rules"
    if not rules_possible():
        if files.official_rules:
            return Part(what, "the settings ask for them (files.official_rules)", _install("rules"), stops=True)
        return Part(what, "not installed: electronic invoices are checked by our own rules only", _install("rules"))
    if not files.official_rules:
        return Part(what, "saxonche is there, but the settings do not ask for them (files.official_rules)")
    return Part(what, "saxonche is there: electronic invoices are held to EN 16931's own rules")


def _install(extra: str) -> str:
    return f"if you want it: pip install 'submitter[{extra}]'"
