"""Reading the CSV files that an ERP or a spreadsheet writes: encoding, separator and columns, without guessing."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from submitter.errors import DocumentRefused

MOST_BYTES = 10_000_000


def read_table(
    path: Path, required: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[int, dict[str, str], bool]]:
    """The rows as (line number, cells by column, whether the row has more cells than columns). Blank rows are left out.

    DocumentRefused, naming the file, when it cannot be read or its columns are not those wanted.
    """
    text = _text(path)
    separator = _separator(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = _columns(path, next(rows, []), required, optional)
        for cells in rows:
            trimmed = [cell.strip() for cell in cells]
            if not any(trimmed):
                continue
            values = dict.fromkeys((*required, *optional), "") | dict(zip(columns, trimmed, strict=False))
            yield rows.line_num, values, any(trimmed[len(columns) :])
    except csv.Error as error:
        raise DocumentRefused(f"{path.name}, line {rows.line_num}: this is not a proper CSV row ({error}).") from None


def suggestion(word: str, known: Sequence[str]) -> str:
    """``; did you mean "..."?`` for a word close to a known one, else nothing."""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return f'; did you mean "{by_fold[near[0]]}"?' if near else ""


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


def _separator(text: str) -> str:
    """Spreadsheets write semicolons where the comma is the decimal mark; the heading shows which it is."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return ";" if heading.count(";") > heading.count(",") else ","


def _columns(path: Path, heading: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    known = (*required, *optional)
    columns = ["_".join(cell.strip().casefold().replace("-", " ").split()) for cell in heading]
    while columns and not columns[-1]:
        columns.pop()  # a spreadsheet's empty last columns
    for column, written in zip(columns, heading, strict=False):
        if column not in known:
            raise DocumentRefused(
                f'{path.name} has an unknown column "{written.strip()}"{suggestion(column, known) or "."} '
                f"Known are: {', '.join(known)}."
            )
        if columns.count(column) > 1:
            raise DocumentRefused(f'{path.name} has the column "{column}" twice.')
    missing = [column for column in required if column not in columns]
    if missing:
        raise DocumentRefused(f"{path.name} lacks the column {' and '.join(missing)}.")
    return columns
