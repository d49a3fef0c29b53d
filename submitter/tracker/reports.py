"""Reports a manager can act on. The figures are plain records; the command line and the screens only lay them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from submitter.model.account import Customer
from submitter.model.agreement import Resubmission, SurchargeLine
from submitter.model.money import Money
from submitter.model.record import Record
from submitter.model.submission import Cause, Fault
from submitter.store import effort
from submitter.tracker.surcharges import surcharge_lines


class ResubmissionReport(Record):
    """One customer's resubmissions: what they were, what they cost us, and what could be charged."""

    customer: str
    customer_name: str
    invoices: int
    rounds: int
    resubmissions: int
    causes: dict[Cause, int]
    faults: dict[Fault, int]
    minutes: int  # of people; the machine's time costs nothing here
    cost: Money  # minutes at the labour rate
    free_passes_used: int
    free_passes_left: int
    chargeable: dict[str, Money]  # by currency; never added across currencies
    next_fee: Money | None  # what the next chargeable resubmission would cost; None without an agreement in force
    lines: tuple[SurchargeLine, ...]


def resubmission_report(
    c: Connection, customers: Iterable[Customer], per_hour: Money, only: str | None = None, *, today: date
) -> list[ResubmissionReport]:
    """The report per customer with at least one submission, in the order of their ids."""
    known = {customer.id: customer for customer in customers}
    minutes = effort.minutes_by_customer(c)
    rounds: dict[str, list[Resubmission]] = {}
    for row in effort.resubmissions(c):
        rounds.setdefault(row.customer, []).append(
            Resubmission(
                customer=row.customer,
                invoice_number=row.invoice_number,
                round_number=row.number,
                day=row.created_at.date(),
                cause=Cause(row.cause),
                fault=Fault(row.fault),
                reference=row.reference or "",
                minutes=int(row.minutes or 0),
            )
        )
    found = []
    for row in effort.counts_by_customer(c):
        if only is not None and row.customer != only:
            continue
        customer = known.get(row.customer)
        agreement = customer.agreement if customer else None
        lines = surcharge_lines(rounds.get(row.customer, []), agreement)
        used = sum(line.free_pass for line in lines)
        spent = minutes.get(row.customer, 0)
        found.append(
            ResubmissionReport(
                customer=row.customer,
                customer_name=customer.name if customer else row.customer,
                invoices=row.invoices,
                rounds=row.rounds,
                resubmissions=len(lines),
                causes=dict(Counter(line.resubmission.cause for line in lines)),
                faults=dict(Counter(line.resubmission.fault for line in lines)),
                minutes=spent,
                cost=Money.rounded(per_hour.amount * Decimal(spent) / 60, per_hour.currency),
                free_passes_used=used,
                free_passes_left=max(agreement.free_passes - used, 0) if agreement else 0,
                chargeable=_sums(lines),
                next_fee=agreement.fee if agreement and agreement.in_force(today) else None,
                lines=tuple(lines),
            )
        )
    return found


def _sums(lines: Iterable[SurchargeLine]) -> dict[str, Money]:
    sums: dict[str, Money] = {}
    for line in lines:
        if line.fee is not None:
            sums[line.fee.currency] = sums.get(line.fee.currency, Money(minor=0, currency=line.fee.currency)) + line.fee
    return sums
