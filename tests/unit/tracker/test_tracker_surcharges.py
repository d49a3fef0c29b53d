"""What could be charged: only what was agreed, was the customer's fault, and was taken by the portal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.model.agreement import Agreement, Resubmission
from submitter.model.money import Money
from submitter.model.submission import Cause, Fault
from submitter.tracker.surcharges import surcharge_lines

FEE = Money.of("75.00", "USD")
DAY = date(2026, 3, 2)


def agreement(**changes: Any) -> Agreement:
    return Agreement(**{"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31), "fee": FEE, **changes})


def again(number: str = "INV-1", **changes: Any) -> Resubmission:
    given: dict[str, Any] = {
        "customer": "north-field",
        "round_number": 2,
        "day": DAY,
        "cause": Cause.POD_ILLEGIBLE,
        "fault": Fault.CUSTOMER,
        "reference": f"R-{number}",
        "minutes": 20,
    }
    return Resubmission(invoice_number=number, **{**given, **changes})


def test_without_an_agreement_a_customer_is_reported_and_not_billed() -> None:
    (line,) = surcharge_lines([again()], None)
    assert (line.fee, line.free_pass) == (None, False)
    assert line.because == "no agreement with this customer: reported, not billed"


def test_the_first_is_free_and_the_next_is_charged() -> None:
    lines = surcharge_lines([again("A"), again("B", day=DAY + timedelta(days=1))], agreement())
    assert [(line.fee, line.free_pass, line.because) for line in lines] == [
        (None, True, "free pass"),
        (FEE, False, "as agreed"),
    ]


@pytest.mark.parametrize("passes", [0, 1, 2, 5])
def test_as_many_are_free_as_were_agreed(passes: int) -> None:
    lines = surcharge_lines([again(f"INV-{n}") for n in range(4)], agreement(free_passes=passes))
    assert sum(line.free_pass for line in lines) == min(passes, 4)
    assert sum(line.fee == FEE for line in lines) == max(4 - passes, 0)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"fault": Fault.SUPPLIER}, "not the customer's fault (supplier)"),
        ({"fault": Fault.PORTAL}, "not the customer's fault (portal)"),
        ({"fault": Fault.UNDECIDED}, "nobody has decided whose fault it was"),
        ({"cause": Cause.PRICE}, "the agreement excludes price"),
        ({"day": date(2025, 12, 31)}, "the agreement was not in force on that day"),
        ({"day": date(2027, 1, 1)}, "the agreement was not in force on that day"),
        ({"reference": ""}, "the portal has not taken this round yet"),
    ],
)
def test_what_is_not_chargeable_says_why_and_uses_up_no_free_pass(changes: dict[str, Any], because: str) -> None:
    terms = agreement(excluded_causes=(Cause.PRICE,))
    refused = again("A", **changes)
    lines = surcharge_lines([refused, again("B"), again("C")], terms)
    assert {line.resubmission.invoice_number: line.because for line in lines} == {
        "A": because,
        "B": "free pass",
        "C": "as agreed",
    }
    (line,) = [one for one in lines if one.resubmission is refused]
    assert (line.fee, line.free_pass) == (None, False)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 12, 31)])
def test_an_agreement_holds_on_its_first_and_its_last_day(day: date) -> None:
    (line,) = surcharge_lines([again(day=day)], agreement(free_passes=0))
    assert line.fee == FEE


def test_an_agreement_without_an_end_goes_on() -> None:
    (line,) = surcharge_lines([again(day=date(2099, 1, 1))], agreement(free_passes=0, valid_to=None))
    assert line.fee == FEE


def test_an_agreement_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        agreement(valid_to=date(2025, 1, 1))


RESUBMISSIONS = st.lists(
    st.builds(
        again,
        number=st.sampled_from(["A", "B", "C", "D"]),
        round_number=st.integers(2, 5),
        day=st.dates(date(2025, 12, 30), date(2026, 1, 3)),
        cause=st.sampled_from([Cause.PRICE, Cause.POD_MISSING]),
        fault=st.sampled_from([Fault.CUSTOMER, Fault.CUSTOMER, Fault.SUPPLIER, Fault.UNDECIDED]),
        reference=st.sampled_from(["", "R", "R"]),
    ),
    unique_by=lambda one: (one.invoice_number, one.round_number),
    max_size=12,
)
AGREEMENTS = st.builds(agreement, free_passes=st.integers(0, 3), excluded_causes=st.sampled_from([(), (Cause.PRICE,)]))


@given(data=st.data(), rounds=RESUBMISSIONS, terms=st.none() | AGREEMENTS)
def test_figures_do_not_depend_on_the_order_they_are_read_in(
    data: st.DataObject, rounds: list[Resubmission], terms: Agreement | None
) -> None:
    lines = surcharge_lines(rounds, terms)
    assert surcharge_lines(data.draw(st.permutations(rounds)), terms) == lines
    assert [line.resubmission.day for line in lines] == sorted(one.day for one in rounds)


@given(rounds=RESUBMISSIONS, terms=st.none() | AGREEMENTS)
def test_every_round_has_its_line_and_nothing_is_charged_beyond_the_agreement(
    rounds: list[Resubmission], terms: Agreement | None
) -> None:
    lines = surcharge_lines(rounds, terms)
    assert len(lines) == len(rounds)
    free, charged = [one for one in lines if one.free_pass], [one for one in lines if one.fee]
    assert len(free) <= (terms.free_passes if terms else 0)
    assert not charged or terms is not None
    for line in charged + free:
        one = line.resubmission
        assert terms is not None
        assert one.fault is Fault.CUSTOMER
        assert one.reference
        assert terms.valid_from <= one.day
        assert one.cause not in terms.excluded_causes
    if charged and terms is not None:
        assert len(free) == terms.free_passes  # nobody pays before the passes are used up
        assert all(line.fee == terms.fee for line in charged)
    assert all(line.because for line in lines)
