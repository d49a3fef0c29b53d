"""The document vault: every file that was ever taken in, under its SHA-256, never overwritten and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import IO

from submitter.errors import SubmitterError, Who

_CHUNK = 1 << 20


class DocumentDamaged(SubmitterError):
    """A stored document is missing or no longer what was stored."""

    code = "document-damaged"
    who = Who.ADMINISTRATOR


class Vault:
    """A folder of read-only files, ``ab/cdef...`` for the SHA-256 ``abcdef...``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, data: bytes | Path) -> str:
        """Store these bytes, or the bytes of this file, and return their SHA-256. On disk when it returns.

        The hash is taken of what was written, so a file that changes meanwhile is stored as what was read of it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        new = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                sha256 = _copy(data, target)
                target.flush()
                os.fsync(target.fileno())
            if self._holds(sha256):
                return sha256
            new.chmod(0o440)
            place = self.path(sha256)
            if not place.parent.is_dir():
                place.parent.mkdir(exist_ok=True)
                _sync_folder(self._folder)
            new.replace(place)  # only ever over a damaged file: an intact one was found above
            _sync_folder(place.parent)
            return sha256
        finally:
            new.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the document lies, or would lie."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(f"{sha256!r} is not a SHA-256 in hexadecimal")
        return self._folder / sha256[:2] / sha256[2:]

    def read(self, sha256: str) -> bytes:
        """The document's bytes. DocumentDamaged when they are gone or are not those that were stored."""
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise DocumentDamaged(f"The stored document {sha256[:12]} is missing from the vault.") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DocumentDamaged(f"The stored document {sha256[:12]} was changed after it was stored.")
        return data

    def _holds(self, sha256: str) -> bool:
        try:
            with self.path(sha256).open("rb") as source:
                return hashlib.file_digest(source, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False


def _copy(data: bytes | Path, target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    if isinstance(data, bytes):
        digest.update(data)
        target.write(data)
        return digest.hexdigest()
    with data.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a new name in this folder survive a power cut. Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
