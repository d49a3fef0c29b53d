"""Stored sign-in state per account, encrypted, so that a visit seldom signs in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import structlog
from cryptography.fernet import Fernet, InvalidToken

from submitter.errors import ConfigurationError
from submitter.secrets import has_secret, read_secret, store_secret

log = structlog.get_logger()

KEY = "session-key"


class SessionStore:
    """One file per account; the key lies in the keyring. Where no key can be kept, nothing is stored."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, account: str) -> Path:
        return self._folder / f"{account}.session"

    def load(self, account: str) -> dict[str, Any] | None:
        """The stored state, or None: no file, another key, or damaged -- each only costs a sign-in."""
        path = self._path(account)
        if not path.is_file() or not has_secret(account, KEY):
            return None
        try:
            state: dict[str, Any] = json.loads(Fernet(read_secret(account, KEY)).decrypt(path.read_bytes()))
        except (InvalidToken, ValueError):
            self.forget(account)
            return None
        return state

    def save(self, account: str, state: Any) -> None:
        try:
            if not has_secret(account, KEY):
                store_secret(account, KEY, Fernet.generate_key().decode())
            sealed = Fernet(read_secret(account, KEY)).encrypt(json.dumps(state).encode())
        except ConfigurationError:
            return  # a read-only secrets folder without a session key: the next visit signs in again
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._path(account).with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealed)
        temporary.replace(self._path(account))

    def forget(self, account: str) -> None:
        self._path(account).unlink(missing_ok=True)
