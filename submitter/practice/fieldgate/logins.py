"""The suppliers' logins at Fieldgate: passwords, codes, locks, and a list of every try to sign in."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from submitter.practice.fieldgate.books import Books
from submitter.practice.one_time_codes import find_step

WRONG_PASSWORDS_ALLOWED = 3
WRONG_CODES_ALLOWED = 5


@dataclass(frozen=True)
class Login:
    """One supplier's login; `locked` says by what it was locked (passwords, codes) or is empty."""

    user: str
    supplier: str
    totp_secret: str
    locked: str
    accepted_terms: str


class Logins:
    """All logins, and the record of who tried to come in."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add(self, user: str, password: str, supplier: str, totp_secret: str, accepted_terms: str) -> None:
        """Adds the login, or gives an existing one this password and a clean slate."""
        salt = secrets.token_bytes(16)
        self._books.write(
            "INSERT INTO logins (user, supplier, password_salt, password_hash, totp_secret, accepted_terms)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user) DO UPDATE SET supplier = excluded.supplier,"
            " password_salt = excluded.password_salt, password_hash = excluded.password_hash,"
            " totp_secret = excluded.totp_secret, wrong_passwords = 0, wrong_codes = 0, locked = ''",
            user,
            supplier,
            salt,
            _hash(password, salt),
            totp_secret,
            accepted_terms,
        )

    def find(self, user: str) -> Login | None:
        row = self._books.row("SELECT * FROM logins WHERE user = ?", user)
        if row is None:
            return None
        return Login(row["user"], row["supplier"], row["totp_secret"], row["locked"], row["accepted_terms"])

    def all(self) -> list[Login]:
        found = [self.find(row["user"]) for row in self._books.rows("SELECT user FROM logins ORDER BY user")]
        return [login for login in found if login is not None]

    def unlock(self, user: str) -> None:
        self._books.write("UPDATE logins SET locked = '', wrong_passwords = 0, wrong_codes = 0 WHERE user = ?", user)

    def accept_terms(self, user: str, version: str) -> None:
        self._books.write("UPDATE logins SET accepted_terms = ? WHERE user = ?", version, user)

    def check_password(self, user: str, password: str) -> bool:
        """Whether the password is right; the third wrong one in a row locks the login."""
        row = self._books.row("SELECT * FROM logins WHERE user = ?", user)
        if row is None:
            return False
        if hmac.compare_digest(_hash(password, row["password_salt"]), row["password_hash"]):
            self._books.write("UPDATE logins SET wrong_passwords = 0 WHERE user = ?", user)
            return True
        locked = "passwords" if row["wrong_passwords"] + 1 >= WRONG_PASSWORDS_ALLOWED else ""
        self._books.write(
            "UPDATE logins SET wrong_passwords = wrong_passwords + 1, locked = ? WHERE user = ?", locked, user
        )
        return False

    def check_code(self, user: str, code: str, pending_code: str, allowed: int = WRONG_CODES_ALLOWED) -> bool:
        """Whether the six digits are right; each is accepted once, and the last wrong one `allowed` locks the login.

        A code that was mailed (`pending_code`) is the one that counts, also for a login with an authenticator app.
        """
        row = self._books.row("SELECT * FROM logins WHERE user = ?", user)
        if row is None:
            return False
        if row["totp_secret"] and not pending_code:
            step = find_step(row["totp_secret"], code, row["last_totp_step"])
            right = step is not None
        else:
            step, right = 0, bool(pending_code) and hmac.compare_digest(pending_code.encode(), code.encode())
        if right:
            self._books.write(
                "UPDATE logins SET wrong_codes = 0, last_totp_step = max(last_totp_step, ?) WHERE user = ?",
                step or 0,
                user,
            )
            return True
        locked = "codes" if row["wrong_codes"] + 1 >= allowed else ""
        self._books.write("UPDATE logins SET wrong_codes = wrong_codes + 1, locked = ? WHERE user = ?", locked, user)
        return False

    def record(self, user: str, result: str) -> None:
        """Adds a line to the list of sign-ins: signed_in, code_wanted, wrong_password, wrong_code, locked."""
        self._books.write("INSERT INTO sign_ins (at, user, result) VALUES (?, ?, ?)", self._books.now(), user, result)

    def sign_ins(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self._books.rows("SELECT at, user, result FROM sign_ins ORDER BY id")]


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1)
