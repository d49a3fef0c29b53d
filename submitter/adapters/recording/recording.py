"""A recording on disk: recordings/<portal>/<scenario>/ the scenario, the ordered exchanges, the answers' texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from submitter.adapters.recording.exchange import Exchange
from submitter.adapters.recording.scenario import INVOICE, SCENARIO, Scenario, read_scenario
from submitter.adapters.recording.scrubbing import private_left
from submitter.errors import ConfigurationError
from submitter.model.record import Record

EXCHANGES, ANSWERS = "exchanges.json", "answers"
MOST_KILOBYTES = 1000  # of a recording; what is larger holds more than one scenario, or what should be left out


class _Listed(Record):
    """exchanges.json"""

    recorded_on: date | None = None
    base: str = ""  # the path of the portal's address
    left_out: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...]


class Recording(Record):
    """A scenario with what the browser and the portal said to each other in it, everything private taken out."""

    scenario: Scenario
    recorded_on: date | None = None
    base: str = ""
    left_out: tuple[str, ...] = ()  # pictures, fonts and the like: answered with nothing
    exchanges: tuple[Exchange, ...]
    answers: Mapping[str, str]  # file name -> text

    @property
    def kilobytes(self) -> float:
        return sum(len(text.encode()) for text in self._texts().values()) / 1000

    def _texts(self) -> dict[str, str]:
        listed = _Listed.model_validate(self.model_dump(include=set(_Listed.model_fields)))
        listing = listed.model_dump(mode="json", exclude_defaults=True)
        return {
            EXCHANGES: json.dumps(listing, indent=1, ensure_ascii=False) + "\n",
            **{f"{ANSWERS}/{name}": text for name, text in self.answers.items()},
        }

    def require_harmless(self) -> None:
        """ConfigurationError when anything private is left, or it is too large: then none of it is written."""
        for name, text in self._texts().items():
            if left := private_left(text):
                raise ConfigurationError(
                    f"The recording is not written: {name} holds private data ({', '.join(left)})."
                )
        if self.kilobytes > MOST_KILOBYTES:
            raise ConfigurationError(
                f"The recording is not written: it has {self.kilobytes:.0f} KB, and the limit is {MOST_KILOBYTES} KB. "
                "Record fewer steps, or a portal with fewer rows."
            )

    def write(self, folder: Path) -> None:
        """In the place of what was recorded there before; the scenario itself stays as a person wrote it."""
        self.require_harmless()
        answers = folder / ANSWERS
        answers.mkdir(parents=True, exist_ok=True)
        for old in answers.iterdir():
            old.unlink()
        for name, text in self._texts().items():
            (folder / name).write_bytes(text.encode())


def read_recording(folder: Path) -> Recording:
    scenario = read_scenario(folder)
    try:
        listed = TypeAdapter(_Listed).validate_json((folder / EXCHANGES).read_bytes())
        names = {exchange.body for exchange in listed.exchanges if exchange.body}
        answers = {name: (folder / ANSWERS / Path(name).name).read_bytes().decode() for name in sorted(names)}
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigurationError(f"The recording in {folder} cannot be used: {error}.") from error
    return Recording.model_validate({**dict(listed), "scenario": scenario, "answers": answers})


def recordings_below(folder: Path) -> Iterator[Path]:
    """The folders of recordings, at any depth, in order."""
    for scenario in sorted(folder.rglob(SCENARIO)):
        if (scenario.parent / INVOICE).exists():
            yield scenario.parent
