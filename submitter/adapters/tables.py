"""Tables and lists of a portal, read by their header texts: paged, scrolled, or handed out as a file.

Columns are found by header text, never by position. That a list is empty, and that it was read to its end, count only
when the portal says so itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import Page

from submitter.adapters.page import By, PageSpec, css, inside, role
from submitter.errors import ColumnMissing, FieldAmbiguous, FieldMissing, PageUnknown

Headed = Literal["head", "first_row"]


@dataclass
class Row:
    """A table row by header text."""

    cells: dict[str, str]
    index: int

    def __getitem__(self, header: str) -> str:
        return self.cells[header]


def by_caption(table: str | By) -> By:
    """A table by its name, or in another way."""
    return role("table", table) if isinstance(table, str) else table


@dataclass(frozen=True)
class PagedList:
    """A table that goes on over several pages, and the texts by which the portal says that it is empty.

    ``redraws``: the next page comes into the page that is there, not as a new document (see ``Visit.click``).
    ``whole``: there may be no next page, as it would be one of another list: the portal forgets what was looked for.
    """

    caption: str | By
    columns: tuple[str, ...]
    page: PageSpec
    next_link: str | By
    empty_texts: tuple[str, ...]
    headed: Headed = "head"
    redraws: bool = False
    whole: bool = False

    @property
    def table(self) -> By:
        return by_caption(self.caption)

    @property
    def onward(self) -> By:
        return role("link", self.next_link) if isinstance(self.next_link, str) else self.next_link


@dataclass(frozen=True)
class ScrolledList:
    """A list that comes while it is scrolled, and may forget above what it shows below.

    Rows are told apart by the column ``key``. ``total``: an element whose text has the number of rows in it. ``end``:
    an element that is there only behind the last row. One of the two must be known: a list that stopped growing may as
    well be one that broke.
    """

    caption: str | By
    columns: tuple[str, ...]
    key: str
    scroller: By
    empty_texts: tuple[str, ...]
    total: By | None = None
    end: By | None = None
    headed: Headed = "head"

    def __post_init__(self) -> None:
        if self.total is None and self.end is None:
            raise ValueError("a scrolled list needs the portal's own number of rows, or a mark behind the last one")

    @property
    def table(self) -> By:
        return by_caption(self.caption)


_READ_TABLE = """(table, headed) => {
  const words = cell => cell.innerText.trim();
  if (table.tagName !== 'TABLE') {
    const own = [...table.querySelectorAll('[role=row]')];
    const cells = row => [...row.querySelectorAll('[role=cell], [role=gridcell], [role=rowheader]')].map(words);
    const heads = [...table.querySelectorAll('[role=columnheader]')].map(words);
    return {headers: heads, rows: own.map(cells).filter(row => row.length)};
  }
  const rows = [...table.rows].filter(row => row.closest('table') === table).map(row => [...row.cells].map(words));
  if (headed === 'first_row') return {headers: rows[0] || [], rows: rows.slice(1)};
  return {
    headers: [...table.querySelectorAll('thead th')].map(words),
    rows: [...table.querySelectorAll('tbody tr')].map(row => [...row.cells].map(words)),
  };
}"""


async def read_table(page: Page, table: str | By, columns: Sequence[str], headed: Headed = "head") -> list[Row]:
    """The rows of the table of this name; ColumnMissing names a column that is not in its header.

    ``headed``: ``first_row`` where the header is a row like the others.
    """
    by = by_caption(table)
    found = by.on(page)
    name = by.value.replace("\n", ", ")
    count = await found.count()
    if count != 1:
        raise (FieldAmbiguous if count else FieldMissing)(f"The page has {count or 'no'} table {name!r}.")
    content: dict[str, Any] = await found.evaluate(_READ_TABLE, headed)
    return rows_of(content["headers"], content["rows"], columns, f"table {name!r}")


def rows_of(headers: Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str], what: str) -> list[Row]:
    """Rows by header text. ColumnMissing for a wanted column that is not there once, or a row of another length."""
    for column in columns:
        if list(headers).count(column) != 1:
            raise ColumnMissing(f"The {what} has no single column {column!r}; it has {', '.join(headers)}.")
    found = []
    for index, cells in enumerate(rows):
        if len(cells) != len(headers):
            raise ColumnMissing(f"Row {index + 1} of the {what} does not fit its header.")
        found.append(Row(dict(zip(headers, cells, strict=True)), index))
    return found


def read_csv(data: bytes, columns: Sequence[str], what: str, delimiter: str = ",") -> list[Row]:
    """The rows of a list that the portal handed out as CSV in UTF-8; ColumnMissing as for a table on a page."""
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PageUnknown(f"The file {what} is not a list as this portal hands them out: {error}.") from None
    filled = [[cell.strip() for cell in line] for line in lines if line]
    if not filled:
        raise ColumnMissing(f"The file {what} is empty; not even its header is there.")
    return rows_of(filled[0], filled[1:], columns, f"file {what}")


_READ_PAIRS = """places => places.flatMap(place => [
  ...[...place.querySelectorAll('dl dt')].map(
    term => [term.innerText.trim(), term.nextElementSibling ? term.nextElementSibling.innerText.trim() : '']),
  ...[...place.querySelectorAll('tr')].filter(row => row.cells.length === 2 && !row.querySelector('table')).map(
    row => [...row.cells].map(cell => cell.innerText.trim().replace(/\\s*:$/, ''))),
])"""

MAIN = css("main")


async def read_definitions(page: Page, wanted: Sequence[str], where: By = MAIN) -> dict[str, str]:
    """What stands beside each term, in a definition list or in a row of two cells. FieldMissing for a wanted one."""
    pairs: list[list[str]] = await where.on(page).evaluate_all(_READ_PAIRS)
    terms = [term for term, _ in pairs]
    for term in wanted:
        if terms.count(term) != 1:
            raise FieldMissing(f"The page shows no single {term!r}.")
    return {pair[0]: pair[1] for pair in pairs}


def body_rows(table: By, headed: Headed) -> By:
    """The rows below the header."""
    rows = "tbody tr, [role=row]:has([role=cell], [role=gridcell])"
    return inside(table, css("tr:not(:first-child)" if headed == "first_row" else rows))
