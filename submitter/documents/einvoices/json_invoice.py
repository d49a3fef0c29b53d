"""Our own invoice in JSON: what a supplier's ERP can write beside the printed invoice. Read in the child only.

The published schema is config/schema/invoice.json. All values are text, amounts too ("1234.50"): a number in JSON is
a binary fraction to many programs, and 0.1 would not arrive as it was sent.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from submitter.documents.einvoices.xml_trees import Malformed, Unsafe, given
from submitter.documents.lists.tables import suggestion
from submitter.model.invoice import CostObject
from submitter.model.record import Record

JSON_BYTES = 10_000_000
FORMAT = "submitter-invoice-1"
LINES = 10_000

_PLAIN = r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$"
Amount = Annotated[str, Field(pattern=_PLAIN, description='a plain number in quotes, for example "1234.50"')]
Day = Annotated[
    str,
    Field(
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        description="written like 2026-03-31",
        json_schema_extra={"format": "date"},
    ),
]
Word = Annotated[str, Field(max_length=2_000)]

_TYPES = {"invoice": "380", "credit-note": "381", "corrected-invoice": "384"}


class WrittenCoding(Record):
    """What the buyer's accountants need to book the invoice."""

    cost_object: CostObject
    cost_object_number: Annotated[str, Field(min_length=1, max_length=200)]
    major: Word = ""
    minor: Word = ""
    approver: Word = ""


class WrittenLine(Record):
    """One line of the invoice."""

    number: Annotated[str, Field(min_length=1, max_length=80)]
    description: Word = ""
    quantity: Amount
    unit: Word = ""
    unit_price: Amount
    net: Amount
    order_line: Word = ""


class WrittenInvoice(Record):
    """An invoice or credit note as a supplier's ERP writes it. A credit note states positive amounts."""

    format: Literal["submitter-invoice-1"]
    type: Literal["invoice", "credit-note", "corrected-invoice"] = "invoice"
    number: Annotated[str, Field(min_length=1, max_length=80)]
    issue_date: Day
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="an ISO 4217 code")]
    due_date: Day | None = None
    buyer_reference: Word = ""
    po_number: Word = ""
    receiving_advice: Word = ""
    tickets: Annotated[tuple[Word, ...], Field(max_length=1_000)] = ()
    seller: Word = ""
    seller_tax_id: Word = ""
    buyer: Word = ""
    buyer_tax_id: Word = ""
    line_total: Amount | None = None
    allowances: Amount | None = None
    charges: Amount | None = None
    net: Amount
    tax: Amount
    total: Amount
    paid: Amount | None = None
    rounding: Amount | None = None
    due: Amount | None = None
    coding: WrittenCoding | None = None
    lines: Annotated[tuple[WrittenLine, ...], Field(max_length=LINES)] = ()


_A_NUMBER = 'a plain number written like "1234.50"'
_A_DAY = "a date written like 2026-03-31"
_WRITTEN_LIKE = {"currency": "a currency code such as USD", "issue_date": _A_DAY, "due_date": _A_DAY}
_WITHIN = {"lines": WrittenLine.model_fields, "coding": WrittenCoding.model_fields}


def read_json(data: bytes) -> dict[str, Any]:
    """The invoice's terms, or the problem with it; nothing when it is JSON of another kind."""
    if len(data) > JSON_BYTES:
        raise Unsafe(f"The JSON data is {len(data) // 1_000_000} MB; no invoice is that large.")
    faults: list[str] = []
    try:
        found = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=lambda pairs: _looked_over(pairs, faults),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
    except UnicodeDecodeError:
        raise Malformed("the JSON data is not in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"the JSON data is not well-formed ({error})") from None
    if not isinstance(found, dict) or not str(found.get("format", "")).startswith("submitter-invoice"):
        return {}
    if faults:
        return {"problem": faults[0].encode("utf-8", "replace").decode("utf-8")}
    try:
        written = WrittenInvoice.model_validate(found)
    except ValidationError as error:
        return {"problem": _sentence(error).encode("utf-8", "replace").decode("utf-8")}
    return {"terms": _terms(written), "currencies": []}


class _Number(str):
    """A number that stands in the file without quotes, as it was written: a billion digits are never worked out."""

    __slots__ = ()


def _looked_over(pairs: list[tuple[str, Any]], faults: list[str]) -> dict[str, Any]:
    """One object of the file. A key that is there twice is a fault: programs differ in which of the two they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = Counter(key for key, _ in pairs)
        faults.append(f'the key "{keys.most_common(1)[0][0][:40]}" is there twice')
    for key, value in pairs:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, _Number) and not faults:
                faults.append(f'{key[:40]} {item[:40]} stands there as a number; write it in quotes: "{item[:40]}"')
    return found


def _sentence(error: ValidationError) -> str:
    """The first fault in words. A mistyped key may also be missing under its right name; the typing error says more."""
    faults = error.errors()
    fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    where = ".".join(str(int(part) + 1) if isinstance(part, int) else str(part)[:40] for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        inner = _WITHIN.get(str(fault["loc"][0])) if len(fault["loc"]) > 1 else None
        known = list(inner or WrittenInvoice.model_fields)
        return f'the key "{where}" is unknown{suggestion(str(fault["loc"][-1])[:40], known)}'
    if fault["type"] == "missing":
        return f"{where} is missing"
    value = fault["input"]
    shown = f'{where} "{value[:40]}"' if isinstance(value, str) else where
    if fault["type"] == "string_pattern_mismatch":
        return f"{shown} is not {_WRITTEN_LIKE.get(str(fault['loc'][-1]), _A_NUMBER)}"
    return f"{shown}: {fault['msg'].replace('Input should be', 'it must be')}"


def _terms(written: WrittenInvoice) -> dict[str, Any]:
    return given(
        {
            "BT-1": written.number,
            "BT-2": written.issue_date,
            "BT-3": _TYPES[written.type],
            "BT-5": written.currency,
            "BT-9": written.due_date,
            "BT-10": written.buyer_reference,
            "BT-13": written.po_number,
            "BT-15": written.receiving_advice,
            "BT-16": list(written.tickets),
            "BG-4": given({"name": written.seller, "vat_identifier": written.seller_tax_id}),
            "BG-7": given({"name": written.buyer, "vat_identifier": written.buyer_tax_id}),
            "BT-106": written.line_total,
            "BT-107": written.allowances,
            "BT-108": written.charges,
            "BT-109": written.net,
            "BT-110": written.tax,
            "BT-112": written.total,
            "BT-113": written.paid,
            "BT-114": written.rounding,
            "BT-115": written.due,
            "coding": written.coding.model_dump(mode="json") if written.coding else None,
            "BG-25": [_line(line) for line in written.lines],
        }
    )


def _line(line: WrittenLine) -> dict[str, Any]:
    return given(
        {
            "BT-126": line.number,
            "BT-129": line.quantity,
            "BT-130": line.unit,
            "BT-131": line.net,
            "BT-132": line.order_line,
            "BT-146": line.unit_price,
            "BT-153": line.description,
        }
    )
