"""The program that writes documents: ``python -m submitter.documents.sending.binder``.

One JSON request in, one answer out.

Joining, shrinking and splitting mean reading hostile files, so it happens here, in a process of its own with little
memory, processor time and disk, as `child.py` reads them. Each request has a process to itself. The answer holds
``problem`` (a sentence for staff), or what was made. What was made is read again and compared before it is answered.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter, apply_configuration
from pypdf.errors import LimitReachedError
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from submitter.documents.opening.child import PDF_LIMITS, PIXELS, is_signed
from submitter.documents.opening.confinement import allow_processor_time, confine, take_over_output

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 60
FILE_BYTES = 200_000_000
OPEN_FILES = 256
A4_POINTS = (595.276, 841.890)
MARGIN_POINTS = 18.0
#: From hardly visible to just readable: longest side in pixels (A4 at 200, 150 and 100 dpi), JPEG quality.
SHRINKING = ((2340, 75), (1754, 65), (1170, 50))

Answer = dict[str, Any]


class Refused(Exception):
    """It cannot be done with these files; the message is for staff."""


# -- joining -------------------------------------------------------------------------------------------------------


def combine(request: Answer) -> Answer:
    """One PDF: the invoice's pages first, then the others'. What cannot be merged is embedded byte for byte."""
    invoice = Path(request["invoice"]["path"])
    reader = _opened(invoice, request["invoice"]["name"])
    if is_signed(reader):
        raise Refused(f"{request['invoice']['name']} is signed and must not be changed, so nothing can be added to it")
    if reader.is_encrypted:
        raise Refused(f"{request['invoice']['name']} is protected against changes, so nothing can be added to it")
    writer = PdfWriter(clone_from=reader)
    expected = [_shown(page) for page in reader.pages]
    attached = [(item.name, item.content) for item in reader.attachment_list]
    taken = {name.casefold() for name, _ in attached}
    embedded: list[str] = []
    for other in request["others"]:
        path, name = Path(other["path"]), other["name"]
        if other["media_type"] != "application/pdf":
            added = PdfReader(io.BytesIO(_as_pages(path)))
        else:
            added = _opened(path, name)
            if is_signed(added) or added.is_encrypted:
                own = _unique(name, taken)
                content = path.read_bytes()
                writer.add_attachment(own, content)
                attached.append((own, content))
                embedded.append(name)
                continue
        writer.append(added, import_outline=False)
        expected += [_shown(page) for page in added.pages]
        for item in added.attachment_list:
            own, content = _unique(f"{Path(name).stem} - {item.name}", taken), item.content
            writer.add_attachment(own, content)
            attached.append((own, content))
    _write(writer, Path(request["target"]))
    _compare(Path(request["target"]), expected, attached, _kept(reader))
    return {"pages": len(expected), "embedded": embedded}


def _opened(path: Path, name: str) -> PdfReader:
    reader = PdfReader(io.BytesIO(path.read_bytes()))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused(f"{name} asks for a password")
    return reader


def _as_pages(path: Path) -> bytes:
    """A scan as PDF pages of its own shape, not larger than A4. JPEG data goes in as it is, the rest without loss."""
    made = io.BytesIO()
    canvas = Canvas(made, pageCompression=1)
    with Image.open(path, formats=("PNG", "JPEG", "TIFF")) as picture:
        if picture.width * picture.height > PIXELS:
            raise Refused(f"{path.name} is {picture.width} by {picture.height} pixels, far more than any scan needs")
        as_it_is = picture.format == "JPEG" and picture.mode in ("L", "RGB") and not _turned(picture)
        for number in range(int(getattr(picture, "n_frames", 1))):
            picture.seek(number)
            frame = ImageOps.exif_transpose(picture)
            width, height = frame.size
            across = A4_POINTS if height >= width else A4_POINTS[::-1]
            scale = min((across[0] - 2 * MARGIN_POINTS) / width, (across[1] - 2 * MARGIN_POINTS) / height)
            canvas.setPageSize((width * scale + 2 * MARGIN_POINTS, height * scale + 2 * MARGIN_POINTS))
            source = ImageReader(io.BytesIO(path.read_bytes()) if as_it_is else _opaque(frame))
            canvas.drawImage(source, MARGIN_POINTS, MARGIN_POINTS, width * scale, height * scale)
            canvas.showPage()
    canvas.save()
    return made.getvalue()


def _turned(picture: Image.Image) -> bool:
    return bool(picture.getexif().get(0x0112, 1) != 1)


def _opaque(frame: Image.Image) -> Image.Image:
    """Paper is white: what a picture leaves transparent would print black."""
    if frame.mode in ("1", "L", "RGB"):
        return frame
    if "A" not in frame.getbands() and "transparency" not in frame.info:
        return frame.convert("RGB")
    layered = frame.convert("RGBA")
    paper = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(paper, layered).convert("RGB")


def _unique(name: str, taken: set[str]) -> str:
    """A name that no attachment has yet: a viewer shows the first of two equal ones and hides the other."""
    stem, suffix = Path(name).stem, Path(name).suffix
    own, count = name, 2
    while own.casefold() in taken:
        own, count = f"{stem} ({count}){suffix}", count + 1
    taken.add(own.casefold())
    return own


#: What makes an invoice a PDF/A-3 with an electronic invoice inside; `PdfWriter.append` alone would lose all of it.
_ROOT_KEYS = ("/Metadata", "/AF", "/OutputIntents", "/Lang", "/MarkInfo")


def _kept(reader: PdfReader) -> dict[str, Any]:
    """What the catalogue says, in a form that two files can be compared by."""
    root = reader.root_object
    found: dict[str, Any] = {}
    for key in _ROOT_KEYS:
        if key not in root:
            continue
        value: Any = root[key].get_object()
        if key == "/Metadata":
            found[key] = value.get_data()
        elif key in ("/AF", "/OutputIntents"):
            found[key] = len(value)
        else:
            found[key] = str(value)
    return found


# -- making smaller ------------------------------------------------------------------------------------------------


def shrink(request: Answer) -> Answer:
    """The same pages with smaller pictures. Text, page count and attachments stay what they were."""
    source, target, under = Path(request["source"]), Path(request["target"]), int(request["under"])
    if request["media_type"] != "application/pdf":
        return _shrink_picture(source, target, under)
    reader = _opened(source, request["name"])
    _may_be_rewritten(reader, request["name"], "made smaller")
    expected = [_shown(page) for page in reader.pages]
    attached = [(item.name, item.content) for item in reader.attachment_list]
    for longest, quality in SHRINKING:
        writer = PdfWriter(clone_from=source)
        for page in writer.pages:
            for image in page.images:
                picture = image.image
                if picture is not None and picture.mode != "1":  # a black-and-white fax is as small as it gets
                    picture.thumbnail((longest, longest))
                    image.replace(picture.convert("L" if picture.mode == "L" else "RGB"), quality=quality)
        writer.compress_identical_objects()
        _write(writer, target)
        if target.stat().st_size <= under:
            _compare(target, expected, attached, {})
            return {"pages": len(expected), "size": target.stat().st_size}
    raise Refused(
        f"{request['name']} stays at {target.stat().st_size / 1e6:.1f} MB even with its pictures at 100 dots an inch; "
        "split it, or scan it again in black and white"
    )


def _shrink_picture(source: Path, target: Path, under: int) -> Answer:
    for longest, quality in SHRINKING:
        with Image.open(source, formats=("PNG", "JPEG", "TIFF")) as picture:
            if int(getattr(picture, "n_frames", 1)) > 1:
                raise Refused("a picture of several pages is not made smaller; save it as a PDF first")
            small = _opaque(ImageOps.exif_transpose(picture))
            small.thumbnail((longest, longest))
            small.convert("L" if small.mode in ("1", "L") else "RGB").save(target, "JPEG", quality=quality)
        if target.stat().st_size <= under:
            return {"pages": 1, "size": target.stat().st_size}
    raise Refused(f"the picture stays at {target.stat().st_size / 1e6:.1f} MB even at 100 dots an inch")


def split(request: Answer) -> Answer:
    """The pages in order, in as few files under the limit as that takes."""
    source, folder, under = Path(request["source"]), Path(request["folder"]), int(request["under"])
    reader = _opened(source, request["name"])
    _may_be_rewritten(reader, request["name"], "split")
    if reader.attachment_list and next(iter(reader.attachment_list), None) is not None:
        raise Refused(f"{request['name']} carries other files inside, which splitting would lose")
    expected = [_shown(page) for page in reader.pages]
    made: list[str] = []
    begin, total = 0, len(expected)
    while begin < total:
        if len(made) == 99:
            raise Refused(f"{request['name']} would become more than 99 files")
        target = folder / f"{Path(request['name']).stem} part {len(made) + 1}.pdf"
        begin = _longest_part(reader, begin, target, under, request["name"])
        made.append(target.name)
    found = [_shown(page) for name in made for page in PdfReader(folder / name).pages]
    if found != expected:
        raise Refused(f"{request['name']} did not come out of splitting as it went in; it was left as it is")
    return {"pages": total, "files": made}


def _longest_part(reader: PdfReader, begin: int, target: Path, under: int, name: str) -> int:
    """Write as many pages from ``begin`` as fit; the number of the page after them."""
    least, most = begin, len(reader.pages)
    while least < most:
        end = (least + most + 1) // 2
        _write_pages(reader, begin, end, target)
        if target.stat().st_size <= under:
            least = end
        else:
            most = end - 1
    if least == begin:
        raise Refused(f"page {begin + 1} of {name} alone is over the limit; make it smaller first")
    _write_pages(reader, begin, least, target)
    return least


def _write_pages(reader: PdfReader, begin: int, end: int, target: Path) -> None:
    writer = PdfWriter()
    for index in range(begin, end):
        writer.add_page(reader.pages[index])
    _write(writer, target)


def _may_be_rewritten(reader: PdfReader, name: str, how: str) -> None:
    if is_signed(reader):
        raise Refused(f"{name} is signed; {how}, the signature would break")
    if reader.is_encrypted:
        raise Refused(f"{name} is protected against changes, so it cannot be {how}")
    metadata = reader.root_object.get("/Metadata")
    if metadata is not None and b"pdfaid" in metadata.get_object().get_data():
        raise Refused(f"{name} is an archive file (PDF/A), which would no longer be one; it cannot be {how}")


# -- what all have in common ---------------------------------------------------------------------------------------


def _shown(page: Any) -> str:
    """The page's words, to compare by. A page that cannot be read says so in both files, or it was changed."""
    try:
        return unicodedata.normalize("NFC", " ".join(page.extract_text().split()))
    except (LimitReachedError, MemoryError):
        raise
    except Exception:
        logging.exception("text")
        return "?"


def _write(writer: PdfWriter, target: Path) -> None:
    with target.open("wb") as file:
        writer.write(file)


def _compare(target: Path, expected: list[str], attached: list[tuple[str, bytes]], kept: dict[str, Any]) -> None:
    """What was written, read again: the same pages with the same words, every attachment byte for byte."""
    made = PdfReader(io.BytesIO(target.read_bytes()))
    if [_shown(page) for page in made.pages] != expected:
        raise Refused("the pages did not come out as they went in, so nothing was made")
    found = sorted((item.name, item.content) for item in made.attachment_list)
    if found != sorted(attached):
        raise Refused("a file inside was lost or changed on the way, so nothing was made")
    now = _kept(made)
    if any(now.get(key) != value for key, value in kept.items() if key != "/AF") or now.get("/AF", 0) < kept.get(
        "/AF", 0
    ):
        raise Refused("the invoice would lose what makes it an electronic one, so nothing was made")


DONE: dict[str, Callable[[Answer], Answer]] = {"combine": combine, "shrink": shrink, "split": split}


def answer_for(request: Answer) -> Answer:
    """Libraries raise anything at all for damaged files, so everything is caught here."""
    try:
        with apply_configuration(**PDF_LIMITS):
            return DONE[request["do"]](request)
    except Refused as error:
        return {"problem": f"{error}."}
    except (LimitReachedError, MemoryError, RecursionError, Image.DecompressionBombError):
        logging.exception("limit")
        return {"problem": "It takes more memory or work than any honest document needs."}
    except Exception:
        logging.exception("failed")
        return {"problem": "One of the files could not be rewritten; print it to PDF anew and try again."}


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    warnings.simplefilter("ignore")
    way_out = take_over_output()
    confine(MEMORY_BYTES, FILE_BYTES, OPEN_FILES)
    allow_processor_time(CPU_SECONDS)
    way_out.write(json.dumps(answer_for(json.load(sys.stdin))) + "\n")
