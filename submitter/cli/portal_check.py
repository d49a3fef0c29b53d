"""`submitter portal check`: an adapter held to what every adapter is held to, without a network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.catalogue import adapter_class
from submitter.adapters.conformance import Candidate, Verdict, hold_to_all
from submitter.adapters.recording.recording import read_recording, recordings_below
from submitter.cli.screen import print_json, show_table


@click.command()
@click.argument("portal_id", metavar="ID")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with its recordings. [recordings/ID here, else recordings/ beside the adapter]",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
def check(portal_id: str, recordings: Path | None, as_json: bool) -> int:
    """Hold the adapter of the portal ID to what every adapter must do, by replaying its recordings. Nothing is sent.

    The exit code is 1 when it does not pass. It needs a browser, and no network.

    Example: submitter portal check fieldgate --recordings recordings/fieldgate
    """
    adapter = adapter_class(portal_id)
    folder = recordings or _recordings_of(portal_id, adapter.folder())
    candidate = Candidate(adapter, [read_recording(one) for one in recordings_below(folder)])
    verdicts = asyncio.run(_hold(candidate))
    passed = all(not verdict.wrong for verdict in verdicts)
    if as_json:
        print_json([{"case": one.case, "wrong": one.wrong} for one in verdicts])
    else:
        cells = [(one.case, "\n".join(one.wrong) or "yes") for one in verdicts]
        show_table(f"{adapter.manifest.vendor}, with {len(candidate.recordings)} recordings", ("Case", "Kept"), cells)
    return 0 if passed else 1


def _recordings_of(portal_id: str, adapter: Path) -> Path:
    here = Path("recordings") / portal_id
    return here if here.is_dir() else adapter / "recordings"


async def _hold(candidate: Candidate) -> list[Verdict]:
    async with FencedBrowser({"127.0.0.1"}) as browser:
        return [verdict async for verdict in hold_to_all(candidate, browser)]
