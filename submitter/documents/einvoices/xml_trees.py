"""XML that came from outside, as a tree that is safe to look into. Runs in the child only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError
from lxml import etree

XML_BYTES = 10_000_000


class Unsafe(Exception):
    """The data could harm who reads it; the message is for staff."""


class Malformed(Exception):
    """The data is not what it claims to be; the message is for staff."""


class _Careful(DefusedXMLParser):
    """Refuses every DOCTYPE but the bare one of cXML, which only names the place of a definition we never fetch."""

    def defused_start_doctype_decl(
        self, name: str, sysid: str | None, pubid: str | None, has_internal_subset: int
    ) -> None:
        if name != "cXML" or has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


def read_tree(data: bytes) -> Any:
    """The root element. Comments are gone: a number with a comment in it would be read as its first half."""
    if len(data) > XML_BYTES:
        raise Unsafe(f"The XML data is {len(data) // 1_000_000} MB; no invoice is that large.")
    # Before lxml sees it: with a DOCTYPE it may name other files or grow without end
    _tried(lambda: _look_over(data))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = _tried(lambda: etree.fromstring(data, parser))
    if root.getroottree().docinfo.doctype and root.tag != "cXML":
        raise Unsafe("The XML data claims to be cXML and is something else.")
    return root


def _look_over(data: bytes) -> None:
    careful = _Careful(forbid_dtd=True)
    careful.feed(data)
    careful.close()


def _tried(parse: Callable[[], Any]) -> Any:
    try:
        return parse()
    except DefusedXmlException:
        raise Unsafe(
            "The XML data has a DOCTYPE, which electronic invoices never have and which can be used for attacks."
        ) from None
    except (ParseError, etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Malformed(f"the XML data is not well-formed ({error})") from None


def texts(node: Any, path: str, names: dict[str, str] | None = None) -> list[str]:
    """What stands in the elements or attributes at this path, without those that are empty."""
    found = node.xpath(path, namespaces=names)
    written = (item if isinstance(item, str) else "".join(item.itertext()) for item in found)
    return [text for text in (" ".join(str(item).split()) for item in written) if text]


def given(terms: dict[str, Any]) -> dict[str, Any]:
    """The terms that are there: one value as itself, several as a list, so that who reads them may refuse them."""
    kept = {term: value for term, value in terms.items() if value not in (None, "", [], {})}
    return {
        term: value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value
        for term, value in kept.items()
    }
