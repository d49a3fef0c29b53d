"""The journal's phases: what may follow what, as the diagram in model/attempt.py draws it."""

from __future__ import annotations

import itertools

import pytest

from submitter.model.attempt import FOLLOWS, Phase, may_follow

P = Phase
DRAWN = {  # the diagram, written out a second time
    (P.OPENED, P.PREPARED),
    (P.OPENED, P.REFUSED),
    (P.OPENED, P.FAILED),
    (P.OPENED, P.CONFIRMED),
    (P.PREPARED, P.COMMITTING),
    (P.PREPARED, P.REFUSED),
    (P.PREPARED, P.FAILED),
    (P.COMMITTING, P.CONFIRMED),
    (P.COMMITTING, P.REFUSED),
    (P.COMMITTING, P.UNKNOWN),
    (P.UNKNOWN, P.CONFIRMED),
    (P.UNKNOWN, P.RETURNED),
    (P.UNKNOWN, P.PERSON),
    (P.PERSON, P.CONFIRMED),
    (P.PERSON, P.RETURNED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Phase, Phase)))
def test_the_table_is_the_diagram(before: Phase, after: Phase) -> None:
    assert may_follow(before, after) is ((before, after) in DRAWN)


def paths(start: Phase) -> list[tuple[Phase, ...]]:
    """Every way on from a phase, to its end; endless if the table had a circle."""
    found = [(start,)]
    for path in found:
        assert len(path) <= len(Phase), f"the table goes in a circle: {path}"
        found += [(*path, after) for after in sorted(FOLLOWS[path[-1]])]
    return found


def test_every_phase_can_be_reached() -> None:
    assert {path[-1] for path in paths(P.OPENED)} == set(Phase)


@pytest.mark.parametrize("last", [P.CONFIRMED, P.REFUSED, P.FAILED, P.RETURNED])
def test_an_end_is_an_end(last: Phase) -> None:
    assert paths(last) == [(last,)]


def test_whatever_is_no_end_leads_to_one() -> None:
    ends = {P.CONFIRMED, P.REFUSED, P.FAILED, P.RETURNED}
    assert {phase for phase in Phase if not FOLLOWS[phase]} == ends


def test_no_attempt_commits_twice() -> None:
    assert max(path.count(P.COMMITTING) for path in paths(P.OPENED)) == 1


def test_nothing_that_may_have_been_sent_is_called_failed() -> None:
    for path in paths(P.OPENED):
        assert not (P.COMMITTING in path and P.FAILED in path)


def test_only_a_look_or_a_person_returns_a_round_to_the_queue() -> None:
    assert {before for before in Phase if may_follow(before, P.RETURNED)} == {P.UNKNOWN, P.PERSON}
