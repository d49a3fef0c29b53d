"""The file in which a practice portal keeps everything: one SQLite database beside a folder of uploaded files."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS logins (
    user TEXT PRIMARY KEY, supplier TEXT NOT NULL, password_salt BLOB NOT NULL, password_hash BLOB NOT NULL,
    totp_secret TEXT NOT NULL DEFAULT '', last_totp_step INTEGER NOT NULL DEFAULT 0,
    wrong_passwords INTEGER NOT NULL DEFAULT 0, wrong_codes INTEGER NOT NULL DEFAULT 0,
    locked TEXT NOT NULL DEFAULT '', accepted_terms TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS sign_ins (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, user TEXT NOT NULL, result TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, supplier_login TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL, currency TEXT NOT NULL, cost_object TEXT NOT NULL, cost_object_number TEXT NOT NULL,
    major TEXT NOT NULL, minor TEXT NOT NULL, approver TEXT NOT NULL, UNIQUE (number, supplier_login));
CREATE TABLE IF NOT EXISTS order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id), position INTEGER NOT NULL, line TEXT NOT NULL,
    description TEXT NOT NULL, unit TEXT NOT NULL, quantity TEXT NOT NULL, unit_price TEXT NOT NULL,
    received TEXT NOT NULL DEFAULT '0', PRIMARY KEY (order_id, line));
CREATE TABLE IF NOT EXISTS drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER NOT NULL REFERENCES orders (id), supplier TEXT NOT NULL,
    header TEXT NOT NULL DEFAULT '{}', typed TEXT NOT NULL DEFAULT '{}', header_done INTEGER NOT NULL DEFAULT 0,
    lines_done INTEGER NOT NULL DEFAULT 0, replaces TEXT NOT NULL DEFAULT '', confirmation TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS draft_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, draft_id INTEGER NOT NULL REFERENCES drafts (id), name TEXT NOT NULL,
    kind TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, UNIQUE (draft_id, name));
CREATE TABLE IF NOT EXISTS accepted (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, visible_from REAL NOT NULL, supplier TEXT NOT NULL,
    number TEXT NOT NULL, revision INTEGER NOT NULL, confirmation TEXT NOT NULL UNIQUE, replaces TEXT NOT NULL,
    order_id INTEGER NOT NULL REFERENCES orders (id), po TEXT NOT NULL, invoice_date TEXT NOT NULL,
    service_date TEXT NOT NULL, currency TEXT NOT NULL, net TEXT NOT NULL, tax TEXT NOT NULL, total TEXT NOT NULL,
    lines TEXT NOT NULL, coding TEXT NOT NULL, files TEXT NOT NULL, draft_id INTEGER NOT NULL, sent_by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS accepted_by_number ON accepted (supplier, number);
CREATE INDEX IF NOT EXISTS accepted_by_order ON accepted (order_id);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, confirmation TEXT NOT NULL REFERENCES accepted (confirmation),
    at TEXT NOT NULL, status TEXT NOT NULL, comment TEXT NOT NULL, reason TEXT NOT NULL,
    payment_reference TEXT NOT NULL, paid_on TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journal_by_confirmation ON journal (confirmation, id);
CREATE TRIGGER IF NOT EXISTS accepted_is_never_changed BEFORE UPDATE ON accepted
    BEGIN SELECT RAISE(ABORT, 'the ledger of accepted invoices only grows'); END;
CREATE TRIGGER IF NOT EXISTS accepted_is_never_deleted BEFORE DELETE ON accepted
    BEGIN SELECT RAISE(ABORT, 'the ledger of accepted invoices only grows'); END;
CREATE TRIGGER IF NOT EXISTS accepted_is_never_replaced BEFORE INSERT ON accepted
    WHEN EXISTS (SELECT 1 FROM accepted WHERE sequence = NEW.sequence OR confirmation = NEW.confirmation)
    BEGIN SELECT RAISE(ABORT, 'the ledger of accepted invoices only grows'); END;
CREATE TRIGGER IF NOT EXISTS journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the invoice journal only grows'); END;
CREATE TRIGGER IF NOT EXISTS journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the invoice journal only grows'); END;
"""

Value = str | int | float | bytes
FIXED_MOMENT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


class Books:
    """The database, one change at a time. Threads may share it. `more_schema` adds a portal's own tables."""

    def __init__(
        self, folder: Path, fixed_clock: bool = False, *, name: str = "fieldgate", more_schema: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.files = folder / "files"
        self.files.mkdir(exist_ok=True)
        self.path = folder / f"{name}.sqlite3"
        self.ahead_seconds = 0.0
        self._fixed_clock = fixed_clock
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        # The books of a practice portal must outlive its process, not a power cut: no waiting for the disk.
        self._connection.executescript(
            "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;" + SCHEMA + more_schema
        )

    def now(self) -> str:
        """The moment written into the books and shown to people, ISO 8601 in UTC."""
        return (FIXED_MOMENT if self._fixed_clock else datetime.now(UTC)).isoformat(timespec="seconds")

    def moment(self) -> float:
        """Seconds by which the portal decides what it lists already; `ahead_seconds` makes it later than it is."""
        return time.time() + self.ahead_seconds

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def count(self, sql: str, *values: Value) -> int:
        row = self.row(sql, *values)
        return int(row[0]) if row is not None else 0

    def write(self, sql: str, *values: Value) -> int:
        """Runs one statement and returns the id of the row it added."""
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0

    @contextmanager
    def change(self) -> Iterator[None]:
        """Several statements that are all kept or all forgotten."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
