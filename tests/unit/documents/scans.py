"""Scans made for these tests: pages that are pictures, with printed letters and with barcodes on them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

A4 = (1654, 2339)  # pixels at 200 dots an inch


def sheet(*lines: str, codes: tuple[str, ...] = ()) -> Image.Image:
    """A scanned page: lines of print, and below them barcodes (QR codes, or Code 128 for every second)."""
    paper = Image.new("L", A4, 255)
    draw = ImageDraw.Draw(paper)
    letters = ImageFont.load_default(48)
    for row, line in enumerate(lines):
        draw.text((160, 160 + 90 * row), line, fill=0, font=letters)
    for place, code in enumerate(codes):
        paper.paste(_barcode(code, qr=place % 2 == 0), (200, 900 + 400 * place))
    return paper


def _barcode(text: str, *, qr: bool) -> Image.Image:
    import zxingcpp  # noqa: PLC0415  optional; who asks for a barcode has it

    kind = zxingcpp.BarcodeFormat.QRCode if qr else zxingcpp.BarcodeFormat.Code128
    drawn: Any = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, kind), scale=4)
    grey: Any = memoryview(drawn)  # rows, columns
    return Image.frombytes("L", (grey.shape[1], grey.shape[0]), bytes(drawn))


def as_file(picture: Image.Image, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    picture.save(target, kind)
    return target.getvalue()


def as_pdf(*pictures: Image.Image) -> bytes:
    """A scan as a scanner saves it: a PDF whose pages are pictures and nothing else."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(595, 842), invariant=True)
    for picture in pictures:
        canvas.drawImage(ImageReader(io.BytesIO(as_file(picture))), 0, 0, 595, 842)
        canvas.showPage()
    canvas.save()
    return target.getvalue()
