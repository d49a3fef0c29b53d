"""The judge itself: it finds the damage that was planted, and only that."""

from __future__ import annotations

import copy
import json
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.comparison import Kind, OurRound, Violation, compare, journal_faults
from tests.chaos.plans import BLOWS, PORTAL_FAULTS, draw
from tests.chaos.processes import below, kill_tree, snapshot
from tests.chaos.tally import ZERO, Tally

ACCOUNTS = ("tejas-resources", "cedar-midstream")
SUPPLIERS = {"tejas-resources": "Northline (T)", "cedar-midstream": "Northline (C)"}
FIRST, TICKET, SECOND = "a" * 64, "b" * 64, "c" * 64
SENT = ("opened", "prepared", "committing", "confirmed")


def record(confirmation: str, revision: int, ticket: str = TICKET, status: str = "Submitted") -> dict[str, Any]:
    return {
        "supplier": "Northline (T)",
        "number": "N-1",
        "revision": revision,
        "confirmation": confirmation,
        "status": status,
        "files": [{"name": "n.pdf", "sha256": FIRST}, {"name": "t.pdf", "sha256": ticket}],
    }


def ours(number: int, reference: str, ticket: str = TICKET) -> OurRound:
    files = (("n.pdf", FIRST), ("t.pdf", ticket))
    return OurRound("tejas-resources", "N-1", number, "confirmed", reference, files, SENT)


LEDGER = [record("FG-1", 1, status="Replaced"), record("FG-2", 2, SECOND)]
OURS = [ours(1, "FG-1"), ours(2, "FG-2", SECOND)]


def kinds(found: list[Violation]) -> list[tuple[str, int]]:
    return [(violation.kind.value, violation.round) for violation in found]


def judge(rounds: list[OurRound], ledger: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return kinds(compare(rounds, ledger, SUPPLIERS))


def test_a_ledger_that_agrees_is_clean() -> None:
    assert judge(OURS, LEDGER) == []


@pytest.mark.parametrize("revision", [1, 2])
def test_a_doubled_record_is_a_duplicate_of_its_round(revision: int) -> None:
    doubled = [*LEDGER, {**LEDGER[revision - 1], "confirmation": "FG-9"}]
    assert judge(OURS, doubled) == [("duplicates", revision)]


def test_a_record_booked_three_times_is_two_too_many() -> None:
    tripled = [LEDGER[0], LEDGER[1], {**LEDGER[1], "confirmation": "FG-8"}, {**LEDGER[1], "confirmation": "FG-9"}]
    assert judge(OURS, tripled) == [("duplicates", 2)] * 2


def test_a_record_of_a_round_that_was_never_queued_is_a_duplicate() -> None:
    assert judge(OURS[:1], LEDGER) == [("duplicates", 2)]


def test_a_record_under_another_supplier_is_nobodys_and_ours_is_lost() -> None:
    moved = [{**LEDGER[0], "supplier": "Northline (C)"}, LEDGER[1]]
    assert judge(OURS, moved) == [("duplicates", 1), ("lost", 1)]


def test_a_missing_record_is_lost_even_when_we_believe_it_confirmed() -> None:
    assert judge(OURS, LEDGER[:1]) == [("lost", 2)]
    assert judge([OURS[0], replace(OURS[1], state="queued", reference=None)], LEDGER[:1]) == [("lost", 2)]


def test_another_file_is_a_mismatch_once_for_each_file() -> None:
    damaged = copy.deepcopy(LEDGER)
    damaged[1]["files"][1]["sha256"] = "d" * 64
    assert judge(OURS, damaged) == [("hash_mismatches", 2)]
    damaged[0]["files"].pop()
    assert judge(OURS, damaged) == [("hash_mismatches", 1), ("hash_mismatches", 2)]
    damaged[0]["files"] += [{"name": "t.pdf", "sha256": TICKET}, {"name": "more.pdf", "sha256": TICKET}]
    assert judge(OURS, damaged) == [("hash_mismatches", 1), ("hash_mismatches", 2)]


@pytest.mark.parametrize("state", ["refused", "parked", "person", "unknown", "queued", "withdrawn"])
def test_any_other_state_than_confirmed_is_wrong_when_the_portal_has_it(state: str) -> None:
    assert judge([OURS[0], replace(OURS[1], state=state)], LEDGER) == [("wrong_states", 2)]


def test_a_reference_of_another_round_is_wrong() -> None:
    assert judge([OURS[0], replace(OURS[1], reference="FG-1")], LEDGER) == [("wrong_states", 2)]


def test_a_stage_is_compared_where_it_was_read() -> None:
    stale = replace(OURS[1], stage="in_process")
    assert judge([OURS[0], stale], LEDGER) == []
    assert judge([OURS[0], replace(stale, stage_due=True)], LEDGER) == [("wrong_states", 2)]
    assert judge([OURS[0], replace(stale, stage="received", stage_due=True)], LEDGER) == []


def test_a_second_click_needs_proof_that_the_first_had_no_effect() -> None:
    twice = ("opened", "prepared", "committing", "unknown", "opened", "prepared", "committing", "confirmed")
    assert len(journal_faults(twice)) == 1
    assert judge([replace(OURS[0], phases=twice), OURS[1]], LEDGER) == [("wrong_states", 1)]
    proven = (*twice[:4], "returned", *twice[4:])
    assert journal_faults(proven) == []


def test_the_tally_is_clean_only_when_all_five_counts_are_nothing() -> None:
    for kind in ZERO:
        tally = Tally(rounds=1)
        assert tally.is_clean
        tally.violations[kind] += 1
        assert not tally.is_clean
        shown = json.loads(tally.as_json())
        assert [shown[one.value] for one in ZERO] == [int(one is kind) for one in ZERO]
    assert list(shown) == [*("rounds", "kills", "faults", "submissions"), *(kind.value for kind in Kind), "seconds"]


def test_the_same_seed_draws_the_same_plans_and_another_seed_others() -> None:
    def plans(seed: int) -> list[object]:
        return [draw(seed, number, ACCOUNTS, sqlite=True, own_server=False) for number in range(1, 60)]

    assert plans(7) == plans(7)
    assert plans(7) != plans(8)


def test_every_fault_and_every_blow_comes_up() -> None:
    drawn = [draw(1, number, ACCOUNTS, sqlite=True, own_server=True) for number in range(600)]
    assert {name for plan in drawn for name, _ in plan.faults} == set(PORTAL_FAULTS)
    assert {blow.name for plan in drawn for blow in plan.blows} == set(BLOWS)


def test_a_tree_is_killed_to_its_last_leaf() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as root:
        assert root.stdout is not None
        assert root.stdout.readline() == "1\n", "the leaf is up"
        [leaf] = below(root.pid, snapshot())
        kill_tree(root.pid)
        assert root.wait(60) == -signal.SIGKILL
        assert root.stdout.read() == "", "the leaf held the other end of the pipe, and it is gone"
    assert leaf.pid not in snapshot() or snapshot()[leaf.pid].born != leaf.born or snapshot()[leaf.pid].state == "Z"
