"""The folders that things are unpacked to: gone in the end, whatever happens to who made them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from packed import archive
from papers import page

from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.workspace import PREFIX, Workspace, sweep

HOLDER = """
import sys, tempfile
from submitter.documents.opening.workspace import Workspace
tempfile.tempdir = sys.argv[1]
workspace = Workspace()
print(workspace.new_folder("a.zip"), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Other tests' and other programs' folders must not be swept by these."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def holder(own_temporary_files: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a workspace, and the folder it has there."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(own_temporary_files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def aged(folder: Path, seconds: float = 3_600) -> None:
    os.utime(folder, (time.time() - seconds,) * 2)


def test_what_a_killed_process_left_is_swept(
    holder: tuple[subprocess.Popen[str], Path], own_temporary_files: Path
) -> None:
    process, folder = holder
    [workspace] = own_temporary_files.iterdir()
    assert folder.is_relative_to(workspace)
    aged(workspace)
    sweep()
    assert folder.is_dir()  # it is in use
    process.kill()
    process.wait()
    sweep()
    assert list(own_temporary_files.iterdir()) == []


def test_a_folder_that_was_just_made_is_left_alone(own_temporary_files: Path) -> None:
    young, old = own_temporary_files / f"{PREFIX}young", own_temporary_files / f"{PREFIX}old"
    young.mkdir()
    old.mkdir()
    aged(old)
    sweep()
    assert list(own_temporary_files.iterdir()) == [young]


def test_what_only_looks_like_ours_is_left_alone(own_temporary_files: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "kept.txt").write_text("x")
    link = own_temporary_files / f"{PREFIX}link"
    link.symlink_to(precious)
    os.utime(link, (0, 0), follow_symlinks=False)
    other = own_temporary_files / "somebody-else"
    other.mkdir()
    aged(other)
    sweep()
    assert (precious / "kept.txt").exists()
    assert other.exists()


def test_a_workspace_is_private_and_ends(own_temporary_files: Path) -> None:
    workspace = Workspace()
    assert list(own_temporary_files.iterdir()) == []  # nothing is made before it is needed
    first, second = workspace.new_folder("a.zip"), workspace.new_folder("a.zip")
    assert first != second
    [folder] = own_temporary_files.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    workspace.clear()
    assert list(own_temporary_files.iterdir()) == []
    assert workspace.new_folder("b.zip").is_dir()  # and may be used again
    workspace.clear()


def test_a_reader_leaves_nothing_behind(tmp_path: Path, own_temporary_files: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive({"a.pdf": page("x")}))
    (tmp_path / "bomb.zip").write_bytes(archive({"zeros.pdf": bytes(60_000_000)}))
    left = own_temporary_files / f"{PREFIX}left"
    left.mkdir()
    aged(left)
    with DocumentReader() as reader:
        assert not left.exists()
        [member] = reader.read(tmp_path / "a.zip").members
        reader.read(tmp_path / "bomb.zip")
        assert member.path.read_bytes() == page("x")
        assert len(list(own_temporary_files.glob(f"{PREFIX}*/*/*"))) == 1  # the refused one is gone already
        reader.forget_unpacked()
        assert not member.path.exists()
        reader.read(tmp_path / "a.zip")
    assert list(own_temporary_files.iterdir()) == []
