"""A replay is worth what it notices: an adapter that does something else must fail it, and be told what."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from submitter.adapters.fieldgate.adapter import Fieldgate
from submitter.adapters.recording.recording import Recording, read_recording
from submitter.adapters.recording.replay import replay
from submitter.adapters.recording.variant import variants_of
from submitter.adapters.visit import Visit
from submitter.model.portal import PortalRecord, Receipt
from tests.replay.__main__ import RECORDINGS
from tests.replay.conftest import Stage

pytestmark = pytest.mark.browser
Replaying = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def recorded() -> Recording:
    return read_recording(RECORDINGS / "fieldgate" / "main")


@pytest.fixture
def replaying(stage: Stage, recorded: Recording) -> Replaying:
    ways = {variant.name: variant for variant in variants_of(recorded.scenario)}
    return lambda name: stage.run(replay(recorded, ways[name], Fieldgate, stage.browser))


def test_another_value_in_a_field_is_named(monkeypatch: pytest.MonkeyPatch, replaying: Replaying) -> None:
    def rounded(_visit: Visit, value: Decimal) -> str:
        return f"{value:.1f}"

    monkeypatch.setattr(Visit, "write_number", rounded)
    [difference, *_] = replaying("as recorded")
    assert difference == "POST /drafts/1/lines: the field quantity-10 was '37.2', but '37.25' was expected."


def test_a_file_in_the_wrong_field_is_named(monkeypatch: pytest.MonkeyPatch, replaying: Replaying) -> None:
    upload = Visit.upload

    async def both_as_tickets(self: Visit, what: str, files: Any, *candidates: Any) -> None:
        await upload(self, what, files if what == "Signed tickets" else (), *candidates)

    monkeypatch.setattr(Visit, "upload", both_as_tickets)
    differences = replaying("as recorded")
    assert "the field invoice_copy was" in differences[0] and "marker-invoice-copy.pdf" in differences[0]


def test_an_invoice_number_that_does_not_follow_is_named(
    monkeypatch: pytest.MonkeyPatch, replaying: Replaying, recorded: Recording
) -> None:
    """What is written into a flow by mistake: it passes as recorded, and with no other invoice."""
    fill = Visit.fill

    async def always_the_same(self: Visit, what: str, value: str, *candidates: Any) -> None:
        number = recorded.scenario.invoice.number
        await fill(self, what, number if what == "Invoice number" else value, *candidates)

    monkeypatch.setattr(Visit, "fill", always_the_same)
    assert replaying("as recorded") == []
    assert (
        "the field number was 'MARKER-7731-K9', but 'MARKER-7731-Z4' was expected." in replaying("another invoice")[0]
    )


def test_a_question_left_out_is_named(monkeypatch: pytest.MonkeyPatch, replaying: Replaying) -> None:
    async def believes_it_is_not_there(_self: Fieldgate, _visit: Visit, _number: str) -> PortalRecord | None:
        return None

    monkeypatch.setattr(Fieldgate, "find", believes_it_is_not_there)
    [difference, *_] = replaying("as recorded")
    assert "was asked for, but the recording has GET /invoices here" in difference


def test_silence_read_as_an_answer_is_noticed(monkeypatch: pytest.MonkeyPatch, replaying: Replaying) -> None:
    async def none_when_nothing_is_seen(_self: Fieldgate, visit: Visit, number: str) -> PortalRecord | None:
        await visit.page.goto(f"{visit.account.address}/invoices?q={number}")
        assert not await visit.page.get_by_role("table").count()
        return None

    monkeypatch.setattr(Fieldgate, "find", none_when_nothing_is_seen)
    said = replaying("without 'No invoices match your search.'")
    assert "not PortalChanged" in " ".join(said) or "should have stopped with PortalChanged" in " ".join(said)


def test_a_click_too_many_is_noticed(monkeypatch: pytest.MonkeyPatch, replaying: Replaying) -> None:
    commit = Fieldgate.commit

    async def tries_again(self: Fieldgate, visit: Visit) -> Receipt:
        try:
            return await commit(self, visit)
        except Exception:
            await visit.page.context.request.post(f"{visit.account.address}/drafts/1/review")
            raise

    monkeypatch.setattr(Fieldgate, "commit", tries_again)
    assert "POST /drafts/1/review was asked for, but the recording has GET" in replaying("answer lost")[0]
