"""A probe: sign in and look whether the portal's pages are as the adapter knows them. It sends nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.async_api import BrowserContext

from submitter.errors import (
    ChallengeShown,
    CredentialsRejected,
    PasswordExpired,
    PersonNeeded,
    SecondFactor,
    TermsChanged,
)
from submitter.queue.attempts import Attempts
from submitter.queue.limits import Barred
from submitter.queue.office import holder
from submitter.queue.visits import VisitRun
from submitter.store import accounts, leases
from submitter.store.leases import Claim, Held

#: Pauses that a person must end first: another sign-in would find the same, and may lock the account.
_NOT_TRIED = frozenset(
    error.code
    for error in (CredentialsRejected, PersonNeeded, SecondFactor, TermsChanged, PasswordExpired, ChallengeShown)
)


class ProbeRun(VisitRun):
    """A visit that only looks. A person asked for it, so neither quiet hours nor a changed page keep it away.

    ``only_sign_in``: with the stored password and not with a stored session, to see whether it is taken.
    """

    only_sign_in = False

    def _take(self, lasts: timedelta) -> Claim | Held | Barred:
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            row = accounts.read(c, self.account.id)
            if row is None or (row.paused_at is not None and row.pause_code in _NOT_TRIED):
                return Barred(row.pause_reason if row else "the database does not know this account yet")
            claim = leases.take(c, self.account.id, holder(), now, lasts)
            if isinstance(claim, Claim):
                accounts.note_visit(c, self.account.id, now)
            return claim

    async def _work(self, attempts: Attempts, context: BrowserContext) -> None:
        await self._sign_in(attempts)
        if not self.only_sign_in:
            await attempts.adapter.probe(attempts.visit)
        await self._keep_session(context)

    def _stored_session(self) -> dict[str, Any] | None:
        return None if self.only_sign_in else super()._stored_session()


class SignInRun(ProbeRun):
    """One sign-in and nothing more."""

    only_sign_in = True
