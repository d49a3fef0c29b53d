"""Who is signed in to a practice portal: sessions live in memory, so a restart signs everybody out."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """How far a session has come."""

    ANONYMOUS = "anonymous"  # has seen the sign-in page
    CODE_WANTED = "code_wanted"  # the password was right, the six-digit code is missing
    SIGNED_IN = "signed_in"
    EXPIRED = "expired"  # signed in, but nothing can be done until somebody changes the password


@dataclass
class Session:
    """One browser's session. `id` is the cookie's value and is never written anywhere."""

    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    user: str = ""
    stage: Stage = Stage.ANONYMOUS
    last_seen: float = field(default_factory=time.monotonic)
    terms_due: bool = False
    expire_password: bool = False
    pending_code: str = ""
    next_path: str = "/home"
    named: str = ""  # who says to be coming in, where the password is asked for on a page of its own
    proven: bool = False  # a second factor was given
    code_until: float = 0.0  # until when a mailed code is good
    forms: dict[str, str] = field(default_factory=dict)  # the token of each form's page that was shown last

    @property
    def fingerprint(self) -> str:
        """Tells sessions apart in the ledger without giving the cookie away."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:16]

    def allows(self, token: str) -> bool:
        """Whether a form really came from one of this session's pages."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """All sessions of one portal."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def find(self, session_id: str, idle_seconds: float) -> Session | None:
        """The session of a cookie, unless it has been idle for too long; being looked up counts as a sign of life."""
        session = self._by_id.get(session_id)
        if session is None:
            return None
        now = time.monotonic()
        if session.stage is not Stage.ANONYMOUS and now - session.last_seen >= idle_seconds:
            self.end(session)
            return None
        session.last_seen = now
        return session

    def open(self) -> Session:
        session = Session()
        self._by_id[session.id] = session
        return session

    def renew(self, session: Session, user: str, stage: Stage) -> Session:
        """A fresh session at sign-in, so that a cookie planted before it is worth nothing after it."""
        self.end(session)
        renewed = self.open()
        renewed.user, renewed.stage, renewed.next_path = user, stage, session.next_path
        renewed.expire_password = session.expire_password
        return renewed

    def end(self, session: Session) -> None:
        self._by_id.pop(session.id, None)

    def of_user(self, user: str) -> list[Session]:
        return [session for session in self._by_id.values() if session.user == user]
