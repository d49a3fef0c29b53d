"""Nothing private is in the recordings that are committed: looked for, not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from submitter.adapters.recording.recording import EXCHANGES, MOST_KILOBYTES, read_recording, recordings_below
from submitter.adapters.recording.scrubbing import private_left
from tests.replay.__main__ import RECORDINGS
from tests.replay.practice import PASSWORD, SUPPLIER, USER

SECRETS = (USER, PASSWORD, SUPPLIER, "northline")
FOLDERS = list(recordings_below(RECORDINGS))


def texts(folder: Path) -> dict[str, str]:
    return {str(path): path.read_bytes().decode() for path in folder.rglob("*") if path.is_file()}


def test_there_are_recordings_to_look_at() -> None:
    assert FOLDERS
    assert all((folder / EXCHANGES).exists() for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(RECORDINGS)))
def test_no_committed_recording_holds_anything_private(folder: Path) -> None:
    for name, text in texts(folder).items():
        assert private_left(text) == [], name
        assert [secret for secret in SECRETS if secret in text] == [], name
    recording = read_recording(folder)
    recording.require_harmless()
    assert recording.kilobytes < min(200, MOST_KILOBYTES)
    for exchange in recording.exchanges:
        assert set(exchange.headers) <= {"content-type", "location", "content-disposition", "retry-after"}
        assert all(value == "" or value.startswith("[[") for value in exchange.cookies.values())
        for posted in exchange.posted:
            if "password" in posted.name.lower() or "csrf" in posted.name.lower():
                assert posted.value.startswith("[[")
