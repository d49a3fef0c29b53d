"""ZIP archives: what is in them, put out one by one. Runs in the child only."""

from __future__ import annotations

import logging
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from submitter.documents.einvoices.xml_trees import Malformed, Unsafe
from submitter.documents.opening.member_box import MEMBER_BYTES, MEMBERS, TOTAL_BYTES, Box, Overfull
from submitter.documents.opening.member_names import is_clutter
from submitter.documents.opening.reading import Verdict

RATIO = 200  # deflate reaches 1,032 on zeros; no scan or invoice comes near this
SMALL = 10_000_000  # bytes; below this any ratio is fine
_CHUNK = 1 << 16


class Foreign(Exception):
    """A file that uses ZIP as its wrapping and is none; the message is for staff."""


def unpack_zip(source: IO[bytes], box: Box) -> str:
    """All members into the box; an archive says nothing itself.

    Raises for the archive as a whole; one bad member is mentioned and stops no other.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Malformed(f"the archive cannot be read ({error})") from None
    with archive:
        members = archive.infolist()
        _refuse_wrappings({member.filename for member in members})
        wanted = [member for member in members if not member.is_dir() and not _is_link(member)]
        wanted = [member for member in wanted if not is_clutter(member.filename)]
        if len(wanted) > MEMBERS:
            raise Overfull(f"It holds {len(wanted):,} files; archives of more than {MEMBERS} are not unpacked.")
        _weigh(wanted, box)
        for member in wanted:
            _take(archive, member, box)
    return ""


def _refuse_wrappings(names: set[str]) -> None:
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise Foreign("is an office document (Word, Excel or the like); please save it as PDF")


def _is_link(member: zipfile.ZipInfo) -> bool:
    """A link that an archive brings can point anywhere, and nobody sends a proof of delivery as a link."""
    return stat.S_ISLNK(member.external_attr >> 16)


def _weigh(members: list[zipfile.ZipInfo], box: Box) -> None:
    """By what the archive itself says; what it does not say is not read either, because reading stops there."""
    for member in members:
        if member.file_size > SMALL and member.file_size > RATIO * max(member.compress_size, 1):
            raise Unsafe(
                f"It holds {member.file_size / 1_000_000:,.0f} MB packed into {member.compress_size:,} bytes, as only "
                "files made for attacks do."
            )
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if total > TOTAL_BYTES and total > RATIO * max(packed, 1):
        raise Unsafe(f"It unpacks to {total / 1_000_000:,.0f} MB, as only files made for attacks do.")
    box.make_room(total - sum(m.file_size for m in members if m.file_size > MEMBER_BYTES))


def _take(archive: zipfile.ZipFile, member: zipfile.ZipInfo, box: Box) -> None:
    name = member.filename
    if member.flag_bits & 0x1:
        box.mention(name, Verdict.NEEDS_PASSWORD, "It is packed with a password; please send it without one.")
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        box.mention(name, Verdict.NOT_A_DOCUMENT, "It is packed in a way that is not read; please use plain ZIP.")
    elif member.file_size > MEMBER_BYTES:
        limit = f"{MEMBER_BYTES // 1_000_000} MB"
        sentence = f"It is {member.file_size / 1_000_000:,.0f} MB; files over {limit} are not opened."
        box.mention(name, Verdict.TOO_LARGE, sentence)
    elif PurePosixPath(name).suffix.casefold() == ".zip":
        box.mention(name, Verdict.NOT_A_DOCUMENT, "It is an archive inside an archive; please unpack it by hand.")
    else:
        try:
            box.put(name, _chunks(archive, member))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
            logging.exception("member")
            box.mention(name, Verdict.DAMAGED, "It is damaged inside the archive; please pack it again.")


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as source:
        while chunk := source.read(_CHUNK):
            yield chunk
