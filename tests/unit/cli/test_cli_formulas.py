"""Text that came from outside is no formula in anything that we write for a spreadsheet."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from submitter.cli.screen import print_csv
from submitter.documents.intake import IntakeItem, IntakeVerdict
from submitter.documents.lists.manifest import ManifestRow
from submitter.queue.sorting import rows_of

LIVE = ['=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\uff1d1+1"]


@pytest.mark.parametrize("cell", LIVE)
def test_a_report_shows_it_as_text(capsys: pytest.CaptureFixture[str], cell: str) -> None:
    print_csv(["Invoice", "Total"], [[cell, Decimal("-12.50")]])
    [_, row] = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row == [f"'{cell}", "-12.50"]


@pytest.mark.parametrize("cell", LIVE)
def test_the_rows_of_a_blocked_invoice_show_it_as_text(cell: str) -> None:
    row = ManifestRow(
        line=2,
        file="a.pdf",
        invoice_number=cell,
        customer="T",
        po_number="",
        heading=("file", "=1+1"),
        written=(("a.pdf", cell),),
    )
    text = rows_of(IntakeItem(file="a.pdf", verdict=IntakeVerdict.BLOCKED, row=row))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["file", "'=1+1"], ["a.pdf", f"'{cell}"]]
