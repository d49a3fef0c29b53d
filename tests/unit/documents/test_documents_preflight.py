"""Preflight says, in a clerk's words, what a portal would refuse; each rule is seen to speak and to keep silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from papers import TODAY, customer, found, invoice, order, usd

from submitter.documents.opening.reading import FoundFile, Verdict
from submitter.documents.preflight.preflight import LOOKS, check
from submitter.model.account import Customer, PurchaseOrder
from submitter.model.document import DocumentKind, Finding
from submitter.model.invoice import Invoice
from submitter.model.money import Money
from submitter.model.rulebook import RULEBOOK
from submitter.model.rules import Rules

PRINTED = "Invoice INV-1001 Purchase order TR-45017 Total 216.50"
FILES = (
    found("INV-1001.pdf", DocumentKind.INVOICE, PRINTED),
    found("FT-5031.pdf", DocumentKind.POD, "Ticket FT-5031"),
)


def findings(
    one: Invoice | None = None,
    files: Sequence[FoundFile] = FILES,
    buyer: Customer | None = None,
    orders: Sequence[PurchaseOrder] = (),
) -> tuple[Finding, ...]:
    return check(one or invoice(), files, buyer or customer(), orders, TODAY)


def test_an_invoice_in_order_has_no_findings() -> None:
    assert findings(orders=[order()], buyer=customer(coding_required=True, currencies=("USD",))) == ()


def test_every_rule_of_the_book_is_looked_for_and_no_other() -> None:
    assert LOOKS.keys() == RULEBOOK.keys()


def test_the_book_names_keys_that_there_are_and_every_key_steers_a_rule() -> None:
    named = {key for rule in RULEBOOK.values() for key in rule.keys}
    not_looked_at = {"resubmission_suffix", "suffix_pattern", "severity"}  # for resubmissions; over all rules
    assert named == Rules.model_fields.keys() - not_looked_at


LINE = invoice().lines[0]
BLOCKED: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({"type_code": "381"}, {}, "invoice.type", "credit notes are not submitted yet", ""),
    ({"number": "INV 1001"}, {"number_pattern": "[A-Z0-9-]+"}, "invoice.number-pattern", '"INV 1001"', "REF"),
    ({}, {"number_max_length": 7}, "invoice.number-length", "has 8 characters; the portal takes 7", "REF"),
    ({"issue_date": date(2026, 4, 1)}, {}, "invoice.date", "2026-04-01, which is in the future", "OTH"),
    ({"issue_date": date(2025, 3, 1)}, {}, "invoice.date", "395 days ago", "OTH"),
    ({"due_date": date(2026, 3, 19)}, {}, "invoice.due-date", "2026-03-19 is before the invoice date", "PAY"),
    ({"coding": None}, {"coding_required": True}, "invoice.coding", "INV-1001 has none", "REF"),
    ({"po_number": ""}, {}, "order.missing", "names no purchase order", "REF"),
    ({}, {"po_pattern": r"45\d{8}"}, "order.pattern", '"TR-45017" is not an order number of Tejas', "REF"),
    (
        {},
        {"currencies": ("EUR", "CAD")},
        "order.currency-taken",
        "is in USD, but Tejas Resources takes only EUR, CAD",
        "FIN",
    ),
    ({"tax": usd("16.51")}, {}, "totals.sum", "200.00 USD and 16.51 USD tax are not 216.50 USD", "FIN"),
    ({"lines": (LINE, LINE)}, {}, "totals.lines", "lines come to 400.00 USD, but the invoice says 200.00 USD", "FIN"),
]


@pytest.mark.parametrize(("changed", "rules", "rule", "words", "reason"), BLOCKED)
def test_what_blocks(changed: dict[str, Any], rules: dict[str, Any], rule: str, words: str, reason: str) -> None:
    [said] = [f for f in findings(invoice(**changed), buyer=customer(**rules)) if f.severity == "blocks"]
    assert (said.rule, said.reason) == (rule, reason)
    assert words in said.sentence


def test_a_negative_total_is_a_credit_note_whatever_it_calls_itself() -> None:
    credit = invoice(net=usd("-200.00"), tax=usd("-16.50"), total=usd("-216.50"), lines=())
    [said] = [f for f in findings(credit) if f.rule == "invoice.type"]
    assert "calls itself an invoice (380), but its total is -216.50 USD: it is a credit in disguise" in said.sentence


def test_the_limits_themselves_are_allowed() -> None:
    edge = invoice(issue_date=TODAY, due_date=TODAY)
    assert findings(edge, buyer=customer(number_max_length=8)) == ()
    assert findings(invoice(issue_date=date(2025, 3, 31))) == ()  # 365 days


def test_an_order_in_another_currency_names_both() -> None:
    [said] = findings(orders=[order(currency="EUR")])
    assert said.rule == "order.currency"
    assert said.sentence == "The invoice is in USD, but order TR-45017 is in EUR."


def test_quantities_are_added_up_over_lines_and_have_their_tolerance() -> None:
    lines = tuple(LINE.model_copy(update={"number": n, "quantity": Decimal("5.25"), "net": usd("100")}) for n in "12")
    said = [f for f in findings(invoice(lines=lines), orders=[order()]) if f.severity == "blocks"]
    assert [(f.rule, f.reason) for f in said] == [("order.quantity", "QTY")]
    assert "bills 10.5 of line 00010 of order TR-45017, which is for 10." in said[0].sentence
    lenient = customer(quantity_tolerance=Decimal("0.05"))
    assert not [f for f in findings(invoice(lines=lines), orders=[order()], buyer=lenient) if f.severity == "blocks"]


def test_a_price_above_the_order_blocks_and_below_does_not() -> None:
    dear = LINE.model_copy(update={"unit_price": Decimal("50.01"), "net": usd("200.04")})
    said = findings(invoice(lines=(dear,), net=usd("200.04"), total=usd("216.54")), orders=[order()])
    assert ("order.price", "blocks", "PRI") in [(f.rule, f.severity, f.reason) for f in said]
    cheap = LINE.model_copy(update={"unit_price": Decimal("49.99"), "net": usd("199.96")})
    said = findings(invoice(lines=(cheap,), net=usd("199.96"), total=usd("216.46")), orders=[order()])
    assert not [f for f in said if f.severity == "blocks"]


def test_an_unknown_order_warns_only_where_orders_are_known() -> None:
    assert findings(orders=[order(customer="Somebody else", currency="EUR")]) == ()
    [said] = findings(orders=[order(number="TR-45018")])
    assert (said.rule, said.severity) == ("order.unknown", "warns")
    [said] = findings(orders=[order(lines=(order().lines[0].model_copy(update={"line": "20"}),))])
    assert (said.rule, said.severity) == ("order.line", "warns")


def test_an_allowance_on_the_whole_invoice_warns() -> None:
    paper = found("INV-1001.pdf", DocumentKind.INVOICE, PRINTED, adjustments=usd("-10.00"))
    reduced = invoice(net=usd("190.00"), total=usd("206.50"))
    said = findings(reduced, files=(paper, FILES[1]))
    assert ("totals.adjustment", "warns") in [(f.rule, f.severity) for f in said]
    assert ("totals.lines", "blocks") in [(f.rule, f.severity) for f in findings(reduced)]


def test_a_line_that_is_not_quantity_times_price_warns() -> None:
    odd = LINE.model_copy(update={"unit_price": Decimal("49.5000")})
    [said] = findings(invoice(lines=(odd,)))
    assert said.sentence == "Line 1: 4 at 49.5 is 198.00 USD, but the line says 200.00 USD."


def test_missing_documents_block() -> None:
    [said] = findings(files=FILES[:1])
    assert (said.rule, said.severity, said.reason) == ("documents.pod-missing", "blocks", "DEL")
    assert "ticket FT-5031" in said.sentence
    assert findings(files=FILES[:1], buyer=customer(required_documents=())) == ()
    needs = customer(required_documents=(DocumentKind.OTHER,))
    assert [f.rule for f in findings(buyer=needs)] == ["documents.missing"]


@pytest.mark.parametrize(
    ("changed", "rules", "rule", "severity", "words"),
    [
        (
            {"media_type": "image/png"},
            {},
            "documents.file-type",
            "blocks",
            "FT-5031.pdf is PNG; the portal takes only PDF",
        ),
        ({"size": 200_001}, {"max_file_bytes": 200_000}, "documents.file-size", "blocks", "0.2 MB"),
        ({"size": 1_000}, {"max_total_bytes": 20_000}, "documents.total-size", "blocks", "2 files have 21,000 bytes"),
        ({"encrypted": True}, {}, "documents.encrypted", "warns", "protected against changes"),
        ({"text_plain": " ", "text_layout": ""}, {}, "documents.pod-without-text", "warns", "without text"),
        ({"verdict": Verdict.DAMAGED, "sentence": "It is torn."}, {}, "documents.unreadable", "blocks", "It is torn."),
    ],
)
def test_what_the_files_are(
    changed: dict[str, Any], rules: dict[str, Any], rule: str, severity: str, words: str
) -> None:
    pod = found("FT-5031.pdf", DocumentKind.POD, "Ticket FT-5031")
    pod = pod._replace(reading=pod.reading.model_copy(update=changed))
    [said] = findings(files=(FILES[0], pod), buyer=customer(**rules))
    assert (said.rule, said.severity) == (rule, severity)
    assert words in said.sentence


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("Invoice INV-1001 PO TR-45018 Total 216.50", "order TR-45017"),
        ("Invoice INV-10011 PO TR-45017 Total 216.50", "invoice number INV-1001"),
        ("Invoice INV-1001 PO TR-45017 Total 1216.50", "total 216.50 USD"),
    ],
)
def test_what_is_printed_must_be_what_is_sent(text: str, missed: str) -> None:
    [said] = findings(files=(found("a.pdf", DocumentKind.INVOICE, text), FILES[1]))
    assert (said.rule, said.severity) == ("documents.not-in-text", "warns")
    assert missed in said.sentence


def test_either_way_of_reading_the_page_will_do() -> None:
    paper = found("a.pdf", DocumentKind.INVOICE, "")
    paper = paper._replace(reading=paper.reading.model_copy(update={"text_plain": "glued", "text_layout": PRINTED}))
    assert findings(files=(paper, FILES[1])) == ()


def test_a_currency_without_decimals() -> None:
    yen = Money.of(21650, "JPY")
    one = invoice(currency="JPY", net=yen, tax=Money.of(0, "JPY"), total=yen, lines=())
    paper = found("a.pdf", DocumentKind.INVOICE, "INV-1001 TR-45017 ¥21,650")
    assert findings(one, files=(paper, FILES[1])) == ()
