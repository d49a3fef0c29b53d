"""manifest.toml: what an adapter says about its portal, honestly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from submitter.errors import ConfigurationError, StatusUnknown
from submitter.model.account import Account
from submitter.model.portal import Stage, StatusWords
from submitter.model.record import Record
from submitter.model.submission import Cause


class Grade(StrEnum):
    DRAFT = "draft"  # its submissions stop for a person's "send"
    REPLAYED = "replayed"  # passes against recordings
    LIVE = "live"  # has submitted to the real portal, or to the practice portal it is for
    STEADY = "steady"  # has done so for months


class Capability(StrEnum):
    """What an adapter can do beyond what every adapter must."""

    HOLD_REASON = "hold_reason"  # its readings bring the portal's reason beside the status
    CORRECT_AND_RESUBMIT = "correct_and_resubmit"  # a later round corrects the former under its number
    NEW_NUMBER = "new_number"  # a later round goes under another number
    FINGERPRINTS = "fingerprints"  # the portal's review shows the SHA-256 of each file
    LINES = "lines"  # its review shows quantity and price of each line
    CODING = "coding"  # cost object, codes and approver are entered and read back


class Manifest(Record):
    id: str
    vendor: str
    summary: str
    grade: Grade
    ran_against: str  # what it was really run against, with the date
    ran_on: date | None = None  # when it was last run against that; None: in every run of the tests
    owner: str
    locale: str  # how the portal writes numbers, for example en-US
    date_format: str  # strptime, for example %m/%d/%Y
    origins: tuple[str, ...] = ("{address}",)  # the only places a visit may talk to
    sign_in: tuple[str, ...] = ("password",)
    capabilities: tuple[Capability, ...] = ()
    listing_delay_seconds: float = Field(default=0, ge=0)  # until an accepted invoice is surely in the portal's list
    words: Mapping[str, Stage]
    reasons: Mapping[str, Cause] = {}

    @cached_property
    def vocabulary(self) -> StatusWords:
        return StatusWords(stages=self.words, reasons=self.reasons)

    def stage(self, words: str, account: Account) -> Stage:
        """The canonical stage of a status word, the customer's own words first. StatusUnknown, never a guess."""
        known = StatusWords(stages=account.words).stage(words) or self.vocabulary.stage(words)
        if known is None:
            raise StatusUnknown(f"{self.vendor} shows a status that nobody has translated yet.", words=words)
        return known

    def allowed_origins(self, account: Account) -> frozenset[str]:
        return frozenset(origin_of(o.replace("{address}", account.address)) for o in self.origins)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "wss": 443}.get(parts.scheme, 80)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.hostname}:{port}"


def read_manifest(folder: Path) -> Manifest:
    path = folder / "manifest.toml"
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"The adapter manifest {path} cannot be used: {error}.") from error
