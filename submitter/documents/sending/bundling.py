"""What is uploaded: the files as they are, one PDF of them all, or smaller ones. The parent's side of `binder.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from submitter.documents.opening.children import child_environment
from submitter.errors import DocumentRefused
from submitter.model.record import Record

WALL_SECONDS = 120.0


class Part(NamedTuple):
    """One file that goes into a bundle, under the name that staff know it by."""

    path: Path
    name: str
    media_type: str


class Joined(Record):
    """One PDF made of an invoice and its proofs of delivery."""

    path: Path
    pages: int
    embedded: tuple[str, ...] = ()  # files that travel inside byte for byte, because signed ones may not be merged


def combine(invoice: Part, others: Sequence[Part], target: Path) -> Joined:
    """Make ``target`` one PDF: the invoice's pages, then the others', with every file that any of them carries.

    The invoice stays the electronic invoice it was (XML, XMP, /AF, output intents). A signed or protected file is
    embedded as it is. DocumentRefused when the invoice itself may not be changed, or the result is not the sum.
    """
    answer = _ask(
        {"do": "combine", "invoice": _told(invoice), "others": [_told(o) for o in others], "target": str(target)},
        f"{invoice.name} and its proofs of delivery cannot be joined into one PDF",
        target,
    )
    return Joined(path=target, pages=answer["pages"], embedded=tuple(answer["embedded"]))


def shrink(source: Part, target: Path, under: int) -> int:
    """Make ``target`` the same document with smaller pictures, at most ``under`` bytes; its size.

    DocumentRefused when it is signed, protected or PDF/A, or cannot be made so small.
    """
    request = _told(source) | {"do": "shrink", "source": str(source.path), "target": str(target), "under": under}
    return int(_ask(request, f"{source.name} was not made smaller", target)["size"])


def split(source: Part, folder: Path, under: int) -> tuple[Path, ...]:
    """Write the document's pages, in order, as files of at most ``under`` bytes into ``folder``."""
    request = _told(source) | {"do": "split", "source": str(source.path), "folder": str(folder), "under": under}
    return tuple(folder / name for name in _ask(request, f"{source.name} was not split", None)["files"])


def _told(part: Part) -> dict[str, Any]:
    return {"path": str(part.path.absolute()), "name": part.name, "media_type": part.media_type}


def _ask(request: dict[str, Any], failed: str, target: Path | None) -> dict[str, Any]:
    """The answer of a process of its own; DocumentRefused, beginning with ``failed``, for whatever goes wrong in it."""
    try:
        done = subprocess.run(
            (sys.executable, "-P", "-m", "submitter.documents.sending.binder"),
            input=json.dumps(request).encode("ascii"),
            capture_output=True,
            timeout=WALL_SECONDS,
            env=child_environment(),
            check=False,
        )
        answer = json.loads(done.stdout)
        problem = answer.get("problem", "")
    except subprocess.TimeoutExpired:
        problem = f"It took longer than {WALL_SECONDS:.0f} seconds."
    except ValueError:
        problem = "It used up the time, memory or disk allowed."
    if problem:
        if target is not None:
            target.unlink(missing_ok=True)
        raise DocumentRefused(
            f"{failed}: {problem[0].lower() if problem.startswith('It ') else problem[0]}{problem[1:]}"
        )
    return dict(answer)
