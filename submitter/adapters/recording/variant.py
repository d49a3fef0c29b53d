"""The ways in which a recording is replayed: as it was, with another invoice, with something of the portal's gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from submitter.adapters.recording.scenario import Scenario
from submitter.errors import OutcomeUnknown, PortalChanged, SubmitterError
from submitter.model.invoice import Invoice
from submitter.model.money import Money, exponent


@dataclass(frozen=True)
class Variant:
    name: str
    scenario: Scenario
    takes_out: str = ""
    loses_answer: bool = False
    must_raise: type[SubmitterError] | None = None
    may_send: int = 0  # how often the sending click may arrive


def variants_of(scenario: Scenario) -> Iterator[Variant]:
    sends = sum(step.do == "submit" for step in scenario.steps)
    yield Variant("as recorded", scenario, may_send=sends)
    yield Variant("another invoice", another(scenario), may_send=sends)
    for words in scenario.landmarks:
        yield Variant(f"without {words!r}", scenario, takes_out=words, must_raise=PortalChanged)
    if scenario.nothing:
        yield Variant(f"without {scenario.nothing!r}", scenario, takes_out=scenario.nothing, must_raise=PortalChanged)
    if sends:
        yield Variant("answer lost", scenario, loses_answer=True, must_raise=OutcomeUnknown, may_send=1)


def another(scenario: Scenario) -> Scenario:
    """The scenario with an invoice and documents whose every value is another, written with as many decimals."""
    files = tuple(file.model_copy(update={"name": f"other-{file.name}"}) for file in scenario.files)
    return scenario.model_copy(update={"invoice": _another_invoice(scenario.invoice), "files": files})


def _another_invoice(invoice: Invoice) -> Invoice:
    unit = Decimal(1).scaleb(-exponent(invoice.currency))
    lines = tuple(
        line.model_copy(
            update={
                "quantity": _other(line.quantity, count),
                "unit_price": _other(line.unit_price, count + 20),
                "net": Money.rounded(
                    _other(line.quantity, count) * _other(line.unit_price, count + 20), line.net.currency
                ),
                "description": line.description and f"Other {line.description}",
            }
        )
        for count, line in enumerate(invoice.lines, 3)
    )
    net = Money.of(sum((line.net.amount for line in lines), Decimal(0)), invoice.currency) if lines else invoice.net
    tax = Money.of(invoice.tax.amount + 3 * unit if invoice.tax.minor else Decimal(0), invoice.currency)
    coding = invoice.coding and invoice.coding.model_copy(
        update={
            name: f"{value[:-1]}{'8' if value[-1] != '8' else '6'}"
            for name in ("cost_object_number", "major", "minor")
            if (value := getattr(invoice.coding, name))
        }
        | ({"approver": f"{invoice.coding.approver} Other"} if invoice.coding.approver else {})
    )
    return invoice.model_copy(
        update={
            "number": f"{invoice.number[:-2]}Z4",
            "po_number": invoice.po_number and f"{invoice.po_number[:-2]}93",
            "issue_date": invoice.issue_date + timedelta(days=17),
            "lines": lines,
            "line_total": net if invoice.line_total else None,
            "net": net,
            "tax": tax,
            "total": net + tax,
            "due": net + tax if invoice.due else None,
            "coding": coding,
        }
    )


def _other(value: Decimal, by: int) -> Decimal:
    """Another number with as many decimals."""
    return value + Decimal(by).scaleb(int(value.as_tuple().exponent))
