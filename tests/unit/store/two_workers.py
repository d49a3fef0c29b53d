"""A small world to search: two workers on one account, the real journal, leases and guard, and clocks that jump.

Each worker goes through a visit in the steps of queue/visits.py and adapters/contract.py, one database transaction or
one look at the portal at a time, so that the search may stop it between any two of them for as long as it likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from submitter.errors import LeaseLost
from submitter.model.attempt import Phase
from submitter.model.portal import Receipt, ReceiptSource
from submitter.model.submission import Round, RoundState
from submitter.queue.keeper import LeaseKeeper
from submitter.store import journal, leases, submissions
from submitter.store.journal import Then
from submitter.store.leases import Claim
from submitter.store.tables import round_
from tests.unit.store.made import ACCOUNT, LASTS, NOW, InMemory, Scratch, account, know_accounts, queue, seconds

LISTING_DELAY = seconds(2)
COMMIT_LIMIT = seconds(30)
HEARTBEAT = seconds(15)


class DrivenKeeper(LeaseKeeper):
    """The keeper as it is, on the world's clocks."""

    def __init__(self, world: World, claim: Claim, started: tuple[float, float]) -> None:
        self.clocks = world.clocks  # type: ignore[method-assign]
        super().__init__(world, claim, LASTS, HEARTBEAT, started)  # type: ignore[arg-type]


@dataclass
class Worker:
    name: str
    at: str = "idle"  # the step it takes next
    keeper: DrivenKeeper | None = None
    work: Round | None = None
    attempt: int = 0
    saw: bool = False

    @property
    def claim(self) -> Claim:
        assert self.keeper is not None
        return self.keeper.claim

    @property
    def job(self) -> Round:
        assert self.work is not None
        return self.work

    def stop(self) -> None:
        """It lost its lease, or it died: what it held in its hands is gone."""
        self.at, self.keeper, self.work, self.attempt = "idle", None, None, 0


@dataclass
class World:
    guarded: bool = True
    patient: bool = True  # a successor waits until its predecessor can no longer click
    boot: float = 0.0  # seconds that really passed
    offset: float = 0.0  # what people and time servers made of the wall clock
    sends: Counter[int] = field(default_factory=Counter)  # the portal: how often each round was sent; listed at once
    database: Scratch = field(default_factory=InMemory)

    def __post_init__(self) -> None:
        self.workers = [Worker("first"), Worker("second")]
        with self.transaction() as c:
            know_accounts(c, account(ACCOUNT))

    # -- clocks and the database ---------------------------------------------------------------------------------

    @property
    def time(self) -> datetime:
        return NOW + seconds(self.boot + self.offset)

    def clocks(self) -> tuple[float, float]:
        return self.boot + self.offset, self.boot

    def now(self, _c: Connection) -> datetime:
        return self.time

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.database.transaction() as c:
            yield c

    # -- what may happen -----------------------------------------------------------------------------------------

    def add(self, number: int) -> None:
        with self.transaction() as c:
            queue(c, f"INV-{number}", self.time)

    def step(self, worker: Worker, answers: str = "well") -> None:
        """The worker's next step. ``answers``: how the portal behaves in it (well, badly, not at all)."""
        try:
            getattr(self, f"_{worker.at}")(worker, answers)
        except LeaseLost:
            worker.stop()

    def heartbeat(self, worker: Worker) -> None:
        if worker.keeper is None:
            return
        try:
            if self.guarded:
                worker.keeper.guard()
            worker.keeper.renew()
        except LeaseLost:
            worker.stop()

    def person_answers(self) -> None:
        """Somebody looks at the portal and says what became of the first round that waits for it."""
        with self.transaction() as c:
            waiting = c.execute(select(round_.c.id).where(round_.c.state == RoundState.PERSON).limit(1)).scalar()
            if waiting is not None:
                attempt = journal.last_attempt(c, waiting)
                assert attempt is not None
                phase = Phase.CONFIRMED if self.sends[waiting] else Phase.RETURNED
                journal.record_decision(c, attempt.id, phase, self.time, "clerk", "looked it up")
                if phase is Phase.CONFIRMED:
                    journal.keep_receipt(c, attempt.id, self._receipt(waiting))

    # -- the steps of a visit ------------------------------------------------------------------------------------

    def _write(self, action: Callable[[Connection, datetime], Any]) -> Any:
        with self.transaction() as c:
            return action(c, self.time)

    def _idle(self, worker: Worker, _answers: str) -> None:
        started = self.clocks()
        claim = self._write(lambda c, now: leases.take(c, ACCOUNT, worker.name, now, LASTS))
        if isinstance(claim, Claim):
            worker.keeper, worker.at = DrivenKeeper(self, claim, started), "recovering"

    def _recovering(self, worker: Worker, _answers: str) -> None:
        self._write(lambda c, now: journal.recover(c, worker.claim, now, LISTING_DELAY))
        worker.at = "ready"

    def _ready(self, worker: Worker, _answers: str) -> None:
        def due(c: Connection, now: datetime) -> Round | None:
            for state in (RoundState.UNKNOWN, RoundState.QUEUED):
                found = submissions.next_due(c, ACCOUNT, state, now)
                if found is not None:
                    return submissions.read_round(c, found)
            return None

        worker.work = self._write(due)
        if worker.work is None:
            self._write(lambda c, now: leases.release(c, worker.claim, now))
            worker.stop()
        elif worker.work.state is RoundState.UNKNOWN:
            worker.at = "looking"
        else:
            worker.attempt = self._write(lambda c, now: journal.open_attempt(c, worker.claim, worker.job.id, now))
            worker.at = "finding"

    def _finding(self, worker: Worker, _answers: str) -> None:
        worker.at = "found" if self.sends[worker.job.id] else "preparing"

    def _found(self, worker: Worker, _answers: str) -> None:
        self._confirm(worker)

    def _preparing(self, worker: Worker, answers: str) -> None:
        phase = Phase.PREPARED if answers == "well" else Phase.FAILED
        self._write(lambda c, now: journal.record(c, worker.claim, worker.attempt, phase, now))
        worker.at = "renewing" if phase is Phase.PREPARED else "ready"

    def _renewing(self, worker: Worker, _answers: str) -> None:
        assert worker.keeper is not None
        worker.keeper.renew()
        worker.at = "committing"

    def _committing(self, worker: Worker, _answers: str) -> None:
        self._write(
            lambda c, now: journal.record(
                c, worker.claim, worker.attempt, Phase.COMMITTING, now, must_last=COMMIT_LIMIT
            )
        )
        worker.at = "clicking"

    def _clicking(self, worker: Worker, answers: str) -> None:
        assert worker.keeper is not None
        if self.guarded:
            worker.keeper.guard()
        if answers == "badly":  # the page broke before the click went out
            worker.at = "unsure"
            return
        self.sends[worker.job.id] += 1
        worker.at = "clicked" if answers == "well" else "unsure"

    def _clicked(self, worker: Worker, _answers: str) -> None:
        self._confirm(worker)

    def _unsure(self, worker: Worker, _answers: str) -> None:
        then = Then(due_at=self.time + LISTING_DELAY)
        self._write(lambda c, now: journal.record(c, worker.claim, worker.attempt, Phase.UNKNOWN, now, then=then))
        worker.at = "ready"

    def _looking(self, worker: Worker, answers: str) -> None:
        worker.saw = bool(self.sends[worker.job.id])
        worker.at = "answering" if answers == "well" else "unclear"

    def _unclear(self, worker: Worker, _answers: str) -> None:
        def give_up(c: Connection, now: datetime) -> None:
            attempt = journal.last_attempt(c, worker.job.id)
            assert attempt is not None
            journal.note_look(c, worker.claim, attempt.id, now, "unclear")
            journal.record(c, worker.claim, attempt.id, Phase.PERSON, now)

        self._write(give_up)
        worker.at = "ready"

    def _answering(self, worker: Worker, _answers: str) -> None:
        since = worker.job.unknown_since
        assert since is not None

        def store(c: Connection, now: datetime) -> None:
            attempt = journal.last_attempt(c, worker.job.id)
            assert attempt is not None
            waits = journal.former_worker_waits(c, attempt.id, LASTS, "this boot", self.boot)
            saw = "found" if worker.saw else "absent"
            journal.note_look(c, worker.claim, attempt.id, now, saw, boot_id="this boot", boot=self.boot)
            if worker.saw:
                journal.record(c, worker.claim, attempt.id, Phase.CONFIRMED, now)
                journal.keep_receipt(c, attempt.id, self._receipt(worker.job.id))
            elif (self.patient and waits) or now < since + LISTING_DELAY:
                until = max(now + waits, since + LISTING_DELAY)
                journal.put_off(c, worker.claim, worker.job.id, now, until)
            else:
                journal.record(c, worker.claim, attempt.id, Phase.RETURNED, now, then=Then(due_at=now))

        self._write(store)
        worker.at = "ready"

    def _confirm(self, worker: Worker) -> None:
        def store(c: Connection, now: datetime) -> None:
            journal.record(c, worker.claim, worker.attempt, Phase.CONFIRMED, now)
            journal.keep_receipt(c, worker.attempt, self._receipt(worker.job.id))

        self._write(store)
        worker.at = "ready"

    def _receipt(self, round_id: int) -> Receipt:
        return Receipt(reference=f"R-{round_id}", words="Taken", at=self.time, source=ReceiptSource.COMMIT)
