"""What a run counted, as a table for people and as one JSON object for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.comparison import Kind

ZERO = (Kind.LOST, Kind.DUPLICATE, Kind.WRONG_STATE, Kind.HASH_MISMATCH, Kind.ORPHAN)


@dataclass
class Tally:
    rounds: int = 0
    submissions: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: Counter[Kind] = field(default_factory=Counter)
    person: Counter[str] = field(default_factory=Counter)  # what the harness did as a person would
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not any(self.violations[kind] for kind in ZERO)

    def as_json(self) -> str:
        return json.dumps(
            {
                "rounds": self.rounds,
                "kills": self.kills.total(),
                "faults": self.faults.total(),
                "submissions": self.submissions,
                **{kind.value: self.violations[kind] for kind in ZERO},
                "seconds": round(self.seconds, 1),
            }
        )

    def as_table(self) -> str:
        rows = [("rounds", self.rounds), ("submissions", self.submissions)]
        for title, counts in (("kills", self.kills), ("faults", self.faults), ("a person", self.person)):
            rows += [(title, counts.total()), *((f"  {name}", count) for name, count in sorted(counts.items()))]
        rows += [(kind.value.replace("_", " "), self.violations[kind]) for kind in ZERO]
        rows += [("seconds", round(self.seconds))]
        return "\n".join(f"{name:<44}{count:>8}" for name, count in rows)
