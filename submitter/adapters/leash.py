"""The leash: no driver and no Chromium outlives its worker, however that one dies (Linux).

The worker holds Playwright's driver, and the driver holds Chromium. The kernel kills each of the two the moment the one
that holds it is gone (parent-death signal), even when it is frozen. For that both are started through a small script in
a folder of their own, where they also keep their temporary files. What the leash could not hold (a folder from which
no program may be started, a browser whose starter changes its rights, as snap does) is swept up by the next worker.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Self

import structlog

from submitter.adapters import processes
from submitter.adapters.processes import Worker

log = structlog.get_logger()

PROGRAM = Path(__file__).with_name("leash_program.py")
LONGEST_FOLDER = 60  # Chromium puts a socket 45 characters below its temporary folder; 107 are the most there may be
_FOLDER = re.compile(r"submitter-(\d+)-(\d+)-(\d+)-\w+")


class Leash:
    """The folder of one driver and its Chromium, and the scripts that start them."""

    def __init__(self, worker: Worker, mark: str, folder: Path) -> None:
        self.worker = worker
        self.mark = mark
        self.folder = folder

    @classmethod
    def make(cls, worker: Worker, mark: str) -> Self | None:
        """None, with a warning, where no program can be started from the temporary folder."""
        leash = cls(worker, mark, Path(tempfile.mkdtemp(prefix=f"submitter-{worker}-")))
        if may_be_started(leash._write("probe", "exit 0")):
            return leash
        leash.remove()
        log.warning(
            "no program may be started from the temporary folder; a browser may outlive a worker that is killed"
        )
        return None

    def driver_script(self, node: str) -> Path:
        """Starts the driver; it goes by the mark, so that it can be found."""
        return self._script("driver", 1, node, self.mark, str(self.folder))

    def browser_script(self, program: str) -> Path:
        """Starts Chromium; its mark stands among its flags."""
        folder = str(self.folder) if len(str(self.folder)) <= LONGEST_FOLDER else tempfile.gettempdir()
        return self._script("browser", 2, program, program, folder)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _script(self, script: str, links: int, program: str, name: str, temporary: str) -> Path:
        python = [sys.executable, "-I", "-S", "-E", str(PROGRAM)]
        words = [*python, str(links), str(self.worker.pid), str(self.worker.started), program, name]
        return self._write(script, f'TMPDIR={shlex.quote(temporary)}\nexport TMPDIR\nexec {shlex.join(words)} "$@"')

    def _write(self, script: str, lines: str) -> Path:
        path = self.folder / script
        path.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        path.chmod(0o700)
        return path


def may_be_started(script: Path) -> bool:
    """Not where the file system is mounted without leave to start programs."""
    return bool(sys.executable) and os.access(script, os.X_OK)


def folder_prefix() -> str:
    """For a temporary folder of this process that ``sweep`` removes when the process could not do so itself."""
    worker = processes.this_worker()
    return f"submitter-{worker}-" if worker else "submitter-"


def sweep(me: Worker) -> None:
    """End the browsers that dead workers left behind, and remove their folders."""
    ended = processes.sweep(me)
    if ended:
        log.warning("a worker that is gone had left its browser behind; it was ended", processes=ended)
    for path in Path(tempfile.gettempdir()).glob("submitter-*-*-*-*"):
        found = _FOLDER.fullmatch(path.name)
        if found is None:
            continue
        owner = Worker(*(int(number) for number in found.groups()))
        if owner.namespace == me.namespace and not owner.is_alive and _is_our_folder(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_our_folder(path: Path) -> bool:
    try:
        about = path.lstat()
    except OSError:  # another worker sweeps too
        return False
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid()
