"""The steps of a flow as the statements of an ejected adapter: each verb is the call of the kit that performs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from submitter.adapters.flow.eject_layout import Group, Node, Part, call, flat, laid_out, quoted, row_of, texts
from submitter.adapters.flow.eject_pages import Pages
from submitter.adapters.flow.eject_values import Values, arguments, place, table
from submitter.adapters.flow.locator import places_of, table_of
from submitter.adapters.flow.steps import (
    AnyStep,
    Choose,
    Click,
    Commit,
    DismissIfShown,
    Expect,
    Fill,
    LineFields,
    Open,
    ReadTable,
    Tick,
    Upload,
)
from submitter.adapters.flow.vocabulary import Placeholder, parsed
from submitter.errors import ConfigurationError


class Statements:
    """The statements of one section; ``here`` is the variable with the page last arrived at."""

    def __init__(self, pages: Pages, values: Values, here: str = "here", *, keeps_here: bool = False) -> None:
        self.pages, self.values, self.here = pages, values, here
        self._keeps_here = keeps_here  # what comes after the section asks where it ended
        self.lines = list[str]()

    def add(self, steps: Sequence[AnyStep], indent: int = 8) -> None:
        """Steps that do anything but read for our model."""
        waiting = list(steps)
        while waiting:
            first = waiting.pop(0)
            group = [first]
            while first.when and waiting and waiting[0].when == first.when and not group[-1].arrives_at:
                group.append(waiting.pop(0))
            if first.when:
                self.lines += [" " * indent + f"if {self._is_one_of(first.when)}:"]
            for number, step in enumerate(group):
                asked = any(one.when for one in (*group[number + 1 :], *waiting))
                self._step(step, indent + (4 if first.when else 0), asked or self._keeps_here)

    def _is_one_of(self, names: tuple[str, ...]) -> str:
        found = [flat(one) for one in self.pages.named(names)]
        return f"{self.here} is {found[0]}" if len(found) == 1 else f"{self.here} in ({', '.join(found)})"

    def _say(self, indent: int, node: Node, before: str = "await ", after: str = "") -> None:
        self.lines += laid_out(indent, before, node, after)

    def _step(self, step: AnyStep, indent: int, asked: bool) -> None:  # noqa: PLR0912 - one case for each verb
        what = quoted(step.what)
        arriving = f"{self.here} = await " if asked else "await "
        match step:
            case Open():
                path = self.values.written(step.open, encoded=True)
                self._say(indent, call("visit.open", path, *self.pages.named(step.then)), arriving)
            case Fill(lines=None):
                self._fill(step, self._unless_left_out(step, indent))
            case Fill(lines=LineFields() as fields):
                self._fill_lines(step, fields, indent)
            case Choose():
                self._choose(step, self._unless_left_out(step, indent))
            case Tick():
                self._tick(step, self._unless_left_out(step, indent))
            case Upload():
                self._say(indent, call("visit.upload", what, files_of(step.files), *_by(step)))
            case Click(then=()):
                self._say(indent, call("visit.press", what, *_by(step)))
            case Click():
                then = self.pages.named(step.then)
                where = then[0] if len(then) == 1 else row_of(then)
                self._say(indent, call("visit.click", what, *_by(step), then=where, **_manner(step)), arriving)
            case Expect():
                words = self.values.written(step.value) if step.value else '""'
                self._say(indent, call("expect", "visit", what, words, *_by(step)))
            case DismissIfShown():
                self._say(indent, call("dismiss_if_shown", "visit", what, *_by(step)))
            case ReadTable():
                self.look_at(step.read_table, indent)
            case Commit():
                [page] = self.pages.named(step.arrives_at)
                self._say(indent, call("visit.commit_click", what, *_by(step), then=page, **_manner(step)))
            case _:
                raise AssertionError(step.verb)  # what reads for our model is not written here

    # -- fields ----------------------------------------------------------------------------------------------------

    def _unless_left_out(self, step: Fill | Choose | Tick, indent: int) -> int:
        """The indent for a field that is left out where the invoice does not have it."""
        if not step.optional:
            return indent
        if "secret." in step.value.replace(" ", ""):
            said = f"{step.what!r} is an optional secret, which a flow never fills in"
            raise ConfigurationError(f"The flow cannot be ejected: {said}; take optional away first.")
        condition = self.values.there(step.value)
        if not condition:
            return indent
        self.lines.append(" " * indent + f"if {condition}:")
        return indent + 4

    def _fill(self, step: Fill, indent: int) -> None:
        what = quoted(step.fill)
        if (day := self.values.date_alone(step.value)) is not None:
            self._say(indent, call("visit.fill_date", what, day, *_by(step)))
        elif (amount := self.values.amount_alone(step.value)) is not None:
            self._say(indent, call("visit.fill_money", what, amount, *_by(step)))
        else:
            self._say(indent, call("visit.fill", what, self.values.written(step.value), *_by(step)))

    def _fill_lines(self, step: Fill, fields: LineFields, indent: int) -> None:
        self.values.used.add("invoice")
        found = table(table_of(step.fill, step.by[0] if step.by else None, step.frame))
        filled = [one for one in (fields.quantity, fields.unit_price) if one]
        columns = texts((fields.number, *(filled if fields.in_columns else ())))
        headed: dict[str, Node] = {"headed": quoted(fields.headed)} if fields.headed != "head" else {}
        number: dict[str, Node] = {"number": quoted(fields.number)} if fields.number != "Line" else {}
        self._say(indent, call("read_table", "visit.page", found, columns, **headed), "rows = await ")
        if fields.in_columns:
            called = [quoted(one) for one in filled]
            parts: list[Node | Part] = ["visit", "invoice", found, "rows", *called]
            self._say(indent, call("fill_lines_in_cells", *parts, **number, **headed))
        else:
            called = [quoted(_with_line(one)) for one in filled]
            frames: dict[str, Node] = {"frames": texts(step.frame)} if step.frame else {}
            self._say(indent, call("fill_lines", "visit", "invoice", "rows", *called, **number, **frames))

    def _choose(self, step: Choose, indent: int) -> None:
        what, choice = quoted(step.choose), self.values.written(step.value)
        if step.words:
            words = Group("{}", tuple((f"{quoted(ours)}: ", quoted(theirs)) for ours, theirs in step.words.items()))
            choice = call("one_of", words, choice, what)
        if step.typed:
            typed = self.values.written(step.typed)
            self._say(indent, call("visit.complete", what, typed, choice, *_by(step)))
        else:
            self._say(indent, call("visit.choose", what, choice, *_by(step)))

    def _tick(self, step: Tick, indent: int) -> None:
        what, by = quoted(step.tick), _by(step)
        if step.choices:
            found = {ours: [place(one.by(step.frame)) for one in them] for ours, them in step.choices.items()}
            parts: list[Part] = [
                (f"{quoted(ours)}: ", Group("[]", tuple(("", one) for one in them))) for ours, them in found.items()
            ]
            by = [("*", call("one_of", Group("{}", tuple(parts)), self.values.written(step.value), what))]
        self._say(indent, call("visit.tick", what, *by, **({} if step.on else {"on": "False"})))

    # -- lists -----------------------------------------------------------------------------------------------------

    def look_at(self, name: str, indent: int = 8) -> None:
        """See that a list can be read; one row of it shows that."""
        if self.pages.flow.lists[name].handed_out is not None:
            self.handed_out(name, "", indent)
        else:
            self.lines.append(" " * indent + f"await anext(visit.list_rows(pages.{self.pages.list[name]}), None)")

    def handed_out(self, name: str, before: str, indent: int = 8, after: str = "") -> None:
        """Take the file that the portal hands out, and read it."""
        one = self.pages.flow.lists[name].handed_out
        assert one is not None  # noqa: S101 - asked by whoever calls
        by = arguments(places_of(one.press, one.by, (), "click"))
        self._say(indent, call("visit.download", quoted(one.press), *by), "file = await ")
        mark = [] if one.delimiter == "," else [quoted(one.delimiter)]
        read = call("read_csv", "file.data", f"pages.{self.pages.list[name]}", "file.name", *mark)
        self._say(indent, read, before, after)


def _by(step: AnyStep) -> list[Part]:
    return arguments(places_of(step.what, getattr(step, "by", ()), step.frame, step.verb))


def _manner(step: Click | Commit) -> dict[str, Node]:
    named: dict[str, Node] = {"accepts_dialog": quoted(step.accepts_dialog)} if step.accepts_dialog else {}
    return named | ({"redraws": "True"} if step.redraws else {})


def _with_line(template: str) -> str:
    """The label of a line's field as the kit takes it: with {line} for the number."""
    found = ""
    for part in parsed(template):
        if isinstance(part, Placeholder) and part.format:
            said = f"a format of {{line.number}}, as in {template!r}, has no counterpart"
            raise ConfigurationError(f"The flow cannot be ejected: {said}; leave the format out first.")
        found += "{line}" if isinstance(part, Placeholder) else part
    return found


def files_of(kinds: Iterable[str]) -> Node:
    """The files of these kinds, in the round's order."""
    wanted = list(dict.fromkeys(kinds))
    if "all" in wanted or {"all_but_invoice", "invoice"} <= set(wanted):
        return "work.files"
    kind = "file.document.kind"
    if "all_but_invoice" in wanted:
        asked = f"{kind} is not DocumentKind.INVOICE"
    elif len(wanted) == 1:
        asked = f"{kind} is DocumentKind.{wanted[0].upper()}"
    else:
        asked = f"{kind} in ({', '.join(f'DocumentKind.{one.upper()}' for one in wanted)})"
    return f"[file for file in work.files if {asked}]"
