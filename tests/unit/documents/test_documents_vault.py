"""The vault keeps what it was given, says so only when it is on disk, and notices what was changed."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.documents import vault as module
from submitter.documents.vault import DocumentDamaged, Vault


@given(data=st.binary(max_size=5_000))
def test_what_is_kept_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault"))
    sha256 = vault.keep(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert vault.read(sha256) == data


def test_bytes_and_files_are_kept_alike_and_once(tmp_path: Path) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(b"x" * 3_000_000)
    vault = Vault(tmp_path / "vault")
    first = vault.keep(source)
    before = vault.path(first).stat()
    assert vault.keep(b"x" * 3_000_000) == first
    after = vault.path(first).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)  # not written again
    assert vault.path(first) == tmp_path / "vault" / first[:2] / first[2:]
    assert stat.S_IMODE(after.st_mode) == 0o440
    assert [p for p in (tmp_path / "vault").rglob("*") if p.is_file()] == [vault.path(first)]


def test_a_changed_or_missing_document_is_noticed_and_mended_by_keeping_it_again(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    sha256 = vault.keep(b"original")
    vault.path(sha256).chmod(0o600)
    vault.path(sha256).write_bytes(b"changed!")
    with pytest.raises(DocumentDamaged, match="changed after it was stored"):
        vault.read(sha256)
    assert vault.keep(b"original") == sha256
    assert vault.read(sha256) == b"original"
    with pytest.raises(DocumentDamaged, match="missing"):
        vault.read("0" * 64)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_a_hash_names_a_document(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        Vault(tmp_path).path(sha256)


def test_nothing_half_written_is_ever_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up at the last moment: no document, and nothing left lying about."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    vault = Vault(tmp_path)
    with pytest.raises(OSError, match="No space"):
        vault.keep(b"data")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_bytes_are_on_disk_before_their_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, replace = module.os.fsync, Path.replace
    monkeypatch.setattr(module.os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (steps.append("name"), replace(self, to))[1])
    Vault(tmp_path).keep(b"data")
    assert steps == ["sync", "sync", "name", "sync"]  # the bytes; the new folder; the name; the folder that holds it
