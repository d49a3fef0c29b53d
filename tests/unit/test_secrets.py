"""Secrets: in a real keyring, a read-only folder or this process's memory, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordSetError

from submitter.errors import ConfigurationError, Who
from submitter.redaction import MARK, redactor
from submitter.secrets import (
    SERVICE,
    PrivateMemory,
    ReadOnlyFolder,
    backend_problem,
    has_secret,
    read_secret,
    store_secret,
    use_backend,
)

ACCOUNT = "north-field"


class Desktop(KeyringBackend):
    """A keyring as a desktop has one. Without a priority, so that keyring picks it by itself in no other test."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[f"{service}/{username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[f"{service}/{username}"]


class PlainText(Desktop):
    """What keyrings.alt and its like do: a file that anybody can read."""


class Chain(Desktop):
    """keyring's own chainer: it asks several backends in turn."""

    def __init__(self, *backends: KeyringBackend) -> None:
        super().__init__()
        self.backends = backends


class Locked(Desktop):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError("the collection is locked")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("backend", [PrivateMemory, Desktop])
def test_a_stored_secret_is_read_back(backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert backend_problem() is None
    assert has_secret(ACCOUNT, "password") is False
    store_secret(ACCOUNT, "password", "horse-battery")
    assert has_secret(ACCOUNT, "password") is True
    assert read_secret(ACCOUNT, "password") == "horse-battery"
    assert has_secret("south-field", "password") is False
    assert keyring.get_password(SERVICE, f"{ACCOUNT}/password") == "horse-battery"


def test_private_memory_belongs_to_one_keyring() -> None:
    first, second = PrivateMemory(), PrivateMemory()
    first.set_password(SERVICE, "a", "b")
    assert second.get_password(SERVICE, "a") is None
    first.delete_password(SERVICE, "a")
    first.delete_password(SERVICE, "a")
    assert first.get_password(SERVICE, "a") is None


def test_a_missing_secret_says_how_to_add_it() -> None:
    with pytest.raises(
        ConfigurationError, match=r"No password is stored for north-field.*submitter account add north-field"
    ):
        read_secret(ACCOUNT, "password")


@pytest.mark.parametrize("how", ["read", "stored"])
def test_a_secret_handed_out_is_scrubbed_from_then_on(how: str) -> None:
    value = f"never-seen-before-{how}"
    if how == "read":
        keyring.set_password(SERVICE, f"{ACCOUNT}/password", value)
        assert redactor.scrub(value) == value
        read_secret(ACCOUNT, "password")
    else:
        store_secret(ACCOUNT, "password", value)
    assert redactor.scrub(f"typed {value}") == f"typed {MARK}"


# -- a read-only folder --------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    path.mkdir()
    (path / "north-field.password").write_text("from-the-folder\n")
    return path


@pytest.mark.parametrize("name", ["SUBMITTER_SECRETS_FOLDER", "CREDENTIALS_DIRECTORY"])
def test_a_folder_that_is_named_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    keyring.set_keyring(Desktop())
    monkeypatch.setenv(name, str(folder))
    assert isinstance(use_backend(), ReadOnlyFolder)
    assert backend_problem() is None
    assert read_secret(ACCOUNT, "password") == "from-the-folder"
    assert has_secret(ACCOUNT, "session-key") is False


def test_our_own_name_for_the_folder_comes_before_systemds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(Desktop())
    monkeypatch.setenv("SUBMITTER_SECRETS_FOLDER", str(folder))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "elsewhere")
    assert read_secret(ACCOUNT, "password") == "from-the-folder"


def test_the_demos_private_memory_is_never_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBMITTER_SECRETS_FOLDER", str(folder))
    assert isinstance(use_backend(), PrivateMemory)
    assert has_secret(ACCOUNT, "password") is False


def test_nothing_is_written_into_the_folder(folder: Path) -> None:
    keyring.set_keyring(ReadOnlyFolder(folder))
    before = [(path, path.read_text()) for path in files_below(folder)]
    with pytest.raises(ConfigurationError, match=r"was not stored: .* is read-only"):
        store_secret(ACCOUNT, "password", "another")
    with pytest.raises(Exception, match="is read-only"):
        keyring.delete_password(SERVICE, f"{ACCOUNT}/password")
    assert [(path, path.read_text()) for path in files_below(folder)] == before


def test_an_account_name_cannot_lead_out_of_the_folder(folder: Path) -> None:
    (folder.parent / "outside.password").write_text("not yours")
    keyring.set_keyring(ReadOnlyFolder(folder))
    assert has_secret("../outside", "password") is False


@pytest.mark.parametrize(
    ("content", "secret"), [("a b ", "a b "), ("line\r\n", "line"), ("\u00e4\u00f6", "\u00e4\u00f6")]
)
def test_only_the_line_end_is_taken_off(folder: Path, content: str, secret: str) -> None:
    (folder / "north-field.password").write_bytes(content.encode())
    keyring.set_keyring(ReadOnlyFolder(folder))
    assert read_secret(ACCOUNT, "password") == secret


# -- backends that are refused -------------------------------------------------------------------------------------

CHOICES = ("GNOME Keyring", "Windows Credential Locker", "LoadCredentialEncrypted", "SUBMITTER_SECRETS_FOLDER")


@pytest.mark.parametrize(
    "module", ["keyrings.alt.file", "keyrings.alt", "keyrings.cryptfile.cryptfile", "sagecipher.keyring"]
)
@pytest.mark.parametrize("chained", [False, True])
def test_a_backend_that_writes_plain_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, chained: bool
) -> None:
    monkeypatch.setattr(PlainText, "__module__", module)
    backend = PlainText()
    keyring.set_keyring(Chain(Desktop(), backend) if chained else backend)
    refused(tmp_path)
    assert "plain files" in (backend_problem() or "")
    assert backend.held == {}


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_without_a_backend_nothing_is_kept(tmp_path: Path, backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    refused(tmp_path)
    assert "this machine has no keyring" in (backend_problem() or "")


def refused(folder: Path) -> None:
    """Neither stored nor read, with the choices named, and not a byte written anywhere."""
    before = files_below(folder)
    with pytest.raises(ConfigurationError, match="was not stored") as caught:
        store_secret(ACCOUNT, "password", "horse-battery")
    assert all(choice in caught.value.message for choice in CHOICES)
    assert "horse-battery" not in caught.value.message
    assert caught.value.who is Who.ADMINISTRATOR
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_secret(ACCOUNT, "password")
    assert has_secret(ACCOUNT, "password") is False
    assert files_below(folder) == before


def test_a_locked_keyring_is_said_so() -> None:
    keyring.set_keyring(Locked())
    for ask in (read_secret, has_secret):
        with pytest.raises(ConfigurationError, match=r"The keyring did not give the password of north-field.*locked"):
            ask(ACCOUNT, "password")
    with pytest.raises(ConfigurationError, match="was not stored: the collection is locked"):
        store_secret(ACCOUNT, "password", "horse-battery")
