"""Errors are policy: for every class, what becomes of the round that met it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from sqlalchemy.exc import OperationalError

import submitter
from submitter import errors
from submitter.errors import (
    AdapterBug,
    FieldMissing,
    OutcomeUnknown,
    PortalUnavailable,
    Retry,
    Sent,
    SubmitterError,
)
from submitter.model.submission import RoundState
from submitter.queue import policy
from submitter.queue.policy import after_failure, backoff, classified
from submitter.redaction import redactor
from tests.unit.store.made import NOW

S = RoundState
FIRST = timedelta(minutes=2)
AT_ONCE, LATER = "at once", "later"

#: Class -> (state, due, counts as a try). A class that is not in here has no decision yet, and the test fails.
DECIDED = {
    "SubmitterError": (S.PARKED, AT_ONCE, True),
    "DocumentRefused": (S.REFUSED, AT_ONCE, True),
    "PortalRejected": (S.REFUSED, AT_ONCE, True),
    "DuplicateInvoice": (S.REFUSED, AT_ONCE, True),
    "UnknownOrder": (S.REFUSED, AT_ONCE, True),
    "PeriodClosed": (S.REFUSED, AT_ONCE, True),
    "AmountDiffers": (S.REFUSED, AT_ONCE, True),
    "FileRefused": (S.REFUSED, AT_ONCE, True),
    # the pause keeps these back, and they burn no try
    "PersonNeeded": (S.QUEUED, AT_ONCE, False),
    "SecondFactor": (S.QUEUED, AT_ONCE, False),
    "TermsChanged": (S.QUEUED, AT_ONCE, False),
    "PasswordExpired": (S.QUEUED, AT_ONCE, False),
    "ChallengeShown": (S.QUEUED, AT_ONCE, False),
    "CredentialsRejected": (S.QUEUED, AT_ONCE, False),
    "PortalChanged": (S.QUEUED, AT_ONCE, False),
    "PageUnknown": (S.QUEUED, AT_ONCE, False),
    "FieldMissing": (S.QUEUED, AT_ONCE, False),
    "FieldAmbiguous": (S.QUEUED, AT_ONCE, False),
    "ColumnMissing": (S.QUEUED, AT_ONCE, False),
    "ReadBackDiffers": (S.QUEUED, AT_ONCE, False),
    "StatusUnknown": (S.PARKED, AT_ONCE, True),
    "PortalUnavailable": (S.QUEUED, LATER, True),
    "SessionLost": (S.QUEUED, AT_ONCE, True),
    "OutcomeUnknown": (S.PARKED, AT_ONCE, True),  # never asked: such a round becomes unknown, not failed
    "NotListedYet": (S.QUEUED, LATER, True),
    "LeaseLost": (S.QUEUED, LATER, True),  # never asked: such a visit may not write another word
    # somebody wanted it to stop: it is due again as it was
    "AccountStopped": (S.QUEUED, AT_ONCE, False),
    "StopAsked": (S.QUEUED, AT_ONCE, False),
    "ConfigurationError": (S.PARKED, AT_ONCE, True),
    "AdapterBug": (S.PARKED, AT_ONCE, True),
}


def tree(root: type[SubmitterError] = SubmitterError) -> Iterator[type[SubmitterError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def everything_imported() -> list[type[SubmitterError]]:
    for module in pkgutil.walk_packages(submitter.__path__, "submitter."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    return [cls for cls in dict.fromkeys(tree()) if cls.__module__.startswith("submitter.")]


OURS = [cls for cls in tree() if cls.__module__ == "submitter.errors"]


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_every_class_has_a_decision(cls: type[SubmitterError]) -> None:
    assert cls.__name__ in DECIDED, f"nobody has decided what becomes of a round that meets {cls.__name__}"
    state, due, counts = DECIDED[cls.__name__]
    then = after_failure(cls(words="no"), 0, NOW, FIRST)
    assert then.due_at is not None
    assert (then.state, then.counts_as_try) == (state, counts)
    assert (then.due_at > NOW) is (due == LATER)
    assert (then.error_code, then.error) == (cls.code, str(cls(words="no")))


def test_every_decision_has_a_class() -> None:
    assert {cls.__name__ for cls in OURS} == set(DECIDED)


@pytest.mark.parametrize("name", ["PortalUnavailable", "SessionLost"])
def test_a_round_that_failed_too_often_is_parked_and_the_others_go_on(name: str) -> None:
    error = getattr(errors, name)()
    assert after_failure(error, policy.MOST_TRIES - 2, NOW, FIRST).state is S.QUEUED
    assert after_failure(error, policy.MOST_TRIES - 1, NOW, FIRST).state is S.PARKED


def test_a_portal_that_says_when_to_come_back_is_not_asked_before() -> None:
    asked = timedelta(hours=9)
    assert after_failure(errors.PortalUnavailable(retry_after=asked), 0, NOW, FIRST).due_at == NOW + asked
    soon = after_failure(errors.PortalUnavailable(retry_after=timedelta(seconds=1)), 0, NOW, FIRST).due_at
    assert soon is not None and soon >= NOW + FIRST * 0.75, "our own wait is the least"


def test_what_pauses_an_account_never_uses_up_a_rounds_tries() -> None:
    then = after_failure(errors.TermsChanged(), policy.MOST_TRIES + 5, NOW, FIRST)
    assert (then.state, then.counts_as_try) == (S.QUEUED, False)


@pytest.mark.parametrize("tries", range(30))
def test_waits_double_up_to_four_hours_give_or_take_a_quarter(tries: int) -> None:
    middle = min(FIRST * 2**tries, timedelta(hours=4))
    waits = [backoff(tries, FIRST) for _ in range(50)]
    assert middle * 0.75 <= min(waits) < max(waits) <= middle * 1.25


def test_a_click_that_came_to_nothing_is_made_again_but_not_for_ever() -> None:
    states = [policy.after_absence(before, NOW).state for before in range(policy.MOST_RETURNS + 2)]
    assert states == [None, None, S.PARKED, S.PARKED, S.PARKED]
    assert policy.after_absence(0, NOW).due_at == NOW
    assert "submitter retry" in (policy.after_absence(2, NOW).error or "")


# -- the classes themselves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", everything_imported(), ids=lambda cls: cls.__name__)
def test_a_class_says_in_one_sentence_what_happened(cls: type[SubmitterError]) -> None:
    words = (cls.__doc__ or "").strip()
    assert words.endswith(".")
    assert "\n" not in words
    assert words.count(". ") == 0
    assert cls().message == words
    assert cls("Something else.").message == "Something else."


def test_every_class_has_a_code_of_its_own() -> None:
    classes = everything_imported()
    assert all("code" in vars(cls) for cls in classes)
    assert len({cls.code for cls in classes}) == len(classes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code) for cls in classes)


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    drawn: dict[str, str] = {}
    open_at: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2 - 2
        names = re.findall(r"^\s+((?:[A-Z]\w+)(?:, [A-Z]\w+)*)", line)
        if depth < 0 or not names:
            continue
        open_at[depth:] = [names[0].split(", ")[0]]
        for name in names[0].split(", "):
            drawn[name] = open_at[depth - 1] if depth else ""
    assert drawn == {cls.__name__: cls.__base__.__name__ if cls is not SubmitterError else "" for cls in OURS}


OWN_LINES = {
    line.split()[0]: line for line in (errors.__doc__ or "").splitlines() if re.match(r" +[A-Z]\w+ {2,}\S", line)
}


@pytest.mark.parametrize("name", OWN_LINES)
def test_the_docstring_says_who_acts_and_whether_to_try_again(name: str) -> None:
    cls, line = getattr(errors, name), OWN_LINES[name]
    if cls is errors.SessionLost:  # drawn below its parent, which says so for both
        line += OWN_LINES["PortalUnavailable"]
    assert f" {cls.who} ".replace("adapter ", "") in line
    assert str(cls.retry) in line or cls is OutcomeUnknown
    assert ("pauses the account" in line) is (cls.pauses_account and cls.retry is Retry.NEVER)


def test_only_one_class_leaves_open_whether_anything_was_sent() -> None:
    assert [cls for cls in OURS if cls.sent is not Sent.NO] == [OutcomeUnknown]


def test_the_portals_own_words_are_kept_apart() -> None:
    error = errors.UnknownOrder(words="PO 77 not found")
    assert error.message == "The portal does not know this purchase order."
    assert str(error) == 'The portal does not know this purchase order. The portal said: "PO 77 not found"'


# -- what other people's code throws -------------------------------------------------------------------------------

THROWN = [
    (BrowserTimeout("Timeout 20000ms exceeded.\nCall log: ..."), FieldMissing),
    (BrowserError("Locator.click: Error: strict mode violation: two elements"), FieldMissing),
    (BrowserError("Target page, context or browser has been closed"), PortalUnavailable),
    (OSError(28, "No space left on device"), PortalUnavailable),
    (TimeoutError("too slow"), PortalUnavailable),
    (OperationalError("INSERT", {}, Exception("database is locked")), PortalUnavailable),
    (KeyError("Status"), AdapterBug),
    (AssertionError(), AdapterBug),
    (ValueError("two\nlines"), AdapterBug),
    (ExceptionGroup("several", [ValueError("one")]), AdapterBug),
]


@pytest.mark.parametrize(
    ("thrown", "meaning"), THROWN, ids=lambda value: getattr(value, "__name__", type(value).__name__)
)
def test_before_the_click_foreign_errors_mean_what_they_prove(thrown: Exception, meaning: type[SubmitterError]) -> None:
    known = classified(thrown)
    assert type(known) is meaning
    assert known.sent is Sent.NO
    assert "\n" not in known.message
    assert type(thrown).__name__ in known.message


@pytest.mark.parametrize(
    ("thrown", "_meaning"), THROWN, ids=lambda value: getattr(value, "__name__", type(value).__name__)
)
def test_after_it_they_all_mean_that_nobody_knows(thrown: Exception, _meaning: type[SubmitterError]) -> None:
    known = classified(thrown, committing=True)
    assert type(known) is OutcomeUnknown
    assert known.message.startswith("After the sending click: ")


@pytest.mark.parametrize("committing", [False, True])
@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_our_own_errors_are_left_as_they_are(cls: type[SubmitterError], committing: bool) -> None:
    error = cls()
    if cls is OutcomeUnknown and not committing:  # nothing was clicked, so nothing can be unknown: the adapter errs
        assert type(classified(error)) is AdapterBug
    else:
        assert classified(error, committing=committing) is error


def test_a_secret_in_a_foreign_error_is_taken_out() -> None:
    redactor.register("open-sesame")
    assert "open-sesame" not in classified(KeyError("open-sesame")).message
    assert "open-sesame" not in classified(BrowserError("typed open-sesame"), committing=True).message
