"""The review page against what we mean to send: every difference is named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from submitter.adapters.comparison import differences, require_same
from submitter.errors import ReadBackDiffers
from submitter.model.document import DocumentKind
from submitter.model.invoice import Coding, CostObject
from submitter.model.money import Money
from submitter.model.portal import Review, ReviewedFile, ReviewedLine
from tests.unit.adapters.test_adapters_contract import a_round
from tests.unit.adapters.tiny.adapter import review_of
from tests.unit.store.made import file, invoice

WORK = a_round()
USD = "USD"
CODING = Coding(cost_object=CostObject.AFE, cost_object_number="A-100", major="12", approver="Ada Sample")


def found(**changes: Any) -> list[str]:
    return differences(review_of(WORK, **changes), WORK)


def test_what_is_shown_as_it_was_entered_is_the_same() -> None:
    assert found() == []
    require_same(review_of(WORK), WORK)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": "INV-2"}, "invoice number: INV-1 entered, INV-2 shown"),
        ({"total": Money.of("108.24", USD)}, "total: 108.25 USD entered, 108.24 USD shown"),
        ({"total": Money.of("108.25", "CAD")}, "total: 108.25 USD entered, 108.25 CAD shown"),
        ({"issue_date": date(2026, 1, 3)}, "invoice date: 2026-03-01 entered, 2026-01-03 shown"),
        ({"po_number": "PO-78"}, "PO number: PO-77 entered, PO-78 shown"),
        ({"currency": "CAD"}, "currency: USD entered, CAD shown"),
        ({"net": Money.of("99.00", USD)}, "net amount: 100.00 USD entered, 99.00 USD shown"),
        ({"tax": Money.of("0.00", USD)}, "tax amount: 8.25 USD entered, 0.00 USD shown"),
    ],
)
def test_each_field_that_differs_is_named(changes: dict[str, Any], sentence: str) -> None:
    assert found(**changes) == [sentence]
    with pytest.raises(ReadBackDiffers, match="nothing was sent") as caught:
        require_same(review_of(WORK, **changes), WORK)
    assert sentence in caught.value.message


def test_all_differences_are_named_not_only_the_first() -> None:
    assert len(found(number="INV-2", po_number="PO-78", tax=Money.of("0", USD))) == 3


@pytest.mark.parametrize("field", ["issue_date", "po_number", "currency", "net", "tax", "coding", "lines"])
def test_what_a_portal_does_not_show_is_not_compared(field: str) -> None:
    assert found(**{field: None}) == []


def test_every_field_of_a_review_is_compared() -> None:
    assert set(Review.model_fields) == {
        *("number", "total", "issue_date", "po_number", "currency", "net", "tax", "coding", "lines", "files")
    }


# -- coding --------------------------------------------------------------------------------------------------------


def test_coding_is_compared_without_case_and_spacing() -> None:
    tidied = CODING.model_copy(update={"approver": " ADA  SAMPLE ", "cost_object_number": "a-100"})
    assert found(coding=tidied) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"cost_object": CostObject.COST_CENTRE},
        {"cost_object_number": "A-101"},
        {"major": "13"},
        {"minor": "1"},
        {"approver": "Ada Samples"},
    ],
    ids=str,
)
def test_coding_that_differs_is_named(changes: dict[str, Any]) -> None:
    (sentence,) = found(coding=CODING.model_copy(update=changes))
    assert sentence.startswith("coding: ")


def test_coding_shown_where_none_was_entered_differs() -> None:
    bare = a_round(invoice=invoice(coding=None))
    assert differences(review_of(bare, coding=CODING), bare) != []


# -- lines ---------------------------------------------------------------------------------------------------------


def line(**changes: Any) -> ReviewedLine:
    given: dict[str, Any] = {"order_line": "1", "quantity": Decimal("2.5"), "unit_price": Decimal("40")}
    return ReviewedLine(**{**given, **changes})


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((line(quantity=Decimal("25")),), "quantity of line 1: 2.5 entered, 25 shown"),
        ((line(unit_price=Decimal("4")),), "unit price of line 1: 40 entered, 4 shown"),
        ((line(order_line="2"),), "lines: 1 entered, 2 shown"),
        ((), "lines: 1 entered,  shown"),
        ((line(), line(order_line="2")), "lines: 1 entered, 1, 2 shown"),
        ((line(), line()), "lines: 1 entered, 1 shown"),
    ],
)
def test_lines_that_differ_are_named(lines: tuple[ReviewedLine, ...], sentence: str) -> None:
    assert found(lines=lines) == [sentence]


def test_trailing_zeros_and_prices_that_are_not_shown_do_not_differ() -> None:
    assert found(lines=(line(quantity=Decimal("2.500"), unit_price=None),)) == []


# -- files ---------------------------------------------------------------------------------------------------------

TICKET = file().document.sha256


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ((), "files: ticket.pdf uploaded,  shown"),
        ((ReviewedFile(name="Ticket.pdf", sha256=TICKET),), "files: ticket.pdf uploaded, Ticket.pdf shown"),
        ((ReviewedFile(name="ticket.pdf", sha256="0" * 64),), "file ticket.pdf: the portal holds other bytes"),
        (
            (ReviewedFile(name="ticket.pdf"), ReviewedFile(name="x.pdf")),
            "files: ticket.pdf uploaded, ticket.pdf, x.pdf",
        ),
        ((ReviewedFile(name="ticket.pdf"),) * 2, "files: ticket.pdf uploaded, ticket.pdf shown"),
    ],
)
def test_files_are_compared_by_name_and_by_hash(files: tuple[ReviewedFile, ...], sentence: str) -> None:
    (difference,) = found(files=files)
    assert difference.startswith(sentence)


def test_where_a_portal_shows_no_fingerprint_the_name_must_do() -> None:
    assert found(files=(ReviewedFile(name="ticket.pdf"),)) == []


def test_a_file_of_which_other_bytes_were_counted_is_named() -> None:
    size = file().document.size
    assert found(files=(ReviewedFile(name="ticket.pdf", size=size),)) == []
    assert found(files=(ReviewedFile(name="ticket.pdf", size=size // 2),)) == [
        "file ticket.pdf: the portal holds other bytes than we sent"
    ]


def test_two_files_that_changed_their_bytes_are_found() -> None:
    copy, ticket = file("copy.pdf", DocumentKind.INVOICE, b"copy"), file()
    work = a_round(files=(copy, ticket))
    swapped = (
        ReviewedFile(name="copy.pdf", sha256=ticket.document.sha256),
        ReviewedFile(name="ticket.pdf", sha256=copy.document.sha256),
    )
    assert len(differences(review_of(work, files=swapped), work)) == 2
