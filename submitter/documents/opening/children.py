"""The processes that open files for us, from our side: a few long-lived ones, each lent to one file at a time.

What a file does to its process ends with that process; the file gets a verdict, and the next file a new process. The
programs themselves are `child.py` and the second looks (`scan_child.py`, `rules_child.py`).
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from submitter.errors import ConfigurationError

START_SECONDS = 60.0  # a cold disk loads the libraries slowly; that is not the document's fault
JOIN_SECONDS = 5.0
FILES_PER_CHILD = 500  # memory that libraries never give back must not become a later document's verdict
_ANSWER_BYTES = 32_000_000
_KEPT_ENVIRONMENT = (
    *("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "PYTHONDONTWRITEBYTECODE"),
    "TESSDATA_PREFIX",  # where the program that reads letters has its languages
)


class Gone(Exception):
    """The process died over the file, or answered with nonsense."""


def program(module: str) -> tuple[str, ...]:
    """The command that runs one of our own programs."""
    return (sys.executable, "-P", "-m", module)


class Children:
    """Up to ``most`` processes of one program, started when they are needed. Any thread may ask."""

    def __init__(self, command: tuple[str, ...], most: int) -> None:
        self._command = command
        # Last in, first out: whoever reads one file after the other keeps one process warm and starts no second
        self._places: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(most):
            self._places.put(None)
        self._running: set[Child] = set()
        self._stops = 0
        self._lock = threading.Lock()

    @property
    def running(self) -> tuple[Child, ...]:
        with self._lock:
            return tuple(self._running)

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer of a free process. TimeoutError when none comes in time, Gone when the process died.

        ConfigurationError when no process can be started, which is not the file's fault.
        """
        asked_after = self._stops
        child = self._places.get()
        try:
            if child is not None and (child.asked >= FILES_PER_CHILD or child.ended):
                self._end(child)
                child = None
            child = child or self._start(asked_after)
            answer = child.ask(request, seconds)
            if answer.get("verdict") == "hostile":
                self._end(child)  # whatever the file did to the memory there must not reach the next file
            return answer
        except (EOFError, BrokenPipeError, ValueError) as error:
            self._end(child)
            raise Gone from error
        except BaseException:
            self._end(child)
            raise
        finally:
            self._places.put(None if child is None or child.ended else child)

    def stop(self) -> None:
        """End all processes, also those that are busy: who waits for their answer gets Gone at once."""
        with self._lock:
            self._stops += 1
        for child in self.running:
            self._end(child)

    def _start(self, asked_after: int) -> Child:
        child = Child(self._command)
        with self._lock:
            if self._stops == asked_after:
                self._running.add(child)
                return child
        child.stop()  # all were ended while this one was starting, and nobody waits for its answer any more
        raise EOFError

    def _end(self, child: Child | None) -> None:
        if child is not None:
            with self._lock:
                self._running.discard(child)
            child.stop()


class Child:
    """One running process, and the thread that listens to it: a pipe cannot be read with a time limit everywhere."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.asked = 0
        # Complaints go to a file, not a pipe that fills up when nobody reads; the child's file-size limit bounds it
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed in stop()
        self._process = subprocess.Popen(  # noqa: S603  our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=child_environment(),
            start_new_session=True,  # so that a program it has started ends with it
        )
        self._stopping = threading.Lock()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="documents-child", daemon=True)
        self._listener.start()
        self._wait_until_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def _wait_until_ready(self) -> None:
        """A process that cannot start is our own fault and must not become a verdict on a document."""
        try:
            ready = self._answer(START_SECONDS).get("ready")
        except (EOFError, TimeoutError, ValueError):
            ready = False
        if ready:
            return
        self._kill()
        self._complaints.seek(0)
        last = self._complaints.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        self.stop()
        raise ConfigurationError(f"The program that opens documents could not be started. {''.join(last)}".strip())

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101  asked for above
        line = stream.readline(_ANSWER_BYTES)
        while line.endswith(b"\n"):
            self._lines.put(line)
            line = stream.readline(_ANSWER_BYTES)
        self._lines.put(b"")  # the end, or a line without one: either way there is no more to trust

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer; TimeoutError when none comes in time, EOFError when the child died, ValueError for nonsense."""
        self._complaints.seek(0)
        self._complaints.truncate()
        stream = self._process.stdin
        assert stream is not None  # noqa: S101
        stream.write(json.dumps(request).encode("ascii") + b"\n")
        stream.flush()
        self.asked += 1
        return self._answer(seconds)

    def _answer(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if not line:
            raise EOFError
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("not an answer")
        return answer

    def _kill(self) -> None:
        if self._process.poll() is None:  # else its number may be another process's by now
            with suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        with self._stopping:
            if not self._complaints.closed:
                self._kill()
                self._listener.join(JOIN_SECONDS)
                streams = [self._process.stdin, self._complaints]
                if not self._listener.is_alive():  # else a program that it has started holds the pipe open for a while
                    streams.append(self._process.stdout)
                for stream in streams:
                    if stream is not None:
                        with suppress(OSError):  # a request that the dead child never took may still be in the pipe
                            stream.close()


def child_environment() -> dict[str, str]:
    """Little of ours: no secret in an environment variable reaches the process that opens hostile files."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "PYTHONIOENCODING": "utf-8"}
