"""An adapter in Python from a flow file that was outgrown: the same steps, as calls of the kit.

Everything is made from the flow as it was read and checked, not from the file's text. What is written is a package of
its own, to be installed beside submitter; from then on it is its owner's, and nothing writes it again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from submitter.adapters.flow.adapter import flow_adapter
from submitter.adapters.flow.eject_adapter import AdapterSource
from submitter.adapters.flow.eject_names import class_name, package_name
from submitter.adapters.flow.eject_pages import Pages
from submitter.adapters.flow.flow import Flow
from submitter.adapters.manifest import Grade, Manifest
from submitter.errors import ConfigurationError

_PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.33"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "0.1.0"
description = "An adapter of submitter for the portal {portal}"
requires-python = ">=3.11"
dependencies = ["submitter"]

[project.entry-points."submitter.adapters"]
{portal} = "{package}.adapter:{name}"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]

[tool.ruff]
line-length = 120
target-version = "py311"
"""

_README = """\
# {portal}

An adapter of submitter, written by `submitter portal eject {portal}` from a flow file. It does what the flow did, step
by step; from here on it is yours to change. `adapter.py` holds the steps, `pages.py` the pages and lists,
`manifest.toml` the status words and the formats.

Install it where submitter is installed, from the folder above this one, then move the flow's folder out of
`config/adapters/`: an account is not visited while both are there.

    pip install -e .
    submitter portal check {portal}

Its grade is `draft`, as this code has run against nothing yet; raise it in `manifest.toml` once it has.

No recording: none was made yet. The guide for adapters says how one is made; with it, `submitter portal check` replays
the whole way.
"""


def eject(folder: Path, into: Path) -> list[Path]:
    """Write the flow of this folder as a package into the folder ``into``; the files that were written.

    ConfigurationError, before anything is written, for a flow that cannot be ejected and a folder that is not empty.
    """
    adapter = flow_adapter(folder)
    flow, manifest = vars(adapter)["flow"], adapter.manifest
    files = ejected(flow, manifest)
    if into.exists() and not (into.is_dir() and not any(into.iterdir())):
        raise ConfigurationError(f"{into} is there already, and nothing is overwritten; name a new folder with --into.")
    written = []
    try:
        for name, text in files.items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(path)
    except OSError as error:
        raise ConfigurationError(f"The adapter cannot be written into {into}: {error.strerror or error}.") from error
    return written


def ejected(flow: Flow, manifest: Manifest) -> dict[str, str]:
    """The files of the package, by their paths in it."""
    portal = manifest.id
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", portal):
        raise ConfigurationError(f"The flow cannot be ejected: {portal!r} is no id that a package could be named for.")
    package, pages = package_name(portal), Pages(flow)
    distribution = package.strip("_").replace("_", "-")
    facts = {"portal": portal, "package": package, "distribution": distribution, "name": class_name(portal)}
    return {
        "pyproject.toml": _PYPROJECT.format(**facts),
        f"{package}/__init__.py": "",
        f"{package}/README.md": _README.format(**facts),
        f"{package}/adapter.py": AdapterSource(flow, pages, portal).module(),
        f"{package}/manifest.toml": _manifest(manifest),
        f"{package}/pages.py": pages.module(portal),
    }


def _manifest(manifest: Manifest) -> str:
    """The flow's manifest, honest about the new code: nobody has seen that run."""
    before = f"nothing yet; the flow it was written from ran against: {manifest.ran_against}"
    honest = manifest.model_copy(update={"grade": Grade.DRAFT, "ran_against": before, "ran_on": None})
    said = honest.model_dump(mode="json", exclude_defaults=True)
    plain = [f"{key} = {_toml(value)}" for key, value in said.items() if not isinstance(value, dict)]
    for key, value in said.items():
        if isinstance(value, dict):
            plain += ["", f"[{key}]", *(f"{_toml(word)} = {_toml(meaning)}" for word, meaning in value.items())]
    return "\n".join([*plain, ""])


def _toml(value: object) -> str:
    """As JSON, whose texts, numbers and lists of texts are TOML's, but for one sign that TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
