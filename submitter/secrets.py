"""Secrets: passwords and keys, in the keyring only. Configuration holds references, never the values.

Three places can hold them, chosen explicitly and failing closed: the desktop's own keyring; on a server a read-only
folder (systemd's ``$CREDENTIALS_DIRECTORY``, or ``SUBMITTER_SECRETS_FOLDER``); for the demo a private one in memory.
"""

from __future__ import annotations

import os
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError, PasswordSetError

from submitter.errors import ConfigurationError
from submitter.redaction import redactor

SERVICE = "submitter"

#: Backends that write plain text or a home-made cipher.
#: The keyring library takes them up as soon as they are installed.
_REFUSED_MODULES = ("keyrings.alt", "keyrings.cryptfile", "sagecipher")


class ReadOnlyFolder(KeyringBackend):
    """A folder with one file per secret, mounted read-only; file names are ``<account>.<what>``.

    Neither this backend nor PrivateMemory states a priority: the keyring library takes up every backend that does, and
    a password "stored" in a memory nobody meant would be gone with the process.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.folder = folder

    def __str__(self) -> str:  # the library's own would ask for the priority
        return f"secrets folder {self.folder}"

    def get_password(self, service: str, username: str) -> str | None:
        path = self.folder / username.replace("/", ".")
        return path.read_text(encoding="utf-8").rstrip("\r\n") if path.is_file() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"the secrets folder {self.folder} is read-only")

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError(f"the secrets folder {self.folder} is read-only")


class PrivateMemory(KeyringBackend):
    """Secrets of this process alone, gone when it ends. For the demo and for tests."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._held: dict[tuple[str, str], str] = {}

    def __str__(self) -> str:
        return "this process's memory"

    def get_password(self, service: str, username: str) -> str | None:
        return self._held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._held.pop((service, username), None)


def use_backend() -> KeyringBackend:
    """Pick the backend for this process: a secrets folder if one is named, else the desktop's keyring."""
    if isinstance(keyring.get_keyring(), PrivateMemory):
        return keyring.get_keyring()
    folder = os.environ.get("SUBMITTER_SECRETS_FOLDER") or os.environ.get("CREDENTIALS_DIRECTORY")
    if folder:
        keyring.set_keyring(ReadOnlyFolder(Path(folder)))
    return keyring.get_keyring()


def backend_problem() -> str | None:
    """Why no secret can be kept or read here, in a sentence with the choices; None when all is well."""
    backend = use_backend()
    module = type(backend).__module__
    parts = [backend, *getattr(backend, "backends", ())]
    if any(type(part).__module__.startswith(_REFUSED_MODULES) for part in parts):
        return f"the keyring backend {module} writes secrets to plain files; uninstall it, or {_CHOICES}"
    if module.startswith(("keyring.backends.fail", "keyring.backends.null")):  # null swallows what it is given
        return f"this machine has no keyring; {_CHOICES}"
    return None


_CHOICES = (
    "use a desktop session with a keyring (GNOME Keyring, KWallet, macOS Keychain, Windows Credential Locker), or put "
    "the secrets into a read-only folder (systemd LoadCredentialEncrypted, or a mounted folder named by "
    "SUBMITTER_SECRETS_FOLDER, with one file per secret such as tejas-resources.password)"
)


def read_secret(account: str, what: str) -> str:
    """The secret ``what`` of an account; from now on it is scrubbed from all output. ConfigurationError: missing."""
    problem = backend_problem()
    if problem:
        raise ConfigurationError(f"The {what} of {account} cannot be read: {problem}.")
    value = _ask(account, what)
    if value is None:
        raise ConfigurationError(f"No {what} is stored for {account}; add it with: submitter account add {account}")
    redactor.register(value)
    return value


def store_secret(account: str, what: str, value: str) -> None:
    """Keep a secret in the keyring. Plain text is never written: without a backend this is a ConfigurationError."""
    problem = backend_problem()
    if problem:
        raise ConfigurationError(f"The {what} of {account} was not stored: {problem}.")
    try:
        keyring.set_password(SERVICE, f"{account}/{what}", value)
    except KeyringError as error:
        raise ConfigurationError(f"The {what} of {account} was not stored: {error}.") from error
    redactor.register(value)


def has_secret(account: str, what: str) -> bool:
    return backend_problem() is None and _ask(account, what) is not None


def _ask(account: str, what: str) -> str | None:
    try:
        return keyring.get_password(SERVICE, f"{account}/{what}")
    except KeyringError as error:  # locked, or the desktop's service is away
        raise ConfigurationError(f"The keyring did not give the {what} of {account}: {error}.") from error
