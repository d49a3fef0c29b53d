"""The judge: the portal's ledger against our database, invoice by invoice, round by round.

The portal accepts duplicates, so what must never happen is visible: a second record for one round of one invoice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: What the portal's words mean, stated here once more and not read from the adapter that is under test.
STAGES = {
    "Submitted": "received",
    "In Review": "in_process",
    "Disputed": "on_hold",
    "Rejected": "rejected",
    "Approved": "approved",
    "Payment Posted": "scheduled",
    "Paid": "paid",
    "Cancelled": "cancelled",
    "Replaced": "cancelled",
}


class Kind(StrEnum):
    LOST = "lost"
    DUPLICATE = "duplicates"
    WRONG_STATE = "wrong_states"
    HASH_MISMATCH = "hash_mismatches"
    ORPHAN = "orphans"


@dataclass(frozen=True)
class Violation:
    kind: Kind
    account: str
    invoice: str
    round: int
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.account}/{self.invoice} round {self.round}: {self.words}"


@dataclass(frozen=True)
class OurRound:
    """One round as our database has it after everything had time to settle."""

    account: str
    invoice: str
    number: int
    state: str
    reference: str | None
    files: tuple[tuple[str, str], ...]  # (upload name, SHA-256)
    phases: tuple[str, ...]  # of all its attempts, in the order in which they were written
    stage: str | None = None  # of the invoice; checked only where `stage_due`
    stage_due: bool = False


def compare(
    ours: Iterable[OurRound], accepted: Iterable[Mapping[str, Any]], suppliers: Mapping[str, str]
) -> list[Violation]:
    """All in which the two differ. ``accepted`` is the ledger's list, ``suppliers`` account -> supplier there."""
    account_of = {supplier: account for account, supplier in suppliers.items()}
    records: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for record in accepted:
        records[account_of.get(record["supplier"], record["supplier"]), record["number"]].append(record)
    rounds: dict[tuple[str, str], list[OurRound]] = defaultdict(list)
    for one in ours:
        rounds[one.account, one.invoice].append(one)
    found: list[Violation] = []
    for key in sorted(records.keys() | rounds.keys()):
        found += _compare_invoice(key, sorted(rounds.get(key, []), key=lambda r: r.number), records.get(key, []))
    return found


def _compare_invoice(key: tuple[str, str], rounds: list[OurRound], records: list[Mapping[str, Any]]) -> list[Violation]:
    found: list[Violation] = []
    by_round: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        by_round[record["revision"]].append(record)
    for number in sorted(by_round.keys() - {one.number for one in rounds}):
        words = f"{_confirmations(by_round[number])} at the portal, and we never queued this round"
        found += [Violation(Kind.DUPLICATE, *key, number, words)] * len(by_round[number])
    for one in rounds:
        booked = by_round[one.number]
        if len(booked) > 1:
            words = f"booked {len(booked)} times: {_confirmations(booked)}"
            found += [Violation(Kind.DUPLICATE, *key, one.number, words)] * (len(booked) - 1)
        found += _compare_round(one, booked)
        found += [Violation(Kind.WRONG_STATE, *key, one.number, words) for words in journal_faults(one.phases)]
    if rounds and rounds[-1].stage_due and (latest := by_round[rounds[-1].number]):
        wanted = STAGES[latest[-1]["status"]]
        if rounds[-1].stage != wanted:
            words = f"stage {rounds[-1].stage}, but the portal says {latest[-1]['status']}"
            found.append(Violation(Kind.WRONG_STATE, *key, rounds[-1].number, words))
    return found


def _compare_round(one: OurRound, booked: list[Mapping[str, Any]]) -> list[Violation]:
    key = (one.account, one.invoice, one.number)
    if not booked:
        return [Violation(Kind.LOST, *key, f"{one.state} here, and the portal never booked it")]
    found = []
    if one.state != "confirmed":
        words = f"{one.state} here, but booked as {_confirmations(booked)}"
        found.append(Violation(Kind.WRONG_STATE, *key, words))
    elif one.reference not in {record["confirmation"] for record in booked}:
        words = f"confirmed as {one.reference}, but booked as {_confirmations(booked)}"
        found.append(Violation(Kind.WRONG_STATE, *key, words))
    sent = Counter(one.files)
    for record in booked:
        got = Counter((file["name"], file["sha256"]) for file in record["files"])
        for name, sha256 in max((sent - got, got - sent), key=lambda difference: difference.total()).elements():
            words = f"{name} ({sha256[:12]}) is not the same in {record['confirmation']} and here"
            found.append(Violation(Kind.HASH_MISMATCH, *key, words))
    return found


def journal_faults(phases: Iterable[str]) -> list[str]:
    """A second `committing` needs proof in between that the first had no effect: `returned`, or the portal's no."""
    may_send, found = True, []
    for phase in phases:
        if phase == "committing":
            if not may_send:
                found.append("the journal shows a second `committing` without a `returned` in between")
            may_send = False
        elif phase in ("returned", "refused"):
            may_send = True
    return found


def _confirmations(records: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(record["confirmation"]) for record in records)
