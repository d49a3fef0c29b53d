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


class Severity(StrEnum):
    BLOCKS = "blocks"
    WARNS = "warns"


class Finding(Record):
    """One thing preflight or matching found, in a sentence for staff."""

    rule: str  # stable id, for example "order.currency"
    severity: Severity
    sentence: str
    reason: str = ""  # the Peppol reason code the portal would have given, where there is one
