"""What lies in the watch folder, and whether it is whole: files are still being copied while we look.

The files directly in the folder are one delivery; each folder in it is one of its own, with all that is below. Links,
hidden files and names that programs give to unfinished files are left alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from submitter.errors import DocumentRefused

DONE, BLOCKED, REASON = "done", "blocked", "reason.txt"
MOST_FILES = 5_000
UNFINISHED = (
    "*.part",
    "*.partial",
    "*.tmp",
    "*.temp",
    "*.crdownload",
    "*.download",
    "*.filepart",
    "*.swp",
    "~$*",
    ".*",
)

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be opened for writing by another
    fcntl = None  # type: ignore[assignment]


class Seen(NamedTuple):
    """A file as it was when we looked; another size, time or file under the name is another state."""

    size: int
    changed: int  # nanoseconds
    inode: int


@dataclass
class Delivery:
    """Files that came together. ``place`` is the watch folder itself or one of the folders in it."""

    place: Path
    files: dict[Path, Seen] = field(default_factory=dict)


def seen(path: Path) -> Seen | None:
    """The state of an ordinary file; None for anything else, for links above all."""
    try:
        about = path.lstat()
    except OSError:
        return None
    return Seen(about.st_size, about.st_mtime_ns, about.st_ino) if stat.S_ISREG(about.st_mode) else None


def deliveries(folder: Path, busy: Collection[Path] = ()) -> Iterator[Delivery]:
    """All deliveries that hold a file, the watch folder's own files first. ``busy`` files are being moved already."""
    own, below = Delivery(folder), []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name in (DONE, BLOCKED):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    below.append(Path(entry.path))
            else:
                _add(own, Path(entry.path), busy)
    found = [own, *(_of_folder(place, busy) for place in below)]
    yield from (one for one in found if one.files)


def _of_folder(place: Path, busy: Collection[Path]) -> Delivery:
    delivery = Delivery(place)
    for here, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            _add(delivery, Path(here) / name, busy)
    return delivery


def _add(delivery: Delivery, path: Path, busy: Collection[Path]) -> None:
    name = path.name.casefold()
    if path in busy or name == REASON or any(fnmatch(name, pattern) for pattern in UNFINISHED):
        return
    if (state := seen(path)) is not None:
        delivery.files[path] = state
    if len(delivery.files) > MOST_FILES:
        raise DocumentRefused(f"{delivery.place} holds more than {MOST_FILES:,} files; please deliver fewer at a time.")


def is_locked(path: Path) -> bool:
    """Whether a program says that it still works on the file."""
    try:
        if fcntl is None:
            with path.open("r+b"):
                return False
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    except OSError:
        return fcntl is None  # elsewhere it is simply not ours to read, which reading it will say
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(handle)
    return False


@dataclass
class _Watched:
    files: dict[Path, Seen]
    since: float


class Settling:
    """Which deliveries have stopped changing, and how long each file has been lying there."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._places: dict[Path, _Watched] = {}
        self._first: dict[Path, float] = {}

    def look(self, found: Collection[Delivery], now: float) -> None:
        """Take note of what lies there at ``now``, on a clock that nobody sets."""
        states = {one.place: one for one in found}
        self._places = {place: known for place, known in self._places.items() if place in states}
        present = {path for one in found for path in one.files}
        self._first = {path: at for path, at in self._first.items() if path in present}
        for path in present:
            self._first.setdefault(path, now)
        for place, one in states.items():
            known = self._places.get(place)
            if known is None or known.files != one.files:
                self._places[place] = _Watched(dict(one.files), now)

    def is_whole(self, delivery: Delivery, now: float) -> bool:
        known = self._places.get(delivery.place)
        quiet = known is not None and known.files == delivery.files and now - known.since >= self._settle
        return quiet and not any(is_locked(path) for path in delivery.files)

    def waited(self, paths: Collection[Path], now: float) -> float:
        """Seconds since the last of these files came."""
        return min((now - self._first.get(path, now) for path in paths), default=0.0)
