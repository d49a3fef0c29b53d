"""Errors are policy: the class says who acts, whether to try again, and whether anything was sent.

::

    SubmitterError
      DocumentRefused       our own preflight failed; no browser was opened     clerk          never
      PortalRejected        the portal read it and said no                      clerk          never
        DuplicateInvoice, UnknownOrder, PeriodClosed, AmountDiffers, FileRefused
      PersonNeeded          the portal waits for a person                       account owner  after a person
        SecondFactor, TermsChanged, PasswordExpired, ChallengeShown
      CredentialsRejected   the portal showed "wrong user or password"          account owner  never; pauses the account
      PortalUnavailable     down, maintenance, rate limit                       nobody         later, with backoff
        SessionLost         signed out before anything was sent
      PortalChanged         a page, field, column or word is not as known       maintainer     never; pauses the account
        PageUnknown, FieldMissing, FieldAmbiguous, ColumnMissing, StatusUnknown, ReadBackDiffers
      OutcomeUnknown        commit was clicked, no proof either way             clerk          by find() only
      NotListedYet          refused, perhaps as our earlier try arrived late    nobody         later, by find()
      LeaseLost             another worker has taken the account over           nobody         later, by that worker
      AccountStopped        the account was paused while it was visited         account owner  after a person
      StopAsked             the program was asked to stop, nothing was sent     nobody         later
      ConfigurationError    a setting or customer file is wrong                 administrator  never
      AdapterBug            any other exception                                 maintainer     never

A class's docstring is its default message. ``words`` holds what the portal itself said, kept apart from ours.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar


class Sent(StrEnum):
    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    NEVER = "never"
    LATER = "later"
    AFTER_A_PERSON = "after a person"


class Who(StrEnum):
    CLERK = "clerk"
    ACCOUNT_OWNER = "account owner"
    MAINTAINER = "adapter maintainer"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


class SubmitterError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    sent: ClassVar[Sent] = Sent.NO
    retry: ClassVar[Retry] = Retry.NEVER
    who: ClassVar[Who] = Who.CLERK
    pauses_account: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, words: str = "", evidence: tuple[str, ...] = ()) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.words = words
        self.evidence = evidence  # SHA-256 of what was kept when it happened
        super().__init__(self.message)

    def __str__(self) -> str:
        return f'{self.message} The portal said: "{self.words}"' if self.words else self.message


class DocumentRefused(SubmitterError):
    """Our own checks refused the document before a browser was opened."""

    code = "document-refused"


class PortalRejected(SubmitterError):
    """The portal read the invoice and said no."""

    code = "portal-rejected"


class DuplicateInvoice(PortalRejected):
    """The portal says that it already has an invoice with this number."""

    code = "duplicate-invoice"


class UnknownOrder(PortalRejected):
    """The portal does not know this purchase order."""

    code = "unknown-order"


class PeriodClosed(PortalRejected):
    """The portal takes no invoices for this date."""

    code = "period-closed"


class AmountDiffers(PortalRejected):
    """The portal's figures for this invoice number are not ours."""

    code = "amount-differs"


class FileRefused(PortalRejected):
    """The portal refused a file."""

    code = "file-refused"


class PersonNeeded(SubmitterError):
    """The portal waits for a person."""

    code = "person-needed"
    retry = Retry.AFTER_A_PERSON
    who = Who.ACCOUNT_OWNER
    pauses_account = True


class SecondFactor(PersonNeeded):
    """The portal asks for a code that we do not have."""

    code = "second-factor"


class TermsChanged(PersonNeeded):
    """The portal shows new terms of use that somebody must read and accept."""

    code = "terms-changed"


class PasswordExpired(PersonNeeded):
    """The portal says that the password has expired."""

    code = "password-expired"


class ChallengeShown(PersonNeeded):
    """The portal wants proof that a person is there."""

    code = "challenge-shown"


class CredentialsRejected(SubmitterError):
    """The portal showed that the user name or password is wrong, or that the login is locked."""

    code = "credentials-rejected"
    who = Who.ACCOUNT_OWNER
    pauses_account = True


class PortalUnavailable(SubmitterError):
    """The portal could not be reached or did not answer as a working portal does."""

    code = "portal-unavailable"
    retry = Retry.LATER
    who = Who.NOBODY

    def __init__(
        self,
        message: str | None = None,
        *,
        words: str = "",
        evidence: tuple[str, ...] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, words=words, evidence=evidence)
        self.retry_after = retry_after  # how long the portal itself asked us to stay away, if it did


class SessionLost(PortalUnavailable):
    """The portal signed us out."""

    code = "session-lost"


class PortalChanged(SubmitterError):
    """A page of the portal is not as the adapter knows it."""

    code = "portal-changed"
    who = Who.MAINTAINER
    pauses_account = True


class PageUnknown(PortalChanged):
    """The portal showed a page that the adapter does not know."""

    code = "page-unknown"


class FieldMissing(PortalChanged):
    """A field or button that the adapter needs is not on the page."""

    code = "field-missing"


class FieldAmbiguous(PortalChanged):
    """More than one field or button on the page fits."""

    code = "field-ambiguous"


class ColumnMissing(PortalChanged):
    """A table of the portal lacks a column that the adapter reads."""

    code = "column-missing"


class StatusUnknown(PortalChanged):
    """The portal uses a status word that nobody has translated yet."""

    code = "status-unknown"
    pauses_account = False  # one invoice is flagged; the others are read as before


class ReadBackDiffers(PortalChanged):
    """The portal's review page does not show what we entered; nothing was sent."""

    code = "read-back-differs"


class OutcomeUnknown(SubmitterError):
    """The sending button was pressed, and there is no proof whether the portal took it."""

    code = "outcome-unknown"
    sent = Sent.UNKNOWN

    def __init__(
        self,
        message: str | None = None,
        *,
        words: str = "",
        evidence: tuple[str, ...] = (),
        cause: SubmitterError | None = None,
    ) -> None:
        super().__init__(message, words=words, evidence=evidence)
        self.cause = cause  # what came instead of a receipt; it says what to do when nothing turns out to have arrived


class NotListedYet(SubmitterError):
    """The portal refuses what an earlier try of ours may have brought already, but does not list it yet."""

    code = "not-listed-yet"
    retry = Retry.LATER
    who = Who.NOBODY


class LeaseLost(SubmitterError):
    """Another worker has taken this account over, or our claim to it has run out."""

    code = "lease-lost"
    retry = Retry.LATER
    who = Who.NOBODY


class AccountStopped(SubmitterError):
    """The account was paused while it was being visited; nothing was sent."""

    code = "account-stopped"
    retry = Retry.AFTER_A_PERSON
    who = Who.ACCOUNT_OWNER


class StopAsked(SubmitterError):
    """The program was asked to stop; nothing was sent."""

    code = "stop-asked"
    retry = Retry.LATER
    who = Who.NOBODY


class ConfigurationError(SubmitterError):
    """A setting or a customer file is wrong."""

    code = "configuration"
    who = Who.ADMINISTRATOR


class AdapterBug(SubmitterError):
    """The adapter failed in a way nobody foresaw; nothing was sent."""

    code = "adapter-bug"
    who = Who.MAINTAINER


def class_of(code: str) -> type[SubmitterError] | None:
    """The class with this code, for what the journal kept of an error."""
    waiting: list[type[SubmitterError]] = [SubmitterError]
    while waiting:
        one = waiting.pop()
        if one.code == code:
            return one
        waiting.extend(one.__subclasses__())
    return None
