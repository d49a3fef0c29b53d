"""The hybrid invoices: their data fits the schema, adds up to the cent, and says what the page says."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from typing import Any

import facturx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from submitter.practice.shop import Trait
from submitter.practice.shop.invoice import money, print_invoice
from submitter.practice.shop.ledger import Bill, draw_bills

TODAY = date(2026, 7, 14)
CENT = Decimal("0.01")
BILLS = draw_bills(41, "USD", TODAY)


def read_terms(pdf: bytes) -> dict[str, Any]:
    """Name and content of the embedded data, checked against the schema."""
    name, xml = facturx.get_xml_from_pdf(BytesIO(pdf), check_xsd=True, check_schematron=False)
    assert name == "factur-x.xml"
    assert facturx.get_level(facturx.facturx.etree.fromstring(xml)) == "en16931"
    terms: dict[str, Any] = facturx.parse_ubl_cii_xml(xml, check_xsd=True)
    return terms


def assert_sums_hold(terms: dict[str, Any]) -> None:
    amount = {term: Decimal(terms[term]) for term in ("BT-106", "BT-109", "BT-110", "BT-112", "BT-115")}
    nets = []
    for line in terms["BG-25"]:
        net = Decimal(line["BT-129"]) * Decimal(line["BT-146"])
        assert Decimal(line["BT-131"]) == net.quantize(CENT, ROUND_HALF_UP)
        nets.append(Decimal(line["BT-131"]))
    (tax,) = terms["BG-23"]
    assert amount["BT-106"] == amount["BT-109"] == Decimal(tax["BT-116"]) == sum(nets)
    assert amount["BT-110"] == Decimal(tax["BT-117"])
    assert amount["BT-110"] == (amount["BT-109"] * Decimal(tax["BT-119"]) / 100).quantize(CENT, ROUND_HALF_UP)
    assert amount["BT-112"] == amount["BT-115"] == amount["BT-109"] + amount["BT-110"]
    for value in amount.values():
        assert value == value.quantize(CENT)


@pytest.mark.parametrize("bill", BILLS, ids=lambda bill: str(bill.trait))
def test_the_data_inside_is_the_bill(bill: Bill) -> None:
    terms = read_terms(print_invoice(bill))
    assert_sums_hold(terms)
    assert (terms["BT-1"], terms["BT-2"], terms["BT-5"]) == (bill.number, bill.issued, bill.currency)
    assert (terms["BT-13"], terms["BT-16"]) == (bill.order.number, bill.ticket)
    assert terms["BT-19"] == bill.order.cost_object_number
    assert (terms["BT-9"], terms["BT-72"]) == (bill.due, bill.delivered)
    assert Decimal(terms["BT-115"]) == bill.total
    assert (terms["BG-4"]["name"], terms["BG-7"]["name"]) == ("Northline Machine Works", "Tejas Resources")
    assert [(line["BT-153"], line["BT-132"]) for line in terms["BG-25"]] == [
        (item.description, str(item.line)) for item in bill.items
    ]
    assert {line["BT-130"] for line in terms["BG-25"]} <= {"EA", "HUR", "FOT"}


@pytest.mark.parametrize("bill", BILLS[:4], ids=lambda bill: str(bill.trait))
def test_the_page_says_the_same(bill: Bill) -> None:
    reader = PdfReader(BytesIO(print_invoice(bill)))
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    for words in (
        bill.number,
        bill.order.number,
        bill.ticket,
        bill.order.cost_object_number,
        bill.order.approver,
        bill.order.well,
        f"TOTAL DUE {bill.currency}",
        money(bill.total),
        *(item.description for item in bill.items),
    ):
        assert words in text


def test_fonts_are_embedded_so_that_no_machine_has_to_have_them() -> None:
    page: Any = PdfReader(BytesIO(print_invoice(BILLS[0]))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_a_reprint_differs_on_paper_and_not_in_its_data() -> None:
    first, second = print_invoice(BILLS[0]), print_invoice(BILLS[0], reprint=True)
    assert first != second
    assert read_terms(first) == read_terms(second)


def test_an_exempt_invoice_gives_its_reason() -> None:
    bill = next(bill for seed in range(50) for bill in draw_bills(seed, "USD", TODAY) if not bill.tax_rate)
    (tax,) = read_terms(print_invoice(bill))["BG-23"]
    assert (tax["BT-118"], Decimal(tax["BT-117"])) == ("E", Decimal(0))
    assert tax["BT-120"] == "Resale certificate on file"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32), place=st.integers(min_value=0, max_value=9))
def test_sums_hold_for_any_seed(seed: int, place: int) -> None:
    bill = draw_bills(seed, "USD", TODAY)[place]
    terms = read_terms(print_invoice(bill))
    assert_sums_hold(terms)
    assert terms["BT-5"] == ("EUR" if bill.trait is Trait.CURRENCY_DIFFERS else "USD")
