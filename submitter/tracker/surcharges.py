"""What could be charged for resubmissions: pure rules over what is on record.

A line is chargeable when an agreement was in force on the day, the fault was decided to be the customer's, the portal
took the round, and the cause is not excluded. The first chargeable resubmissions of a customer are free passes.
"""

from __future__ import annotations

from collections.abc import Iterable

from submitter.model.agreement import Agreement, Resubmission, SurchargeLine
from submitter.model.submission import Fault


def surcharge_lines(resubmissions: Iterable[Resubmission], agreement: Agreement | None) -> list[SurchargeLine]:
    """One line per resubmission of one customer, oldest first. ``fee`` is None where nothing can be charged."""
    lines = []
    passes_left = agreement.free_passes if agreement else 0
    for one in sorted(resubmissions, key=lambda r: (r.day, r.invoice_number, r.round_number)):
        why_not = _why_not(one, agreement)
        if why_not or agreement is None:
            lines.append(SurchargeLine(resubmission=one, fee=None, free_pass=False, because=why_not))
        elif passes_left:
            passes_left -= 1
            lines.append(SurchargeLine(resubmission=one, fee=None, free_pass=True, because="free pass"))
        else:
            lines.append(SurchargeLine(resubmission=one, fee=agreement.fee, free_pass=False, because="as agreed"))
    return lines


def _why_not(one: Resubmission, agreement: Agreement | None) -> str:
    if agreement is None:
        return "no agreement with this customer: reported, not billed"
    if one.fault is Fault.UNDECIDED:
        return "nobody has decided whose fault it was"
    if one.fault is not Fault.CUSTOMER:
        return f"not the customer's fault ({one.fault})"
    if not agreement.in_force(one.day):
        return "the agreement was not in force on that day"
    if one.cause in agreement.excluded_causes:
        return f"the agreement excludes {one.cause}"
    if not one.reference:
        return "the portal has not taken this round yet"
    return ""
