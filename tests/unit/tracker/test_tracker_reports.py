"""The report of resubmissions: its figures are those on record, per customer."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, update

from submitter.model.account import Customer
from submitter.model.agreement import Agreement
from submitter.model.effort import Activity
from submitter.model.money import Money
from submitter.model.portal import Receipt, ReceiptSource
from submitter.model.submission import Cause, Fault, RoundState
from submitter.store import audit, effort, journal, submissions
from submitter.store.tables import attempt, round_
from submitter.tracker.reports import ResubmissionReport, resubmission_report
from tests.unit.store.made import ACCOUNT, NOW, account, file, queue

FEE, PER_HOUR = Money.of("75.00", "USD"), Money.of("45.00", "USD")
TODAY = date(2026, 3, 2)
TERMS = Agreement(valid_from=date(2026, 1, 1), fee=FEE)


def customer(agreement: Agreement | None = TERMS) -> Customer:
    return Customer(id=ACCOUNT, name="North Field", account=account(), agreement=agreement)


def confirm(c: Connection, round_id: int, reference: str) -> None:
    values = {"round": round_id, "fence": 1, "holder": "w", "opened_at": NOW}
    identity = c.execute(attempt.insert().values(values).returning(attempt.c.id)).scalar_one()
    journal.keep_receipt(c, identity, Receipt(reference=reference, words="", at=NOW, source=ReceiptSource.COMMIT))
    c.execute(update(round_).where(round_.c.id == round_id).values(state=RoundState.CONFIRMED))


def sent_again(c: Connection, times: int, fault: Fault = Fault.CUSTOMER) -> int:
    added = queue(c)
    confirm(c, added.round, "R-1")
    for number in range(2, times + 2):
        files = (file(),)
        again = submissions.add_resubmission(c, added.submission, files, Cause.POD_ILLEGIBLE, fault, "", NOW, "clerk")
        confirm(c, again, f"R-{number}")
        effort.log(c, added.submission, number, "clerk", Activity.FIND_POD, 20, "", NOW)
        effort.log(c, added.submission, number, "submitter", Activity.MACHINE, 500, "", NOW)
    return added.submission


def only_report(c: Connection, agreement: Agreement | None = TERMS) -> ResubmissionReport:
    (report,) = resubmission_report(c, [customer(agreement)], PER_HOUR, today=TODAY)
    return report


def test_the_figures_are_those_on_record(c: Connection) -> None:
    sent_again(c, 3)
    report = only_report(c)
    assert (report.customer_name, report.invoices, report.rounds, report.resubmissions) == ("North Field", 1, 4, 3)
    assert report.causes == {Cause.POD_ILLEGIBLE: 3}
    assert report.faults == {Fault.CUSTOMER: 3}
    assert (report.minutes, report.cost) == (60, PER_HOUR)  # the machine's minutes cost nothing
    assert (report.free_passes_used, report.chargeable) == (1, {"USD": Money.of("150.00", "USD")})
    assert [line.resubmission.reference for line in report.lines] == ["R-2", "R-3", "R-4"]


def test_without_an_agreement_nothing_is_charged(c: Connection) -> None:
    sent_again(c, 2)
    report = only_report(c, None)
    assert (report.chargeable, report.free_passes_used, report.next_fee) == ({}, 0, None)
    assert report.minutes == 40


def test_a_fault_decided_later_counts_and_the_former_decision_stays(c: Connection) -> None:
    submission = sent_again(c, 2)
    last = submissions.last_round(c, submission)
    effort.decide_fault(c, last.id, Fault.SUPPLIER, "manager", "our copy was bad", NOW)
    report = only_report(c)
    assert report.faults == {Fault.CUSTOMER: 1, Fault.SUPPLIER: 1}
    assert report.chargeable == {}
    assert audit.verify(c)[1] is None


def test_a_customer_whose_file_is_gone_is_still_reported(c: Connection) -> None:
    sent_again(c, 1)
    (report,) = resubmission_report(c, [], PER_HOUR, today=TODAY)
    assert (report.customer, report.customer_name, report.chargeable) == (ACCOUNT, ACCOUNT, {})


@pytest.mark.parametrize(("only", "found"), [(ACCOUNT, 1), ("south-field", 0), (None, 1)])
def test_one_customer_can_be_asked_for(c: Connection, only: str | None, found: int) -> None:
    sent_again(c, 1)
    assert len(resubmission_report(c, [customer()], PER_HOUR, only, today=TODAY)) == found


def test_minutes_are_costed_exactly_and_rounded_once(c: Connection) -> None:
    added = queue(c)
    effort.log(c, added.submission, 1, "clerk", Activity.CALL, 1, "", NOW)
    effort.log(c, added.submission, 1, "clerk", Activity.CALL, 1, "", NOW)
    (report,) = resubmission_report(c, [customer()], Money.of("10.00", "USD"), today=TODAY)
    assert (report.minutes, report.cost) == (2, Money.of("0.33", "USD"))


@pytest.mark.parametrize(
    ("valid_to", "fee"), [(None, FEE), (TODAY, FEE), (date(2026, 3, 1), None)], ids=["open", "last day", "over"]
)
def test_the_next_one_costs_something_only_while_the_agreement_is_in_force(
    c: Connection, valid_to: date | None, fee: Money | None
) -> None:
    sent_again(c, 1)
    assert only_report(c, TERMS.model_copy(update={"valid_to": valid_to})).next_fee == fee
