"""The lists beside the files, as ERPs and spreadsheets really write them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from submitter.documents.lists.manifest import read_manifest, read_orders
from submitter.errors import DocumentRefused

HEAD = "file,invoice_number,customer,po_number"


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "invoices.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_usual_way_to_write_csv(tmp_path: Path, encoding: str, separator: str, ending: str) -> None:
    lines = [HEAD.replace(",", separator), separator.join(['"a, b; c.pdf"', "INV-1", "Pétroles du Sud", "4500"]), ""]
    [row] = read_manifest(write(tmp_path, ending.join(lines), encoding))
    assert (row.file, row.invoice_number, row.customer, row.po_number) == (
        "a, b; c.pdf",
        "INV-1",
        "Pétroles du Sud",
        "4500",
    )
    assert (row.ticket_numbers, row.coding, row.due_date, row.total, row.findings) == ((), None, None, None, ())


def test_all_optional_columns(tmp_path: Path) -> None:
    columns = {
        "ticket_number": "FT-1; FT-2",
        "cost_object": "cost center",
        "cost_object_number": "600123",
        "major": "8210",
        "minor": "310",
        "approver": "Ellis Varnaway",
        "due_date": "2026-04-20",
        "issue_date": "2026-03-20",
        "currency": "usd",
        "net": "200",
        "tax": "16.50",
        "total": "216.50",
    }
    head, cells = ",".join([HEAD, *columns]), ",".join(["a.pdf,INV-1,Tejas,45", *columns.values()])
    [row] = read_manifest(write(tmp_path, f"{head}\n{cells}\n"))
    assert row.ticket_numbers == ("FT-1", "FT-2")
    assert row.coding is not None
    assert (row.coding.cost_object, row.coding.cost_object_number) == ("Cost centre", "600123")
    assert (row.due_date, row.issue_date) == (date(2026, 4, 20), date(2026, 3, 20))
    assert [str(amount) for amount in (row.net, row.tax, row.total)] == ["200.00 USD", "16.50 USD", "216.50 USD"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("file,invoice_numbr,customer,po_number", 'unknown column "invoice_numbr"; did you mean "invoice_number"?'),
        ("file,invoice_number,customer", "lacks the column po_number"),
        (HEAD + ",file", 'the column "file" twice'),
        ("", 'unknown column "a". Known are: file'),
    ],
)
def test_a_wrong_column_stops_the_list_and_names_it(tmp_path: Path, head: str, words: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        read_manifest(write(tmp_path, f"{head}\na,b,c,d\n"))
    assert words in str(caught.value)
    assert "invoices.csv" in str(caught.value)


def test_headings_are_taken_as_people_write_them(tmp_path: Path) -> None:
    [row] = read_manifest(write(tmp_path, "File,Invoice Number,CUSTOMER,po-number,,\na.pdf,1,T,45,,\n"))
    assert row.po_number == "45"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HEAD.encode("utf-16"), "not plain CSV"),
        (HEAD.encode() + b'\n"a.pdf,INV-1,T,45\n', "line 2: this is not a proper CSV row"),
        (HEAD.encode() + b"\n\x81,b,c,d\n", "unknown encoding"),
    ],
)
def test_what_is_not_csv_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "invoices.csv"
    path.write_bytes(data)
    with pytest.raises(DocumentRefused, match=words):
        read_manifest(path)


@pytest.mark.parametrize(
    ("column", "cell", "rule", "words"),
    [
        ("due_date", "31/12/2026", "manifest.date", 'due_date "31/12/2026" is not a date'),
        ("due_date", "2026-02-30", "manifest.date", "not a date"),
        ("due_date", "20260220", "manifest.date", "not a date"),
        ("cost_object", "AFEE", "manifest.coding", 'did you mean "AFE"?'),
        ("cost_object", "AFE", "manifest.coding", "no cost_object_number"),
        ("major", "8210", "manifest.coding", "no cost_object"),
        ("currency", "USS", "manifest.currency", "not an ISO 4217"),
        ("total", "100", "manifest.amount", "without a currency"),
    ],
)
def test_a_wrong_cell_stops_its_own_row_only(tmp_path: Path, column: str, cell: str, rule: str, words: str) -> None:
    text = f"{HEAD},{column}\na.pdf,INV-1,Tejas,45,{cell}\nb.pdf,INV-2,Tejas,45,\n"
    bad, good = read_manifest(write(tmp_path, text))
    assert [finding.rule for finding in bad.findings] == [rule]
    assert words in bad.findings[0].sentence
    assert "invoices.csv, line 2" in bad.findings[0].sentence
    assert good.findings == ()


@pytest.mark.parametrize("amount", ["1,234.50", "1.234,50", "1234,50", "$10", "1e3", "10.005"])
def test_amounts_are_never_guessed(tmp_path: Path, amount: str) -> None:
    [row] = read_manifest(write(tmp_path, f'{HEAD},currency,total\na.pdf,1,T,45,USD,"{amount}"\n'))
    assert row.total is None
    assert row.findings[0].rule == "manifest.amount"


def test_a_row_shifted_by_a_bare_comma_is_stopped(tmp_path: Path) -> None:
    [row] = read_manifest(write(tmp_path, f"{HEAD},currency,total\na.pdf,1,T,45,USD,1,234.50\n"))
    assert "manifest.cells" in [finding.rule for finding in row.findings]


@pytest.mark.parametrize(
    "file", ["../a.pdf", "sub/../../a.pdf", "/etc/passwd", "..\\a.pdf", "C:\\a.pdf", "\\\\host\\a"]
)
def test_a_path_out_of_the_folder_is_stopped(tmp_path: Path, file: str) -> None:
    [row] = read_manifest(write(tmp_path, f"{HEAD}\n{file},1,T,45\n"))
    assert [finding.rule for finding in row.findings] == ["manifest.file"]


def test_orders_are_gathered_from_their_lines(tmp_path: Path) -> None:
    head = "customer,po_number,currency,line,description,unit,quantity,unit_price"
    text = f"{head}\nTejas,45,usd,1,Cut,EA,4,50.00\nTejas,46,USD,1,,EA,1,2\nTejas,45,USD,2,Weld,HR,2.5,103.75\n"
    first, second = read_orders(write(tmp_path, text, name="orders.csv"))
    assert (first.number, first.currency, [line.line for line in first.lines]) == ("45", "USD", ["1", "2"])
    assert (second.number, str(first.lines[1].unit_price)) == ("46", "103.75")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Tejas,45,USD,1,,EA,four,5", 'quantity "four" is not a number'),
        ("Tejas,45,UST,1,,EA,4,5", "ISO 4217"),
        ("Tejas,,USD,1,,EA,4,5", "po_number is empty"),
        ("Tejas,45,USD,1,,EA,4,1,234", "more cells than columns"),
        ("Tejas,45,USD,1,,EA,4,5\nTejas,45,EUR,2,,EA,4,5", "is in EUR here and in USD above"),
    ],
)
def test_a_wrong_order_is_refused_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    head = "customer,po_number,currency,line,description,unit,quantity,unit_price"
    with pytest.raises(DocumentRefused, match=words):
        read_orders(write(tmp_path, f"{head}\n{row}\n", name="orders.csv"))
