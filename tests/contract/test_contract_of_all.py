"""Every adapter is held to the contract, and the cases do notice what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from submitter.adapters.catalogue import adapter_class, all_ids
from submitter.adapters.conformance import CASES, Candidate
from submitter.adapters.manifest import Grade, Manifest
from submitter.adapters.recording.recording import Recording, read_recording
from submitter.model.portal import Stage
from tests.replay.__main__ import RECORDINGS


def test_every_adapter_has_a_class_of_its_own_here() -> None:
    there = {path.stem.removeprefix("test_contract_") for path in Path(__file__).parent.glob("test_contract_*.py")}
    assert there - {"of_all"} == set(all_ids())


@pytest.fixture
def recorded() -> Recording:
    return read_recording(RECORDINGS / "fieldgate" / "main")


def held(case: str, recording: Recording | None, manifest: Manifest | None = None) -> list[str]:
    adapter = adapter_class("fieldgate")
    before = adapter.manifest
    try:
        adapter.manifest = manifest or before
        return CASES[case](Candidate(adapter, [recording] if recording else []))
    finally:
        adapter.manifest = before


def test_an_incomplete_manifest_is_noticed() -> None:
    manifest = adapter_class("fieldgate").manifest
    changed = {"owner": "", "date_format": "%m/%d", "words": {"Submitted": Stage.RECEIVED}}
    assert held("the manifest is complete", None, manifest.model_copy(update=changed)) == [
        "manifest.toml leaves owner empty.",
        "The date format '%m/%d' does not keep day, month and year.",
        "No status word stands for paid.",
    ]


def test_a_missing_recording_is_noticed() -> None:
    case = "there is a recording, or a reason why not"
    assert "does not say why not" in held(case, None)[0]
    replayed = adapter_class("fieldgate").manifest.model_copy(update={"grade": Grade.REPLAYED})
    assert held(case, None, replayed) == ["Its grade is replayed, and it has no recording."]


def test_a_second_sign_in_is_noticed(recorded: Recording) -> None:
    again = tuple(e.model_copy(update={"step": 1}) if e.path == "/sign-in" else e for e in recorded.exchanges)
    wrong = held("who is signed in signs in no second time", recorded.model_copy(update={"exchanges": again}))
    assert wrong == ["The second sign-in posted: POST /sign-in."]
    [typed] = [e for e in recorded.exchanges if e.path == "/sign-in" and e.method == "POST"]
    twice = recorded.model_copy(update={"exchanges": (*recorded.exchanges, typed)})
    assert held("who is signed in signs in no second time", twice) == ["The password was posted 2 times."]


def test_a_second_sending_click_is_noticed(recorded: Recording) -> None:
    [sent] = [exchange for exchange in recorded.exchanges if exchange.sends]
    twice = recorded.model_copy(update={"exchanges": (*recorded.exchanges, sent)})
    assert "2 requests sent an invoice, and 1 should have" in held("one click sends, and no other", twice)[0]


def test_a_recording_that_shows_too_little_is_noticed(recorded: Recording) -> None:
    scenario = recorded.scenario.model_copy(update={"steps": (), "landmarks": (), "nothing": ""})
    assert (
        len(held("its recordings cover the way of an invoice", recorded.model_copy(update={"scenario": scenario}))) == 4
    )
