"""What every adapter of the catalogue is held to; a subclass of a few lines for each.

Its recordings are replayed in `tests/replay/`; here it is made sure that they show what has to be shown.
"""

from __future__ import annotations

from typing import ClassVar

import pytest

from submitter.adapters.catalogue import adapter_class
from submitter.adapters.conformance import CASES, Candidate
from submitter.adapters.recording.recording import read_recording, recordings_below
from submitter.adapters.recording.variant import variants_of
from tests.replay.__main__ import RECORDINGS


class AdapterConformance:
    portal: ClassVar[str]
    scenarios: ClassVar[tuple[str, ...]] = ()  # that there must be

    @property
    def candidate(self) -> Candidate:
        folders = recordings_below(RECORDINGS / self.portal)
        return Candidate(adapter_class(self.portal), [read_recording(folder) for folder in folders])

    @pytest.mark.parametrize("case", CASES)
    def test_it_keeps(self, case: str) -> None:
        assert CASES[case](self.candidate) == []

    def test_it_has_the_scenarios_that_it_is_said_to_have(self) -> None:
        found = {folder.name for folder in recordings_below(RECORDINGS / self.portal)}
        assert found == set(self.scenarios)

    def test_the_manifest_has_the_id_of_the_entry_point(self) -> None:
        assert self.candidate.adapter.manifest.id == self.portal

    def test_every_recording_is_its_own(self) -> None:
        assert {one.scenario.adapter for one in self.candidate.recordings} <= {self.portal}

    def test_what_it_must_notice_is_tried_in_a_replay(self) -> None:
        ways = {
            v.must_raise.__name__ for r in self.candidate.recordings for v in variants_of(r.scenario) if v.must_raise
        }
        assert ways == ({"PortalChanged", "OutcomeUnknown"} if self.scenarios else set())
