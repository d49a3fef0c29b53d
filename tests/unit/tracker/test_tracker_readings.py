"""From the portal's words to readings and holds: never a guess, and a hold's age is told truly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, update

from submitter.adapters.manifest import Grade, Manifest
from submitter.errors import StatusUnknown
from submitter.model.document import DocumentKind
from submitter.model.money import Money
from submitter.model.portal import HELD, Hold, PortalRecord, Reading, Receipt, ReceiptSource, Stage, StatusWords
from submitter.model.submission import Cause, Fault, RoundState
from submitter.redaction import redactor
from submitter.store import journal, readings, submissions
from submitter.store.leases import Claim
from submitter.store.readings import Wanted
from submitter.store.tables import attempt, round_
from submitter.store.tables import journal as phases
from submitter.tracker.holds import suggest, worklist
from submitter.tracker.readings import take as take_reading
from submitter.tracker.readings import understand
from tests.unit.store.made import ACCOUNT, NOW, account, file, queue, seconds, take

MANIFEST = Manifest(
    id="tiny",
    vendor="Tiny",
    summary="",
    grade=Grade.DRAFT,
    ran_against="nothing",
    owner="us",
    locale="en-US",
    date_format="%m/%d/%Y",
    words={"Held": Stage.ON_HOLD, "Paid": Stage.PAID, "In Review": Stage.IN_PROCESS},
    reasons={"not readable": Cause.POD_ILLEGIBLE, "price differs": Cause.PRICE},
)
WANTED = Wanted(submission=1, invoice_number="INV-1", round_number=1, reference="R-1")


def shown(status: str, comment: str = "") -> PortalRecord:
    return PortalRecord(number="INV-1", reference="R-1", status=status, comment=comment)


def understood(status: str, comment: str = "", **words: Stage) -> Reading:
    return understand(shown(status, comment), WANTED, MANIFEST, account(words=words), NOW)


@pytest.mark.parametrize("status", ["Paid", "paid", "  PAID "])
def test_a_known_word_has_its_stage_whatever_its_case(status: str) -> None:
    reading = understood(status)
    assert (reading.stage, reading.status) == (Stage.PAID, status)


@pytest.mark.parametrize("status", ["Payed", "", "Paid in part", "In  Review"])
def test_an_unknown_word_is_flagged_and_never_guessed(status: str) -> None:
    assert understood(status).stage is Stage.UNKNOWN_WORD
    with pytest.raises(StatusUnknown) as caught:
        MANIFEST.stage(status, account())
    assert caught.value.words == status


def test_the_customers_own_words_come_first() -> None:
    assert understood("Held", Held=Stage.APPROVED).stage is Stage.APPROVED
    assert understood("Parked", Parked=Stage.ON_HOLD).stage is Stage.ON_HOLD
    assert understood("Paid", Held=Stage.APPROVED).stage is Stage.PAID


@pytest.mark.parametrize(
    ("comment", "cause"),
    [
        ("The ticket is NOT READABLE.", Cause.POD_ILLEGIBLE),
        ("Price differs from order", Cause.PRICE),
        ("price differs; copy not readable", None),  # two causes: nobody may choose one
        ("call us", None),
        ("", None),
    ],
)
def test_a_cause_is_named_only_when_the_portals_words_name_one(comment: str, cause: Cause | None) -> None:
    reading = understood("Held", comment)
    assert (reading.cause, reading.comment) == (cause, comment)


def test_two_phrases_for_one_cause_are_one_cause() -> None:
    words = StatusWords(stages={}, reasons={"illegible": Cause.POD_ILLEGIBLE, "not readable": Cause.POD_ILLEGIBLE})
    assert words.cause("illegible, not readable") is Cause.POD_ILLEGIBLE


def test_a_secret_a_portal_shows_is_not_kept() -> None:
    redactor.register("sesame-opens")
    reading = understood("Held", "user sesame-opens signed in")
    assert reading.comment == "user [redacted] signed in"


# -- holds ---------------------------------------------------------------------------------------------------------


class Portal:
    """One confirmed submission on the leased account, and what the portal says about it from time to time."""

    def __init__(self, c: Connection, *, reviewed: bool = True) -> None:
        self.c = c
        self.reviewed = reviewed  # False: the invoice was found at the portal before anything was filled in
        self.claim: Claim = take(c)
        self.added = queue(c)
        self.round = 1
        self.confirm(self.added.round, "R-1")

    def confirm(self, round_id: int, reference: str) -> None:
        values = {"round": round_id, "fence": 1, "holder": "w", "opened_at": NOW}
        identity = self.c.execute(attempt.insert().values(values).returning(attempt.c.id)).scalar_one()
        phase = {"attempt": identity, "phase": "prepared", "at": NOW, "fence": 1, "who": "w", "detail": {}}
        if self.reviewed:
            self.c.execute(phases.insert().values(phase))
        proof = Receipt(reference=reference, words="Taken", at=NOW, source=ReceiptSource.COMMIT)
        journal.keep_receipt(self.c, identity, proof)
        self.c.execute(update(round_).where(round_.c.id == round_id).values(state=RoundState.CONFIRMED))

    def resubmit(self) -> None:
        self.round += 1
        added = submissions.add_resubmission(
            self.c, self.added.submission, (file(),), Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", NOW, "clerk"
        )
        self.confirm(added, f"R-{self.round}")

    def says(self, status: str, comment: str = "", at: datetime = NOW) -> None:
        (wanted,) = readings.wanted(self.c, ACCOUNT)
        reading = understand(shown(status, comment), wanted, MANIFEST, account(), at)
        take_reading(self.c, self.claim, reading, wanted, NOW)

    def holds(self) -> list[Any]:
        return readings.holds(self.c, also_closed=True)


@pytest.fixture
def portal(c: Connection) -> Portal:
    return Portal(c)


def test_a_hold_opens_when_payment_is_withheld(portal: Portal) -> None:
    portal.says("In Review")
    assert portal.holds() == []
    portal.says("Held", "not readable", NOW + seconds(5))
    (hold,) = portal.holds()
    assert (hold.opened_at, hold.closed_at, hold.round_number) == (NOW + seconds(5), None, 1)


def test_a_hold_stays_one_while_its_words_change(portal: Portal) -> None:
    portal.says("Held", "not readable")
    portal.says("Held", "price differs", NOW + seconds(5))
    portal.says("Wartet", "", NOW + seconds(9))  # a word nobody knows withholds payment too
    (hold,) = portal.holds()
    assert (hold.opened_at, hold.stage, hold.status) == (NOW, Stage.UNKNOWN_WORD, "Wartet")
    assert len(readings.of_submission(portal.c, portal.added.submission)) == 3


def test_a_hold_closes_when_the_invoice_is_paid(portal: Portal) -> None:
    portal.says("Held")
    portal.says("Paid", at=NOW + seconds(5))
    (hold,) = portal.holds()
    assert hold.closed_at == NOW + seconds(5)
    assert worklist(portal.c) == []


def test_a_second_hold_is_a_second_hold(portal: Portal) -> None:
    for number, status in enumerate(["Held", "In Review", "In Review", "Held"]):
        portal.says(status, at=NOW + seconds(number))
    assert [(hold.opened_at, hold.closed_at) for hold in portal.holds()] == [
        (NOW, NOW + seconds(1)),
        (NOW + seconds(3), None),
    ]


def test_a_new_round_has_a_hold_of_its_own(portal: Portal) -> None:
    portal.says("Held", "not readable")
    portal.resubmit()
    portal.says("Held", "price differs", NOW + seconds(5))
    assert [(hold.round_number, hold.closed_at) for hold in portal.holds()] == [(1, NOW + seconds(5)), (2, None)]


def test_what_is_settled_at_the_portal_is_not_asked_for_again(portal: Portal) -> None:
    assert [one.reference for one in readings.wanted(portal.c, ACCOUNT)] == ["R-1"]
    portal.says("Paid")
    assert readings.wanted(portal.c, ACCOUNT) == []


def test_the_latest_rounds_reference_is_asked_for(portal: Portal) -> None:
    portal.resubmit()
    assert [(one.reference, one.round_number) for one in readings.wanted(portal.c, ACCOUNT)] == [("R-2", 2)]


def test_what_the_portal_does_not_have_yet_is_not_asked_for(portal: Portal) -> None:
    queue(portal.c, "INV-2")
    assert [one.invoice_number for one in readings.wanted(portal.c, ACCOUNT)] == ["INV-1"]


def test_the_worklist_says_what_to_do_with_our_proof(portal: Portal) -> None:
    portal.says("Held", "The copy is not readable")
    (hold,) = worklist(portal.c)
    assert isinstance(hold, Hold)
    assert (hold.invoice_number, hold.total, hold.cause) == ("INV-1", Money.of("108.25", "USD"), Cause.POD_ILLEGIBLE)
    assert (hold.status, hold.comment) == ("Held", "The copy is not readable")
    assert hold.action == "Send a clearer copy: submitter resubmit INV-1 --pod FILE"
    assert hold.suggested_fault is Fault.CUSTOMER
    assert f"ticket.pdf, SHA-256 {file().document.sha256[:12]}" in hold.because
    assert worklist(portal.c, "south-field") == []


def test_files_that_no_review_showed_prove_nothing(c: Connection) -> None:
    portal = Portal(c, reviewed=False)
    portal.says("Held", "The copy is not readable")
    (hold,) = worklist(c)
    assert hold.suggested_fault is Fault.UNDECIDED
    assert "cannot prove" in hold.because and "SHA-256" not in hold.because


# -- suggestions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "with_pod", "without"),
    [
        (Cause.RECEIPT_NOT_BOOKED, Fault.CUSTOMER, Fault.CUSTOMER),
        (Cause.POD_ILLEGIBLE, Fault.CUSTOMER, Fault.SUPPLIER),
        (Cause.POD_MISSING, Fault.CUSTOMER, Fault.SUPPLIER),
        (Cause.QUANTITY, Fault.UNDECIDED, Fault.UNDECIDED),
        (Cause.PRICE, Fault.UNDECIDED, Fault.UNDECIDED),
        (Cause.ORDER, Fault.UNDECIDED, Fault.UNDECIDED),
        (Cause.CODING, Fault.UNDECIDED, Fault.UNDECIDED),
        (Cause.DUPLICATE, Fault.SUPPLIER, Fault.SUPPLIER),
        (Cause.PORTAL_ERROR, Fault.PORTAL, Fault.PORTAL),
        (Cause.OTHER, Fault.UNDECIDED, Fault.UNDECIDED),
        (None, Fault.UNDECIDED, Fault.UNDECIDED),
    ],
)
def test_a_fault_is_suggested_from_what_can_be_proved(cause: Cause | None, with_pod: Fault, without: Fault) -> None:
    ours = suggest(cause, Stage.ON_HOLD, "INV-1", ["ticket.pdf"])
    bare = suggest(cause, Stage.ON_HOLD, "INV-1", [])
    assert (ours.fault, bare.fault) == (with_pod, without)
    assert ours.because
    assert bare.because
    assert "{" not in ours.action
    assert ("ticket.pdf" in ours.because) is (with_pod is Fault.CUSTOMER)


def test_every_cause_has_a_suggestion() -> None:
    assert all(suggest(cause, Stage.ON_HOLD, "INV-1", []).action for cause in Cause)


def test_an_untranslated_word_asks_for_its_translation() -> None:
    suggestion = suggest(Cause.PRICE, Stage.UNKNOWN_WORD, "INV-1", ["ticket.pdf"])
    assert "[account.words]" in suggestion.action
    assert suggestion.fault is Fault.UNDECIDED


def test_held_stages_are_those_in_which_somebody_must_act() -> None:
    assert Stage.UNKNOWN_WORD in HELD
    assert not HELD & {Stage.PAID, Stage.APPROVED, Stage.SCHEDULED, Stage.IN_PROCESS, Stage.RECEIVED, Stage.SENT}
    assert set(readings.FINAL) == {Stage.PAID, Stage.CANCELLED, Stage.DENIED}


def test_only_proofs_of_delivery_count_as_proof(c: Connection) -> None:
    portal = Portal(c)
    copy = file("copy.pdf", DocumentKind.INVOICE, b"copy")
    added = submissions.add_resubmission(
        c, portal.added.submission, (copy,), Cause.POD_MISSING, Fault.UNDECIDED, "", NOW, "clerk"
    )
    portal.confirm(added, "R-2")
    portal.says("Held", "not readable")
    (hold,) = worklist(c)
    assert (hold.suggested_fault, hold.because) == (Fault.SUPPLIER, "we sent no proof of delivery with this round")
