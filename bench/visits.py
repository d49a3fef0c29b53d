"""What visits cost: memory of everything, and invoices a minute, by the number of visits at the same time.

`python -m bench.visits` (after `make setup`, from the repository) runs a practice portal on loopback, queues a few
invoices for each of several accounts, and lets one worker visit 1, 2, 4 ... accounts at a time. Memory is the
proportional set size of the worker, the driver and the browser together (Linux). The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from submitter.adapters.finding import find_installed
from submitter.practice.buyer import Buyer, running_fieldgate
from submitter.queue.office import open_office
from submitter.queue.worker import Worker
from submitter.secrets import use_backend
from tests.chaos import house
from tests.chaos.house import House
from tests.chaos.processes import below, snapshot


class Portal:
    """The practice portal as the chaos tests' house knows it."""

    def __init__(self, buyer: Buyer) -> None:
        self.buyer = buyer


def megabytes() -> float:
    """Of this process and everything below it."""
    total = 0
    for pid in (os.getpid(), *(process.pid for process in below(os.getpid(), snapshot()))):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue  # it has ended since
        if b"submitter.practice" not in command:
            total += int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])
    return total / 1024


class Weighing(threading.Thread):
    """Looks twice a second; ``peak`` is the most it saw."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.peak = max(self.peak, megabytes())


def measure(visits: int, accounts: int, each: int) -> dict[str, Any]:
    """One run in a home and with a portal of its own."""
    names = [f"customer-{number}" for number in range(1, accounts + 1)]
    house.CUSTOMERS = {name: name.title() for name in names}
    house.KEEPS_SESSIONS = tuple(names)
    house.SETTINGS = "[browsing]\nstep_seconds = 30\n"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_fieldgate(Path(folder) / "portal") as buyer:
        supplier = House(Path(folder) / "home", Portal(buyer))  # type: ignore[arg-type]
        os.environ["SUBMITTER_SECRETS_FOLDER"] = str(supplier.secrets)
        use_backend()
        for name in names:
            (supplier.secrets / f"{name}.session-key").write_bytes(Fernet.generate_key())
            for number in range(each):
                supplier.queue(name, f"B-{name}-{number}", number + 1)
        office = open_office(supplier.home)
        weighing = Weighing()
        weighing.start()
        begun = time.monotonic()
        report = asyncio.run(Worker(office, visits=visits).run_until_idle(wait=False))
        seconds = time.monotonic() - begun
        weighing.over.set()
        weighing.join()
        office.close()
        supplier.office.close()
    return {
        "visits": visits,
        "invoices": report.receipts,
        "seconds": round(seconds, 1),
        "a_minute": round(report.receipts / seconds * 60, 1),
        "peak_mb": round(weighing.peak),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--accounts", type=int, default=8)
    parser.add_argument("--each", type=int, default=4, help="invoices for each account")
    given = parser.parse_args()
    browser = find_installed()
    print(f"browser: {browser.path if browser else 'Playwright own'}, cores: {os.cpu_count()}")
    print(f"{'visits':>8}{'invoices':>10}{'seconds':>9}{'a minute':>10}{'peak MB':>9}")
    rows = []
    for visits in given.visits:
        row = measure(visits, given.accounts, given.each)
        rows.append(row)
        print("".join(f"{row[key]:>{width}}" for key, width in zip(row, (8, 10, 9, 10, 9), strict=True)), flush=True)
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
