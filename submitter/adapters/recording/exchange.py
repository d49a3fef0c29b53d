"""One question of the browser's and the portal's answer to it, as a recording keeps them: with placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from submitter.model.record import Record


class Kind(StrEnum):
    PAGE = "page"  # a document, of a frame too, a form, a file handed out
    DATA = "data"  # what a script of the page asks for
    STATIC = "static"  # a script or a style sheet: any number of times, in any order, or not at all


class PostedField(Record):
    """One field of what was posted: its value, or the name and the SHA-256 of the file that was uploaded in it."""

    name: str
    value: str = ""
    file: str = ""
    sha256: str = ""

    @property
    def shown(self) -> str:
        return f"the file {self.file} ({self.sha256[:12]}...)" if self.file or self.sha256 else repr(self.value)


class Exchange(Record):
    """One question and its answer.

    ``turn``: questions that were under way at the same time share one; their order is free. ``origin``: 0 is the
    account's own, the others are those that the manifest names besides.
    """

    step: int  # of the scenario
    turn: int
    kind: Kind
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    posted: tuple[PostedField, ...] = ()
    origin: int = 0
    sends: bool = False  # the request of the one irreversible click
    required: bool = True  # a replay in which nobody asked for it has failed
    status: int = 200
    headers: Mapping[str, str] = {}
    cookies: Mapping[str, str] = {}  # name -> placeholder; empty where the portal takes a cookie away
    body: str = ""  # the file of the answer's text
    omitted: str = ""  # why the answer's body is not kept

    @property
    def told(self) -> str:
        return f"{self.method} {self.path}"
