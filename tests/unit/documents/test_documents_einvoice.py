"""Electronic invoices: the terms of EN 16931 become our invoice, or a sentence that says what is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from papers import terms

from submitter.documents.einvoices.einvoice import read_terms
from submitter.documents.opening.opening import DocumentReader, Verdict


def test_all_terms_find_their_place() -> None:
    found = read_terms(terms(BT_10="cost 7", BT_15="R-1", BT_16=["FT-5031", "FT-5032"]), ["USD"])
    invoice = found.invoice
    assert invoice is not None
    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("INV-1001", date(2026, 3, 20), date(2026, 4, 20))
    assert (invoice.po_number, invoice.buyer_reference, invoice.receiving_advice) == ("TR-45017", "cost 7", "R-1")
    assert (invoice.despatch_advice, invoice.ticket_numbers) == ("FT-5031", ("FT-5031", "FT-5032"))
    assert (invoice.seller, invoice.buyer) == ("Northline Machine Works", "Tejas Resources")
    assert [str(amount) for amount in (invoice.net, invoice.tax, invoice.total)] == [
        "200.00 USD",
        "16.50 USD",
        "216.50 USD",
    ]
    line = invoice.lines[0]
    assert (line.quantity, line.unit, line.unit_price, line.order_line) == (Decimal(4), "EA", Decimal("50.00"), "10")


def test_a_price_for_a_hundred_is_brought_to_one() -> None:
    line = {"BT-126": "1", "BT-129": "50", "BT-131": "7.50", "BT-146": "15.00", "BT-149": "100"}
    invoice = read_terms(terms(BG_25=[line])).invoice
    assert invoice is not None
    assert invoice.lines[0].unit_price == Decimal("0.15")


def test_charges_and_allowances_are_kept_apart() -> None:
    assert str(read_terms(terms(BT_107="30.00", BT_108="5.00")).adjustments) == "-25.00 USD"
    assert read_terms(terms()).adjustments is None


def test_no_tax_stated_is_no_tax() -> None:
    invoice = read_terms(terms(BT_110=None, BT_112="200.00")).invoice
    assert invoice is not None
    assert invoice.tax.minor == 0


def test_the_totals_that_a_document_need_not_state_are_kept() -> None:
    found = read_terms(terms(BT_106="200.00", BT_113="50.00", BT_114="-0.50", BT_115="166.00")).invoice
    assert found is not None
    assert [str(amount) for amount in (found.line_total, found.paid, found.rounding, found.due)] == [
        "200.00 USD",
        "50.00 USD",
        "-0.50 USD",
        "166.00 USD",
    ]
    bare = read_terms(terms()).invoice
    assert bare is not None
    assert (bare.line_total, bare.paid, bare.rounding, bare.due) == (None, None, None, None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"BT_113": "1.234"}, "amount paid 1.234 has more decimals"),
        ({"BT_115": "soon"}, 'amount due "soon" is not a number'),
        ({"BT_1": None}, "invoice number (BT-1) is missing"),
        ({"BT_1": ["A", "B"]}, "invoice number is given more than once: A, B"),
        ({"BT_2": None}, "invoice date (BT-2) is missing"),
        ({"BT_2": "soon"}, 'invoice date "soon" is not a date'),
        ({"BT_5": "XXX"}, "currency cannot be used"),
        ({"BT_5": "DOLLAR"}, "currency cannot be used"),
        ({"BT_112": None}, "total with tax (BT-112) is missing"),
        ({"BT_112": "216.505"}, "has more decimals than USD has (2)"),
        ({"BT_5": "JPY"}, "has more decimals than JPY has (0)"),
        ({"BT_112": "NaN"}, "is not a number"),
        ({"BT_112": "1e9"}, "is not a number"),
        ({"BT_112": "1" * 40}, "is not a number"),
        ({"BG_25": [{"BT-126": "7", "BT-129": "1", "BT-131": "1.00"}]}, "line 7: the unit price (BT-146) is missing"),
        ({"BG_25": [{"BT-126": "7", "BT-129": "1", "BT-131": "1", "BT-146": "1", "BT-149": "0"}]}, "line 7"),
        ({"BT_1": "9" * 81}, "at most 80 characters"),
    ],
)
def test_what_is_missing_or_impossible_is_a_sentence(changed: dict[str, Any], words: str) -> None:
    found = read_terms(terms(**changed))
    assert found.invoice is None
    assert words in found.problem


def test_amounts_marked_with_another_currency_are_refused() -> None:
    assert "marks amounts as EUR" in read_terms(terms(), ["EUR", "USD"]).problem
    assert read_terms(terms(BT_6="EUR"), ["EUR", "USD"]).invoice  # the tax is stated in the seller's currency too


def test_decimals_beyond_the_currency_are_fine_when_they_are_zeros() -> None:
    assert read_terms(terms(BT_112="216.5000")).invoice


@pytest.mark.samples
@pytest.mark.parametrize(
    ("file", "number", "total", "kind", "lines"),
    [
        ("zugferd/EN16931_Einfach.pdf", "471102", "529.87 EUR", "380", 2),
        ("zugferd/EN16931_Einfach.ubl.xml", "471102", "529.87 EUR", "380", 2),
        ("zugferd/EN16931_1_Teilrechnung.pdf", "471102", "197.65 EUR", "380", 4),
        ("zugferd/Avoir_FR_type381_BASIC.pdf", "AV-2017-0005", "233.47 EUR", "381", 2),
        ("zugferd/Facture_UE_MINIMUM.pdf", "FA-2017-0008", "2,076.76 EUR", "380", 0),
        ("zugferd/MustangGnuaccountingBeispielRE-20201121_508_withBOM.pdf", "RE-20201121/508", "571.04 EUR", "380", 3),
        ("zugferd/ZUGFeRD_1p0_COMFORT_Rabatte.pdf", "471102", "215.14 EUR", "380", 4),
        ("en16931/CII_example5.xml", "TOSL110", "4,675.00 DKK", "380", 3),
        ("en16931/ubl-tc434-creditnote1.xml", "018304 / 28865", "100.11 EUR", "381", 1),
        ("xrechnung/03.02a-INVOICE_ubl.xml", "0000123456", "10,686.20 EUR", "380", 4),
        ("xrechnung/03.03a-INVOICE_uncefact.xml", "0000123456", "10,686.20 EUR", "380", 4),
    ],
)
def test_real_invoices(
    samples: Path, reader: DocumentReader, file: str, number: str, total: str, kind: str, lines: int
) -> None:
    invoice = reader.read(samples / file).invoice
    assert invoice is not None
    assert (invoice.number, str(invoice.total), invoice.type_code, len(invoice.lines)) == (number, total, kind, lines)
    assert invoice.net + invoice.tax == invoice.total


@pytest.mark.samples
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("facturx/order-x-basic.xml", "not supported yet: this is an electronic order"),
        ("zugferd/factur-x-invalid-xml-encoding-attribute.pdf", "not well-formed"),
    ],
)
def test_real_documents_whose_data_cannot_be_used(samples: Path, reader: DocumentReader, file: str, words: str) -> None:
    read = reader.read(samples / file)
    assert read.verdict is Verdict.OK
    assert words in read.invoice_problem


@pytest.mark.samples
@pytest.mark.parametrize(
    ("file", "called"),
    [
        ("OrderRequest.xml", "order"),
        ("ShipNoticeRequest.xml", "ship notice"),
        ("StatusUpdateRequest.xml", "status update"),
    ],
)
def test_other_documents_in_cxml_are_named(samples: Path, reader: DocumentReader, file: str, called: str) -> None:
    read = reader.read(samples / "cxml" / file)
    assert read.verdict is Verdict.NOT_A_DOCUMENT
    assert read.sentence == f"{file}: The file is a cXML {called}, not an invoice."
    assert not read.invoice_problem  # nobody is to mend it


@pytest.mark.samples
def test_the_totals_of_a_real_invoice_are_kept_one_by_one(samples: Path, reader: DocumentReader) -> None:
    invoice = reader.read(samples / "zugferd/ZUGFeRD_1p0_COMFORT_Rabatte.pdf").invoice
    assert invoice is not None
    assert [str(amount) for amount in (invoice.line_total, invoice.paid, invoice.rounding, invoice.due)] == [
        "202.76 EUR",
        "50.00 EUR",
        "None",
        "165.14 EUR",
    ]
    assert (invoice.po_number, invoice.ticket_numbers) == ("2013-471331", ("2013-51112",))


VERDICTS = {
    "corrupt-factur-x-waytoosmall.pdf": Verdict.DAMAGED,
    "r4-aes-user-password.pdf": Verdict.NEEDS_PASSWORD,
    "IT01234567890_FPA02.xml": Verdict.NOT_A_DOCUMENT,
    "OrderRequest.xml": Verdict.NOT_A_DOCUMENT,  # cXML, but not an invoice
    "ShipNoticeRequest.xml": Verdict.NOT_A_DOCUMENT,
    "StatusUpdateRequest.xml": Verdict.NOT_A_DOCUMENT,
}


@pytest.mark.samples
def test_every_sample_has_the_verdict_we_expect(samples: Path, reader: DocumentReader) -> None:
    files = [path for path in sorted(samples.rglob("*")) if path.suffix in {".pdf", ".xml"}]
    assert len(files) > 25
    seen = {path.name: reader.read(path).verdict for path in files}
    assert seen == {path.name: VERDICTS.get(path.name, Verdict.OK) for path in files}
