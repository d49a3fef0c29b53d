"""Preflight of an invoice's own figures: tax, lines and totals."""

from __future__ import annotations

from collections.abc import Iterator

from submitter.documents.preflight.case import Case, Look, plain
from submitter.documents.tokens import folded
from submitter.model.money import Money
from submitter.model.rules import TaxWanted


def _tax_required(case: Case) -> Iterator[str]:
    if case.rules.tax is TaxWanted.REQUIRED and not case.invoice.tax.minor:
        yield f"{case.customer.name} wants tax on every invoice, and {case.invoice.number} states none."


def _tax_none(case: Case) -> Iterator[str]:
    if case.rules.tax is TaxWanted.NONE and case.invoice.tax.minor:
        yield f"{case.customer.name} takes no tax on invoices, and {case.invoice.number} states {case.invoice.tax}."


def _tax_rate(case: Case) -> Iterator[str]:
    """One minor unit for each line is let pass: some round line by line. A part may be exempt, so this only warns."""
    invoice, rates = case.invoice, case.rules.tax_rates
    if not rates:
        return
    slack = max(len(invoice.lines), 1)
    computed = [Money.rounded(invoice.net.amount * rate / 100, invoice.currency) for rate in rates]
    if all(abs((invoice.tax - amount).minor) > slack for amount in computed):
        told = " or ".join(f"{plain(rate)} % ({amount})" for rate, amount in zip(rates, computed, strict=True))
        yield f"The tax {invoice.tax} on {invoice.net} is not {told}."


def _seller_id(case: Case) -> Iterator[str]:
    if case.rules.seller_tax_id_required and not case.invoice.seller_tax_id:
        yield f"{case.customer.name} wants our tax number in each invoice's data, and {case.invoice.number} has none."


def _buyer_id(case: Case) -> Iterator[str]:
    stated, known = case.invoice.buyer_tax_id, case.rules.buyer_tax_ids
    if not stated:
        if case.rules.buyer_tax_id_required:
            asked = f" ({' or '.join(known)})" if known else ""
            yield (
                f"{case.customer.name} wants its tax number{asked} in each invoice's data, and {case.invoice.number} "
                "has none."
            )
    elif known and folded(stated) not in {folded(one) for one in known}:
        yield f'The tax number "{stated}" is not one of {case.customer.name}, which are {", ".join(known)}.'


def _no_lines(case: Case) -> Iterator[str]:
    if case.rules.lines_required and not case.invoice.lines:
        yield f"{case.customer.name} wants the lines of each invoice, and the data of {case.invoice.number} has none."


def _line_count(case: Case) -> Iterator[str]:
    count, most = len(case.invoice.lines), case.rules.most_lines
    if most is not None and count > most:
        yield f"{case.invoice.number} has {count} lines; {case.customer.name} takes {most} on an invoice."


def _descriptions(case: Case) -> Iterator[str]:
    most = case.rules.description_max_length
    for line in case.invoice.lines:
        length = len(line.description)
        if most is not None and length > most:
            yield f"Line {line.number}: its description has {length} characters; the portal takes {most}."


def _units(case: Case) -> Iterator[str]:
    taken = case.rules.units
    for line in case.invoice.lines if taken else ():
        if line.unit.casefold() not in {unit.casefold() for unit in taken}:
            what = f'the unit "{line.unit}"' if line.unit else "no unit"
            yield f"Line {line.number} has {what}; {case.customer.name} takes only {', '.join(taken)}."


def _totals(case: Case) -> Iterator[str]:
    invoice = case.invoice
    if invoice.net + invoice.tax != invoice.total:
        yield f"The totals do not add up: {invoice.net} and {invoice.tax} tax are not {invoice.total}."


def _line_total(case: Case) -> Iterator[str]:
    """What the document states as the sum of its lines (BT-106), where it states one."""
    stated, (billed, _) = case.invoice.line_total, _lines_and_rest(case)
    if stated is not None and case.invoice.lines and stated != billed:
        yield f"The lines come to {billed}, but the invoice says that their sum is {stated}."


def _due(case: Case) -> Iterator[str]:
    """The amount due (BT-115) is the total less what is paid, with the rounding."""
    invoice, nothing = case.invoice, Money(minor=0, currency=case.invoice.currency)
    if invoice.due is None:
        return
    paid, rounding = invoice.paid or nothing, invoice.rounding or nothing
    if invoice.total - paid + rounding != invoice.due:
        parts = f"{invoice.total} less {paid} paid" + (f" and {rounding} rounding" if rounding.minor else "")
        yield f"The amount due does not add up: {parts} is not {invoice.due}."


def _line_sum(case: Case) -> Iterator[str]:
    billed, difference = _lines_and_rest(case)
    if difference.minor and case.adjustments != difference:
        yield f"The lines come to {billed}, but the invoice says {case.invoice.net} without tax."


def _adjustment(case: Case) -> Iterator[str]:
    billed, difference = _lines_and_rest(case)
    if difference.minor and case.adjustments == difference:
        yield (
            f"The lines come to {billed} and the invoice to {case.invoice.net}: {difference} is an allowance or charge "
            "on the whole invoice. Check that the portal can take it."
        )


def _lines_and_rest(case: Case) -> tuple[Money, Money]:
    """The sum of the lines, and how much more the invoice says; nothing more where it has no lines to add up."""
    invoice, nothing = case.invoice, Money(minor=0, currency=case.invoice.currency)
    billed = sum((line.net for line in invoice.lines), nothing)
    return billed, invoice.net - billed if invoice.lines else nothing


def _line_amounts(case: Case) -> Iterator[str]:
    for line in case.invoice.lines:
        product = Money.rounded(line.quantity * line.unit_price, case.invoice.currency)
        if product != line.net:
            factors = f"{plain(line.quantity)} at {plain(line.unit_price)}"
            yield f"Line {line.number}: {factors} is {product}, but the line says {line.net}."


LOOKS: dict[str, Look] = {
    "tax.required": _tax_required,
    "tax.none": _tax_none,
    "tax.rate": _tax_rate,
    "tax.seller-id": _seller_id,
    "tax.buyer-id": _buyer_id,
    "lines.missing": _no_lines,
    "lines.count": _line_count,
    "lines.description": _descriptions,
    "lines.unit": _units,
    "totals.sum": _totals,
    "totals.due": _due,
    "totals.line-total": _line_total,
    "totals.lines": _line_sum,
    "totals.adjustment": _adjustment,
    "totals.line": _line_amounts,
}
