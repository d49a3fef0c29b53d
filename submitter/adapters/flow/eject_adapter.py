"""adapter.py of an ejected flow: the contract's methods, each doing what its section does."""

from __future__ import annotations

from submitter.adapters.flow.eject_layout import Node, call, laid_out, quoted, width
from submitter.adapters.flow.eject_names import class_name, imports, names_in, package_name
from submitter.adapters.flow.eject_pages import Pages
from submitter.adapters.flow.eject_shown import Shown
from submitter.adapters.flow.eject_steps import Statements
from submitter.adapters.flow.eject_values import Values
from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.lists import InvoiceList
from submitter.adapters.flow.steps import Commit, Read, ReadTable, Steps


class AdapterSource:
    """The text of adapter.py, section by section."""

    def __init__(self, flow: Flow, pages: Pages, portal: str) -> None:
        self.flow, self.pages, self.portal = flow, pages, portal
        self._keeps_here = any(step.when for step in (*flow.read_back, *flow.commit))
        self._here = "self._here" if self._keeps_here else "here"
        self._shown = Shown(flow)

    def module(self) -> str:
        methods = [
            *(self._sign_in(), self._find(), *self._prepare(), self._read_back(), self._commit()),
            *(self._readings(), self._probe()),
        ]
        lines = [f"class {class_name(self.portal)}(PortalAdapter):", "    interruptions = pages.INTERRUPTIONS", ""]
        lines += self._remembers()
        lines += [line for method in methods for line in (*method, "")]
        for name in dict.fromkeys((self.flow.find[-1].what, self.flow.readings[-1].what)):
            lines += ["", *self._record(name), ""]
        body = "\n".join(lines)
        head = [
            f'"""The portal {self.portal}, written from its flow file: pages.py declares the pages.',
            "",
            "The order in which money moves is the contract's; the one click that cannot be undone is in commit.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
        ]
        used = names_in(body)
        own = f"from {package_name(self.portal)} import pages"
        return "\n".join([*head, *imports(used, {"PageSpec": "submitter.adapters.page"}), own, "", "", body])

    def _remembers(self) -> list[str]:
        kept = []
        if self._shown.needs_the_work:
            kept.append("        self._work: Round | None = None")
        if self._keeps_here:
            kept.append("        self._here: PageSpec | None = None")
        return ["    def __init__(self) -> None:", *kept, ""] if kept else []

    # -- the sections ------------------------------------------------------------------------------------------------

    def _statements(self, values: Values | None = None) -> Statements:
        return Statements(self.pages, values or Values())

    def _sign_in(self) -> list[str]:
        way = self._statements()
        way.add(self.flow.sign_in)
        return ["    async def sign_in(self, visit: Visit) -> None:", *way.lines]

    def _find(self) -> list[str]:
        [*steps, last] = self.flow.find
        way = self._statements(Values("number"))
        way.add(steps)
        one, name = self.flow.lists[last.what], last.what
        rows = f"visit.list_rows(pages.{self.pages.list[name]})"
        asked = f"if row[{quoted(one.columns.number)}] == number"
        flat = f"        rows = [row async for row in {rows} {asked}]"
        inner = [f"            row async for row in {rows} {asked}"]
        if width(inner[0]) > 120:
            inner = ["            row", f"            async for row in {rows}", f"            {asked}"]
        way.lines += [flat] if width(flat) <= 120 else ["        rows = [", *inner, "        ]"]
        newest: list[Node] = ["rows", quoted(one.columns.reference)]
        if one.newest is not None:
            ranks = {"number": ["visit.read_number"], "date": ["visit.read_date"], "text": []}
            newest += [quoted(one.newest.column), *ranks[one.newest.kind]]
        drafts: dict[str, Node] = {"drafts": "True"} if one.without_reference == "drafts" else {}
        way.lines += laid_out(8, "newest = ", call("newest_row", *newest, **drafts))
        return [
            "    async def find(self, visit: Visit, number: str) -> PortalRecord | None:",
            *way.lines,
            f"        return None if newest is None else {self._record_name(name)}(visit, newest)",
        ]

    def _prepare(self) -> list[list[str]]:
        head = ["    async def prepare(self, visit: Visit, work: Round) -> None:"]
        keeps = ["        self._work = work"] if self._shown.needs_the_work else []
        if not self.flow.correct:
            return [[*head, *keeps, *self._entering(self.flow.prepare)]]
        either = [
            "        if work.earlier_references:",
            "            await self._correct(visit, work)",
            "        else:",
            "            await self._enter(visit, work)",
        ]
        return [
            [*head, *keeps, *either],
            ["    async def _enter(self, visit: Visit, work: Round) -> None:", *self._entering(self.flow.prepare)],
            ["    async def _correct(self, visit: Visit, work: Round) -> None:", *self._entering(self.flow.correct)],
        ]

    def _entering(self, steps: Steps) -> list[str]:
        values = Values()
        way = Statements(self.pages, values, self._here, keeps_here=self._keeps_here)
        way.add(steps)
        invoice = ["        invoice = work.invoice"] if "invoice" in values.used else []
        coding = ["        coding = invoice.coding"] if "coding" in values.used else []
        return [*invoice, *coding, *way.lines]

    def _read_back(self) -> list[str]:
        lines = ["    async def read_back(self, visit: Visit) -> Review:"]
        if self._shown.needs_the_work:
            lines += [
                "        if self._work is None:",
                '            raise AdapterBug("Nothing was prepared that could be read back.")',
            ]
        lines += self._mixed(self.flow.read_back)
        return [*lines, *laid_out(8, "return ", self._shown.review())]

    def _commit(self) -> list[str]:
        lines = ["    async def commit(self, visit: Visit) -> Receipt:", *self._mixed(self.flow.commit)]
        return [*lines, *laid_out(8, "return ", self._shown.receipt())]

    def _mixed(self, steps: Steps) -> list[str]:
        """Steps of which some read for our model: those that stand together are read together."""
        way, reading = Statements(self.pages, Values(), self._here), list[Read | ReadTable]()
        for number, step in enumerate(steps):
            if isinstance(step, (Read, ReadTable)):
                reading.append(step)
                continue
            way.lines += self._shown.read(reading)
            reading = []
            way.add((step,))
            if isinstance(step, Commit) and any(one.when for one in steps[number + 1 :]):
                way.lines.append(f"        {self._here} = pages.{self.pages.page[step.then]}")
        return [*way.lines, *self._shown.read(reading)]

    def _readings(self) -> list[str]:
        [*steps, last] = self.flow.readings
        way, name = self._statements(), last.what
        way.add(steps)
        reference = f"row[{quoted(self.flow.lists[name].columns.reference)}]"
        if self.flow.lists[name].handed_out is not None:
            way.handed_out(name, "for row in ", after=":")
        else:
            way.lines.append(f"        async for row in visit.list_rows(pages.{self.pages.list[name]}):")
        return [
            "    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:",
            "        missing = set(references)",
            *way.lines,
            f"            if {reference} in missing:",
            f"                missing.discard({reference})",
            f"                yield {self._record_name(name)}(visit, row)",
            "            if not missing:",
            "                return",
        ]

    def _probe(self) -> list[str]:
        way = self._statements()
        way.add(self.flow.probe)
        return ["    async def probe(self, visit: Visit) -> None:", *way.lines]

    # -- the rows of a list --------------------------------------------------------------------------------------------

    def _record_name(self, name: str) -> str:
        """One list may prove what is there and another tell how it stands."""
        return "_record" if name == self.flow.find[-1].what else "_reading"

    def _record(self, name: str) -> list[str]:
        one = self.flow.lists[name]
        columns = one.columns
        lines = [f"def {self._record_name(name)}(visit: Visit, row: Row) -> PortalRecord:"]
        status: Node = _cell(columns.status)
        if one.flags:
            lines += self._flagged(one)
            status = "status"
        named: dict[str, Node] = {"number": _cell(columns.number), "reference": _cell(columns.reference)}
        named["status"] = status
        if columns.comment:
            named["comment"] = _cell(columns.comment)
        if columns.po_number:
            named["po_number"] = _cell(columns.po_number)
        if columns.total:
            currency = [_cell(columns.currency)] if columns.currency else []
            named["total"] = call("visit.read_money", _cell(columns.total), *currency)
        return [*lines, *laid_out(4, "return ", call("PortalRecord", **named))]

    def _flagged(self, one: InvoiceList) -> list[str]:
        """A column that says more than the status; the first that fits holds."""
        lines = [f"    status = {_cell(one.columns.status)}"]
        for number, flag in enumerate(one.flags):
            lines.append(f"    {'elif' if number else 'if'} {_cell(flag.column)}.startswith({quoted(flag.begins)}):")
            lines.append(f"        status = {quoted(flag.status) if flag.status else _cell(one.columns.status)}")
        return lines


def _cell(column: str) -> str:
    return f"row[{quoted(column)}]"
