"""Made-up invoices, files and accounts, and databases that are migrated once and copied from then on."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, StaticPool, create_engine, select, text

from submitter.model.account import Account
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.invoice import Coding, CostObject, Invoice, InvoiceLine
from submitter.model.money import Money
from submitter.store import accounts, leases, sqlite, submissions
from submitter.store.database import Database
from submitter.store.leases import Claim
from submitter.store.submissions import Added
from submitter.store.tables import metadata, round_

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LASTS = timedelta(seconds=60)
ACCOUNT = "north-field"


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def account(identity: str = ACCOUNT, **changes: Any) -> Account:
    given = {"customer": identity, "portal": "fieldgate", "address": "https://portal.example.com", "user": "clerk"}
    return Account(id=identity, **{**given, **changes})


def invoice(number: str = "INV-1", **changes: Any) -> Invoice:
    net = Money.of("100.00", "USD")
    line = InvoiceLine(
        number="1", description="Vacuum truck", quantity=Decimal("2.5"), unit_price=Decimal("40"), net=net
    )
    given: dict[str, Any] = {
        "issue_date": date(2026, 3, 1),
        "currency": "USD",
        "po_number": "PO-77",
        "net": net,
        "tax": Money.of("8.25", "USD"),
        "total": Money.of("108.25", "USD"),
        "lines": (line,),
        "coding": Coding(cost_object=CostObject.AFE, cost_object_number="A-100", major="12", approver="Ada Sample"),
    }
    return Invoice(number=number, **{**given, **changes})


def file(name: str = "ticket.pdf", kind: DocumentKind = DocumentKind.POD, content: bytes = b"signed") -> SubmittedFile:
    digest = hashlib.sha256(content).hexdigest()
    document = Document(sha256=digest, name=name, kind=kind, media_type="application/pdf", size=len(content))
    return SubmittedFile(document=document, upload_name=name)


def know_accounts(c: Connection, *ones: Account) -> None:
    accounts.register(c, ones)


def queue(c: Connection, number: str = "INV-1", now: datetime = NOW, **changes: Any) -> Added:
    added = submissions.add(c, ACCOUNT, ACCOUNT, invoice(number, **changes), (file(),), now, "clerk")
    assert isinstance(added, Added)
    return added


def take(c: Connection, holder: str = "first", now: datetime = NOW, lasts: timedelta = LASTS) -> Claim:
    claim = leases.take(c, ACCOUNT, holder, now, lasts)
    assert isinstance(claim, Claim)
    return claim


def round_row(c: Connection, identity: int) -> Row[Any]:
    return c.execute(select(round_).where(round_.c.id == identity)).one()


@cache
def empty_database() -> bytes:
    """The content of a SQLite file at the newest migration."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        plain = sqlite3.connect(path)
        plain.execute("PRAGMA journal_mode=DELETE")  # a file in WAL mode cannot be loaded into memory
        plain.close()
        return path.read_bytes()


@cache
def _memory() -> Engine:
    connect = {"check_same_thread": False}
    engine = create_engine("sqlite://", connect_args=connect, poolclass=StaticPool)
    sqlite.prepare_engine(engine, writing=True)
    return engine


class InMemory:
    """The same tables in memory, empty again with each new one, for searches of many thousand steps."""

    def __init__(self) -> None:
        self._engine = _memory()
        borrowed = self._engine.raw_connection()
        borrowed.driver_connection.deserialize(empty_database())
        borrowed.driver_connection.execute("PRAGMA foreign_keys=ON")
        borrowed.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    reading = transaction


class RolledBack:
    """The same on PostgreSQL: one transaction that is never committed, in which each of ours is a savepoint."""

    def __init__(self, database: Database) -> None:
        self._outer = database._writing.connect()
        self._outer.begin()
        self._outer.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # other tests run meanwhile
        for table in metadata.sorted_tables:  # numbers begin at one again, and go on where they were afterwards
            if table.autoincrement_column is not None:
                self._outer.execute(text(f"ALTER SEQUENCE {table.name}_id_seq RESTART"))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._outer.begin_nested():
            yield self._outer

    reading = transaction

    def close(self) -> None:
        self._outer.rollback()
        self._outer.close()


#: An empty database for a search of many steps.
Scratch = InMemory | RolledBack
