"""Invoices written out in each format that we read, by these tests alone: reading them back must give the same."""

from __future__ import annotations

import json
from decimal import Decimal
from html import escape

from submitter.model.invoice import Invoice
from submitter.model.money import Money, exponent


def plain(number: Decimal) -> str:
    return f"{number:f}"


def amount(money: Money) -> str:
    return f"{money.amount:.{exponent(money.currency)}f}"


def element(name: str, text: str | None, **attributes: str) -> str:
    """One element, or nothing when there is nothing to say."""
    if not text:
        return ""
    marks = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{marks}>{escape(text)}</{name}>"


def totals(invoice: Invoice) -> dict[str, str]:
    """The stated amounts by their names in the model."""
    found = {name: getattr(invoice, name) for name in ("line_total", "net", "tax", "total", "paid", "rounding", "due")}
    return {name: amount(money) for name, money in found.items() if money is not None}


def as_json(invoice: Invoice) -> bytes:
    kinds = {"380": "invoice", "381": "credit-note", "384": "corrected-invoice"}
    written = {
        "format": "submitter-invoice-1",
        "type": kinds[invoice.type_code],
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "currency": invoice.currency,
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "buyer_reference": invoice.buyer_reference,
        "po_number": invoice.po_number,
        "receiving_advice": invoice.receiving_advice,
        "tickets": list(invoice.ticket_numbers),
        "seller": invoice.seller,
        "seller_tax_id": invoice.seller_tax_id,
        "buyer": invoice.buyer,
        "buyer_tax_id": invoice.buyer_tax_id,
        "coding": invoice.coding.model_dump(mode="json") if invoice.coding else None,
        "lines": [
            {
                "number": line.number,
                "description": line.description,
                "quantity": plain(line.quantity),
                "unit": line.unit,
                "unit_price": plain(line.unit_price),
                "net": amount(line.net),
                "order_line": line.order_line,
            }
            for line in invoice.lines
        ],
    }
    return json.dumps(written | totals(invoice), ensure_ascii=False).encode()


def as_ubl(invoice: Invoice) -> bytes:
    credit = invoice.type_code == "381"
    root, line_name, quantity = (
        ("CreditNote", "CreditNoteLine", "CreditedQuantity")
        if credit
        else ("Invoice", "InvoiceLine", "InvoicedQuantity")
    )
    money, stated = {"currencyID": invoice.currency}, totals(invoice)
    parties = "".join(
        f"<cac:Accounting{role}Party><cac:Party><cac:PartyTaxScheme>{element('cbc:CompanyID', tax_id)}<cac:TaxScheme>"
        "<cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>"
        f"{element('cbc:RegistrationName', name)}</cac:PartyLegalEntity></cac:Party></cac:Accounting{role}Party>"
        for role, name, tax_id in (
            ("Supplier", invoice.seller, invoice.seller_tax_id),
            ("Customer", invoice.buyer, invoice.buyer_tax_id),
        )
    )
    lines = "".join(
        f"<cac:{line_name}>{element('cbc:ID', line.number)}"
        f"{element(f'cbc:{quantity}', plain(line.quantity), unitCode=line.unit)}"
        f"{element('cbc:LineExtensionAmount', amount(line.net), **money)}"
        f"<cac:OrderLineReference>{element('cbc:LineID', line.order_line)}</cac:OrderLineReference>"
        f"<cac:Item>{element('cbc:Name', line.description)}</cac:Item>"
        f"<cac:Price>{element('cbc:PriceAmount', plain(line.unit_price), **money)}</cac:Price></cac:{line_name}>"
        for line in invoice.lines
    )
    names = ("line_total", "net", "total", "paid", "rounding", "due")
    called = ("LineExtension", "TaxExclusive", "TaxInclusive", "Prepaid", "PayableRounding", "Payable")
    sums = "".join(
        element(f"cbc:{tag}Amount", stated.get(name), **money) for tag, name in zip(called, names, strict=True)
    )
    tickets = "".join(
        f"<cac:{tag}>{element('cbc:ID', number)}</cac:{tag}>"
        for tag, number in (
            *(("DespatchDocumentReference", ticket) for ticket in invoice.ticket_numbers),
            ("ReceiptDocumentReference", invoice.receiving_advice),
        )
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" '
        'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
        'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"
        f"{element('cbc:ID', invoice.number)}{element('cbc:IssueDate', invoice.issue_date.isoformat())}"
        f"{element('cbc:DueDate', invoice.due_date.isoformat() if invoice.due_date else '') if not credit else ''}"
        f"{element(f'cbc:{root}TypeCode', invoice.type_code)}{element('cbc:DocumentCurrencyCode', invoice.currency)}"
        f"{element('cbc:BuyerReference', invoice.buyer_reference)}"
        f"<cac:OrderReference>{element('cbc:ID', invoice.po_number)}</cac:OrderReference>{tickets}{parties}"
        f"<cac:TaxTotal>{element('cbc:TaxAmount', stated['tax'], **money)}</cac:TaxTotal>"
        f"<cac:LegalMonetaryTotal>{sums}</cac:LegalMonetaryTotal>{lines}</{root}>"
    ).encode()


def as_cxml(invoice: Invoice) -> bytes:
    """As Ariba and Coupa take it. A credit memo has its signs turned; what cXML cannot say is left out."""
    sign = -1 if invoice.type_code == "381" else 1
    money = {"currency": invoice.currency}

    def priced(name: str, value: Decimal) -> str:
        return f"<{name}>{element('Money', plain(value), **money)}</{name}>"

    def summed(name: str, value: Money | None) -> str:
        return "" if value is None else priced(name, value.amount * sign)

    lines = "".join(
        f'<InvoiceDetailItem invoiceLineNumber="{escape(line.number)}" quantity="{plain(line.quantity * sign)}">'
        f"{element('UnitOfMeasure', line.unit)}{priced('UnitPrice', line.unit_price)}"
        f'<InvoiceDetailItemReference lineNumber="{escape(line.order_line)}">'
        f"{element('Description', line.description)}</InvoiceDetailItemReference>"
        f"{summed('SubtotalAmount', line.net)}</InvoiceDetailItem>"
        for line in invoice.lines
    )
    partners = "".join(
        f'<InvoicePartner><Contact role="{role}">{element("Name", name)}</Contact>'
        f'<IdReference domain="vatID" identifier="{escape(tax_id)}"/></InvoicePartner>'
        for role, name, tax_id in (
            ("remitTo", "Somebody Else", "X"),
            ("from", invoice.seller, invoice.seller_tax_id),
            ("soldTo", invoice.buyer, invoice.buyer_tax_id),
        )
    )
    notices = "".join(f'<ShipNoticeIDInfo shipNoticeID="{escape(one)}"/>' for one in invoice.ticket_numbers)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/InvoiceDetail.dtd">\n'
        '<cXML payloadID="1@example.com" timestamp="2026-03-31T10:00:00-06:00"><Header/><Request><InvoiceDetailRequest>'
        f'<InvoiceDetailRequestHeader invoiceID="{escape(invoice.number)}" operation="new" '
        f'purpose="{"creditMemo" if sign < 0 else "standard"}" invoiceDate="{invoice.issue_date}T23:30:00-06:00">'
        f"{partners}{notices}</InvoiceDetailRequestHeader><InvoiceDetailOrder><InvoiceDetailOrderInfo>"
        f'<OrderReference orderID="{escape(invoice.po_number)}"/></InvoiceDetailOrderInfo>{lines}</InvoiceDetailOrder>'
        f"<InvoiceDetailSummary>{summed('SubtotalAmount', invoice.line_total)}{summed('Tax', invoice.tax)}"
        f"{summed('TotalAmountWithoutTax', invoice.net)}{summed('NetAmount', invoice.total)}"
        f"{summed('DepositAmount', invoice.paid)}{summed('DueAmount', invoice.due)}"
        "</InvoiceDetailSummary></InvoiceDetailRequest></Request></cXML>"
    ).encode()


_CII = {
    "factur-x": {
        "root": "CrossIndustryInvoice",
        "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
        "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
        "guide": "urn:cen.eu:en16931:2017",
        "context": "ExchangedDocumentContext",
        "document": "ExchangedDocument",
        "transaction": "SupplyChainTradeTransaction",
        "header": "ApplicableHeaderTrade",
        "line": "SpecifiedLineTrade",
        "id": "IssuerAssignedID",
        "sums": "SpecifiedTradeSettlementHeaderMonetarySummation",
        "line_sums": "SpecifiedTradeSettlementLineMonetarySummation",
    },
    "zugferd-1": {
        "root": "CrossIndustryDocument",
        "rsm": "urn:ferd:CrossIndustryDocument:invoice:1p0",
        "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12",
        "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15",
        "guide": "urn:ferd:CrossIndustryDocument:invoice:1p0:comfort",
        "context": "SpecifiedExchangedDocumentContext",
        "document": "HeaderExchangedDocument",
        "transaction": "SpecifiedSupplyChainTradeTransaction",
        "header": "ApplicableSupplyChainTrade",
        "line": "SpecifiedSupplyChainTrade",
        "id": "ID",
        "sums": "SpecifiedTradeSettlementMonetarySummation",
        "line_sums": "SpecifiedTradeSettlementMonetarySummation",
    },
}


def as_cii(invoice: Invoice, form: str = "factur-x") -> bytes:
    """The two generations of the UN/CEFACT invoice: what they say is alike, what they call it is not."""
    say, stated = _CII[form], totals(invoice)
    old = form == "zugferd-1"
    lines = "".join(_cii_line(invoice, place, say, old=old) for place in range(len(invoice.lines)))

    def day(name: str, text: str) -> str:
        inner = element("udt:DateTimeString", text.replace("-", ""), format="102")
        return f"<ram:{name}>{inner}</ram:{name}>" if text else ""

    def party(role: str, name: str, tax_id: str) -> str:
        registered = element("ram:ID", tax_id, schemeID="VA")
        return (
            f"<ram:{role}TradeParty>{element('ram:Name', name)}<ram:SpecifiedTaxRegistration>{registered}"
            f"</ram:SpecifiedTaxRegistration></ram:{role}TradeParty>"
        )

    def reference(kind: str, number: str) -> str:
        return f"<ram:{kind}ReferencedDocument>{element('ram:' + say['id'], number)}</ram:{kind}ReferencedDocument>"

    names = ["line_total", "net", "tax", "total", "paid", "due"] + ([] if old else ["rounding"])
    tags = ["LineTotal", "TaxBasisTotal", "TaxTotal", "GrandTotal", "TotalPrepaid", "DuePayable", "Rounding"]
    sums = "".join(
        element(f"ram:{tag}Amount", stated.get(name), currencyID=invoice.currency)
        for tag, name in zip(tags, names, strict=False)
    )
    terms = day("DueDateDateTime", str(invoice.due_date or ""))
    due = f"<ram:SpecifiedTradePaymentTerms>{terms}</ram:SpecifiedTradePaymentTerms>"
    trade = (
        f"<ram:{say['header']}Agreement>{element('ram:BuyerReference', invoice.buyer_reference)}"
        f"{party('Seller', invoice.seller, invoice.seller_tax_id)}{party('Buyer', invoice.buyer, invoice.buyer_tax_id)}"
        f"{reference('BuyerOrder', invoice.po_number)}</ram:{say['header']}Agreement>"
        f"<ram:{say['header']}Delivery>{''.join(reference('DespatchAdvice', one) for one in invoice.ticket_numbers)}"
        f"{reference('ReceivingAdvice', invoice.receiving_advice)}</ram:{say['header']}Delivery>"
        f"<ram:{say['header']}Settlement>{element('ram:InvoiceCurrencyCode', invoice.currency)}{due}"
        f"<ram:{say['sums']}>{sums}</ram:{say['sums']}></ram:{say['header']}Settlement>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rsm:{say["root"]} xmlns:rsm="{say["rsm"]}" xmlns:ram="{say["ram"]}" '
        f'xmlns:udt="{say["udt"]}"><rsm:{say["context"]}><ram:GuidelineSpecifiedDocumentContextParameter>'
        f"{element('ram:ID', say['guide'])}</ram:GuidelineSpecifiedDocumentContextParameter></rsm:{say['context']}>"
        f"<rsm:{say['document']}>{element('ram:ID', invoice.number)}{element('ram:TypeCode', invoice.type_code)}"
        f"{day('IssueDateTime', invoice.issue_date.isoformat())}</rsm:{say['document']}>"
        f"<rsm:{say['transaction']}>{trade + lines if old else lines + trade}</rsm:{say['transaction']}>"
        f"</rsm:{say['root']}>"
    ).encode()


def _cii_line(invoice: Invoice, place: int, say: dict[str, str], *, old: bool) -> str:
    line = invoice.lines[place]
    document = (
        f"<ram:AssociatedDocumentLineDocument>{element('ram:LineID', line.number)}</ram:AssociatedDocumentLineDocument>"
    )
    product = f"<ram:SpecifiedTradeProduct>{element('ram:Name', line.description)}</ram:SpecifiedTradeProduct>"
    agreement = (
        f"<ram:{say['line']}Agreement><ram:BuyerOrderReferencedDocument>{element('ram:LineID', line.order_line)}"
        "</ram:BuyerOrderReferencedDocument><ram:NetPriceProductTradePrice>"
        f"{element('ram:ChargeAmount', plain(line.unit_price))}</ram:NetPriceProductTradePrice>"
        f"</ram:{say['line']}Agreement>"
    )
    delivery = (
        f"<ram:{say['line']}Delivery>{element('ram:BilledQuantity', plain(line.quantity), unitCode=line.unit)}"
        f"</ram:{say['line']}Delivery>"
    )
    settlement = (
        f"<ram:{say['line']}Settlement><ram:{say['line_sums']}>{element('ram:LineTotalAmount', amount(line.net))}"
        f"</ram:{say['line_sums']}></ram:{say['line']}Settlement>"
    )
    parts = (
        (document, agreement, delivery, settlement, product)
        if old
        else (document, product, agreement, delivery, settlement)
    )
    return f"<ram:IncludedSupplyChainTradeLineItem>{''.join(parts)}</ram:IncludedSupplyChainTradeLineItem>"


def as_zugferd_one(invoice: Invoice) -> bytes:
    return as_cii(invoice, "zugferd-1")
