"""After too many wrong codes a login is locked for a while, and opens by itself when that is over."""

from submitter.practice.fieldgate.books import Books
from submitter.practice.fieldgate.logins import Logins

SCHEMA = "CREATE TABLE IF NOT EXISTS code_locks (user TEXT PRIMARY KEY, until REAL NOT NULL);"


class CodeLocks:
    """Until when each login takes no more codes, and no password either."""

    def __init__(self, books: Books, logins: Logins) -> None:
        self._books = books
        self._logins = logins

    def lock(self, user: str, seconds: float) -> None:
        self._books.write("INSERT OR REPLACE INTO code_locks VALUES (?, ?)", user, self._books.moment() + seconds)

    def open_due(self, user: str) -> None:
        """Opens the login again if it was locked for codes and has waited for long enough."""
        login = self._logins.find(user)
        if login is not None and login.locked == "codes" and self.seconds_left(user) <= 0:
            self._logins.unlock(user)

    def seconds_left(self, user: str) -> float:
        row = self._books.row("SELECT until FROM code_locks WHERE user = ?", user)
        return 0.0 if row is None else row["until"] - self._books.moment()
