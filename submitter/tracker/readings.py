"""From what a portal shows to a reading: raw words kept, the stage told by the vocabulary, an unknown word flagged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from submitter.adapters.manifest import Manifest
from submitter.errors import StatusUnknown
from submitter.model.account import Account
from submitter.model.portal import PortalRecord, Reading, Stage
from submitter.redaction import redactor
from submitter.store import readings
from submitter.store.leases import Claim
from submitter.store.readings import Wanted


def understand(record: PortalRecord, wanted: Wanted, manifest: Manifest, account: Account, at: datetime) -> Reading:
    """The reading of one record. A word nobody has translated becomes ``unknown_word``, never a guess."""
    try:
        stage = manifest.stage(record.status, account)
    except StatusUnknown:
        stage = Stage.UNKNOWN_WORD
    return Reading(
        submission=wanted.submission,
        at=at,
        reference=record.reference,
        status=redactor.scrub(record.status),
        comment=redactor.scrub(record.comment),
        stage=stage,
        cause=manifest.vocabulary.cause(record.comment),
    )


def take(c: Connection, claim: Claim, reading: Reading, wanted: Wanted, now: datetime) -> None:
    """Store a reading under the visit's lease; holds open and close with it."""
    readings.add(c, claim, reading, wanted.round_number, now)
