"""What was billed before is found again: under every number it went under, and on its order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, update

from submitter.model.money import Money
from submitter.model.portal import Receipt, ReceiptSource, Stage
from submitter.model.submission import Cause, Fault, RoundState
from submitter.store import billing, journal, submissions
from submitter.store.tables import attempt, round_, submission
from tests.unit.store.made import ACCOUNT, NOW, account, file, invoice, know_accounts, queue, seconds

ANOTHER: dict[str, Any] = {"issue_date": date(2026, 2, 1), "total": Money.of("1.00", "USD")}


def end(c: Connection, round_id: int, state: RoundState) -> None:
    c.execute(update(round_).where(round_.c.id == round_id).values(state=state))


def resubmit_as(c: Connection, submission_id: int, number: str) -> int:
    corrected = invoice(number)
    return submissions.add_resubmission(
        c, submission_id, (file(),), Cause.OTHER, Fault.UNDECIDED, "", NOW, "clerk", corrected
    )


def numbers(c: Connection, number: str, **changes: Any) -> list[str]:
    return [one.number for one in billing.like(c, ACCOUNT, invoice(number, **changes))]


def test_a_number_is_found_in_any_case_and_a_bill_by_its_date_and_total(c: Connection) -> None:
    queue(c, "Inv-1", **ANOTHER)
    queue(c, "7788")
    assert numbers(c, "INV-1") == ["Inv-1", "7788"]
    assert numbers(c, "INV-1", **ANOTHER) == ["Inv-1"]
    assert numbers(c, "INV-2", issue_date=date(2026, 3, 2)) == []
    [found] = billing.like(c, ACCOUNT, invoice("inv-1", **ANOTHER))
    assert (found.total, found.issue_date, found.at) == (Money.of("1.00", "USD"), date(2026, 2, 1), NOW)


def test_another_account_and_what_was_taken_back_do_not_count(c: Connection) -> None:
    know_accounts(c, account("south-field"))
    submissions.add(c, "south-field", "south-field", invoice("INV-1"), (file(),), NOW, "clerk")
    end(c, queue(c, "inv-1").round, RoundState.WITHDRAWN)
    assert numbers(c, "INV-1") == []


def test_every_number_that_an_invoice_went_under_counts(c: Connection) -> None:
    added = queue(c, "INV-1")
    end(c, added.round, RoundState.REFUSED)
    resubmit_as(c, added.submission, "INV-1A")
    assert numbers(c, "inv-1a", **ANOTHER) == ["INV-1A"]
    owner = billing.owner_of(c, ACCOUNT, "INV-1A")
    assert owner is not None
    assert owner.id == added.submission
    assert billing.owner_of(c, ACCOUNT, "INV-1B") is None
    assert billing.owner_of(c, "south-field", "INV-1") is None


def test_a_round_under_another_number_carries_it(c: Connection) -> None:
    added = queue(c, "INV-1")
    end(c, added.round, RoundState.REFUSED)
    second = resubmit_as(c, added.submission, "INV-1A")
    assert submissions.read_round(c, second).invoice == invoice("INV-1A")
    assert submissions.read_round(c, added.round).invoice == invoice("INV-1")


def test_the_numbers_that_the_portal_took_are_those_with_a_receipt(c: Connection) -> None:
    added = queue(c, "INV-1")
    assert submissions.numbers_taken(c, added.submission) == ()
    give_receipt(c, added.round, "R-1")
    assert submissions.numbers_taken(c, added.submission) == ("INV-1",)
    give_receipt(c, resubmit_as(c, added.submission, "INV-1A"), "R-2")
    assert submissions.numbers_taken(c, added.submission) == ("INV-1", "INV-1A")


def give_receipt(c: Connection, round_id: int, reference: str) -> None:
    values = {"round": round_id, "fence": 1, "holder": "w", "opened_at": NOW}
    identity = c.execute(attempt.insert().values(values).returning(attempt.c.id)).scalar_one()
    journal.keep_receipt(c, identity, Receipt(reference=reference, words="Taken", at=NOW, source=ReceiptSource.COMMIT))
    end(c, round_id, RoundState.CONFIRMED)


def test_invoices_on_an_order_are_those_that_still_use_it_up(c: Connection) -> None:
    queue(c, "A")
    queue(c, "B", NOW + seconds(1), po_number="PO-78")
    end(c, queue(c, "C", NOW + seconds(2)).round, RoundState.WITHDRAWN)
    end(c, queue(c, "D", NOW + seconds(3)).round, RoundState.CONFIRMED)
    assert [one.number for one in billing.on_order(c, ACCOUNT, ["PO-77"])] == ["A", "D"]
    assert [one.number for one in billing.on_order(c, ACCOUNT, ["PO-77", "PO-78"])] == ["A", "B", "D"]
    assert billing.on_order(c, "south-field", ["PO-77"]) == []


@pytest.mark.parametrize("stage", [Stage.REJECTED, Stage.DENIED, Stage.CANCELLED, Stage.FAILED])
def test_a_rejected_invoice_no_longer_uses_up_its_order(c: Connection, stage: Stage) -> None:
    added = queue(c, "A")
    end(c, added.round, RoundState.CONFIRMED)
    values = {"stage": Stage.ON_HOLD}
    c.execute(update(submission).values(values))
    assert billing.on_order(c, ACCOUNT, ["PO-77"])
    c.execute(update(submission).values(stage=stage))
    assert billing.on_order(c, ACCOUNT, ["PO-77"]) == []
