"""A search for a double or a lost invoice: two workers, one account, clocks that are set forward and back.

The wall clock may be set by up to two hours either way, at any time and as often as it likes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from submitter.model.attempt import FOLLOWS, Phase
from submitter.model.submission import RoundState
from submitter.store.tables import attempt, journal, receipt, round_
from tests.unit.store.made import InMemory, Scratch
from tests.unit.store.two_workers import World

S = RoundState
MOVES = {  # of a round, as the diagram in model/submission.py draws them
    S.QUEUED: {S.COMMITTING, S.CONFIRMED},
    S.COMMITTING: {S.CONFIRMED, S.UNKNOWN},
    S.UNKNOWN: {S.CONFIRMED, S.QUEUED, S.PERSON},
    S.PERSON: {S.CONFIRMED, S.QUEUED},
    S.CONFIRMED: set(),
}
WORKERS = st.sampled_from([0, 1])
ANSWERS = st.sampled_from(["well", "well", "well", "badly", "not at all"])
STEPS = st.sampled_from(["clicking", "clicking", "clicked", "committing", "preparing", "answering", "ready", "idle"])
HOUR = 60 * 60


class TwoWorkers(RuleBasedStateMachine):
    """Each rule is one thing that may happen next; the invariants hold after every one of them."""

    fresh: Callable[[], Scratch] = InMemory

    @initialize()
    def begin(self) -> None:
        self.world = World(database=type(self).fresh())
        self.world.add(1)
        self.rounds = 1
        self.read_up_to = 0
        self.highest_fence = 0
        self.phases: dict[int, Phase] = {}
        self.states: dict[int, RoundState] = {1: S.QUEUED}

    @rule(worker=WORKERS, after=st.sampled_from([0, 0, 61]), until=STEPS, pace=st.sampled_from([0, 1, 3]))
    def work_until(self, worker: int, after: int, until: str, pace: int) -> None:
        """Go on until a certain step comes next, and stand still before it."""
        one = self.world.workers[worker]
        self.world.boot += after
        for _ in range(25):
            if one.at == until:
                return
            self.world.step(one)
            self.look_at_everything()
            self.world.boot += pace

    @rule(worker=WORKERS, answers=ANSWERS)
    def take_a_step(self, worker: int, answers: str) -> None:
        self.world.step(self.world.workers[worker], answers)

    @rule(worker=WORKERS)
    def heartbeat(self, worker: int) -> None:
        self.world.heartbeat(self.world.workers[worker])

    @rule(worker=WORKERS)
    def crash(self, worker: int) -> None:
        self.world.workers[worker].stop()

    @rule(seconds=st.sampled_from([1, 5, 31, 44, 46, 59, 61, 61, 61, 200]))
    def time_passes(self, seconds: int) -> None:
        self.world.boot += seconds

    @rule(
        seconds=st.sampled_from([-2 * HOUR, -61, -14, -1, 1, 14, 46, 61, 2 * HOUR]) | st.integers(-2 * HOUR, 2 * HOUR)
    )
    def clock_is_set(self, seconds: int) -> None:
        self.world.offset += seconds

    @precondition(lambda self: self.rounds < 12)
    @rule()
    def a_clerk_queues_another(self) -> None:
        self.rounds += 1
        self.world.add(self.rounds)
        self.states[self.rounds] = S.QUEUED

    @precondition(lambda self: S.PERSON in self.states.values())
    @rule()
    def a_clerk_answers(self) -> None:
        self.world.person_answers()

    # -- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        assert max(self.world.sends.values(), default=0) <= 1, self.world.sends

    @invariant()
    def look_at_everything(self) -> None:
        with self.world.transaction() as c:
            rows = c.execute(select(journal).where(journal.c.id > self.read_up_to).order_by(journal.c.id)).all()
            states = {row.id: RoundState(row.state) for row in c.execute(select(round_.c.id, round_.c.state))}
        for row in rows:
            before, phase = self.phases.get(row.attempt), Phase(row.phase)
            assert phase in FOLLOWS[before] if before else phase is Phase.OPENED, (before, phase)
            self.phases[row.attempt], self.read_up_to = phase, row.id
            if row.fence is not None:
                assert row.fence >= self.highest_fence, "a worker wrote after a newer one had written"
                self.highest_fence = row.fence
        for identity, state in states.items():
            was = self.states[identity]
            assert state is was or state in MOVES[was], f"{was} became {state}"
        self.states = states

    def teardown(self) -> None:
        """Whatever happened, one worker that is left in peace brings every invoice to the portal, once."""
        if not hasattr(self, "world"):
            return
        world, worker = self.world, self.world.workers[0]
        world.boot += 10 * 24 * HOUR  # past every lease and every date, however often the clock was set back
        for _ in range(400):
            if set(self.states.values()) == {S.CONFIRMED}:
                break
            world.person_answers()
            world.step(worker)
            self.look_at_everything()
            world.boot += 3
        assert world.sends == dict.fromkeys(self.states, 1), "an invoice was lost, or sent twice"
        with world.transaction() as c:
            proven = c.execute(select(attempt.c.round).join(receipt, receipt.c.attempt == attempt.c.id)).scalars()
            assert sorted(proven) == sorted(self.states)


TestTwoWorkers = TwoWorkers.TestCase
TestTwoWorkers.settings = settings(max_examples=60, stateful_step_count=60)


@pytest.mark.postgres
def test_two_workers_on_postgresql(rolled_back: Callable[[], Scratch]) -> None:
    """The same search, shorter: the statements are the same, and what differs is how the two understand them."""

    class OnPostgreSQL(TwoWorkers):
        fresh = staticmethod(rolled_back)

    run_state_machine_as_test(OnPostgreSQL, settings=settings(max_examples=15, stateful_step_count=40))
