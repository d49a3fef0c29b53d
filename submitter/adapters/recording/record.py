"""Records an adapter's way through a scenario at a portal where that does no harm: a practice portal, a test system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.recording.markers import markers_of
from submitter.adapters.recording.recorder import Recorder
from submitter.adapters.recording.recording import Recording
from submitter.adapters.recording.rehearsal import Login, Rehearsal, visiting
from submitter.adapters.recording.replay import STEP_SECONDS, manifest_for
from submitter.adapters.recording.scenario import Scenario
from submitter.errors import ConfigurationError
from submitter.model.account import Account

Meanwhile = Callable[[int, str], Awaitable[None]]


async def record(
    scenario: Scenario,
    adapter: type[PortalAdapter],
    browser: FencedBrowser,
    address: str,
    login: Login,
    buyer: Meanwhile,
    today: date,
) -> Recording:
    """What the browser and the portal said to each other, ready to be written. The invoice is really submitted.

    ``buyer``: what the customer's people do before each step; it gets the step's number and the last reference.
    """
    manifest = adapter.manifest
    work = scenario.round("recording")
    markers = markers_of(work, manifest.locale, manifest.date_format)
    others = [one for one in manifest.origins if "{address}" not in one]
    with Recorder(address, scenario, others) as recorder:
        account = Account(
            id="recording", customer="recording", portal=manifest.id, address=recorder.address, user=login.user
        )

        async def before(step: int, reference: str) -> None:
            recorder.step = step
            await buyer(step, reference)

        def committing() -> None:
            recorder.next_sends = True

        run = Rehearsal(adapter(), scenario, work, before, committing)
        own = manifest_for(manifest, recorder.addresses)
        async with visiting(browser, adapter, own, account, login, scenario, "", STEP_SECONDS) as visit:
            await run.go(visit)
        if run.error is not None or run.said:
            said = "; ".join([*run.said, *([run.error.message] if run.error else [])])
            raise ConfigurationError(f"The scenario did not go through, and nothing is written: {said}")
        recording = recorder.recording(markers, _named(login), login.private)
    return recording.model_copy(update={"recorded_on": today})


def _named(login: Login) -> dict[str, str]:
    secrets = {f"secret.{name}": value for name, value in login.secrets.items()}
    return {**secrets, **{f"code.{count}": code for count, code in enumerate(login.codes, 1)}, "user": login.user}
