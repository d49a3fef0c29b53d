"""Which machines use this database, and when each was last seen.

SQLite's locks hold between the programs of one machine only, so a file that another machine uses at the same time would
lose or double work. PostgreSQL serves as many as there are; there the table says which hosts make up a fleet.
"""

from __future__ import annotations

import hmac
import re
import socket
import uuid
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update

from submitter.errors import ConfigurationError
from submitter.model.record import Record
from submitter.store.insertion import insert_once
from submitter.store.tables import machine

GONE_AFTER = timedelta(minutes=10)  # without a sign of a machine, its work is over; the data folder may have moved
IDENTITIES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
BOOT = "/proc/sys/kernel/random/boot_id"


class Machine(Record):
    """A machine, by what it keeps over a restart, and by the running kernel, which all its containers share."""

    id: str
    boot: str  # empty where the system does not tell
    name: str


@cache
def this_machine() -> Machine:
    return Machine(id=_hashed(_identity()), boot=_hashed(_read(BOOT)), name=socket.gethostname())


def _identity() -> str:
    """The system's own id; else the network card's; else, where that would be made up anew each time, the name."""
    for path in IDENTITIES:
        found = _read(path)
        if re.fullmatch("[0-9a-f]{32}", found):
            return found
    card = uuid.getnode()
    made_up = card >> 40 & 1
    return socket.gethostname() if made_up else f"{card:012x}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _hashed(identity: str) -> str:
    """Not the id itself, by which other programs know the machine."""
    return hmac.digest(identity.encode(), b"submitter", "sha256").hex()[:32] if identity else ""


def arrive(c: Connection, now: datetime, *, alone: bool, me: Machine | None = None) -> None:
    """Note that this machine has opened the database. ``alone``: refuse when another one uses it."""
    me = me or this_machine()
    if alone:
        others = select(machine).where(
            machine.c.id != me.id, machine.c.seen_at.between(now - GONE_AFTER, now + GONE_AFTER)
        )
        for other in c.execute(others.order_by(machine.c.seen_at.desc())):
            if not me.boot or other.boot != me.boot:
                at, minutes = f"{other.seen_at.astimezone():%d %b %H:%M:%S}", int(GONE_AFTER.total_seconds() // 60)
                raise ConfigurationError(
                    f"The machine {other.name} used this database at {at}; SQLite serves one machine at a time. Use "
                    "PostgreSQL to work from both, or, if the data folder has moved here, wait until its last use "
                    f"there is {minutes} minutes ago."
                )
    seen(c, now, me)


def seen(c: Connection, now: datetime, me: Machine | None = None) -> None:
    """This machine still uses the database; a worker says so about once a minute."""
    me = me or this_machine()
    if insert_once(c, machine, seen_at=now, **me.model_dump()) is None:
        c.execute(update(machine).where(machine.c.id == me.id).values(seen_at=now, name=me.name, boot=me.boot))


def read_all(c: Connection) -> list[Row[Any]]:
    """Every machine that ever used the database, the latest first."""
    return list(c.execute(select(machine).order_by(machine.c.seen_at.desc(), machine.c.id)))
