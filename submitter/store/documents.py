"""What the database knows about stored documents; the bytes lie in the vault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.store.insertion import insert_once
from submitter.store.tables import document, document_part, round_document


def remember(c: Connection, one: Document, now: datetime) -> bool:
    """Know this document; the same bytes stored again change nothing.

    True when its bytes were purged: whoever stored them has to store them once more after this transaction, because
    a purge that was under way may have taken them (see `documents/vault/retention.py`).
    """
    if insert_once(c, document, stored_at=now, **one.model_dump()) is not None:
        return False
    own = document.c.sha256 == one.sha256
    query = select(document.c.purged_at).where(own)
    if c.execute(query.with_for_update(key_share=True)).scalar_one() is None:  # a purge under way is waited for
        return False
    c.execute(update(document).where(own).values(purged_at=None, stored_at=now))
    return True


def attach(c: Connection, round_id: int, files: tuple[SubmittedFile, ...], now: datetime) -> None:
    together = {one.sha256: one for file in files for one in (file.document, *file.parts)}
    for sha256 in sorted(together):
        remember(c, together[sha256], now)  # in one order always: two who add the same files wait for each other
    for file in files:
        for position, part in enumerate(file.parts):
            key = {"whole": file.document.sha256, "position": position}
            insert_once(c, document_part, **key, part=part.sha256, name=part.name, kind=part.kind)
    for position, file in enumerate(files):
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


def listing(c: Connection) -> Sequence[Row[Any, Any, Any]]:
    """Every document that must be in the vault, oldest first."""
    columns = (document.c.sha256, document.c.name, document.c.kind)
    query = select(*columns).where(document.c.purged_at.is_(None))
    return c.execute(query.order_by(document.c.stored_at, document.c.sha256)).all()


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
            parts=_parts(c, row.document),
        )
        for row in c.execute(query).all()
    )


def _parts(c: Connection, whole: str) -> tuple[Document, ...]:
    query = (
        select(document_part, document.c.media_type, document.c.size, document.c.pages)
        .join(document, document.c.sha256 == document_part.c.part)
        .where(document_part.c.whole == whole)
        .order_by(document_part.c.position)
    )
    return tuple(
        Document(
            sha256=row.part,
            name=row.name,
            kind=DocumentKind(row.kind),
            media_type=row.media_type,
            size=row.size,
            pages=row.pages,
        )
        for row in c.execute(query)
    )
