"""Archives and mails from our side: their members are read as if they lay in the folder.

The child puts the members into a folder of ours (`unpacking_child.py`); each is then read as any other file is, and is
shown to staff as `archive.zip/member.pdf`. What they were unpacked to lives until the reader forgets it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from submitter.documents.opening.children import Children, Gone, program
from submitter.documents.opening.media_types import MAIL, ZIP
from submitter.documents.opening.reading import DocumentReading, Member, Verdict
from submitter.documents.opening.workspace import Workspace

ROOM_BYTES = 1_000_000_000  # of all that one intake unpacks
MOST_MEMBERS = 5_000  # as in a folder
DEEPEST = 2  # a ZIP in a mail or a mail in a ZIP, and nothing inside of that
WHAT = {ZIP: "zip", MAIL: "mail"}
_TOO_MANY = f"All archives and mails hold more than {MOST_MEMBERS:,} files; please take them in in smaller parts."
_CALLED = {ZIP: "an archive", MAIL: "a mail"}


class Unpacker:
    """Unpacks into a workspace of its own, in a process that is started when it is first needed."""

    def __init__(self, wall_seconds: float) -> None:
        self._wall_seconds = wall_seconds
        self._children = Children(program("submitter.documents.opening.unpacking_child"), 1)
        self._workspace = Workspace()
        self._guard = threading.Lock()
        self._room = ROOM_BYTES
        self._members = 0

    def unpack(self, path: Path, media_type: str) -> dict[str, Any]:
        """The child's answer, with the members as `Member`. A file that is refused as a whole leaves nothing behind."""
        with self._guard:  # one after the other, so that the room that is left is known
            into = self._workspace.new_folder(_harmless(path.name))
            request = {"path": str(path.absolute()), "what": WHAT[media_type], "into": str(into), "room": self._room}
            answer = self._ask(request)
            try:
                members = tuple(_member(into, item) for item in answer.get("members", ()))
            except (KeyError, TypeError, ValueError):
                answer, members = _verdict(Verdict.DAMAGED, "Unpacking it gave no usable answer."), ()
            if answer.get("verdict") != Verdict.OK:
                shutil.rmtree(into, ignore_errors=True)
                return answer
            self._room -= sum(member.size for member in members)
            self._members += len(members)
            if self._members > MOST_MEMBERS:
                shutil.rmtree(into, ignore_errors=True)
                return _verdict(Verdict.TOO_LARGE, _TOO_MANY)
        return answer | {"members": members}

    def forget(self) -> None:
        """Remove what was unpacked so far."""
        with self._guard:
            self._workspace.clear()
            self._room, self._members = ROOM_BYTES, 0

    def stop(self) -> None:
        self._children.stop()
        self.forget()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._children.ask(request, self._wall_seconds)
        except TimeoutError:
            return _verdict(Verdict.HOSTILE, f"It could not be unpacked within {self._wall_seconds:.0f} seconds.")
        except Gone:
            return _verdict(Verdict.HOSTILE, "Unpacking it used up the time or memory allowed, so it was given up.")


def refusal_inside(media_type: str, within: tuple[str, ...]) -> str:
    """Why a file of this kind is not unpacked in there; empty when it may be."""
    if media_type in within or len(within) >= DEEPEST:
        return f"{_CALLED[media_type]} inside {_CALLED[within[-1]]}; please save it as a file of its own"
    return ""


class Reads(Protocol):
    def read(self, path: Path, *, shown: str = "", within: tuple[str, ...] = ()) -> DocumentReading: ...


def with_members(
    found: Iterable[tuple[Path, DocumentReading]], reader: Reads
) -> Iterator[tuple[Path, DocumentReading]]:
    """These readings, where each archive and mail has given way to what is in it.

    A member's path is `folder/archive.zip/member.pdf`, as a list of the folder would name it; where its bytes really
    are is said by ``place``.
    """
    for path, reading in found:
        yield from _opened(path, reading, reader, path, (reading.media_type,))


def _opened(
    path: Path, reading: DocumentReading, reader: Reads, outer: Path, within: tuple[str, ...]
) -> Iterator[tuple[Path, DocumentReading]]:
    if not reading.members:
        yield path, reading
        return
    came_with = reading.text_plain or reading.came_with
    for member in reading.members:
        shown = f"{reading.name}/{member.name}"
        if member.verdict is Verdict.OK:
            inner = reader.read(member.path, shown=shown, within=within)
        else:
            sentence = f"{shown}: {member.sentence}"
            inner = DocumentReading(name=shown, size=member.size, verdict=member.verdict, sentence=sentence)
        inner = inner.model_copy(update={"place": member.path, "outer": outer, "came_with": came_with})
        yield from _opened(path / member.name, inner, reader, outer, (*within, inner.media_type))


def _member(into: Path, item: dict[str, Any]) -> Member:
    """One member as the child names it. It read hostile bytes, so what it says must not lead out of the folder."""
    name = PurePosixPath(item["name"])
    path = into / name
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise ValueError("a member outside the folder")
    if item["written"]:
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(into.resolve()):
            raise ValueError("a member that is not there")
        return Member(name=str(name), path=path, size=path.stat().st_size)
    return Member(name=str(name), path=path, verdict=Verdict(item["verdict"]), sentence=str(item["sentence"]))


def _harmless(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


def _verdict(verdict: Verdict, sentence: str) -> dict[str, Any]:
    return {"verdict": verdict.value, "sentence": sentence}
