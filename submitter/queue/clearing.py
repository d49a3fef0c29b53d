"""Clearing the watch folder: what was decided about a delivery is written down first, then done, then forgotten.

Whatever interrupts us in between, the written plan is carried out again from its start, and every step of it may be
done twice. Nothing is ever overwritten, and a file that has changed since it was read stays where it is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import ValidationError, field_validator

from submitter.model.record import Record
from submitter.queue.deliveries import REASON, Seen, seen

PLAN = ".submitter-moving-"
MARK = "Not queued by submitter"  # how our own reason.txt begins
_COPYING = ".submitter-copying-"


class _Step(Record):
    """Paths are relative to the watch folder."""

    target: str

    @field_validator("target", "source", check_fields=False)
    @classmethod
    def _inside(cls, value: str) -> str:
        parts = PurePosixPath(value).parts
        if not parts or parts[0] == "/" or ".." in parts or "\x00" in value:
            raise ValueError(f"{value!r} is not a path inside the watch folder")
        return value


S = TypeVar("S", bound=_Step)


class Writing(_Step):
    """A small file of ours: a reason, or the rows of a list."""

    text: str


class Moving(_Step):
    source: str
    size: int
    changed: int
    inode: int

    @property
    def state(self) -> Seen:
        return Seen(self.size, self.changed, self.inode)


class Plan(Record):
    """What becomes of one delivery. Copies are for files that also belong to an invoice that goes elsewhere."""

    writings: tuple[Writing, ...] = ()
    copies: tuple[Moving, ...] = ()
    moves: tuple[Moving, ...] = ()
    emptied: str = ""  # the delivery's own folder, to be removed when nothing is left in it


class NotCleared(Exception):
    """Files that could not be put away; what was decided about them stands and is tried again."""


def carry_out(folder: Path, plan: Plan) -> None:
    """Write the plan down and do it. NotCleared, in a sentence, when anything could not be done."""
    path = folder / f"{PLAN}{secrets.token_hex(6)}.json"
    try:
        _write(path, plan.model_dump_json().encode())
        _sync(folder)
    except OSError as error:
        raise NotCleared(f"{folder}: the files could not be put away ({error.strerror}); it is tried again.") from error
    _do(folder, path, plan)


def pending(folder: Path) -> Iterator[tuple[Path, Plan | None]]:
    """The plans that were not finished; None for one that cannot be read."""
    for path in sorted(folder.glob(f"{PLAN}*.json")):
        try:
            yield path, Plan.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            yield path, None


def finish(folder: Path, path: Path, plan: Plan) -> None:
    """Do what is left of a plan that was interrupted or failed."""
    _do(folder, path, plan)


def sources(folder: Path, plan: Plan) -> set[Path]:
    return {folder / one.source for one in plan.moves}


def _do(folder: Path, path: Path, plan: Plan) -> None:
    failed = _tried(folder, plan.writings, _write_new) + _tried(folder, plan.copies, _copy)
    if not failed:  # a file that was moved can no longer be copied
        failed = _tried(folder, plan.moves, _move)
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise NotCleared(f"{failed[0]}{more}; it is tried again.")
    for place in {(folder / step.target).parent for step in (*plan.writings, *plan.copies, *plan.moves)}:
        with suppress(OSError):
            _sync(place)
    with suppress(OSError):
        _sync(folder)
        path.unlink()
    if plan.emptied:
        _remove_emptied(folder / plan.emptied)


def _tried(folder: Path, steps: Sequence[S], do: Callable[[Path, S], None]) -> list[str]:
    """All steps, each for itself: what one cannot do says nothing of the next."""
    failed = []
    for step in steps:
        try:
            do(folder, step)
        except OSError as error:
            failed.append(f"{folder / step.target} could not be written ({error.strerror or error})")
    return failed


def _write_new(folder: Path, step: Writing) -> None:
    target = folder / step.target
    if seen(target) is None:
        _make_parent(folder, target)
        _write(target, step.text.encode("utf-8"), like=folder)


def _write(target: Path, data: bytes, like: Path | None = None) -> None:
    """The file appears whole or not at all."""
    new = target.parent / f"{_COPYING}{secrets.token_hex(6)}"
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if like:
            new.chmod(_open_to(like) & 0o666)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _copy(folder: Path, step: Moving) -> None:
    source, target = folder / step.source, folder / step.target
    if seen(target) is None and seen(source) == step.state:
        _make_parent(folder, target)
        _copy_over(source, target)


def _move(folder: Path, step: Moving) -> None:
    """A rename where the file system can, else a copy that is on the disk before the original goes."""
    source, target = folder / step.source, folder / step.target
    if seen(source) != step.state:
        return  # moved before, or another file by now, which is a new delivery
    _make_parent(folder, target)
    if seen(target) is not None:  # an interrupted copy that was finished, or somebody else's file
        if _same(source, target):
            source.unlink()
            return
        target = unused(target, set())
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _across(source, target)


def _across(source: Path, target: Path) -> None:
    _copy_over(source, target)
    _sync(target.parent)
    source.unlink()


def _copy_over(source: Path, target: Path) -> None:
    new = target.parent / f"{_COPYING}{secrets.token_hex(6)}"
    handle = os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    try:
        with os.fdopen(handle, "rb") as old, new.open("wb") as file:
            shutil.copyfileobj(old, file)
            file.flush()
            os.fsync(file.fileno())
        shutil.copystat(source, new, follow_symlinks=False)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _same(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def _make_parent(folder: Path, target: Path) -> None:
    """The folders above ``target``, open to the same people as the watch folder, and none of them a way out of it."""
    for parent in reversed([one for one in target.parents if one.is_relative_to(folder) and one != folder]):
        if not parent.is_dir():
            parent.mkdir(exist_ok=True)
            with suppress(OSError):
                parent.chmod(_open_to(folder))
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise OSError(errno.EPERM, "it leads out of the watch folder")


def _open_to(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_emptied(place: Path) -> None:
    """A delivery's folder goes when nothing but our own reason is left in it."""
    with suppress(OSError):
        reason = place / REASON
        if seen(reason) and reason.read_text(encoding="utf-8-sig", errors="replace").startswith(MARK):
            others = [one for one in place.rglob("*") if one != reason and not one.is_dir()]
            if not others:
                reason.unlink()
        for below, _, _ in os.walk(place, topdown=False):
            Path(below).rmdir()


def unused(target: Path, taken: set[Path]) -> Path:
    """``target``, or with a number where a file has that name already."""
    candidate, count = target, 2
    while candidate in taken or os.path.lexists(candidate):
        candidate = target.with_name(f"{target.stem} ({count}){target.suffix}")
        count += 1
    return candidate


def sweep(folder: Path) -> None:
    """Remove the halves of files that a killed program left. Only ours are called so, and only one of us watches."""
    places = {folder}
    for _, plan in pending(folder):
        steps = (*plan.writings, *plan.copies, *plan.moves) if plan else ()
        places |= {(folder / step.target).parent for step in steps}
    for place in places:
        for left in place.glob(f"{_COPYING}*"):
            with suppress(OSError):
                left.unlink()
