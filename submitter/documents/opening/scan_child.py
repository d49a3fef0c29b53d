"""The program that looks at pages: ``python -m submitter.documents.opening.scan_child``.

One JSON line in, one JSON line out.

It gives a second opinion on a PDF (page count and text by another library), finds barcodes, and has text read from
pictures. What it opens may kill it -- the library aborts the process when memory runs short -- so it is another process
than the one whose verdict counts (`child.py`), and its death means no more than that there is no second opinion.

The request is ``{"path": ..., "what": "pdf" | "image", "wanted": ["pages" | "opinion" | "codes" | "text"],
"language": ...}``; the answer holds what was wanted as far as the parts for it are installed.
"""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from PIL import Image

from submitter.documents.opening.confinement import allow_processor_time, confine, take_over_output

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20  # for our own work on one file, and as much again for the letters of each page
FILE_BYTES = 1 << 20  # nothing is written but complaints on the error stream
OPEN_FILES = 64
TEXT_PAGES = 20
TEXT_CHARACTERS = 200_000
PIXELS = 60_000_000  # A4 at 600 dpi is 35 million
LOOKED_AT = 3  # pages: a proof of delivery says what it proves on its first ones
SHARP = 300 / 72  # 300 dots an inch, as the reader of letters likes it best
PAGE_PIXELS = 9_000_000  # A4 at that
CODES = 50
CODE_CHARACTERS = 500
TEXT_SECONDS = 15.0  # for the letters of one page
READER_OF_LETTERS = "tesseract"

Answer = dict[str, Any]


def clean(text: str) -> str:
    """Without what a database refuses: null characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def opinion(path: Path, *, with_text: bool) -> Answer:
    """How many pages another library counts, and the text that it finds."""
    import pypdfium2  # noqa: PLC0415  optional, and this program is started for its other skills too

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        return {"locked": "password" in str(error).lower()}
    if not with_text:
        return {"pages": len(document)}
    parts: list[str] = []
    room = TEXT_CHARACTERS
    for index in range(min(TEXT_PAGES, len(document))):
        if room <= 0:
            break
        try:
            text = clean(document[index].get_textpage().get_text_range())[:room]
        except Exception:  # a page that is counted and not there
            logging.exception("text of page %d", index + 1)
            continue
        parts.append(text.replace("\r\n", "\n"))
        room -= len(text) + 1
    return {"pages": len(document), "text": "\n".join(parts)}


def pictures(path: Path, what: str) -> Iterator[Image.Image]:
    """The first pages as clean grey pictures of a bounded size, drawn anew: nothing of the file's own bytes is left."""
    if what == "pdf":
        yield from _drawn(path)
        return
    with Image.open(path, formats=("PNG", "JPEG", "TIFF")) as picture:
        for frame in range(min(LOOKED_AT, int(getattr(picture, "n_frames", 1)))):
            picture.seek(frame)
            if picture.width * picture.height > PIXELS:
                return
            yield _bounded(picture.convert("L"))


def _drawn(path: Path) -> Iterator[Image.Image]:
    if find_spec("pypdfium2") is None:
        return
    import pypdfium2  # noqa: PLC0415

    document = pypdfium2.PdfDocument(path)
    for index in range(min(LOOKED_AT, len(document))):
        page = document[index]
        inches = page.get_width() * page.get_height()
        scale = min(SHARP, (PAGE_PIXELS / max(inches, 1.0)) ** 0.5)
        yield _bounded(page.render(scale=scale, grayscale=True).to_pil().convert("L"))


def _bounded(picture: Image.Image) -> Image.Image:
    share = (PAGE_PIXELS / max(picture.width * picture.height, 1)) ** 0.5
    if share >= 1:
        return picture
    return picture.resize((max(1, int(picture.width * share)), max(1, int(picture.height * share))))


def codes_in(picture: Image.Image) -> list[str]:
    """What the barcodes and QR codes on a picture say, each once."""
    import zxingcpp  # noqa: PLC0415

    found = (clean(code.text).strip()[:CODE_CHARACTERS] for code in zxingcpp.read_barcodes(picture))
    return list(dict.fromkeys(text for text in found if text))[:CODES]


def letters_in(picture: Image.Image, language: str) -> str:
    """The text on a picture. The program for it inherits our limits and gets the picture through a pipe."""
    sheet = io.BytesIO()
    picture.save(sheet, "PNG", compress_level=1)
    done = subprocess.run(  # noqa: S603  found on the PATH; the language is checked by the settings
        [READER_OF_LETTERS, "stdin", "stdout", "-l", language, "--dpi", "300"],
        input=sheet.getvalue(),
        capture_output=True,
        timeout=TEXT_SECONDS,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=True,
    )
    return clean(done.stdout.decode("utf-8", "replace"))[:TEXT_CHARACTERS]


def answer_for(request: dict[str, Any]) -> Answer:
    """What was wanted. A part that fails is left out: there is nobody here whom it would help to hear of it."""
    path, what, wanted = Path(request["path"]), request["what"], request["wanted"]
    answer: Answer = {}
    try:
        if "pages" in wanted or "opinion" in wanted:
            answer |= opinion(path, with_text="opinion" in wanted)
        if "codes" in wanted or "text" in wanted:
            answer |= _look_at_pages(path, what, wanted, request.get("language", "eng"))
    except Exception:
        logging.exception("a second look")
    return answer


def _look_at_pages(path: Path, what: str, wanted: list[str], language: str) -> Answer:
    can_codes = "codes" in wanted and find_spec("zxingcpp") is not None
    can_text = "text" in wanted and shutil.which(READER_OF_LETTERS) is not None
    codes: list[str] = []
    texts: list[str] = []
    for picture in pictures(path, what) if can_codes or can_text else ():
        for look in ("codes",) * can_codes + ("text",) * can_text:
            try:
                if look == "codes":
                    codes += codes_in(picture)
                else:
                    texts.append(letters_in(picture, language))
            except Exception:
                logging.exception(look)
    return {"codes": list(dict.fromkeys(codes))[:CODES], "text": "\n".join(texts)}


def serve(requests: IO[bytes], answers: IO[str]) -> None:
    """Says that it is ready, then answers one request after the other until there are no more."""
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in requests:
        allow_processor_time(CPU_SECONDS)
        answers.write(json.dumps(answer_for(json.loads(line))) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    warnings.simplefilter("ignore")
    way_out = take_over_output()
    confine(MEMORY_BYTES, FILE_BYTES, OPEN_FILES)
    serve(sys.stdin.buffer, way_out)
