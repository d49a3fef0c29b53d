"""The run: rounds of submissions under faults and kills, each settled and then held against the portal's ledger."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from submitter.errors import AdapterBug
from tests.chaos.blows import Arena, strike
from tests.chaos.comparison import Kind, Violation, compare
from tests.chaos.databases import Databases
from tests.chaos.house import House
from tests.chaos.plans import BLOWS, Plan, draw
from tests.chaos.portal import PortalProcess
from tests.chaos.processes import Orphans, become_foster_parent
from tests.chaos.tally import Tally
from tests.chaos.workers import Workers

SEASON = 60  # rounds on one portal and one home; then both are made anew, or their lists would grow without end
GOES_ON_SECONDS = 8.0  # how long armed faults get to strike after the round's last blow
SETTLES_WITHIN_SECONDS = 150.0  # bounded, and long enough for a machine that others use too
ORPHAN_GRACE_SECONDS = 10.0
READ_AS = ("In Review", "Approved", "Payment Posted", "Rejected")


@dataclass
class Chaos:
    seed: int
    keep: Path
    databases: Databases
    tally: Tally = field(default_factory=Tally)
    events: list[str] = field(default_factory=list)
    known: Counter[Violation] = field(default_factory=Counter)
    _orphans: Orphans = field(default_factory=lambda: Orphans(ORPHAN_GRACE_SECONDS))

    def tell(self, words: str) -> None:
        self.events.append(f"{datetime.now(UTC):%H:%M:%S.%f} {words}")

    def run(self, rounds: int) -> Tally:
        become_foster_parent()
        began = time.monotonic()
        for first in range(1, rounds + 1, SEASON):
            folder = self.keep / f"from-{first}"
            folder.mkdir(parents=True)
            before = self.tally.violations.total()
            with _Season(self, folder) as season:
                for number in range(first, min(first + SEASON, rounds + 1)):
                    season.play(number)
                    self.tally.seconds = time.monotonic() - began
            if self.tally.violations.total() == before:
                shutil.rmtree(folder, ignore_errors=True)
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def found(self, number: int, violations: list[Violation], story: Callable[[Violation], list[str]]) -> None:
        """Count and tell what was not known before; the same damage is seen again in every later round."""
        fresh = Counter(violations) - self.known
        self.known |= Counter(violations)
        for violation, times in fresh.items():
            self.tally.violations[violation.kind] += times
            first = f"seed {self.seed}, round {number}: {violation}"
            text = "\n    ".join([first, *story(violation), "what happened:", *self.events]) + "\n\n"
            sys.stderr.write(text)
            with (self.keep / f"chaos-{self.seed}.txt").open("a", encoding="utf-8") as file:
                file.write(text)


class _Season:
    """A stretch of rounds on one portal and one home."""

    def __init__(self, chaos: Chaos, folder: Path) -> None:
        self.chaos = chaos
        self.folder = folder
        self.portal = PortalProcess(folder / "portal")
        self.scratch = Path(tempfile.mkdtemp(prefix="chaos-"))  # Chromium does not start when its TMPDIR is long
        self.given_up: set[tuple[str, str]] = set()
        self.read_to_the_end: set[tuple[str, str]] = set()
        self._armed: list[tuple[str, dict[str, object]]] = []
        self._fired: dict[str, int] = {}

    def __enter__(self) -> _Season:
        self.portal.start()
        self.house = House(self.folder / "home", self.portal, self.chaos.databases.fresh())
        environment = {"SUBMITTER_SECRETS_FOLDER": str(self.house.secrets), "TMPDIR": str(self.scratch)}
        self.workers = Workers(self.house.home, environment, self.folder)
        self.workers.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self.workers.end()
        if failed is None:  # a worker that was thawed late may have clicked after the last round was judged
            self._judge(0, frozenset())
        deadline = time.monotonic() + ORPHAN_GRACE_SECONDS + 5
        while time.monotonic() < deadline and self.chaos._orphans.any_left({self.portal.pid}):
            self._look_for_orphans(0, reporters_too=True)
            time.sleep(0.2)
        self._note_stubborn()
        self.portal.end(kill=False)
        self.house.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    # -- one round -----------------------------------------------------------------------------------------------

    def play(self, number: int) -> None:
        chaos, began = self.chaos, time.monotonic()
        databases = chaos.databases
        plan = draw(
            chaos.seed,
            number,
            self.house.accounts,
            sqlite=databases.is_sqlite,
            own_server=databases.restart is not None,
        )
        chaos.events.clear()
        queued = self._queue(plan)
        self._arm(plan)
        struck = self._strike(plan)
        self._go_on(time.monotonic() + GOES_ON_SECONDS)
        fired = self._disarm()
        self._settle(number)
        stages = self._read(plan) if plan.read else frozenset()
        self._judge(number, stages)
        self.workers.thin_out(plan.keep_workers)
        chaos.tally.rounds += 1
        words = [f"{queued} queued", *struck, *fired]
        sys.stderr.write(f"round {number}: {', '.join(words)}; {time.monotonic() - began:.1f} s\n")

    def _queue(self, plan: Plan) -> int:
        for position, (account, quantity) in enumerate(plan.new):
            self.house.queue(account, f"C{plan.number}-{position}", quantity)
        again = self._candidates(plan.decisions)[: plan.again]
        for account, number, reference in again:
            self.portal.buyer.set_status(reference, "Disputed", comment="signed ticket not readable")
            self.house.queue_again(account, number)
            self.chaos.tell(f"{account}/{number} disputed and queued again")
        if plan.read:
            self.house.ask_for_readings(self.house.accounts)
        self.chaos.tally.submissions += len(plan.new) + len(again)
        self.chaos.tell(f"queued {', '.join(f'{a}/C{plan.number}-{p}' for p, (a, _) in enumerate(plan.new))}")
        return len(plan.new) + len(again)

    def _candidates(self, rng: Random) -> list[tuple[str, str, str]]:
        """Invoices that went once and may go again: account, number, the reference of their only round."""
        seen = self.house.rounds()
        later = {(one.account, one.invoice) for one in seen if one.number > 1}
        closed = later | self.given_up | self.read_to_the_end
        found = [
            (one.account, one.invoice, one.reference or "")
            for one in seen
            if one.state == "confirmed" and (one.account, one.invoice) not in closed
        ]
        rng.shuffle(found)
        return found

    # -- faults at the portal ------------------------------------------------------------------------------------

    def _arm(self, plan: Plan) -> None:
        self._armed, self._fired = list(plan.faults), {}
        if plan.listing_delay:
            self.portal.buyer.settings(listing_delay_seconds=plan.listing_delay)
            self.chaos.tally.faults["listing delayed"] += 1
            self.chaos.tell(f"the portal lists {plan.listing_delay} s late")
        for name, arming in self._armed:
            self.portal.buyer.arm(**arming)
            self.chaos.tell(f"armed: {name} {arming}")

    def _count_fired(self) -> None:
        shown = self.portal.buyer.ask("GET", "/faults")["faults"]
        for (name, _), fault in zip(self._armed, shown, strict=True):
            if fault["fired"]:
                self.chaos.tell(f"fired {fault['fired']} times: {name}")
                self._fired[name] = self._fired.get(name, 0) + fault["fired"]

    def _forget_armed(self) -> None:
        """The portal began anew: nothing is armed there any more."""
        self._armed = []

    def _disarm(self) -> list[str]:
        self._count_fired()
        self.portal.buyer.ask("DELETE", "/faults")
        self.portal.buyer.settings(listing_delay_seconds=0)
        self._armed = []
        self.chaos.tally.faults.update(self._fired)
        return [f"{name} {count}" for name, count in self._fired.items()]

    # -- blows ---------------------------------------------------------------------------------------------------

    def _strike(self, plan: Plan) -> list[str]:
        arena = Arena(
            self.house,
            self.portal,
            self.workers,
            plan.decisions,
            self.chaos.tell,
            self._count_fired,
            self._forget_armed,
            self.chaos.databases.restart,
        )
        fell = []
        for blow in plan.blows:
            if strike(arena, blow):
                counts = self.chaos.tally.kills if BLOWS[blow.name][1] == "kill" else self.chaos.tally.faults
                counts[blow.name] += 1
                fell.append(f"{blow.name}{' at ' + blow.aim if blow.aim else ''}")
            self._see_to_workers()
        return fell

    def _see_to_workers(self) -> None:
        """A supervisor restarts what died, as systemd would."""
        if not self.workers.working:
            self.chaos.tell(f"{self.workers.start().name} started")

    def _go_on(self, until: float) -> None:
        """Until every armed fault has struck, or nothing is left that could meet one."""
        while time.monotonic() < until and self.house.unsettled():
            self._see_to_workers()
            if not any(fault["armed"] for fault in self.portal.buyer.ask("GET", "/faults")["faults"]):
                return
            time.sleep(0.1)

    # -- settling ------------------------------------------------------------------------------------------------

    def _settle(self, number: int) -> None:
        """Wait until all is confirmed, doing what a person would be asked to do."""
        deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
        while rows := [r for r in self.house.unsettled() if (r.account, r.invoice_number) not in self.given_up]:
            if time.monotonic() > deadline:
                for row in rows:
                    self.chaos.tell(f"given up: {row.account}/{row.invoice_number} is {row.state}: {row.error}")
                self._judge(number, frozenset())
                self.given_up |= {(row.account, row.invoice_number) for row in rows}
                self.workers.end()  # perhaps a new one does better; the run goes on either way
                return
            self._see_to_workers()
            self._be_the_person(number, rows)
            time.sleep(0.12)

    def _be_the_person(self, number: int, rows: list[Any]) -> None:
        person = self.chaos.tally.person
        for account, code in self.house.paused():
            self.chaos.tell(f"{account} is paused ({code}): resumed")
            if code == AdapterBug.code:  # nothing here is meant to look like one
                words = "paused for what was taken for a mistake in the adapter"
                self.chaos.found(number, [Violation(Kind.WRONG_STATE, account, "", 0, words)], self._story)
            self.house.resume(account)
            person[f"resumed after {code}"] += 1
        for row in rows:
            key = f"{row.account}/{row.invoice_number}"
            if row.state == "parked":
                self.chaos.tell(f"{key} is parked ({row.error}): retry")
                self.house.retry(row.account, row.invoice_number)
                person["retried what was parked"] += 1
            elif row.state == "person":
                reference = self._reference_at_portal(row.account, row.invoice_number, row.number)
                self.chaos.tell(f"{key} asks ({row.error}): {reference or 'not at the portal'}")
                self.house.resolve(row.account, row.invoice_number, reference)
                person["resolved an unknown outcome"] += 1
            elif row.state == "refused":  # every invoice is good: no portal said this
                words = f"refused, though the portal refused nothing: {row.error}"
                refused = Violation(Kind.WRONG_STATE, row.account, row.invoice_number, row.number, words)
                self.chaos.found(number, [refused], self._story)
                self.house.retry(row.account, row.invoice_number)

    def _reference_at_portal(self, account: str, number: str, revision: int) -> str | None:
        for record in self.portal.buyer.invoices():
            wanted = (self.house.suppliers[account], number, revision)
            if (record["supplier"], record["number"], record["revision"]) == wanted:
                return str(record["confirmation"])
        return None

    # -- readings ------------------------------------------------------------------------------------------------

    def _read(self, plan: Plan) -> frozenset[tuple[str, str]]:
        """The buyer decides on some invoices, and all are read once more in peace; those whose stage counts."""
        rng, latest = plan.decisions, {}
        for one in self.house.rounds():
            latest[one.account, one.invoice] = one
        due = {key: one for key, one in latest.items() if key not in self.read_to_the_end | self.given_up}
        paid = {key for key in due if rng.random() < 0.5}
        for key, one in due.items():
            if rng.random() < 0.6 or key in paid:
                word = "Paid" if key in paid else rng.choice(READ_AS)
                self.portal.buyer.set_status(one.reference or "", word, comment=f"{word} by the buyer")
        self.house.ask_for_readings(self.house.accounts)
        deadline = time.monotonic() + SETTLES_WITHIN_SECONDS
        while self.house.readings_due() and time.monotonic() < deadline:
            self._see_to_workers()
            self._be_the_person(plan.number, [])
            time.sleep(0.12)
        self.read_to_the_end |= paid
        return frozenset(due)

    # -- judging -------------------------------------------------------------------------------------------------

    def _judge(self, number: int, stages: frozenset[tuple[str, str]]) -> None:
        violations = compare(self.house.rounds(stages), self.portal.buyer.invoices(), self.house.suppliers)
        problem = self.house.audit_problem()
        if problem:
            violations.append(Violation(Kind.WRONG_STATE, "", "", 0, problem))
        self.chaos.found(number, violations, self._story)
        self._look_for_orphans(number)

    def _look_for_orphans(self, number: int, *, reporters_too: bool = False) -> None:
        ours = {self.portal.pid, *self.workers.pids}
        late = self.chaos._orphans.overdue(ours, reporters_too=reporters_too)
        words = [f"{process.role} {process.pid}: {process.command[:120]}" for process in late]
        self.chaos.found(number, [Violation(Kind.ORPHAN, "", "", 0, one) for one in words], self._story)

    def _note_stubborn(self) -> None:
        if self.workers.stubborn:
            words = f"{self.workers.stubborn} workers did not end after SIGTERM"
            self.chaos.found(0, [Violation(Kind.ORPHAN, "", "", 0, words)], self._story)

    def _story(self, violation: Violation) -> list[str]:
        if not violation.invoice:
            return []
        lines = self.house.story(violation.account, violation.invoice)
        supplier = self.house.suppliers.get(violation.account)
        lines += [
            f"ledger: {r['confirmation']} at {r['at']} revision {r['revision']} replaces {r['replaces'] or 'nothing'} "
            f"{r['status']} sent by {r['sent_by']}"
            for r in self.portal.buyer.invoices()
            if (r["supplier"], r["number"]) == (supplier, violation.invoice)
        ]
        return lines
