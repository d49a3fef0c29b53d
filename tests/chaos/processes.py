"""Processes as /proc shows them: who descends from whom, what each one is, and who was left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PR_SET_PDEATHSIG = 1
DRIVER, BROWSER, RENDERER, REPORTER, OTHER = "driver", "chromium", "renderer", "crash reporter", "other"


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    state: str  # one letter: R, S, D, T (stopped), Z (dead, not yet waited for)
    born: int  # clock ticks since boot; with the pid it names a process for good
    command: str

    @property
    def is_of_a_browser(self) -> bool:
        """Chromium with its parts, or the driver; not the database server or the portal of this run."""
        return self.role != OTHER or "--type=" in self.command

    @property
    def role(self) -> str:
        if "crashpad" in self.command:
            return REPORTER
        if "run-driver" in self.command:
            return DRIVER
        if "--type=renderer" in self.command:
            return RENDERER
        if "--remote-debugging-p" in self.command and not self.command.startswith(("/bin/sh", "--")):
            return BROWSER
        return OTHER


def become_foster_parent() -> None:
    """Descendants whose parents die become children of this process instead of init's, so none can slip away."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1) != 0:
        raise OSError(ctypes.get_errno(), "this system cannot hand orphans to us")


def die_with_parent() -> None:
    """For a child before it runs its program: when the harness is killed, nothing of it stays."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def snapshot() -> dict[int, Process]:
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            pid = int(folder.name)
            found[pid] = Process(pid, int(fields[1]), fields[0], int(fields[19]), command)
    return found


def below(pid: int, everything: dict[int, Process]) -> list[Process]:
    """All descendants, parents before children."""
    found = [p for p in everything.values() if p.parent == pid]
    for process in list(found):
        found += below(process.pid, everything)
    return found


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_tree(pid: int) -> None:
    """The process and all that descends from it; it is stopped first, so that it starts nothing meanwhile."""
    send(pid, signal.SIGSTOP)
    family = below(pid, snapshot())
    for one in (pid, *(process.pid for process in family)):
        send(one, signal.SIGKILL)


@dataclass
class Orphans:
    """Children that this process never started: what dead workers left behind. They get some seconds to end."""

    grace_seconds: float
    _first_seen: dict[tuple[int, int], float] = field(default_factory=dict)

    def overdue(self, ours: set[int], *, reporters_too: bool = False) -> list[Process]:
        """What has outlived its worker for longer than the grace time. It is killed, so each is told of once.

        Chromium's crash reporter leaves its parent at birth, so it looks orphaned from the start: it counts only when
        no worker is left (``reporters_too``).
        """
        everything = snapshot()
        strangers = [p for p in everything.values() if p.parent == os.getpid() and p.pid not in ours]
        late: list[Process] = []
        now = time.monotonic()
        for process in strangers:
            if process.state == "Z":
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
                continue
            if not process.is_of_a_browser or (process.role == REPORTER and not reporters_too):
                continue
            first = self._first_seen.setdefault((process.pid, process.born), now)
            if now - first > self.grace_seconds:
                late += [process, *below(process.pid, everything)]
        for process in late:
            send(process.pid, signal.SIGKILL)
        return late

    def any_left(self, ours: set[int]) -> bool:
        mine = [p for p in snapshot().values() if p.parent == os.getpid() and p.pid not in ours]
        return any(p.is_of_a_browser and p.state != "Z" for p in mine)
