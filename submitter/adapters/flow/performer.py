"""Carrying out the steps of a flow on a visit: each verb is one call of the visit's, which guards it.

Nothing of an invoice ever gets into a selector: it is typed, compared, encoded into a path, or picks one of the
locators that the file itself holds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import date
from urllib.parse import quote

from submitter.adapters.expecting import dismiss_if_shown, expect
from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.locator import placed_in, places_of, table_of, terms_of
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
    Read,
    ReadTable,
    Tick,
    Upload,
)
from submitter.adapters.flow.vocabulary import (
    Fact,
    Placeholder,
    alone,
    is_empty,
    parsed,
    taken_apart,
    written,
)
from submitter.adapters.lines import billed_rows, cell_field
from submitter.adapters.page import By, PageSpec, label
from submitter.adapters.tables import Row, read_csv, read_definitions, read_table
from submitter.adapters.values import one_of
from submitter.adapters.visit import Visit
from submitter.errors import AdapterBug
from submitter.model.document import DocumentKind, SubmittedFile
from submitter.model.invoice import Invoice
from submitter.model.submission import Round


class Performer:
    """What a flow does on one visit, and what it has read there."""

    def __init__(self, flow: Flow, visit: Visit) -> None:
        self.flow = flow
        self.visit = visit
        self.pages = flow.page_specs()
        self.here = ""  # the page last arrived at
        self.facts: dict[str, Fact] = {
            "account.user": visit.account.user,
            "account.customer": visit.account.customer,
        }
        self.read: dict[Placeholder, str] = {}
        self.tables: dict[str, tuple[Mapping[str, str], list[Row]]] = {}

    async def perform(self, steps: Iterable[AnyStep], work: Round | None = None) -> None:
        for step in steps:
            if not step.when or self.here in step.when:
                await self._perform(step, work)

    async def rows(self, name: str) -> AsyncIterator[Row]:
        """The rows of one of the flow's lists, to the last one."""
        spec = self.flow.lists[name]
        if spec.handed_out is not None:
            by = places_of(spec.handed_out.press, spec.handed_out.by, (), "click")
            file = await self.visit.download(spec.handed_out.press, *by)
            for row in read_csv(file.data, spec.wanted, file.name, spec.handed_out.delimiter):
                yield row
        else:
            async for row in self.visit.list_rows(spec.spec(self.pages[spec.page])):
                yield row

    async def _perform(self, step: AnyStep, work: Round | None) -> None:  # noqa: PLR0912 - one case for each verb
        visit, what = self.visit, step.what
        match step:
            case Open():
                path = written(step.open, self.facts, visit, lambda words: quote(words, safe=""))
                self._arrived(await visit.open(path, *self._pages(step.then)))
            case Fill(lines=None):
                await self._fill(step)
            case Fill(lines=LineFields() as fields):
                await self._fill_lines(step, fields, _invoice(work))
            case Choose():
                await self._choose(step)
            case Tick():
                await self._tick(step)
            case Upload():
                await visit.upload(what, _files(work, step.files), *self._by(step))
            case Click(then=()):
                await visit.press(what, *self._by(step))
            case Click():
                pages, says = self._pages(step.then), step.accepts_dialog
                arrived = await visit.click(
                    what, *self._by(step), then=pages, accepts_dialog=says, redraws=step.redraws
                )
                self._arrived(arrived)
            case Expect():
                words = written(step.value, self.facts, visit) if step.value else ""
                await expect(visit, what, words, *self._by(step))
            case Read():
                self.read |= taken_apart(step.into, await self._shown(step))
            case ReadTable():
                await self._read_table(step)
            case DismissIfShown():
                await dismiss_if_shown(visit, what, *self._by(step))
            case Commit():
                [page], says = self._pages((step.then,)), step.accepts_dialog
                await visit.commit_click(what, *self._by(step), then=page, accepts_dialog=says, redraws=step.redraws)
                self._arrived(page)

    # -- fields ----------------------------------------------------------------------------------------------------

    async def _fill(self, step: Fill) -> None:
        if step.optional and is_empty(step.value, self.facts):
            return
        secrets = {part.name: "" for part in parsed(step.value) if isinstance(part, Placeholder)}
        facts = self.facts | {name: await self._secret(name) for name in secrets if name.startswith("secret.")}
        day = alone(step.value, facts)
        if isinstance(day, date):
            await self.visit.fill_date(step.fill, day, *self._by(step))  # also into the browser's own date fields
        else:
            await self.visit.fill(step.fill, written(step.value, facts, self.visit), *self._by(step))

    async def _secret(self, name: str) -> str:
        """Asked for when it is needed: a one-time code is used up by it."""
        if name == "secret.one_time_code":
            return await self.visit.one_time_code()
        return self.visit.read_secret(name.removeprefix("secret."))

    async def _fill_lines(self, step: Fill, fields: LineFields, invoice: Invoice) -> None:
        table = table_of(step.fill, step.by[0] if step.by else None, step.frame)
        in_columns = [one for one in (fields.quantity, fields.unit_price) if fields.in_columns and one]
        rows = await read_table(self.visit.page, table, (fields.number, *in_columns), fields.headed)
        for row, line in billed_rows(invoice, rows, fields.number):
            quantity = "" if line is None else self.visit.write_number(line.quantity)
            await self._fill_beside(fields.quantity, quantity, row, table, step, fields)
            if line is not None and fields.unit_price:
                price = self.visit.write_number(line.unit_price)
                await self._fill_beside(fields.unit_price, price, row, table, step, fields)

    async def _fill_beside(self, field: str, value: str, row: Row, table: By, step: Fill, fields: LineFields) -> None:
        """The field of a row: by its label with the number of the line, or in the cell below a header."""
        number = row[fields.number]
        if not fields.in_columns:
            called = written(field, {"line.number": number}, self.visit)
            await self.visit.fill(called, value, placed_in(step.frame, label(called)))
            return
        cell = cell_field(table, row, field, fields.headed)
        await self.visit.fill(f"{field} of line {number}", value, cell)

    async def _choose(self, step: Choose) -> None:
        if step.optional and is_empty(step.value, self.facts):
            return
        choice = written(step.value, self.facts, self.visit)
        if step.words:
            choice = one_of(step.words, choice, step.choose)
        if step.typed:
            typed = written(step.typed, self.facts, self.visit)
            await self.visit.complete(step.choose, typed, choice, *self._by(step))
        else:
            await self.visit.choose(step.choose, choice, *self._by(step))

    async def _tick(self, step: Tick) -> None:
        if step.optional and is_empty(step.value, self.facts):
            return
        by = self._by(step)
        if step.choices:
            candidates = one_of(step.choices, written(step.value, self.facts, self.visit), step.tick)
            by = [one.by(step.frame) for one in candidates]
        await self.visit.tick(step.tick, *by, on=step.on)

    # -- what is shown -----------------------------------------------------------------------------------------------

    async def _shown(self, step: Read) -> str:
        if step.by:
            return await self.visit.text(step.read, *self._by(step))
        where = terms_of(step.where, step.frame)
        return (await read_definitions(self.visit.page, [step.read], where))[step.read]

    async def _read_table(self, step: ReadTable) -> None:
        if not step.into:  # of a list, one row shows that it can be read
            await anext(self.rows(step.read_table), None)
            return
        table = table_of(step.read_table, step.by, step.frame)
        rows = await read_table(self.visit.page, table, tuple(step.columns.values()), step.headed)
        self.tables[step.into] = (step.columns, rows)

    # -- where things are ------------------------------------------------------------------------------------------

    def _by(self, step: AnyStep) -> list[By]:
        return places_of(step.what, getattr(step, "by", ()), step.frame, step.verb)

    def _pages(self, names: Iterable[str]) -> list[PageSpec]:
        return [self.pages[name] for name in names]

    def _arrived(self, page: PageSpec) -> None:
        self.here = page.name


def _invoice(work: Round | None) -> Invoice:
    if work is None:
        raise AdapterBug("Lines can only be entered for a round.")
    return work.invoice


_WANTED: dict[str, Callable[[DocumentKind], bool]] = {
    "all": lambda _kind: True,
    "all_but_invoice": lambda kind: kind is not DocumentKind.INVOICE,
}


def _files(work: Round | None, kinds: Iterable[str]) -> list[SubmittedFile]:
    files = work.files if work else ()
    wanted = [_WANTED.get(kind, lambda one, kind=kind: one.value == kind) for kind in kinds]
    return [file for file in files if any(is_wanted(file.document.kind) for is_wanted in wanted)]
