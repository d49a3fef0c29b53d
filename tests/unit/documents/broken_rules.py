"""An invoice in order, and for every rule of the book a change that breaks it and one that only just keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from papers import TODAY, customer, found, invoice, order, usd

from submitter.documents.opening.reading import FoundFile, Verdict
from submitter.documents.preflight.preflight import check
from submitter.model.account import PurchaseOrder
from submitter.model.document import DocumentKind, Finding
from submitter.model.invoice import Coding, Invoice
from submitter.model.submission import Earlier, RoundState

PAPER = found("INV-1001.pdf", DocumentKind.INVOICE, "Invoice INV-1001 Purchase order TR-45017 Total 216.50")
POD = found("FT-5031.pdf", DocumentKind.POD, "Ticket FT-5031")
LINE = invoice().lines[0]


@dataclass
class Tried:
    """An invoice in order, changed in one place."""

    one: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    files: tuple[FoundFile, ...] = (PAPER, POD)
    orders: tuple[PurchaseOrder, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    others: tuple[Invoice, ...] = ()
    today: date = TODAY

    def findings(self, rule: str) -> list[Finding]:
        buyer = customer(**self.rules)
        said = check(invoice(**self.one), self.files, buyer, self.orders, self.today, self.earlier, self.others)
        return [finding for finding in said if finding.rule == rule]


def coded(**changed: Any) -> dict[str, Any]:
    return {"coding": Coding(**{"cost_object": "AFE", "cost_object_number": "1712345"} | changed)}


def lines(**changed: Any) -> dict[str, Any]:
    return {"lines": (LINE.model_copy(update=changed),)}


def pod(**changed: Any) -> tuple[FoundFile, ...]:
    return PAPER, POD._replace(reading=POD.reading.model_copy(update=changed))


def paper(**changed: Any) -> tuple[FoundFile, ...]:
    return PAPER._replace(reading=PAPER.reading.model_copy(update=changed)), POD


def ordered(**changed: Any) -> tuple[PurchaseOrder, ...]:
    line = order().lines[0].model_copy(update=changed)
    return (order(lines=(line,)),)


def earlier(number: str, total: str = "216.50", issued: date = date(2026, 3, 20)) -> tuple[Earlier, ...]:
    at = datetime(2026, 3, 21, 9, tzinfo=UTC)
    return (Earlier(number=number, total=usd(total), issue_date=issued, at=at, state=RoundState.CONFIRMED),)


def other(quantity: str) -> tuple[Invoice, ...]:
    return (invoice(number="INV-0999", **lines(quantity=Decimal(quantity))),)


TAXED = {"net": usd("200.00"), "tax": usd("16.50"), "total": usd("216.50")}
UNTAXED = {"net": usd("200.00"), "tax": usd("0"), "total": usd("200.00")}
BOTH = ("pod", "field_ticket")

#: Rule, broken, a part of what is said, kept.
TABLE: list[tuple[str, Tried, str, Tried]] = [
    ("invoice.type", Tried({"type_code": "381"}), "credit notes are not submitted yet", Tried({"type_code": "384"})),
    ("invoice.unusual-type", Tried({"type_code": "326"}), "document type 326", Tried({"type_code": "381"})),
    (
        "invoice.number-pattern",
        Tried({"number": "INV 1001"}, {"number_pattern": "[A-Z0-9-]+"}),
        "must look like [A-Z0-9-]+",
        Tried(rules={"number_pattern": "[A-Z0-9-]+"}),
    ),
    (
        "invoice.number-length",
        Tried(rules={"number_max_length": 7}),
        "has 8 characters; the portal takes 7",
        Tried(rules={"number_max_length": 8}),
    ),
    (
        "invoice.number-reused",
        Tried(rules={"same_number": "variants"}, earlier=earlier("INV-1001A")),
        "was already submitted as INV-1001A on 21 Mar 2026 with the same date and total (216.50 USD)",
        Tried(rules={"same_number": "variants"}, earlier=earlier("INV-1001A", total="216.51")),
    ),
    (
        "invoice.number-similar",
        Tried(earlier=earlier("inv-1001", total="1.00")),
        "was already submitted as inv-1001 on 21 Mar 2026",
        Tried(earlier=earlier("INV-1001A")),
    ),
    ("invoice.date", Tried({"issue_date": date(2026, 4, 1)}), "in the future", Tried({"issue_date": TODAY})),
    (
        "invoice.cutoff",
        Tried(rules={"cutoff_day": 5}, today=date(2026, 4, 6)),
        "only until day 5 of the next (today is 2026-04-06)",
        Tried(rules={"cutoff_day": 5}, today=date(2026, 4, 5)),
    ),
    (
        "invoice.due-date",
        Tried({"due_date": date(2026, 3, 19)}),
        "2026-03-19 is before",
        Tried({"due_date": date(2026, 3, 20)}),
    ),
    (
        "invoice.coding",
        Tried({"coding": None}, {"coding_required": True}),
        "INV-1001 has none",
        Tried({"coding": None}),
    ),
    (
        "invoice.cost-object",
        Tried(coded(cost_object="Cost centre"), {"cost_objects": ("AFE",)}),
        "names a Cost centre, but Tejas Resources takes only AFE",
        Tried(rules={"cost_objects": ("AFE",), "afe_pattern": r"17\d{5}", "cost_centre_pattern": "x"}),
    ),
    (
        "invoice.major",
        Tried(coded(major="8300"), {"major_pattern": r"82\d\d"}),
        '"8300" is not a major code of Tejas Resources; they look like 82',
        Tried(coded(major="8210"), {"major_pattern": r"82\d\d", "majors": ("8210",), "major_required": True}),
    ),
    (
        "invoice.minor",
        Tried(rules={"minor_required": True}),
        "needs the minor code of each invoice, and INV-1001 has none",
        Tried(rules={"minors": ("3010",), "minor_pattern": "3.*"}),
    ),
    (
        "invoice.approver",
        Tried(coded(approver="Jo Smiht"), {"approvers": ("Jo Smith", "Ana Ruiz")}),
        '"Jo Smiht" is not among those who may approve for Tejas Resources; did you mean "Jo Smith"?',
        Tried(coded(approver=" jo  SMITH"), {"approvers": ("Jo Smith", "Ana Ruiz"), "approver_required": True}),
    ),
    (
        "order.missing",
        Tried({"po_number": ""}),
        "names no purchase order",
        Tried({"po_number": ""}, {"po_required": False}),
    ),
    (
        "order.pattern",
        Tried(rules={"po_pattern": r"45\d{8}"}),
        '"TR-45017" is not an order number',
        Tried(rules={"po_pattern": r"TR-\d+"}),
    ),
    (
        "order.currency-taken",
        Tried(rules={"currencies": ("EUR", "CAD")}),
        "takes only EUR, CAD",
        Tried(rules={"currencies": ("EUR", "USD")}),
    ),
    ("order.currency", Tried(orders=(order(currency="EUR"),)), "order TR-45017 is in EUR", Tried(orders=(order(),))),
    ("order.unknown", Tried(orders=(order(number="TR-1"),)), "not among the known orders", Tried(orders=(order(),))),
    ("order.line", Tried(orders=ordered(line="20")), "has no line 10", Tried(orders=ordered(line="0010"))),
    (
        "order.quantity",
        Tried(orders=ordered(quantity=Decimal(10)), others=other("6.5")),
        "bills 4 of line 00010 of order TR-45017, which is for 10; 6.5 more are billed by INV-0999.",
        Tried(orders=ordered(quantity=Decimal(10)), others=other("6")),
    ),
    (
        "order.price",
        Tried(rules={"price_tolerance_amount": "0.99"}, orders=ordered(unit_price=Decimal(49))),
        "the price 50 USD is above the 49 of line 00010 of order TR-45017 (Tejas Resources takes up to 49.99)",
        Tried(rules={"price_tolerance_amount": "1"}, orders=ordered(unit_price=Decimal(49))),
    ),
    (
        "tax.required",
        Tried(UNTAXED, {"tax": "required"}),
        "wants tax on every invoice",
        Tried(TAXED, {"tax": "required"}),
    ),
    ("tax.none", Tried(TAXED, {"tax": "none"}), "states 16.50 USD", Tried(UNTAXED, {"tax": "none"})),
    (
        "tax.rate",
        Tried(rules={"tax_rates": ("0", "7.25")}),
        "The tax 16.50 USD on 200.00 USD is not 0 % (0.00 USD) or 7.25 % (14.50 USD).",
        Tried(rules={"tax_rates": ("0", "8.25")}),
    ),
    (
        "tax.seller-id",
        Tried(rules={"seller_tax_id_required": True}),
        "wants our tax number",
        Tried({"seller_tax_id": "US1"}, {"seller_tax_id_required": True}),
    ),
    (
        "tax.buyer-id",
        Tried({"buyer_tax_id": "DE 123456788"}, {"buyer_tax_ids": ("DE123456789",)}),
        '"DE 123456788" is not one of Tejas Resources, which are DE123456789',
        Tried({"buyer_tax_id": "DE 123456789"}, {"buyer_tax_ids": ("DE123456789",), "buyer_tax_id_required": True}),
    ),
    ("lines.missing", Tried({"lines": ()}, {"lines_required": True}), "has none", Tried({"lines": ()})),
    (
        "lines.count",
        Tried({"lines": (LINE, LINE)}, {"most_lines": 1}),
        "has 2 lines; Tejas Resources takes 1",
        Tried(rules={"most_lines": 1}),
    ),
    (
        "lines.description",
        Tried(rules={"description_max_length": 9}),
        "has 10 characters; the portal takes 9",
        Tried(rules={"description_max_length": 10}),
    ),
    (
        "lines.unit",
        Tried(rules={"units": ("HUR", "C62")}),
        'has the unit "EA"; Tejas Resources takes only HUR, C62',
        Tried(rules={"units": ("ea",)}),
    ),
    ("totals.sum", Tried({"tax": usd("16.51")}), "do not add up", Tried()),
    (
        "totals.due",
        Tried({"paid": usd("50.00"), "rounding": usd("0.50"), "due": usd("166.50")}),
        "216.50 USD less 50.00 USD paid and 0.50 USD rounding is not 166.50 USD",
        Tried({"paid": usd("50.00"), "rounding": usd("0.50"), "due": usd("167.00")}),
    ),
    (
        "totals.line-total",
        Tried({"line_total": usd("199.00")}),
        "lines come to 200.00 USD, but the invoice says that their sum is 199.00 USD",
        Tried({"line_total": usd("200.00")}),
    ),
    ("totals.lines", Tried({"lines": (LINE, LINE)}), "lines come to 400.00 USD", Tried({"lines": ()})),
    (
        "totals.adjustment",
        Tried({"net": usd("190"), "total": usd("206.50")}, files=paper(adjustments=usd("-10"))),
        "-10.00 USD is an allowance or charge",
        Tried({"net": usd("190"), "total": usd("206.50")}),
    ),
    ("totals.line", Tried(lines(unit_price=Decimal("49.5"))), "4 at 49.5 is 198.00 USD", Tried()),
    (
        "documents.pod-missing",
        Tried(rules={"document_limits": {"pod": {"least": 2}}}),
        "needs 2 proofs of delivery; there is 1.",
        Tried(rules={"document_limits": {"pod": {"least": 1}}}),
    ),
    (
        "documents.missing",
        Tried({"ticket_numbers": ()}, {"required_documents": ("field_ticket",)}),
        "needs a field ticket with each invoice; there is none",
        Tried(rules={"required_documents": ("field_ticket",)}),
    ),
    (
        "documents.too-many",
        Tried(rules={"document_limits": {"pod": {"most": 1}}}, files=(PAPER, POD, POD)),
        "There are 2 proofs of delivery; Tejas Resources takes 1.",
        Tried(rules={"document_limits": {"pod": {"most": 1}}}),
    ),
    ("documents.count", Tried(rules={"most_files": 1}), "2 files; the portal takes 1", Tried(rules={"most_files": 2})),
    ("documents.unreadable", Tried(files=pod(verdict=Verdict.DAMAGED, sentence="It is torn.")), "It is torn.", Tried()),
    (
        "documents.file-type",
        Tried(files=pod(media_type="image/png")),
        "FT-5031.pdf is PNG; the portal takes only PDF",
        Tried(rules={"bundle": "combined"}, files=pod(media_type="image/png")),
    ),
    (
        "documents.file-size",
        Tried(rules={"max_file_bytes": 19_999}, files=paper(size=10_000)),
        "20,000 bytes; the portal takes 19,999 bytes a file",
        Tried(rules={"max_file_bytes": 20_000}),
    ),
    (
        "documents.total-size",
        Tried(rules={"max_total_bytes": 39_999}),
        "2 files have 40,000 bytes together",
        Tried(rules={"max_total_bytes": 40_000}),
    ),
    (
        "documents.file-pages",
        Tried(rules={"max_file_pages": 3}, files=pod(pages=4)),
        "FT-5031.pdf has 4 pages; the portal takes 3",
        Tried(rules={"max_file_pages": 4}, files=pod(pages=4)),
    ),
    (
        "documents.total-pages",
        Tried(rules={"max_total_pages": 4}, files=pod(pages=4)),
        "2 files have 5 pages together; the portal takes 4",
        Tried(rules={"max_total_pages": 5}, files=pod(pages=4)),
    ),
    (
        "documents.name",
        Tried(rules={"rename_files": False, "name_max_length": 11}),
        '"INV-1001.pdf"; rename it, for example to INV-100.pdf.',
        Tried(rules={"rename_files": True, "name_max_length": 9}),
    ),
    (
        "documents.bundle",
        Tried(rules={"bundle": "combined"}, files=paper(signed=True)),
        "nothing can be added to INV-1001.pdf, which is signed",
        Tried(rules={"bundle": "separate"}, files=paper(signed=True)),
    ),
    (
        "documents.bundle-embedded",
        Tried(rules={"bundle": "combined"}, files=pod(signed=True)),
        "FT-5031.pdf is signed, so its pages cannot be put into another",
        Tried(rules={"bundle": "combined"}),
    ),
    ("documents.encrypted", Tried(files=pod(encrypted=True)), "protected against changes", Tried()),
    ("documents.pod-without-text", Tried(files=pod(text_plain=" ", text_layout="")), "picture without text", Tried()),
    (
        "documents.not-in-text",
        Tried(files=paper(text_plain="Invoice INV-1001 PO TR-45018 216.50", text_layout="")),
        "order TR-45017 does not stand in the text",
        Tried(),
    ),
    ("documents.read-two-ways", Tried(files=paper(notes=("It has 2 pages or 3.",))), "2 pages or 3", Tried()),
]
