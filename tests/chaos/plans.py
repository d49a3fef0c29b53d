"""What a round will do, drawn from the seed before it begins. Only the moments at which things meet are chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.house import COMMIT_SECONDS, LEASE_SECONDS, PORTAL_LISTS_WITHIN_SECONDS, STEP_SECONDS

WIZARD = ("order", "header", "lines", "attachments", "review")
INSIDE = (*WIZARD, "home", "invoices", "submit", "receipt")
#: What a portal may take from the click until the invoice is listed, with room for a busy machine.
LISTED_WITHIN = COMMIT_SECONDS + PORTAL_LISTS_WITHIN_SECONDS - 1.0

Arming = dict[str, Any]


def _anywhere(kind: str, **more: Any) -> Callable[[Random], Arming]:
    return lambda rng: {"kind": kind, "page": rng.choice(INSIDE), "times": rng.choice((1, 1, 2)), **more}


def _at_submit(kind: str, **more: Any) -> Callable[[Random], Arming]:
    return lambda rng: {"kind": kind, "page": "submit", "times": rng.choice((1, 1, 2)), **more}


def _once(kind: str, *pages: str, **more: Any) -> Callable[[Random], Arming]:
    return lambda rng: {"kind": kind, "times": 1, **({"page": rng.choice(pages)} if pages else {}), **more}


def _held(kind: str, page: str | None, least: float, most: float) -> Callable[[Random], Arming]:
    def arming(rng: Random) -> Arming:
        where = page or rng.choice((*WIZARD, "home", "invoices"))
        return {"kind": kind, "page": where, "seconds": round(rng.uniform(least, most), 2)}

    return arming


#: Name -> (weight, how it is armed). The names are what the table at the end counts.
PORTAL_FAULTS: dict[str, tuple[int, Callable[[Random], Arming]]] = {
    "time-out before booking": (4, _held("timeout_before_booking", "submit", 0.2, COMMIT_SECONDS + 0.5)),
    "time-out after booking": (5, _held("timeout_after_booking", "submit", 0.2, COMMIT_SECONDS + 0.5)),
    "time-out on a page": (2, _held("timeout_before_booking", None, 0.2, 1.5)),
    "answer dropped before booking": (4, _at_submit("drop_answer")),
    "answer dropped after booking": (5, _at_submit("drop_answer_after_booking")),
    "answer dropped on a page": (2, _anywhere("drop_answer")),
    "500 before booking": (3, _at_submit("error_500")),
    "500 after booking": (5, _at_submit("error_500_after_booking")),
    "500 on a page": (2, _anywhere("error_500")),
    "double response": (2, _anywhere("double_response")),
    "session lost": (4, _anywhere("session_lost")),
    "maintenance": (2, _anywhere("maintenance", seconds=1)),
    "rate limit 429": (2, _anywhere("rate_limit", seconds=1)),
    "slow page": (2, _held("slow", None, 0.3, 2.0)),
    "page slower than we wait": (2, _held("slow", None, STEP_SECONDS + 0.2, STEP_SECONDS + 1.5)),
    "slow booking": (3, _held("slow", "submit", 0.3, COMMIT_SECONDS - 0.2)),
    "booking slower than we wait": (3, _held("slow", "submit", COMMIT_SECONDS + 0.1, LISTED_WITHIN)),
    "duplicate refused though ours": (3, _at_submit("duplicate_refused_after_booking")),
    "truncated upload": (2, _once("truncate_upload")),
    "new terms": (2, _once("new_terms", *INSIDE)),
    "second factor": (1, _once("second_factor")),
    "password expired": (1, _once("password_expired")),
    "lock-out": (1, _once("lock_out")),
    "renamed field": (1, _once("rename_field", "header", "review")),
    "moved column": (1, _once("move_column")),
    "renamed column": (1, _once("move_column", rename=True)),
    "unknown status word": (1, _once("unknown_status", "invoices")),
    "silent empty list": (2, _once("silent_empty")),
    "pop-up": (1, _once("pop_up")),
    "new tab": (1, _once("new_tab")),
    "download instead of a page": (2, _once("download_instead")),
}

#: Blows of our own: name -> (weight, whether it is counted as a kill or as a fault).
BLOWS: dict[str, tuple[int, str]] = {
    "worker killed": (24, "kill"),
    "browser killed": (8, "kill"),
    "page's process killed": (7, "kill"),
    "driver killed": (8, "kill"),
    "worker frozen beyond its lease": (4, "kill"),
    "everything frozen beyond the lease": (4, "kill"),
    "frozen until others have sent": (3, "kill"),
    "told to stop": (5, "kill"),
    "told to stop twice": (4, "kill"),
    "power cut": (4, "kill"),
    "second worker": (4, "fault"),
    "database locked": (5, "fault"),
    "connection refused": (7, "fault"),
    "database restarted": (5, "kill"),
}
SQLITE_ONLY = frozenset({"power cut"})
OWN_SERVER_ONLY = frozenset({"database restarted"})
AIMS = ("opened", "prepared", "committing", "committing", "committing", "committing", "confirmed")
DELAYS = (0.0, 0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3)


@dataclass(frozen=True)
class Blow:
    name: str
    aim: str  # a journal phase to wait for; empty: after `delay` seconds, whatever is going on
    delay: float  # seconds after the phase, or from the last event
    lasts: float  # seconds that a freeze, a lock or an outage goes on


@dataclass(frozen=True)
class Plan:
    """One round, without the invoices that exist by then."""

    number: int
    new: tuple[tuple[str, int], ...]  # (account, quantity)
    again: int  # how many confirmed invoices are disputed and go again
    faults: tuple[tuple[str, Arming], ...]
    listing_delay: float
    blows: tuple[Blow, ...]
    read: bool
    keep_workers: int
    decisions: Random = field(compare=False)  # for choices among what exists by then


def draw(seed: int, number: int, accounts: tuple[str, ...], *, sqlite: bool, own_server: bool) -> Plan:
    """The round's plan: the same for the same seed and number, whatever happened before."""
    rng = Random(f"{seed}/{number}")  # noqa: S311 (chaos, not secrets)
    new = tuple((rng.choice(accounts), rng.randint(1, 400)) for _ in range(rng.choice((2, 2, 2, 2, 2, 3, 3, 4, 5))))
    names, weights = zip(*((name, weight) for name, (weight, _) in PORTAL_FAULTS.items()), strict=True)
    faults = []
    for name in rng.choices(names, weights, k=rng.choice((0, 1, 1, 2, 2, 3))):
        faults.append((name, {**PORTAL_FAULTS[name][1](rng), "skip": rng.choice((0, 0, 0, 1, 2))}))
    left_out = (frozenset() if sqlite else SQLITE_ONLY) | (frozenset() if own_server else OWN_SERVER_ONLY)
    open_to = {name: weight for name, (weight, _) in BLOWS.items() if name not in left_out}
    chosen = rng.choices(list(open_to), list(open_to.values()), k=rng.choice((0, 0, 1, 1, 1, 1, 2)))
    slow = any("booking" in name and arming["kind"] == "slow" for name, arming in faults)
    late = round(rng.uniform(0.1, PORTAL_LISTS_WITHIN_SECONDS - 0.4), 2)
    return Plan(
        number=number,
        new=new,
        again=rng.choice((0, 0, 1)),
        faults=tuple(faults),
        listing_delay=late if rng.random() < 0.35 and not slow else 0.0,
        blows=tuple(_blow(rng, name) for name in chosen),
        read=number % 10 == 0 or rng.random() < 0.05,
        keep_workers=rng.choice((1, 1, 1, 1, 2)),
        decisions=rng,
    )


def _blow(rng: Random, name: str) -> Blow:
    aim = rng.choice(AIMS) if rng.random() < 0.65 else ""
    delay = rng.choice(DELAYS) if aim else rng.uniform(0.0, 2.5)
    lasts = rng.uniform(0.3, 1.5)
    if name == "frozen until others have sent":  # whoever thaws after that must not click any more
        aim, delay, lasts = "committing", rng.choice((0.0, 0.01, 0.02, 0.04, 0.08)), 40.0
    elif "frozen" in name:
        lasts = LEASE_SECONDS + rng.uniform(0.3, 2.0)
    elif name == "database locked":
        lasts = rng.choice((rng.uniform(0.2, 2.0), rng.uniform(0.2, 2.0), LEASE_SECONDS + rng.uniform(0.0, 1.5)))
    elif name == "told to stop twice":
        lasts = rng.uniform(0.02, 0.6)
    return Blow(name, aim, delay, lasts)
