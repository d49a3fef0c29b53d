"""Replays a recording in one of its ways, and says in sentences what was not as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.manifest import Manifest
from submitter.adapters.recording.markers import values_of
from submitter.adapters.recording.recording import Recording
from submitter.adapters.recording.rehearsal import Login, Rehearsal, visiting
from submitter.adapters.recording.replayer import Replayer
from submitter.adapters.recording.variant import Variant
from submitter.model.account import Account

STEP_SECONDS = 15.0
MISSING_SECONDS = 4.0  # for what is not there: this long it is waited for
_USER = "user-of-the-replay"


class _Passwords(dict[str, str]):
    """Whatever secret the adapter reads, harmless and the same as the recording's placeholder stands for."""

    def __missing__(self, name: str) -> str:
        return f"replayed-{name}"


async def replay(
    recording: Recording, variant: Variant, adapter: type[PortalAdapter], browser: FencedBrowser, seed: str = ""
) -> list[str]:
    """Everything that was not as it should be; nothing when the replay was right."""
    manifest, scenario = adapter.manifest, variant.scenario
    work = scenario.round("replay", seed or variant.name)
    values = {
        **values_of(work, manifest.locale, manifest.date_format),
        **_secrets_in(recording),
        "user": _USER,
    }
    replayer = Replayer(recording, values, takes_out=variant.takes_out, loses_answer=variant.loses_answer)
    with replayer:
        account = Account(id="replay", customer="replay", portal=manifest.id, address=replayer.address, user=_USER)
        login = Login(_USER, _Passwords())
        login = replace(login, make_code=lambda _ahead: _code(len(login.codes) + 1))
        run = Rehearsal(adapter(), scenario, work, _nobody_meanwhile, lambda: None)
        seconds = MISSING_SECONDS if variant.takes_out else STEP_SECONDS
        own = manifest_for(manifest, replayer.addresses)
        async with visiting(browser, adapter, own, account, login, scenario, seed or variant.name, seconds) as visit:
            await run.go(visit)
    return _judge(variant, run, replayer)


def manifest_for(manifest: Manifest, addresses: list[str]) -> Manifest:
    """The manifest of a visit whose portal is stood in for: it may talk to those addresses and to nothing else."""
    return manifest.model_copy(update={"origins": ("{address}", *addresses[1:])})


async def _nobody_meanwhile(_step: int, _reference: str) -> None:
    """In a replay the buyer's answers are in the recording already."""


def _secrets_in(recording: Recording) -> Mapping[str, str]:
    texts = [one.value for exchange in recording.exchanges for one in exchange.posted]
    names = {text[2:-2] for text in texts if text.startswith(("[[secret.", "[[code."))}
    return {
        name: f"replayed-{name.removeprefix('secret.')}" if name.startswith("secret.") else _code(int(name[5:]))
        for name in names
    }


def _code(number: int) -> str:
    return f"{100000 + number}"


def _judge(variant: Variant, run: Rehearsal, replayer: Replayer) -> list[str]:
    found = [*replayer.differences, *run.said]
    error, expected = run.error, variant.must_raise
    if expected is None:
        if error is not None:
            found.append(f"It stopped: {type(error).__name__}: {error.message}")
        elif not found:
            found += replayer.unused()
    elif error is None:
        found.append(f"It went on to the end; it should have stopped with {expected.__name__}.")
    elif not isinstance(error, expected):
        found.append(f"It stopped with {type(error).__name__}, not {expected.__name__}: {error.message}")
    if replayer.sent > variant.may_send or (expected is None and replayer.sent != variant.may_send):
        found.append(f"The sending click arrived {replayer.sent} times, not {variant.may_send}.")
    return found
