"""pages.py of an ejected flow: its pages, its lists, and what may show up instead."""

from __future__ import annotations

from collections.abc import Iterable

from submitter.adapters.flow.eject_layout import Call, Group, Node, Part, call, laid_out, quoted, row_of, texts
from submitter.adapters.flow.eject_names import Constants, imports, names_in
from submitter.adapters.flow.eject_values import place, table
from submitter.adapters.flow.flow import Flow, Interruptive
from submitter.adapters.flow.lists import InvoiceList
from submitter.adapters.page import Interruption, PageSpec
from submitter.adapters.tables import PagedList, ScrolledList


class Pages:
    """What stands in pages.py, and under which name."""

    def __init__(self, flow: Flow) -> None:
        names = Constants()
        self.flow = flow
        self.page = {name: names.give(name, "PAGE") for name in flow.pages}
        used = {step.what for step in (flow.find[-1], flow.readings[-1], *flow.probe) if step.verb == "read_table"}
        self.list = {
            name: names.give(name, "LIST", "_COLUMNS" if one.handed_out else "_LIST")
            for name, one in flow.lists.items()
            if name in used
        }

    def named(self, pages: Iterable[str]) -> list[Node]:
        """As the adapter names them."""
        return [f"pages.{self.page[name]}" for name in pages]

    def module(self, portal: str) -> str:
        """The text of pages.py."""
        specs = self.flow.page_specs()
        shown = [
            *(line for name, spec in specs.items() for line in laid_out(0, f"{self.page[name]} = ", _page(spec))),
            "",
            *laid_out(0, "INTERRUPTIONS = ", self._interruptions()),
        ]
        for name, constant in self.list.items():
            shown += ["", *laid_out(0, f"{constant} = ", self._list(self.flow.lists[name], specs))]
        errors = {one.__name__: one.__module__ for one in self._errors()}
        body = "\n".join(shown)
        return "\n".join(
            [
                f'"""The pages of {portal}, its lists, and what may show up instead."""',
                "",
                "from __future__ import annotations",
                "",
                *imports(names_in(body), errors),
                body,
                "",
            ]
        )

    def _errors(self) -> list[type]:
        found = self.flow.interruption_specs()
        return [error for one in found for error in (one.error, *one.by_words.values())]

    def _interruptions(self) -> Group:
        pairs = zip(self.flow.interruptions, self.flow.interruption_specs(), strict=True)
        return row_of(self._interruption(raw, spec) for raw, spec in pairs)

    def _interruption(self, raw: Interruptive, spec: Interruption) -> Call:
        landmark: Node = f"{self.page[raw.page]}.landmark" if raw.page else place(spec.landmark)
        words: Node = landmark if raw.words is None else place(raw.words.by())
        named: dict[str, Node] = {"words": words}
        if spec.by_words:
            phrases: tuple[Part, ...] = tuple((f"{quoted(p)}: ", error.__name__) for p, error in spec.by_words.items())
            named["by_words"] = Group("{}", phrases)
        if spec.path != ".*":
            named["path"] = quoted(spec.path)
        if spec.says:
            named["says"] = quoted(spec.says)
        return call("Interruption", landmark, spec.error.__name__, **named)

    def _list(self, one: InvoiceList, specs: dict[str, PageSpec]) -> Node:
        if one.handed_out is not None:
            return texts(one.wanted)
        match one.spec(specs[one.page]):
            case ScrolledList() as spec:
                own: dict[str, Node] = {"key": quoted(spec.key), "scroller": place(spec.scroller)}
                own |= {name: place(by) for name, by in (("total", spec.total), ("end", spec.end)) if by is not None}
                return call("ScrolledList", **_common(spec), **own)
            case PagedList() as spec:
                onward = spec.next_link
                own = {
                    "page": self.page[one.page],
                    "next_link": quoted(onward) if isinstance(onward, str) else place(onward),
                }
                if spec.redraws:
                    own["redraws"] = "True"
                if spec.whole:
                    own["whole"] = "True"
                return call("PagedList", **_common(spec), **own)


def _common(spec: PagedList | ScrolledList) -> dict[str, Node]:
    named: dict[str, Node] = {
        "caption": quoted(spec.caption) if isinstance(spec.caption, str) else table(spec.caption),
        "columns": texts(spec.columns),
        "empty_texts": texts(spec.empty_texts),
    }
    if spec.headed != "head":
        named["headed"] = quoted(spec.headed)
    return named


def _page(spec: PageSpec) -> Call:
    return call("PageSpec", quoted(spec.name), quoted(spec.path), place(spec.landmark))
