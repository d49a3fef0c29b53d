"""Records the scenarios below recordings/ anew, from the practice portals: `python -m tests.replay fieldgate/main`.

What was recorded there before is replaced, scenario.toml and invoice.json stay. Look at the difference before
you commit.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.recording.record import record
from submitter.adapters.recording.recording import Recording, recordings_below
from submitter.adapters.recording.scenario import read_scenario
from submitter.errors import SubmitterError
from tests.replay.practice import HOUSES

RECORDINGS = Path(__file__).parents[2] / "recordings"


async def record_anew(folder: Path) -> Recording:
    scenario = read_scenario(folder)
    if scenario.adapter not in HOUSES:
        raise SystemExit(f"{scenario.adapter} has no practice portal in tests/replay/practice.py.")
    async with HOUSES[scenario.adapter](scenario) as house, FencedBrowser({"127.0.0.1"}) as browser:
        adapter = adapter_class(scenario.adapter)
        today = datetime.now(UTC).date()
        return await record(scenario, adapter, browser, house.address, house.login, house.meanwhile, today)


def main() -> None:
    there = {str(folder.relative_to(RECORDINGS)): folder for folder in recordings_below(RECORDINGS)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"one of {', '.join(there)}; all when none is named")
    for name in parser.parse_args().scenario or there:
        if name not in there:
            raise SystemExit(f"There is no scenario {name!r}; there are: {', '.join(there)}.")
        try:
            recording = asyncio.run(record_anew(there[name]))
            recording.write(there[name])
        except SubmitterError as error:
            raise SystemExit(f"{name}: {error.message}") from error
        sys.stdout.write(f"{name}: {len(recording.exchanges)} exchanges, {recording.kilobytes:.0f} KB\n")


if __name__ == "__main__":
    main()
