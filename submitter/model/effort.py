"""Effort: minutes of a person, or of the machine, spent on a submission."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from submitter.model.record import Record


class Activity(StrEnum):
    CHASE = "chase"
    FIND_POD = "find-pod"
    RE_ENTER = "re-enter"
    CALL = "call"
    UPLOAD = "upload"
    RECONCILE = "reconcile"
    MACHINE = "machine"  # recorded by the program itself, reported apart


class Effort(Record):
    """One entry of the effort book. Append-only: a correction is a new entry with the minutes reversed."""

    id: int
    submission: int
    round_number: int
    person: str
    activity: Activity
    minutes: int = Field(description="whole minutes; negative only in a reversal")
    note: str = ""
    at: datetime
    reverses: int | None = None
