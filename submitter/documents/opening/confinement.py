"""The limits that a program which opens documents sets itself before it sees one: memory, files, processor time."""

from __future__ import annotations

import io
import os
import sys
from typing import IO

try:
    import resource
except ImportError:  # Windows: the parent's wall-clock limit is all there is
    resource = None  # type: ignore[assignment]


def confine(memory_bytes: int, file_bytes: int, open_files: int, *, reserving: bool = False) -> None:
    """Never more memory, longer files and more open files than these, from now on and for good.

    ``reserving`` is for a library that reserves far more addresses than it uses: then what it uses is limited.
    """
    if resource is None:
        return
    for kind, value in (
        (resource.RLIMIT_DATA if reserving else resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (ceiling, ceiling))


def allow_processor_time(seconds: int) -> None:
    """So many seconds from now; the hard limit stays, so that it can be moved again for the next file."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def take_over_output() -> IO[str]:
    """The answers' own way out; whatever a library prints from now on goes to the error stream."""
    kept = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return io.TextIOWrapper(io.FileIO(kept, "w"), encoding="ascii", write_through=True)
