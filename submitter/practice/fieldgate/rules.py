"""What Fieldgate checks before it takes an invoice, in the words in which it refuses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from submitter.practice.fieldgate.figures import cents, quantity, read_date, read_number, unit_price
from submitter.practice.fieldgate.ledger import AttachedFile, BilledLine
from submitter.practice.fieldgate.orders import Order

HEADER_FIELDS = (
    "number",
    "invoice_date",
    "service_date",
    "cost_object",
    "cost_object_number",
    "major",
    "minor",
    "approver",
)
INVOICE_COPY = "Invoice copy"
SIGNED_TICKETS = "Signed tickets"
MAX_FILE_BYTES = 9_000_000
MAX_ALL_FILES_BYTES = 80_000_000
_FILE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,132}")
_PRICE_TOLERANCE = Decimal("0.005")

Errors = dict[str, str]  # by the name of the field


@dataclass
class CheckedLines:
    """What a supplier typed on the second step, as figures, or what is wrong with it."""

    lines: list[BilledLine] = field(default_factory=list)
    tax: Decimal = Decimal("0.00")
    errors: Errors = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def check_header(order: Order, header: Mapping[str, str], number_label: str = "Invoice number") -> Errors:
    """The first step; that the number is new is checked against the ledger, not here."""
    errors: Errors = {}
    number = header["number"]
    if not number:
        errors["number"] = f"{number_label} is missing."
    elif len(number) > 40 or not number.isprintable():
        errors["number"] = f"{number_label} must have at most 40 characters."
    if not header["invoice_date"]:
        errors["invoice_date"] = "Invoice date is missing."
    elif read_date(header["invoice_date"]) is None:
        errors["invoice_date"] = "Invoice date must be a date in the form MM/DD/YYYY."
    if header["service_date"] and read_date(header["service_date"]) is None:
        errors["service_date"] = "Service date must be a date in the form MM/DD/YYYY."
    return errors | _check_coding(order, header)


def _check_coding(order: Order, header: Mapping[str, str]) -> Errors:
    errors: Errors = {}
    if not header["cost_object"]:
        errors["cost_object"] = "Choose AFE or Cost centre."
    elif header["cost_object"] != order.cost_object:
        errors["cost_object"] = f"This order is charged to: {order.cost_object}."
    if not header["cost_object_number"]:
        errors["cost_object_number"] = "Cost object number is missing."
    elif header["cost_object_number"] != order.cost_object_number:
        errors["cost_object_number"] = "Cost object number is not the one of this order."
    for name, label, expected in (("major", "Major", order.major), ("minor", "Minor", order.minor)):
        if expected and header[name] != expected:
            errors[name] = f"{label} is not the one of this order." if header[name] else f"{label} is missing."
    if not header["approver"]:
        errors["approver"] = "Approver's full name is missing."
    elif _plain_name(header["approver"]) != _plain_name(order.approver):
        errors["approver"] = "Approver's full name is not the one of this order."
    return errors


def check_lines(order: Order, typed: Mapping[str, str], limits: Mapping[str, Decimal]) -> CheckedLines:
    """The second step; `limits` says how much of each line may still be billed."""
    checked = CheckedLines()
    for line in order.lines:
        amount = typed.get(f"quantity-{line.line}", "").strip()
        if not amount:
            continue
        billed = _read_quantity(amount, limits[line.line])
        price = _read_price(typed.get(f"price-{line.line}", ""), line.unit_price)
        if isinstance(billed, str):
            checked.errors[f"quantity-{line.line}"] = f"Quantity for line {line.line} {billed}"
        if isinstance(price, str):
            checked.errors[f"price-{line.line}"] = f"Unit price for line {line.line} {price}"
        if isinstance(billed, Decimal) and isinstance(price, Decimal):
            checked.lines.append(
                BilledLine(line.line, line.description, line.unit, billed, price, cents(billed * price))
            )
    if not checked.lines and not checked.errors:
        checked.errors["lines"] = "Enter a quantity for at least one line."
    tax = read_number(typed.get("tax", "") or "0", decimals=2)
    if tax is None:
        checked.errors["tax"] = "Tax amount must be an amount such as 1,234.56."
    else:
        checked.tax = cents(tax)
    return checked


def _read_quantity(text: str, limit: Decimal) -> Decimal | str:
    value = read_number(text, decimals=4)
    if value is None:
        return "must be a figure such as 1,234.5, with at most four decimals."
    if value == 0:
        return "must be more than zero; leave it blank if the line is not billed."
    if value > limit:
        return f"is more than what is open ({quantity(limit)})."
    return value


def _read_price(text: str, ordered: Decimal) -> Decimal | str:
    value = read_number(text, decimals=4)
    if value is None:
        return "must be a figure such as 1,234.56, with at most four decimals."
    if abs(value - ordered) > ordered * _PRICE_TOLERANCE:
        return f"differs by more than 0.5 % from the order ({unit_price(ordered)})."
    return value


def refuse_file(name: str, content_size: int, starts_like_pdf: bool, attached: list[AttachedFile]) -> str | None:
    """Why a file cannot be attached, or None when it can."""
    refusals = {
        (
            f"The name of {name} cannot be used: at most 132 characters, and only letters A-Z, a-z, figures,"
            " underscore, full stop and hyphen."
        ): not _FILE_NAME.fullmatch(name),
        f"{name} is empty.": content_size == 0,
        f"{name} is not a PDF. Only PDF files can be attached.": not starts_like_pdf,
        f"{name} is larger than 9 MB.": content_size > MAX_FILE_BYTES,
        f"A file named {name} is already attached. Every file needs a name of its own.": any(
            file.name.casefold() == name.casefold() for file in attached
        ),
        f"{name} does not fit: all files together may have at most 80 MB.": (
            sum(file.size for file in attached) + content_size > MAX_ALL_FILES_BYTES
        ),
    }
    return next((words for words, applies in refusals.items() if applies), None)


def check_files(attached: list[AttachedFile], *, one_pdf: bool = False) -> str | None:
    """What is missing before the invoice can be reviewed."""
    if one_pdf:
        only_copy = [file.kind for file in attached] == [INVOICE_COPY]
        return None if only_copy else "Attach one PDF as the invoice copy, with the signed tickets behind the invoice."
    if not any(file.kind == SIGNED_TICKETS for file in attached):
        return "Attach at least one signed ticket."
    return None


def _plain_name(name: str) -> str:
    return " ".join(name.split()).casefold()
