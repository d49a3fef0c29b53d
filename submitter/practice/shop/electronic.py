"""The invoice as data: Factur-X, EN 16931 profile, written in the terms (BT, BG) of the standard."""

from typing import Any

from submitter.practice.shop.catalogue import CUSTOMER, SUPPLIER, UNIT_CODES, Party
from submitter.practice.shop.ledger import NET_DAYS, Bill, Item, plain


def write_electronic_invoice(bill: Bill) -> bytes:
    """The CII document that goes inside the PDF.

    The standard's word is VAT; sales tax is carried in the same places. The rules are not checked here, because
    the library would ask a rule server for that; the schema is checked when the document is embedded.
    """
    from facturx import generate_cii_xml  # noqa: PLC0415  brings a web client and its schemas along

    xml: bytes = generate_cii_xml(_terms(bill), level="en16931", check_xsd=False, check_schematron=False)
    return xml


def embed(page: bytes, xml: bytes, bill: Bill) -> bytes:
    """The printed page and its data in one hybrid PDF; refuses data that does not fit the schema."""
    from facturx import generate_from_binary  # noqa: PLC0415

    about = {
        "author": SUPPLIER.name,
        "keywords": "Invoice, Factur-X",
        "title": f"Invoice {bill.number}",
        "subject": f"Invoice {bill.number} dated {bill.issued.isoformat()}",
    }
    hybrid: bytes = generate_from_binary(
        page,
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=True,
        check_schematron=False,
        pdf_metadata=about,
        lang="en-US",
    )
    return hybrid


def _terms(bill: Bill) -> dict[str, Any]:
    return {
        "BT-1": bill.number,
        "BT-2": bill.issued,
        "BT-3": "380",  # commercial invoice
        "BT-5": bill.currency,
        "BT-9": bill.due,
        "BT-13": bill.order.number,
        "BT-16": bill.ticket,
        "BT-19": bill.order.cost_object_number,
        "BT-20": f"Net {NET_DAYS} days",
        "BT-72": bill.delivered,
        "BT-106": str(bill.net),
        "BT-109": str(bill.net),
        "BT-110": str(bill.tax),
        "BT-112": str(bill.total),
        "BT-115": str(bill.total),
        "BG-1": [{"BT-22": f"{bill.order.cost_object} {bill.order.cost_object_number}, {bill.order.approver}"}],
        "BG-4": _party(SUPPLIER) | {"tax_identifier": SUPPLIER.tax_number},
        "BG-7": _party(CUSTOMER),
        "BG-13": {"name": bill.order.well, "country_code": "US", "country_subdivision": "TX"},
        "BG-23": [{"BT-116": str(bill.net), "BT-117": str(bill.tax)} | _tax(bill, "BT-118", "BT-119", "BT-120")],
        "BG-25": [_line(number, item, bill) for number, item in enumerate(bill.items, start=1)],
    }


def _line(number: int, item: Item, bill: Bill) -> dict[str, str]:
    return {
        "BT-126": str(number),
        "BT-129": plain(item.quantity),
        "BT-130": UNIT_CODES[item.unit],
        "BT-131": str(item.amount),
        "BT-132": str(item.line),
        "BT-133": f"{bill.order.major}/{bill.order.minor}",
        "BT-146": str(item.unit_price),
        "BT-153": item.description,
    } | _tax(bill, "BT-151", "BT-152")


def _tax(bill: Bill, category: str, rate: str, reason: str = "") -> dict[str, str]:
    """Standard-rated or exempt; an exemption needs its reason, in the breakdown only."""
    if bill.tax_rate:
        return {category: "S", rate: str(bill.tax_rate)}
    exempt = {category: "E", rate: "0"}
    return exempt | {reason: "Resale certificate on file"} if reason else exempt


def _party(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "addr_l1": party.street,
        "city": party.town,
        "country_subdivision": party.state,
        "postcode": party.postcode,
        "country_code": party.country,
        "contacts": [{"name": "Accounts", "phone": party.phone, "email": party.email}],
    }
