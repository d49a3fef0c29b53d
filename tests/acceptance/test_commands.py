"""The program as it is started: the demo, the running worker, its signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from submitter.documents.intake import IntakeItem
from tests.acceptance.conftest import ACCOUNT, PASSWORD, World

pytestmark = pytest.mark.browser


def submitter(*arguments: object, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", "from submitter.cli.main import run; run()", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read the program's output until the words come; a visit that ends without them fails the test at once."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
        if "is paused" in line or "ended early" in line:
            process.kill()
    raise AssertionError("".join(seen))


def test_the_demo_plays_the_whole_day() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="d") as folder,  # short: Chromium's socket lies in it
        submitter("demo", "--json", env={**os.environ, "TMPDIR": folder}) as demo,
    ):
        out, err = demo.communicate(timeout=170)
        left = sorted(os.listdir(folder))  # noqa: PTH208 (names are all that is wanted)
    assert demo.returncode == 0, f"{out[-3000:]}\n{err}"
    figures = json.loads(out.splitlines()[-1])
    expected = {
        "invoices_found": 11,
        "blocked": 3,
        "duplicates": 1,
        "submitted": 7,
        "receipts": 8,
        "on_hold": 2,
        "rejected": 1,
        "resubmitted": 1,
        "paid": 2,
        "effort_minutes": 18,
        "chargeable_minor": 0,
        "currency": "USD",
        "portal_accepted": 8,
        "portal_duplicates": 0,
    }
    assert {key: figures[key] for key in expected} == expected
    assert figures["seconds"] > 0
    for said in ("receipt not booked", "proof of delivery illegible", "quantity exceeds", "free pass", "is whole"):
        assert said in out
    assert left == [], "the demo leaves nothing behind"


def test_run_submits_what_is_queued_and_stops_cleanly_on_sigterm(
    world: World, good: list[IntakeItem], tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / f"{ACCOUNT}.password").write_text(PASSWORD)
    world.queue(good[0])
    environment = {**os.environ, "SUBMITTER_SECRETS_FOLDER": str(secrets), "PYTHONUNBUFFERED": "1"}
    with submitter("--home", world.home, "run", env=environment) as running:
        wait_for(running, "receipt FG-")
        running.send_signal(signal.SIGTERM)
        rest, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "Stopped." in rest
    assert len(world.accepted()) == 1
    assert world.rows()[good[0].invoice.number].state == "confirmed"  # type: ignore[union-attr]
    with world.office.database.reading() as c:
        held = c.exec_driver_sql("SELECT count(*) FROM lease WHERE expires_at > heartbeat_at").scalar_one()
        assert held in (0, 1)
        now = world.office.database.now(c)
    world.queue(good[1])
    assert world.work().receipts == 1, f"the lease was given back at once ({now})"


def test_a_stopped_worker_ends_between_rounds(world: World, good: list[IntakeItem], tmp_path: Path) -> None:
    """SIGTERM in the middle of a visit: the round in hand is finished, the others stay queued, nothing is unknown."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / f"{ACCOUNT}.password").write_text(PASSWORD)
    world.queue(*good)
    environment = {**os.environ, "SUBMITTER_SECRETS_FOLDER": str(secrets), "PYTHONUNBUFFERED": "1"}
    with submitter("--home", world.home, "work", "--until-idle", env=environment) as running:
        wait_for(running, "receipt FG-")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
    states = sorted(row.state for row in world.rows().values())
    assert set(states) == {"confirmed", "queued"}
    assert states.count("confirmed") == len(world.accepted()) < 7
    assert world.work().receipts == 7 - states.count("confirmed")
    assert world.buyer.ledger()["duplicates"] == 0
