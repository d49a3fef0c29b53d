"""Lists as ERPs export them: their own columns, days and amounts, several rows for an invoice, no names of files."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from papers import TODAY, customer, hybrid, page
from workbooks import write

from submitter.documents.intake import IntakeReport, IntakeVerdict, examine_folder
from submitter.documents.lists.lists import find_list
from submitter.documents.lists.manifest import ManifestRow, read_manifest
from submitter.documents.lists.mapping import ListFormat, list_format, plain_format, ready_maps
from submitter.documents.lists.tables import FORMULA_STARTS, guarded
from submitter.documents.opening.opening import DocumentReader
from submitter.errors import ConfigurationError, DocumentRefused
from submitter.model.list_map import ListColumns, ListMap
from submitter.model.money import NUMBER_LOCALES
from submitter.settings import read_settings

ROOT = Path(__file__).parents[3]

XERO = (
    "*ContactName,EmailAddress,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,TaxTotal,Description,*Quantity,"
    "LineAmount,TaxAmount,Currency,Type,Status\n"
    "Tejas Resources,,INV-1001,TR-45017,20/03/2026,20/04/2026,216.50,16.50,Cut thread,4,150.00,12.00,USD,"
    "Sales invoice,Awaiting Payment\n"
    "Tejas Resources,,INV-1001,TR-45017,20/03/2026,20/04/2026,216.50,16.50,Weld,1,50.00,4.50,USD,"
    "Sales invoice,Awaiting Payment\n"
    "Tejas Resources,,CN-7,,20/03/2026,,-10.00,0,Credit,1,-10.00,0,USD,Sales credit note,Paid\n"
)
QUICKBOOKS_LINES = (
    "InvoiceNo,Customer,InvoiceDate,DueDate,Terms,PO No,Item(Product/Service),ItemAmount,ItemTaxAmount,Currency\n"
    'INV-1001,Tejas Resources,03/20/2026,04/20/2026,Net 30,TR-45017,Cut,"1,150.00",12.00,USD\n'
    "INV-1001,Tejas Resources,03/20/2026,04/20/2026,Net 30,TR-45017,Weld,50.00,4.50,USD\n"
)
QUICKBOOKS_REPORT = (
    "Northline Machine Works,,,,,,,\nInvoice List,,,,,,,\nMarch 2026,,,,,,,\n\n"
    "Date,Transaction type,Num,Name,P.O. Number,Due date,Amount,Open balance\n"
    '03/20/2026,Invoice,INV-1001,Tejas Resources,TR-45017,04/20/2026,"1,216.50","1,216.50"\n'
    "03/21/2026,Payment,,Tejas Resources,,,-50.00,0\n"
    'TOTAL,,,,,,"1,166.50",\n'
)
SAGE = (
    "Customer ID,Customer Name,Invoice/CM #,Credit Memo,Date,Quote,Customer PO,Date Due,Accounts Receivable Amount,"
    "Number of Distributions,Description,Amount\n"
    "TEJ,Tejas Resources,INV-1001,FALSE,3/20/26,FALSE,TR-45017,4/20/26,216.50,2,Cut,-200.00\n"
    "TEJ,Tejas Resources,INV-1001,FALSE,3/20/26,FALSE,TR-45017,4/20/26,216.50,2,Tax,-16.50\n"
)
NETSUITE = (
    "Date,Type,Document Number,Name,PO/Check Number,Due Date/Receive By,Amount (Net of Tax),Amount (Tax),"
    "Amount (Foreign Currency),Currency\n"
    "3/20/2026,Invoice,INV-1001,Tejas Resources,TR-45017,4/20/2026,200.00,16.50,216.50,USD\n"
)
SAP = (
    "Customer\tName 1\tBilling Document\tPurchase order number\tDocument Type\tDocument Date\tNet due date\t"
    "Amount in doc. curr.\tDocument currency\n"
    "100234\tTejas Resources\t90001001\tTR-45017\tRV\t20.03.2026\t20.04.2026\t1,216.50\tUSD\n"
    "100234\tTejas Resources\t14000001\t\tDZ\t21.03.2026\t\t500.00-\tUSD\n"
)


def form(tmp_path: Path, erp: str, **more: str) -> ListFormat:
    """What the settings of a home give."""
    (tmp_path / "home" / "config").mkdir(parents=True, exist_ok=True)
    lines = [f'erp = "{erp}"', *(f"{key} = {value}" for key, value in more.items())]
    (tmp_path / "home" / "config" / "submitter.toml").write_text("[lists]\n" + "\n".join(lines))
    return list_format(read_settings(tmp_path / "home"))


def rows(tmp_path: Path, text: str, erp: str, **more: str) -> list[ManifestRow]:
    path = tmp_path / "invoices.csv"
    path.write_text(text, encoding="utf-8")
    return read_manifest(path, form(tmp_path, erp, **more))


def amounts(row: ManifestRow) -> list[str]:
    return [str(amount) for amount in (row.net, row.tax, row.total)]


def words(row: ManifestRow) -> str:
    return " ".join(finding.sentence for finding in row.findings)


# -- the ready maps ------------------------------------------------------------------------------------------------


def test_xero_has_one_row_for_each_line_and_credit_notes_in_between(tmp_path: Path) -> None:
    [row] = rows(tmp_path, XERO, "xero")
    assert (row.invoice_number, row.customer, row.po_number) == ("INV-1001", "Tejas Resources", "TR-45017")
    assert (row.issue_date, row.due_date) == (date(2026, 3, 20), date(2026, 4, 20))
    assert (amounts(row), row.findings) == (["200.00 USD", "16.50 USD", "216.50 USD"], ())


def test_quickbooks_lines_are_added_up(tmp_path: Path) -> None:
    [row] = rows(tmp_path, QUICKBOOKS_LINES, "quickbooks")
    assert (amounts(row), row.due_date) == (["1,200.00 USD", "16.50 USD", "1,216.50 USD"], date(2026, 4, 20))
    assert row.findings == ()


def test_the_quickbooks_report_has_a_title_above_and_a_sum_below(tmp_path: Path) -> None:
    [row] = rows(tmp_path, QUICKBOOKS_REPORT, "quickbooks", currency='"USD"')
    assert (row.line, str(row.total), row.net, row.findings) == (6, "1,216.50 USD", None, ())


def test_sage_states_the_total_and_the_tax_may_be_a_constant(tmp_path: Path) -> None:
    [row] = rows(tmp_path, SAGE, "sage")
    assert (str(row.total), row.net, row.tax, row.findings) == ("216.50 USD", None, None, ())
    assert (row.issue_date, row.due_date) == (date(2026, 3, 20), date(2026, 4, 20))


def test_netsuite(tmp_path: Path) -> None:
    [row] = rows(tmp_path, NETSUITE, "netsuite")
    assert (row.po_number, amounts(row)) == ("TR-45017", ["200.00 USD", "16.50 USD", "216.50 USD"])


def test_sap_is_separated_by_tabs_and_writes_as_its_user_does(tmp_path: Path) -> None:
    [row] = rows(tmp_path, SAP, "sap")
    assert (row.invoice_number, row.customer, str(row.total)) == ("90001001", "Tejas Resources", "1,216.50 USD")
    text = SAP.replace("1,216.50", "1.216,50")
    [row] = rows(tmp_path, text, "sap", numbers='"de-DE"')
    assert str(row.total) == "1,216.50 USD"
    [row] = rows(tmp_path, text, "sap")
    assert row.total is None
    assert "is not one number as en-US writes it" in words(row)


def test_a_workbook_goes_through_the_same_maps(tmp_path: Path, reader: DocumentReader) -> None:
    table = [[*line] for line in csv.reader(io.StringIO(QUICKBOOKS_LINES))]
    for line in table[1:]:
        line[2:4] = [date(2026, 3, 20), date(2026, 4, 20)]  # type: ignore[list-item]
        line[7:9] = [float(line[7].replace(",", "")), float(line[8])]  # type: ignore[list-item]
    path = write(tmp_path / "invoices.xlsx", table)
    [row] = read_manifest(path, form(tmp_path, "quickbooks"), reader)
    assert (amounts(row), row.issue_date) == (["1,200.00 USD", "16.50 USD", "1,216.50 USD"], date(2026, 3, 20))


@pytest.mark.parametrize("name", sorted(ready_maps()))
def test_every_ready_map_says_where_its_names_come_from(name: str) -> None:
    text = (ROOT / "submitter" / "documents" / "lists" / "maps" / f"{name}.toml").read_text(encoding="utf-8")
    assert name == "plain" or "was not run against a live" in text


# -- what does not fit ---------------------------------------------------------------------------------------------


def test_rows_of_one_invoice_that_differ_stop_it(tmp_path: Path) -> None:
    [row] = rows(tmp_path, QUICKBOOKS_LINES.replace("04/20/2026", "04/21/2026", 1), "quickbooks")
    assert 'lines 2 and 3: DueDate is "04/21/2026" and "04/20/2026" for one and the same invoice' in words(row)


def test_lines_that_do_not_come_to_the_total_stop_it(tmp_path: Path) -> None:
    [row] = rows(tmp_path, XERO.replace(",50.00,4.50", ",60.00,4.50"), "xero")
    assert "the lines come to 210.00 USD, which is neither the total 216.50 USD nor 200.00 USD" in words(row)
    [row] = rows(tmp_path, XERO.replace("150.00,12", "162.00,12").replace(",50.00,4.50", ",54.50,4.50"), "xero")
    assert row.findings == (), "with tax they come to the total"


def test_a_kind_of_row_that_nobody_knows_goes_to_a_person(tmp_path: Path) -> None:
    _, row = rows(tmp_path, XERO.replace("Sales credit note", "Proforma"), "xero")
    assert 'Type "Proforma" is not known; add it to take or leave' in words(row)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("*InvoiceNumber", "*InvoiceNumbr", 'unknown column "*InvoiceNumbr"; did you mean "InvoiceNumber"?'),
        ("Currency", "Curency", 'unknown column "Curency"; did you mean "Currency"?'),
        ("*InvoiceNumber", "Inv. number", 'lacks the column InvoiceNumber; is it the one called "Inv. number"?'),
        ("Reference", "Reference,Reference", 'has the column "Reference" twice'),
    ],
)
def test_a_mistyped_heading_of_an_export_is_recognised(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        rows(tmp_path, XERO.replace(old, new, 1), "xero")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (XERO, "xero"),
        (QUICKBOOKS_LINES, "quickbooks"),
        (SAGE, "sage"),
        (NETSUITE, "netsuite"),
        (SAP, "sap"),
        ("file,invoice_number,customer,po_number\n", "plain"),
    ],
)
def test_another_erps_export_is_recognised_by_its_headings(tmp_path: Path, text: str, name: str) -> None:
    for erp in sorted(set(ready_maps()) - {name}):
        try:
            rows(tmp_path, text, erp)
        except DocumentRefused as error:
            assert f'set erp = "{name}" below [lists]' in str(error), erp


def test_a_day_that_could_be_two_is_not_guessed(tmp_path: Path) -> None:
    text = NETSUITE.replace("3/20/2026", "3/4/2026")
    [row] = rows(tmp_path, text, "netsuite", dates='["%m/%d/%Y", "%d/%m/%Y"]')
    assert 'Date "3/4/2026" could be two different days' in words(row)
    [row] = rows(tmp_path, NETSUITE.replace("3/20/2026", "20/3/2026"), "netsuite")
    assert 'Date "20/3/2026" is not a date written like 03/31/2026' in words(row)


def test_a_heading_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text("a," * 1_000_000 + "\n")
    with pytest.raises(DocumentRefused, match="has 1,000,001 columns; no list of invoices has more than 300"):
        read_manifest(tmp_path / "invoices.csv")


# -- settings and maps of one's own --------------------------------------------------------------------------------


def test_a_map_of_ones_own(tmp_path: Path) -> None:
    example = (ROOT / "config" / "lists" / "northline-erp.toml.example").read_text(encoding="utf-8")
    folder = tmp_path / "home" / "config" / "lists"
    folder.mkdir(parents=True)
    (folder / "northline-erp.toml").write_text(example, encoding="utf-8")
    heading = "Invoice no.;Customer name;Your order;Type;Line amount;Gross amount;Due on"
    text = f"{heading}\nR-1;Tejas;45;Invoice;1.000,00;1.190,00;20.04.2026\n"
    [row] = rows(tmp_path, text, "northline-erp")
    assert (amounts(row), row.due_date) == (["1,000.00 EUR", "190.00 EUR", "1,190.00 EUR"], date(2026, 4, 20))


def test_the_example_map_names_every_key() -> None:
    text = (ROOT / "config" / "lists" / "northline-erp.toml.example").read_text(encoding="utf-8")
    for key in (*ListMap.model_fields, *ListColumns.model_fields):
        assert f"\n{key} = " in text or f"\n# {key} = " in text or f"\n[{key}" in text, key


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('title = "X"\n[columns]\ninvoice_nubmer = "No"\n', "did you mean 'invoice_number'?"),
        ('title = "X"\n[columns]\ninvoice_number = "No"\n', "columns.customer is missing"),
        ('title = "X"\ndates = ["%d.%m"]\n[columns]\n', "does not write a whole day"),
        ('title = "X"\nnumbers = "german"\n[columns]\n', "'german' is neither plain nor one of"),
        ('title = "X"\nfile = "../{invoice_number}"\n[columns]\ninvoice_number="a"\ncustomer="b"\n', "a file's name"),
        ('title = "X"\n[columns\n', "cannot be read"),
    ],
)
def test_a_wrong_map_is_refused_with_its_file(tmp_path: Path, toml: str, said: str) -> None:
    folder = tmp_path / "home" / "config" / "lists"
    folder.mkdir(parents=True)
    (folder / "own.toml").write_text(toml)
    with pytest.raises(ConfigurationError) as caught:
        form(tmp_path, "own")
    assert said in str(caught.value)
    assert "own.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("erp", "more", "said"),
    [
        ("quickboks", {}, "did you mean 'quickbooks'?"),
        ("xero", {"dates": '["%d"]'}, "does not write a whole day"),
        ("xero", {"numbers": '"x"'}, "neither plain nor one of"),
        ("xero", {"currency": '"USS"'}, "not an ISO 4217 currency code"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, erp: str, more: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        form(tmp_path, erp, **more)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_lists_are_one_too_many(tmp_path: Path) -> None:
    for name in ("invoices.csv", "invoices.xlsx", "~$invoices.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DocumentRefused, match=r"holds the lists invoices\.csv and invoices\.xlsx; leave the one"):
        find_list(tmp_path, plain_format().names)
    assert find_list(tmp_path, ("Invoices.CSV",)) == tmp_path / "invoices.csv"


# -- which file is meant -------------------------------------------------------------------------------------------


def look(folder: Path, reader: DocumentReader, of: ListFormat) -> IntakeReport:
    return examine_folder(folder, [customer()], reader, TODAY, lambda _a, _n: None, of)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "invoices.csv").write_text(NETSUITE)
    (folder / "FT.pdf").write_bytes(page("ticket for INV-1001", "Purchase order TR-45017"))
    return folder


@pytest.mark.parametrize("name", ["INV-1001.pdf", "inv 1001.PDF", "Invoice INV-1001.pdf", "2026 INV-1001 Tejas.pdf"])
def test_an_export_without_file_names_finds_them(
    tmp_path: Path, inbox: Path, reader: DocumentReader, name: str
) -> None:
    (inbox / name).write_bytes(hybrid())
    [item] = look(inbox, reader, form(tmp_path, "netsuite")).items
    assert (item.verdict, item.files[0].path.name) == (IntakeVerdict.GOOD, name), item.findings
    assert item.files[1].path.name == "FT.pdf"


def test_a_proof_that_is_called_like_the_invoice_is_not_sent_as_the_invoice(
    tmp_path: Path, inbox: Path, reader: DocumentReader
) -> None:
    (inbox / "INV-1001 signed.pdf").write_bytes(page("delivery for INV-1001", "Purchase order TR-45017"))
    [item] = look(inbox, reader, form(tmp_path, "netsuite")).items
    assert item.verdict is IntakeVerdict.BLOCKED
    said = " ".join(finding.sentence for finding in item.findings)
    assert 'There is no file for invoice INV-1001: "INV-1001.pdf" was looked for (INV-1001 signed.pdf holds' in said


def test_two_files_for_one_invoice_go_to_a_person(tmp_path: Path, inbox: Path, reader: DocumentReader) -> None:
    (inbox / "Invoice INV-1001.pdf").write_bytes(hybrid())
    (inbox / "INV1001.pdf").write_bytes(hybrid())
    first, *_ = look(inbox, reader, form(tmp_path, "netsuite")).items
    assert first.findings[0].rule == "manifest.file-ambiguous"
    assert "INV1001.pdf and Invoice INV-1001.pdf could each be invoice INV-1001" in first.findings[0].sentence


def test_an_export_without_a_date_beside_a_picture_of_an_invoice_says_what_is_missing(
    tmp_path: Path, inbox: Path, reader: DocumentReader
) -> None:
    (inbox / "invoices.csv").write_text(QUICKBOOKS_REPORT)
    (inbox / "INV-1001.pdf").write_bytes(page("Invoice INV-1001 TR-45017 1,216.50"))
    [item] = look(inbox, reader, form(tmp_path, "quickbooks", currency='"USD"')).items
    assert "invoices.csv does not give its net, tax" in item.findings[0].sentence


# -- formulas in text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3"])
def test_a_formula_in_a_csv_is_only_text(tmp_path: Path, cell: str) -> None:
    quoted = cell.replace('"', '""')
    (tmp_path / "invoices.csv").write_text(f'file,invoice_number,customer,po_number\n"a.pdf","{quoted}",T,45\n')
    [row] = read_manifest(tmp_path / "invoices.csv")
    assert row.invoice_number == cell
    assert guarded(row.invoice_number).startswith("'")


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30))
def test_what_we_write_is_no_formula_and_is_read_back(tmp_path_factory: pytest.TempPathFactory, cell: str) -> None:
    path = tmp_path_factory.getbasetemp() / "invoices.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["file", "invoice_number", "customer", "po_number"])
        writer.writerow(["a.pdf", guarded(cell.strip()), "T", "45"])
    assert not guarded(cell).startswith(FORMULA_STARTS)
    [row] = read_manifest(path)
    assert row.invoice_number == cell.strip()


@given(st.decimals(min_value=0, max_value=10**8, places=2), st.sampled_from(sorted(NUMBER_LOCALES)))
def test_amounts_are_read_as_their_locale_writes_them(
    tmp_path_factory: pytest.TempPathFactory, amount: Decimal, locale: str
) -> None:
    mark, group = NUMBER_LOCALES[locale]
    text = f"{amount:,.2f}".translate({ord(","): group, ord("."): mark})
    base = plain_format()
    of = base.model_copy(update={"map": base.map.model_copy(update={"numbers": locale})})
    path = tmp_path_factory.getbasetemp() / "invoices.csv"
    path.write_text(f'file,invoice_number,customer,po_number,currency,total\na.pdf,1,T,45,USD,"{text}"\n')
    [row] = read_manifest(path, of)
    assert row.total is not None
    assert row.total.amount == amount
