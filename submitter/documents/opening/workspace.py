"""A folder of our own for what was unpacked: gone when its owner ends, and swept up after one that was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: age decides there
    fcntl = None  # type: ignore[assignment]

PREFIX = "submitter-unpacked-"
_LOCK = ".in-use"
YOUNG_SECONDS = 60.0  # between a folder's making and its lock lies a moment in which it must not be swept
OLD_SECONDS = 2 * 86_400.0  # where there are no locks


class Workspace:
    """Folders for unpacked files, made when the first is needed. Any thread may ask."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._folder: Path | None = None
        self._held: IO[bytes] | None = None
        self._count = 0

    def new_folder(self, name: str) -> Path:
        """An empty folder of this name, in a folder that no other file is in."""
        with self._guard:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
                self._held = _hold(self._folder)
            self._count += 1
            place = self._folder / str(self._count) / name
        place.mkdir(parents=True)
        return place

    def clear(self) -> None:
        """Remove everything."""
        with self._guard:
            folder, held = self._folder, self._held
            self._folder, self._held = None, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            held.close()


def _hold(folder: Path) -> IO[bytes]:
    """A lock that ends with this process, however it ends."""
    file = (folder / _LOCK).open("wb")
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def sweep() -> None:
    """Remove the folders of processes that were killed. Those of other users, and those in use, are left alone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            about = folder.lstat()
            mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if mine and _left_behind(folder, time.time() - about.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)  # which follows no link


def _left_behind(folder: Path, age: float) -> bool:
    if fcntl is None or age < YOUNG_SECONDS:
        return age > OLD_SECONDS
    lock = folder / _LOCK
    if not lock.exists():
        return True
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
