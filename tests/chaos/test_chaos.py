"""Chaos in small: the run that `make chaos` makes long, as the tests start it every time."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.tally import ZERO

ROOT = Path(__file__).parents[2]
ROUNDS = 25


@pytest.mark.browser
@pytest.mark.timeout(1200)  # alone it takes some two minutes; other tests share the machine
def test_nothing_is_doubled_lost_or_told_wrongly_under_chaos(tmp_path: Path) -> None:
    """Every kind of fault and kill, drawn from a seed that is printed; the portal accepts duplicates."""
    seed = secrets.randbelow(1_000_000)
    sys.stdout.write(f"to repeat it: make chaos ROUNDS={ROUNDS} SEED={seed}\n")
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--rounds", str(ROUNDS), "--seed", str(seed), "--keep", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    sys.stdout.write(done.stderr[-20_000:] + done.stdout)
    counted = json.loads(done.stdout.splitlines()[-1])
    assert {kind.value: counted[kind.value] for kind in ZERO} == {kind.value: 0 for kind in ZERO}
    assert counted["rounds"] == ROUNDS
    assert counted["submissions"] >= 2 * ROUNDS
    assert counted["kills"] >= 5, "a run without kills proves nothing"
    assert counted["faults"] >= 10, "a run without faults proves nothing"
    assert done.returncode == 0
