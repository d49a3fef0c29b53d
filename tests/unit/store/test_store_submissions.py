"""Submissions: each invoice once, in order, and never a further round while one is on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from submitter.model.document import DocumentKind
from submitter.model.portal import Receipt, ReceiptSource
from submitter.model.submission import Cause, Fault, RoundState
from submitter.store import audit, documents, journal, submissions
from submitter.store.database import Database
from submitter.store.submissions import Added, Duplicate, NotSubmitted, StillOnItsWay
from submitter.store.tables import attempt, document, receipt, round_, submission
from tests.unit.store.made import ACCOUNT, NOW, account, file, invoice, know_accounts, queue, round_row, seconds

T = TypeVar("T")


def both_at_once(work: Callable[[int], T]) -> list[T]:
    """Two real threads that begin at the same moment."""
    gate = threading.Barrier(2)

    def begin(number: int) -> T:
        gate.wait(60)
        return work(number)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(begin, (0, 1)))


def put(c: Connection, round_id: int, state: RoundState) -> None:
    c.execute(update(round_).where(round_.c.id == round_id).values(state=state))


def give_receipt(c: Connection, round_id: int, reference: str) -> None:
    """A confirmed round, without the way there."""
    values = {"round": round_id, "fence": 1, "holder": "w", "opened_at": NOW}
    identity = c.execute(attempt.insert().values(values).returning(attempt.c.id)).scalar_one()
    journal.keep_receipt(c, identity, Receipt(reference=reference, words="Taken", at=NOW, source=ReceiptSource.COMMIT))
    put(c, round_id, RoundState.CONFIRMED)


# -- once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["INV-1", " INV-1 "])
def test_the_same_number_again_is_a_duplicate_with_a_link_to_the_first(c: Connection, number: str) -> None:
    first = queue(c, "INV-1")
    put(c, first.round, RoundState.PARKED)
    again = submissions.add(c, ACCOUNT, ACCOUNT, invoice(number), (file(),), NOW + seconds(9), "clerk")
    assert again == Duplicate(submission=first.submission, state=RoundState.PARKED, created_at=NOW)
    assert c.execute(select(func.count()).select_from(round_)).scalar_one() == 1


def test_another_account_may_have_the_same_number(c: Connection) -> None:
    know_accounts(c, account("south-field"))
    first = queue(c, "INV-1")
    other = submissions.add(c, "south-field", "south-field", invoice("INV-1"), (file(),), NOW, "clerk")
    assert isinstance(other, Added)
    assert other.submission != first.submission
    with pytest.raises(NotSubmitted, match="was submitted for north-field, south-field; add --customer"):
        submissions.find_one(c, "INV-1")
    assert submissions.find_one(c, "INV-1", "south-field").id == other.submission


def test_a_number_nobody_submitted_is_said_so(c: Connection) -> None:
    with pytest.raises(NotSubmitted, match="No invoice 'INV-9' was submitted for north-field"):
        submissions.find_one(c, "INV-9", ACCOUNT)


@pytest.mark.parametrize("time", range(5))
def test_of_two_that_add_one_number_at_once_exactly_one_does(database: Database, time: int) -> None:
    def add(number: int) -> Added | Duplicate:
        with database.transaction() as c:
            return submissions.add(c, ACCOUNT, ACCOUNT, invoice(f"INV-{time}"), (file(),), NOW, f"clerk {number}")

    outcomes = both_at_once(add)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Added", "Duplicate"]
    assert len({outcome.submission for outcome in outcomes}) == 1
    with database.reading() as c:
        assert c.execute(select(func.count()).select_from(submission)).scalar_one() == 1
        assert audit.verify(c) == (1, None)


def test_a_submission_is_queued_with_its_files_in_their_order(c: Connection) -> None:
    files = (file("copy.pdf", DocumentKind.INVOICE, b"copy"), file("ticket.pdf"), file("again.pdf"))
    added = submissions.add(c, ACCOUNT, ACCOUNT, invoice(), files, NOW, "clerk")
    assert isinstance(added, Added)
    work = submissions.read_round(c, added.round)
    assert (work.files, work.invoice, work.number, work.state) == (files, invoice(), 1, RoundState.QUEUED)
    assert work.due_at == NOW
    assert c.execute(select(func.count()).select_from(document)).scalar_one() == 2  # the same bytes are kept once
    assert documents.of_round(c, added.round) == files


# -- in order ------------------------------------------------------------------------------------------------------


def test_due_work_goes_by_due_date_then_age_and_without_a_due_date_last(c: Connection) -> None:
    no_date = queue(c, "A", NOW)
    late = queue(c, "B", NOW + seconds(1), due_date=date(2026, 4, 30))
    younger = queue(c, "C", NOW + seconds(3), due_date=date(2026, 3, 31))
    older = queue(c, "D", NOW + seconds(2), due_date=date(2026, 3, 31))
    no_date_younger = queue(c, "E", NOW + seconds(4))
    order: list[int] = []
    while (found := submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW + seconds(9), order)) is not None:
        order.append(found)
    assert order == [one.round for one in (older, younger, late, no_date, no_date_younger)]


def test_what_is_not_due_yet_waits(c: Connection) -> None:
    added = queue(c, now=NOW + seconds(10))
    assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW + seconds(9.9)) is None
    assert submissions.count_due(c, NOW + seconds(9.9), ACCOUNT) == 0
    assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW + seconds(10)) == added.round
    assert submissions.next_due(c, "south-field", RoundState.QUEUED, NOW + seconds(10)) is None
    assert submissions.next_due(c, ACCOUNT, RoundState.UNKNOWN, NOW + seconds(10)) is None
    assert submissions.count_due(c, NOW + seconds(10)) == 1


# -- rounds --------------------------------------------------------------------------------------------------------


def resubmit(c: Connection, submission_id: int) -> int:
    cause, fault = Cause.POD_ILLEGIBLE, Fault.CUSTOMER
    return submissions.add_resubmission(c, submission_id, (file(),), cause, fault, "again", NOW, "clerk")


ON_ITS_WAY = {RoundState.QUEUED, RoundState.COMMITTING, RoundState.UNKNOWN, RoundState.PERSON}
MAY_BE_REPEATED = {RoundState.PARKED, RoundState.REFUSED, RoundState.WITHDRAWN}
MAY_BE_TAKEN_BACK = {RoundState.QUEUED, RoundState.PARKED, RoundState.REFUSED}


@pytest.mark.parametrize("state", RoundState)
def test_a_further_round_follows_only_when_the_last_one_has_ended(c: Connection, state: RoundState) -> None:
    added = queue(c)
    put(c, added.round, state)
    if state in ON_ITS_WAY:
        with pytest.raises(StillOnItsWay, match=f"Round 1 of INV-1 has not ended yet .it is {state}"):
            resubmit(c, added.submission)
    else:
        second = round_row(c, resubmit(c, added.submission))
        assert (second.number, second.state, second.cause, second.fault) == (
            2,
            RoundState.QUEUED,
            Cause.POD_ILLEGIBLE,
            Fault.CUSTOMER,
        )


@pytest.mark.parametrize("time", range(3))
def test_of_two_that_resubmit_at_once_exactly_one_does(database: Database, time: int) -> None:
    with database.transaction() as c:
        added = queue(c, f"INV-{time}")
        give_receipt(c, added.round, "R-1")

    def again(_number: int) -> str:
        try:
            with database.transaction() as c:
                resubmit(c, added.submission)
        except StillOnItsWay:
            return "refused"
        return "queued"

    assert sorted(both_at_once(again)) == ["queued", "refused"]


@pytest.mark.parametrize("state", RoundState)
def test_only_what_came_to_nothing_is_queued_again(c: Connection, state: RoundState) -> None:
    added = queue(c)
    c.execute(update(round_).values(state=state, tries=8))
    if state in MAY_BE_REPEATED:
        submissions.requeue(c, added.submission, NOW + seconds(5), "clerk", "put right")
        row = round_row(c, added.round)
        assert (row.state, row.tries, row.due_at) == (RoundState.QUEUED, 0, NOW + seconds(5))
    else:
        with pytest.raises(StillOnItsWay, match="there is nothing to repeat"):
            submissions.requeue(c, added.submission, NOW, "clerk", "why not")
        assert round_row(c, added.round).state == state


@pytest.mark.parametrize("state", RoundState)
def test_only_what_was_surely_not_sent_is_taken_back(c: Connection, state: RoundState) -> None:
    added = queue(c)
    put(c, added.round, state)
    if state in MAY_BE_TAKEN_BACK:
        submissions.withdraw(c, added.submission, NOW, "clerk", "wrong customer")
        assert round_row(c, added.round).state == RoundState.WITHDRAWN
        assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW) is None
    else:
        with pytest.raises(StillOnItsWay, match="it cannot be taken back"):
            submissions.withdraw(c, added.submission, NOW, "clerk", "wrong customer")
        assert round_row(c, added.round).state == state


def test_a_round_knows_the_references_of_the_rounds_before_it(c: Connection) -> None:
    added = queue(c)
    give_receipt(c, added.round, "R-1")
    second = resubmit(c, added.submission)
    give_receipt(c, second, "R-2")
    third = resubmit(c, added.submission)
    assert submissions.read_round(c, added.round).earlier_references == ()
    assert submissions.read_round(c, third).earlier_references == ("R-1", "R-2")


def test_a_round_has_at_most_one_receipt(database: Database) -> None:
    with database.transaction() as c:
        added = queue(c)
        give_receipt(c, added.round, "R-1")
    with pytest.raises(IntegrityError), database.transaction() as c:
        give_receipt(c, added.round, "R-2")
    with database.reading() as c:
        assert c.execute(select(receipt.c.reference)).scalars().all() == ["R-1"]
        assert submissions.count_receipts(c) == 1


def test_the_listing_shows_the_last_round_of_each_submission(c: Connection) -> None:
    first, second = queue(c, "INV-1"), queue(c, "INV-2", NOW + seconds(1))
    give_receipt(c, first.round, "R-1")
    resubmit(c, first.submission)
    shown = [(row.invoice_number, row.round_number, row.state) for row in submissions.listing(c)]
    assert shown == [("INV-2", 1, "queued"), ("INV-1", 2, "queued")]
    assert submissions.listing(c, [RoundState.CONFIRMED]) == []
    assert [row.id for row in submissions.listing(c, customer=ACCOUNT)] == [second.submission, first.submission]
