"""Names of files inside ZIP archives and mails, made harmless: they were chosen by whoever sent them."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

LONGEST_PART = 180  # bytes; file systems stop at 255, and a count may be added
DEEPEST = 6  # folders; what lies deeper is put into the last of them

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"}
)
_FORBIDDEN = '<>:"|?*'


class MemberNames:
    """Gives each member of one archive a path of its own, below the archive's folder on any system."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def harmless(self, name: str) -> PurePosixPath:
        """A relative path that no earlier member has, also where upper and lower case are the same."""
        parts = [_part(part) for part in name.replace("\\", "/").split("/")]
        parts = [part for part in parts if part]
        *folders, file = parts or ["unnamed"]
        place = PurePosixPath()
        for folder in folders[:DEEPEST]:
            place = self._folder(place / folder)
        return self._file(place / file)

    def give_back(self, path: PurePosixPath) -> None:
        """The member is not there after all, and may be mentioned by the same name."""
        self._files.discard(_key(path))

    def _folder(self, wanted: PurePosixPath) -> PurePosixPath:
        """The folder, under another name when a file has taken this one."""
        while _key(wanted) in self._files:
            wanted = wanted.with_name(f"{wanted.name}_")
        self._folders.add(_key(wanted))
        return wanted

    def _file(self, wanted: PurePosixPath) -> PurePosixPath:
        chosen, count = wanted, 2
        while (key := _key(chosen)) in self._files or key in self._folders:
            chosen = wanted.with_name(f"{wanted.stem} ({count}){wanted.suffix}")
            count += 1
        self._files.add(_key(chosen))
        return chosen


def is_clutter(name: str) -> bool:
    """Whether it is what file managers leave in archives, which no person put there."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return any(part.startswith((".", "~$", "__MACOSX")) for part in parts) or (
        bool(parts) and parts[-1].casefold() in {"thumbs.db", "desktop.ini"}
    )


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFKC", str(path)).casefold()


def _part(text: str) -> str:
    """One part of a path without what any system, or the eye, takes for something else."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    text = "".join(_character(c) for c in text).strip(" ").rstrip(". ")
    if text.partition(".")[0].rstrip().casefold() in _DEVICES:
        text = f"_{text}"
    return text if len(text.encode()) <= LONGEST_PART else _cut(text)


def _cut(text: str) -> str:
    """The beginning of a long name, with what says which kind of file it is."""
    _, dot, end = text.rpartition(".")
    suffix = dot + end if len(end) <= 10 else ""
    room = LONGEST_PART - len(suffix.encode())
    return text.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + suffix


def _character(c: str) -> str:
    """Format characters go (they can turn ``fdp.exe`` round); control characters and the forbidden are replaced."""
    category = unicodedata.category(c)
    if category in ("Cf", "Cn", "Co"):
        return ""
    return "_" if category in ("Cc", "Cs", "Zl", "Zp") or c in _FORBIDDEN else c
