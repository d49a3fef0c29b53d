"""Documents encrypted where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submitter.documents.vault.sealed_storage import MARK, OVERHEAD
from submitter.documents.vault.vault import DocumentDamaged, Vault, make_key, open_vault
from submitter.errors import ConfigurationError
from submitter.secrets import PrivateMemory
from tests.s3_server import running_s3, use_s3

DATA = b"%PDF-1.7 delivery note FT-5031, signed"


@pytest.fixture(autouse=True)
def keys() -> Iterator[PrivateMemory]:
    before, private = keyring.get_keyring(), PrivateMemory()
    keyring.set_keyring(private)
    yield private
    keyring.set_keyring(before)


def stored(vault: Path) -> list[bytes]:
    return [path.read_bytes() for path in vault.rglob("*") if path.is_file()]


def test_what_lies_on_the_disk_cannot_be_read_and_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    assert make_key() is not None
    vault = Vault(tmp_path / "vault", encrypted=True)
    (tmp_path / "pod.pdf").write_bytes(DATA)
    digest = vault.keep(tmp_path / "pod.pdf")
    assert digest == vault.keep(DATA) == hashlib.sha256(DATA).hexdigest()
    [lies] = stored(tmp_path / "vault")
    assert lies.startswith(MARK) and b"FT-5031" not in lies and len(lies) == len(DATA) + OVERHEAD
    assert vault.read(digest) == DATA and vault.size(digest) == len(DATA)
    vault.check(digest)
    vault.copy_to(digest, tmp_path / "copy" / "pod.pdf")
    assert (tmp_path / "copy" / "pod.pdf").read_bytes() == DATA
    assert (tmp_path / "copy" / "pod.pdf").stat().st_mode & 0o077 == 0, "the plain copy is for us alone"


def test_the_same_document_is_never_sealed_twice_alike(tmp_path: Path) -> None:
    """A nonce used twice would give both documents away."""
    make_key()
    for name in "ab":
        Vault(tmp_path / name, encrypted=True).keep(DATA)
    assert stored(tmp_path / "a") != stored(tmp_path / "b")


def test_encryption_may_be_switched_on_and_off(tmp_path: Path) -> None:
    plain = Vault(tmp_path)
    first = plain.keep(DATA)
    make_key()
    sealing = Vault(tmp_path, encrypted=True)
    second = sealing.keep(b"second")
    assert (sealing.read(first), sealing.read(second)) == (DATA, b"second"), "what lay there in plain stays readable"
    assert (sealing.encrypt(first), sealing.encrypt(first)) == (True, False)
    assert all(lies.startswith(MARK) for lies in stored(tmp_path))
    assert (Vault(tmp_path).read(first), Vault(tmp_path).read(second)) == (DATA, b"second"), "and what was sealed too"


def test_without_the_key_nothing_is_read_and_the_sentence_says_what_to_do(tmp_path: Path, keys: PrivateMemory) -> None:
    make_key()
    digest = Vault(tmp_path, encrypted=True).keep(DATA)
    keys.delete_password("submitter", "documents/key")
    for encrypted in (True, False):
        with pytest.raises(ConfigurationError, match=r"the keyring holds no key .* submitter documents encrypt"):
            Vault(tmp_path, encrypted=encrypted).read(digest)
    with pytest.raises(ConfigurationError, match="holds no key"):
        Vault(tmp_path, encrypted=True).keep(b"more")
    make_key()
    with pytest.raises(DocumentDamaged):
        Vault(tmp_path, encrypted=True).read(digest)
    keys.set_password("submitter", "documents/key", "not a key")
    with pytest.raises(ConfigurationError, match="is not one that submitter made"):
        Vault(tmp_path, encrypted=True).read(digest)


def test_a_key_is_made_once(keys: PrivateMemory) -> None:
    first = make_key()
    assert first and make_key() is None
    assert keys.get_password("submitter", "documents/key") == first


def test_sealed_files_cannot_change_places_or_be_changed(tmp_path: Path) -> None:
    make_key()
    vault = Vault(tmp_path, encrypted=True)
    one, two = vault.keep(DATA), vault.keep(b"another")
    paths = {digest: tmp_path / digest[:2] / digest[2:] for digest in (one, two)}
    contents = {digest: path.read_bytes() for digest, path in paths.items()}
    for path in paths.values():
        path.chmod(0o640)
    paths[one].write_bytes(contents[two])
    paths[two].write_bytes(contents[two][:-1] + bytes([contents[two][-1] ^ 1]))
    for digest in (one, two):
        with pytest.raises(DocumentDamaged):
            vault.read(digest)
    vault.keep(DATA)
    assert vault.read(one) == DATA, "what is there damaged is replaced"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.binary(max_size=60).map(lambda rest: MARK + rest), sealed=st.booleans())
def test_any_bytes_come_back(tmp_path: Path, data: bytes, sealed: bool) -> None:
    """Also a document that begins as a sealed one does: it is told apart by its hash."""
    make_key()
    vault = Vault(tmp_path, encrypted=sealed)
    digest = vault.keep(data)
    assert (vault.read(digest), vault.size(digest)) == (data, len(data))


def test_a_document_that_looks_sealed_needs_no_key(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    digest = vault.keep(MARK + b"%PDF-1.7")
    assert vault.read(digest) == MARK + b"%PDF-1.7" and vault.size(digest) == len(MARK) + 8


def test_in_an_object_store_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_key()
    with running_s3() as server:
        use_s3(monkeypatch, server.url, tmp_path)
        server.make_bucket("documents")
        vault = open_vault("s3://documents/northline", encrypted=True)
        digest = vault.keep(DATA)
        assert vault.read(digest) == DATA and vault.size(digest) == len(DATA)
        vault.copy_to(digest, tmp_path / "pod.pdf")
        assert (tmp_path / "pod.pdf").read_bytes() == DATA
        plain = open_vault("s3://documents/northline")
        assert plain.read(digest) == DATA
        vault.remove(digest)
        vault.remove(digest)
        with pytest.raises(DocumentDamaged, match="missing"):
            vault.read(digest)
        vault.close()
        plain.close()
