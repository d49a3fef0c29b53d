"""What kind of file it is, by its first bytes and never by the end of its name."""

from __future__ import annotations

import re

FOREIGN = "application/octet-stream"
ZIP, MAIL = "application/zip", "message/rfc822"

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),  # an empty one
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x00\x00\x00\x18ftypheic", "image/heic"),
    (b"\x00\x00\x00$ftypheic", "image/heic"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
NOT_KNOWN = "not a PDF, a picture (PNG, JPEG, TIFF), an invoice in XML or JSON, a ZIP or a mail"
#: What staff are told about kinds that are not read but often sent; the remedy is part of it.
NOT_READ = {
    "application/x-ole-storage": "an Outlook message (.msg) or an old Office file; save the mail as .eml, or the "
    "document as PDF",
    "application/vnd.rar": "a RAR archive; please pack it as ZIP",
    "application/x-7z-compressed": "a 7z archive; please pack it as ZIP",
    "application/gzip": "a gzip archive; please pack it as ZIP",
    "image/heic": "a photo in Apple's format (HEIC); please save it as JPEG",
    "image/gif": "a GIF picture; please save it as PNG",
    "image/bmp": "a BMP picture; please save it as PNG",
}

#: A mail has no magic number; two of these at the beginnings of lines, after a first line of their kind, are enough.
_MAIL_HEADS = re.compile(
    rb"(?im)^(from|to|date|subject|message-id|mime-version|received|return-path|delivered-to|content-type|dkim-signature"
    rb"|reply-to|x-[a-z0-9-]+|arc-seal|authentication-results|received-spf)[ \t]*:"
)
_HEAD = re.compile(rb"(From [^\r\n]+\r?\n)?[!-9;-~]+[ \t]*:")
_UTF_16 = (b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00?\x00", b"\x00<\x00?")


def media_type_of(start: bytes) -> str:
    """The media type by the first two kilobytes. A PDF may have up to one of other bytes before its header."""
    for magic, media_type in _MAGIC:
        if start.startswith(magic):
            return media_type
    if _is_mail(start):  # before PDF: a small attachment may stand in the first kilobyte as it is
        return MAIL
    if b"%PDF-" in start[:1024]:
        return "application/pdf"
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"<") and not bare[:15].lower().startswith((b"<html", b"<!doctype html")):
        return "application/xml"
    if start.startswith(_UTF_16):
        return "application/xml"
    if bare.startswith((b"{", b"[")):
        return "application/json"
    return FOREIGN


def _is_mail(start: bytes) -> bool:
    if not _HEAD.match(start):
        return False
    return len({match.group(1).lower() for match in _MAIL_HEADS.finditer(start)}) >= 2
