"""Every electronic format: what one is written to say is what is read, or it is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from papers import invoice, page, with_attachments
from pydantic import ValidationError
from written_invoices import as_cii, as_cxml, as_json, as_ubl, as_zugferd_one

from submitter.documents.einvoices.einvoice import Carried, read_terms
from submitter.documents.einvoices.electronic import Malformed, Unsafe, read_electronic
from submitter.documents.einvoices.json_invoice import read_json
from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.model.invoice import Coding, CostObject, Invoice, InvoiceLine
from submitter.model.money import Money

READ: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "json": read_json,
    "ubl": read_electronic,
    "cii": read_electronic,
    "zugferd-1": read_electronic,
    "cxml": read_electronic,
}
WRITE: dict[str, Callable[[Invoice], bytes]] = {
    "json": as_json,
    "ubl": as_ubl,
    "cii": as_cii,
    "zugferd-1": as_zugferd_one,
    "cxml": as_cxml,
}
#: What a format has no place for, so that it cannot come back.
SILENT_ON: dict[str, tuple[str, ...]] = {
    "json": (),
    "ubl": ("coding",),
    "cii": ("coding",),
    "zugferd-1": ("coding", "rounding"),
    "cxml": ("coding", "rounding", "due_date", "buyer_reference", "receiving_advice"),
}


def carried(data: bytes, read: Callable[[bytes], dict[str, Any]]) -> Carried:
    answer = read(data)
    return (
        read_terms(answer["terms"], answer["currencies"]) if "terms" in answer else Carried(problem=answer["problem"])
    )


# -- there and back ------------------------------------------------------------------------------------------------

LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
WORDS = st.text(LETTERS, min_size=1, max_size=20)
MAYBE = st.just("") | WORDS
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    currency = draw(CURRENCIES)
    money = st.integers(0, 10**12).map(lambda minor: Money(minor=minor, currency=currency))
    signed = st.integers(-(10**12), 10**12).map(lambda minor: Money(minor=minor, currency=currency))
    number = st.decimals(0, 10**6, places=4, allow_nan=False)
    lines = st.builds(
        InvoiceLine,
        number=WORDS,
        description=MAYBE,
        quantity=number.filter(bool),
        unit=st.sampled_from(["EA", "HUR", "C62"]),
        unit_price=number,
        net=money,
        order_line=MAYBE,
    )
    return Invoice(
        number=draw(WORDS),
        issue_date=draw(DAYS),
        type_code=draw(st.sampled_from(["380", "381"])),
        currency=currency,
        due_date=draw(st.none() | DAYS),
        buyer_reference=draw(MAYBE),
        po_number=draw(MAYBE),
        receiving_advice=draw(MAYBE),
        seller=draw(WORDS),
        seller_tax_id=draw(MAYBE),
        buyer=draw(WORDS),
        buyer_tax_id=draw(MAYBE),
        line_total=draw(st.none() | money),
        net=draw(money),
        tax=draw(money),
        total=draw(money),
        paid=draw(st.none() | money),
        rounding=draw(st.none() | signed),
        due=draw(st.none() | money),
        lines=tuple(draw(st.lists(lines, max_size=3))),
        ticket_numbers=tuple(draw(st.lists(WORDS, max_size=3, unique=True))),
        coding=draw(st.none() | st.just(Coding(cost_object=CostObject.AFE, cost_object_number="1712345"))),
    )


def can_say(form: str, one: Invoice) -> Invoice:
    """The same invoice without what the format has no place for."""
    bare = {name: Invoice.model_fields[name].get_default() for name in SILENT_ON[form]}
    if form == "ubl" and one.type_code == "381":
        bare["due_date"] = None  # a UBL credit note says it in another place
    return one.model_copy(update={**bare, "despatch_advice": one.ticket_numbers[0] if one.ticket_numbers else ""})


@pytest.mark.parametrize("form", WRITE)
@given(one=invoices())
def test_what_is_written_is_read_back(form: str, one: Invoice) -> None:
    found = carried(WRITE[form](one), READ[form])
    assert not found.problem
    assert found.invoice == can_say(form, one)


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=12), max_size=6), st.text(max_size=12))
def test_any_terms_are_an_invoice_or_a_sentence(changed: dict[str, str], value: str) -> None:
    """Whatever a hostile file makes its reader say: never an error, and an amount only where one was written."""
    answer = read_json(as_json(invoice()))["terms"]
    for key, text in changed.items():
        answer[key if key in answer else f"BT-{112 if len(key) > 2 else 5}"] = text
    answer["BT-109"] = value
    found = read_terms(answer)
    assert (found.invoice is None) == bool(found.problem)
    if found.invoice:
        assert found.invoice.net == Money.of(Decimal(value.strip()), found.invoice.currency)


KEYS = st.sampled_from(["lines", "net", "coding", "number", "tickets", "x"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(ANY_JSON)
def test_any_json_is_an_invoice_a_sentence_or_nothing(value: Any) -> None:
    written = {**json.loads(as_json(invoice())), **value} if isinstance(value, dict) else value
    answer = read_json(json.dumps(written).encode())
    assert {"terms"} <= set(answer) or {"problem"} == set(answer) or not answer


# -- our own JSON --------------------------------------------------------------------------------------------------


def changed_json(**changed: Any) -> bytes:
    written = json.loads(as_json(invoice())) | changed
    return json.dumps({key: value for key, value in written.items() if value != "gone"}).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed_json(totl="1.00"), 'the key "totl" is unknown; did you mean "total"?'),
        (
            changed_json(coding={"cost_objekt": "AFE"}),
            'the key "coding.cost_objekt" is unknown; did you mean "cost_object"?',
        ),
        (changed_json(lines=[{"qty": "1"}]), 'the key "lines.1.qty" is unknown'),
        (changed_json(total="gone"), "total is missing"),
        (changed_json(total="1,234.50"), 'total "1,234.50" is not a plain number written like "1234.50"'),
        (changed_json(total=1234.5), 'total 1234.5 stands there as a number; write it in quotes: "1234.5"'),
        (changed_json(total="NaN"), 'total "NaN" is not a plain number'),
        (changed_json(issue_date="31.03.2026"), 'issue_date "31.03.2026" is not a date written like 2026-03-31'),
        (changed_json(issue_date="2026-02-30"), 'the invoice date "2026-02-30" is not a date'),
        (changed_json(currency="usd"), 'currency "usd" is not a currency code such as USD'),
        (changed_json(currency="XYZ"), "its currency cannot be used"),
        (changed_json(type="creditnote"), "'invoice', 'credit-note' or 'corrected-invoice'"),
        (changed_json(format="submitter-invoice-2"), "submitter-invoice-1"),
        (changed_json(total="1.234"), "has more decimals than USD has"),
        (as_json(invoice()).replace(b'"net":', b'"net": "7.00", "net":', 1), 'the key "net" is there twice'),
        (changed_json(number="\ud800"), "number"),
    ],
)
def test_a_fault_in_our_json_is_a_sentence(tmp_path: Path, reader: DocumentReader, data: bytes, words: str) -> None:
    path = tmp_path / "4711.json"
    path.write_bytes(data)
    read = reader.read(path)
    assert (read.verdict, read.invoice) == (Verdict.OK, None)
    assert words in read.invoice_problem
    read.invoice_problem.encode()


@pytest.mark.parametrize(
    ("data", "verdict", "words"),
    [
        (b'{"name": "something else", "version": 3}', Verdict.NOT_A_DOCUMENT, '"format": "submitter-invoice-1"'),
        (b"[1, 2, 3]", Verdict.NOT_A_DOCUMENT, "not our invoice"),
        (b'{"format": "submitter-invoice-1",', Verdict.DAMAGED, "not well-formed"),
        (b'{"format": "\xff"}', Verdict.DAMAGED, "not in UTF-8"),
        (b"[" * 200_000, Verdict.HOSTILE, "more memory or work"),
        (b'{"a":' * 200_000, Verdict.HOSTILE, "more memory or work"),
        (b'{"format": "submitter-invoice-1", "net": ' + b"9" * 1_000_000 + b"}", Verdict.OK, ""),
        (b'{"x": "' + b"a" * 10_000_001 + b'"}', Verdict.HOSTILE, "no invoice is that large"),
    ],
)
def test_json_bombs_and_json_of_other_kinds(
    tmp_path: Path, reader: DocumentReader, data: bytes, verdict: Verdict, words: str
) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(data)
    read = reader.read(path)
    assert read.verdict is verdict
    assert words in read.sentence
    assert read.invoice is None
    (tmp_path / "next.json").write_bytes(as_json(invoice()))
    assert reader.read(tmp_path / "next.json").invoice is not None


# -- XML -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "cp1252"])
def test_xml_in_other_encodings(tmp_path: Path, reader: DocumentReader, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "cp1252": "windows-1252", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
    text = as_cii(invoice(buyer="Käufer & Söhne")).decode()
    path = tmp_path / "a.xml"
    path.write_bytes(text.replace("UTF-8", declared.get(encoding, encoding), 1).encode(encoding))
    found = reader.read(path).invoice
    assert found is not None, reader.read(path)
    assert found.buyer == "Käufer & Söhne"


def test_a_comment_inside_a_number_does_not_cut_it() -> None:
    data = as_cii(invoice(number="INV-1001")).replace(b"INV-1001", b"INV-<!-- x -->10<?y z?>01")
    found = carried(data, read_electronic).invoice
    assert found is not None
    assert found.number == "INV-1001"


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE cXML [<!ENTITY x "1">]>',
        b'<!DOCTYPE cXML SYSTEM "cXML.dtd" [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE cXML SYSTEM "cXML.dtd" [<!ATTLIST Money currency CDATA "EUR">]>',
        b'<!DOCTYPE cXML SYSTEM "cXML.dtd" []>',
        b'<!DOCTYPE Invoice SYSTEM "cXML.dtd">',
    ],
)
def test_a_cxml_doctype_that_brings_anything_along_is_hostile(declaration: bytes) -> None:
    data = as_cxml(invoice())
    start, end = data.index(b"<!DOCTYPE"), data.index(b'.dtd">') + 6
    with pytest.raises(Unsafe, match="DOCTYPE"):
        read_electronic(data[:start] + declaration + data[end:])


def test_no_other_document_may_borrow_the_doctype_of_cxml() -> None:
    with pytest.raises(Unsafe, match="claims to be cXML"):
        read_electronic(b'<!DOCTYPE cXML SYSTEM "cXML.dtd">' + as_cii(invoice()).split(b"?>", 1)[1])


def test_an_abbreviation_that_nobody_explains_is_not_left_out_in_silence() -> None:
    with pytest.raises(Malformed, match="entity"):
        read_electronic(as_cxml(invoice(number="INV-1001")).replace(b">Tejas Resources<", b">Tejas &more; Resources<"))


def test_the_doctype_of_cxml_is_never_fetched(tmp_path: Path, reader: DocumentReader) -> None:
    """A definition that would be an error if anybody looked at it."""
    broken = tmp_path / "broken.dtd"
    broken.write_text("<!ELEMENT")
    data = as_cxml(invoice()).replace(b"http://xml.cxml.org/schemas/cXML/1.2.050/InvoiceDetail.dtd", bytes(broken))
    (tmp_path / "a.xml").write_bytes(data)
    assert reader.read(tmp_path / "a.xml").invoice is not None


# -- cXML ----------------------------------------------------------------------------------------------------------


def test_a_cxml_invoice_with_freight_and_discount_adds_up() -> None:
    data = as_cxml(invoice(line_total=Money.of("200.00", "USD"), due=Money.of("216.50", "USD")))
    data = data.replace(b'<TotalAmountWithoutTax><Money currency="USD">200.00</Money></TotalAmountWithoutTax>', b"")
    extra = (
        b'<ShippingAmount><Money currency="USD">12.00</Money></ShippingAmount><SpecialHandlingAmount>'
        b'<Money currency="USD">3.00</Money></SpecialHandlingAmount><InvoiceDetailDiscount>'
        b'<Money currency="USD">15.00</Money></InvoiceDetailDiscount><NetAmount>'
    )
    found = carried(data.replace(b"<NetAmount>", extra), read_electronic)
    assert found.invoice is not None
    assert (str(found.invoice.net), str(found.adjustments)) == ("200.00 USD", "None")
    without = carried(data.replace(b"<NetAmount>", extra.replace(b"15.00", b"5.00")), read_electronic)
    assert without.invoice is not None
    assert (str(without.invoice.net), str(without.adjustments)) == ("210.00 USD", "10.00 USD")


def test_a_cxml_credit_memo_is_a_credit_note_with_positive_amounts() -> None:
    found = carried(as_cxml(invoice(type_code="381")), read_electronic).invoice
    assert found is not None
    assert (found.type_code, str(found.total), found.lines[0].quantity) == ("381", "216.50 USD", Decimal(4))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'purpose="standard"', b'purpose="creditMemo"', "must be negative"),
        (b'purpose="standard"', b'purpose="lineLevelDebitMemo"', 'purpose "lineLevelDebitMemo"'),
        (b'operation="new"', b'operation="delete"', "takes an invoice back"),
        (b'operation="new"', b'operation="new" isInformationOnly="yes"', "for information only"),
        (b"InvoiceDetailSummary", b"InvoiceDetailSummery", "no summary"),
        (
            b'<OrderReference orderID="TR-45017"/>',
            b'<OrderReference orderID="A"/><OrderIDInfo orderID="B"/>',
            "more than once",
        ),
        (b'currency="USD">16.50', b'currency="EUR">16.50', "marks amounts as EUR"),
        (b'invoiceID="INV-1001"', b"", "invoice number (BT-1) is missing"),
        (b">216.50<", b">many<", 'total with tax "many" is not a number'),
        (b">216.50<", b">1E+999999999<", "is not a number"),
        (b"</InvoiceDetailRequest>", b"</InvoiceDetailRequest><InvoiceDetailRequest/>", "more than one"),
    ],
)
def test_a_cxml_invoice_that_cannot_be_used_is_a_sentence(old: bytes, new: bytes, words: str) -> None:
    data = as_cxml(invoice())
    assert old in data
    found = carried(data.replace(old, new), read_electronic)
    assert found.invoice is None
    assert words in found.problem


def test_a_cxml_order_inside_a_pdf_is_not_taken_for_its_invoice(tmp_path: Path, reader: DocumentReader) -> None:
    order = b'<!DOCTYPE cXML SYSTEM "cXML.dtd"><cXML><Request><OrderRequest/></Request></cXML>'
    path = tmp_path / "a.pdf"
    path.write_bytes(with_attachments(page("x"), {"order.xml": order, "factur-x.xml": as_cii(invoice())}))
    read = reader.read(path)
    assert read.invoice is not None
    assert not read.invoice_problem


# -- ZUGFeRD 1.0 ---------------------------------------------------------------------------------------------------


def test_a_zugferd_one_line_of_words_is_not_a_line() -> None:
    start, end = b"<ram:IncludedSupplyChainTradeLineItem>", b"</ram:IncludedSupplyChainTradeLineItem>"
    words = start + b"<ram:AssociatedDocumentLineDocument/>" + end
    data = as_zugferd_one(invoice()).replace(start, words + start, 1)
    found = carried(data, read_electronic).invoice
    assert found is not None
    assert len(found.lines) == 1


def test_a_zugferd_one_date_in_another_form_is_refused() -> None:
    found = carried(as_zugferd_one(invoice()).replace(b">20260320<", b">202603<"), read_electronic)
    assert 'the invoice date "202603" is not a date' in found.problem


# -- the model -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["line_total", "paid", "rounding", "due"])
def test_no_amount_of_an_invoice_is_in_another_currency(field: str) -> None:
    with pytest.raises(ValidationError, match="holds amounts in EUR"):
        Invoice.model_validate(dict(invoice()) | {field: Money.of("1.00", "EUR")})
