"""``python -m tests.chaos --rounds N --seed S``: chaos, and whether anything was sent twice, lost or told wrongly."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.databases import databases_for
from tests.chaos.run import Chaos


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seed", type=int, default=None, help="what is tried; chosen and printed when left out")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, default=None, help="where chaos-SEED.txt and failed rounds stay")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("SUBMITTER_") and "BROWSER" not in name]:
        del os.environ[name]  # nobody's own database or secrets
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    sys.stderr.write(f"seed {seed}, {options.rounds} rounds, {options.database}\n")
    keep = options.keep or Path(tempfile.mkdtemp(prefix="chaos-kept-"))
    with databases_for(options.database) as databases:
        chaos = Chaos(seed, keep, databases)
        tally = chaos.run(options.rounds)
    if tally.is_clean and options.keep is None:
        shutil.rmtree(keep, ignore_errors=True)
    elif not tally.is_clean:
        sys.stderr.write(f"the stories are in {keep / f'chaos-{seed}.txt'}\n")
    sys.stdout.write(f"seed {seed}\n{tally.as_table()}\n{tally.as_json()}\n")
    return 0 if tally.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
