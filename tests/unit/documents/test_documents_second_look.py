"""A second look adds to what is known of a file, and never makes a good file a bad one."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from papers import TODAY, cii, customer, invoice, page, raw_pdf, reading, stream
from scans import as_file, as_pdf, sheet

from submitter.documents.intake import IntakeVerdict, examine_folder
from submitter.documents.matching import match_pods
from submitter.documents.opening import second_look
from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.documents.opening.reading import DocumentReading
from submitter.documents.opening.second_look import SecondLook, codes_possible, letters_possible, opinion_possible
from submitter.settings import Files

needs_opinion = pytest.mark.skipif(not opinion_possible(), reason="submitter[second-opinion] is not installed")
needs_codes = pytest.mark.skipif(not codes_possible(), reason="submitter[codes] is not installed")
needs_letters = pytest.mark.skipif(not letters_possible(), reason="the program tesseract is not installed")


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture
def look() -> Iterator[SecondLook]:
    one = SecondLook(1, Files())
    yield one
    one.stop()


# -- a second opinion on PDFs --------------------------------------------------------------------------------------


def two_counts() -> bytes:
    """A page tree that claims three pages and lists one: one library counts what is there, the other what is said."""
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>"
    kids = b"<</Type/Pages/Count 3/Kids[3 0 R]>>"
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", kids, leaf, stream(b"")])


@needs_opinion
def test_another_number_of_pages_is_said_and_changes_no_verdict(tmp_path: Path, reader: DocumentReader) -> None:
    read = reader.read(put(tmp_path, "odd.pdf", two_counts()))
    assert read.verdict is Verdict.OK
    [note] = read.notes
    assert "odd.pdf has 1 pages by one way of reading it and 3 by another" in note
    assert reader.read(put(tmp_path, "even.pdf", page("x"))).notes == ()


@needs_opinion
def test_text_that_only_the_other_library_finds_is_used(look: SecondLook, tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", page("Field ticket FT-5031"))
    blind = reading("a.pdf", "", pages=1)
    seen = look.opinion(path, blind)
    assert "FT-5031" in seen.text_other
    assert seen.has_text
    assert look.opinion(path, reading("a.pdf", "own text", pages=1)).text_other == ""
    [match] = match_pods([invoice()], [(Path("scan.pdf"), seen)])
    assert match.pods[0].reasons == ("its text names ticket FT-5031",)


@needs_opinion
def test_a_damaged_file_that_opens_elsewhere_says_what_to_do(tmp_path: Path, look: SecondLook) -> None:
    path = put(tmp_path, "a.pdf", page("x"))
    broken = DocumentReading(
        name="a.pdf", media_type="application/pdf", verdict=Verdict.DAMAGED, sentence="a.pdf: The file is damaged."
    )
    seen = look.opinion(path, broken)
    assert seen.verdict is Verdict.DAMAGED
    assert seen.sentence == (
        "a.pdf: The file is damaged. A viewer may still show it: if yours does, print it from there to PDF and use "
        "that."
    )
    assert look.opinion(put(tmp_path, "b.pdf", b"%PDF-1.4 oh no"), broken) == broken


@needs_opinion
@pytest.mark.samples
def test_a_file_that_opens_here_and_asks_for_a_password_elsewhere(samples: Path, reader: DocumentReader) -> None:
    """Its owner's password is empty and its user's is not: some programs take the one, some ask for the other."""
    read = reader.read(samples / "pypdf" / "r6-user-password.pdf")
    assert (read.verdict, read.pages) == (Verdict.OK, 1)
    assert read.notes[0].startswith("r6-user-password.pdf opens here, but other programs ask for a password")
    assert reader.read(samples / "pypdf" / "r6-owner-password.pdf").notes == ()


DIES = """
import json, os, signal, sys
print(json.dumps({"ready": True}), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGABRT)
"""
BABBLES = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps({"verdict": "hostile", "pages": "many", "text": 7, "codes": [3, None, "FT-5031"]}), flush=True)
"""
HANGS = """
import json, time
print(json.dumps({"ready": True}), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("script", [DIES, HANGS, "raise SystemExit('a part is missing')"])
def test_a_second_look_that_dies_hangs_or_cannot_start_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """The library for second opinions aborts its process when memory runs short; the first reading stands."""
    monkeypatch.setattr(second_look, "program", lambda _module: (sys.executable, "-c", script))
    monkeypatch.setattr(second_look, "opinion_possible", lambda: True)
    monkeypatch.setattr(second_look, "codes_possible", lambda: True)
    monkeypatch.setattr(second_look, "OPINION_SECONDS", 1.0)
    monkeypatch.setattr(second_look, "SCAN_SECONDS", 1.0)
    path, scan = put(tmp_path, "a.pdf", page("sheet")), put(tmp_path, "b.png", as_file(sheet("x")))
    with DocumentReader() as reader:
        for _ in range(2):
            read = reader.read(path)
            assert (read.verdict, read.text_plain.strip(), read.notes) == (Verdict.OK, "sheet", ())
        [again] = reader.scan_many({scan: reader.read(scan)}).values()
        assert (again.verdict, again.codes, again.text_scan) == (Verdict.OK, (), "")


def test_nonsense_of_a_second_look_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "program", lambda _module: (sys.executable, "-c", BABBLES))
    monkeypatch.setattr(second_look, "opinion_possible", lambda: True)
    monkeypatch.setattr(second_look, "codes_possible", lambda: True)
    with DocumentReader() as reader:
        read = reader.read(put(tmp_path, "a.pdf", page()))
        assert (read.verdict, read.notes, read.text_other) == (Verdict.OK, (), "")
        scan = put(tmp_path, "b.png", as_file(sheet("x")))
        [again] = reader.scan_many({scan: reader.read(scan)}).values()
        assert (again.verdict, again.codes) == (Verdict.OK, ("FT-5031",))


@needs_opinion
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_the_process_of_second_opinions_is_another_one(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", page("sheet"))
    with DocumentReader(how=Files(processes=1)) as reader:
        reader.read(path)
        [own], [other] = reader._children.running, reader._look._children.running
        assert own.pid != other.pid
        os.kill(other.pid, signal.SIGABRT)
        assert reader.read(path).verdict is Verdict.OK
        assert [child.pid for child in reader._children.running] == [own.pid]


@needs_opinion
@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="only Linux tells the limits of a process")
def test_the_process_of_second_looks_lives_under_its_limits(tmp_path: Path, look: SecondLook) -> None:
    look.opinion(put(tmp_path, "a.pdf", page("x")), reading("a.pdf", "x", pages=1))
    [child] = look._children.running
    limits = Path(f"/proc/{child.pid}/limits").read_text(encoding="ascii")
    for limit, value in (("Max address space", 1 << 30), ("Max file size", 1 << 20), ("Max open files", 64)):
        assert re.search(rf"^{limit} +{value} ", limits, re.MULTILINE), limit


# -- barcodes and letters on pictures ------------------------------------------------------------------------------


@needs_codes
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_codes_on_a_picture_are_read(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, "scan", as_file(sheet(codes=("FT-5031", "TR-45017")), kind))
    with DocumentReader(how=Files(read_scans=True)) as reader:
        [seen] = reader.scan_many({path: reader.read(path)}).values()
    assert set(seen.codes) == {"FT-5031", "TR-45017"}


@needs_codes
@needs_opinion
def test_codes_on_the_pages_of_a_scanned_pdf_are_read(tmp_path: Path, reader: DocumentReader) -> None:
    path = put(tmp_path, "scan.pdf", as_pdf(sheet("page 1"), sheet(codes=("FT-5031",))))
    [seen] = reader.scan_many({path: reader.read(path)}).values()
    assert seen.codes == ("FT-5031",)
    [match] = match_pods([invoice()], [(path, seen)])
    assert "its barcode holds ticket FT-5031" in match.pods[0].reasons


@needs_letters
def test_letters_on_a_picture_are_read(tmp_path: Path, reader: DocumentReader) -> None:
    path = put(tmp_path, "scan.png", as_file(sheet("Delivery ticket FT-5031", "Purchase order TR-45017")))
    [seen] = reader.scan_many({path: reader.read(path)}).values()
    assert "FT-5031" in seen.text_scan
    assert not seen.has_text, "what a program made out of a picture is not the file's own text"


@needs_letters
@needs_opinion
def test_letters_on_the_pages_of_a_scanned_pdf_are_read(tmp_path: Path, reader: DocumentReader) -> None:
    path = put(tmp_path, "scan.pdf", as_pdf(sheet("Delivery ticket FT-5031")))
    [seen] = reader.scan_many({path: reader.read(path)}).values()
    assert "FT-5031" in seen.text_scan


def test_a_file_with_text_of_its_own_is_not_scanned_and_none_is_when_not_wanted(tmp_path: Path) -> None:
    text, scan = put(tmp_path, "a.pdf", page("words")), put(tmp_path, "b.png", as_file(sheet("FT-5031")))
    with DocumentReader(how=Files(read_scans=False, second_opinion=False)) as reader:
        read = {path: reader.read(path) for path in (text, scan)}
        assert reader.scan_many(read) == read
        assert reader._look._children.running == ()
    with DocumentReader(how=Files(second_opinion=False)) as reader:
        assert reader.scan_many({text: read[text]}) == {text: read[text]}
        assert reader._look._children.running == ()


@needs_letters
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_the_reader_of_letters_is_given_up_when_it_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in of the same name on the PATH, because no picture makes the real one slow for sure."""
    programs = tmp_path / "programs"
    programs.mkdir()
    stand_in = put(programs, "tesseract", b"#!/bin/sh\nsleep 600\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(second_look, "SCAN_SECONDS", 2.0)
    scan = put(tmp_path, "b.png", as_file(sheet("x")))
    with DocumentReader() as reader:
        [seen] = reader.scan_many({scan: reader.read(scan)}).values()
        assert (seen.verdict, seen.text_scan) == (Verdict.OK, "")


@needs_letters
def test_a_scan_without_a_telling_name_finds_its_invoice(tmp_path: Path, reader: DocumentReader) -> None:
    """The whole way: the name says nothing, the picture names the order; a person is asked to look at it."""
    put(tmp_path, "4711.xml", cii())
    put(tmp_path, "scan0001.png", as_file(sheet("Delivered for invoice INV-1001", "Purchase order TR-45017")))
    taker = customer(file_types=["application/xml", "image/png", "application/pdf"])
    report = examine_folder(tmp_path, [taker], reader, TODAY, lambda _account, _number: None)
    [item] = report.items
    assert [file.path.name for file in item.files[1:]] == ["scan0001.png"]
    assert item.verdict is IntakeVerdict.GOOD, item.findings
    [told] = [finding for finding in item.findings if finding.rule == "documents.pod-without-text"]
    assert "may misread a letter: please look whether it belongs to INV-1001" in told.sentence
