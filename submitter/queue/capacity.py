"""How many visits this machine can carry at the same time.

A full Chromium with one warm visit may take 720 MB and every further visit 130 MB more; on quick portals more than
two visits a core bring nothing (docs/operations.md, sizing).
"""

from __future__ import annotations

import os
from pathlib import Path

FIRST_VISIT_MB = 720
FURTHER_VISIT_MB = 130
PER_CORE = 2
MOST = 32


def default_visits() -> int:
    """Two per core, as many as half of the free memory carries, and never less than one."""
    free = _available_megabytes()
    if free is None:
        return PER_CORE * _cores()
    by_memory = 1 + int((free / 2 - FIRST_VISIT_MB) // FURTHER_VISIT_MB)
    return max(1, min(PER_CORE * _cores(), by_memory, MOST))


def _cores() -> int:
    """Those this process may use; a container or `taskset` may allow fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _available_megabytes() -> int | None:
    """What the system can give without swapping, or what the control group still allows; None where neither says."""
    found = [value for value in (_meminfo(), _control_group()) if value is not None]
    return min(found) if found else None


def _meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["MemAvailable"].split()[0]) // 1024 if "MemAvailable" in fields else None


def _control_group() -> int | None:
    """Of a container with a memory limit (cgroup version 2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return None if limit == "max" else (int(limit) - int(used)) // 1_048_576
