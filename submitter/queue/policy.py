"""What an error's class means for the round that met it: when it is tried again, or that a person is needed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import (
    AdapterBug,
    DocumentRefused,
    FieldMissing,
    OutcomeUnknown,
    PortalRejected,
    PortalUnavailable,
    Retry,
    SessionLost,
    SubmitterError,
)
from submitter.model.submission import RoundState
from submitter.redaction import redactor
from submitter.store.journal import Then

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=4)
MOST_TRIES = 8  # after this many failures of one round it is parked, and the others go on
CIRCUIT_AFTER = 3  # this many visits in a row that found the portal away open the account's circuit
CIRCUIT_PAUSE = timedelta(minutes=10)  # doubled with every further failure


def classified(error: Exception, *, committing: bool = False) -> SubmitterError:
    """Our own errors as they are. What the browser or an adapter throws gets the class that its evidence allows."""
    if isinstance(error, OutcomeUnknown) and not committing:
        return AdapterBug(f"The adapter spoke of an unknown outcome before anything was sent ({error.message}).")
    if isinstance(error, SubmitterError):
        return error
    words = redactor.scrub(f"{type(error).__name__}: {error}".splitlines()[0])
    if committing:
        return OutcomeUnknown(f"After the sending click: {words}")
    if isinstance(error, BrowserTimeout) or "strict mode violation" in words:
        return FieldMissing(f"Something on the page could not be used ({words}).")
    if isinstance(error, BrowserError):  # a crashed page, browser or driver; it costs this visit and nothing else
        return PortalUnavailable(f"The browser failed ({words}).")
    if isinstance(error, OSError | SQLAlchemyError):
        return PortalUnavailable(f"This machine failed ({words}).")
    return AdapterBug(f"The adapter failed in a way nobody foresaw ({words}); nothing was sent.")


def backoff(tries: int) -> timedelta:
    """2, 4, 8 ... minutes up to four hours, each give or take a quarter, so that accounts do not march in step."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(tries, 10), LONGEST_WAIT)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 (spreading load, not guarding a secret)


def after_failure(error: SubmitterError, tries: int, now: datetime) -> Then:
    """What becomes of a round when nothing was sent."""
    base = Then(state=RoundState.QUEUED, due_at=now, error_code=error.code, error=str(error))
    tried = base.model_copy(update={"counts_as_try": True})
    if isinstance(error, PortalRejected | DocumentRefused):
        return tried.model_copy(update={"state": RoundState.REFUSED})
    if error.pauses_account:  # the pause keeps it back and it burns nothing; when the pause ends, it is due at once
        return base
    if error.retry is Retry.NEVER or tries + 1 >= MOST_TRIES:
        return tried.model_copy(update={"state": RoundState.PARKED})
    if isinstance(error, SessionLost):  # the visit signs in again, once
        return tried
    return tried.model_copy(update={"due_at": now + backoff(tries)})
