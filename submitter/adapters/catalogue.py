"""Which adapters there are: ours, those of other packages by the entry point ``submitter.adapters``, and a user's own.

A flow needs no entry point when it comes with the program or lies in the home folder; another package names the package
in which its flow.toml lies.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.flow.adapter import FlowAdapter, flow_adapter
from submitter.adapters.flow.flow_file import NAME
from submitter.errors import ConfigurationError

SHIPPED = Path(__file__).parent


def adapter_class(portal: str, own: Path | None = None) -> type[PortalAdapter]:
    """The adapter with this id. ConfigurationError names those there are, or what is wrong with the one asked for.

    ``own``: the folder with a user's own flows, each in a folder of its name. They are read anew each time.
    """
    named, installed = portal in _own_ids(own), portal in _installed_ids()
    if named and installed:
        raise ConfigurationError(
            f"The flow {portal!r} has the name of an adapter that is installed; rename or move its folder."
        )
    if named and own is not None:
        return _of_folder(own / portal)
    if not installed:
        there = ", ".join(all_ids(own)) or "none"
        raise ConfigurationError(f"There is no adapter {portal!r}; there are: {there}.")
    return installed_adapter(portal)


@cache
def installed_adapter(portal: str) -> type[PortalAdapter]:
    if portal in _flows(SHIPPED):
        return _of_folder(SHIPPED / portal)
    [point] = [one for one in _points() if one.name == portal]
    try:
        loaded = point.load()
    except Exception as error:  # another package's code: anything can come out of its import
        raise ConfigurationError(f"The adapter {portal!r} cannot be loaded: {error}.") from error
    if folder := _folder_of(loaded):
        return _of_folder(folder)
    if not (isinstance(loaded, type) and issubclass(loaded, PortalAdapter)):
        raise ConfigurationError(f"The entry point {portal!r} does not name a portal adapter.")
    return loaded


def own_flow(portal: str, own: Path) -> Path:
    """The folder of a user's own flow. ConfigurationError for an adapter that is none, or one that cannot be used."""
    found = adapter_class(portal, own)
    if portal in _own_ids(own):
        return own / portal
    if issubclass(found, FlowAdapter):
        said = "is a flow that came with a package; copy its folder, under an id of its own,"
        raise ConfigurationError(f"The adapter {portal!r} {said} to {own} first.")
    raise ConfigurationError(f"The adapter {portal!r} is in Python already; there is no flow to eject.")


def all_ids(own: Path | None = None) -> list[str]:
    return sorted({*_installed_ids(), *_own_ids(own)})


def _installed_ids() -> set[str]:
    return {point.name for point in _points()} | set(_flows(SHIPPED))


def _points() -> list[EntryPoint]:
    return list({point.name: point for point in entry_points(group="submitter.adapters")}.values())


def _flows(folder: Path) -> list[str]:
    return [
        path.parent.name for path in folder.glob(f"*/{NAME}") if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", path.parent.name)
    ]


def _own_ids(own: Path | None) -> list[str]:
    return _flows(own) if own is not None else []


def _of_folder(folder: Path) -> type[PortalAdapter]:
    found = flow_adapter(folder)
    if found.manifest.id != folder.name:
        said = f"its id is {found.manifest.id!r}, but its folder is {folder.name!r}"
        raise ConfigurationError(f"{folder / 'manifest.toml'}: {said}; accounts name the folder.")
    return found


def _folder_of(loaded: Any) -> Path | None:
    """The folder of a package that an entry point names, where a flow lies in it."""
    places = list(getattr(loaded, "__path__", ())) if isinstance(loaded, ModuleType) else []
    return next((Path(place) for place in places if (Path(place) / NAME).is_file()), None)
