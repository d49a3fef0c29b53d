"""The invoice: what the supplier bills, in the terms of EN 16931 (the BT numbers stand beside the fields)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from submitter.model.money import Money
from submitter.model.record import Record


class CostObject(StrEnum):
    AFE = "AFE"  # authorization for expenditure: the operator's budget for one well or job
    COST_CENTRE = "Cost centre"  # a department of the operator


class Coding(Record):
    """What the buyer's accountants need to book the invoice; in oil and gas it comes from the field stamp."""

    cost_object: CostObject
    cost_object_number: str = Field(min_length=1)
    major: str = ""
    minor: str = ""
    approver: str = ""  # the full name of the person at the buyer who approves


class InvoiceLine(Record):
    number: str  # BT-126
    description: str  # BT-153
    quantity: Decimal  # BT-129
    unit: str = ""  # BT-130, UN/ECE recommendation 20 code
    unit_price: Decimal  # BT-146, net, in the invoice's currency; may have more decimals than the currency
    net: Money  # BT-131
    order_line: str = ""  # BT-132, the buyer's order line

    @property
    def order_line_number(self) -> str:
        """The order line it bills: as stated, else taken to have the invoice line's own number."""
        return self.order_line or self.number


class Invoice(Record):
    """One invoice or credit note.

    Amounts keep the document's sign. A credit note (381) states positive amounts: its type says that they are owed to
    the buyer. Formats that write a credit as a negative invoice (cXML) are turned round when they are read; a negative
    total that is left marks an invoice (380) that is a credit in disguise.
    """

    number: str = Field(min_length=1, max_length=80)  # BT-1
    issue_date: date  # BT-2
    type_code: str = "380"  # BT-3: 380 invoice, 381 credit note, 384 corrected invoice
    currency: str  # BT-5
    due_date: date | None = None  # BT-9
    buyer_reference: str = ""  # BT-10
    po_number: str = ""  # BT-13
    receiving_advice: str = ""  # BT-15
    despatch_advice: str = ""  # BT-16, the ticket or delivery note
    seller: str = ""  # BT-27
    seller_tax_id: str = ""  # BT-31, the VAT identifier
    buyer: str = ""  # BT-44
    buyer_tax_id: str = ""  # BT-48
    line_total: Money | None = None  # BT-106, the sum of the lines as the document states it
    net: Money  # BT-109
    tax: Money  # BT-110
    total: Money  # BT-112
    paid: Money | None = None  # BT-113, paid in advance
    rounding: Money | None = None  # BT-114, added to the total to reach a round amount due
    due: Money | None = None  # BT-115, the total less what is paid, rounded
    lines: tuple[InvoiceLine, ...] = ()
    ticket_numbers: tuple[str, ...] = ()
    coding: Coding | None = None

    @field_validator("number", "po_number", mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        amounts = [self.net, self.tax, self.total, *(line.net for line in self.lines)]
        stated = [amount for amount in (self.line_total, self.paid, self.rounding, self.due) if amount is not None]
        foreign = {m.currency for m in (*amounts, *stated)} - {self.currency}
        if foreign:
            raise ValueError(f"the invoice is in {self.currency}, but holds amounts in {', '.join(sorted(foreign))}")
        return self
