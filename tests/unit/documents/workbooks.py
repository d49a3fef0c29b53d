"""Spreadsheets made for these tests: honest ones as a spreadsheet program writes them, and bombs."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

HEADINGS = ("file", "invoice_number", "customer", "po_number")
SHEET = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write(path: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None) -> Path:
    """A workbook with one sheet of these rows; ``change`` may work on the book before it is saved."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    if change:
        change(book)
    book.save(path)
    return path


def with_part(path: Path, name: str, data: bytes, *, store: bool = False) -> Path:
    """The workbook with one part replaced or added."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[name] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if store else zipfile.ZIP_DEFLATED) as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    return path


def with_shared(path: Path, *texts: str) -> Path:
    """The workbook with texts that cells show by their number, as spreadsheet programs write them."""
    items = "".join(f"<si><t>{one}</t></si>" for one in texts)
    with_part(path, "xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{items}</sst>'.encode())
    with zipfile.ZipFile(path) as archive:
        types = archive.read("[Content_Types].xml").decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    named = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    return with_part(path, "[Content_Types].xml", types.replace("</Types>", named).encode())


def sheet(rows: str, prolog: str = "") -> bytes:
    """The XML of a sheet with these rows."""
    return f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def heading(cells: Sequence[str] = HEADINGS) -> str:
    return f"<row>{''.join(text(one) for one in cells)}</row>"


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
