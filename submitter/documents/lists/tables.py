"""Reading the lists that an ERP or a spreadsheet writes, CSV or XLSX, without guessing at marks or columns.

A cell stays what the list says it is: text, the number that is shown, a day, or a reason why it cannot be used.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import Verdict
from submitter.errors import DocumentRefused

MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 300
HEADING_WITHIN = 10  # reports begin with the company's name and the period
SEPARATORS = (",", ";", "\t")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Number(NamedTuple):
    """The number that a spreadsheet's cell shows."""

    text: str


class Trouble(NamedTuple):
    """Why a cell cannot be used, to follow the name of its column."""

    why: str


Cell = str | Number | date | Trouble


class Wanted(NamedTuple):
    """The columns of a list: each field with the headings that it may have."""

    headings: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    closed: bool = True  # another column is a mistyped one

    @classmethod
    def fields(cls, required: Sequence[str], optional: Sequence[str] = ()) -> Wanted:
        """Columns that are called as our fields are."""
        return cls({name: (name,) for name in (*required, *optional)}, tuple(required))


class Row(NamedTuple):
    line: int  # as the file or the spreadsheet counts
    cells: Mapping[str, Cell]  # by field; a column that the list does not have is ""
    surplus: bool  # the row has more cells than there are columns
    written: tuple[Cell, ...]  # all cells, as they stand


@dataclass(frozen=True)
class Table:
    """A list that has the columns wanted."""

    name: str  # for sentences
    heading: tuple[str, ...]
    called: Mapping[str, str]  # field -> its heading in this list, for the fields that it has
    rows: Sequence[Row]


class ColumnsWrong(DocumentRefused):
    """The list does not have the columns that it should have."""

    code = "columns-wrong"

    def __init__(self, message: str = "", heading: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.heading = tuple(heading)


Grid = list[tuple[int, list[Cell]]]


def read_table(path: Path, wanted: Wanted, reader: DocumentReader | None = None) -> Table:
    """The list with its rows; blank ones are left out. XLSX goes through a reader, because only a child opens it.

    DocumentRefused, naming the file, when it cannot be read or its columns are not those wanted.
    """
    if path.suffix.casefold() == ".xlsx":
        if reader is None:
            with DocumentReader() as own:
                return _of_workbook(path, wanted, own)
        return _of_workbook(path, wanted, reader)
    if path.suffix.casefold() in (".xls", ".xlsm", ".xlsb", ".ods", ".numbers"):
        raise DocumentRefused(f"{path.name} is not a kind of list that is read; save it as .xlsx or as CSV UTF-8.")
    return _of_text(path, wanted)


def suggestion(word: str, known: Sequence[str]) -> str:
    """``; did you mean "..."?`` for a word close to a known one, else nothing."""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return f'; did you mean "{by_fold[near[0]]}"?' if near else ""


def bare(heading: str) -> str:
    """A heading as it is compared: without case, and any run of other signs is one blank."""
    return " ".join(re.split(r"[\W_]+", heading.casefold())).strip() or heading.strip()


def guarded(cell: str) -> str:
    """Text for a list that we write: with an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def _of_text(path: Path, wanted: Wanted) -> Table:
    text = _text(path)
    separator = _separator(text, wanted)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    grid: Grid = []
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                grid.append((rows.line_num, [_unguarded(cell.strip()) for cell in cells]))
            if len(grid) > MOST_ROWS:
                raise DocumentRefused(f"{path.name} has more than {MOST_ROWS:,} rows; please take in smaller lists.")
    except csv.Error as error:
        raise DocumentRefused(f"{path.name}, line {rows.line_num}: this is not a proper CSV row ({error}).") from None
    return _table(path.name, grid, wanted)


def _of_workbook(path: Path, wanted: Wanted, reader: DocumentReader) -> Table:
    """The one visible sheet with the columns wanted. Which of two is meant is not ours to say."""
    answer = reader.read_workbook(path)
    if answer.get("verdict") != Verdict.OK:
        raise DocumentRefused(f"{path.name}: {answer.get('sentence', 'it cannot be read.')}")
    sheets = {str(one["name"]): one for one in answer.get("sheets", ())}
    grids = {
        name: [(int(line), [_cell(c) for c in cells]) for line, cells in one["rows"]] for name, one in sheets.items()
    }
    fitting = [name for name, grid in grids.items() if _heading(grid, wanted) is not None]
    if len(fitting) > 1:
        named = " and ".join(f'"{name}"' for name in fitting)
        raise DocumentRefused(
            f"{path.name} has the wanted columns on the sheets {named}; leave the list on one of them."
        )
    chosen = fitting[0] if fitting else max(grids, key=lambda name: len(grids[name]), default=None)
    if chosen is None:
        raise DocumentRefused(f"{path.name} has no visible sheet.")
    label = path.name if len(grids) == 1 else f'{path.name}, sheet "{chosen}"'
    if hidden := int(sheets[chosen].get("hidden_rows", 0)):
        raise DocumentRefused(
            f"{label} has {hidden} hidden rows; show or delete them, so that nothing is queued that nobody sees."
        )
    return _table(label, grids[chosen], wanted)


def _cell(answered: object) -> Cell:
    if not isinstance(answered, dict):
        return str(answered)
    if "n" in answered:
        return Number(str(answered["n"]))
    return date.fromisoformat(answered["d"]) if "d" in answered else Trouble(str(answered.get("x", "cannot be read")))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DocumentRefused(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; no such list is.")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentRefused(f"{path.name} cannot be read ({error.strerror}).") from None
    if b"\x00" in data:
        raise DocumentRefused(f'{path.name} is not plain CSV; save it as "CSV UTF-8 (comma delimited)".')
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentRefused(f'{path.name} is in an unknown encoding; save it as "CSV UTF-8 (comma delimited)".')


def _separator(text: str, wanted: Wanted) -> str:
    """The one that finds the heading. Spreadsheets write semicolons where the comma is the decimal mark."""
    first = [line for line in text[:1_000_000].splitlines() if line.strip()][:HEADING_WITHIN]
    for separator in SEPARATORS:
        try:
            grid: Grid = [(0, list[Cell](cells)) for cells in csv.reader(first, delimiter=separator)]
        except csv.Error:  # said where the whole list is read
            continue
        if _heading(grid, wanted) is not None:
            return separator
    return max(SEPARATORS, key=first[0].count) if first else ","


def _words(cells: Sequence[Cell]) -> list[str]:
    return [cell.strip() if isinstance(cell, str) else "" for cell in cells]


def _heading(grid: Grid, wanted: Wanted) -> int | None:
    """The place of the row that holds every required column."""
    for place, (_, cells) in enumerate(grid[:HEADING_WITHIN]):
        there = {bare(word) for word in _words(cells[:MOST_COLUMNS])}
        if all(any(bare(one) in there for one in wanted.headings[field]) for field in wanted.required):
            return place
    return None


def _table(name: str, grid: Grid, wanted: Wanted) -> Table:
    place = _heading(grid, wanted) or 0
    heading = _words(grid[place][1]) if grid else []
    if len(heading) > MOST_COLUMNS:
        raise DocumentRefused(f"{name} has {len(heading):,} columns; no list of invoices has more than {MOST_COLUMNS}.")
    while heading and not heading[-1]:
        heading.pop()  # a spreadsheet's empty last columns
    columns = _columns(name, heading, wanted)
    rows = []
    for line, cells in grid[place + 1 :]:
        values: dict[str, Cell] = dict.fromkeys(wanted.headings, "")
        values |= {field: cells[at] for field, at in columns.items() if at < len(cells)}
        rows.append(Row(line, values, any(cell != "" for cell in cells[len(heading) :]), tuple(cells)))
    called = {field: heading[at] for field, at in columns.items()}
    return Table(name, tuple(heading), called, rows)


def _columns(name: str, heading: Sequence[str], wanted: Wanted) -> dict[str, int]:
    """Field -> place. Mistyped headings are told from missing ones."""
    known = [one for several in wanted.headings.values() for one in several]
    by_bare = {bare(one): one for one in known}
    strange = [word for word in heading if word and bare(word) not in by_bare]
    if wanted.closed and (strange or "" in heading):
        first = next(word for word in heading if bare(word) not in by_bare)
        raise ColumnsWrong(
            f'{name} has an unknown column "{first}"{suggestion(first, known) or "."} Known are: {", ".join(known)}.',
            heading,
        )
    there = [bare(word) for word in heading]
    found: dict[str, int] = {}
    for field, several in wanted.headings.items():
        one = next((bare(one) for one in several if bare(one) in there), None)
        if one is not None and there.count(one) > 1:
            raise ColumnsWrong(f'{name} has the column "{by_bare[one]}" twice.', heading)
        if one is not None:
            found[field] = there.index(one)
        elif several and (near := _mistyped(several, strange)):
            raise ColumnsWrong(f'{name} has the unknown column "{near[0]}"; did you mean "{near[1]}"?', heading)
    missing = [wanted.headings[field][0] for field in wanted.required if field not in found]
    if missing:
        close = difflib.get_close_matches(bare(missing[0]), [bare(word) for word in strange], n=1, cutoff=0.6)
        asked = next((f'; is it the one called "{word}"?' for word in strange if bare(word) in close), ".")
        raise ColumnsWrong(f"{name} lacks the column {' and '.join(missing)}{asked}", heading)
    return found


def _mistyped(several: Sequence[str], strange: Sequence[str]) -> tuple[str, str] | None:
    """A column of the list that is all but one of these headings. An export's other columns are not so close."""
    for one in several:
        by_bare = {bare(word): word for word in strange}
        near = difflib.get_close_matches(bare(one), list(by_bare), n=1, cutoff=0.87)
        if near:
            return by_bare[near[0]], one
    return None
