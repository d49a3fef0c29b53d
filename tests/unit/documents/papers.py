"""Files made for these tests: honest ones, damaged ones and bombs, each as small as it can be."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas

from submitter.documents.opening.reading import DocumentReading, FoundFile, Verdict
from submitter.model.account import Account, Customer, OrderLine, PurchaseOrder
from submitter.model.document import DocumentKind
from submitter.model.invoice import Coding, CostObject, Invoice, InvoiceLine
from submitter.model.money import Money
from submitter.model.rules import Rules

TODAY = date(2026, 3, 31)


def page(*lines: str) -> bytes:
    """A PDF of one page with these lines of text."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True)
    for row, line in enumerate(lines):
        canvas.drawString(72, 780 - 16 * row, line)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def with_attachments(pdf: bytes, files: dict[str, bytes]) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    for name, data in files.items():
        writer.add_attachment(name, data)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def raw_pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n" % (extra, len(data)) + data + b"\nendstream"


def pages_sharing(content: bytes, pages: int, extra: bytes = b"/Filter/FlateDecode") -> bytes:
    """A PDF whose every page shows the same stream."""
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 3 0 R/Resources<</Font<</F %s>>>>>>" % font
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
            stream(content, extra),
            *([leaf] * pages),
        ]
    )


def deflate_bomb() -> bytes:
    """Half a gigabyte of zeros in half a megabyte, as the contents of a page."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(512)) + packer.flush()
    return pages_sharing(packed, 1)


def huge_picture() -> bytes:
    """The head of a PNG that claims 80 million pixels: few enough for the library, too many for us."""
    out = b"\x89PNG\r\n\x1a\n"
    head = (10_000).to_bytes(4, "big") + (8_000).to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(5_001))), (b"IEND", b"")):
        out += len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    return out


def signed_form() -> bytes:
    """A form whose signature field is filled in, one level down and with an inherited type."""
    return raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
            b"<</FT/Sig/T(signature)/Kids[5 0 R]>>",
            b"<</Parent 4 0 R/V<</Type/Sig/Filter/Adobe.PPKLite/Contents<00>>>>>",
        ]
    )


BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (str(n - 1).encode() if n else b"") * 10) for n in range(10))
    + b"]><Invoice>&a9;</Invoice>"
)
BARE_DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE Invoice><Invoice/>'
OUTSIDE_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]><Invoice>&x;</Invoice>'
)


def terms(**changed: Any) -> dict[str, Any]:
    """A small invoice in the terms that the child answers with; with _ for - in their names; None takes one out."""
    found: dict[str, Any] = {
        "BT-1": "INV-1001",
        "BT-2": "2026-03-20",
        "BT-3": "380",
        "BT-5": "USD",
        "BT-9": "2026-04-20",
        "BT-13": "TR-45017",
        "BT-16": "FT-5031",
        "BT-109": "200.00",
        "BT-110": "16.50",
        "BT-112": "216.50",
        "BG-4": {"name": "Northline Machine Works"},
        "BG-7": {"name": "Tejas Resources"},
        "BG-25": [
            {
                "BT-126": "1",
                "BT-129": "4",
                "BT-130": "EA",
                "BT-131": "200.00",
                "BT-132": "10",
                "BT-146": "50.00",
                "BT-153": "Cut thread",
            }
        ],
    }
    found |= {key.replace("_", "-"): value for key, value in changed.items()}
    return {key: value for key, value in found.items() if value is not None}


def cii(number: str = "INV-1001", buyer: str = "Tejas Resources", total: str = "216.50", po: str = "TR-45017") -> bytes:
    """A small Factur-X document (profile MINIMUM and a little more), enough to be read as an invoice."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:cen.eu:en16931:2017</ram:ID>
</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime>
<udt:DateTimeString format="102">20260320</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty><ram:Name>Northline Machine Works</ram:Name></ram:SellerTradeParty>
<ram:BuyerTradeParty><ram:Name>{buyer}</ram:Name></ram:BuyerTradeParty>
<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>{po}</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>
</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>USD</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>200.00</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount currencyID="USD">16.50</ram:TaxTotalAmount><ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>
<ram:DuePayableAmount>{total}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>""".encode()


def hybrid(number: str = "INV-1001", **changed: str) -> bytes:
    """A printed invoice that carries its data."""
    data = cii(number, **changed)
    po, total = changed.get("po", "TR-45017"), changed.get("total", "216.50")
    printed = page(f"Invoice {number}", f"Purchase order {po}", f"Total {total} USD")
    return with_attachments(printed, {"factur-x.xml": data})


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def invoice(**changed: Any) -> Invoice:
    """The invoice of `terms`, changed."""
    line = InvoiceLine(
        number="1",
        description="Cut thread",
        quantity=Decimal(4),
        unit="EA",
        unit_price=Decimal("50.00"),
        net=usd("200.00"),
        order_line="10",
    )
    fields: dict[str, Any] = {
        "number": "INV-1001",
        "issue_date": date(2026, 3, 20),
        "currency": "USD",
        "due_date": date(2026, 4, 20),
        "po_number": "TR-45017",
        "ticket_numbers": ("FT-5031",),
        "buyer": "Tejas Resources",
        "net": usd("200.00"),
        "tax": usd("16.50"),
        "total": usd("216.50"),
        "lines": (line,),
        "coding": Coding(cost_object=CostObject.AFE, cost_object_number="1712345"),
    }
    return Invoice(**(fields | changed))


def reading(name: str, text: str = "", **changed: Any) -> DocumentReading:
    fields: dict[str, Any] = {
        "name": name,
        "sha256": (name.encode().hex() + "0" * 64)[:64],
        "size": 20_000,
        "media_type": "application/pdf",
        "verdict": Verdict.OK,
        "pages": 1,
        "text_plain": text,
        "text_layout": text,
    }
    return DocumentReading(**(fields | changed))


def found(name: str, kind: DocumentKind, text: str = "", **changed: Any) -> FoundFile:
    return FoundFile(Path(name), kind, reading(name, text, **changed))


def customer(**rules: Any) -> Customer:
    account = Account(
        id="tejas", customer="tejas", portal="fieldgate", address="https://portal.example.com", user="billing"
    )
    return Customer(id="tejas", name="Tejas Resources", aliases=("Tejas",), account=account, rules=Rules(**rules))


def order(**changed: Any) -> PurchaseOrder:
    line = OrderLine(line="00010", quantity=Decimal(10), unit_price=Decimal("50.00"))
    fields: dict[str, Any] = {"customer": "Tejas", "number": "TR-45017", "currency": "USD", "lines": (line,)}
    return PurchaseOrder(**(fields | changed))
