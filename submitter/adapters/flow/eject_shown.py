"""What an ejected adapter reads for our model on the review page and the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from submitter.adapters.flow.eject_layout import Group, Node, call, laid_out, quoted, texts
from submitter.adapters.flow.eject_values import arguments, place, table
from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.locator import places_of, table_of, terms_of
from submitter.adapters.flow.steps import Read, ReadTable, Steps
from submitter.adapters.flow.vocabulary import DATE_FORMATS, Placeholder, parsed
from submitter.adapters.page import By
from submitter.adapters.tables import MAIN
from submitter.errors import ConfigurationError


class Shown:
    """What is read, and the expression for each thing that was read."""

    def __init__(self, flow: Flow) -> None:
        _require_each_once("read_back", flow.read_back)
        _require_each_once("commit", flow.commit)
        self._read: dict[str, tuple[Placeholder, str]] = {}
        self._tables = {step.into: step for step in flow.read_back if isinstance(step, ReadTable)}
        self._definitions = 0
        self.needs_the_work = any(name.startswith("coding.") for name in _names(flow.read_back))

    def read(self, steps: Sequence[Read | ReadTable]) -> list[str]:
        """The statements that read what these steps, which stand together, read."""
        lines = list[str]()
        for where, group in groupby(steps, _terms_of):
            if where is None:
                for step in group:
                    lines += _table(step) if isinstance(step, ReadTable) else self._text(step)
            else:
                lines += self._terms(where, [step for step in group if isinstance(step, Read)])
        return lines

    def _terms(self, where: By, steps: list[Read]) -> list[str]:
        """Terms and their values, all of one part of the page at once."""
        self._definitions += 1
        shown = "shown" if self._definitions == 1 else f"shown{self._definitions}"
        part = [] if where == MAIN else [place(where)]
        terms = texts(dict.fromkeys(step.read for step in steps))
        lines = laid_out(8, f"{shown} = await ", call("read_definitions", "visit.page", terms, *part))
        for step in steps:
            words = f"{shown}[{quoted(step.read)}]"
            if (alone := _alone(step.into)) is not None:
                self._read[alone.name] = (alone, words)
            else:
                lines += self._apart(step.into, words)
        return lines

    def _text(self, step: Read) -> list[str]:
        text = call("visit.text", quoted(step.read), *arguments(places_of(step.read, step.by, step.frame, step.verb)))
        if (alone := _alone(step.into)) is not None:
            name = _variable(alone)
            self._read[alone.name] = (alone, name)
            return laid_out(8, f"{name} = await ", text)
        return [*laid_out(8, "words_shown = await ", text), *self._apart(step.into, "words_shown")]

    def _apart(self, template: str, words: str) -> list[str]:
        parts = parsed(template)
        found = [part for part in parts if isinstance(part, Placeholder)]
        pieces: list[Node] = [quoted(part) if isinstance(part, str) else _may_be(part) for part in parts]
        self._read |= {part.name: (part, _variable(part)) for part in found}
        names = ", ".join(_variable(part) for part in found)
        return laid_out(8, f"{names if len(found) > 1 else f'[{names}]'} = ", call("apart", words, *pieces))

    # -- in our model ----------------------------------------------------------------------------------------------

    def review(self) -> Node:
        named: dict[str, Node] = {"number": self._words("invoice.number")}
        for field in ("po_number", "issue_date", "currency", "net", "tax", "total"):
            found = self._read.get("invoice.date" if field == "issue_date" else f"invoice.{field}")
            if found is not None:
                named[field] = self._value(field, *found)
        coding = {name: words for name, (_, words) in self._read.items() if name.startswith("coding.")}
        if coding:
            seen = tuple((f"{quoted(name.removeprefix('coding.'))}: ", words) for name, words in coding.items())
            named["coding"] = call("read_coding", "self._work.invoice.coding", Group("{}", seen))
        if lines := self._tables.get("lines"):
            columns = [quoted(lines.columns[one]) for one in ("line", "quantity", "unit_price") if one in lines.columns]
            named["lines"] = call("reviewed_lines", "visit", "lines", *columns)
        files = {name: quoted(column) for name, column in self._tables["files"].columns.items()}
        more: dict[str, Node] = {name: files[name] for name in ("sha256", "size") if name in files}
        named["files"] = call("reviewed_files", "visit", "files", files["name"], **more)
        return call("Review", **named)

    def receipt(self) -> Node:
        return call("receipt_just_shown", self._words("receipt.reference"), self._words("receipt.words"))

    def _words(self, name: str) -> str:
        return self._read[name][1]

    def _value(self, field: str, part: Placeholder, words: str) -> Node:
        if field == "issue_date":
            pattern = DATE_FORMATS.get(part.format, "")
            return call("read_date_as", words, quoted(pattern)) if pattern else call("visit.read_date", words)
        if field in ("net", "tax", "total"):
            currency = self._words("invoice.currency") if "invoice.currency" in self._read else '""'
            form = [quoted(part.format)] if part.format else []
            plain = not part.format and currency == '""'
            return call("visit.read_money", words) if plain else call("read_amount", "visit", words, currency, *form)
        return words


def _table(step: ReadTable) -> list[str]:
    found = table(table_of(step.read_table, step.by, step.frame))
    headed: dict[str, Node] = {"headed": quoted(step.headed)} if step.headed != "head" else {}
    columns = texts(step.columns.values())
    return laid_out(8, f"{step.into} = await ", call("read_table", "visit.page", found, columns, **headed))


def _terms_of(step: Read | ReadTable) -> By | None:
    return None if isinstance(step, ReadTable) or step.by else terms_of(step.where, step.frame)


def _alone(template: str) -> Placeholder | None:
    """The one placeholder that the template is, where the words need not be taken apart."""
    match parsed(template):
        case [Placeholder() as part] if part.name != "coding.cost_object":
            return part
    return None


def _variable(part: Placeholder) -> str:
    return part.name.rpartition(".")[2]


def _may_be(part: Placeholder) -> str:
    return "COST_OBJECTS" if part.name == "coding.cost_object" else "ANYTHING"


def _names(steps: Steps) -> list[str]:
    templates = [step.into for step in steps if isinstance(step, Read)]
    return [part.name for one in templates for part in parsed(one) if isinstance(part, Placeholder)]


def _require_each_once(section: str, steps: Steps) -> None:
    """ConfigurationError for what only a flow can tell while it runs: which of two readings holds."""
    for number, step in enumerate(steps, 1):
        if step.when and isinstance(step, (Read, ReadTable)):
            said = f"{section}, step {number}: it is read on some pages only"
            raise ConfigurationError(f"The flow cannot be ejected: {said}; leave its when out first.")
    names = [*_names(steps), *(step.into for step in steps if isinstance(step, ReadTable))]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"The flow cannot be ejected: {section} reads {name} twice; take one out first.")
