"""What a real visit logs and keeps holds no secret, no card, no bank account, and no address but the login's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from submitter.adapters.recording.patterns import private_in
from submitter.cli.main import set_up_logging
from submitter.documents.intake import IntakeItem
from tests.acceptance.conftest import PASSWORD, USER, World

pytestmark = pytest.mark.browser


@pytest.fixture
def logging() -> Iterator[None]:
    set_up_logging(verbose=True)
    yield
    structlog.reset_defaults()


def test_logs_and_evidence_of_a_visit_hold_nothing_private(
    world: World, good: list[IntakeItem], logging: None, capfd: pytest.CaptureFixture[str]
) -> None:
    [number] = world.queue(good[0])
    world.work()
    world.arm("alert_dialog", times=0)  # the portal's words are logged, and the account is paused
    world.poll()
    said = "".join(capfd.readouterr())
    for event in ("signed in", "visit begun", "account paused"):
        assert event in said, "there is a log to look at"
    assert PASSWORD not in said and list(private_in(said)) == []
    evidence = world.kept(number, "confirmed") + world.kept(number, "prepared")
    assert "Invoice submitted" in evidence
    assert set(private_in(evidence)) == {("mail", USER)}, "the portal shows who is signed in"
    files = [path for path in world.home.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
