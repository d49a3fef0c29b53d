"""What a combined PDF was made of, and which documents were purged"""

import sqlalchemy as sa
from alembic import op

from submitter.store.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("purged_at", UtcTime()))
    op.create_table(
        "document_part",
        sa.Column("whole", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["whole"], ["document.sha256"], name=op.f("fk_document_part_whole")),
        sa.ForeignKeyConstraint(["part"], ["document.sha256"], name=op.f("fk_document_part_part")),
        sa.PrimaryKeyConstraint("whole", "position", name=op.f("pk_document_part")),
    )
