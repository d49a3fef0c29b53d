"""What a visit gets from the worker that runs it, so that adapters know neither store nor settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from submitter.errors import SecondFactor
from submitter.model.document import SubmittedFile


async def _no_code(_ahead: float) -> str:
    raise SecondFactor


@dataclass
class Surroundings:
    """What a visit gets from the worker that runs it."""

    read_secret: Callable[[str], str]
    keep_evidence: Callable[[bytes, str], Awaitable[str]]  # (content, file name) -> SHA-256
    copy_file: Callable[[SubmittedFile], Path]  # the document under its upload name, in a folder of this visit's own
    guard: Callable[[], None]  # raises LeaseLost when the account may no longer be ours
    next_code: Callable[[float], Awaitable[str]] = _no_code  # seconds that the portal's clock is ahead -> one-time code
    step_seconds: float = 20.0
    commit_seconds: float = 30.0
