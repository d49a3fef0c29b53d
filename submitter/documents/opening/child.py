"""The program that opens files: ``python -m submitter.documents.opening.child``. One JSON line in, one JSON line out.

Documents are hostile, and the libraries that read them have limits per stream, not per document. So a file is opened
only here, in a process of its own with little memory, processor time and disk; if it dies, `opening.py` starts another.
It is started by fork and exec and lives long, because the libraries take a second to load. Nothing else imports it.

The request is ``{"path": ..., "what": one of READERS}``; the answer always holds ``verdict`` and ``sentence``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

from PIL import Image
from pypdf import PdfReader, apply_configuration
from pypdf.errors import LimitReachedError

from submitter.documents.einvoices.electronic import Malformed, Unsafe, read_attached, read_electronic
from submitter.documents.einvoices.json_invoice import FORMAT, read_json
from submitter.documents.lists.sheets import read_sheets
from submitter.documents.opening.confinement import allow_processor_time, confine, take_over_output
from submitter.documents.opening.reading import Verdict

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
FILE_BYTES = 1 << 20  # nothing is written but complaints on the error stream
OPEN_FILES = 64
TEXT_PAGES = 20
TEXT_CHARACTERS = 200_000
TEXT_SECONDS = 8.0  # a slow document keeps its pages and its invoice, and loses the rest of its text
PIXELS = 60_000_000  # A4 at 600 dpi is 35 million
ATTACHMENTS = 100
FORM_FIELDS = 20_000

_STREAM = 40_000_000
PDF_LIMITS: dict[str, Any] = {
    "maximum_declared_stream_length": 60_000_000,
    "array_based_stream_maximum_output_length": _STREAM,
    "jbig2_maximum_output_length": _STREAM,
    "lzw_maximum_output_length": _STREAM,
    "run_length_maximum_output_length": _STREAM,
    "zlib_maximum_output_length": _STREAM,
    "brotli_maximum_output_length": _STREAM,
    "image_maximum_buffer_size": _STREAM,
    "stream_decoding_work_maximum_length": 120_000_000,
    "stream_parsing_work_maximum_count": 500_000,
    "page_tree_maximum_entries": 5_000,
    "page_tree_maximum_page_entries": 200_000,
    "jbig2dec_binary": None,  # no other program is started
    "disable_legacy_handling": True,
}

Answer = dict[str, Any]


def refusal(verdict: Verdict, sentence: str) -> Answer:
    return {"verdict": verdict.value, "sentence": sentence}


def read_pdf(source: IO[bytes]) -> Answer:
    began = time.process_time(), time.monotonic()
    with apply_configuration(**PDF_LIMITS):
        reader = PdfReader(source)
        encrypted = reader.is_encrypted
        if encrypted and not _opens_without_password(reader):
            return refusal(
                Verdict.NEEDS_PASSWORD,
                "The file asks for a password before it opens; please save a copy without the password.",
            )
        pages = len(reader.pages)
        if pages == 0:
            return refusal(Verdict.DAMAGED, "The file is a PDF without any page.")
        answer: Answer = {"verdict": Verdict.OK.value, "sentence": "", "pages": pages, "encrypted": encrypted}
        answer["signed"] = is_signed(reader)
        answer["attachments"] = _attachments(reader)
        answer |= read_attached(reader)
        answer["text_plain"] = _text(reader, "plain", began, TEXT_SECONDS / 2)
        answer["text_layout"] = _text(reader, "layout", began, TEXT_SECONDS)
        return answer


def _opens_without_password(reader: PdfReader) -> bool:
    """A document protected only against changes opens with the empty password."""
    try:
        return bool(reader.decrypt(""))
    except Exception:  # an unknown kind of protection is as closed as one with a password
        logging.exception("decrypt")
        return False


def is_signed(reader: PdfReader) -> bool:
    """Whether any signature field is filled in. An unreadable form counts as signed: it is then left alone."""
    try:
        form = reader.root_object.get("/AcroForm")
        waiting: list[tuple[Any, Any]] = [(field, None) for field in _items(form, "/Fields")]
        for _ in range(FORM_FIELDS):
            if not waiting:
                return False
            field, inherited = waiting.pop()
            field = field.get_object()
            kind = field.get("/FT", inherited)
            if kind == "/Sig" and field.get("/V") is not None:
                return True
            waiting += [(kid, kind) for kid in _items(field, "/Kids")]
    except LimitReachedError:
        raise
    except Exception:
        logging.exception("form")
    return True


def _items(holder: Any, key: str) -> list[Any]:
    if holder is None:
        return []
    found = holder.get_object().get(key)
    return [] if found is None else list(found.get_object())


def _attachments(reader: PdfReader) -> list[Answer]:
    found: list[Answer] = []
    try:
        for item in reader.attachment_list:
            if len(found) == ATTACHMENTS:
                break
            size = item.size
            found.append({"name": clean(item.name)[:200], "size": int(size) if size is not None else None})
    except LimitReachedError:
        raise
    except Exception:
        logging.exception("attachments")
    return found


def _spent(began: tuple[float, float]) -> float:
    """Seconds of work since then. On a busy machine the clock counts too, so that the parent need not give us up."""
    processor, clock = began
    return max(time.process_time() - processor, (time.monotonic() - clock) / 4)


def _text(reader: PdfReader, mode: Literal["plain", "layout"], began: tuple[float, float], most: float) -> str:
    """The text of the first pages. An unreadable page is left out: real files fail here over a picture."""
    parts: list[str] = []
    room = TEXT_CHARACTERS
    for index in range(min(TEXT_PAGES, len(reader.pages))):
        if room <= 0 or _spent(began) > most:
            break
        try:
            text = clean(reader.pages[index].extract_text(extraction_mode=mode))[:room]
        except (LimitReachedError, MemoryError):
            raise
        except Exception:
            logging.exception("text of page %d", index + 1)
            continue
        parts.append(text)
        room -= len(text) + 1
    return "\n".join(parts)


def clean(text: str) -> str:
    """Without what a database refuses: null characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def read_xml(source: IO[bytes]) -> Answer:
    try:
        found = read_electronic(source.read())
    except Malformed as error:
        return refusal(Verdict.DAMAGED, f"The file is damaged: {error}.")
    if "other" in found:
        return refusal(Verdict.NOT_A_DOCUMENT, f"The file is {found['other']}.")
    if not found:
        return refusal(Verdict.NOT_A_DOCUMENT, "The file is XML, but not an electronic invoice of a kind we know.")
    return refusal(Verdict.OK, "") | found


def read_json_invoice(source: IO[bytes]) -> Answer:
    try:
        found = read_json(source.read())
    except Malformed as error:
        return refusal(Verdict.DAMAGED, f"The file is damaged: {error}.")
    if not found:
        return refusal(
            Verdict.NOT_A_DOCUMENT, f'The file is JSON, but not our invoice: that begins with "format": "{FORMAT}".'
        )
    return refusal(Verdict.OK, "") | found


def read_image(source: IO[bytes]) -> Answer:
    with Image.open(source, formats=("PNG", "JPEG", "TIFF")) as picture:
        width, height = picture.size
        if width * height > PIXELS:
            return refusal(Verdict.HOSTILE, f"The picture is {width} by {height} pixels, far more than any scan needs.")
        pages = int(getattr(picture, "n_frames", 1))
        picture.load()  # the header of a picture that was cut off is still whole
    return refusal(Verdict.OK, "") | {"width": width, "height": height, "pages": pages}


READERS: dict[str, Callable[[IO[bytes]], Answer]] = {
    "pdf": read_pdf,
    "xml": read_xml,
    "json": read_json_invoice,
    "image": read_image,
    "sheet": read_sheets,
}


def answer_for(path: Path, what: str) -> Answer:
    """The answer for one file. Libraries raise anything at all for damaged files, so everything is caught here."""
    sha256 = ""
    try:
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            answer = READERS[what](source)
    except (LimitReachedError, MemoryError, RecursionError, Image.DecompressionBombError):
        logging.exception("limit")
        answer = refusal(
            Verdict.HOSTILE,
            "Opening the file takes more memory or work than any honest document needs; it was not opened further.",
        )
    except Unsafe as error:
        answer = refusal(Verdict.HOSTILE, str(error))
    except Exception:
        logging.exception("damaged")
        answer = refusal(Verdict.DAMAGED, "The file is damaged and cannot be read; please export or scan it again.")
    return answer | {"sha256": sha256}


def serve(requests: IO[bytes], answers: IO[str]) -> None:
    """Says that it is ready, then answers one request after the other until there are no more."""
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in requests:
        request = json.loads(line)
        allow_processor_time(CPU_SECONDS)
        answers.write(json.dumps(answer_for(Path(request["path"]), request["what"])) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    warnings.simplefilter("ignore")
    way_out = take_over_output()
    confine(MEMORY_BYTES, FILE_BYTES, OPEN_FILES)
    serve(sys.stdin.buffer, way_out)
