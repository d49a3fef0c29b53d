"""The one base of all model classes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record. An unknown field is refused, because a mistyped one would otherwise be lost in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
