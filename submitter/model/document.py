"""Documents: stored files, known by their SHA-256."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from submitter.model.record import Record


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    POD = "pod"  # signed proof of delivery
    FIELD_TICKET = "field_ticket"
    OTHER = "other"
    EVIDENCE = "evidence"  # a screenshot or page text that a visit kept


class Document(Record):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: str  # as the supplier called it
    kind: DocumentKind
    media_type: str
    size: int  # bytes
    pages: int | None = None


class SubmittedFile(Record):
    """One document as a round sends it: the name made legal for the portal, the bytes as they are."""

    document: Document
    upload_name: str
    parts: tuple[Document, ...] = ()  # what it was made of, when it is one PDF of several documents; the invoice first


class Severity(StrEnum):
    BLOCKS = "blocks"
    WARNS = "warns"


class Finding(Record):
    """One thing preflight or matching found, in a sentence for staff."""

    rule: str  # stable id, for example "order.currency"
    severity: Severity
    sentence: str
    reason: str = ""  # the Peppol reason code the portal would have given, where there is one
    source: str = ""  # whose rule it is: a profile's name, or "customer"; empty for rules that hold for everybody

    @property
    def told(self) -> str:
        """The sentence, and whose rule it is where that is not plain: nobody finds it in the customer's own file."""
        elsewhere = self.source not in ("", "customer")
        return f"{self.sentence} ({self.source})" if elsewhere else self.sentence
