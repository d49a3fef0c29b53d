"""What one customer takes: the keys of ``[rules]`` in config/customers/*.toml and in the portals' profiles.

The descriptions are what an editor shows beside a key (config/schema/). What each rule means is in `rulebook.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from submitter.model.document import DocumentKind, Severity
from submitter.model.invoice import CostObject
from submitter.model.money import exponent
from submitter.model.record import Record
from submitter.model.rulebook import require_changeable


class SameNumber(StrEnum):
    """Which invoice numbers the customer takes for one and the same."""

    AS_WRITTEN = "as-written"
    ANY_CASE = "any-case"  # inv-1 is INV-1
    VARIANTS = "variants"  # ... and with the same date and total INV-1A and X-INV-1 are INV-1


class Suffix(StrEnum):
    """Whether a resubmission goes under the first number with something appended to it."""

    ALLOWED = "allowed"
    REQUIRED = "required"
    FORBIDDEN = "forbidden"


class TaxWanted(StrEnum):
    ANY = "any"
    REQUIRED = "required"
    NONE = "none"


class Bundle(StrEnum):
    """How the files of an invoice are uploaded."""

    SEPARATE = "separate"
    COMBINED = "combined"  # one PDF: the invoice first, the proofs of delivery behind it


class Limits(Record):
    """How many documents of one kind an invoice may have."""

    least: int = Field(default=0, ge=0)
    most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.most is not None and self.most < self.least:
            raise ValueError(f"at most {self.most} and at least {self.least} cannot both be kept")
        return self


_PATTERNS = (
    *("number_pattern", "suffix_pattern", "po_pattern", "afe_pattern", "cost_centre_pattern"),
    *("major_pattern", "minor_pattern"),
)


class Rules(Record):
    """What this customer's portal takes. Preflight checks these before a browser opens."""

    currencies: tuple[str, ...] = Field(default=(), description="the currencies taken; without it: any")

    number_pattern: str = Field(default=".+", description="what an invoice number must look like, a regular expression")
    number_max_length: int = Field(default=40, ge=1, description="the longest invoice number, in characters")
    same_number: SameNumber = Field(
        default=SameNumber.AS_WRITTEN, description="which numbers the customer takes for the same as one used before"
    )
    resubmission_suffix: Suffix = Field(
        default=Suffix.ALLOWED, description="whether a resubmission needs another number: the first with a suffix"
    )
    suffix_pattern: str = Field(default="-?[A-Z0-9]{1,3}", description="what such a suffix must look like")

    po_required: bool = Field(default=True, description="every invoice names a purchase order")
    po_pattern: str = Field(default=".+", description="what an order number must look like, a regular expression")

    coding_required: bool = Field(default=False, description="every invoice needs its AFE or cost centre")
    cost_objects: tuple[CostObject, ...] = Field(default=(), description="which of them are taken; without it: both")
    afe_pattern: str = Field(default=".+", description="what the number of an AFE must look like")
    cost_centre_pattern: str = Field(default=".+", description="what the number of a cost centre must look like")
    major_required: bool = Field(default=False, description="the coding needs its major code")
    major_pattern: str = Field(default=".+", description="what a major code must look like, where there is one")
    majors: tuple[str, ...] = Field(default=(), description="the major codes there are; without it: any")
    minor_required: bool = Field(default=False, description="the coding needs its minor code")
    minor_pattern: str = Field(default=".+", description="what a minor code must look like, where there is one")
    minors: tuple[str, ...] = Field(default=(), description="the minor codes there are; without it: any")
    approver_required: bool = Field(default=False, description="the coding needs the full name of who approves")
    approvers: tuple[str, ...] = Field(
        default=(), description="the full names of those who may approve; without it: anybody"
    )

    oldest_days: int = Field(default=365, ge=0, description="an invoice older than so many days is refused")
    newest_days: int = Field(default=0, ge=0, description="how many days ahead an invoice may be dated")
    cutoff_day: int | None = Field(
        default=None, ge=1, le=31, description="after this day of a month, invoices of the months before are refused"
    )

    quantity_tolerance: Decimal = Field(
        default=Decimal(0), ge=0, description='share billed beyond the order: "0.05" is 5 %'
    )
    quantity_tolerance_units: Decimal = Field(
        default=Decimal(0), ge=0, description="units billed beyond the order; the larger of the two counts"
    )
    price_tolerance: Decimal = Field(
        default=Decimal(0), ge=0, description='share of the price above the order: "0.02" is 2 %'
    )
    price_tolerance_amount: Decimal = Field(
        default=Decimal(0), ge=0, description="amount above the order's price, each unit; the larger of the two counts"
    )

    tax: TaxWanted = Field(default=TaxWanted.ANY, description="whether invoices must state tax, or must not")
    tax_rates: tuple[Decimal, ...] = Field(
        default=(), description='the rates there are, in per cent: ["0", "8.25"]; empty: any'
    )
    seller_tax_id_required: bool = Field(default=False, description="the invoice states our own tax number")
    buyer_tax_id_required: bool = Field(default=False, description="the invoice states the customer's tax number")
    buyer_tax_ids: tuple[str, ...] = Field(default=(), description="the customer's tax numbers; without it: any")

    lines_required: bool = Field(default=False, description="the invoice's data holds its lines, not only its totals")
    most_lines: int | None = Field(default=None, ge=1, description="the most lines of an invoice")
    description_max_length: int | None = Field(default=None, ge=1, description="the longest description of a line")
    units: tuple[str, ...] = Field(
        default=(), description="the unit codes taken (UN/ECE 20: EA, HUR ...); without it: any"
    )

    required_documents: tuple[DocumentKind, ...] = Field(
        default=(DocumentKind.POD,), description="the kinds of which an invoice needs at least one document"
    )
    document_limits: Mapping[DocumentKind, Limits] = Field(
        default={}, description="how many of a kind: { pod = { least = 1, most = 5 } }"
    )
    most_files: int | None = Field(default=None, ge=1, description="the most files of an invoice")
    file_types: tuple[str, ...] = Field(
        default=("application/pdf",), min_length=1, description="the kinds of file taken"
    )
    max_file_bytes: int = Field(default=9_000_000, ge=1, description="the largest file")
    max_total_bytes: int = Field(default=80_000_000, ge=1, description="all files of one invoice together")
    max_file_pages: int | None = Field(default=None, ge=1, description="the most pages of one file")
    max_total_pages: int | None = Field(default=None, ge=1, description="the most pages of all files together")
    bundle: Bundle = Field(default=Bundle.SEPARATE, description="separate files, or all combined into one PDF")
    rename_files: bool = Field(
        default=True, description="names are made fit for the portal; false: unfit ones are refused"
    )
    name_characters: str = Field(default="A-Za-z0-9_.-", description="what file names may hold: inside of [...]")
    name_max_length: int = Field(default=132, ge=1, description="the longest file name, in characters")

    severity: Mapping[str, Severity] = Field(default={}, description='what a rule does: "order.unknown" = "blocks"')

    @field_validator("currencies")
    @classmethod
    def _known_currencies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            exponent(code)
        return value

    @field_validator("severity")
    @classmethod
    def _known_rules(cls, value: Mapping[str, Severity]) -> Mapping[str, Severity]:
        for rule, severity in value.items():
            require_changeable(rule, severity)
        return value

    @model_validator(mode="after")
    def _patterns_compile(self) -> Self:
        for pattern in (*(getattr(self, name) for name in _PATTERNS), f"[{self.name_characters}]"):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a pattern: {error}") from None
        return self

    def at_least(self, kind: DocumentKind) -> int:
        """How many documents of this kind an invoice needs."""
        wanted = self.document_limits.get(kind, Limits()).least
        return max(wanted, 1 if kind in self.required_documents else 0)
