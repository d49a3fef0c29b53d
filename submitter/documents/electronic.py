"""Electronic invoices as files: recognise the kind, refuse what is unsafe, hand back the terms. Runs in the child only.

The answer is part of the child's: ``terms`` (the invoice by EN 16931 terms, safe for JSON) and ``currencies`` (every
currency its amounts are marked with), or ``problem`` (a sentence), or nothing when there is no electronic invoice.
"""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal
from typing import Any

import facturx
from defusedxml import ElementTree as SafeTree
from defusedxml.common import DefusedXmlException
from lxml import etree
from pypdf import PdfReader
from pypdf.errors import LimitReachedError

XML_BYTES = 10_000_000
XML_FILES = 20
#: Names under which the standards embed an invoice: such a file being unreadable is worth a sentence.
KNOWN_NAMES = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"})
NOT_YET = {
    "zugferd": "not supported yet: this is ZUGFeRD 1.0, which was replaced in 2019; please export it as "
    "ZUGFeRD 2 or Factur-X",
    "order-x": "not supported yet: this is an electronic order (Order-X), not an invoice",
}


class Unsafe(Exception):
    """The data could harm who reads it; the message is for staff."""


class Malformed(Exception):
    """The data is not XML; the message is for staff."""


def read_attached(reader: PdfReader) -> dict[str, Any]:
    """The invoice a PDF carries.

    The library's own search is not used: it parses every attachment before one can refuse it, and takes the first of
    two invoices without a word.
    """
    found: list[dict[str, Any]] = []
    seen = 0
    try:
        for item in reader.attachment_list:
            if not item.name.lower().endswith(".xml"):
                continue
            seen += 1
            if seen > XML_FILES:
                raise Unsafe("The PDF holds an unreasonable number of XML files.")
            part = _attached(item.name.lower(), item.content)
            if part and part not in found:
                found.append(part)
    except (LimitReachedError, MemoryError, Unsafe):
        raise
    except Exception:
        logging.exception("attached invoice")
        return {"problem": "the files inside the PDF are damaged and cannot be read"}
    if len(found) > 1:
        return {"problem": "the PDF holds more than one electronic invoice, and they are not the same"}
    return found[0] if found else {}


def _attached(name: str, data: bytes) -> dict[str, Any]:
    expected = name in KNOWN_NAMES
    try:
        part = read_electronic(data)
    except Malformed as error:
        return {"problem": str(error)} if expected else {}
    return part or ({"problem": f"{name} inside the PDF is not an invoice of a kind we know"} if expected else {})


def read_electronic(data: bytes) -> dict[str, Any]:
    """The invoice in XML data; nothing when it is XML of another kind."""
    if len(data) > XML_BYTES:
        raise Unsafe(f"The XML data is {len(data) // 1_000_000} MB; no invoice is that large.")
    try:
        # Before lxml sees it: no invoice needs a DOCTYPE, and with one it may name other files or grow without end
        SafeTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Unsafe(
            "The XML data has a DOCTYPE, which electronic invoices never have and which can be used for attacks."
        ) from None
    except (SafeTree.ParseError, ValueError, LookupError) as error:
        raise Malformed(f"the XML data is not well-formed ({error})") from None
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    try:
        flavor = facturx.get_flavor(root)
    except Exception:  # noqa: BLE001  the library has no class of its own for it
        return {}
    if flavor in NOT_YET:
        return {"problem": NOT_YET[flavor]}
    return _terms(data, root)


def _terms(data: bytes, root: Any) -> dict[str, Any]:
    try:
        terms = facturx.parse_ubl_cii_xml(data, check_xsd=False)
    except Exception as error:
        logging.exception("terms")
        return {"problem": f"the XML data could not be read as an invoice ({error})"}
    currencies = sorted({str(value) for value in root.xpath("//@currencyID")})
    return {"terms": plain(terms), "currencies": currencies}


def plain(value: Any) -> Any:
    """The same value for JSON: dates and decimals as text, no key that is not text, no embedded files."""
    if isinstance(value, dict):
        return {str(key or ""): plain(item) for key, item in value.items() if not isinstance(item, bytes)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value if not isinstance(item, bytes)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value if value is None or isinstance(value, str | int | bool) else str(value)
