"""The proof of delivery: a field ticket that someone at the well signed, and that came back through a scanner."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from submitter.practice.shop.catalogue import CUSTOMER, SUPPLIER
from submitter.practice.shop.paper import SCANNERS, Colour, Quality, font, scan, sign, stamp

DPI = 150
WIDTH, HEIGHT = 1275, 1650  # letter paper at 150 dots per inch
LEFT, RIGHT = 95, 1180
MOST_ROWS = 12
BLACK, GREY, RED, RULE = (34, 36, 40), (105, 110, 116), (176, 32, 40), (120, 126, 132)
_POINTS = 72 / DPI
_HANDS = ("R. Oakhurst", "T. Vellacott", "M. Sandoe", "K. Brightwater", "J. Marchetto", "P. Lindgate")

Row = tuple[str, str, str]
"""What was delivered: description, quantity, unit, as printed."""


@dataclass(frozen=True)
class _Sheet:
    """A page being drawn, and the words on it with their places, which a scanner's OCR would find again."""

    picture: Image.Image = field(default_factory=lambda: Image.new("RGB", (WIDTH, HEIGHT), "white"))
    words: list[tuple[int, int, int, str]] = field(default_factory=list)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.picture)

    def say(
        self, x: int, y: int, words: str, *, size: int = 22, ink: Colour = BLACK, bold: bool = False, anchor: str = "ls"
    ) -> None:
        """Print words with their baseline at y; an anchor of "rs" ends them at x, "ms" centres them."""
        face = font(size, bold)
        self.pen.text((x, y), words, fill=ink, font=face, anchor=anchor)
        left = x - int(face.getlength(words) * {"l": 0, "m": 0.5, "r": 1}[anchor[0]])
        self.words.append((left, y, size, words))


def make_ticket(
    path: Path,
    ticket: str,
    po: str,
    customer: str = CUSTOMER.name,
    *,
    delivered: date,
    well: str = "",
    rows: Sequence[Row] = (),
    quality: Quality = "clear",
    text_layer: bool = True,
) -> Path:
    """Write one signed and stamped ticket as a scanned PDF, below 400 kB, and return its path.

    A "clear" one is what the office sends after the first, "worn" one was refused. Without the text layer the file is
    a picture only, as from a scanner that does no OCR. The same ticket is signed by the same hand each time.
    """
    if len(rows) > MOST_ROWS:
        raise ValueError(f"A ticket has room for {MOST_ROWS} lines, not for {len(rows)}; write a second one.")
    rng = Random(ticket)  # noqa: S311  the hand that signs, not a secret
    sheet = _Sheet()
    _print_head(sheet, ticket)
    _print_boxes(sheet, po, customer, well, delivered)
    below = _print_rows(sheet, rows or (("Goods and services as ordered", "1", "LOT"),))
    _print_receipt(sheet, rng, delivered, below)
    stamp(sheet.picture, rng, (rng.randint(840, 950), below + rng.randint(120, 170)), "RECEIVED", _day(delivered))
    _save(path, scan(sheet.picture, rng, quality), sheet.words if text_layer else [], SCANNERS[quality].jpeg)
    return path


def make_ticket_for(
    folder: Path, number: str, po: str, customer: str = CUSTOMER.name, *, delivered: date, suffix: str = ""
) -> Path:
    """A signed ticket for any order at all, named as the shop names them: `ticket-<number><suffix>.pdf`."""
    safe = "".join(letter if (letter.isascii() and letter.isalnum()) or letter in "-_." else "-" for letter in number)
    return make_ticket(folder / f"ticket-{safe}{suffix}.pdf", number, po, customer, delivered=delivered)


def _print_head(sheet: _Sheet, ticket: str) -> None:
    sheet.say(LEFT, 140, SUPPLIER.name, size=38, bold=True)
    sheet.say(LEFT, 174, ", ".join(SUPPLIER.lines), size=18, ink=GREY)
    sheet.say(LEFT, 200, SUPPLIER.phone, size=18, ink=GREY)
    sheet.say(RIGHT, 138, "FIELD TICKET", size=32, bold=True, anchor="rs")
    sheet.say(RIGHT, 188, f"No. {ticket}", size=34, ink=RED, bold=True, anchor="rs")
    sheet.say(RIGHT, 216, "Proof of delivery", size=17, ink=GREY, anchor="rs")
    sheet.pen.line((LEFT, 240, RIGHT, 240), fill=BLACK, width=4)


def _print_boxes(sheet: _Sheet, po: str, customer: str, well: str, delivered: date) -> None:
    """Four boxes: for whom, for which order, where, when."""
    middle = (LEFT + RIGHT) // 2
    boxes = (
        (LEFT, 262, "Customer", customer),
        (middle, 262, "Purchase order", po),
        (LEFT, 352, "Well / location", well or "as ordered"),
        (middle, 352, "Date delivered", _day(delivered)),
    )
    for x, y, label, value in boxes:
        sheet.pen.rectangle((x, y, x + middle - LEFT, y + 90), outline=RULE, width=2)
        sheet.say(x + 14, y + 28, label, size=17, ink=GREY)
        sheet.say(x + 14, y + 70, value, size=_fit(value, 29, middle - LEFT - 28), bold=True)


def _print_rows(sheet: _Sheet, rows: Sequence[Row]) -> int:
    """The quantities, on ruled lines of which some stay empty; returns where the table ends."""
    top, tall = 482, 54
    edges = (LEFT, 165, 905, 1055, RIGHT)
    sheet.pen.rectangle((LEFT, top, RIGHT, top + 46), fill=(226, 229, 232), outline=RULE, width=2)
    for x, title in zip(edges, ("#", "Description", "Quantity", "Unit"), strict=False):
        sheet.say(x + 14, top + 31, title, size=19, bold=True)
    y = top + 46
    for number in range(max(len(rows) + 1, 6)):
        if number < len(rows):
            description, quantity, unit = rows[number]
            sheet.say(edges[0] + 14, y + 36, str(number + 1), size=21)
            sheet.say(edges[1] + 14, y + 36, description, size=_fit(description, 22, 712))
            sheet.say(edges[3] - 24, y + 36, quantity, size=24, bold=True, anchor="rs")
            sheet.say(edges[3] + 14, y + 36, unit, size=21)
        y += tall
        sheet.pen.line((LEFT, y, RIGHT, y), fill=RULE, width=1)
    for x in edges:
        sheet.pen.line((x, top, x, y), fill=RULE, width=2)
    return y


def _print_receipt(sheet: _Sheet, rng: Random, delivered: date, below: int) -> None:
    """The customer's own words: received, by whom, when, and a signature across the line."""
    sheet.say(LEFT, below + 56, "Received in good order and complete:", size=21)
    sheet.say(LEFT, below + 90, "Work was done and parts were left at the location named above.", size=17, ink=GREY)
    line = below + 290
    for x, width, label in ((LEFT, 420, "Signature"), (560, 330, "Printed name"), (940, 240, "Date")):
        sheet.pen.line((x, line, x + width, line), fill=BLACK, width=2)
        sheet.say(x, line + 26, label, size=17, ink=GREY)
    sheet.say(572, line - 12, rng.choice(_HANDS), size=25)
    sheet.say(952, line - 12, _day(delivered), size=25)
    sign(sheet.picture, rng, (LEFT + rng.randint(5, 30), line - rng.randint(8, 22)), rng.randint(320, 395))
    foot = "White: office   Yellow: customer   Pink: driver"
    sheet.say(LEFT, 1560, foot, size=15, ink=GREY)
    sheet.say(RIGHT, 1560, "Form NMW-7 rev. C", size=15, ink=GREY, anchor="rs")


def _save(path: Path, picture: Image.Image, words: list[tuple[int, int, int, str]], jpeg: int) -> None:
    packed = BytesIO()
    picture.save(packed, "JPEG", quality=jpeg, dpi=(DPI, DPI))
    packed.seek(0)
    rl_config.useA85 = 0  # else every picture is spelt out in letters: a quarter larger, and slow in pure Python
    size = WIDTH * _POINTS, HEIGHT * _POINTS
    page = Canvas(str(path), pagesize=size, pageCompression=1)
    page.setCreator("Scan to PDF")
    page.drawImage(ImageReader(packed), 0, 0, *size)
    if words:
        _lay_text(page, words)
    page.showPage()
    page.save()


def _lay_text(page: Canvas, words: list[tuple[int, int, int, str]]) -> None:
    """Invisible words over their pictures (render mode 3), as scanners with OCR add them."""
    if "TicketText" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("TicketText", "Vera.ttf"))
    for x, y, size, said in words:
        text = page.beginText(x * _POINTS, (HEIGHT - y) * _POINTS)
        text.setTextRenderMode(3)
        text.setFont("TicketText", size * _POINTS)
        text.textOut(said)
        page.drawText(text)


def _fit(words: str, size: int, width: int) -> int:
    """The largest size, up to the one wished for, at which the words stay inside their box."""
    while size > 10 and font(size, bold=True).getlength(words) > width:
        size -= 1
    return size


def _day(day: date) -> str:
    return day.strftime("%m/%d/%Y")
