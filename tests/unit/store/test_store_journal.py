"""The journal: phases in order only, and what a visit finds that an earlier one left behind."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from submitter.errors import LeaseLost
from submitter.model.attempt import Phase
from submitter.model.submission import RoundState
from submitter.redaction import redactor
from submitter.store import accounts, audit, journal, submissions
from submitter.store.journal import OutOfOrder, Then
from submitter.store.leases import Claim
from submitter.store.tables import journal as journal_table
from submitter.store.tables import round_
from tests.unit.store.made import ACCOUNT, LASTS, NOW, queue, round_row, seconds, take

WAYS = {
    Phase.OPENED: (),
    Phase.PREPARED: (Phase.PREPARED,),
    Phase.COMMITTING: (Phase.PREPARED, Phase.COMMITTING),
    Phase.UNKNOWN: (Phase.PREPARED, Phase.COMMITTING, Phase.UNKNOWN),
    Phase.CONFIRMED: (Phase.PREPARED, Phase.COMMITTING, Phase.CONFIRMED),
    Phase.REFUSED: (Phase.PREPARED, Phase.COMMITTING, Phase.REFUSED),
    Phase.FAILED: (Phase.PREPARED, Phase.FAILED),
    Phase.RETURNED: (Phase.PREPARED, Phase.COMMITTING, Phase.UNKNOWN, Phase.RETURNED),
    Phase.PERSON: (Phase.PREPARED, Phase.COMMITTING, Phase.UNKNOWN, Phase.PERSON),
}
ROUND_AFTER = {
    Phase.OPENED: RoundState.QUEUED,
    Phase.PREPARED: RoundState.QUEUED,
    Phase.COMMITTING: RoundState.COMMITTING,
    Phase.UNKNOWN: RoundState.UNKNOWN,
    Phase.CONFIRMED: RoundState.CONFIRMED,
    Phase.REFUSED: RoundState.REFUSED,
    Phase.FAILED: RoundState.QUEUED,
    Phase.RETURNED: RoundState.QUEUED,
    Phase.PERSON: RoundState.PERSON,
}


def begun(c: Connection, claim: Claim, round_id: int, upto: Phase = Phase.OPENED) -> int:
    attempt = journal.open_attempt(c, claim, round_id, NOW)
    for phase in WAYS[upto]:
        journal.record(c, claim, attempt, phase, NOW)
    return attempt


def phases(c: Connection, attempt: int) -> list[str]:
    query = select(journal_table.c.phase).where(journal_table.c.attempt == attempt).order_by(journal_table.c.id)
    return list(c.execute(query).scalars())


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_leaves_its_round_where_the_diagram_says(c: Connection, phase: Phase) -> None:
    added = queue(c)
    attempt = begun(c, take(c), added.round, phase)
    assert phases(c, attempt) == [Phase.OPENED, *WAYS[phase]]
    assert round_row(c, added.round).state == ROUND_AFTER[phase]


@pytest.mark.parametrize("last", [Phase.CONFIRMED, Phase.REFUSED, Phase.FAILED, Phase.RETURNED])
@pytest.mark.parametrize("further", Phase)
def test_nothing_follows_an_end(c: Connection, last: Phase, further: Phase) -> None:
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round, last)
    with pytest.raises(OutOfOrder, match=f"An attempt that is {last} cannot become {further}"):
        journal.record(c, claim, attempt, further, NOW)
    with pytest.raises(OutOfOrder):
        journal.record_decision(c, attempt, further, NOW, "clerk", "I know better")
    assert phases(c, attempt)[-1] == last


@pytest.mark.parametrize("state", [state for state in RoundState if state is not RoundState.QUEUED])
def test_an_attempt_begins_only_on_a_queued_round(c: Connection, state: RoundState) -> None:
    added, claim = queue(c), take(c)
    c.execute(update(round_).values(state=state))
    with pytest.raises(OutOfOrder, match=f"is {state}, not queued"):
        journal.open_attempt(c, claim, added.round, NOW)


def test_committing_is_never_reached_without_having_prepared(c: Connection) -> None:
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round)
    with pytest.raises(OutOfOrder):
        journal.record(c, claim, attempt, Phase.COMMITTING, NOW)
    assert round_row(c, added.round).state == RoundState.QUEUED


def test_a_phase_says_what_becomes_of_the_round(c: Connection) -> None:
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round)
    then = Then(state=RoundState.PARKED, due_at=NOW + LASTS, error_code="x", error="It failed.", counts_as_try=True)
    journal.record(c, claim, attempt, Phase.FAILED, NOW, then=then)
    row = round_row(c, added.round)
    assert (row.state, row.due_at, row.error_code, row.error, row.tries) == (
        RoundState.PARKED,
        NOW + LASTS,
        "x",
        "It failed.",
        1,
    )


def test_a_secret_in_a_detail_or_an_error_is_not_written(c: Connection) -> None:
    redactor.register("hunter-2-hunter")
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round)
    then = Then(error_code="x", error="typed hunter-2-hunter")
    journal.record(c, claim, attempt, Phase.FAILED, NOW, {"why": ["hunter-2-hunter"]}, then)
    assert round_row(c, added.round).error == "typed [redacted]"
    assert [row.detail for row in journal.timeline(c, added.submission)][-1] == {"why": ["[redacted]"]}
    assert audit.verify(c)[1] is None


def test_every_step_after_preparing_is_in_the_audit_log(c: Connection) -> None:
    added, claim = queue(c), take(c)
    begun(c, claim, added.round, Phase.RETURNED)
    actions = [row.action for row in c.execute(select(audit.audit).order_by(audit.audit.c.id))]
    assert actions == ["submission queued", "round 1 committing", "round 1 unknown", "round 1 returned"]


def test_a_persons_answer_needs_no_lease_and_names_the_person(c: Connection) -> None:
    added = queue(c)
    attempt = begun(c, take(c), added.round, Phase.PERSON)
    journal.record_decision(c, attempt, Phase.RETURNED, NOW + LASTS, "clerk", "not in the portal's list")
    last = journal.timeline(c, added.submission)[-1]
    assert (last.who, last.fence, last.detail) == ("clerk", None, {"reason": "not in the portal's list"})
    assert round_row(c, added.round).due_at == NOW + LASTS


@pytest.mark.parametrize("phase", [Phase.OPENED, Phase.PREPARED, Phase.COMMITTING])
def test_nobody_decides_about_an_attempt_that_is_under_way(c: Connection, phase: Phase) -> None:
    attempt = begun(c, take(c), queue(c).round, phase)
    with pytest.raises(OutOfOrder):
        journal.record_decision(c, attempt, Phase.RETURNED, NOW, "clerk", "impatient")


def test_an_unknown_outcome_counts_from_the_click(c: Connection) -> None:
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round, Phase.PREPARED)
    journal.record(c, claim, attempt, Phase.COMMITTING, NOW + seconds(3))
    assert submissions.read_round(c, added.round).unknown_since is None
    journal.record(c, claim, attempt, Phase.UNKNOWN, NOW + seconds(9))
    assert submissions.read_round(c, added.round).unknown_since == NOW + seconds(3)


def test_resuming_an_account_sends_no_unknown_outcome_back_to_the_queue(c: Connection) -> None:
    """It waits for a person's answer about the portal, not for the pause that the same error caused."""
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round, Phase.UNKNOWN)
    then = Then(error_code="page-unknown", error="The portal showed another page.")
    journal.record(c, claim, attempt, Phase.PERSON, NOW, then=then)
    accounts.pause(c, ACCOUNT, NOW, "submitter", "page-unknown", "The portal showed another page.")
    accounts.resume(c, ACCOUNT, NOW + LASTS, "clerk", "the adapter was mended")
    assert round_row(c, added.round).state == RoundState.PERSON
    assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW + LASTS) is None


# -- recovery ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [Phase.OPENED, Phase.PREPARED])
def test_what_never_reached_committing_has_failed_and_is_due_again(c: Connection, left: Phase) -> None:
    added = queue(c)
    attempt = begun(c, take(c, "dead"), added.round, left)
    claim = take(c, "next", NOW + LASTS)
    assert journal.recover(c, claim, NOW + LASTS, seconds(2)) == []
    assert journal.phase_of(c, attempt) is Phase.FAILED
    assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, NOW + LASTS) == added.round


def test_what_was_committing_is_unknown_and_due_after_the_listing_delay(c: Connection) -> None:
    added = queue(c)
    attempt = begun(c, take(c, "dead"), added.round, Phase.COMMITTING)
    later = NOW + LASTS
    assert journal.recover(c, take(c, "next", later), later, seconds(2)) == [added.round]
    assert journal.phase_of(c, attempt) is Phase.UNKNOWN
    row = round_row(c, added.round)
    assert (row.state, row.due_at, row.error_code) == (RoundState.UNKNOWN, later + seconds(2), "outcome-unknown")
    assert submissions.next_due(c, ACCOUNT, RoundState.QUEUED, later + LASTS) is None
    assert submissions.next_due(c, ACCOUNT, RoundState.UNKNOWN, later + seconds(1)) is None
    assert submissions.next_due(c, ACCOUNT, RoundState.UNKNOWN, later + seconds(2)) == added.round


@pytest.mark.parametrize("phase", Phase)
def test_recovery_leaves_this_visits_own_attempts_alone(c: Connection, phase: Phase) -> None:
    added, claim = queue(c), take(c)
    attempt = begun(c, claim, added.round, phase)
    before = phases(c, attempt), round_row(c, added.round)
    assert journal.recover(c, claim, NOW, seconds(2)) == []
    assert (phases(c, attempt), round_row(c, added.round)) == before


@pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.OPENED, Phase.PREPARED, Phase.COMMITTING)])
def test_recovery_leaves_what_is_settled_alone(c: Connection, phase: Phase) -> None:
    added = queue(c)
    attempt = begun(c, take(c, "dead"), added.round, phase)
    before = phases(c, attempt), round_row(c, added.round)
    assert journal.recover(c, take(c, "next", NOW + LASTS), NOW + LASTS, seconds(2)) == []
    assert (phases(c, attempt), round_row(c, added.round)) == before


def test_recovery_settles_everything_an_account_left_open_and_once(c: Connection) -> None:
    dead = take(c, "dead")
    kinds = [Phase.OPENED, Phase.COMMITTING, Phase.PREPARED, Phase.COMMITTING]
    rounds = [queue(c, f"INV-{n}").round for n in range(4)]
    attempts = [begun(c, dead, one, kind) for one, kind in zip(rounds, kinds, strict=True)]
    claim = take(c, "next", NOW + LASTS)
    assert journal.recover(c, claim, NOW + LASTS, seconds(2)) == [rounds[1], rounds[3]]
    assert [journal.phase_of(c, one) for one in attempts] == ["failed", "unknown", "failed", "unknown"]
    assert journal.recover(c, claim, NOW + LASTS, seconds(2)) == []


def test_an_older_attempt_left_open_does_not_hide_the_one_that_was_committing(c: Connection) -> None:
    added = queue(c)
    first = begun(c, take(c, "dead"), added.round)
    claim = take(c, "dead too", NOW + LASTS)
    second = journal.open_attempt(c, claim, added.round, NOW + LASTS)
    for phase in (Phase.PREPARED, Phase.COMMITTING):
        journal.record(c, claim, second, phase, NOW + LASTS)
    last = take(c, "next", NOW + 2 * LASTS)
    assert journal.recover(c, last, NOW + 2 * LASTS, seconds(2)) == [added.round]
    assert (journal.phase_of(c, first), journal.phase_of(c, second)) == (Phase.FAILED, Phase.UNKNOWN)
    assert round_row(c, added.round).state == RoundState.UNKNOWN


def test_recovery_needs_the_lease(c: Connection) -> None:
    old = take(c, "dead")
    take(c, "next", NOW + LASTS)
    with pytest.raises(LeaseLost):
        journal.recover(c, old, NOW + LASTS, seconds(2))
