"""What the store knows of earlier invoices and orders, and what else lies in the folder, is used when it is read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from papers import TODAY, customer, invoice, order
from written_invoices import as_ubl

from submitter.documents.intake import IntakeItem, examine_folder
from submitter.documents.opening.looking import WithOrders
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.preflight.books import Books, NoBooks
from submitter.model.account import Account, PurchaseOrder
from submitter.queue.books import StoredBooks
from submitter.store import orders, submissions
from submitter.store.database import Database
from tests.unit.store.made import NOW, file, know_accounts

BUYER = customer(file_types=("application/xml",), required_documents=())
LINE = invoice().lines[0]
Look = Callable[..., list[IntakeItem]]


@pytest.fixture
def look(tmp_path: Path, reader: DocumentReader) -> Look:
    def look(books: Books, *numbers: str) -> list[IntakeItem]:
        """Invoices that bill four of the ten pieces of line 10 each."""
        for number in numbers:
            (tmp_path / f"{number}.xml").write_bytes(as_ubl(invoice(number=number)))
        report = examine_folder(tmp_path, [BUYER], reader, TODAY, lambda _a, _n: None, books=books)
        return list(report.items)

    return look


@pytest.fixture
def books(database: Database) -> StoredBooks:
    account: Account = BUYER.account
    with database.transaction() as c:
        know_accounts(c, account)
        orders.remember(c, BUYER.id, [order()], NOW)
    return StoredBooks(database)


def submit(database: Database, number: str, **changes: Any) -> None:
    with database.transaction() as c:
        added = invoice(number=number, **changes)
        submissions.add(c, BUYER.account.id, BUYER.id, added, (file(),), NOW, "clerk")


def rules(item: IntakeItem) -> list[str]:
    return [finding.rule for finding in item.findings]


def test_an_order_from_a_former_export_is_known(database: Database, books: StoredBooks, look: Look) -> None:
    assert BUYER.is_called(books.orders(BUYER)[0].customer)
    [item] = look(books, "INV-1")
    assert rules(item) == []
    with database.transaction() as c:
        dearer = order().lines[0].model_copy(update={"unit_price": Decimal(49)})
        orders.remember(c, BUYER.id, [order(lines=(dearer,))], NOW)
    assert rules(look(books, "INV-1")[0]) == ["order.price"]


def test_what_earlier_invoices_billed_is_counted(database: Database, books: StoredBooks, look: Look) -> None:
    submit(database, "INV-7", lines=(LINE.model_copy(update={"quantity": Decimal(6)}),))
    assert rules(look(books, "INV-1")[0]) == [], "six and four are the ten that were ordered"
    submit(database, "INV-8", lines=(LINE.model_copy(update={"quantity": Decimal("0.5")}),))
    [item] = look(books, "INV-1")
    assert rules(item) == ["order.quantity"]
    assert "which is for 10; 6.5 more are billed by INV-7, INV-8." in item.findings[0].sentence


def test_the_good_ones_of_one_folder_use_up_the_order_together(books: StoredBooks, look: Look) -> None:
    first, second, third = look(books, "INV-1", "INV-2", "INV-3")
    assert [item.verdict for item in (first, second, third)] == ["good", "good", "blocked"]
    assert "4 of line 00010" in third.findings[0].sentence
    assert "8 more are billed by INV-1, INV-2" in third.findings[0].sentence


def test_a_number_in_another_case_is_seen(database: Database, books: StoredBooks, look: Look) -> None:
    submit(database, "inv-1", po_number="TR-9")
    [item] = look(books, "INV-1")
    assert (item.verdict, rules(item)) == ("good", ["invoice.number-similar"])
    assert "INV-1 was already submitted as inv-1 on 02 Mar 2026" in item.findings[0].sentence


def test_orders_given_by_hand_come_before_those_of_the_books(books: StoredBooks, look: Look) -> None:
    newer = order(currency="EUR")
    other: PurchaseOrder = order(number="TR-46000")
    given = WithOrders(books, [newer, other, order(customer="Somebody else", number="TR-1")])
    assert list(given.orders(BUYER)) == [newer, other]
    assert rules(look(given, "INV-1")[0]) == ["order.currency"]
    assert list(WithOrders(NoBooks(), []).orders(BUYER)) == []
