"""The processes of our browsers on Linux: whose they are, what they weigh, and an end to those nobody owns any more.

Each driver and each Chromium carries a mark on its command line that names the worker which started it. Elsewhere than
on Linux there is nothing to read, and nothing is found here.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "--submitter-worker="
GONE_SECONDS = 5.0  # how long a killed process may take to be gone
_MARKED = re.compile(rb"--submitter-worker=(\d+)-(\d+)-(\d+)-\d+")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    session: int
    started: int  # clock ticks after boot: with the number it names one process for good
    is_dead: bool  # dead, but not yet collected by its parent
    arguments: tuple[bytes, ...]


@dataclass(frozen=True)
class Worker:
    """A process that starts browsers. Numbers of processes mean something within one namespace only."""

    pid: int
    started: int
    namespace: int

    def __str__(self) -> str:
        return f"{self.pid}-{self.started}-{self.namespace}"

    @property
    def is_alive(self) -> bool:
        process = read_process(self.pid)
        return process is not None and process.started == self.started and not process.is_dead


def this_worker() -> Worker | None:
    """This process; None where it cannot be told from another one with the same number later."""
    if sys.platform != "linux":
        return None
    process, namespace = read_process(os.getpid()), _namespace()
    return None if process is None or namespace is None else Worker(process.pid, process.started, namespace)


def _namespace() -> int | None:
    """A container has one of its own; its process 7 is not the host's, though the host sees both."""
    try:
        return (_PROC / "self" / "ns" / "pid").stat().st_ino
    except OSError:
        return None


def read_process(pid: int) -> Process | None:
    folder = _PROC / str(pid)
    try:
        stat = (folder / "stat").read_bytes()
        arguments = (folder / "cmdline").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold anything
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        started=int(fields[19]),
        is_dead=fields[0] in (b"Z", b"X"),
        arguments=tuple(arguments.split(b"\0")),
    )


def all_processes() -> list[Process]:
    try:
        names = [entry.name for entry in _PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return []
    return [process for name in names if (process := read_process(int(name))) is not None]


def marked(mark: str, among: Iterable[Process]) -> list[Process]:
    """The driver and the Chromium that carry this mark; either may be gone."""
    if not mark.startswith(MARK):  # nothing was started with it, so nothing carries it
        return []
    return [process for process in among if mark.encode() in process.arguments]


# -- what they weigh ---------------------------------------------------------------------------------------------------


def weigh(mark: str) -> float | None:
    """Megabytes held by the Chromium with this mark and all below it; None where that cannot be read."""
    everything = all_processes()
    browsers = {process.pid for process in marked(mark, everything) if not _is_driver(process)}
    tree = _with_descendants(browsers, everything)
    found = [size for pid in tree if (size := _kilobytes(pid)) is not None]
    return sum(found) / 1024 if found else None


def _is_driver(process: Process) -> bool:
    return b"run-driver" in process.arguments


def _with_descendants(roots: Collection[int], everything: Iterable[Process]) -> set[int]:
    children: dict[int, list[int]] = {}
    for process in everything:
        children.setdefault(process.parent, []).append(process.pid)
    found, next_ones = set(roots), list(roots)
    while next_ones:
        below = [pid for pid in children.get(next_ones.pop(), ()) if pid not in found]
        found.update(below)
        next_ones.extend(below)
    return found


def _kilobytes(pid: int) -> int | None:
    """Its proportional share. A sandboxed process hides that from all but root: then what it holds for itself alone."""
    return _sum(pid, "smaps_rollup", ("Pss:",)) or _sum(pid, "status", ("RssAnon:", "RssShmem:"))


def _sum(pid: int, name: str, fields: tuple[str, ...]) -> int | None:
    try:
        lines = (_PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith(fields)]
    return sum(found) if found else None


# -- an end to them ----------------------------------------------------------------------------------------------------


def end_marked(mark: str) -> int:
    """Kill what is left of the browser with this mark; how many processes that were."""
    everything = all_processes()
    return _end(marked(mark, everything), everything)


def sweep(me: Worker) -> int:
    """Kill the browsers whose worker is dead; how many processes that were.

    Only such of this user and of this process namespace, and only those that carry a worker's mark: a worker that is
    alive keeps its browser, and nobody else's program is touched.
    """
    everything = all_processes()
    orphans = [process for process in everything if (owner := _owner(process, me)) is not None and not owner.is_alive]
    return _end(orphans, everything)


def _owner(process: Process, me: Worker) -> Worker | None:
    """The worker that this driver or Chromium was started by."""
    if not (_is_driver(process) or b"--remote-debugging-pipe" in process.arguments) or not _is_ours(process):
        return None
    for argument in process.arguments:
        if found := _MARKED.fullmatch(argument):
            worker = Worker(*(int(number) for number in found.groups()))
            return worker if worker.namespace == me.namespace else None
    return None


def _is_ours(process: Process) -> bool:
    try:
        return (_PROC / str(process.pid)).stat().st_uid == os.geteuid()
    except OSError:
        return False


def _end(leaders: Collection[Process], everything: Iterable[Process]) -> int:
    """Kill these and all of their sessions (Playwright gives each Chromium one), and wait until they are gone."""
    sessions = {process.pid for process in leaders}
    victims = {process.pid: process for process in leaders}
    victims.update({process.pid: process for process in everything if process.session in sessions})
    handles = [handle for process in victims.values() if (handle := _kill(process)) is not None]
    deadline = time.monotonic() + GONE_SECONDS
    for handle in handles:
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        gone.poll(max(deadline - time.monotonic(), 0) * 1000)
        os.close(handle)
    return len(handles)


def _kill(process: Process) -> int | None:
    """Kill this very process, never one that was given its number meanwhile; a handle that tells when it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return None
    now = read_process(process.pid)
    if now is None or now.started != process.started or now.is_dead:
        os.close(handle)
        return None
    with contextlib.suppress(OSError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    return handle
