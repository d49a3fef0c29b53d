"""Two at once, in the worst order: the second looks before the first has committed, and acts after it has.

On PostgreSQL both are in the midst of their transactions then; on SQLite the second cannot even begin before the first
has ended. What comes of it must be the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import LeaseLost, SubmitterError
from submitter.model.account import PurchaseOrder
from submitter.model.attempt import Phase
from submitter.model.document import DocumentKind
from submitter.model.portal import Reading, Stage
from submitter.model.submission import Cause, Fault, RoundState
from submitter.store import accounts, audit, documents, journal, leases, machines, orders, readings, submissions
from submitter.store.database import Database
from submitter.store.journal import OutOfOrder, TakenBack
from submitter.store.leases import Claim, Held
from submitter.store.machines import Machine
from submitter.store.submissions import Added, Duplicate, StillOnItsWay
from submitter.store.tables import audit as audit_table
from submitter.store.tables import document, hold, purchase_order, round_, slot, submission
from submitter.store.tables import journal as journal_table
from tests.unit.store.made import ACCOUNT, LASTS, NOW, account, file, invoice, queue, round_row, seconds, take
from tests.unit.store.test_store_submissions import both_at_once

Part = Callable[[Connection], Any]
PARTS = [file(name, content=name.encode()) for name in ("a.pdf", "b.pdf", "c.pdf")]


class Undone(Exception):
    """The first one's transaction is rolled back."""


def both(database: Database, first: Part, second: Part, *, undo_first: bool = False) -> tuple[Any, Any]:
    """``second`` begins while ``first`` has done its part and not ended; what each returned or raised."""
    begun = Event()

    def other() -> Any:
        begun.set()
        try:
            with database.transaction() as c:
                return second(c)
        except (SubmitterError, SQLAlchemyError) as error:
            return error

    with ThreadPoolExecutor(1) as pool:
        try:
            with database.transaction() as c:
                one = first(c)
                future = pool.submit(other)
                assert begun.wait(60)
                until_it_waits_or_ends(database, future)
                if undo_first:
                    raise Undone
        except Undone:
            one = None
        return one, future.result(60)


def until_it_waits_or_ends(database: Database, future: Future[Any]) -> None:
    if database.dialect == "sqlite":
        return  # it waits for the write lock before its first statement, or has not come so far; both are the same
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    end = monotonic() + 20
    while not future.done():
        with database.reading() as c:
            if c.execute(waiting).scalar_one():
                return
        assert monotonic() < end, "it neither waits nor ends"
        sleep(0.01)


def counted(database: Database, table: Any) -> int:
    with database.reading() as c:
        return int(c.execute(select(func.count()).select_from(table)).scalar_one())


# -- leases, slots, what is known ----------------------------------------------------------------------------------


def taking(holder: str) -> Part:
    return lambda c: leases.take(c, ACCOUNT, holder, NOW, LASTS)


def test_the_very_first_lease_goes_to_one(database: Database) -> None:
    one, two = both(database, taking("first"), taking("second"))
    assert one == Claim(account=ACCOUNT, fence=1, holder="first")
    assert two == Held(account=ACCOUNT, holder="first", expires_at=NOW + LASTS)


def test_a_lease_whose_taker_failed_goes_to_the_other(database: Database) -> None:
    _, two = both(database, taking("first"), taking("second"), undo_first=True)
    assert two == Claim(account=ACCOUNT, fence=1, holder="second")


def test_a_write_that_meets_a_take_over_fails(database: Database) -> None:
    with database.transaction() as c:
        old, added = take(c, "old"), queue(c)
        attempt = journal.open_attempt(c, old, added.round, NOW)
    later = NOW + LASTS
    _, two = both(
        database,
        lambda c: take(c, "new", later),
        lambda c: journal.record(c, old, attempt, Phase.PREPARED, NOW + seconds(59)),
    )
    assert isinstance(two, LeaseLost)


@pytest.mark.parametrize("undo_first", [False, True])
def test_a_slot_is_marked_by_one(database: Database, undo_first: bool) -> None:
    def mark(c: Connection) -> bool:
        return accounts.mark_reading_due(c, ACCOUNT, NOW, "poll:north-field:2026-03-02")

    one, two = both(database, mark, mark, undo_first=undo_first)
    assert (one, two) == ((None, True) if undo_first else (True, False))
    assert counted(database, slot) == 1


def test_two_programs_that_start_at_once_register_the_same_accounts(database: Database) -> None:
    def start(c: Connection) -> None:
        accounts.register(c, [account("a"), account("b")])
        machines.seen(c, NOW, Machine(id="one", boot="", name="host"))

    assert both(database, start, start) == (None, None)
    with database.reading() as c:
        assert [row.id for row in accounts.read_all(c)] == ["a", "b", ACCOUNT]
        assert len(machines.read_all(c)) == 1


def test_the_same_files_and_orders_are_remembered_by_both(database: Database) -> None:
    def known(numbers: list[str], files: list[Any]) -> Part:
        def remember(c: Connection) -> None:
            wanted = [
                PurchaseOrder(number=number, customer="North Field", currency="USD", lines=()) for number in numbers
            ]
            orders.remember(c, ACCOUNT, wanted, NOW)
            added = submissions.add(c, ACCOUNT, ACCOUNT, invoice(numbers[0]), tuple(files), NOW, "clerk")
            assert isinstance(added, Added)

        return remember

    backwards = known(["P-3", "P-2", "P-1"], PARTS[::-1])
    assert both(database, known(["P-1", "P-2", "P-3"], PARTS), backwards) == (None, None)
    assert (counted(database, purchase_order), counted(database, document)) == (3, 3)


# -- submissions and rounds ----------------------------------------------------------------------------------------


def adding(who: str) -> Part:
    return lambda c: submissions.add(c, ACCOUNT, ACCOUNT, invoice("INV-1"), (file(),), NOW, who)


def test_one_number_is_added_once_and_the_other_is_told_of_it(database: Database) -> None:
    one, two = both(database, adding("first"), adding("second"))
    assert isinstance(one, Added)
    assert two == Duplicate(submission=one.submission, state=RoundState.QUEUED, created_at=NOW)
    assert (counted(database, submission), counted(database, round_)) == (1, 1)


def test_a_number_whose_adding_failed_can_be_added(database: Database) -> None:
    _, two = both(database, adding("first"), adding("second"), undo_first=True)
    assert isinstance(two, Added)
    assert (counted(database, submission), counted(database, round_)) == (1, 1)


def test_one_resubmission_follows(database: Database) -> None:
    with database.transaction() as c:
        added = queue(c)
        c.execute(update(round_).values(state=RoundState.CONFIRMED))

    def again(c: Connection) -> int:
        cause, fault = Cause.POD_ILLEGIBLE, Fault.CUSTOMER
        return submissions.add_resubmission(c, added.submission, (file(),), cause, fault, "", NOW, "clerk")

    one, two = both(database, again, again)
    assert isinstance(one, int) and isinstance(two, StillOnItsWay)
    assert counted(database, round_) == 2


def test_a_parked_round_is_queued_again_once(database: Database) -> None:
    with database.transaction() as c:
        added = queue(c)
        c.execute(update(round_).values(state=RoundState.PARKED))

    def again(c: Connection) -> None:
        submissions.requeue(c, added.submission, NOW, "clerk", "put right")

    one, two = both(database, again, again)
    assert one is None and isinstance(two, StillOnItsWay)


def prepared(database: Database) -> tuple[Claim, Added, int]:
    """A visit that stands before `committing`."""
    with database.transaction() as c:
        claim, added = take(c), queue(c)
        attempt = journal.open_attempt(c, claim, added.round, NOW)
        journal.record(c, claim, attempt, Phase.PREPARED, NOW)
    return claim, added, attempt


def test_what_is_being_sent_cannot_be_withdrawn(database: Database) -> None:
    claim, added, attempt = prepared(database)
    _, two = both(
        database,
        lambda c: journal.record(c, claim, attempt, Phase.COMMITTING, NOW),
        lambda c: submissions.withdraw(c, added.submission, NOW, "clerk", "wrong customer"),
    )
    assert isinstance(two, StillOnItsWay)
    with database.reading() as c:
        assert round_row(c, added.round).state == RoundState.COMMITTING


def test_what_was_withdrawn_is_not_sent(database: Database) -> None:
    claim, added, attempt = prepared(database)
    one, two = both(
        database,
        lambda c: submissions.withdraw(c, added.submission, NOW, "clerk", "wrong customer"),
        lambda c: journal.record(c, claim, attempt, Phase.COMMITTING, NOW),
    )
    assert one is None and isinstance(two, TakenBack)
    with database.transaction() as c:  # and what the attempt comes to does not bring it back
        then = journal.Then(state=RoundState.QUEUED, due_at=NOW, error_code=two.code, error=two.message)
        journal.record(c, claim, attempt, Phase.FAILED, NOW, then=then)
        assert round_row(c, added.round).state == RoundState.WITHDRAWN
        assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW) is None


def test_no_attempt_begins_on_what_is_being_withdrawn(database: Database) -> None:
    with database.transaction() as c:
        claim, added = take(c), queue(c)
    _, two = both(
        database,
        lambda c: submissions.withdraw(c, added.submission, NOW, "clerk", "wrong customer"),
        lambda c: journal.open_attempt(c, claim, added.round, NOW),
    )
    assert isinstance(two, OutOfOrder)


def test_of_two_answers_to_one_question_the_first_counts(database: Database) -> None:
    claim, added, attempt = prepared(database)
    with database.transaction() as c:
        for phase in (Phase.COMMITTING, Phase.UNKNOWN, Phase.PERSON):
            journal.record(c, claim, attempt, phase, NOW)

    def answer(phase: Phase) -> Part:
        return lambda c: journal.record_decision(c, attempt, phase, NOW, "clerk", "looked it up")

    one, two = both(database, answer(Phase.CONFIRMED), answer(Phase.RETURNED))
    assert one is None and isinstance(two, OutOfOrder)
    with database.reading() as c:
        assert journal.phase_of(c, attempt) is Phase.CONFIRMED
        assert round_row(c, added.round).state == RoundState.CONFIRMED
        answers = select(func.count()).select_from(journal_table).where(journal_table.c.fence.is_(None))
        assert c.execute(answers).scalar_one() == 1


def test_one_hold_is_opened(database: Database) -> None:
    with database.transaction() as c:
        claim, added = take(c), queue(c)
    one = Reading(submission=added.submission, at=NOW, reference="R", status="Held", comment="", stage=Stage.ON_HOLD)

    def read(c: Connection) -> None:
        readings.add(c, claim, one, 1, NOW)

    assert both(database, read, read) == (None, None)
    assert counted(database, hold) == 1


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_row_that_merely_names_an_account_waits_for_nobody(database: Database) -> None:
    """Else a visit that notes something of its account and a clerk who queues for it could wait in a circle."""
    with database.transaction() as c:
        accounts.note_unavailable(c, ACCOUNT, NOW, 3, LASTS)
        with database.transaction() as other:
            other.execute(text("SET LOCAL lock_timeout = '5s'"))
            queue(other)


@pytest.mark.parametrize("time", range(4))
def test_many_files_and_orders_in_opposite_orders_are_no_circle(database: Database, time: int) -> None:
    files = [file(f"{number}.pdf", content=f"{time}/{number}".encode()) for number in range(40)]
    wanted = [PurchaseOrder(number=f"P-{n}", customer="North Field", currency="USD", lines=()) for n in range(40)]

    def export(number: int) -> None:
        with database.transaction() as c:
            orders.remember(c, ACCOUNT, wanted[:: -1 if number else 1], NOW)

    def add(number: int) -> None:
        with database.transaction() as c:
            sent = tuple(files[:: -1 if number else 1])
            submissions.add(c, ACCOUNT, ACCOUNT, invoice(f"INV-{number}"), sent, NOW, "clerk")

    both_at_once(export)
    both_at_once(add)
    assert (counted(database, purchase_order), counted(database, document)) == (40, 40)


# -- the audit log -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("undo_first", [False, True])
def test_the_chain_holds_whoever_writes_first(database: Database, undo_first: bool) -> None:
    def said(who: str) -> Part:
        return lambda c: audit.append(c, NOW, who, "said", "x")

    both(database, said("first"), said("second"), undo_first=undo_first)
    with database.reading() as c:
        assert audit.verify(c) == (1 if undo_first else 2, None)


def test_a_busy_day_ends_without_a_deadlock_and_with_a_whole_chain(database: Database) -> None:
    """Clerks and visits at once on the same few invoices; each may be refused, nobody may wait in a circle."""
    with database.transaction() as c:
        accounts.register(c, [account("south-field", customer=ACCOUNT)])
        added = [queue(c, f"INV-{number}") for number in range(3)]

    def visit(c: Connection, dice: random.Random) -> None:
        now = database.now(c)
        claim = leases.take(c, ACCOUNT, "visit", now, LASTS)
        if isinstance(claim, Held):
            return
        journal.recover(c, claim, now, LASTS)
        for one in dice.sample(added, 2):
            if round_row(c, one.round).state == RoundState.QUEUED:
                attempt = journal.open_attempt(c, claim, one.round, now)
                if dice.random() < 0.5:
                    journal.record(c, claim, attempt, Phase.PREPARED, now)
                    journal.record(c, claim, attempt, Phase.COMMITTING, now)
                    journal.record(c, claim, attempt, Phase.REFUSED, now)
        leases.release(c, claim, now)

    def clerk(c: Connection, dice: random.Random) -> None:
        one, now = dice.choice(added), database.now(c)
        match dice.randrange(6):
            case 0:
                submissions.withdraw(c, one.submission, now, "clerk", "wrong")
            case 1:
                submissions.requeue(c, one.submission, now, "clerk", "right after all")
            case 2:
                accounts.pause_adapter(c, ACCOUNT, now, "clerk", "page-unknown", "changed")
            case 3:
                accounts.resume(c, dice.choice([ACCOUNT, "south-field"]), now, "clerk", "mended")
            case 4:
                accounts.note_unavailable(c, ACCOUNT, now, 3, LASTS)
            case 5:
                submissions.add(c, ACCOUNT, ACCOUNT, invoice(f"INV-{dice.randrange(9)}"), tuple(PARTS), now, "clerk")

    def day(number: int) -> int:
        dice, done = random.Random(number), 0  # noqa: S311 (chance, not a secret)
        for _ in range(25):
            work = visit if dice.random() < 0.4 else clerk
            try:
                with database.transaction() as c:
                    work(c, dice)
                done += 1
            except (StillOnItsWay, LeaseLost):
                pass
        return done

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(day, range(4)))  # any other error is raised here
    assert all(count > 5 for count in done)
    with database.reading() as c:
        assert audit.verify(c) == (c.execute(select(func.count()).select_from(audit_table)).scalar_one(), None)


def test_documents_are_the_same_whoever_stored_them_first(database: Database) -> None:
    one = PARTS[0].document

    def remember(name: str) -> Part:
        changed = one.model_copy(update={"name": name, "kind": DocumentKind.OTHER})
        return lambda c: documents.remember(c, changed, NOW)

    assert both(database, remember("first.pdf"), remember("second.pdf")) == (False, False)
    with database.reading() as c:
        assert c.execute(select(document.c.name)).scalar_one() == "first.pdf"
