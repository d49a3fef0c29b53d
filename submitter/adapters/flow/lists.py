"""The portal's list of invoices as a flow file describes it: its columns, how it goes on, what it says when empty."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from submitter.adapters.flow.locator import Locator, Locators
from submitter.adapters.page import PageSpec, css
from submitter.adapters.tables import PagedList, ScrolledList
from submitter.model.record import Record


class Columns(Record):
    """Which column, by its header, holds what."""

    number: str
    reference: str
    status: str
    comment: str = ""
    po_number: str = ""
    total: str = ""
    currency: str = ""  # where the total does not state it

    def headers(self) -> tuple[str, ...]:
        return tuple(header for header in self.model_dump().values() if header)


class Newest(Record):
    """Which of several records with one number is the newest: the one that is highest in this column."""

    column: str
    kind: Literal["number", "date", "text"] = "number"


class Flag(Record):
    """A column beside the status that says more than it: where it begins with these words, ``status`` holds."""

    column: str
    begins: str = Field(min_length=1)
    status: str


class Scrolling(Record):
    """A list that comes while it is scrolled; one of ``total`` and ``end`` says whether it came whole."""

    scroller: Locator
    key: str
    total: Locator | None = None
    end: Locator | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.total is None and self.end is None:
            raise ValueError(
                "a scrolled list needs total, the portal's own number of rows, or end, a mark behind the last"
            )
        return self


class HandedOut(Record):
    """A list that the portal hands out as a CSV file when this is pressed."""

    press: str
    by: Locators = ()
    delimiter: str = Field(default=",", min_length=1, max_length=1)


class InvoiceList(Record):
    page: str
    columns: Columns
    table: str = ""  # its name
    by: Locator | None = None  # another way to find it
    empty: tuple[str, ...] = ()  # the portal's own texts for an empty list
    next: str | Locator = ""  # the link to the next page
    paged: bool = True  # false: the portal shows all of it at once; a ``next`` may not be there then
    headed: Literal["head", "first_row"] = "head"
    redraws: bool = False  # the next rows come into the page that is there
    scrolled: Scrolling | None = None
    handed_out: HandedOut | None = None
    newest: Newest | None = None
    flags: tuple[Flag, ...] = ()
    without_reference: Literal["refused", "drafts"] = "refused"  # what a row without a reference is

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.handed_out is None and (bool(self.table) == (self.by is not None)):
            raise ValueError("either table, its name, or by says where the list is")
        if self.handed_out is None and not self.empty:
            raise ValueError("empty must hold the portal's own words for an empty list: silence proves nothing")
        if self.handed_out is None and self.scrolled is None and self.paged and not self.next:
            raise ValueError("next must say what leads to the next page; paged = false says that there is none")
        if self.handed_out is not None and self.scrolled is not None:
            raise ValueError("a list is scrolled or handed out, not both")
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        newest = (self.newest.column,) if self.newest else ()
        return tuple(dict.fromkeys((*self.columns.headers(), *newest, *(flag.column for flag in self.flags))))

    def spec(self, page: PageSpec) -> PagedList | ScrolledList:
        caption = self.by.by() if self.by else self.table
        if self.scrolled is not None:
            total, end = self.scrolled.total, self.scrolled.end
            return ScrolledList(
                caption=caption,
                columns=self.wanted,
                key=self.scrolled.key,
                scroller=self.scrolled.scroller.by(),
                empty_texts=self.empty,
                total=total.by() if total else None,
                end=end.by() if end else None,
                headed=self.headed,
            )
        onward = self.next or css("no-such-element")
        return PagedList(
            caption=caption,
            columns=self.wanted,
            page=page,
            next_link=onward.by() if isinstance(onward, Locator) else onward,
            empty_texts=self.empty,
            headed=self.headed,
            redraws=self.redraws,
            whole=not self.paged,
        )
