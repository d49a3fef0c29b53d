"""The tables. The submissions are the queue: there is no second table of jobs to disagree with them.

Times are UTC. Amounts are integer minor units beside their ISO 4217 code. Tables in APPEND_ONLY refuse UPDATE and
DELETE by trigger (see migrations): money and blame rest on them, so a correction is a new row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPEND_ONLY = ("journal", "look", "receipt", "reading", "effort", "fault_decision", "audit")


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is taken off there and put back on."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


Id = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows itself only in an INTEGER key


def _account() -> Column[Any]:
    return Column("account", Text, ForeignKey("account.id"), nullable=False)


def _reference(name: str, target: str) -> Column[Any]:
    return Column(name, Id, ForeignKey(target), nullable=False)


account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("portal", Text, nullable=False),
    Column("paused_at", UtcTime),
    Column("paused_by", Text),
    Column("pause_code", Text),
    Column("pause_reason", Text),
    Column("unavailable_in_a_row", Integer, nullable=False, server_default="0"),
    Column("closed_until", UtcTime),  # the circuit: no visit before this time
    Column("reading_due_at", UtcTime),
    Column("last_visit_at", UtcTime),
    Column("sign_ins", Integer, nullable=False, server_default="0"),
)

lease = Table(
    "lease",
    metadata,
    Column("account", Text, ForeignKey("account.id"), primary_key=True),
    Column("fence", BigInteger, nullable=False),  # only ever rises
    Column("holder", Text, nullable=False),
    Column("acquired_at", UtcTime, nullable=False),
    Column("heartbeat_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", Integer),
    Column("stored_at", UtcTime, nullable=False),
    Column("purged_at", UtcTime),  # what is known of it stays; its bytes are gone from the vault
)

document_part = Table(
    "document_part",
    metadata,
    Column("whole", Text, ForeignKey("document.sha256"), primary_key=True),  # one PDF made of several documents
    Column("position", Integer, primary_key=True),
    Column("part", Text, ForeignKey("document.sha256"), nullable=False),
    Column("name", Text, nullable=False),  # as the supplier called it
    Column("kind", Text, nullable=False),
)

submission = Table(
    "submission",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("customer", Text, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("invoice", JSON, nullable=False),  # model.Invoice as sent in the first round
    Column("currency", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("due_date", Date),
    Column("po_number", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("stage", Text),  # of the latest reading
    Column("stage_at", UtcTime),
    UniqueConstraint("account", "invoice_number"),
)

round_ = Table(
    "round",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("submission", "submission.id"),
    _account(),
    Column("number", Integer, nullable=False),
    Column("invoice", JSON),  # only when corrected; otherwise the submission's
    Column("cause", Text),
    Column("fault", Text),  # as last decided; the decisions are in fault_decision
    Column("note", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("error_code", Text),
    Column("error", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("submission", "number"),
    Index("ix_round_due", "account", "state", "due_at"),
)

round_document = Table(
    "round_document",
    metadata,
    Column("round", Id, ForeignKey("round.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("document", Text, ForeignKey("document.sha256"), nullable=False),
    Column("name", Text, nullable=False),  # as the supplier called it, this time
    Column("kind", Text, nullable=False),
    Column("upload_name", Text, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("round", "round.id"),
    Column("fence", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Index("ix_attempt_round", "round"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("attempt", "attempt.id"),
    Column("phase", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("fence", BigInteger),  # the lease this was written under; none when a person wrote it
    Column("who", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    UniqueConstraint("attempt", "phase"),  # so a second `committing` of one attempt cannot exist
)

look = Table(
    "look",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("attempt", "attempt.id"),
    Column("at", UtcTime, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("saw", Text, nullable=False),  # found, absent or unclear
    Column("detail", JSON, nullable=False),
    Index("ix_look_attempt", "attempt"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("round", Id, ForeignKey("round.id"), primary_key=True),
    _reference("attempt", "attempt.id"),
    Column("reference", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("files", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("submission", "submission.id"),
    Column("at", UtcTime, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("cause", Text),
    Index("ix_reading_submission", "submission", "at"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("submission", "submission.id"),
    Column("round_number", Integer, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    _reference("opened_by", "reading.id"),
    Column("last_reading", Id, ForeignKey("reading.id"), nullable=False),  # the words may change while it lasts
    Column("closed_at", UtcTime),
    Column("closed_by", Id, ForeignKey("reading.id")),
    Index("ix_hold_open", "closed_at", "submission"),
)

effort = Table(
    "effort",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("submission", "submission.id"),
    Column("round_number", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reverses", Id, ForeignKey("effort.id")),
    Index("ix_effort_submission", "submission"),
)

fault_decision = Table(
    "fault_decision",
    metadata,
    Column("id", Id, primary_key=True),
    _reference("round", "round.id"),
    Column("fault", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

purchase_order = Table(
    "purchase_order",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("order", JSON, nullable=False),  # model.PurchaseOrder as our ERP last exported it
    Column("seen_at", UtcTime, nullable=False),
)

slot = Table(
    "slot",
    metadata,
    Column("key", Text, primary_key=True),  # poll:<account>:<local date>
    _account(),
    Column("marked_at", UtcTime, nullable=False),
)

machine = Table(
    "machine",
    metadata,
    Column("id", Text, primary_key=True),
    Column("boot", Text, nullable=False),  # of the running kernel, which all containers of a machine share
    Column("name", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Boolean, primary_key=True),  # a single row, locked while the chain grows
    Column("hash", Text, nullable=False),
    Column("length", BigInteger, nullable=False),
)
