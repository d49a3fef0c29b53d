"""What an error's class means for the round that met it: when it is tried again, or that a person is needed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import (
    AccountStopped,
    AdapterBug,
    DocumentRefused,
    FieldMissing,
    OutcomeUnknown,
    PortalRejected,
    PortalUnavailable,
    Retry,
    SessionLost,
    StopAsked,
    SubmitterError,
)
from submitter.model.submission import RoundState
from submitter.redaction import redactor
from submitter.store.journal import Then

LONGEST_WAIT = timedelta(hours=4)
MOST_TRIES = 8  # after this many failures of one round it is parked, and the others go on
MOST_RETURNS = 3  # clicks of one round that came to nothing, by the portal's own list; then it is parked
CIRCUIT_AFTER = 3  # this many visits in a row that found the portal away open the account's circuit


def classified(error: Exception, *, committing: bool = False) -> SubmitterError:
    """Our own errors as they are. What the browser or an adapter throws gets the class that its evidence allows."""
    if isinstance(error, OutcomeUnknown) and not committing:
        return AdapterBug(f"The adapter spoke of an unknown outcome before anything was sent ({error.message}).")
    if isinstance(error, SubmitterError) and not isinstance(error, OSError):  # DocumentsAway is both: see below
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


def backoff(tries: int, first: timedelta) -> timedelta:
    """``first``, then twice, four times ... up to four hours, each give or take a quarter, so that accounts do not
    march in step."""
    wait: timedelta = min(first * 2 ** min(tries, 20), max(LONGEST_WAIT, first))
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 (spreading load, not guarding a secret)


def after_failure(error: SubmitterError, tries: int, now: datetime, first_wait: timedelta) -> Then:
    """What becomes of a round when nothing was sent."""
    base = Then(state=RoundState.QUEUED, due_at=now, error_code=error.code, error=str(error))
    tried = base.model_copy(update={"counts_as_try": True})
    if isinstance(error, PortalRejected | DocumentRefused):
        return tried.model_copy(update={"state": RoundState.REFUSED})
    if error.pauses_account:  # the pause keeps it back and it burns nothing; when the pause ends, it is due at once
        return base
    if isinstance(error, AccountStopped | StopAsked):
        return base
    if error.retry is Retry.NEVER or tries + 1 >= MOST_TRIES:
        return tried.model_copy(update={"state": RoundState.PARKED})
    if isinstance(error, SessionLost):  # the visit signs in again, once
        return tried
    wait = max(backoff(tries, first_wait), asked_for(error))
    return tried.model_copy(update={"due_at": now + wait})


def asked_for(error: SubmitterError | None) -> timedelta:
    """How long the portal itself told us to stay away."""
    asked = error.retry_after if isinstance(error, PortalUnavailable) else None
    return asked or timedelta(0)


def after_absence(returned_before: int, now: datetime) -> Then:
    """What becomes of a round whose click came to nothing: it goes again, but not for ever."""
    if returned_before + 1 < MOST_RETURNS:
        return Then(due_at=now)
    why = (
        f"Sent {returned_before + 1} times, and each time the portal's own list showed that nothing had arrived. "
        "Somebody should look at the portal while it is sent: submitter work --headed, after submitter retry."
    )
    return Then(state=RoundState.PARKED, due_at=now, error_code=OutcomeUnknown.code, error=why)
