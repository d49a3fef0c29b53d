"""The journal's phases: one try, inside a visit, to carry a round through.

::

    opened --a--> prepared --b--> committing --c--> confirmed
       |             |                |------d--> refused    the portal said no
       |             |                '------e--> unknown    no proof either way
       |             |                              |--f--> confirmed   find() saw it
       |             |                              |--g--> returned    find() saw the portal's own "no results"
       |             |                              '--h--> person      a person was asked; their answer is f or g
       |------i------+--> refused    the portal said no before the click
       |------j------+--> failed     nothing was sent
       '------k--> confirmed         it was there already

Each phase is one appended row, on disk before the next step happens.
"""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    OPENED = "opened"
    PREPARED = "prepared"  # filled, uploaded, read back and compared
    COMMITTING = "committing"  # the click may happen from now on
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RETURNED = "returned"  # proven absent: back to the queue
    PERSON = "person"


FOLLOWS: dict[Phase, frozenset[Phase]] = {
    Phase.OPENED: frozenset({Phase.PREPARED, Phase.REFUSED, Phase.FAILED, Phase.CONFIRMED}),
    Phase.PREPARED: frozenset({Phase.COMMITTING, Phase.REFUSED, Phase.FAILED}),
    Phase.COMMITTING: frozenset({Phase.CONFIRMED, Phase.REFUSED, Phase.UNKNOWN}),
    Phase.UNKNOWN: frozenset({Phase.CONFIRMED, Phase.RETURNED, Phase.PERSON}),
    Phase.PERSON: frozenset({Phase.CONFIRMED, Phase.RETURNED}),
    Phase.CONFIRMED: frozenset(),
    Phase.REFUSED: frozenset(),
    Phase.FAILED: frozenset(),
    Phase.RETURNED: frozenset(),
}


def may_follow(before: Phase, after: Phase) -> bool:
    return after in FOLLOWS[before]
