"""The exported folder: what is in it, what is wrong with which invoice, and that a seed decides it all."""

import csv
import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submitter.practice.shop import Quirk, ShopExport, Trait, make_export
from submitter.practice.shop.ledger import draw_bills
from submitter.practice.shop.manifest import COLUMNS

TODAY = date(2026, 7, 14)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ShopExport:
    return make_export(tmp_path_factory.mktemp("shop"), 20260714, today=TODAY)


def read_manifest(export: ShopExport) -> list[dict[str, str]]:
    with export.manifest.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def test_manifest_names_every_invoice_file_and_agrees_with_the_record(export: ShopExport) -> None:
    rows = read_manifest(export)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(export.invoices) == 11
    invoice_files = {path.name for path in export.folder.glob("*.pdf") if not path.name.startswith("ticket-")}
    assert {row["file"] for row in rows} == invoice_files
    orders = {order["number"]: order for order in export.orders}
    for row, invoice in zip(rows, export.invoices, strict=True):
        order = orders[row["po_number"]]
        assert (row["file"], row["invoice_number"]) == (invoice.file, invoice.number)
        assert (row["po_number"], row["ticket_number"]) == (invoice.po, invoice.ticket)
        assert row["customer"] == "Tejas Resources"
        assert row["due_date"] == (invoice.issued + timedelta(days=30)).isoformat()
        assert TODAY - timedelta(days=10) <= invoice.issued < TODAY
        coding = [row[name] for name in ("cost_object", "cost_object_number", "major", "minor", "approver")]
        assert coding == [
            order["cost_object"],
            order["cost_object_number"],
            order["major"],
            order["minor"],
            order["approver"],
        ]
        assert order["cost_object_number"].startswith("17" if order["cost_object"] == "AFE" else "6")
        assert len(order["cost_object_number"]) == 7


def test_traits_are_dealt_as_promised(export: ShopExport) -> None:
    assert Counter(invoice.trait for invoice in export.invoices) == {
        Trait.GOOD: 7,
        Trait.POD_MISSING: 1,
        Trait.POD_OTHER_ORDER: 1,
        Trait.CURRENCY_DIFFERS: 1,
        Trait.EXPORTED_TWICE: 1,
    }
    assert Counter(invoice.quirk for invoice in export.having(Trait.GOOD)) == {
        Quirk.NONE: 2,
        Quirk.SHARED_ORDER: 2,
        Quirk.PARTIAL: 1,
        Quirk.POD_WITHOUT_TEXT: 1,
        Quirk.HAS_COPY: 1,
    }


def test_only_the_missing_ticket_has_no_file(export: ShopExport) -> None:
    expected = {invoice.ticket_file for invoice in export.invoices if invoice.ticket_file}
    assert {path.name for path in export.folder.glob("ticket-*.pdf")} == expected
    (missing,) = export.having(Trait.POD_MISSING)
    assert missing.ticket_file is None
    assert not (export.folder / f"ticket-{missing.ticket}.pdf").exists()


def test_the_second_export_is_the_same_invoice_in_another_file(export: ShopExport) -> None:
    (copy,) = export.having(Trait.EXPORTED_TWICE)
    (first,) = export.having(Quirk.HAS_COPY)
    assert (copy.number, copy.total, copy.ticket_file) == (first.number, first.total, first.ticket_file)
    assert copy.file in (f"{first.number} (1).pdf", f"copy of {first.number}.pdf")
    assert (export.folder / copy.file).read_bytes() != (export.folder / first.file).read_bytes()


def test_one_order_is_shared_and_every_other_invoice_has_its_own(export: ShopExport) -> None:
    invoices = [invoice for invoice in export.invoices if invoice.trait is not Trait.EXPORTED_TWICE]
    uses = Counter(invoice.po for invoice in invoices)
    assert sorted(uses.values()) == [1] * 8 + [2]
    assert {invoice.po for invoice in invoices if uses[invoice.po] == 2} == {
        invoice.po for invoice in export.having(Quirk.SHARED_ORDER)
    }
    assert sorted(uses) == sorted(order["number"] for order in export.orders)


def test_only_one_invoice_is_in_a_currency_that_its_order_does_not_have(export: ShopExport) -> None:
    currency = {order["number"]: order["currency"] for order in export.orders}
    (odd,) = (invoice for invoice in export.invoices if invoice.currency != currency[invoice.po])
    assert (odd.trait, odd.currency, currency[odd.po]) == (Trait.CURRENCY_DIFFERS, "EUR", "USD")


def test_orders_can_be_posted_as_they_are(export: ShopExport) -> None:
    assert json.loads(json.dumps(export.orders)) == export.orders
    for order in export.orders:
        assert [line["line"] for line in order["lines"]] == list(range(1, len(order["lines"]) + 1))
        for line in order["lines"]:
            assert Decimal(line["quantity"]) > 0
            assert Decimal(line["unit_price"]).as_tuple().exponent == -2


def test_same_seed_same_numbers_other_seed_other_numbers(export: ShopExport, tmp_path: Path) -> None:
    again = make_export(tmp_path, 20260714, today=TODAY)
    assert again.orders == export.orders
    assert again.invoices == export.invoices
    assert again.manifest.read_bytes() == export.manifest.read_bytes()
    here = {bill.number for bill in draw_bills(1, "USD", TODAY)}
    there = {bill.number for bill in draw_bills(2, "USD", TODAY)}
    assert not here & there


def test_orders_in_another_currency_and_an_unknown_one() -> None:
    bills = draw_bills(3, "EUR", TODAY)
    assert {bill.order.currency for bill in bills} == {"EUR"}
    assert [bill.currency for bill in bills if bill.trait is Trait.CURRENCY_DIFFERS] == ["USD"]
    with pytest.raises(ValueError, match=r"does not sell in 'JPY'; choose one of USD"):
        draw_bills(3, "JPY", TODAY)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32), day=st.dates(date(2024, 1, 1), date(2035, 12, 31)))
def test_whatever_the_seed_the_books_balance(seed: int, day: date) -> None:
    bills = draw_bills(seed, "USD", day)
    assert len({bill.number for bill in bills}) == len({bill.ticket for bill in bills}) == 10
    open_quantity = {(bill.order.number, item.line): item.quantity for bill in bills for item in bill.order.items}
    for bill in bills:
        assert 1 <= len(bill.items) <= 4
        assert bill.net == sum(item.amount for item in bill.items)
        assert bill.total == bill.net + bill.tax
        assert abs(bill.tax - bill.net * bill.tax_rate / 100) <= Decimal("0.005")
        assert (bill.pod_order == bill.order.number) == (bill.trait is not Trait.POD_OTHER_ORDER)
        for item in bill.items:
            open_quantity[bill.order.number, item.line] -= item.quantity
    left = {order for (order, _), quantity in open_quantity.items() if quantity > 0}
    assert min(open_quantity.values()) == 0
    assert left == {bill.order.number for bill in bills if bill.quirk is Quirk.PARTIAL}
