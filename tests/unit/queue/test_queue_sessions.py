"""Stored sign-in state: encrypted, and worth nothing to whoever finds the file."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import keyring
import pytest
from cryptography.fernet import Fernet

from submitter.errors import ConfigurationError
from submitter.queue.sessions import KEY, SessionStore
from submitter.secrets import SERVICE, ReadOnlyFolder

STATE = {"cookies": [{"name": "session", "value": "cookie-of-the-clerk", "domain": "portal.example.com"}]}


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    return SessionStore(tmp_path / "sessions")


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_a_session_comes_back_as_it_was(store: SessionStore) -> None:
    assert store.load("north-field") is None
    store.save("north-field", STATE)
    assert store.load("north-field") == STATE
    assert store.load("south-field") is None


def test_the_file_shows_nothing(store: SessionStore, tmp_path: Path) -> None:
    store.save("north-field", STATE)
    content = only_file(tmp_path / "sessions").read_bytes()
    assert b"cookie-of-the-clerk" not in content
    assert b"portal.example.com" not in content
    key = keyring.get_password(SERVICE, f"north-field/{KEY}")
    assert key is not None
    assert json.loads(Fernet(key).decrypt(content)) == STATE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_is_its_owners_alone(store: SessionStore, tmp_path: Path) -> None:
    store.save("north-field", STATE)
    assert stat.S_IMODE(only_file(tmp_path / "sessions").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "sessions").stat().st_mode) == 0o700


@pytest.mark.parametrize("key", [Fernet.generate_key().decode(), "not a key", ""], ids=["another", "no key", "empty"])
def test_another_key_opens_nothing_and_costs_only_a_sign_in(store: SessionStore, tmp_path: Path, key: str) -> None:
    store.save("north-field", STATE)
    keyring.set_password(SERVICE, f"north-field/{KEY}", key)
    assert store.load("north-field") is None
    assert list((tmp_path / "sessions").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"damaged", b"\xff" * 200])
def test_a_damaged_file_costs_only_a_sign_in(store: SessionStore, tmp_path: Path, content: bytes) -> None:
    store.save("north-field", STATE)
    only_file(tmp_path / "sessions").write_bytes(content)
    assert store.load("north-field") is None


def test_a_changed_byte_is_found(store: SessionStore, tmp_path: Path) -> None:
    store.save("north-field", STATE)
    path = only_file(tmp_path / "sessions")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert store.load("north-field") is None


def test_another_accounts_file_cannot_be_passed_off(store: SessionStore, tmp_path: Path) -> None:
    store.save("north-field", STATE)
    store.save("south-field", {"cookies": []})
    (tmp_path / "sessions" / "north-field.session").replace(tmp_path / "sessions" / "south-field.session")
    assert store.load("south-field") is None


def test_where_no_key_can_be_kept_nothing_is_stored(store: SessionStore, tmp_path: Path) -> None:
    keyring.set_keyring(ReadOnlyFolder(tmp_path / "credentials"))
    store.save("north-field", STATE)
    assert not (tmp_path / "sessions").exists()
    assert store.load("north-field") is None


def test_forgetting_takes_the_file_away_and_may_be_repeated(store: SessionStore, tmp_path: Path) -> None:
    store.save("north-field", STATE)
    store.forget("north-field")
    store.forget("north-field")
    assert list((tmp_path / "sessions").iterdir()) == []


def test_a_later_session_replaces_the_first(store: SessionStore) -> None:
    store.save("north-field", STATE)
    store.save("north-field", {"cookies": []})
    assert store.load("north-field") == {"cookies": []}


def test_a_locked_keyring_is_a_matter_of_set_up_not_of_the_adapter(store: SessionStore) -> None:
    store.save("north-field", STATE)
    keyring.set_keyring(Locked())
    with pytest.raises(ConfigurationError, match="did not give"):
        store.load("north-field")


class Locked(ReadOnlyFolder):
    """A desktop keyring that nobody has unlocked."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("the collection is locked")
