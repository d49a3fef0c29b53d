"""What reading a file gave: is it fit to use, what is in it, and which invoice it carries."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from submitter.model.document import DocumentKind, Finding
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


class Member(Record):
    """A file inside an archive or a mail, unpacked unless its verdict says why not."""

    name: str  # inside the archive, made harmless
    path: Path  # where it was unpacked to, or would have been
    size: int = 0  # bytes
    verdict: Verdict = Verdict.OK
    sentence: str = ""  # for staff, when it was not unpacked


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
    text_other: str = ""  # by another library, where the two above are empty
    text_scan: str = ""  # read from the picture, where there is no text at all: letters may be wrong
    codes: tuple[str, ...] = ()  # what barcodes and QR codes on the picture say
    notes: tuple[str, ...] = ()  # what is odd about a file that can be used all the same, for staff
    official: tuple[Finding, ...] = ()  # what the official rules say to the electronic invoice inside
    attachments: tuple[Attachment, ...] = ()
    invoice: Invoice | None = None
    adjustments: Money | None = None  # document level charges less allowances (BT-108 less BT-107)
    invoice_problem: str = ""  # why the electronic invoice inside could not be used
    members: tuple[Member, ...] = ()  # of an archive or a mail, whose own text is its subject and what it says
    place: Path | None = None  # where a member of an archive or a mail was unpacked to
    outer: Path | None = None  # the archive or mail in the folder that it came out of
    came_with: str = ""  # what the mail said that this file came with

    @property
    def has_text(self) -> bool:
        """Whether the file itself holds text; what was read from a picture does not count."""
        return any(c.isalnum() for text in self.texts for c in text)

    @property
    def texts(self) -> tuple[str, str, str]:
        """The file's own text, read in different ways. What stands in one of them stands in the file."""
        return self.text_plain, self.text_layout, self.text_other


class FoundFile(NamedTuple):
    """A file of the folder with the part it plays for one invoice."""

    path: Path
    kind: DocumentKind
    reading: DocumentReading
