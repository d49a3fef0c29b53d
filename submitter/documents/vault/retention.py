"""How long documents are kept, and taking away what nothing rests on any more."""

from __future__ import annotations

from datetime import datetime

from submitter.documents.vault.vault import Vault
from submitter.errors import ConfigurationError
from submitter.store import purging
from submitter.store.database import Database
from submitter.store.purging import Purgeable


def latest_allowed(now: datetime, years: int) -> datetime:
    """Documents stored at or after this time are kept whatever is asked."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # 29 February
        return now.replace(year=now.year - years, day=28)


def look_for(database: Database, before: datetime, years: int) -> Purgeable:
    """What a purge would take away. ConfigurationError when ``before`` is younger than the retention allows."""
    with database.reading() as c:
        allowed = latest_allowed(database.now(c), years)
        if before > allowed:
            raise ConfigurationError(
                f"Documents are kept {years} years (documents_keep_years), so nothing stored after "
                f"{allowed:%Y-%m-%d} may be purged; {before:%Y-%m-%d} is later than that."
            )
        return purging.find(c, before)


def purge(database: Database, vault: Vault, before: datetime, years: int, who: str) -> int:
    """Take the documents away that `look_for` finds, one transaction each; how many went.

    Cut off in the middle, the next purge goes on where this one stopped.
    """
    gone = 0
    for sha256 in look_for(database, before, years).sha256:
        with database.transaction() as c:
            if purging.mark(c, sha256, before, database.now(c), who):
                vault.remove(sha256)  # inside: whoever stores the same bytes just now waits for us
                gone += 1
    return gone
