"""E-mails: their attachments, put out one by one, and what they say. Runs in the child only."""

from __future__ import annotations

import email
import logging
import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from html import unescape
from typing import IO

from submitter.documents.einvoices.xml_trees import Malformed
from submitter.documents.opening.member_box import Box, Overfull
from submitter.documents.opening.reading import Verdict

PARTS = 1_000
MAILS_INSIDE = 3  # forwarded as attachments of each other
LOGO_BYTES = 40_000  # a picture that the text shows and that is smaller is a logo or a signature, not a scan
TEXT_CHARACTERS = 100_000
HEADER_CHARACTERS = 4_000  # putting the pieces of a longer one together takes more time than they have letters

_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
_SEALED_SENTENCE = "It is encrypted or sealed; please open the mail in your mail program and save the attachments."
_TOO_OFTEN = "It is forwarded too many times over; please save it as a mail of its own."
_WINMAIL = (
    "It is Outlook's own wrapping (winmail.dat), which is not read; please ask for the mail as plain text or HTML, or "
    "save the attachments by hand."
)
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/json": ".json",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "application/zip": ".zip",
}


def unpack_mail(source: IO[bytes], box: Box) -> str:
    """All attachments into the box; the subject and the text, of the mail and of those forwarded in it."""
    message = email.message_from_binary_file(source, policy=compat32)
    if not message.keys():
        raise Malformed("the mail has no head")
    mail = _Mail(box)
    mail.read(message, 0)
    said = [text.strip() for text in (mail.plain or mail.pages)]
    return "\n".join(text for text in (*mail.subjects, *said) if text)[:TEXT_CHARACTERS]


class _Mail:
    """One mail while it is taken apart."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._parts = 0
        self.subjects: list[str] = []
        self.plain: list[str] = []
        self.pages: list[str] = []  # the same text as a web page, which counts only when there is no other

    def read(self, message: Message, depth: int) -> None:
        self.subjects.append(_decoded(message.get("Subject")))
        self._part(message, depth)

    def _part(self, part: Message, depth: int) -> None:
        self._parts += 1
        if self._parts > PARTS:
            raise Overfull(f"It has more than {PARTS:,} parts; such mails are not read.")
        kind, inside = part.get_content_type(), part.get_payload()
        if kind == "multipart/encrypted":
            self._box.mention("encrypted mail", Verdict.NEEDS_PASSWORD, _SEALED_SENTENCE)
        elif isinstance(inside, list) and kind == "message/rfc822" and depth >= MAILS_INSIDE:
            self._box.mention("forwarded mail.eml", Verdict.NOT_A_DOCUMENT, _TOO_OFTEN)
        elif isinstance(inside, list):
            for one in inside:
                if isinstance(one, Message):
                    (self.read if kind == "message/rfc822" else self._part)(one, depth + (kind == "message/rfc822"))
        elif part.get_content_maintype() == "multipart":
            raise Malformed("the parts of the mail are not marked off from each other")
        else:
            self._leaf(part, kind)

    def _leaf(self, part: Message, kind: str) -> None:
        name = _decoded(part.get_filename())
        data = part.get_payload(decode=True)
        data = data if isinstance(data, bytes) else b""
        if kind in _SIGNATURES:
            return
        if kind in _SEALED:
            self._box.mention(name or "encrypted mail", Verdict.NEEDS_PASSWORD, _SEALED_SENTENCE)
        elif kind == "application/ms-tnef" or name.casefold() == "winmail.dat":
            self._box.mention("winmail.dat", Verdict.NOT_A_DOCUMENT, _WINMAIL)
        elif kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment":
            self._text(data, part.get_content_charset(), kind)
        elif not _is_logo(part, kind, data):
            self._box.put(name or f"attachment{_EXTENSIONS.get(kind, '')}", [data])

    def _text(self, data: bytes, charset: str | None, kind: str) -> None:
        data = data[: 4 * TEXT_CHARACTERS]
        try:
            text = data.decode(charset or "utf-8", "replace")
        except LookupError:
            text = data.decode("utf-8", "replace")
        if kind == "text/html":
            self.pages.append(unescape(re.sub(r"<[^<>]{0,2000}>", " ", text)))
        else:
            self.plain.append(text)


def _is_logo(part: Message, kind: str, data: bytes) -> bool:
    shown = part.get("Content-ID") is not None or part.get_content_disposition() == "inline"
    return kind.startswith("image/") and shown and len(data) < LOGO_BYTES


def _decoded(header: object) -> str:
    """A header's text, as far as it can be read at all."""
    if header is None:
        return ""
    text = str(header)[:HEADER_CHARACTERS]
    try:
        text = str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        logging.exception("header")
    return " ".join(text.split())
