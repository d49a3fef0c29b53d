"""Lists that are spreadsheets: read as they are shown, never calculated, and refused within the limits when hostile."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from workbooks import HEADINGS, SHEET, heading, sheet, text, with_part, with_shared, write

from submitter.documents.lists import sheets
from submitter.documents.lists.manifest import ManifestRow, read_manifest, read_orders
from submitter.documents.lists.sheets import read_sheets, shown_number
from submitter.documents.opening.opening import DocumentReader
from submitter.errors import DocumentRefused

WITH_AMOUNTS = (*HEADINGS, "issue_date", "due_date", "currency", "net", "tax", "total")
ROW = ("a.pdf", "INV-1", "Tejas", "45")


def manifest(path: Path, reader: DocumentReader) -> list[ManifestRow]:
    return read_manifest(path, reader=reader)


def refused(path: Path, reader: DocumentReader) -> str:
    with pytest.raises(DocumentRefused) as caught:
        manifest(path, reader)
    return str(caught.value)


def test_a_workbook_is_read_as_a_clerk_sees_it(tmp_path: Path, reader: DocumentReader) -> None:
    days = (date(2026, 3, 20), datetime(2026, 4, 20, 13, 30))  # noqa: DTZ001 (a spreadsheet knows no zone)
    rows = [WITH_AMOUNTS, ("a.pdf", 4711, "Pétroles du Sud", 4500107634, *days, "USD", 0.1 + 0.2, 16.5, "16.80")]
    [row] = manifest(write(tmp_path / "invoices.xlsx", rows), reader)
    assert (row.invoice_number, row.po_number, row.customer) == ("4711", "4500107634", "Pétroles du Sud")
    assert (row.issue_date, row.due_date) == (date(2026, 3, 20), date(2026, 4, 20))
    assert [str(amount) for amount in (row.net, row.tax, row.total)] == ["0.30 USD", "16.50 USD", "16.80 USD"]
    assert row.findings == ()


def test_a_number_that_is_shown_with_leading_zeros_keeps_them(tmp_path: Path, reader: DocumentReader) -> None:
    def change(book: Any) -> None:
        book.active["B2"].number_format = "00000"
        book.active["D2"].value = "0045"

    [row] = manifest(write(tmp_path / "invoices.xlsx", [HEADINGS, ("a.pdf", 123, "Tejas", "")], change), reader)
    assert (row.invoice_number, row.po_number) == ("00123", "0045")


def test_a_long_number_that_the_spreadsheet_has_rounded_is_not_used(tmp_path: Path, reader: DocumentReader) -> None:
    [row] = manifest(write(tmp_path / "invoices.xlsx", [HEADINGS, ("a.pdf", 12345678901234567, "T", "45")]), reader)
    assert "invoice_number holds the number" in row.findings[0].sentence
    assert "format it as text" in row.findings[0].sentence


def test_a_number_that_became_a_day_is_not_used(tmp_path: Path, reader: DocumentReader) -> None:
    [row] = manifest(write(tmp_path / "invoices.xlsx", [HEADINGS, ("a.pdf", date(2026, 3, 12), "T", "4")]), reader)
    assert "invoice_number holds the day 2026-03-12, not a text" in row.findings[0].sentence


def test_texts_are_found_by_their_number(tmp_path: Path, reader: DocumentReader) -> None:
    path = with_shared(write(tmp_path / "invoices.xlsx", [("x",)]), *HEADINGS, *ROW)
    rows = [range(4), range(4, 8)]
    cells = "".join("<row>" + "".join(f'<c t="s"><v>{n}</v></c>' for n in row) + "</row>" for row in rows)
    [row] = manifest(with_part(path, SHEET, sheet(cells)), reader)
    assert (row.file, row.invoice_number, row.po_number) == ("a.pdf", "INV-1", "45")


def test_blank_rows_and_columns_and_lines_of_the_sheet(tmp_path: Path, reader: DocumentReader) -> None:
    rows = [(), ("Northline Machine Works",), (), (*HEADINGS, None, None), (), (*ROW, None), (), (*ROW[:3], "46")]
    first, second = manifest(write(tmp_path / "invoices.xlsx", rows), reader)
    assert (first.line, second.line, second.po_number) == (6, 8, "46")


@pytest.mark.parametrize("stored", [None, 216.5])
def test_a_formula_counts_with_its_stored_value_and_never_without(
    tmp_path: Path, reader: DocumentReader, stored: float | None
) -> None:
    value = "" if stored is None else f"<v>{stored}</v>"
    row = f"<row>{''.join(map(text, ROW))}{text('USD')}<c><f>SUM(1,2)</f>{value}</c></row>"
    path = write(tmp_path / "invoices.xlsx", [HEADINGS])
    with_part(path, SHEET, sheet(heading((*HEADINGS, "currency", "total")) + row))
    [found] = manifest(path, reader)
    if stored is None:
        assert found.total is None
        assert "total holds a formula whose result was never stored" in found.findings[0].sentence
    else:
        assert (str(found.total), found.findings) == ("216.50 USD", ())


def test_an_error_in_a_cell_is_named(tmp_path: Path, reader: DocumentReader) -> None:
    path = write(tmp_path / "invoices.xlsx", [HEADINGS])
    row = f'<row>{"".join(map(text, ROW[:3]))}<c t="e"><f>A9</f><v>#REF!</v></c></row>'
    [found] = manifest(with_part(path, SHEET, sheet(heading() + row)), reader)
    assert "po_number shows the error #REF!" in found.findings[0].sentence


def test_the_one_visible_sheet_with_the_columns_is_used(tmp_path: Path, reader: DocumentReader) -> None:
    def change(book: Any) -> None:
        for name, rows in (("Notes", [("hello",)]), ("List", [HEADINGS, ROW]), ("Old", [HEADINGS, ROW, ROW])):
            one = book.create_sheet(name)
            for row in rows:
                one.append(row)
        book["Old"].sheet_state = "hidden"

    path = write(tmp_path / "invoices.xlsx", [("cover",)], change)
    [row] = manifest(path, reader)
    assert row.list_name == 'invoices.xlsx, sheet "List"'

    def unhide(book: Any) -> None:
        change(book)
        book["Old"].sheet_state = "visible"

    words = refused(write(tmp_path / "invoices.xlsx", [("cover",)], unhide), reader)
    assert 'on the sheets "List" and "Old"; leave the list on one of them.' in words


def test_rows_that_a_filter_hides_are_not_queued(tmp_path: Path, reader: DocumentReader) -> None:
    def change(book: Any) -> None:
        book.active.row_dimensions[3].hidden = True

    words = refused(write(tmp_path / "invoices.xlsx", [HEADINGS, ROW, ROW], change), reader)
    assert "has 1 hidden rows; show or delete them" in words


def test_a_wrong_heading_in_a_workbook_is_told_from_a_right_one(tmp_path: Path, reader: DocumentReader) -> None:
    words = refused(write(tmp_path / "invoices.xlsx", [("file", "invoice_numbr", "customer", "po_number")]), reader)
    assert 'unknown column "invoice_numbr"; did you mean "invoice_number"?' in words


def test_orders_may_be_a_workbook(tmp_path: Path, reader: DocumentReader) -> None:
    head = ("customer", "po_number", "currency", "line", "description", "unit", "quantity", "unit_price")
    [order] = read_orders(
        write(tmp_path / "orders.xlsx", [head, ("Tejas", 45, "usd", 1, "Cut", "EA", 4, 50.25)]), reader
    )
    assert (order.number, order.lines[0].unit_price) == ("45", Decimal("50.25"))


def test_1904_workbooks_have_the_right_days(tmp_path: Path, reader: DocumentReader) -> None:
    def change(book: Any) -> None:
        book.epoch = CALENDAR_MAC_1904

    rows = [(*HEADINGS, "due_date"), (*ROW, date(2026, 3, 20))]
    [row] = manifest(write(tmp_path / "invoices.xlsx", rows, change), reader)
    assert row.due_date == date(2026, 3, 20)


# -- bombs ---------------------------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE worksheet [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY a{n} "{("&a" + (str(n - 1) if n else "") + ";") * 10}">' for n in range(10)
)
BOMBS = {
    "billion laughs": (sheet(heading() + f"<row>{text('&a9;')}</row>", LAUGHS + "]>"), "declares a document type"),
    "a file from outside": (
        sheet(heading() + f"<row>{text('&x;')}</row>", '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
        "declares a document type",
    ),
    "a million columns": (sheet(heading() + f"<row>{'<c><v>1</v></c>' * 1_000_000}</row>"), "more than 300 columns"),
    "a million rows": (sheet(heading() + "<row/>" * 1_000_000), "more than 20,000 rows"),
    "half a million cells": (sheet(("<row>" + "<c/>" * 250 + "</row>") * 2_000), "more than 400,000 cells"),
    "nested without end": (sheet("<a>" * 200_000), "damaged"),
    "no XML": (b"\x00\x01\x02", "damaged"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_the_next_list_is_read(tmp_path: Path, reader: DocumentReader, name: str) -> None:
    part, said = BOMBS[name]
    bomb = with_part(write(tmp_path / "invoices.xlsx", [HEADINGS]), SHEET, part)
    assert said in refused(bomb, reader)
    [row] = manifest(write(tmp_path / "good.xlsx", [HEADINGS, ROW]), reader)
    assert row.findings == ()


def test_a_zip_bomb_is_refused_by_what_comes_out_of_it(tmp_path: Path, reader: DocumentReader) -> None:
    bomb = with_part(write(tmp_path / "invoices.xlsx", [HEADINGS]), "xl/media/image1.png", bytes(200_000_000))
    assert bomb.stat().st_size < 1_000_000
    began = time.process_time()
    assert "Inflated, the workbook is larger than 80 MB" in refused(bomb, reader)
    assert time.process_time() - began < 5, "it was inflated in the child, and not for long"


def test_shared_texts_are_bounded_by_what_they_inflate_to(tmp_path: Path, reader: DocumentReader) -> None:
    shared = f"<sst><si><t>{'x' * 90_000_000}</t></si></sst>".encode()
    bomb = with_part(write(tmp_path / "invoices.xlsx", [HEADINGS]), "xl/sharedStrings.xml", shared)
    assert "larger than 80 MB" in refused(bomb, reader)


def test_a_short_text_shown_a_hundred_thousand_times_is_bounded(tmp_path: Path, reader: DocumentReader) -> None:
    """Shared texts are written once and shown often, so what comes out is counted, not what went in."""
    path = write(tmp_path / "invoices.xlsx", [("x",)])
    with_shared(path, "x" * 30_000)
    rows = heading() + '<row><c t="s"><v>0</v></c></row>' * 10_000
    assert "more than 8,000,000 characters" in refused(with_part(path, SHEET, sheet(rows)), reader)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "asks for a password or is in the old .xls format"),
        (b"not a workbook at all", "is not a workbook"),
        (b"", "is not a workbook"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, reader: DocumentReader, data: bytes, said: str) -> None:
    path = tmp_path / "invoices.xlsx"
    path.write_bytes(data)
    assert said in refused(path, reader)


@pytest.mark.parametrize("name", ["invoices.xls", "invoices.xlsm", "invoices.ods"])
def test_other_spreadsheets_are_refused_with_the_remedy(tmp_path: Path, reader: DocumentReader, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert "save it as .xlsx or as CSV UTF-8" in refused(tmp_path / name, reader)


def test_a_cut_off_workbook_is_damaged(tmp_path: Path, reader: DocumentReader) -> None:
    path = write(tmp_path / "invoices.xlsx", [HEADINGS, ROW])
    whole = path.read_bytes()
    for size in range(0, len(whole), 400):
        path.write_bytes(whole[:size])
        assert refused(path, reader)


@given(st.binary(max_size=400), st.integers(0, 2_000))
def test_nothing_in_a_workbook_raises(noise: bytes, place: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", noise)
        archive.writestr(SHEET, noise)
    data = bytearray(target.getvalue())
    data[place % len(data)] ^= 1 + place % 255
    try:
        answer = read_sheets(io.BytesIO(bytes(data)))
    except (KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile):  # the child makes "damaged" of these
        return
    assert answer["verdict"] != "hostile"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_has_two_decimals_is_read_with_these_two(amount: Decimal) -> None:
    for number_format in ("General", "0.00", "#,##0.00", '#,##0.00 "USD"', "[$-409]#,##0.00;[Red]-#,##0.00"):
        assert Decimal(shown_number(float(amount), number_format)["n"]) == amount


@pytest.mark.parametrize(
    ("value", "number_format", "read"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1234.5, "#,##0.00", "1234.50"),
        (14.739, "0.00", "14.74"),  # what the cell shows, and what was printed
        (14.735, "0.00", "14.74"),
        (0.085, "0.0%", "0.085"),
        (7.0, "0", "7"),
        (7, "000", "007"),
        (1e14, "General", "100000000000000"),
    ],
)
def test_a_number_is_the_decimal_that_is_shown(value: float, number_format: str, read: str) -> None:
    assert shown_number(value, number_format) == {"n": read}


def test_the_limits_are_those_that_the_documents_name() -> None:
    assert (sheets.FILE_BYTES, sheets.INFLATED_BYTES, sheets.ROWS, sheets.COLUMNS) == (10**7, 8 * 10**7, 20_000, 300)
