"""What the database knows about stored documents; the bytes lie in the vault."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.store.tables import document, round_document


def remember(c: Connection, one: Document, now: datetime) -> None:
    """Know this document; the same bytes stored again change nothing."""
    if c.execute(select(document.c.sha256).where(document.c.sha256 == one.sha256)).first() is None:
        c.execute(insert(document).values(stored_at=now, **one.model_dump()))


def attach(c: Connection, round_id: int, files: tuple[SubmittedFile, ...], now: datetime) -> None:
    for position, file in enumerate(files):
        remember(c, file.document, now)
        c.execute(
            insert(round_document).values(
                round=round_id,
                position=position,
                document=file.document.sha256,
                name=file.document.name,
                kind=file.document.kind,
                upload_name=file.upload_name,
            )
        )


def of_round(c: Connection, round_id: int) -> tuple[SubmittedFile, ...]:
    query = (
        select(round_document, document.c.media_type, document.c.size, document.c.pages)
        .join(document, document.c.sha256 == round_document.c.document)
        .where(round_document.c.round == round_id)
        .order_by(round_document.c.position)
    )
    return tuple(
        SubmittedFile(
            document=Document(
                sha256=row.document,
                name=row.name,
                kind=DocumentKind(row.kind),
                media_type=row.media_type,
                size=row.size,
                pages=row.pages,
            ),
            upload_name=row.upload_name,
        )
        for row in c.execute(query)
    )
