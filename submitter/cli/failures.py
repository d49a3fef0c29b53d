"""What nobody foresaw, in one sentence for the person at the screen; the details go into a file."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import UTC, datetime

from submitter.redaction import redactor
from submitter.settings import find_home


def in_a_sentence(error: Exception) -> str:
    """The machine's trouble as such; anything else with where its details are."""
    return _database_trouble(error) or f"submitter failed in a way nobody foresaw: {_note(error)}"


def _database_trouble(error: Exception) -> str | None:
    """Locked, full, gone: a sentence. A command that never opened the database cannot have failed for it."""
    database = sys.modules.get("submitter.store.database")
    return None if database is None else database.trouble(error)


def _note(error: Exception) -> str:
    words = redactor.scrub(f"{type(error).__name__}: {error}".splitlines()[0])
    path = find_home(os.environ.get("SUBMITTER_HOME")) / "data" / "errors.log"
    details = redactor.scrub("".join(traceback.format_exception(error)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()}\n{details}\n")
    except OSError:
        return f"{words}. The details could not be written to {path}."
    return f"{words}. The details are in {path}."
