"""Every rule of the book is seen to speak when it is broken, and to keep silent at its very limit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from broken_rules import BOTH, PAPER, POD, TABLE, Tried, earlier, lines, ordered, paper, pod
from hypothesis import given
from hypothesis import strategies as st
from papers import TODAY, customer, found, invoice, order, usd

from submitter.documents.preflight.preflight import check
from submitter.model.account import Customer
from submitter.model.document import DocumentKind
from submitter.model.rulebook import RULEBOOK


@pytest.mark.parametrize(("rule", "broken", "words", "kept"), TABLE, ids=[row[0] for row in TABLE])
def test_each_rule_speaks_and_keeps_silent(rule: str, broken: Tried, words: str, kept: Tried) -> None:
    [said] = broken.findings(rule)
    known = RULEBOOK[rule]
    assert (said.severity, said.reason) == (known.severity, known.reason)
    assert words in said.sentence
    assert said.sentence.endswith((".", "?"))
    assert kept.findings(rule) == []


def test_the_table_has_every_rule() -> None:
    assert [row[0] for row in TABLE] == list(RULEBOOK)


# -- numbers used before -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "policy", "spoken"),
    [
        ("INV-1001", "variants", None),  # to the letter: intake calls that a duplicate, which is an outcome
        ("inv-1001", "as-written", "invoice.number-similar"),
        ("inv-1001", "any-case", "invoice.number-reused"),
        ("INV1001", "variants", "invoice.number-reused"),
        ("INV-1001-02", "variants", "invoice.number-reused"),
        ("X INV-1001", "variants", "invoice.number-reused"),
        ("INV-1001-02", "any-case", None),
        ("INV-1002", "variants", None),
    ],
)
def test_which_numbers_count_as_used_before(before: str, policy: str, spoken: str | None) -> None:
    tried = Tried(rules={"same_number": policy}, earlier=earlier(before))
    rules = [rule for rule in ("invoice.number-reused", "invoice.number-similar") if tried.findings(rule)]
    assert rules == ([spoken] if spoken else [])


# -- dates ---------------------------------------------------------------------------------------------------------


def test_an_invoice_may_be_dated_ahead_as_far_as_the_customer_says() -> None:
    three = {"newest_days": 3}
    assert Tried({"issue_date": date(2026, 4, 3)}, three).findings("invoice.date") == []
    [said] = Tried({"issue_date": date(2026, 4, 4)}, three).findings("invoice.date")
    assert "takes invoices dated up to 3 days ahead" in said.sentence


@given(
    issued=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    later=st.integers(0, 400),
    cutoff=st.integers(1, 31),
)
def test_the_cut_off_is_the_day_of_the_month_behind(issued: date, later: int, cutoff: int) -> None:
    today = date.fromordinal(issued.toordinal() + later)
    said = Tried({"issue_date": issued, "due_date": None}, {"cutoff_day": cutoff}, today=today)
    first_of_next = date(issued.year + issued.month // 12, issued.month % 12 + 1, 1)
    last_of_next = date(first_of_next.year + first_of_next.month // 12, first_of_next.month % 12 + 1, 1)
    open_still = today < first_of_next or (today < last_of_next and today.day <= cutoff)
    assert bool(said.findings("invoice.cutoff")) is not open_still


@pytest.mark.parametrize(
    ("zone", "closed"), [("America/Chicago", False), ("UTC", True), ("Pacific/Auckland", True)], ids=str
)
def test_books_close_by_the_customers_own_calendar(zone: str, closed: bool) -> None:
    """Three in the morning of the 6th in London is the evening of the 5th in Texas."""
    buyer = customer(cutoff_day=5)
    buyer = buyer.model_copy(update={"account": buyer.account.model_copy(update={"time_zone": zone})})
    said = check(invoice(), (PAPER, POD), buyer, (), datetime(2026, 4, 6, 3, tzinfo=UTC))
    assert ("invoice.cutoff" in [finding.rule for finding in said]) is closed


# -- tolerances ----------------------------------------------------------------------------------------------------

AMOUNTS = st.decimals(Decimal("0.01"), Decimal(10_000), places=2)
SHARES = st.decimals(Decimal(0), Decimal("0.5"), places=3)


@given(ordered_=AMOUNTS, share=SHARES, units=st.decimals(Decimal(0), Decimal(50), places=2), cents=st.integers(0, 5000))
def test_the_larger_tolerance_counts_to_the_cent(ordered_: Decimal, share: Decimal, units: Decimal, cents: int) -> None:
    billed = ordered_ + Decimal(cents) / 100
    over = Decimal(cents) / 100 > max(ordered_ * share, units)
    rules = {"quantity_tolerance": share, "quantity_tolerance_units": units}
    tried = Tried(lines(quantity=billed), rules, orders=ordered(quantity=ordered_))
    assert bool(tried.findings("order.quantity")) is over
    rules = {"price_tolerance": share, "price_tolerance_amount": units}
    tried = Tried(lines(unit_price=billed), rules, orders=ordered(unit_price=ordered_))
    assert bool(tried.findings("order.price")) is over


def test_another_order_and_the_invoice_itself_do_not_use_up_the_order() -> None:
    full = ordered(quantity=Decimal(4))
    elsewhere = (invoice(number="INV-0999", po_number="TR-45018"), invoice(number="inv-1001"))
    assert Tried(orders=full, others=elsewhere).findings("order.quantity") == []


# -- documents -----------------------------------------------------------------------------------------------------


def test_one_file_is_never_both_the_ticket_and_the_proof() -> None:
    both = {"required_documents": BOTH}
    [said] = Tried(rules=both).findings("documents.pod-missing")
    assert said.sentence == "Tejas Resources needs 1 proof of delivery besides the field ticket; there are 0."
    signed = found("delivery-note.pdf", DocumentKind.POD, "received in good order")
    complete = Tried(rules=both, files=(PAPER, POD, signed))
    assert complete.findings("documents.pod-missing") == complete.findings("documents.missing") == []
    [said] = Tried(rules=both, files=(PAPER, signed)).findings("documents.missing")
    assert "A file counts as one when it names ticket FT-5031" in said.sentence


@pytest.mark.parametrize("name", ["field ticket.pdf", "Field_Ticket-7.pdf", "fieldticket.pdf"])
def test_a_file_called_field_ticket_is_one(name: str) -> None:
    file = found(name, DocumentKind.POD, "signed")
    assert (
        Tried(rules={"required_documents": ("field_ticket",)}, files=(PAPER, file)).findings("documents.missing") == []
    )


def test_the_one_pdf_is_what_size_and_pages_are_measured_by() -> None:
    one = {"bundle": "combined", "max_file_bytes": 39_999, "max_file_pages": 4}
    [size] = Tried(rules=one, files=pod(pages=4)).findings("documents.file-size")
    assert "The one PDF of 2 files would have about 40,000 bytes; the portal takes 39,999 bytes" in size.sentence
    [pages] = Tried(rules=one, files=pod(pages=4)).findings("documents.file-pages")
    assert "would have 5 pages; the portal takes 4 in a file" in pages.sentence
    assert Tried(rules={"bundle": "combined", "most_files": 1}).findings("documents.count") == []


def test_an_invoice_that_is_no_pdf_cannot_begin_the_one_pdf() -> None:
    scan = paper(media_type="image/png")
    [said] = Tried(rules={"bundle": "combined"}, files=scan).findings("documents.bundle")
    assert "the invoice INV-1001.pdf is none; print it as a PDF" in said.sentence
    assert Tried(rules={"bundle": "combined"}, files=scan[:1]).findings("documents.bundle") == []


# -- severities and where a rule comes from ------------------------------------------------------------------------


def test_a_severity_is_the_customers_to_choose() -> None:
    tried = Tried(rules={"severity": {"order.unknown": "blocks"}}, orders=(order(number="TR-1"),))
    [said] = tried.findings("order.unknown")
    assert (said.severity, said.source) == ("blocks", "customer")
    [said] = Tried({"po_number": ""}, {"severity": {"order.missing": "warns"}}).findings("order.missing")
    assert said.severity == "warns"


@pytest.mark.parametrize("rule", [rule.id for rule in RULEBOOK.values() if rule.always])
def test_a_rule_of_safety_is_not_turned_down(rule: str) -> None:
    with pytest.raises(ValueError, match=f"{rule}' always blocks: "):
        customer(severity={rule: "warns"})
    assert customer(severity={rule: "blocks"}).rules.severity


def test_an_unknown_rule_is_refused_with_a_guess() -> None:
    with pytest.raises(ValueError, match=r"no rule 'order.unknwon' \(did you mean 'order.unknown'\?\)"):
        customer(severity={"order.unknwon": "warns"})


@pytest.mark.parametrize(
    ("rules_from", "source", "told"),
    [
        ({}, "customer", False),
        ({"number_max_length": "IPP profile"}, "IPP profile", True),
    ],
)
def test_a_finding_says_whose_rule_it_is(rules_from: dict[str, str], source: str, told: bool) -> None:
    buyer: Customer = customer(number_max_length=7).model_copy(update={"rules_from": rules_from})
    [said] = check(invoice(), (PAPER, POD), buyer, (), TODAY)
    assert said.source == source
    assert said.told.endswith(f" ({source})") is told
    [said] = check(invoice(tax=usd("1")), (PAPER, POD), customer(), (), TODAY)
    assert said.source == "", "a rule that holds for everybody"


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({}, "For smaller copies: submitter documents shrink."),
        ({"pages": 3}, "submitter documents shrink, or submitter documents split."),
        ({"signed": True}, "It is signed and stays as it is"),
        ({"encrypted": True}, "It is protected against changes and stays as it is"),
    ],
)
def test_a_file_that_is_too_large_is_told_by_how_much_and_what_to_do(changed: dict[str, Any], offered: str) -> None:
    files = (found("INV-1001.pdf", DocumentKind.INVOICE, size=10), found("FT 5031.pdf", DocumentKind.POD, **changed))
    [size] = [one for one in check(invoice(), files, customer(max_file_bytes=19_000), (), TODAY) if "-size" in one.rule]
    assert "20,000 bytes; the portal takes 19,000 bytes a file, 1,000 bytes less" in size.sentence
    assert offered in size.sentence
