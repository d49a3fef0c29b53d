"""Names in an ejected adapter: made from what a flow file calls its things, which can be any text."""

from __future__ import annotations

import ast
import builtins
import keyword
import re

#: What the generated code may import: the adapter kit, the model, the errors; and nothing of the flow's.
KIT = {
    "AsyncIterator": "collections.abc",
    "quote": "urllib.parse",
    "PortalAdapter": "submitter.adapters.contract",
    **dict.fromkeys(("expect", "dismiss_if_shown"), "submitter.adapters.expecting"),
    **dict.fromkeys(("billed_rows", "fill_lines", "fill_lines_in_cells"), "submitter.adapters.lines"),
    **dict.fromkeys(
        ("css", "framed", "headers", "inside", "label", "role", "test_id", "text", "Interruption", "PageSpec"),
        "submitter.adapters.page",
    ),
    **dict.fromkeys(
        ("newest_row", "receipt_just_shown", "reviewed_files", "reviewed_lines"), "submitter.adapters.records"
    ),
    **dict.fromkeys(
        ("MAIN", "PagedList", "Row", "ScrolledList", "read_csv", "read_definitions", "read_table"),
        "submitter.adapters.tables",
    ),
    **dict.fromkeys(
        (
            *("ANYTHING", "COST_OBJECTS", "apart", "digits_of", "one_of", "read_amount", "read_coding"),
            *("read_date_as", "required"),
        ),
        "submitter.adapters.values",
    ),
    "Visit": "submitter.adapters.visit",
    "AdapterBug": "submitter.errors",
    "DocumentKind": "submitter.model.document",
    **dict.fromkeys(("PortalRecord", "Receipt", "Review"), "submitter.model.portal"),
    "Round": "submitter.model.submission",
}


class Constants:
    """The constants of one module, each given to one thing."""

    def __init__(self) -> None:
        self._taken = {"INTERRUPTIONS", *KIT}

    def give(self, called: str, otherwise: str, after: str = "") -> str:
        """A name like ``called``; where that has no letters that a name can have, like ``otherwise``."""
        plain = re.sub(r"[^0-9A-Z]+", "_", called.upper()).strip("_")
        if not plain or plain[0].isdigit():
            plain = f"{otherwise}_{plain}".rstrip("_")
        name = wanted = plain + after
        number = 2
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name


def class_name(portal: str) -> str:
    """The class of the adapter with this id: Gatehouse, GateHouse2 for ``gate-house-2``."""
    name = "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]+", portal))
    taken = name in KIT or hasattr(builtins, name) or keyword.iskeyword(name)
    return f"Portal{name}" if taken or not name or name[0].isdigit() else name


def package_name(portal: str) -> str:
    """The package of the adapter with this id; its beginning keeps it apart from everybody else's."""
    return f"submitter_{re.sub(r'[^a-z0-9]', '_', portal)}"


def imports(used: set[str], more: dict[str, str]) -> list[str]:
    """The import lines for these names, in groups as ruff sorts them. ``more``: names that are not the kit's."""
    by_module: dict[str, list[str]] = {}
    for name in used:
        module = more.get(name) or KIT.get(name)
        if module:
            by_module.setdefault(module, []).append(name)
    lines = list[str]()
    standard = [module for module in by_module if not module.startswith("submitter")]
    for group in (standard, [module for module in by_module if module.startswith("submitter.")]):
        for module in sorted(group):
            lines += _import(module, sorted(by_module[module], key=_rank))
        if group:
            lines.append("")
    return lines


def _import(module: str, names: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 120:
        return [line]
    return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _rank(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def names_in(code: str) -> set[str]:
    """Every name that the code uses; words in its texts are none."""
    return {one.id for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Name)}
