"""The order in which money moves, which no adapter can change."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from submitter.adapters.contract import PortalAdapter
from submitter.errors import (
    AdapterBug,
    AmountDiffers,
    DuplicateInvoice,
    FieldMissing,
    FileRefused,
    LeaseLost,
    NotListedYet,
    OutcomeUnknown,
    PageUnknown,
    PortalRejected,
    PortalUnavailable,
    ReadBackDiffers,
    SubmitterError,
    UnknownOrder,
)
from submitter.model.money import Money
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, ReviewedFile
from submitter.model.submission import Round
from tests.unit.adapters.tiny.adapter import TAKEN, FakeJournal, FakeVisit, Tiny, review_of
from tests.unit.store.made import ACCOUNT, NOW, file, invoice

IN_ORDER = [
    "find INV-1",
    "prepare",
    "read back",
    "capture review",
    "prepared with picture of review",
    "committing",
    "commit",
    "capture receipt",
]
BEFORE_THE_CLICK = IN_ORDER[:6]


def a_round(**changes: Any) -> Round:
    given: dict[str, Any] = {
        "id": 1,
        "account": ACCOUNT,
        "submission": 1,
        "number": 1,
        "invoice": invoice(),
        "files": (file(),),
        "due_at": NOW,
    }
    return Round(**{**given, **changes})


def record(reference: str = "R-5", **changes: Any) -> PortalRecord:
    return PortalRecord(**{"number": "INV-1", "reference": reference, "status": "Neu", **changes})


class Carried:
    """One run of `carry`: what happened and what came out."""

    def __init__(self, adapter: Tiny, work: Round, journal_refuses: Exception | None = None) -> None:
        visit = FakeVisit()
        self.happened = visit.happened
        self.receipt: Receipt | None = None
        self.error: Exception | None = None
        try:
            self.receipt = asyncio.run(adapter.carry(visit, work, FakeJournal(visit, journal_refuses)))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 (whatever came out is what the test looks at)
            self.error = error

    @property
    def committed(self) -> bool:
        return "commit" in self.happened


def test_find_prepare_read_back_journal_commit() -> None:
    work = a_round()
    run = Carried(Tiny(work), work)
    assert run.happened == IN_ORDER
    assert run.receipt is not None
    assert (run.receipt.reference, run.receipt.source) == ("R-9", ReceiptSource.COMMIT)
    assert run.receipt.evidence == ("picture of review", "picture of receipt")
    assert run.receipt.files == (ReviewedFile(name="ticket.pdf", sha256=file().document.sha256),)


def test_what_is_there_already_is_not_prepared() -> None:
    work = a_round()
    run = Carried(Tiny(work, [record()]), work)
    assert run.happened == ["find INV-1", "capture found"]
    assert run.receipt is not None
    assert (run.receipt.reference, run.receipt.source) == ("R-5", ReceiptSource.FOUND)
    assert run.receipt.evidence == ("picture of found",)


@pytest.mark.parametrize(
    "trouble", [PageUnknown(), PortalUnavailable(), KeyError("Status")], ids=lambda e: type(e).__name__
)
def test_a_look_without_an_answer_prepares_nothing(trouble: Exception) -> None:
    work = a_round()
    run = Carried(Tiny(work, [trouble]), work)
    assert run.error is trouble
    assert run.happened == ["find INV-1"]


@pytest.mark.parametrize(
    "changes",
    [{"total": Money.of("108.26", "USD")}, {"total": Money.of("108.25", "CAD")}, {"po_number": "PO-78"}],
    ids=str,
)
def test_another_invoice_under_our_number_is_no_proof_and_nothing_is_sent(changes: dict[str, Any]) -> None:
    work = a_round()
    run = Carried(Tiny(work, [record(**changes)]), work)
    assert isinstance(run.error, AmountDiffers)
    assert run.happened == ["find INV-1"]


def test_the_same_total_and_order_are_proof() -> None:
    work = a_round()
    run = Carried(Tiny(work, [record(total=Money.of("108.25", "USD"), po_number="PO-77")]), work)
    assert run.receipt is not None


def test_an_adapter_that_finds_another_number_is_caught() -> None:
    work = a_round()
    run = Carried(Tiny(work, [record(number="INV-10")]), work)
    assert isinstance(run.error, AdapterBug)
    assert not run.committed


DIFFERENT: dict[str, Any] = {
    "number": "INV-2",
    "total": Money.of("108.24", "USD"),
    "files": (),
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_a_review_that_differs_is_never_committed(field: str) -> None:
    work = a_round()
    adapter = Tiny(work)
    adapter.review = review_of(work, **{field: DIFFERENT[field]})
    run = Carried(adapter, work)
    assert isinstance(run.error, ReadBackDiffers)
    assert run.happened == ["find INV-1", "prepare", "read back"]


def test_without_the_journal_nothing_is_committed() -> None:
    work = a_round()
    lost = LeaseLost()
    run = Carried(Tiny(work), work, journal_refuses=lost)
    assert run.error is lost
    assert run.happened == BEFORE_THE_CLICK[:-1]


@pytest.mark.parametrize(
    "trouble",
    [
        FieldMissing("The receipt shows no number."),
        PortalUnavailable(),
        LeaseLost("The claim has run out."),
        TimeoutError(),
        KeyError("x"),
        ValueError("two\nlines"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("clicks", [0, 1])
def test_whatever_goes_wrong_in_commit_leaves_the_outcome_unknown(trouble: Exception, clicks: int) -> None:
    work = a_round()
    adapter = Tiny(work)
    adapter.commit_raises, adapter.clicks = trouble, clicks
    run = Carried(adapter, work)
    assert isinstance(run.error, OutcomeUnknown)
    assert run.error.__cause__ is trouble
    assert "\n" not in run.error.message
    assert run.error.evidence == ("picture of after-the-click",)
    assert run.happened == [*BEFORE_THE_CLICK, "commit", "capture after-the-click"]


@pytest.mark.parametrize("clicks", [0, 2])
def test_a_receipt_counts_only_after_exactly_one_click(clicks: int) -> None:
    work = a_round()
    adapter = Tiny(work)
    adapter.clicks = clicks
    run = Carried(adapter, work)
    assert isinstance(run.error, OutcomeUnknown)
    assert f"{clicks} times" in run.error.message


def test_clicks_are_counted_per_attempt() -> None:
    work = a_round()
    visit = FakeVisit(commits=1)  # an earlier round of the same visit
    receipt = asyncio.run(Tiny(work).carry(visit, work, FakeJournal(visit)))  # type: ignore[arg-type]
    assert receipt.reference == TAKEN.reference


@pytest.mark.parametrize("refusal", [PortalRejected(words="no"), UnknownOrder()], ids=lambda e: type(e).__name__)
def test_a_refusal_is_a_refusal(refusal: Exception) -> None:
    work = a_round()
    adapter = Tiny(work)
    adapter.commit_raises = refusal
    run = Carried(adapter, work)
    assert run.error is refusal
    assert run.happened == [*BEFORE_THE_CLICK, "commit"]


# -- refused as a duplicate at the last moment ---------------------------------------------------------------------


def refused_as_duplicate(second_look: PortalRecord | Exception | None) -> tuple[Carried, DuplicateInvoice]:
    work, refusal = a_round(), DuplicateInvoice(words="already there")
    adapter = Tiny(work, [None, second_look])
    adapter.commit_raises = refusal
    return Carried(adapter, work), refusal


def test_a_duplicate_that_is_ours_after_all_is_confirmed() -> None:
    run, _ = refused_as_duplicate(record())
    assert run.happened == [*BEFORE_THE_CLICK, "commit", "capture after-the-click", "find INV-1", "capture found"]
    assert run.receipt is not None
    assert run.receipt.source is ReceiptSource.FOUND


def test_a_duplicate_that_is_not_listed_is_unknown_as_the_portal_contradicts_itself() -> None:
    run, refusal = refused_as_duplicate(None)
    assert isinstance(run.error, OutcomeUnknown)
    assert run.error.cause is refusal and run.error.words == "already there"
    assert run.error.evidence == ("picture of after-the-click",)


@pytest.mark.parametrize("look", [PageUnknown(), record(total=Money.of("1", "USD"))], ids=["no answer", "another"])
def test_a_duplicate_that_cannot_be_looked_up_is_unknown(look: PortalRecord | Exception) -> None:
    run, _ = refused_as_duplicate(look)
    assert isinstance(run.error, OutcomeUnknown)


# -- resubmissions -------------------------------------------------------------------------------------------------


def test_the_record_of_a_former_round_proves_nothing_about_this_one() -> None:
    work = a_round(number=2, earlier_references=("R-5",))
    run = Carried(Tiny(work, [record("R-5")]), work)
    assert run.happened == IN_ORDER


def test_a_newer_record_than_the_former_rounds_is_this_one() -> None:
    work = a_round(number=3, earlier_references=("R-5", "R-6"))
    run = Carried(Tiny(work, [record("R-7")]), work)
    assert run.happened == ["find INV-1", "capture found"]


def test_a_duplicate_at_round_two_is_not_proven_by_the_former_rounds_record() -> None:
    work = a_round(number=2, earlier_references=("R-5",))
    adapter = Tiny(work, [record("R-5")])
    adapter.commit_raises = refusal = DuplicateInvoice()
    run = Carried(adapter, work)
    assert isinstance(run.error, OutcomeUnknown) and run.error.cause is refusal


# -- refused before anything was sent, where an earlier try may have arrived late ----------------------------------

EXPLAINED = [DuplicateInvoice(words="taken"), AmountDiffers(words="nothing is open"), UnknownOrder()]


def refused_at_a_step(refusal: Exception, *, sent_before: bool, second_look: PortalRecord | None) -> Carried:
    work = a_round(sent_before=sent_before)
    adapter = Tiny(work, [None, second_look])
    adapter.prepare_raises = refusal
    return Carried(adapter, work)


@pytest.mark.parametrize("refusal", [*EXPLAINED, FileRefused(words="too big")], ids=lambda e: type(e).__name__)
def test_a_refusal_before_the_click_is_one_when_nothing_was_ever_sent(refusal: Exception) -> None:
    run = refused_at_a_step(refusal, sent_before=False, second_look=record())
    assert run.error is refusal
    assert run.happened == ["find INV-1", "prepare"]


@pytest.mark.parametrize("refusal", EXPLAINED, ids=lambda e: type(e).__name__)
def test_what_our_earlier_try_explains_is_looked_up(refusal: Exception) -> None:
    run = refused_at_a_step(refusal, sent_before=True, second_look=record())
    assert run.receipt is not None and run.receipt.source is ReceiptSource.FOUND
    assert run.happened == ["find INV-1", "prepare", "capture refused", "find INV-1", "capture found"]


@pytest.mark.parametrize("refusal", EXPLAINED, ids=lambda e: type(e).__name__)
def test_what_our_earlier_try_explains_and_is_not_listed_is_tried_later(refusal: SubmitterError) -> None:
    run = refused_at_a_step(refusal, sent_before=True, second_look=None)
    assert isinstance(run.error, NotListedYet)
    assert run.error.words == refusal.words and run.error.evidence == ("picture of refused",)


def test_what_an_earlier_try_does_not_explain_is_a_refusal() -> None:
    refusal = FileRefused(words="too big")
    assert refused_at_a_step(refusal, sent_before=True, second_look=record()).error is refusal


# -- dialogs -------------------------------------------------------------------------------------------------------


def test_nothing_is_committed_over_a_question_nobody_has_answered() -> None:
    work, question = a_round(), PageUnknown(words="Really?")
    visit = FakeVisit(question=question)
    with pytest.raises(PageUnknown) as caught:
        asyncio.run(Tiny(work).carry(visit, work, FakeJournal(visit)))  # type: ignore[arg-type]
    assert caught.value is question and "committing" not in visit.happened


@pytest.mark.parametrize("cause", [PageUnknown(words="Really?"), PortalUnavailable()], ids=lambda e: type(e).__name__)
def test_what_came_instead_of_a_receipt_is_kept_with_the_unknown(cause: SubmitterError) -> None:
    work = a_round()
    adapter = Tiny(work)
    adapter.commit_raises = cause
    cause.evidence = ("picture of a tab",)
    run = Carried(adapter, work)
    assert isinstance(run.error, OutcomeUnknown) and run.error.cause is cause
    assert run.error.words == cause.words and cause.words not in run.error.message.split()
    assert run.error.evidence == ("picture of a tab", "picture of after-the-click")


# -- the class itself ----------------------------------------------------------------------------------------------


def test_the_manifest_is_read_from_the_adapters_own_folder() -> None:
    assert Tiny.manifest.id == "tiny"
    assert Tiny.manifest.locale == "de-DE"


@pytest.mark.parametrize("name", ["carry", "look_up", "_ours_after_all", "_arrived_late"])
def test_the_order_is_final(name: str) -> None:
    assert getattr(getattr(PortalAdapter, name), "__final__", False)


def test_an_adapter_without_all_its_parts_cannot_be_made() -> None:
    class Half(PortalAdapter):
        async def sign_in(self, visit: Any) -> None: ...

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]
