"""The electronic invoice's terms (EN 16931) as our `Invoice`. What is missing or impossible becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from submitter.model.invoice import Coding, Invoice, InvoiceLine
from submitter.model.money import Money, exponent
from submitter.model.record import Record

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})")

#: What the terms are called when staff are told about them.
_CALLED = {
    "BT-1": "invoice number",
    "BT-2": "invoice date",
    "BT-3": "type code",
    "BT-5": "currency",
    "BT-9": "due date",
    "BT-10": "buyer reference",
    "BT-13": "purchase order number",
    "BT-15": "receiving advice number",
    "BT-106": "sum of the lines",
    "BT-107": "sum of allowances",
    "BT-108": "sum of charges",
    "BT-109": "total without tax",
    "BT-110": "tax total",
    "BT-112": "total with tax",
    "BT-113": "amount paid",
    "BT-114": "rounding",
    "BT-115": "amount due",
    "BT-126": "line number",
    "BT-129": "quantity",
    "BT-130": "unit",
    "BT-131": "net amount",
    "BT-132": "order line",
    "BT-146": "unit price",
    "BT-149": "quantity that the price is for",
    "BT-153": "item name",
}


class Carried(Record):
    """What an electronic invoice gave: the invoice, or the problem that keeps it from being used."""

    invoice: Invoice | None = None
    adjustments: Money | None = None
    problem: str = ""


class _Unusable(Exception):
    """A term is missing or impossible; the message is for staff."""


def read_terms(terms: Mapping[str, Any], currencies: Iterable[str] = ()) -> Carried:
    """The invoice in these terms. ``currencies`` are those its amounts are marked with, wherever they stand."""
    try:
        currency = _currency(terms, currencies)
        return Carried(invoice=_invoice(terms, currency), adjustments=_adjustments(terms, currency))
    except _Unusable as error:
        return Carried(problem=str(error))
    except ValidationError as error:
        first = error.errors()[0]
        return Carried(problem=f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}")


def _invoice(terms: Mapping[str, Any], currency: str) -> Invoice:
    despatch = _texts(terms, "BT-16")
    return Invoice(
        number=_required(terms, "BT-1"),
        issue_date=_date(terms, "BT-2", _required(terms, "BT-2")),
        type_code=_required(terms, "BT-3"),
        currency=currency,
        due_date=_date(terms, "BT-9", text) if (text := _text(terms, "BT-9")) else None,
        buyer_reference=_text(terms, "BT-10"),
        po_number=_text(terms, "BT-13"),
        receiving_advice=_text(terms, "BT-15"),
        despatch_advice=despatch[0] if despatch else "",
        ticket_numbers=despatch,
        seller=_party(terms, "BG-4", "name"),
        seller_tax_id=_party(terms, "BG-4", "vat_identifier"),
        buyer=_party(terms, "BG-7", "name"),
        buyer_tax_id=_party(terms, "BG-7", "vat_identifier"),
        line_total=_money_if_stated(terms, "BT-106", currency),
        net=_money(terms, "BT-109", currency),
        tax=_money(terms, "BT-110", currency, absent="0"),
        total=_money(terms, "BT-112", currency),
        paid=_money_if_stated(terms, "BT-113", currency),
        rounding=_money_if_stated(terms, "BT-114", currency),
        due=_money_if_stated(terms, "BT-115", currency),
        lines=tuple(_line(line, currency) for line in terms.get("BG-25") or ()),
        coding=Coding.model_validate(terms["coding"]) if terms.get("coding") else None,  # only our own JSON has it
    )


def _line(terms: Mapping[str, Any], currency: str) -> InvoiceLine:
    where = f"line {_text(terms, 'BT-126') or '?'}: "
    price = _number(terms, "BT-146", _required(terms, "BT-146", where), where)
    base = _number(terms, "BT-149", _text(terms, "BT-149") or "1", where)
    if base <= 0:
        raise _Unusable(f"{where}the {_CALLED['BT-149']} is {base}")
    return InvoiceLine(
        number=_required(terms, "BT-126"),
        description=_text(terms, "BT-153"),
        quantity=_number(terms, "BT-129", _required(terms, "BT-129", where), where),
        unit=_text(terms, "BT-130"),
        unit_price=price if base == 1 else price / base,  # BT-146 may be the price of a hundred
        net=_money(terms, "BT-131", currency, where),
        order_line=_text(terms, "BT-132"),
    )


def _currency(terms: Mapping[str, Any], marked: Iterable[str]) -> str:
    code = _required(terms, "BT-5")
    try:
        exponent(code)
    except ValueError as error:
        raise _Unusable(f"its currency cannot be used: {error}") from None
    foreign = sorted(set(marked) - {code, _text(terms, "BT-6")})
    if foreign:
        raise _Unusable(f"it is in {code}, but marks amounts as {', '.join(foreign)}")
    return code


def _adjustments(terms: Mapping[str, Any], currency: str) -> Money | None:
    charges = _money(terms, "BT-108", currency, absent="0")
    allowances = _money(terms, "BT-107", currency, absent="0")
    return charges - allowances if charges != allowances else None


def _money(terms: Mapping[str, Any], term: str, currency: str, where: str = "", absent: str = "") -> Money:
    text = _text(terms, term) or absent or _required(terms, term, where)
    try:
        return Money.of(_number(terms, term, text, where), currency)
    except ValueError:
        raise _Unusable(
            f"{where}the {_CALLED[term]} {text} has more decimals than {currency} has ({exponent(currency)})"
        ) from None


def _money_if_stated(terms: Mapping[str, Any], term: str, currency: str) -> Money | None:
    return _money(terms, term, currency) if _text(terms, term) else None


def _number(terms: Mapping[str, Any], term: str, text: str, where: str = "") -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise _Unusable(f'{where}the {_CALLED[term]} "{text[:40]}" is not a number we can use')
    return Decimal(text)


def _date(terms: Mapping[str, Any], term: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Unusable(f'the {_CALLED[term]} "{text[:40]}" is not a date') from None


def _required(terms: Mapping[str, Any], term: str, where: str = "") -> str:
    text = _text(terms, term)
    if not text:
        raise _Unusable(f"{where}the {_CALLED[term]} ({term}) is missing")
    return text


def _text(terms: Mapping[str, Any], term: str) -> str:
    """The term's one value. Two different ones for a term that may occur once are never chosen between."""
    values = _texts(terms, term)
    if len(values) > 1:
        raise _Unusable(f"the {_CALLED.get(term, term)} is given more than once: {', '.join(values)[:120]}")
    return values[0] if values else ""


def _texts(terms: Mapping[str, Any], term: str) -> tuple[str, ...]:
    value = terms.get(term)
    values = value if isinstance(value, list) else [] if value is None else [value]
    texts = (" ".join(str(item).split()) for item in values if isinstance(item, str))
    return tuple(dict.fromkeys(text for text in texts if text))


def _party(terms: Mapping[str, Any], group: str, what: str) -> str:
    party = terms.get(group)
    return _text(party, what) if isinstance(party, dict) else ""
