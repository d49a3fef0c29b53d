"""cXML, the language of Ariba and Coupa: its invoice as the terms of EN 16931. Runs in the child only.

Written after the public definition InvoiceDetail.dtd; no portal has confirmed it. A cXML credit memo writes negative
amounts; EN 16931 writes positive ones and says by the type code that it is a credit note, so the signs are turned.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from submitter.documents.einvoices.xml_trees import given, texts

#: Other documents in cXML, as staff know them.
_OTHERS = {
    "OrderRequest": "order",
    "ConfirmationRequest": "order confirmation",
    "ShipNoticeRequest": "ship notice",
    "StatusUpdateRequest": "status update",
    "ReceiptRequest": "goods receipt",
    "PaymentRemittanceRequest": "remittance advice",
    "PaymentProposalRequest": "payment proposal",
    "CopyRequest": "copy request",
    "PunchOutSetupRequest": "catalogue sign-in",
    "PunchOutOrderMessage": "shopping cart",
    "ServiceEntryRequest": "service entry sheet",
    "TimeCardRequest": "time card",
    "QuoteRequest": "request for a quote",
    "QuoteMessage": "quote",
    "CatalogUploadRequest": "catalogue",
    "ProfileRequest": "profile request",
    "InvoiceRequest": "invoice of the form that cXML gave up in 2002",
}
_PURPOSES = {"standard": "380", "creditMemo": "381", "lineLevelCreditMemo": "381", "debitMemo": "383"}
_TURNED = ("BT-106", "BT-107", "BT-108", "BT-109", "BT-110", "BT-112", "BT-113", "BT-115")
_ORDERS = "InvoiceDetailOrder|InvoiceDetailHeaderOrder"


class NotUsed(Exception):
    """The cXML invoice is none that we can use; the message is for staff."""


class OtherDocument(Exception):
    """It is cXML, but not an invoice; the message says what, for staff."""


def read_cxml(root: Any) -> dict[str, Any]:
    """The terms of the invoice. OtherDocument when it is none, NotUsed when it is one that we cannot take."""
    found = root.xpath("Request/InvoiceDetailRequest")
    if not found:
        raise OtherDocument(_what_else(root))
    if len(found) > 1:
        raise NotUsed("it holds more than one cXML invoice")
    request = found[0]
    header = request.find("InvoiceDetailRequestHeader")
    if header is None:
        raise NotUsed("the cXML invoice has no header")
    terms = given(_header(header) | _references(request) | _totals(request) | {"BG-25": _lines(request)})
    return _turned(terms) if terms.get("BT-3") == "381" else terms


def _what_else(root: Any) -> str:
    called = [str(node.tag) for node in root.xpath("Request/*|Message/*|Response/*") if isinstance(node.tag, str)]
    name = next((tag for tag in called if tag != "Status"), "answer")
    return f"a cXML {_OTHERS.get(name, name[:60])}, not an invoice"


def _header(header: Any) -> dict[str, Any]:
    purpose = header.get("purpose", "standard")
    if header.get("operation", "new") != "new":
        raise NotUsed(f'the cXML invoice says operation "{header.get("operation")[:40]}": it takes an invoice back')
    if header.get("isInformationOnly") == "yes":
        raise NotUsed("the cXML invoice says that it is for information only")
    if purpose not in _PURPOSES:
        raise NotUsed(f'the cXML invoice has the purpose "{purpose[:40]}", which is not supported yet')
    return {
        "BT-1": texts(header, "@invoiceID"),
        "BT-2": [text[:10] for text in texts(header, "@invoiceDate")],  # the day where it was written
        "BT-3": _PURPOSES[purpose],
        "BG-4": _party(header, ("from", "invoiceFrom", "issuerOfInvoice", "billFrom", "remitTo")),
        "BG-7": _party(header, ("soldTo", "billTo")),
    }


def _party(header: Any, roles: tuple[str, ...]) -> dict[str, Any]:
    for role in roles:
        for contact in header.xpath("InvoicePartner/Contact"):
            if contact.get("role") == role and (name := texts(contact, "Name")):
                tax_number = texts(contact.getparent(), "IdReference[@domain='vatID']/@identifier")
                return given({"name": name[0], "vat_identifier": tax_number})
    return {}


def _references(request: Any) -> dict[str, Any]:
    info = f"({_ORDERS})/InvoiceDetailOrderInfo"
    notices = ("ShipNoticeIDInfo/@shipNoticeID", "ShipNoticeReference/@shipNoticeID")
    places = ("InvoiceDetailOrder/InvoiceDetailShipNoticeInfo", "InvoiceDetailRequestHeader", "InvoiceDetailOrder/*")
    tickets = [text for place in places for notice in notices for text in texts(request, f"{place}/{notice}")]
    orders = [text for kind in ("OrderReference", "OrderIDInfo") for text in texts(request, f"{info}/{kind}/@orderID")]
    return {
        "BT-13": list(dict.fromkeys(orders)),
        "BT-15": texts(request, "InvoiceDetailOrder/InvoiceDetailReceiptInfo/*/@receiptID"),
        "BT-16": list(dict.fromkeys(tickets)),
    }


def _totals(request: Any) -> dict[str, Any]:
    """The header's amounts. What is without tax is worked out from the parts, so that the total can be held to it."""
    summary = request.find("InvoiceDetailSummary")
    if summary is None:
        raise NotUsed("the cXML invoice has no summary with its totals")
    costs, deductions = "AdditionalCost/Money", "AdditionalDeduction/DeductionAmount/Money"
    changes = "InvoiceHeaderModifications/Modification"
    charges = _first(summary, "TotalCharges") or _sum(summary, f"{changes}/{costs}")
    charges = _added([charges, *_money(summary, "SpecialHandlingAmount"), *_money(summary, "ShippingAmount")])
    allowances = _first(summary, "TotalAllowances") or _sum(summary, f"{changes}/{deductions}")
    allowances = _added([allowances, *_money(summary, "InvoiceDetailDiscount")])
    subtotal = _first(summary, "SubtotalAmount")
    tax = _first(summary, "Tax")
    total = _first(summary, "NetAmount") or _first(summary, "GrossAmount") or _first(summary, "DueAmount")
    stated = _first(summary, "TotalAmountWithoutTax")
    return {
        "BT-5": sorted(set(texts(summary, "(NetAmount|GrossAmount|DueAmount|SubtotalAmount)/Money/@currency"))),
        "BT-106": subtotal,
        "BT-107": allowances,
        "BT-108": charges,
        "BT-109": stated or _added([subtotal, charges, _negative(allowances)]),
        "BT-110": tax,
        "BT-112": total,
        "BT-113": _first(summary, "DepositAmount"),
        "BT-115": _first(summary, "DueAmount"),
    }


def _lines(request: Any) -> list[dict[str, Any]]:
    kinds = ("InvoiceDetailItem", "InvoiceDetailServiceItem", "InvoiceDetailOrderSummary")
    nodes = request.xpath("|".join(f"({_ORDERS})/{kind}" for kind in kinds))
    return [_line(node) for node in nodes]


def _line(node: Any) -> dict[str, Any]:
    reference = "InvoiceDetailItemReference|InvoiceDetailServiceItemReference"
    subtotal = _first(node, "SubtotalAmount")
    line = given(
        {
            "BT-126": texts(node, "@invoiceLineNumber"),
            "BT-129": texts(node, "@quantity"),
            "BT-130": texts(node, "UnitOfMeasure"),
            "BT-131": subtotal,
            "BT-132": texts(node, f"({reference})/@lineNumber"),
            "BT-146": _first(node, "UnitPrice"),
            "BT-149": _base(node),
            "BT-153": texts(node, f"({reference})/Description") or texts(node, "Comments"),
        }
    )
    if "BT-146" not in line and "BT-129" not in line and subtotal:  # a sum for a whole order, or for a service
        line |= {"BT-129": "1", "BT-146": subtotal}
    elif "BT-131" not in line and "BT-149" not in line:
        line = given(line | {"BT-131": _product(line.get("BT-129"), line.get("BT-146"))})
    return line


def _base(node: Any) -> list[str]:
    basis = node.find("PriceBasisQuantity")
    if basis is None:
        return []
    if basis.get("conversionFactor", "1") not in ("1", "1.0", "1.00"):
        raise NotUsed("the cXML invoice converts units (PriceBasisQuantity), which is not supported yet")
    return texts(basis, "@quantity")


def _turned(terms: dict[str, Any]) -> dict[str, Any]:
    """A credit memo with its signs turned. One that is positive already could mean either, and is not guessed at."""
    total = _decimal(terms.get("BT-112"))
    if total is not None and total > 0:
        raise NotUsed(f"the cXML credit memo states {terms['BT-112']}, and its amounts must be negative")
    turned = terms | {term: _negative(terms[term]) for term in _TURNED if term in terms}
    turned["BG-25"] = [_turned_line(line) for line in terms.get("BG-25", [])]
    return given(turned)


def _turned_line(line: dict[str, Any]) -> dict[str, Any]:
    """The sign stands on the quantity or on the price; whichever it is, the product is the amount."""
    turned = line | {"BT-131": _negative(line.get("BT-131"))}
    quantity, price = _decimal(line.get("BT-129")), _decimal(line.get("BT-146"))
    if quantity is not None and quantity < 0:
        turned["BT-129"] = _negative(line["BT-129"])
    elif price is not None and price < 0:
        turned["BT-146"] = _negative(line["BT-146"])
    return given(turned)


def _money(node: Any, name: str) -> list[str]:
    return texts(node, f"{name}/Money")


def _first(node: Any, name: str) -> str | list[str] | None:
    """The amount of this element; two different ones stay two, to be refused."""
    found = list(dict.fromkeys(_money(node, name)))
    return found[0] if len(found) == 1 else found or None


def _sum(node: Any, path: str) -> str | None:
    found = texts(node, path)
    return _added(list(found)) if found else None


def _decimal(text: Any) -> Decimal | None:
    """A plain number of reasonable length, or nothing: what is no number is refused where the terms are read."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and -30 < value.adjusted() < 30 else None


def _added(amounts: list[Any]) -> Any:
    """The sum in plain digits. One amount that is no number is handed on instead, to be shown when it is refused."""
    present = [amount for amount in amounts if amount]
    values = [_decimal(amount) for amount in present]
    wrong = next((amount for amount, value in zip(present, values, strict=True) if value is None), None)
    if wrong is not None:
        return wrong
    return f"{sum((value for value in values if value is not None), Decimal(0)):f}" if present else None


def _negative(amount: Any) -> Any:
    value = _decimal(amount)
    return amount if value is None else f"{-value:f}"


def _product(quantity: Any, price: Any) -> Any:
    factors = _decimal(quantity), _decimal(price)
    return None if None in factors else f"{factors[0] * factors[1]:f}"  # type: ignore[operator]
