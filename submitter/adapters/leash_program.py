"""Becomes another program that dies with the one that started it. Run by path, by the scripts of leash.py, on Linux.

``leash_program.py LINKS WORKER-PID WORKER-STARTED PROGRAM NAME [ARGUMENT ...]``: PROGRAM is started under the name NAME
(its ``argv[0]``). LINKS is 1 for a child of the worker, 2 for a child of such a child. It imports nothing of ours and
as little as it can, because every start of a browser waits for it.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def main() -> int:
    links, pid, started = (int(word) for word in sys.argv[1:4])
    program, *arguments = sys.argv[4:]
    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0:
        return refuse("the kernel does not tie a program to the one that started it")
    if not is_held(links, pid, started):  # it died before the call above; no signal comes for that any more
        return refuse("the worker is gone")
    if links == 1:
        os.setsid()  # a Ctrl-C at the terminal is for the worker, which ends its visits first
    try:
        os.execv(program, arguments)  # noqa: S606 (replacing this process is what it is for)
    except OSError as error:
        return refuse(f"{program} cannot be started: {error.strerror}")


def is_held(links: int, worker: int, started: int) -> bool:
    """Whether the worker is alive, and this many steps or more above us."""
    pid = os.getppid()
    for _ in range(links - 1):
        pid = parent_and_start(pid)[0]
    while pid > 1 and pid != worker:
        pid = parent_and_start(pid)[0]
    return pid == worker and parent_and_start(worker)[1] == started


def parent_and_start(pid: int) -> tuple[int, int]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 (pathlib takes longer to import than all the rest)
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[1]), int(fields[19])


def refuse(why: str) -> int:
    sys.stderr.write(f"The browser was not started: {why}.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
