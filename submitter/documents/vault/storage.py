"""What the vault asks of the place where its files lie, and the error when that place is away."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from submitter.errors import Retry, SubmitterError, Who


class DocumentsAway(SubmitterError, OSError):
    """The place where the documents lie cannot be reached, or refuses us."""

    # An OSError too: to the queue it is this machine's trouble, like a full disk, not the portal's or the adapter's;
    # and where a full disk may not undo a receipt, this may not either.

    code = "documents-away"
    retry = Retry.LATER
    who = Who.ADMINISTRATOR


class Storage(Protocol):
    """One place for files that are named by their SHA-256. A file that is not there is a FileNotFoundError."""

    address: str  # for people; holds no credentials

    def keep(self, data: bytes | Path) -> str:
        """Store it durably unless it is there intact; its SHA-256."""

    def write(self, sha256: str, content: bytes) -> None:
        """Store these bytes durably under this name, in the place of what is there. They need not have that hash."""

    def open(self, sha256: str) -> AbstractContextManager[BufferedReader]: ...

    def fetch(self, sha256: str, target: Path) -> None:
        """Make the new local file ``target`` of it, in a folder that exists. What lies in it is not checked here."""

    def size(self, sha256: str) -> int: ...

    def remove(self, sha256: str) -> None:
        """Take it away for good. That it is not there is no fault."""

    def probe(self) -> None:
        """Write something and read it back; an OSError when that cannot be done."""

    def close(self) -> None: ...


def name_of(sha256: str) -> str:
    """``ab/cdef...`` for the SHA-256 ``abcdef...``: a folder of a million files is slow to list."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError(f"{sha256!r} is not a SHA-256 in hexadecimal")
    return f"{sha256[:2]}/{sha256[2:]}"
