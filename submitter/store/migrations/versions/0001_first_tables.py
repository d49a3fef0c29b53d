"""The first tables"""

import sqlalchemy as sa
from alembic import op

from submitter.store import postgresql, sqlite
from submitter.store.tables import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Written out, not imported: what a migration did must not change when the tables do.
APPEND_ONLY = ("journal", "look", "receipt", "reading", "effort", "fault_decision", "audit")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("pause_code", sa.Text(), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("unavailable_in_a_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_until", UtcTime(), nullable=True),
        sa.Column("reading_due_at", UtcTime(), nullable=True),
        sa.Column("last_visit_at", UtcTime(), nullable=True),
        sa.Column("sign_ins", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "audit",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_hash")),
    )
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "document",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("stored_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_document")),
    )
    op.create_table(
        "purchase_order",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer", "number", name=op.f("pk_purchase_order")),
    )
    op.create_table(
        "lease",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("acquired_at", UtcTime(), nullable=False),
        sa.Column("heartbeat_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_lease_account")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_lease")),
    )
    op.create_table(
        "slot",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("marked_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_slot_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slot")),
    )
    op.create_table(
        "submission",
        sa.Column("id", Id, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("invoice", sa.JSON(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("po_number", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("stage_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_submission_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("account", "invoice_number", name=op.f("uq_submission_account_invoice_number")),
    )
    op.create_table(
        "effort",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission", Id, nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("reverses", Id, nullable=True),
        sa.ForeignKeyConstraint(["reverses"], ["effort.id"], name=op.f("fk_effort_reverses")),
        sa.ForeignKeyConstraint(["submission"], ["submission.id"], name=op.f("fk_effort_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effort")),
    )
    with op.batch_alter_table("effort", schema=None) as batch_op:
        batch_op.create_index("ix_effort_submission", ["submission"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["submission"], ["submission.id"], name=op.f("fk_reading_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_submission", ["submission", "at"], unique=False)

    op.create_table(
        "round",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission", Id, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.JSON(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_round_account")),
        sa.ForeignKeyConstraint(["submission"], ["submission.id"], name=op.f("fk_round_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("submission", "number", name=op.f("uq_round_submission_number")),
    )
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.create_index("ix_round_due", ["account", "state", "due_at"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", Id, nullable=False),
        sa.Column("round", Id, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_attempt_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_round", ["round"], unique=False)

    op.create_table(
        "fault_decision",
        sa.Column("id", Id, nullable=False),
        sa.Column("round", Id, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_fault_decision_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_decision")),
    )
    op.create_table(
        "hold",
        sa.Column("id", Id, nullable=False),
        sa.Column("submission", Id, nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_by", Id, nullable=False),
        sa.Column("last_reading", Id, nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("closed_by", Id, nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["reading.id"], name=op.f("fk_hold_closed_by")),
        sa.ForeignKeyConstraint(["last_reading"], ["reading.id"], name=op.f("fk_hold_last_reading")),
        sa.ForeignKeyConstraint(["opened_by"], ["reading.id"], name=op.f("fk_hold_opened_by")),
        sa.ForeignKeyConstraint(["submission"], ["submission.id"], name=op.f("fk_hold_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index("ix_hold_open", ["closed_at", "submission"], unique=False)

    op.create_table(
        "round_document",
        sa.Column("round", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("upload_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["document.sha256"], name=op.f("fk_round_document_document")),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_round_document_round")),
        sa.PrimaryKeyConstraint("round", "position", name=op.f("pk_round_document")),
    )
    op.create_table(
        "journal",
        sa.Column("id", Id, nullable=False),
        sa.Column("attempt", Id, nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempt.id"], name=op.f("fk_journal_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("attempt", "phase", name=op.f("uq_journal_attempt_phase")),
    )
    op.create_table(
        "look",
        sa.Column("id", Id, nullable=False),
        sa.Column("attempt", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("saw", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempt.id"], name=op.f("fk_look_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look")),
    )
    with op.batch_alter_table("look", schema=None) as batch_op:
        batch_op.create_index("ix_look_attempt", ["attempt"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("round", Id, nullable=False),
        sa.Column("attempt", Id, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempt.id"], name=op.f("fk_receipt_attempt")),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name=op.f("fk_receipt_round")),
        sa.PrimaryKeyConstraint("round", name=op.f("pk_receipt")),
    )
    dialect = sqlite if op.get_bind().dialect.name == "sqlite" else postgresql
    for table in APPEND_ONLY:
        for statement in dialect.append_only_statements(table):
            op.execute(statement)
    op.execute(
        sa.text("INSERT INTO audit_head (one, hash, length) VALUES (true, :start, 0)").bindparams(start="0" * 64)
    )
