"""Every recording is replayed in every way that there is, by the adapter that its scenario names, without a network."""

from __future__ import annotations

import pytest

from submitter.adapters.catalogue import adapter_class
from submitter.adapters.recording.recording import read_recording, recordings_below
from submitter.adapters.recording.replay import replay
from submitter.adapters.recording.variant import variants_of
from tests.replay.__main__ import RECORDINGS
from tests.replay.conftest import Stage

pytestmark = pytest.mark.browser
ALL = {
    f"{folder.relative_to(RECORDINGS)}: {variant.name}": (read_recording(folder), variant)
    for folder in recordings_below(RECORDINGS)
    for variant in variants_of(read_recording(folder).scenario)
}


@pytest.mark.parametrize("name", ALL)
def test_the_adapter_does_what_was_recorded_and_notices_what_is_gone(stage: Stage, name: str) -> None:
    recording, variant = ALL[name]
    assert stage.run(replay(recording, variant, adapter_class(recording.scenario.adapter), stage.browser)) == []


def test_there_is_a_recording_in_each_of_the_ways() -> None:
    names = {variant.name.split(" '")[0] for _, variant in ALL.values()}
    assert names == {"as recorded", "another invoice", "without", "answer lost"}
