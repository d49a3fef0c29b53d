"""Archives and mails made for these tests: honest ones and bombs."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import EmailMessage


def archive(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", kind) as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name), data, kind)
    return target.getvalue()


def with_link(files: dict[str, bytes], name: str, target: str) -> bytes:
    data = io.BytesIO(archive(files))
    with zipfile.ZipFile(data, "a") as packed:
        link = zipfile.ZipInfo(name)
        link.create_system, link.external_attr = 3, 0o120777 << 16
        packed.writestr(link, target)
    return data.getvalue()


def locked(data: bytes, name: str) -> bytes:
    """The same archive, where this member says of itself that it is packed with a password."""
    out = bytearray(data)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = out.find(mark)
        while place >= 0:
            start = place + (30 if mark == b"PK\x03\x04" else 46)
            if out[start : start + len(name)] == name.encode():
                out[place + flags] |= 1
            place = out.find(mark, place + 4)
    return bytes(out)


def many_on_one(entries: int, size: int) -> bytes:
    """An archive whose every entry is the same bytes: small on disk, and as large as one likes when unpacked."""
    data = archive({"0": bytes(size)})
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        [one] = packed.infolist()
    heads = []
    for number in range(entries):
        name = b"%06d" % number
        head = struct.pack("<4s4B4H", b"PK\x01\x02", 20, 3, 20, 0, 0, 8, 0, 33)
        head += struct.pack("<3L5H2L", one.CRC, one.compress_size, size, 6, 0, 0, 0, 0, 0, 0)
        heads.append(head + name)
    directory = b"".join(heads)
    body = data[: data.index(b"PK\x01\x02")]
    count = min(entries, 0xFFFF)  # who reads it goes by the directory's length
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def mail(text: str = "Please find attached.", subject: str = "Invoice", **files: bytes) -> EmailMessage:
    """A mail with these attachments; ``a_pdf`` is called a.pdf."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "billing@northline.example", "ap@tejas.example", subject
    made["Date"] = "Tue, 31 Mar 2026 10:00:00 -0600"
    made.set_content(text)
    for name, data in files.items():
        made.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=".".join(name.rsplit("_", 1))
        )
    return made


def mailed(kind: str, depth: int) -> bytes:
    """A mail whose parts hold each other, so many times over."""
    head = "".join(f"Content-Type: {kind}; boundary=b{level}\n\n--b{level}\n" for level in range(depth))
    return f"From: a@b.example\nSubject: x\nMIME-Version: 1.0\n{head}Content-Type: text/plain\n\nx\n".encode()
