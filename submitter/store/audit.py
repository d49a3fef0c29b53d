"""The audit log: who did what, each row carrying the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from submitter.redaction import redactor
from submitter.store.tables import audit, audit_head

START = "0" * 64


def _digest(previous: str, at: datetime, who: str, action: str, subject: str, detail: Mapping[str, Any]) -> str:
    moment = at.astimezone(UTC).isoformat()  # as it is read back, whatever zone the writer's clock was in
    body = json.dumps([previous, moment, who, action, subject, detail], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def append(c: Connection, at: datetime, who: str, action: str, subject: str, **detail: Any) -> None:
    """Add a row. ``detail`` must be JSON; secrets are taken out of it first."""
    detail = json.loads(json.dumps(redactor.scrub_value(detail)))
    who, subject = (words.replace("\0", "\N{REPLACEMENT CHARACTER}") for words in (who, subject))  # as it is kept
    head = c.execute(select(audit_head).with_for_update(key_share=True)).one()
    digest = _digest(head.hash, at, who, action, subject, detail)
    c.execute(
        insert(audit).values(
            at=at, who=who, action=action, subject=subject, detail=detail, previous=head.hash, hash=digest
        )
    )
    c.execute(update(audit_head).values(hash=digest, length=head.length + 1))


def verify(c: Connection) -> tuple[int, int | None]:
    """(rows read, id of the first row that does not follow from the one before it; None when the chain holds).

    A missing tail is seen too, because the head keeps the chain's length and last hash. The id is 0 then.
    """
    previous, rows = START, 0
    for row in c.execute(select(audit).order_by(audit.c.id)):
        rows += 1
        expected = _digest(previous, row.at, row.who, row.action, row.subject, row.detail)
        if row.previous != previous or row.hash != expected:
            return rows, row.id
        previous = row.hash
    head = c.execute(select(audit_head)).one()
    return rows, None if (head.hash, head.length) == (previous, rows) else 0
