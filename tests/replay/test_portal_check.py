"""`submitter portal check`: an author holds an adapter to the cases, and is told in a table what it does not keep."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from submitter.cli.main import call
from tests.replay.__main__ import RECORDINGS


def test_an_adapter_that_keeps_everything_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["portal", "check", "tryton", "--json"]) == 0
    assert [one["wrong"] for one in json.loads(capsys.readouterr().out)] == [[]] * 6


@pytest.mark.browser
def test_an_adapter_that_does_not_is_told_what_it_does_not_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(RECORDINGS / "fieldgate" / "main", tmp_path / "main")
    for name, old, new in (
        ("exchanges.json", "[[coding.major]]", "9999"),
        ("scenario.toml", 'landmarks = ["Create invoice", "Review your invoice"]', "landmarks = []"),
    ):
        path = tmp_path / "main" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    assert call(["portal", "check", "fieldgate", "--recordings", str(tmp_path)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "the field major was '8417', but '9999' was expected" in said
    assert "another invoice" in said and "No recording names a landmark to take out." in said


def test_a_recording_that_cannot_be_read_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(RECORDINGS / "fieldgate" / "main", tmp_path / "main")
    (tmp_path / "main" / "exchanges.json").write_text("{")
    assert call(["portal", "check", "fieldgate", "--recordings", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("Error: The recording in")
    assert call(["portal", "check", "nobody", "--recordings", str(tmp_path)]) == 1
    assert "There is no adapter 'nobody'" in capsys.readouterr().err
