"""The doctor says of each optional part whether it is there, and what for."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from submitter.cli import parts
from submitter.cli.parts import Part, optional_parts
from submitter.documents.opening.second_look import letters_possible
from submitter.settings import Files


def told(files: Files) -> dict[str, Part]:
    return {part.what: part for part in optional_parts(files)}


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("opinion_possible", "codes_possible", "letters_possible", "rules_possible"):
        monkeypatch.setattr(parts, name, lambda: False)


@pytest.fixture
def all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("opinion_possible", "codes_possible", "letters_possible", "rules_possible"):
        monkeypatch.setattr(parts, name, lambda: True)
    monkeypatch.setattr(parts, "_languages", lambda: ["eng", "osd"])


@pytest.mark.usefixtures("nothing_there")
def test_what_is_missing_is_said_with_what_to_install_and_stops_nothing() -> None:
    found = told(Files())
    assert {what: part.remedy.rpartition("install ")[2].rstrip(")") for what, part in found.items()} == {
        "Second opinion": "'submitter[second-opinion]'",
        "Barcodes": "'submitter[codes]'",
        "Scans": "tesseract-ocr",
        "Official rules": "'submitter[rules]'",
    }
    assert not any(part.stops for part in found.values())


@pytest.mark.usefixtures("nothing_there")
def test_rules_that_the_settings_ask_for_must_be_there() -> None:
    assert told(Files(official_rules=True))["Official rules"].stops


@pytest.mark.usefixtures("all_there")
def test_what_is_there_needs_nothing() -> None:
    assert [part.remedy for part in told(Files(official_rules=True)).values()] == [""] * 4


@pytest.mark.usefixtures("all_there")
def test_a_language_without_its_data_is_named() -> None:
    assert "tesseract-ocr-deu" in told(Files(scan_language="eng+deu"))["Scans"].remedy


@pytest.mark.usefixtures("all_there")
def test_what_is_switched_off_is_said_to_be() -> None:
    found = told(Files(read_scans=False, second_opinion=False))
    assert all("switched off" in found[what].found for what in ("Barcodes", "Scans", "Second opinion"))


@pytest.mark.usefixtures("all_there")
def test_codes_in_pdfs_need_the_library_that_draws_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "opinion_possible", lambda: False)
    assert "second-opinion" in told(Files())["Barcodes"].remedy


@pytest.mark.skipif(not letters_possible(), reason="the program tesseract is not installed")
def test_the_languages_are_asked_from_the_program_itself() -> None:
    assert "eng" in parts._languages()


def test_a_program_that_hangs_knows_no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("tesseract", 20)

    monkeypatch.setattr(shutil, "which", lambda _name: "tesseract")
    monkeypatch.setattr(subprocess, "run", hang)
    assert parts._languages() == []
