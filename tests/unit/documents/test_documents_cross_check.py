"""An invoice without data of its own: its list is held against what is printed, read in both ways."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from papers import TODAY, customer, reading, usd

from submitter.documents.lists.manifest import ManifestRow
from submitter.documents.lists.merging import merge
from submitter.documents.opening.reading import FoundFile
from submitter.documents.preflight.preflight import check
from submitter.model.document import DocumentKind, Severity

PRINTED = {"invoice number": "INV-7007", "order": "TR-45017", "total": "1,216.50"}
ROW = ManifestRow(
    line=2,
    file="a.pdf",
    invoice_number="INV-7007",
    customer="Tejas",
    po_number="TR-45017",
    issue_date=date(2026, 3, 20),
    currency="USD",
    net=usd("1200.00"),
    tax=usd("16.50"),
    total=usd("1216.50"),
)


def missed(**texts: str) -> list[str]:
    """What the list says and the printed text does not, for a PDF whose text could be read in these ways."""
    page = reading("a.pdf", **{"text_plain": "", "text_layout": "", **texts})
    invoice, findings = merge(ROW, page)
    assert invoice is not None
    assert findings == ()
    files = [FoundFile(Path("a.pdf"), DocumentKind.INVOICE, page)]
    found = [one for one in check(invoice, files, customer(), [], TODAY) if one.rule == "documents.not-in-text"]
    assert {one.severity for one in found} <= {Severity.WARNS}, "a miss is for a person's eye and stops nothing"
    return [called for called in PRINTED for one in found if f"The {called} " in one.sentence]


@pytest.mark.parametrize("mode", ["text_plain", "text_layout"])
def test_what_stands_in_either_text_is_not_missed(mode: str) -> None:
    assert missed(**{mode: "\n".join(PRINTED.values())}) == []


@pytest.mark.parametrize("mode", ["text_plain", "text_layout"])
@pytest.mark.parametrize("called", PRINTED)
def test_what_stands_in_neither_text_is_said(called: str, mode: str) -> None:
    others = [value for one, value in PRINTED.items() if one != called]
    assert missed(**{mode: "\n".join(others)}) == [called]


@pytest.mark.parametrize("called", PRINTED)
def test_each_of_the_three_may_stand_in_another_text(called: str) -> None:
    others = "\n".join(value for one, value in PRINTED.items() if one != called)
    assert missed(text_plain=others, text_layout=PRINTED[called]) == []
    assert missed(text_plain=PRINTED[called], text_layout=others) == []


def test_a_printed_invoice_without_a_list_has_nothing_to_go_by() -> None:
    invoice, (finding,) = merge(ROW.model_copy(update={"total": None, "tax": None}), reading("a.pdf", "INV-7007"))
    assert invoice is None
    assert (finding.rule, finding.severity) == ("invoice.no-data", Severity.BLOCKS)
    assert "invoices.csv does not give its tax, total" in finding.sentence
