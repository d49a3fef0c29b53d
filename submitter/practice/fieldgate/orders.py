"""Purchase orders as the supplier sees them: what was ordered, received, invoiced, and is still open."""

import json
from dataclasses import dataclass
from decimal import Decimal
from sqlite3 import Row
from typing import Any

from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.settings import Refused

COST_OBJECTS = ("AFE", "Cost centre")
# What these bill is open again.
UNCOUNTED = ("Rejected", "Cancelled", "Replaced", "Voided", "Abandoned", "Invalid", "Denied", "Failed", "Canceled")


# An order without a login is every supplier's, which is handy for a demonstration.
_OF_SUPPLIER = "(supplier_login = '' OR supplier_login IN (SELECT user FROM logins WHERE supplier = ?))"


@dataclass(frozen=True)
class OrderLine:
    """One line of an order; quantities in `unit`, the price in the order's currency."""

    line: str
    description: str
    unit: str
    ordered: Decimal
    received: Decimal
    invoiced: Decimal
    unit_price: Decimal

    @property
    def open(self) -> Decimal:
        return max(self.ordered - self.invoiced, Decimal(0))


@dataclass(frozen=True)
class Order:
    """One purchase order with the coding that every invoice against it has to repeat."""

    id: int
    number: str
    supplier_login: str
    description: str
    currency: str
    cost_object: str
    cost_object_number: str
    major: str
    minor: str
    approver: str
    lines: tuple[OrderLine, ...]

    @property
    def coding(self) -> str:
        return f"{self.cost_object} {self.cost_object_number}"

    @property
    def ordered(self) -> Decimal:
        return sum((line.ordered * line.unit_price for line in self.lines), Decimal(0))

    @property
    def open(self) -> Decimal:
        return sum((line.open * line.unit_price for line in self.lines), Decimal(0))

    @property
    def status(self) -> str:
        if not any(line.open for line in self.lines):
            return "Fully invoiced"
        return "Partly invoiced" if any(line.invoiced for line in self.lines) else "Open"


class Orders:
    """All orders. What was invoiced is counted from the ledger, from the moment the portal lists it."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add(self, wanted: dict[str, Any]) -> tuple[Order, bool]:
        """Adds the order unless this supplier has it already; says whether it is new."""
        number, supplier_login = _text(wanted, "number"), str(wanted.get("supplier_login") or "")
        found = self._books.row("SELECT id FROM orders WHERE number = ? AND supplier_login = ?", number, supplier_login)
        if found is not None:
            return self._load(found["id"]), False
        cost_object = _text(wanted, "cost_object")
        if cost_object not in COST_OBJECTS:
            raise Refused(f"A cost object is one of {', '.join(COST_OBJECTS)}, not {cost_object!r}.")
        lines = wanted.get("lines") or []
        names = [str(line.get("line") or position) for position, line in enumerate(lines, start=1)]
        if not lines or len(set(names)) != len(names):
            raise Refused("An order needs at least one line, and each line a number of its own.")
        with self._books.change():
            order_id = self._books.write(
                "INSERT INTO orders (number, supplier_login, description, currency, cost_object, cost_object_number,"
                " major, minor, approver) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                number,
                supplier_login,
                _text(wanted, "description"),
                _text(wanted, "currency"),
                cost_object,
                _text(wanted, "cost_object_number"),
                str(wanted.get("major") or ""),
                str(wanted.get("minor") or ""),
                _text(wanted, "approver"),
            )
            for position, (name, line) in enumerate(zip(names, lines, strict=True), start=1):
                self._add_line(order_id, position, name, line)
        return self._load(order_id), True

    def _add_line(self, order_id: int, position: int, name: str, line: dict[str, Any]) -> None:
        self._books.write(
            "INSERT INTO order_lines (order_id, position, line, description, unit, quantity, unit_price)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            order_id,
            position,
            name,
            _text(line, "description"),
            _text(line, "unit"),
            str(_figure(line, "quantity")),
            str(_figure(line, "unit_price")),
        )

    def book_receipt(self, order: Order, line: str, quantity: Decimal) -> None:
        """The buyer's people say that so much of a line has arrived."""
        known = {each.line: each for each in order.lines}
        if line not in known:
            raise Refused(f"Order {order.number} has no line {line!r}; it has {', '.join(known)}.")
        self._books.write(
            "UPDATE order_lines SET received = ? WHERE order_id = ? AND line = ?",
            str(known[line].received + quantity),
            order.id,
            line,
        )

    def all(self) -> list[Order]:
        return [self._load(row["id"]) for row in self._books.rows("SELECT id FROM orders ORDER BY id")]

    def of_supplier(self, supplier: str, search: str = "") -> list[Order]:
        """Newest first; `search` looks in the number, the description and the cost object."""
        needle = search.casefold()
        rows = self._books.rows(
            f"SELECT id, number, description, cost_object || ' ' || cost_object_number AS coding FROM orders"  # noqa: S608
            f" WHERE {_OF_SUPPLIER} ORDER BY id DESC",
            supplier,
        )
        return [
            self._load(row["id"])
            for row in rows
            if needle in f"{row['number']}\n{row['description']}\n{row['coding']}".casefold()
        ]

    def find(self, number: str, supplier: str) -> Order | None:
        """The supplier's order of this number."""
        row = self._books.row(
            f"SELECT id FROM orders WHERE {_OF_SUPPLIER} AND number = ? ORDER BY supplier_login DESC",  # noqa: S608
            supplier,
            number,
        )
        return None if row is None else self._load(row["id"])

    def find_for_buyer(self, number: str, supplier_login: str = "") -> Order | None:
        """The order of this number; a login tells apart two suppliers' orders of the same number."""
        row = self._books.row(
            "SELECT id FROM orders WHERE number = ? AND (? = '' OR supplier_login = ?) ORDER BY id",
            number,
            supplier_login,
            supplier_login,
        )
        return None if row is None else self._load(row["id"])

    def find_by_id(self, order_id: int) -> Order:
        return self._load(order_id)

    def _load(self, order_id: int) -> Order:
        row = self._books.row("SELECT * FROM orders WHERE id = ?", order_id)
        if row is None:
            raise LookupError(order_id)
        invoiced = self._invoiced(order_id)
        rows = self._books.rows("SELECT * FROM order_lines WHERE order_id = ? ORDER BY position", order_id)
        return Order(**dict(row), lines=tuple(_line(each, invoiced) for each in rows))

    def _invoiced(self, order_id: int) -> dict[str, Decimal]:
        invoiced: dict[str, Decimal] = {}
        rows = self._books.rows(
            "SELECT a.lines, j.status FROM accepted a JOIN journal j ON j.id ="
            " (SELECT max(id) FROM journal WHERE confirmation = a.confirmation)"
            " WHERE a.order_id = ? AND a.visible_from <= ?",
            order_id,
            self._books.moment(),
        )
        for row in rows:
            if row["status"] in UNCOUNTED:
                continue
            for line in json.loads(row["lines"]):
                invoiced[line["line"]] = invoiced.get(line["line"], Decimal(0)) + Decimal(line["quantity"])
        return invoiced


def _line(row: Row, invoiced: dict[str, Decimal]) -> OrderLine:
    return OrderLine(
        line=row["line"],
        description=row["description"],
        unit=row["unit"],
        ordered=Decimal(row["quantity"]),
        received=Decimal(row["received"]),
        invoiced=invoiced.get(row["line"], Decimal(0)),
        unit_price=Decimal(row["unit_price"]),
    )


def _text(wanted: dict[str, Any], name: str) -> str:
    value = str(wanted.get(name) or "").strip()
    if not value:
        raise Refused(f"{name} is missing.")
    return value


def _figure(wanted: dict[str, Any], name: str) -> Decimal:
    return read_figure(_text(wanted, name), name)


def read_figure(text: str, name: str) -> Decimal:
    """A figure of the buyer's API, as a string such as "12.50"; more than nothing."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise Refused(f"{name} is a figure such as 12.50, not {text!r}.") from None
    if not value.is_finite() or value <= 0:
        raise Refused(f"{name} must be more than nothing, not {text!r}.")
    return value
