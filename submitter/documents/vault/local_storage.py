"""A folder of read-only files. It does not go through fsspec, whose local files are not synced to the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import IO

from submitter.documents.vault.storage import name_of

_CHUNK = 1 << 20


class LocalStorage:
    """Files appear under their name whole or not at all, and are on disk when ``keep`` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"file://{folder}"

    def keep(self, data: bytes | Path) -> str:
        """The hash is taken of what was written, so a file that changes meanwhile is stored as what was read of it."""
        self._make_folder()
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        new = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                sha256 = _copy(data, target)
                target.flush()
                os.fsync(target.fileno())
            if not self._holds(sha256):
                self._put(new, sha256)  # only ever over a damaged file: an intact one was found above
            _sync_folder(self._path(sha256).parent)  # also when it was there: who put it there may still be at it
            return sha256
        finally:
            new.unlink(missing_ok=True)

    def write(self, sha256: str, content: bytes) -> None:
        self._make_folder()
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        new = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(content)
                target.flush()
                os.fsync(target.fileno())
            self._put(new, sha256)
            _sync_folder(self._path(sha256).parent)
        finally:
            new.unlink(missing_ok=True)

    def _put(self, new: Path, sha256: str) -> None:
        place = self._path(sha256)
        new.chmod(0o440)
        place.parent.mkdir(exist_ok=True)
        _sync_folder(self._folder)
        new.replace(place)

    def open(self, sha256: str) -> BufferedReader:
        return self._path(sha256).open("rb")

    def fetch(self, sha256: str, target: Path) -> None:
        """A hard link where possible, else a copy."""
        source = self._path(sha256)
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, a file system without links, or a rule against linking others' files
            shutil.copyfile(source, target)

    def size(self, sha256: str) -> int:
        return self._path(sha256).stat().st_size

    def remove(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def probe(self) -> None:
        self._make_folder()
        with tempfile.TemporaryFile(prefix=".new-", dir=self._folder) as file:
            file.write(b"submitter")
        next(self._folder.iterdir(), None)

    def close(self) -> None:
        pass

    def _path(self, sha256: str) -> Path:
        return self._folder / name_of(sha256)

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(self._folder.parent)

    def _holds(self, sha256: str) -> bool:
        try:
            with self.open(sha256) as source:
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
