"""The second factor of an account whose key is in the keyring: one code for each sign-in, and none ever twice.

Portals refuse a code that was used before and count it as a wrong one, and too many wrong ones lock the account. So it
is on disk which step's code went out before it is typed in, and the next sign-in waits for the next step.
"""

from __future__ import annotations

import asyncio
import time

from submitter.adapters.one_time_codes import STEP_SECONDS, code_of, read_key, step_at
from submitter.errors import ConfigurationError, SecondFactor
from submitter.secrets import has_secret, read_secret
from submitter.store import accounts, leases
from submitter.store.database import Database
from submitter.store.leases import Claim

KEY = "second-factor"  # as it is called in the keyring
LEFT_SECONDS = 4.0  # a code with less of its life left may have ended when it arrives
LONGEST_WAIT = 4 * STEP_SECONDS


async def next_code(database: Database, claim: Claim, ahead: float) -> str:
    """A code that was never used, by the portal's clock, which is ``ahead`` of ours by so many seconds.

    SecondFactor when no key is stored, or when our clock was set back behind a code that went out already.
    """
    account = claim.account
    if not await asyncio.to_thread(has_secret, account, KEY):
        raise SecondFactor(
            "The portal asks for a code that we do not have. If it comes from an authenticator app, its key can be "
            f"stored: submitter account second-factor {account}"
        )
    try:
        key = read_key(await asyncio.to_thread(read_secret, account, KEY))
    except ValueError as error:
        raise ConfigurationError(f"The second-factor key of {account} cannot be used: {error}.") from None

    def take(step: int) -> int:
        """Write down that this step's code goes out, unless a later one did; the last one that has."""
        with database.transaction() as c:
            now = database.now(c)
            leases.require(c, claim, now)
            last = accounts.last_code_step(c, account)
            if last < step:
                accounts.note_code(c, account, now, step)
            return last

    while True:
        portal = time.time() + ahead
        step, left = step_at(portal), STEP_SECONDS - portal % STEP_SECONDS
        if left >= LEFT_SECONDS:
            last = await asyncio.to_thread(take, step)
            if last < step:
                return code_of(key, step)
            if (last - step) * STEP_SECONDS > LONGEST_WAIT:
                raise SecondFactor("A later code than that of this moment was used already; is this clock right?")
        await asyncio.sleep(left + 0.1)
