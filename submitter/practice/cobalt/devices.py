"""Browsers that need no second code for a while, because somebody ticked "Remember this device"."""

import hashlib
import secrets

from submitter.practice.fieldgate.books import Books

SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (
    token_hash TEXT PRIMARY KEY, user TEXT NOT NULL, good_until REAL NOT NULL);
"""


class Devices:
    """The remembered browsers. Their cookies are kept as hashes only."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def remember(self, user: str, days: float) -> str:
        """The cookie's value by which this browser is known again."""
        token = secrets.token_urlsafe(32)
        until = self._books.moment() + days * 86_400
        self._books.write("INSERT INTO devices VALUES (?, ?, ?)", _hash(token), user, until)
        return token

    def knows(self, token: str, user: str) -> bool:
        row = self._books.row("SELECT user, good_until FROM devices WHERE token_hash = ?", _hash(token))
        return row is not None and row["user"] == user and row["good_until"] > self._books.moment()

    def forget(self, user: str) -> None:
        """As after a new password: every browser of this login is asked for a code again."""
        self._books.write("DELETE FROM devices WHERE user = ?", user)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
