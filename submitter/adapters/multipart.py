"""A form with files, as it is really sent: a route is shown the names of a form's files, but not their bytes.

A sending click whose own request carries the files would otherwise book an invoice with empty ones, although the page
holds the right ones and their SHA-256 was compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_FILE_NAME = re.compile(rb'^content-disposition:[^\r\n]*;\s*filename="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)


def with_files(body: bytes, content_type: str, files: Mapping[str, bytes]) -> bytes:
    """The form with the bytes of each chosen file, by its name. Everything else is left as it is.

    ValueError for an empty part that names a file which is not among ``files``, and for a form that is none.
    """
    found = re.search(r'boundary="?([^";,]+)"?', content_type)
    if found is None:
        raise ValueError("the form has no boundary")
    mark = b"--" + found[1].encode("latin-1")
    begin, *parts = body.split(mark)
    if begin.strip() or len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise ValueError("the form does not begin and end as a form does")
    return mark.join([begin, *(_filled(part, files) for part in parts[:-1]), parts[-1]])


def _filled(part: bytes, files: Mapping[str, bytes]) -> bytes:
    head, separator, content = part.partition(b"\r\n\r\n")
    named = _FILE_NAME.search(head)
    if named is None or not named[1] or content != b"\r\n":
        return part
    for name, data in files.items():
        if named[1] in (_as_written(name, "utf-8"), _as_written(name, "cp1252")):
            return head + separator + data + content
    raise ValueError("the form names a file that was not chosen for it")


def _as_written(name: str, charset: str) -> bytes:
    """As browsers write a file's name into a form (HTML standard, multipart/form-data encoding algorithm)."""
    escaped = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    return escaped.encode(charset, errors="xmlcharrefreplace")
