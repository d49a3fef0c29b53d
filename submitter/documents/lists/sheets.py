"""Reading a spreadsheet (XLSX) in the child process: what its cells show, and nothing that they would calculate.

A workbook is a ZIP of XML and as hostile as any other file. So it is looked through once, with counters, before the
library sees it: no part may declare a document type, and inflated bytes, parts, rows, columns and cells are bounded.
Formulas are never evaluated. A formula's cell counts with the value that the spreadsheet program last stored, and where
none is stored with a sentence instead.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import IO, Any
from xml.parsers import expat

from submitter.documents.opening.reading import Verdict

FILE_BYTES = 10_000_000
INFLATED_BYTES = 80_000_000
PARTS = 500
SHEETS = 20
ROWS = 20_000
COLUMNS = 300
CELLS = 400_000
ELEMENTS = 5_000_000
CHARACTERS = 8_000_000

_CHUNK = 1 << 16
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"  # a compound file: an old .xls, or any workbook behind a password
_NO_ROOM = "no list of invoices is so large; it was not opened further."


class Refused(Exception):
    """The workbook is not read; the verdict and the sentence say why."""

    def __init__(self, verdict: Verdict, sentence: str) -> None:
        super().__init__(sentence)
        self.verdict = verdict


@dataclass
class _Part:
    """What one XML part of the workbook holds, counted."""

    cells: int = 0
    rows: int = 0
    hidden_rows: int = 0
    formulas: int = 0
    elements: int = 0
    _in_row: bool = False
    _columns: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > ELEMENTS:
            raise Refused(Verdict.HOSTILE, f"The workbook has more than {ELEMENTS:,} entries; {_NO_ROOM}")
        match name.rpartition(" ")[2]:
            case "row":
                self._in_row, self._columns = True, 0
                self.rows += 1
                self.hidden_rows += attributes.get("hidden") in ("1", "true")
                if self.rows > ROWS:
                    raise Refused(Verdict.TOO_LARGE, f"The sheet has more than {ROWS:,} rows; {_NO_ROOM}")
            case "c" if self._in_row:
                self._columns += 1
                self.cells += 1
                if self._columns > COLUMNS:
                    raise Refused(Verdict.TOO_LARGE, f"A row has more than {COLUMNS} columns; {_NO_ROOM}")
                if self.cells > CELLS:
                    raise Refused(Verdict.TOO_LARGE, f"The sheet has more than {CELLS:,} cells; {_NO_ROOM}")
            case "f":
                self.formulas += 1

    def end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "row":
            self._in_row = False


def read_sheets(source: IO[bytes]) -> dict[str, Any]:
    """The visible sheets with their rows, as the child answers; ``{"verdict", "sentence"}`` alone when refused."""
    try:
        return {"verdict": Verdict.OK.value, "sentence": "", "sheets": list(_sheets(source))}
    except Refused as why:
        return {"verdict": why.verdict.value, "sentence": str(why)}


def _sheets(source: IO[bytes]) -> Iterator[dict[str, Any]]:
    data = source.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise Refused(Verdict.TOO_LARGE, f"The file is larger than {FILE_BYTES // 1_000_000} MB; no such list is.")
    if data.startswith(_OLD_FORMAT):
        raise Refused(
            Verdict.NEEDS_PASSWORD,
            "The workbook asks for a password or is in the old .xls format; save it as .xlsx without a password.",
        )
    parts = _look_through(data)
    import openpyxl  # noqa: PLC0415 (a third of a second, which only spreadsheets need)

    shown = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    written = (
        openpyxl.load_workbook(io.BytesIO(data), read_only=True) if any(p.formulas for p in parts.values()) else None
    )
    if len(shown.sheetnames) > SHEETS:
        raise Refused(Verdict.TOO_LARGE, f"The workbook has more than {SHEETS} sheets; {_NO_ROOM}")
    room = CHARACTERS
    for sheet in shown.worksheets:
        if sheet.sheet_state != "visible":
            continue
        part = parts.get(sheet._worksheet_path.lstrip("/"), _Part())
        formulas = written[sheet.title] if written and part.formulas else None
        rows = []
        for number, cells in _rows(sheet, formulas):
            rows.append((number, cells))
            room -= sum(len(str(cell)) for cell in cells)
            if room < 0:  # counted as it comes: one long text may be shown by every cell
                raise Refused(Verdict.TOO_LARGE, f"The workbook holds more than {CHARACTERS:,} characters; {_NO_ROOM}")
        yield {"name": sheet.title, "rows": rows, "hidden_rows": part.hidden_rows}


def _look_through(data: bytes) -> dict[str, _Part]:
    """Every XML part, counted; Refused before anything of an unreasonable size is held in memory."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused(Verdict.DAMAGED, "The file is not a workbook, or is damaged; save it again as .xlsx.") from None
    if len(archive.infolist()) > PARTS:
        raise Refused(Verdict.HOSTILE, f"The workbook has more than {PARTS} parts; {_NO_ROOM}")
    room = INFLATED_BYTES
    parts: dict[str, _Part] = {}
    for member in archive.infolist():
        if member.flag_bits & 1:
            raise Refused(Verdict.NEEDS_PASSWORD, "The workbook is encrypted; save it again without a password.")
        part = parts[member.filename] = _Part()
        parser = _parser(part) if member.filename.lower().endswith((".xml", ".rels")) else None
        try:
            with archive.open(member) as inside:
                while chunk := inside.read(_CHUNK):  # by what comes out: the size that is stated may be a lie
                    room -= len(chunk)
                    if room < 0:
                        inflated = f"{INFLATED_BYTES // 1_000_000} MB"
                        raise Refused(Verdict.HOSTILE, f"Inflated, the workbook is larger than {inflated}; {_NO_ROOM}")
                    if parser:
                        parser.Parse(chunk, False)
                if parser:
                    parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError):
            raise Refused(Verdict.DAMAGED, "The workbook is damaged and cannot be read; save it again.") from None
    return parts


def _parser(part: _Part) -> expat.XMLParserType:
    def refuse(*_: object) -> None:
        raise Refused(Verdict.HOSTILE, "The workbook declares a document type, which no spreadsheet program does.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = part.start
    parser.EndElementHandler = part.end
    return parser


def _rows(sheet: Any, formulas: Any) -> Iterator[tuple[int, list[Any]]]:
    """Row numbers as the spreadsheet shows them, with cells as text, or as a number, a date or a complaint."""
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    wide: dict[str, int] = {"min_row": 1, "max_row": ROWS, "max_col": COLUMNS}
    stored: Iterator[Any] = iter(())
    if formulas is not None:
        formulas.reset_dimensions()
        stored = formulas.iter_rows(**wide)
    last = 0
    for number, row in enumerate(sheet.iter_rows(**wide), start=1):
        last = number
        source = next(stored, ())
        kinds = [getattr(cell, "data_type", "n") for cell in source]
        cells = [_cell(one, is_formula=kinds[i] == "f" if i < len(kinds) else False) for i, one in enumerate(row)]
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            yield number, cells
        if last >= ROWS:
            return


def _cell(cell: Any, *, is_formula: bool) -> Any:
    """Text as it is; ``{"n": ...}`` a number, ``{"d": ...}`` a day, ``{"x": ...}`` why it cannot be used."""
    value = cell.value
    if value is None:
        return (
            {"x": "holds a formula whose result was never stored; save the list with values only"} if is_formula else ""
        )
    if cell.data_type == "e":
        return {"x": f"shows the error {value}"}
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return {"d": value.date().isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, int | float):
        return shown_number(value, str(cell.number_format or "General"))
    return str(value).replace("\x00", "").strip()


def shown_number(value: float, number_format: str) -> dict[str, str]:
    """The decimal that the cell shows. Spreadsheets keep 15 digits, and what comes behind them is noise."""
    if not abs(value) < 1e15:  # not a number, too
        return {"x": f"holds the number {value:.15g}, of which a spreadsheet keeps only 15 digits; format it as text"}
    exact = Decimal(f"{value:.15g}")
    positive = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", number_format.partition(";")[0])
    if re.fullmatch(r"0{2,}", positive) and exact == exact.to_integral_value() and exact >= 0:
        return {"n": f"{int(exact):0{len(positive)}d}"}  # 123 shown as 00123: the number of an invoice, not an amount
    decimals = re.fullmatch(r"[^%E.]*[#0](\.(0+))?[^%E.0#,]*", positive)
    if decimals and number_format != "General":
        places = len(decimals[2] or "")
        exact = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return {"n": f"{exact:f}"}
