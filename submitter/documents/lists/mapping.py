"""Which ERP's list this is: the ready maps that come with the program, your own, and what the headings look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from pydantic import ValidationError

from submitter.documents.lists.tables import Wanted, bare
from submitter.errors import ConfigurationError
from submitter.model.list_map import FIELDS, ListMap, written
from submitter.model.record import Record
from submitter.settings import Lists, Settings, read_record
from submitter.toml_files import did_you_mean

INVOICES, ORDERS = ("invoices.csv", "invoices.xlsx"), ("orders.csv", "orders.xlsx")


class ListFormat(Record):
    """How the lists of this office are written, and what they are called."""

    map: ListMap
    names: tuple[str, ...] = INVOICES
    others: Mapping[str, ListMap] = {}  # by the name that the settings would have for it


@cache
def ready_maps() -> Mapping[str, ListMap]:
    """The maps that come with the program, by name."""
    folder = resources.files("submitter.documents.lists") / "maps"
    with resources.as_file(folder) as place:
        return {path.stem: read_record(ListMap, path) for path in sorted(place.glob("*.toml"))}


def own_maps(settings: Settings) -> Mapping[str, ListMap]:
    """The maps in config/lists/; one with the name of a ready map takes its place."""
    return {path.stem: read_record(ListMap, path) for path in sorted(settings.lists_folder.glob("*.toml"))}


def list_format(settings: Settings) -> ListFormat:
    """What the settings say, or ConfigurationError with a guess at the map that was meant."""
    known = {**ready_maps(), **own_maps(settings)}
    name = settings.lists.erp
    if name not in known:
        raise ConfigurationError(
            f"{settings.home / 'config' / 'submitter.toml'}: lists.erp {name!r} is no ready map and there is no "
            f"{settings.lists_folder / f'{name}.toml'}{did_you_mean(name, list(known))}."
        )
    others = {other: one for other, one in known.items() if other != name}
    names = tuple(dict.fromkeys((*settings.lists.names, INVOICES[0])))  # what blocked/ holds is called so
    return ListFormat(map=_as_set(known[name], settings.lists), names=names, others=others)


def plain_format() -> ListFormat:
    ready = ready_maps()
    return ListFormat(map=ready["plain"], others={name: one for name, one in ready.items() if name != "plain"})


def _as_set(one: ListMap, lists: Lists) -> ListMap:
    """The map with what the settings say of days, numbers and the currency, which differ within one ERP."""
    changed = one.model_dump()
    if lists.dates:
        changed["dates"] = lists.dates
    if lists.numbers:
        changed["numbers"] = lists.numbers
    if lists.currency:
        changed["constants"]["currency"] = lists.currency
    try:
        return ListMap.model_validate(changed)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"config/submitter.toml, [lists]: {reason}.") from None


def wanted(one: ListMap) -> Wanted:
    """The columns to look for. Amounts of lines are ``lines.net`` and so on, kinds are ``kinds.<column>``."""
    headings = {field: one.columns.headings(field) for field in FIELDS}
    headings |= {f"lines.{name}": written(getattr(one.lines, name)) for name in ("net", "tax", "check")}
    headings |= {f"kinds.{column}": (column,) for column in one.kinds}
    return Wanted({field: several for field, several in headings.items() if several}, one.required, one.closed)


def looks_like(heading: Sequence[str], maps: Mapping[str, ListMap]) -> str:
    """A sentence that names the map that these headings fit, or nothing."""
    there = {bare(word) for word in heading if word}

    def holds(several: Iterable[str]) -> bool:
        return any(bare(one) in there for one in several)

    fitting = {}
    for name, one in maps.items():
        columns = wanted(one)
        if all(holds(columns.headings[field]) for field in one.required):
            fitting[name] = sum(holds(several) for several in columns.headings.values())
    if not fitting:
        return ""
    name = max(fitting, key=lambda one: fitting[one])
    if fitting[name] < 4:  # a number and a name are in every list
        return ""
    return (
        f' This looks like a {maps[name].title}: if it is, set erp = "{name}" below [lists] in config/submitter.toml.'
    )
