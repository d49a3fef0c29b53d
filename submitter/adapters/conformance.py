"""The cases that every adapter is held to, without a network: what it says of itself, and what its recordings show.

What a recording shows is seen by replaying it: that another invoice's fields follow, that a page without its landmark
stops the visit before anything is sent, that silence is no answer, that a lost answer is never sent again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.manifest import Grade
from submitter.adapters.recording.recording import Recording
from submitter.adapters.recording.replay import replay
from submitter.adapters.recording.variant import variants_of
from submitter.model.money import NUMBER_LOCALES
from submitter.model.portal import Stage

NO_RECORDING = "No recording"  # with these words a README begins to say why there is none


@dataclass(frozen=True)
class Candidate:
    """An adapter that is held to the cases, with its recordings."""

    adapter: type[PortalAdapter]
    recordings: Sequence[Recording]

    @property
    def folder(self) -> Path:
        return self.adapter.folder()

    @property
    def readme(self) -> str:
        path = self.folder / "README.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass(frozen=True)
class Verdict:
    case: str
    wrong: list[str]  # in sentences; empty when all is well


def manifest_is_complete(one: Candidate) -> list[str]:
    manifest, wrong = one.adapter.manifest, []
    for name in ("id", "vendor", "summary", "ran_against", "owner", "sign_in", "words"):
        if not getattr(manifest, name):
            wrong.append(f"manifest.toml leaves {name} empty.")
    if manifest.locale not in NUMBER_LOCALES:
        wrong.append(f"No number format is known for the locale {manifest.locale!r}.")
    if not _keeps_a_date(manifest.date_format):
        wrong.append(f"The date format {manifest.date_format!r} does not keep day, month and year.")
    if Stage.PAID not in manifest.words.values():
        wrong.append("No status word stands for paid.")
    return wrong


def _keeps_a_date(date_format: str) -> bool:
    day = datetime(2031, 7, 23, tzinfo=UTC)
    try:
        return datetime.strptime(day.strftime(date_format), date_format).replace(tzinfo=UTC) == day
    except ValueError:
        return False


def readme_says_what_a_person_must_know(one: Candidate) -> list[str]:
    words = one.readme.split()
    return [] if len(words) >= 40 else ["README.md is missing, or too short to say how the portal works."]


def there_is_a_recording(one: Candidate) -> list[str]:
    if one.recordings:
        return []
    if one.adapter.manifest.grade is Grade.REPLAYED:
        return ["Its grade is replayed, and it has no recording."]
    if NO_RECORDING in one.readme:
        return []
    return [f'There is no recording, and README.md does not say why not ("{NO_RECORDING}: ...").']


def recordings_cover_the_way(one: Candidate) -> list[str]:
    """Sign-in, a look that finds nothing, one submission, a status that moves on."""
    if not one.recordings:
        return []
    wrong = []
    all_steps = [step for recording in one.recordings for step in recording.scenario.steps]
    if not any(step.do == "submit" for step in all_steps):
        wrong.append("No recording submits an invoice.")
    if len({step.status for step in all_steps if step.do == "read"}) < 2:
        wrong.append("No recording reads two different statuses.")
    if not any(recording.scenario.landmarks for recording in one.recordings):
        wrong.append("No recording names a landmark to take out.")
    if not any(recording.scenario.nothing for recording in one.recordings):
        wrong.append('No recording names the portal\'s words for "no results".')
    return wrong


def sign_in_is_idempotent(one: Candidate) -> list[str]:
    """Signed in already, it signs in no second time: nothing is posted, the password least of all."""
    if not one.recordings:
        return []
    wrong, twice = [], False
    for recording in one.recordings:
        steps = recording.scenario.steps
        for number in range(1, len(steps)):
            if steps[number].do == steps[number - 1].do == "sign_in":
                twice = True
                posted = [e.told for e in recording.exchanges if e.step == number and e.method not in ("GET", "HEAD")]
                wrong += [f"The second sign-in posted: {told}." for told in posted]
        typed = [e for e in recording.exchanges if any("[[secret.password]]" in field.value for field in e.posted)]
        if len(typed) > 1:
            wrong.append(f"The password was posted {len(typed)} times.")
    return wrong if twice else [*wrong, "No recording signs in a second time while it is signed in."]


def one_click_sends(one: Candidate) -> list[str]:
    wrong = []
    for recording in one.recordings:
        sends = sum(exchange.sends for exchange in recording.exchanges)
        wanted = sum(step.do == "submit" for step in recording.scenario.steps)
        if sends != wanted:
            wrong.append(f"{recording.scenario.summary}: {sends} requests sent an invoice, and {wanted} should have.")
    return wrong


CASES: dict[str, Callable[[Candidate], list[str]]] = {
    "the manifest is complete": manifest_is_complete,
    "the README says what a person must know": readme_says_what_a_person_must_know,
    "there is a recording, or a reason why not": there_is_a_recording,
    "its recordings cover the way of an invoice": recordings_cover_the_way,
    "who is signed in signs in no second time": sign_in_is_idempotent,
    "one click sends, and no other": one_click_sends,
}


async def hold_to_all(one: Candidate, browser: FencedBrowser) -> AsyncIterator[Verdict]:
    """Every case, then every recording in every way."""
    for case, look in CASES.items():
        yield Verdict(case, look(one))
    for recording in one.recordings:
        for variant in variants_of(recording.scenario):
            wrong = await replay(recording, variant, one.adapter, browser)
            yield Verdict(f"{recording.scenario.summary}: {variant.name}", wrong)
