"""The printed invoice: one letter page that a person can read, with the same figures inside as data."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from math import cos, pi, sin
from typing import Any

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from submitter.practice.shop.catalogue import CUSTOMER, SUPPLIER, Party
from submitter.practice.shop.electronic import embed, write_electronic_invoice
from submitter.practice.shop.ledger import NET_DAYS, Bill, Item, plain

WIDTH, HEIGHT = LETTER
LEFT, RIGHT = 46.0, WIDTH - 46.0
STEEL, INK, GREY, PALE = HexColor("#1f4e5f"), HexColor("#1d2327"), HexColor("#66727a"), HexColor("#eef3f5")
RUST = HexColor("#c4622d")
PLAIN, BOLD = "ShopSans", "ShopSans-Bold"
_FONT_FILES = {PLAIN: "Vera.ttf", BOLD: "VeraBd.ttf"}  # reportlab brings them; no system font is needed
_COLUMNS = (LEFT + 8, LEFT + 34, 388.0, 424.0, 490.0, RIGHT - 8)  # no., description, quantity, unit, price, amount


def print_invoice(bill: Bill, reprint: bool = False) -> bytes:
    """The hybrid PDF of a bill; a reprint is what the ERP gives out when someone exports it a second time."""
    _need_fonts()
    target = BytesIO()
    # 1.7, because related files are attached; the first font named, or the unembedded Helvetica is listed too
    page = Canvas(target, pagesize=LETTER, pdfVersion=(1, 7), pageCompression=1, lang="en-US", initialFontName=PLAIN)
    page.setTitle(f"Invoice {bill.number}")
    _letterhead(page)
    _heading(page, bill)
    _addresses(page, bill)
    _references(page, bill)
    below = _item_table(page, bill)
    _totals(page, bill, below - 16)
    _foot(page, bill, reprint)
    page.showPage()
    page.save()
    return embed(target.getvalue(), write_electronic_invoice(bill), bill)


def money(amount: Decimal) -> str:
    """As an American shop writes it: 1,234.50."""
    return f"{amount:,.2f}"


def _need_fonts() -> None:
    for name, file in _FONT_FILES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, file))


def _say(
    page: Any,
    x: float,
    y: float,
    words: str,
    *,
    size: float = 8.5,
    font: str = PLAIN,
    ink: Color = INK,
    to: str = "left",
) -> None:
    page.setFont(font, size)
    page.setFillColor(ink)
    {"left": page.drawString, "right": page.drawRightString, "centre": page.drawCentredString}[to](x, y, words)


def _letterhead(page: Any) -> None:
    page.setFillColor(STEEL)
    page.rect(0, HEIGHT - 10, WIDTH, 10, stroke=0, fill=1)
    page.setFillColor(RUST)
    page.rect(0, HEIGHT - 12.5, WIDTH, 2.5, stroke=0, fill=1)
    _gear(page, LEFT + 20, HEIGHT - 56, 20)
    _say(page, LEFT + 50, HEIGHT - 52, SUPPLIER.name.upper(), size=15, font=BOLD, ink=STEEL)
    _say(page, LEFT + 50, HEIGHT - 66, "Machining  |  Threading  |  Pump and rod overhaul", size=7.5, ink=GREY)
    y = HEIGHT - 88
    for words in (", ".join(SUPPLIER.lines), f"{SUPPLIER.phone}   {SUPPLIER.email}   Tax no. {SUPPLIER.tax_number}"):
        _say(page, LEFT, y, words, size=7.5, ink=GREY)
        y -= 11


def _gear(page: Any, x: float, y: float, radius: float) -> None:
    """The shop's mark: a gear wheel with an N in it."""
    outline = page.beginPath()
    teeth = 12
    for step in range(teeth * 4):
        reach = radius if step % 4 in (1, 2) else radius * 0.82
        angle = 2 * pi * step / (teeth * 4)
        (outline.lineTo if step else outline.moveTo)(x + reach * cos(angle), y + reach * sin(angle))
    outline.close()
    page.setFillColor(STEEL)
    page.drawPath(outline, stroke=0, fill=1)
    page.setFillColor(white)
    page.circle(x, y, radius * 0.6, stroke=0, fill=1)
    _say(page, x, y - radius * 0.3, "N", size=radius * 0.85, font=BOLD, ink=RUST, to="centre")


def _heading(page: Any, bill: Bill) -> None:
    _say(page, RIGHT, HEIGHT - 54, "INVOICE", size=22, font=BOLD, ink=INK, to="right")
    y = HEIGHT - 74
    facts = (
        ("Invoice no.", bill.number),
        ("Invoice date", _day(bill.issued)),
        ("Due date", _day(bill.due)),
        ("Currency", bill.currency),
    )
    for label, value in facts:
        _say(page, RIGHT - 88, y, label, size=8, ink=GREY, to="right")
        _say(page, RIGHT, y, value, size=8.5, font=BOLD, to="right")
        y -= 12.5


def _addresses(page: Any, bill: Bill) -> None:
    top = HEIGHT - 146
    page.setStrokeColor(STEEL)
    page.setLineWidth(0.8)
    page.line(LEFT, top + 14, RIGHT, top + 14)
    _address(page, LEFT, top, "BILL TO", CUSTOMER)
    middle = (LEFT + RIGHT) / 2
    _say(page, middle, top, "DELIVERED TO", size=7, font=BOLD, ink=STEEL)
    _say(page, middle, top - 14, bill.order.well, size=9.5, font=BOLD)
    _say(page, middle, top - 26, f"for {CUSTOMER.name}, Texas")
    _say(page, middle, top - 38, f"on {_day(bill.delivered)}, field ticket {bill.ticket}")


def _address(page: Any, x: float, top: float, title: str, party: Party) -> None:
    _say(page, x, top, title, size=7, font=BOLD, ink=STEEL)
    _say(page, x, top - 14, party.name, size=9.5, font=BOLD)
    for row, words in enumerate((*party.lines, party.email)):
        _say(page, x, top - 26 - 12 * row, words)


def _references(page: Any, bill: Bill) -> None:
    """Two rows of boxes with what the customer's own system looks an invoice up by."""
    order = bill.order
    boxes = (
        ("PURCHASE ORDER", order.number),
        ("FIELD TICKET", bill.ticket),
        (order.cost_object.upper(), order.cost_object_number),
        ("MAJOR / MINOR", f"{order.major} / {order.minor}"),
        ("APPROVER", order.approver),
        ("TERMS", f"Net {NET_DAYS} days"),
    )
    top, tall, wide = HEIGHT - 212, 30.0, (RIGHT - LEFT) / 3
    page.setStrokeColor(HexColor("#b9c6cc"))
    page.setLineWidth(0.6)
    for place, (label, value) in enumerate(boxes):
        x, y = LEFT + wide * (place % 3), top - tall * (place // 3 + 1)
        page.setFillColor(PALE)
        page.rect(x, y, wide, tall, stroke=1, fill=1)
        _say(page, x + 8, y + 19, label, size=6.3, font=BOLD, ink=STEEL)
        _say(page, x + 8, y + 7, value, size=9)


def _item_table(page: Any, bill: Bill) -> float:
    """The billed lines; returns the height at which the table ends."""
    top: float = HEIGHT - 312
    page.setFillColor(STEEL)
    page.rect(LEFT, top, RIGHT - LEFT, 19, stroke=0, fill=1)
    titles = ("#", "Description", "Quantity", "Unit", "Unit price", "Amount")
    for x, title, to in zip(_COLUMNS, titles, ("left", "left", "right", "centre", "right", "right"), strict=True):
        _say(page, x, top + 6, title, size=7.5, font=BOLD, ink=white, to=to)
    y: float = top
    for number, item in enumerate(bill.items, start=1):
        y -= 25
        _item_row(page, y, number, item)
    page.setStrokeColor(STEEL)
    page.setLineWidth(1)
    page.line(LEFT, y, RIGHT, y)
    return y


def _item_row(page: Any, y: float, number: int, item: Item) -> None:
    if number % 2 == 0:
        page.setFillColor(PALE)
        page.rect(LEFT, y, RIGHT - LEFT, 25, stroke=0, fill=1)
    cells = (str(number), item.description, plain(item.quantity), item.unit, money(item.unit_price), money(item.amount))
    for x, words, to in zip(_COLUMNS, cells, ("left", "left", "right", "centre", "right", "right"), strict=True):
        _say(page, x, y + 12, words, size=8.5, to=to)
    _say(page, _COLUMNS[1], y + 3.5, f"PO line {item.line}", size=6, ink=GREY)


def _totals(page: Any, bill: Bill, y: float) -> None:
    tax = f"Texas sales tax {bill.tax_rate} %" if bill.tax_rate else "Sales tax 0 %, resale certificate on file"
    for label, amount in (("Subtotal", bill.net), (tax, bill.tax)):
        _say(page, 478, y, label, size=8.5, ink=GREY, to="right")
        _say(page, RIGHT - 8, y, money(amount), size=8.5, to="right")
        y -= 15
    page.setFillColor(STEEL)
    page.rect(330, y - 12, RIGHT - 330, 22, stroke=0, fill=1)
    _say(page, 340, y - 5, f"TOTAL DUE {bill.currency}", size=9.5, font=BOLD, ink=white)
    _say(page, RIGHT - 8, y - 5, money(bill.total), size=11, font=BOLD, ink=white, to="right")


def _foot(page: Any, bill: Bill, reprint: bool) -> None:
    page.setStrokeColor(HexColor("#b9c6cc"))
    page.line(LEFT, 92, RIGHT, 92)
    _say(page, LEFT, 78, "Remit to", size=7.5, font=BOLD, ink=STEEL)
    _say(page, LEFT + 44, 78, f"{SUPPLIER.name}, {', '.join(SUPPLIER.lines)}", size=7.5)
    _say(
        page, LEFT, 66, f"Please name invoice {bill.number} and your order {bill.order.number} when you pay.", size=7.5
    )
    _say(
        page,
        LEFT,
        54,
        "The signed field ticket is the proof of delivery and is sent with this invoice.",
        size=7.5,
        ink=GREY,
    )
    again = ", exported again" if reprint else ""
    _say(page, LEFT, 34, f"Printed {bill.issued.isoformat()} {bill.exported}{again}", size=6.3, ink=GREY)
    _say(page, RIGHT, 34, "Page 1 of 1", size=6.3, ink=GREY, to="right")


def _day(day: date) -> str:
    return day.strftime("%m/%d/%Y")
