"""A folder as the ERP leaves it becomes items that are good, blocked or duplicates, each with its reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from papers import TODAY, cii, customer, hybrid, page, signed_form

from submitter.documents.intake import IntakeItem, IntakeReport, IntakeVerdict, examine_folder
from submitter.documents.opening.opening import DocumentReader
from submitter.errors import DocumentRefused
from submitter.model.account import Customer
from submitter.practice.shop import Quirk, Trait, make_export

GOOD, BLOCKED, DUPLICATE = IntakeVerdict.GOOD, IntakeVerdict.BLOCKED, IntakeVerdict.DUPLICATE
HEAD = "file,invoice_number,customer,po_number"


def never(_account: str, _number: str) -> str | None:
    return None


def look(folder: Path, reader: DocumentReader, *customers: Customer) -> IntakeReport:
    return examine_folder(folder, customers or (customer(),), reader, TODAY, never)


def put(folder: Path, **files: bytes) -> None:
    for name, data in files.items():
        (folder / f"{name}.pdf").write_bytes(data)


def listed(folder: Path, *rows: str, head: str = HEAD) -> None:
    (folder / "invoices.csv").write_text("\n".join((head, *rows)) + "\n")


def rules(item: IntakeItem) -> list[str]:
    return [finding.rule for finding in item.findings]


def words(item: IntakeItem) -> str:
    return " ".join(finding.sentence for finding in item.findings)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """One invoice in order, with its ticket and its row."""
    put(tmp_path, a=hybrid(), ticket=page("INV-1001", "Purchase order TR-45017"))
    listed(tmp_path, "a.pdf,INV-1001,Tejas,TR-45017")
    return tmp_path


def test_one_invoice_in_order(pair: Path, reader: DocumentReader) -> None:
    [item] = look(pair, reader).items
    assert (item.verdict, item.findings) == (GOOD, ())
    assert [(file.path.name, file.kind) for file in item.files] == [("a.pdf", "invoice"), ("ticket.pdf", "pod")]
    assert item.customer is not None
    assert item.customer.id == "tejas"


def test_the_row_adds_coding_ticket_and_due_date(tmp_path: Path, reader: DocumentReader) -> None:
    put(tmp_path, a=hybrid(), scan_FT_77=page("signed"))
    head = HEAD + ",ticket_number,cost_object,cost_object_number,due_date"
    listed(tmp_path, "a.pdf,INV-1001,Tejas,TR-45017,FT-77,AFE,1712345,2026-04-30", head=head)
    [item] = look(tmp_path, reader).items
    assert item.verdict is GOOD
    assert item.invoice is not None
    assert item.invoice.coding is not None
    assert (item.invoice.coding.cost_object_number, item.invoice.due_date) == ("1712345", date(2026, 4, 30))
    assert item.invoice.ticket_numbers == ("FT-77",)
    assert item.files[1].path.name == "scan_FT_77.pdf"


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        ("a.pdf,INV-1002,Tejas,TR-45017", "manifest.number", "gives the invoice number INV-1002, but a.pdf itself"),
        ("a.pdf,INV-1001,Tejas,TR-45018", "manifest.po", "gives the order TR-45018, but a.pdf itself says TR-45017"),
        ("a.pdf,INV-1001,Tejsa Resources,TR-45017", "customer.unknown", 'did you mean "Tejas Resources"?'),
        ("aa.pdf,INV-1001,Tejas,TR-45017", "manifest.file-missing", 'There is no file "aa.pdf"; did you mean "a.pdf"?'),
        ("../a.pdf,INV-1001,Tejas,TR-45017", "manifest.file", "points outside the folder"),
    ],
)
def test_a_row_that_does_not_fit_is_blocked_alone(
    pair: Path, reader: DocumentReader, row: str, rule: str, said: str
) -> None:
    put(pair, b=hybrid("INV-2001"), ticket_b=page("INV-2001"))
    listed(pair, row, "b.pdf,INV-2001,Tejas,TR-45017")
    items = look(pair, reader).items
    assert items[0].verdict is BLOCKED
    assert rule in rules(items[0])
    assert said in words(items[0])
    assert (items[1].file, items[1].verdict) == ("b.pdf", GOOD)


def test_an_invoice_for_another_customer_is_blocked(pair: Path, reader: DocumentReader) -> None:
    other = customer().model_copy(update={"id": "sabine", "name": "Sabine Energy", "aliases": ()})
    put(pair, a=hybrid(buyer="Sabine Energy"))
    [item] = look(pair, reader, customer(), other).items
    assert (item.verdict, rules(item)) == (BLOCKED, ["customer.differs"])
    [item] = look(pair, reader).items  # nobody we know: perhaps only another way to write the name
    assert (item.verdict, rules(item)) == (GOOD, ["customer.differs"])


def test_the_same_number_twice_is_a_duplicate_of_the_first(pair: Path, reader: DocumentReader) -> None:
    put(pair, copy=hybrid())
    listed(pair, "a.pdf,INV-1001,Tejas,TR-45017", "copy.pdf,INV-1001,Tejas Resources,TR-45017")
    first, second = look(pair, reader).items
    assert (first.verdict, second.verdict, second.duplicate_of) == (GOOD, DUPLICATE, "a.pdf")


def test_the_same_number_with_another_total_stops_both(pair: Path, reader: DocumentReader) -> None:
    put(pair, copy=hybrid(total="300.00"))
    listed(pair, "a.pdf,INV-1001,Tejas,TR-45017", "copy.pdf,INV-1001,Tejas,TR-45017")
    first, second = look(pair, reader).items
    assert (first.verdict, second.verdict) == (BLOCKED, BLOCKED)
    assert "a.pdf says 216.50 USD, copy.pdf says 300.00 USD" in words(first)
    assert "invoice.two-totals" in rules(second)


def test_what_was_submitted_before_is_a_duplicate_of_that(pair: Path, reader: DocumentReader) -> None:
    asked: list[tuple[str, str]] = []

    def before(account: str, number: str) -> str | None:
        asked.append((account, number))
        return "submitted on 2026-03-25 as PR-7"

    report = examine_folder(pair, [customer()], reader, TODAY, before)
    assert [(item.verdict, item.duplicate_of) for item in report.items] == [
        (DUPLICATE, "submitted on 2026-03-25 as PR-7")
    ]
    assert asked == [("tejas", "INV-1001")]


def test_an_invoice_beside_the_list_is_blocked_and_a_ticket_is_not(pair: Path, reader: DocumentReader) -> None:
    put(pair, extra=hybrid("INV-3001"), other=page("a letter"))
    report = look(pair, reader)
    assert [(item.file, item.verdict) for item in report.items] == [("a.pdf", GOOD), ("extra.pdf", BLOCKED)]
    assert "not listed in invoices.csv" in words(report.items[1])
    assert [unused.name for unused in report.unused] == ["other.pdf"]


def test_without_a_list_invoices_are_known_by_their_buyer(tmp_path: Path, reader: DocumentReader) -> None:
    put(tmp_path, a=hybrid(), b=hybrid("INV-2", buyer="Tejas Resourcs"), ticket=page("INV-1001"))
    first, second = look(tmp_path, reader).items
    assert (first.verdict, first.files[1].path.name) == (GOOD, "ticket.pdf")
    assert second.verdict is BLOCKED
    assert 'made out to "Tejas Resourcs", which is not a known customer; did you mean "Tejas Resources"?' in words(
        second
    )


def test_an_invoice_without_data_needs_the_columns(tmp_path: Path, reader: DocumentReader) -> None:
    put(tmp_path, a=page("INV-7 TR-1 total 216.50"), pod=page("INV-7007"))
    head = HEAD + ",issue_date,currency,net,tax,total"
    listed(tmp_path, "a.pdf,INV-7007,Tejas,TR-45017,2026-03-20,USD,200.00,16.50,216.50", head=head)
    [item] = look(tmp_path, reader).items
    assert item.verdict is GOOD
    assert item.invoice is not None
    assert str(item.invoice.total) == "216.50 USD"
    assert "documents.not-in-text" in rules(item)  # the page says something else
    listed(tmp_path, "a.pdf,INV-7007,Tejas,TR-45017,2026-03-20,USD,200.00,,", head=head)
    [item] = look(tmp_path, reader).items
    assert (item.verdict, rules(item)) == (BLOCKED, ["invoice.no-data"])
    assert "does not give its tax, total" in words(item)


def test_data_beside_the_page_is_used(tmp_path: Path, reader: DocumentReader) -> None:
    put(tmp_path, a=page("INV-1001 TR-45017 216.50"), pod=page("INV-1001"))
    (tmp_path / "a.xml").write_bytes(cii())
    for head in (True, False):
        if head:
            listed(tmp_path, "a.pdf,INV-1001,Tejas,TR-45017")
        else:
            (tmp_path / "invoices.csv").unlink()
        [item] = look(tmp_path, reader).items
        assert (item.file, item.verdict) == ("a.pdf", GOOD)


def test_data_beside_the_page_that_says_something_else_is_not_dropped(pair: Path, reader: DocumentReader) -> None:
    (pair / "a.xml").write_bytes(cii(total="300.00"))
    first, second = look(pair, reader).items
    assert (first.verdict, second.verdict) == (BLOCKED, BLOCKED)
    assert "invoice.two-totals" in rules(first)
    (pair / "a.xml").write_bytes(cii())
    [item] = look(pair, reader).items
    assert item.verdict is GOOD


def test_a_locked_ticket_is_said_to_be_locked(pair: Path, reader: DocumentReader) -> None:
    (pair / "ticket.pdf").unlink()
    put(pair, INV_1001_ticket=page("x")[:300])
    [item] = look(pair, reader).items
    assert (item.verdict, rules(item)) == (BLOCKED, ["documents.unreadable"])
    assert "INV_1001_ticket.pdf" in words(item)


def test_files_below_and_hidden_ones(pair: Path, reader: DocumentReader) -> None:
    (pair / "tickets").mkdir()
    (pair / "ticket.pdf").rename(pair / "tickets" / "scan.pdf")
    put(pair, **{".hidden": hybrid("INV-9"), "~$open": hybrid("INV-8")})
    [item] = look(pair, reader).items
    assert (item.verdict, item.files[1].path) == (GOOD, pair / "tickets" / "scan.pdf")


def test_a_signed_proof_stays_marked(pair: Path, reader: DocumentReader) -> None:
    put(pair, INV_1001_signed=signed_form())
    [item] = look(pair, reader).items
    assert [file.reading.signed for file in item.files] == [False, False, True]


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "only tickets", "only a heading"])
def test_a_folder_without_invoices_is_refused_in_one_sentence(
    tmp_path: Path, reader: DocumentReader, kind: str
) -> None:
    folder = tmp_path / "folder"
    if kind == "file":
        folder.write_text("x")
    elif kind != "missing":
        folder.mkdir()
    if kind.startswith("only"):
        put(folder, ticket=page("FT-1"))
    if kind == "only a heading":
        listed(folder)
    with pytest.raises(DocumentRefused, match=r"^[^.]+folder[^.]*(invoices\.csv[^.]*)?\.$"):
        look(folder, reader)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_day_at_the_sample_shop(tmp_path: Path, reader: DocumentReader, seed: int) -> None:
    export = make_export(tmp_path, seed, today=TODAY)
    report = look(tmp_path, reader, customer(coding_required=True))
    items = {item.file: item for item in report.items}
    assert list(items) == [invoice.file for invoice in export.invoices]
    for invoice in export.invoices:
        item = items[invoice.file]
        wrong = [finding.rule for finding in item.findings if finding.severity == "blocks"]
        expected = {
            Trait.GOOD: (GOOD, []),
            Trait.POD_MISSING: (BLOCKED, ["documents.pod-missing"]),
            Trait.POD_OTHER_ORDER: (BLOCKED, ["pod.other-order"]),
            Trait.CURRENCY_DIFFERS: (BLOCKED, ["order.currency"]),
            Trait.EXPORTED_TWICE: (DUPLICATE, []),
        }[invoice.trait]
        assert (item.verdict, wrong) == expected, item.findings
        if invoice.trait is Trait.GOOD:
            assert [file.path.name for file in item.files] == [invoice.file, invoice.ticket_file]
            assert item.invoice is not None
            assert (item.invoice.total.amount, item.invoice.po_number) == (invoice.total, invoice.po)
        warned = [finding.rule for finding in item.findings if finding.severity == "warns"]
        assert warned == (["documents.pod-without-text"] if invoice.quirk is Quirk.POD_WITHOUT_TEXT else [])
        if invoice.trait is Trait.POD_OTHER_ORDER:
            assert invoice.po in words(item)
            assert invoice.pod_po in words(item)


def test_the_currency_of_an_order_is_known_only_with_the_orders(tmp_path: Path, reader: DocumentReader) -> None:
    [foreign] = make_export(tmp_path, 1, today=TODAY).having(Trait.CURRENCY_DIFFERS)
    (tmp_path / "orders.csv").unlink()
    items = {item.file: item for item in look(tmp_path, reader).items}
    assert items[foreign.file].verdict is GOOD
    items = {item.file: item for item in look(tmp_path, reader, customer(currencies=("USD",))).items}
    assert rules(items[foreign.file]) == ["order.currency-taken"]
