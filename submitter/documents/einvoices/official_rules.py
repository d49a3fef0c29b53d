"""The official rules of EN 16931, from our side: each broken rule becomes a finding with its id, ``en16931.BR-CO-15``.

Asked for with ``official_rules = true`` under ``[files]`` in the settings, and installed with ``submitter[rules]``.
The user's own rule files (XRechnung's, Peppol's: compiled XSLT) lie in ``config/rules/ubl`` and ``config/rules/cii`` of
the home; the name of the file comes before the rule's id then.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from submitter.documents.opening.children import Children, Gone, program
from submitter.documents.opening.reading import DocumentReading, Verdict
from submitter.errors import ConfigurationError
from submitter.model.document import Finding, Severity

SECONDS = 90.0
_CHILD = "submitter.documents.einvoices.rules_child"
_WHAT = {"application/pdf": "pdf", "application/xml": "xml"}
NOT_CHECKED = "en16931.not-checked"


def rules_possible() -> bool:
    return find_spec("saxonche") is not None


class OfficialRules:
    """Asks the rules in a process of their own. Any thread may ask; ConfigurationError when they are not installed."""

    def __init__(self, own: Path | None = None) -> None:
        if not rules_possible():
            raise ConfigurationError(
                "The settings ask for the official rules (files.official_rules), but the part for them is not "
                "installed; install it with: pip install 'submitter[rules]'"
            )
        # One process for all: it takes seconds to load and a quarter of a gigabyte, and milliseconds for an invoice
        self._children = Children(program(_CHILD) + ((str(own.absolute()),) if own is not None else ()), 1)

    def stop(self) -> None:
        self._children.stop()

    def judge(self, path: Path, reading: DocumentReading) -> DocumentReading:
        """The reading with what the rules say to the electronic invoice in it. A check that failed is a finding too."""
        what = _WHAT.get(reading.media_type)
        if reading.verdict is not Verdict.OK or reading.invoice is None or what is None:
            return reading
        return reading.model_copy(update={"official": self._findings(path, reading.name, what)})

    def _findings(self, path: Path, name: str, what: str) -> tuple[Finding, ...]:
        try:
            answer = self._children.ask({"path": str(path.absolute()), "what": what}, SECONDS)
            if "problem" in answer:
                return (_not_checked(name, f": {answer['problem']}"),)
            return tuple(_finding(one) for one in answer["findings"])
        except (Gone, TimeoutError, KeyError, TypeError, ValueError):
            return (_not_checked(name, ", because checking took more time or memory than any honest invoice needs"),)


def _finding(one: dict[str, Any]) -> Finding:
    severity = Severity.WARNS if one["warns"] else Severity.BLOCKS
    sentence = f"The electronic invoice breaks rule {one['rule'].partition('.')[2]}: {one['sentence']}"
    return Finding(rule=one["rule"], severity=severity, sentence=sentence, reason="LEG", source="official rules")


def _not_checked(name: str, why: str) -> Finding:
    sentence = f"The official rules could not be checked for {name}{why}."
    return Finding(rule=NOT_CHECKED, severity=Severity.WARNS, sentence=sentence)
