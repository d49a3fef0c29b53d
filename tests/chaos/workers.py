"""Worker processes: the real program, started as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.processes import Process, below, die_with_parent, kill_tree, send, snapshot

RUN = "from submitter.cli.main import run; run()"
STOPS_WITHIN_SECONDS = 45.0  # a stop finishes the round in hand; after this it is a defect


@dataclass
class Worker:
    name: str
    process: subprocess.Popen[bytes]
    told_to_stop: float | None = None  # when

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def family(self) -> list[Process]:
        return below(self.pid, snapshot())

    def stop(self) -> None:
        self.told_to_stop = self.told_to_stop or time.monotonic()
        send(self.pid, signal.SIGTERM)


@dataclass
class Workers:
    """All workers of one home; those that died are forgotten."""

    home: Path
    environment: dict[str, str]
    logs: Path
    stubborn: int = 0
    _all: list[Worker] = field(default_factory=list)
    _started: int = 0

    def start(self) -> Worker:
        self._started += 1
        name = f"w{self._started}"
        with (self.logs / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", RUN, "--home", str(self.home), "run"],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads here)
            )
        worker = Worker(name, process)
        self._all.append(worker)
        return worker

    @property
    def alive(self) -> list[Worker]:
        self._all = [worker for worker in self._all if worker.is_alive]
        return list(self._all)

    @property
    def working(self) -> list[Worker]:
        """Alive and not told to stop."""
        return [worker for worker in self.alive if worker.told_to_stop is None]

    @property
    def pids(self) -> set[int]:
        return {worker.pid for worker in self.alive}

    def thin_out(self, most: int) -> None:
        """Tell the eldest to stop, and end what does not listen."""
        for worker in self.working[: max(len(self.working) - most, 0)]:
            worker.stop()
        for worker in self.alive:
            if worker.told_to_stop and time.monotonic() - worker.told_to_stop > STOPS_WITHIN_SECONDS:
                self.stubborn += 1
                kill_tree(worker.pid)
                worker.process.wait()

    def end(self) -> None:
        """All of them, in good order; what does not end in time is killed with all it started."""
        for worker in self.alive:
            worker.stop()
        for worker in self.alive:
            left = STOPS_WITHIN_SECONDS - (time.monotonic() - (worker.told_to_stop or 0))
            try:
                worker.process.wait(timeout=max(left, 0.1))
            except subprocess.TimeoutExpired:
                self.stubborn += 1
                kill_tree(worker.pid)
                worker.process.wait()
