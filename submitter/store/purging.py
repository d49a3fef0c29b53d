"""Which stored documents nothing rests on any more."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update

from submitter.model.portal import Stage
from submitter.model.record import Record
from submitter.store import audit
from submitter.store.tables import attempt, document, document_part, journal, look, receipt, round_, round_document
from submitter.store.tables import submission as submission_table

#: Stages after which a portal asks for nothing more.
ENDED = frozenset({Stage.PAID, Stage.CANCELLED, Stage.DENIED})
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


class Purgeable(Record):
    """What may go, oldest first, and how many documents of that age stay for which reason."""

    sha256: tuple[str, ...]
    size: int  # bytes, as they were taken in
    kept: tuple[tuple[str, int], ...]  # the reason and how many documents it keeps


def find(c: Connection, before: datetime) -> Purgeable:
    """The documents stored before this time that no open submission and no resubmission rests on."""
    reasons = _reasons(c, before)
    query = select(document.c.sha256, document.c.size).where(
        document.c.stored_at < before, document.c.purged_at.is_(None)
    )
    free: list[str] = []
    size = 0
    kept: Counter[str] = Counter()
    for row in c.execute(query.order_by(document.c.stored_at, document.c.sha256)):
        if found := reasons.get(row.sha256):
            kept[min(found)] += 1
        else:
            free.append(row.sha256)
            size += row.size
    return Purgeable(sha256=tuple(free), size=size, kept=tuple(sorted(kept.items())))


def mark(c: Connection, sha256: str, before: datetime, now: datetime, who: str) -> bool:
    """Say in the books that the document's bytes are gone; False when something rests on it by now.

    The caller takes them away inside this same transaction: whoever stores the same bytes waits for it to end, sees the
    mark, and stores them again.
    """
    query = select(document.c.name).where(
        document.c.sha256 == sha256, document.c.stored_at < before, document.c.purged_at.is_(None)
    )
    row = c.execute(query.with_for_update(key_share=True)).one_or_none()
    if row is None or _is_sent_again(c, sha256, before):
        return False
    c.execute(update(document).where(document.c.sha256 == sha256).values(purged_at=now))
    audit.append(c, now, who, "document purged", sha256, name=row.name)
    return True


def _is_sent_again(c: Connection, sha256: str, before: datetime) -> bool:
    """Whether an invoice that was queued since we looked sends this document."""
    wholes = select(document_part.c.whole).where(document_part.c.part == sha256)
    using = (
        select(round_.c.submission)
        .join(round_document, round_document.c.round == round_.c.id)
        .where(or_(round_document.c.document == sha256, round_document.c.document.in_(wholes)))
    )
    return any(_reason(row, before) for row in c.execute(_counted().where(submission_table.c.id.in_(using))))


def _counted() -> Select[Any]:
    """Submissions with how many rounds they have."""
    rounds = select(round_.c.submission, func.count().label("rounds")).group_by(round_.c.submission).subquery()
    return select(submission_table, rounds.c.rounds).join(rounds, rounds.c.submission == submission_table.c.id)


def _reasons(c: Connection, before: datetime) -> dict[str, set[str]]:
    """Why a document has to stay, by its SHA-256; one that is not in here may go."""
    why = {row.id: reason for row in c.execute(_counted()) if (reason := _reason(row, before))}
    found: dict[str, set[str]] = defaultdict(set)
    for submission, sha256 in _rests_on(c):
        if submission in why:
            found[sha256].add(why[submission])
    for row in c.execute(select(document_part.c.whole, document_part.c.part)):
        found[row.part] |= found.get(row.whole, set())
    return found


def _reason(row: Row[Any], before: datetime) -> str:
    if row.stage not in ENDED:
        return "its invoice is not paid yet, as far as the portal was read"
    if row.rounds > 1:
        return "it is evidence for what a resubmission cost"
    if row.created_at >= before or (row.stage_at is not None and row.stage_at >= before):
        return "its invoice is younger"
    return ""


def _rests_on(c: Connection) -> Iterator[tuple[int, str]]:
    """(submission, SHA-256) of everything that was sent, or kept as evidence of it."""
    sent = select(round_.c.submission, round_document.c.document).join(round_, round_.c.id == round_document.c.round)
    for row in c.execute(sent):
        yield row.submission, row.document
    proofs = select(round_.c.submission, receipt.c.evidence).join(round_, round_.c.id == receipt.c.round)
    steps = (
        select(round_.c.submission, table.c.detail)
        .join(attempt, attempt.c.id == table.c.attempt)
        .join(round_, round_.c.id == attempt.c.round)
        for table in (journal, look)
    )
    for query in (proofs, *steps):
        for row in c.execute(query):
            for sha256 in _SHA256.findall(json.dumps(row[1])):
                yield row.submission, sha256
