"""Where the members of an archive or a mail are put: bounded in number and size. Runs in the child only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from submitter.documents.opening.member_names import MemberNames
from submitter.documents.opening.reading import Verdict

MEMBERS = 500
MEMBER_BYTES = 50_000_000  # as for files of their own
TOTAL_BYTES = 200_000_000

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Overfull(Exception):
    """It holds more than is ever unpacked; the message is for staff."""


class Box:
    """The members so far: written below ``into``, or mentioned with the reason why they were not."""

    def __init__(self, into: Path, room: int) -> None:
        self._into = into
        self._room = room  # bytes that are left of the intake's share of the disk
        self._left = min(TOTAL_BYTES, room)
        self._names = MemberNames()
        self.members: list[dict[str, Any]] = []

    def make_room(self, size: int) -> None:
        """Refuse now what would not fit later."""
        if size > TOTAL_BYTES:
            limit = TOTAL_BYTES // 1_000_000
            raise Overfull(f"It holds {size / 1_000_000:,.0f} MB unpacked; more than {limit} MB are not unpacked.")
        if size > self._room:
            raise Overfull("The archives and mails taken in together hold too much; take them in in smaller parts.")

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one member. What is half written when its data turns out damaged is removed and mentioned instead."""
        path = self._next(name)
        target = self._into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        try:
            with os.fdopen(os.open(target, _NEW, 0o600), "wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > MEMBER_BYTES or size > self._left:
                        raise Overfull("It holds more than it says.")
                    file.write(chunk)
        except BaseException:
            target.unlink(missing_ok=True)
            self._names.give_back(path)
            raise
        self._left -= size
        self.members.append({"name": path.as_posix(), "size": size, "written": True})

    def mention(self, name: str, verdict: Verdict, sentence: str) -> None:
        """Name one member that was not written."""
        path = self._next(name)
        self.members.append({"name": path.as_posix(), "written": False, "verdict": verdict.value, "sentence": sentence})

    def _next(self, name: str) -> PurePosixPath:
        if len(self.members) >= MEMBERS:
            raise Overfull(f"It holds more than {MEMBERS} files; such archives are not unpacked.")
        return self._names.harmless(name)
