"""What a customer has agreed to pay for resubmissions."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from submitter.model.money import Money
from submitter.model.record import Record
from submitter.model.submission import Cause, Fault


class Agreement(Record):
    """Without one, a customer is reported, not billed."""

    valid_from: date
    valid_to: date | None = None
    fee: Money  # per chargeable resubmission
    free_passes: int = Field(default=1, ge=0)  # per customer
    excluded_causes: tuple[Cause, ...] = ()
    text: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("the agreement ends before it begins")
        return self

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Resubmission(Record):
    """One round beyond the first, as the report shows it."""

    customer: str
    invoice_number: str
    round_number: int
    day: date
    cause: Cause
    fault: Fault
    reference: str  # the portal's confirmation of this round; empty while it is on its way
    minutes: int


class SurchargeLine(Record):
    """What one resubmission could cost the customer, and why."""

    resubmission: Resubmission
    fee: Money | None  # None: nothing can be charged, see `because`
    free_pass: bool
    because: str
