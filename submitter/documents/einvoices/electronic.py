"""Electronic invoices as files: recognise the kind, refuse what is unsafe, hand back the terms. Runs in the child only.

The answer is part of the child's: ``terms`` (the invoice by EN 16931 terms, safe for JSON) and ``currencies`` (every
currency its amounts are marked with), or ``problem`` (why the invoice cannot be used), or ``other`` (which document it
is instead), or nothing when there is no electronic invoice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import facturx
from pypdf import PdfReader
from pypdf.errors import LimitReachedError

from submitter.documents.einvoices.cxml import NotUsed, OtherDocument, read_cxml
from submitter.documents.einvoices.xml_trees import Malformed, Unsafe, read_tree
from submitter.documents.einvoices.zugferd_one import read_zugferd_one

__all__ = ["Malformed", "Unsafe", "read_attached", "read_electronic"]

XML_FILES = 20
#: Names under which the standards embed an invoice: such a file being unreadable is worth a sentence.
KNOWN_NAMES = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"})
NOT_YET = {"order-x": "not supported yet: this is an electronic order (Order-X), not an invoice"}


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
            if part and "other" not in part and part not in found:
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
    root = read_tree(data)
    if root.tag == "cXML":
        return _cxml(root)
    try:
        flavor = facturx.get_flavor(root)
    except Exception:  # noqa: BLE001  the library has no class of its own for it
        return {}
    if flavor in NOT_YET:
        return {"problem": NOT_YET[flavor]}
    return _marked(root, lambda: read_zugferd_one(root) if flavor == "zugferd" else _library(root))


def _cxml(root: Any) -> dict[str, Any]:
    try:
        return _marked(root, lambda: read_cxml(root), "//Money/@currency")
    except NotUsed as error:
        return {"problem": str(error)}
    except OtherDocument as error:
        return {"other": str(error)}


def _library(root: Any) -> dict[str, Any]:
    terms: dict[str, Any] = facturx.parse_ubl_cii_xml(root, check_xsd=False)
    return terms


def _marked(root: Any, read: Callable[[], dict[str, Any]], mark: str = "//@currencyID") -> dict[str, Any]:
    """The terms with the currencies that the amounts are marked with."""
    try:
        terms = read()
    except (NotUsed, OtherDocument, MemoryError):
        raise
    except Exception as error:
        logging.exception("terms")
        return {"problem": f"the XML data could not be read as an invoice ({error})"}
    return {"terms": plain(terms), "currencies": sorted({str(value) for value in root.xpath(mark)})}


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
