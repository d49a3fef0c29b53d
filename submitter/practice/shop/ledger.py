"""The shop's books: orders and the bills written against them, all drawn from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from random import Random

from submitter.practice.shop.catalogue import (
    APPROVERS,
    JOBS,
    LENGTHS,
    MAJORS,
    MINORS,
    SIZES,
    THREADS,
    WELLS,
)

CENT = Decimal("0.01")
TEXAS = Decimal("8.25")  # per cent: 6.25 state and 2.00 local sales tax
NET_DAYS = 30
CURRENCIES = ("USD", "EUR", "CAD", "GBP", "MXN")  # two decimals each; prices are drawn in cents


class Trait(StrEnum):
    """What a careful clerk should find out about one exported invoice."""

    GOOD = "good"
    POD_MISSING = "pod missing"  # the ticket was never scanned
    POD_OTHER_ORDER = "pod names another order"  # right ticket number, wrong purchase order on it
    CURRENCY_DIFFERS = "currency differs"  # billed in a currency its order does not have
    EXPORTED_TWICE = "exported twice"  # the second file of an invoice that is there already


class Quirk(StrEnum):
    """What is unusual about an invoice and yet in order."""

    NONE = ""
    PARTIAL = "bills part of its order"
    SHARED_ORDER = "shares its order with another invoice"
    POD_WITHOUT_TEXT = "its pod is a picture without a text layer"
    HAS_COPY = "was exported a second time"


_HAND: tuple[tuple[Trait, Quirk], ...] = (
    (Trait.POD_MISSING, Quirk.NONE),
    (Trait.POD_OTHER_ORDER, Quirk.NONE),
    (Trait.CURRENCY_DIFFERS, Quirk.NONE),
    (Trait.GOOD, Quirk.PARTIAL),
    (Trait.GOOD, Quirk.SHARED_ORDER),
    (Trait.GOOD, Quirk.SHARED_ORDER),
    (Trait.GOOD, Quirk.POD_WITHOUT_TEXT),
    (Trait.GOOD, Quirk.HAS_COPY),
    (Trait.GOOD, Quirk.NONE),
    (Trait.GOOD, Quirk.NONE),
)


@dataclass(frozen=True)
class Item:
    """One line, of an order or of a bill; `line` is the order's line number in both."""

    line: int
    description: str
    unit: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, to the cent, halves away from zero."""
        return (self.quantity * self.unit_price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Order:
    """A purchase order as the customer issued it, with its coding."""

    number: str
    description: str
    currency: str
    cost_object: str  # "AFE" or "Cost centre"
    cost_object_number: str
    major: str
    minor: str
    approver: str
    well: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Bill:
    """An invoice before it is printed."""

    number: str
    ticket: str
    order: Order
    pod_order: str  # the purchase order that the signed ticket names
    currency: str
    issued: date
    delivered: date
    tax_rate: Decimal  # per cent
    items: tuple[Item, ...]
    trait: Trait
    quirk: Quirk
    exported: str  # the hour printed at the foot of the page
    due: date = field(init=False)
    net: Decimal = field(init=False)
    tax: Decimal = field(init=False)
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        net = sum((item.amount for item in self.items), Decimal("0.00"))
        tax = (net * self.tax_rate / 100).quantize(CENT, ROUND_HALF_UP)
        for name, value in (("net", net), ("tax", tax), ("total", net + tax)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "due", self.issued + timedelta(days=NET_DAYS))


def draw_bills(seed: int, currency: str, today: date) -> list[Bill]:
    """The ten bills of this seed and day, in the order of their numbers; their orders hang on them."""
    if currency not in CURRENCIES:
        raise ValueError(f"The sample shop does not sell in {currency!r}; choose one of {', '.join(CURRENCIES)}.")
    rng = Random(seed)  # noqa: S311  sample data, and the same every time it is asked for
    hand = list(_HAND)
    rng.shuffle(hand)
    orders = _orders(rng, hand, currency)
    age = iter(sorted((rng.randint(1, 9) for _ in hand), reverse=True))
    invoice_numbers = _rising(rng, rng.randint(20_100, 88_000), 4)
    ticket_numbers = _rising(rng, rng.randint(40_100, 88_000), 7)
    bills = []
    for (trait, quirk), (order, items) in zip(hand, orders, strict=True):
        issued = today - timedelta(days=next(age))
        bills.append(
            Bill(
                number=f"NMW-{next(invoice_numbers)}",
                ticket=f"FT-{next(ticket_numbers)}",
                order=order,
                pod_order=order.number,
                currency=_other(currency) if trait is Trait.CURRENCY_DIFFERS else currency,
                issued=issued,
                delivered=issued - timedelta(days=rng.randint(1, 6)),
                tax_rate=rng.choice((TEXAS, Decimal(0))),
                items=items,
                trait=trait,
                quirk=quirk,
                exported=f"{rng.randint(6, 11):02}:{rng.randint(0, 59):02}",
            )
        )
    return [_with_foreign_order(rng, bill, bills) for bill in bills]


def plain(quantity: Decimal) -> str:
    """A quantity without idle zeros or an exponent: 12, 6.5."""
    return f"{quantity.normalize():f}"


def _orders(rng: Random, hand: list[tuple[Trait, Quirk]], currency: str) -> Iterator[tuple[Order, tuple[Item, ...]]]:
    """For each invoice its order and the part of it that is billed; the two sharing ones halve one order."""
    numbers = iter(rng.sample(range(10_000, 1_000_000), len(hand)))
    wells = iter(rng.sample(WELLS, len(hand)))
    left_over: tuple[Order, tuple[Item, ...]] | None = None
    for _, quirk in hand:
        if quirk is Quirk.SHARED_ORDER and left_over:
            yield left_over
            continue
        shared = quirk is Quirk.SHARED_ORDER
        items = _items(rng, rng.randint(2, 4) if shared else rng.randint(1, 4))
        order = _order(rng, f"4500{next(numbers):06}", currency, next(wells), items)
        if shared:
            cut = rng.randint(1, len(items) - 1)
            left_over = order, items[cut:]
            yield order, items[:cut]
        elif quirk is Quirk.PARTIAL:
            wanted = tuple(replace(item, quantity=item.quantity * rng.randint(2, 4)) for item in items)
            yield replace(order, items=wanted), items
        else:
            yield order, items


def _order(rng: Random, number: str, currency: str, well: str, items: tuple[Item, ...]) -> Order:
    afe = rng.random() < 0.6
    return Order(
        number=number,
        description=f"{items[0].description.split(',')[0]}, {well}",
        currency=currency,
        cost_object="AFE" if afe else "Cost centre",
        cost_object_number=f"{17 if afe else 6}{rng.randint(0, 99_999 if afe else 999_999):0{5 if afe else 6}}",
        major=rng.choice(MAJORS),
        minor=rng.choice(MINORS),
        approver=rng.choice(APPROVERS),
        well=well,
        items=items,
    )


def _items(rng: Random, count: int) -> tuple[Item, ...]:
    return tuple(
        Item(
            line=line,
            description=job.title.format(
                size=rng.choice(SIZES), thread=rng.choice(THREADS), length=rng.choice(LENGTHS)
            ),
            unit=job.unit,
            quantity=job.step * rng.randint(job.fewest, job.most),
            unit_price=Decimal(rng.randint(job.cheapest, job.dearest)) * CENT,
        )
        for line, job in enumerate(rng.sample(JOBS, count), start=1)
    )


def _with_foreign_order(rng: Random, bill: Bill, bills: list[Bill]) -> Bill:
    """The one ticket filled in for a wrong order names one that none of these invoices is for."""
    if bill.trait is not Trait.POD_OTHER_ORDER:
        return bill
    ours = {other.order.number for other in bills}
    while (wrong := f"4500{rng.randint(10_000, 999_999):06}") in ours:
        pass
    return replace(bill, pod_order=wrong)


def _rising(rng: Random, start: int, widest_gap: int) -> Iterator[int]:
    """Numbers as a counter gives them out when other customers are served in between."""
    number = start
    while True:
        yield number
        number += rng.randint(1, widest_gap)


def _other(currency: str) -> str:
    return "USD" if currency == "EUR" else "EUR"
