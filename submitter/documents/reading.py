"""What reading a file gave: is it fit to use, what is in it, and which invoice it carries."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from submitter.model.document import DocumentKind
from submitter.model.invoice import Invoice
from submitter.model.money import Money
from submitter.model.record import Record


class Verdict(StrEnum):
    OK = "ok"
    NEEDS_PASSWORD = "needs-password"  # noqa: S105  a verdict, not a password
    DAMAGED = "damaged"  # of a kind we read, but this one cannot be read
    TOO_LARGE = "too-large"  # not opened at all
    HOSTILE = "hostile"  # opening it would have cost far more than any honest document does
    NOT_A_DOCUMENT = "not-a-document"  # a folder, a pipe, or bytes of no kind we read


class Attachment(Record):
    """A file inside a PDF."""

    name: str
    size: int | None = None  # bytes, as the PDF states it


class DocumentReading(Record):
    """One file, read once. Text is for finding numbers in, not for showing; it may stop before the document does."""

    name: str
    sha256: str = ""  # empty when the file was not read at all
    size: int = 0  # bytes
    media_type: str = "application/octet-stream"  # by content, never by the file's extension
    verdict: Verdict = Verdict.OK
    sentence: str = ""  # for staff, when the verdict is not OK
    pages: int | None = None
    width: int | None = None  # pixels, of an image
    height: int | None = None
    signed: bool = False  # holds a digital signature: never merge, split or compress it
    encrypted: bool = False  # it opens without a password, but is protected against changes
    text_plain: str = ""
    text_layout: str = ""
    attachments: tuple[Attachment, ...] = ()
    invoice: Invoice | None = None
    adjustments: Money | None = None  # document level charges less allowances (BT-108 less BT-107)
    invoice_problem: str = ""  # why the electronic invoice inside could not be used

    @property
    def has_text(self) -> bool:
        return any(c.isalnum() for c in self.text_plain) or any(c.isalnum() for c in self.text_layout)


class FoundFile(NamedTuple):
    """A file of the folder with the part it plays for one invoice."""

    path: Path
    kind: DocumentKind
    reading: DocumentReading
