"""Which adapters there are: ours and those of other packages, by the entry point ``submitter.adapters``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from submitter.adapters.contract import PortalAdapter
from submitter.errors import ConfigurationError


@cache
def adapter_class(portal: str) -> type[PortalAdapter]:
    """The adapter with this id. ConfigurationError names those there are, or what is wrong with the one asked for."""
    found = {point.name: point for point in entry_points(group="submitter.adapters")}
    if portal not in found:
        raise ConfigurationError(f"There is no adapter {portal!r}; there are: {', '.join(sorted(found)) or 'none'}.")
    try:
        loaded = found[portal].load()
    except Exception as error:  # another package's code: anything can come out of its import
        raise ConfigurationError(f"The adapter {portal!r} cannot be loaded: {error}.") from error
    if not (isinstance(loaded, type) and issubclass(loaded, PortalAdapter)):
        raise ConfigurationError(f"The entry point {portal!r} does not name a portal adapter.")
    return loaded


def all_ids() -> list[str]:
    return sorted(point.name for point in entry_points(group="submitter.adapters"))
