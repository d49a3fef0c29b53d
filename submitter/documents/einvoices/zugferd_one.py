"""ZUGFeRD 1.0, older than EN 16931 and not read by the library, as the same terms. Runs in the child only."""

from __future__ import annotations

from typing import Any

from submitter.documents.einvoices.xml_trees import given, texts

_NAMES = {
    "rsm": "urn:ferd:CrossIndustryDocument:invoice:1p0",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15",
}
_AGREEMENT = "rsm:SpecifiedSupplyChainTradeTransaction/ram:ApplicableSupplyChainTradeAgreement"
_DELIVERY = "rsm:SpecifiedSupplyChainTradeTransaction/ram:ApplicableSupplyChainTradeDelivery"
_SETTLEMENT = "rsm:SpecifiedSupplyChainTradeTransaction/ram:ApplicableSupplyChainTradeSettlement"
_TOTALS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementMonetarySummation"
_LINES = "rsm:SpecifiedSupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem"

_HEADER = {
    "BT-1": "rsm:HeaderExchangedDocument/ram:ID",
    "BT-3": "rsm:HeaderExchangedDocument/ram:TypeCode",
    "BT-5": f"{_SETTLEMENT}/ram:InvoiceCurrencyCode",
    "BT-10": f"{_AGREEMENT}/ram:BuyerReference",
    "BT-13": f"{_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:ID",
    "BT-15": f"{_DELIVERY}/ram:ReceivingAdviceReferencedDocument/ram:ID",
    "BT-106": f"{_TOTALS}/ram:LineTotalAmount",
    "BT-107": f"{_TOTALS}/ram:AllowanceTotalAmount",
    "BT-108": f"{_TOTALS}/ram:ChargeTotalAmount",
    "BT-109": f"{_TOTALS}/ram:TaxBasisTotalAmount",
    "BT-110": f"{_TOTALS}/ram:TaxTotalAmount",
    "BT-112": f"{_TOTALS}/ram:GrandTotalAmount",
    "BT-113": f"{_TOTALS}/ram:TotalPrepaidAmount",
    "BT-115": f"{_TOTALS}/ram:DuePayableAmount",
}
_DATES = {
    "BT-2": "rsm:HeaderExchangedDocument/ram:IssueDateTime/udt:DateTimeString",
    "BT-9": f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString",
}
_LINE = {
    "BT-126": "ram:AssociatedDocumentLineDocument/ram:LineID",
    "BT-129": "ram:SpecifiedSupplyChainTradeDelivery/ram:BilledQuantity",
    "BT-130": "ram:SpecifiedSupplyChainTradeDelivery/ram:BilledQuantity/@unitCode",
    "BT-131": "ram:SpecifiedSupplyChainTradeSettlement/ram:SpecifiedTradeSettlementMonetarySummation"
    "/ram:LineTotalAmount",
    "BT-132": "ram:SpecifiedSupplyChainTradeAgreement/ram:BuyerOrderReferencedDocument/ram:LineID",
    "BT-146": "ram:SpecifiedSupplyChainTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount",
    "BT-149": "ram:SpecifiedSupplyChainTradeAgreement/ram:NetPriceProductTradePrice/ram:BasisQuantity",
    "BT-153": "ram:SpecifiedTradeProduct/ram:Name",
}
#: A line with none of these is words between the lines, which ZUGFeRD 1 allows.
_AMOUNTS = ("BT-129", "BT-131", "BT-146")


def read_zugferd_one(root: Any) -> dict[str, Any]:
    """The terms that the document holds."""
    terms: dict[str, Any] = {term: texts(root, path, _NAMES) for term, path in _HEADER.items()}
    terms |= {term: [_day(text) for text in texts(root, path, _NAMES)] for term, path in _DATES.items()}
    terms["BT-16"] = _tickets(root)
    terms["BG-4"] = _party(root, "SellerTradeParty")
    terms["BG-7"] = _party(root, "BuyerTradeParty")
    lines = [
        given({term: texts(node, path, _NAMES) for term, path in _LINE.items()})
        for node in root.xpath(_LINES, namespaces=_NAMES)
    ]
    terms["BG-25"] = [line for line in lines if any(term in line for term in _AMOUNTS)]
    return given(terms)


def _party(root: Any, role: str) -> dict[str, Any]:
    party = f"{_AGREEMENT}/ram:{role}"
    tax_number = f"{party}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']"
    return given({"name": texts(root, f"{party}/ram:Name", _NAMES), "vat_identifier": texts(root, tax_number, _NAMES)})


def _tickets(root: Any) -> list[str]:
    """Despatch advice and delivery note: in ZUGFeRD 1 the paper that came with the goods may be called either."""
    paths = ("ram:DespatchAdviceReferencedDocument/ram:ID", "ram:DeliveryNoteReferencedDocument/ram:ID")
    return [text for path in paths for text in texts(root, f"{_DELIVERY}/{path}", _NAMES)]


def _day(text: str) -> str:
    """20130605 as 2013-06-05; what is written otherwise stays as it is, to be shown when it is refused."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
