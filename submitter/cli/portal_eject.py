"""`submitter portal eject`: a flow file that was outgrown, as an adapter in Python."""

from __future__ import annotations

from pathlib import Path

import click

from submitter.adapters.catalogue import own_flow
from submitter.adapters.flow.eject import eject as write_adapter
from submitter.cli.screen import opened, say


@click.command()
@click.argument("portal_id", metavar="ID")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="The folder to write to: a new one, or an empty one. [submitter-ID here]",
)
@click.pass_obj
def eject(home: Path, portal_id: str, into: Path | None) -> None:
    """Write the flow file of the portal ID as an adapter in Python that does the same, for whoever needs more.

    What is written is a package of its own, to be installed beside submitter. The flow file is left as it is; no file
    is ever overwritten.

    Example: submitter portal eject gatehouse --into gatehouse-adapter
    """
    with opened(home) as office:
        folder = own_flow(portal_id, office.settings.adapters_folder)
    place = into or Path(f"submitter-{portal_id}")
    for path in write_adapter(folder, place):
        say(f"Written: {path}")
    say(f"Install it where submitter is installed: pip install -e {place}")
    say(f"Then move {folder} to another place. While both are there, accounts on {portal_id} are not visited.")
    say(f"See that it is found: submitter portal check {portal_id}")
    say("Its grade is draft: this code has run against nothing yet. Raise it in manifest.toml once it has.")
