"""What Ledgerline checks before it takes an invoice, and the words in which it refuses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from submitter.practice.fieldgate.figures import cents
from submitter.practice.fieldgate.ledger import AttachedFile, BilledLine
from submitter.practice.fieldgate.orders import Order
from submitter.practice.ledgerline.languages import Language

INVOICE_COPY = "Invoice copy"
SUPPORTING = "Supporting document"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,29}")
_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# The endings that may be attached, with how such a file begins.
_KINDS = {
    "pdf": (b"%PDF",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG",),
    "tif": (b"II*\0", b"MM\0*"),
    "tiff": (b"II*\0", b"MM\0*"),
}
_PRICE_TOLERANCE = Decimal("0.005")


@dataclass
class CheckedEntry:
    """What a supplier typed, as figures, or what is wrong with it."""

    lines: list[BilledLine] = field(default_factory=list)
    tax: Decimal = Decimal("0.00")
    errors: list[str] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def check_entry(
    order: Order, header: Mapping[str, str], typed: Mapping[str, str], limits: Mapping[str, Decimal], lang: Language
) -> CheckedEntry:
    """The whole form; that the number is new is checked against the ledger, not here."""
    checked = CheckedEntry()
    if not _NUMBER.fullmatch(header["number"]):
        checked.errors.append(lang.say("The invoice number must have 1 to 30 letters, digits or . / _ -"))
    if lang.read_day(header["invoice_date"]) is None:
        checked.errors.append(lang.say("The invoice date must be written as {form}.", form=lang.date_hint))
    if header["service_date"] and lang.read_day(header["service_date"]) is None:
        checked.errors.append(lang.say("The date of service must be written as {form}.", form=lang.date_hint))
    for line in order.lines:
        amount = typed.get(f"quantity-{line.line}", "")
        if not amount:
            continue
        billed = lang.read_number(amount, decimals=4)
        price = lang.read_number(typed.get(f"price-{line.line}", ""), decimals=4)
        wrong = _wrong_line(line.unit_price, billed, price, limits[line.line], lang)
        if wrong:
            checked.errors.append(lang.say("Line {line}: {problem}", line=line.line, problem=wrong))
        elif billed is not None and price is not None:
            amount_due = cents(billed * price)
            checked.lines.append(BilledLine(line.line, line.description, line.unit, billed, price, amount_due))
    if not checked.lines and not checked.errors:
        checked.errors.append(lang.say("Enter a quantity on at least one line."))
    tax = lang.read_number(typed.get("tax", "") or "0", decimals=2)
    if tax is None:
        example = lang.money(Decimal("1234.56"))
        checked.errors.append(lang.say("The tax must be an amount such as {example}.", example=example))
    else:
        checked.tax = cents(tax)
    return checked


def _wrong_line(ordered: Decimal, billed: Decimal | None, price: Decimal | None, limit: Decimal, lang: Language) -> str:
    if billed is None or billed == 0:
        return lang.say("the quantity must be a figure such as {example}.", example=lang.quantity(Decimal("1234.5")))
    if price is None:
        return lang.say("the unit price must be a figure such as {example}.", example=lang.price(Decimal("1234.56")))
    if billed > limit:
        return lang.say("the quantity is more than what is open ({open}).", open=lang.quantity(limit))
    if abs(price - ordered) > ordered * _PRICE_TOLERANCE:
        return lang.say("the unit price differs from the order ({price}).", price=lang.price(ordered))
    return ""


@dataclass(frozen=True)
class FileRules:
    """What a file may be; sizes in bytes."""

    name_length: int
    max_bytes: int

    def refusal(self, name: str, content: bytes, attached: list[AttachedFile], lang: Language) -> str:
        """Why a file cannot be attached; empty when it can."""
        ending = name.rpartition(".")[2].lower()
        if not _FILE_NAME.fullmatch(name):
            return lang.say("{name}: the name may have only letters, digits and _ . -", name=name)
        if len(name) > self.name_length:
            return lang.say("{name}: the name is longer than {length} characters.", name=name, length=self.name_length)
        if ending not in _KINDS or not content.startswith(_KINDS[ending]):
            return lang.say("{name}: only PDF, JPEG, PNG and TIFF files can be attached.", name=name)
        if len(content) > self.max_bytes:
            size = lang.quantity(Decimal(self.max_bytes) / 1_000_000)
            return lang.say("{name}: the file is larger than {size} MB.", name=name, size=size)
        if any(file.name.casefold() == name.casefold() for file in attached):
            return lang.say("{name}: a file of this name is already attached.", name=name)
        return ""
