"""Reading a file without trusting it: the parent's side of `child.py`.

A file that kills, silences or fools the child costs one child and gets a verdict; the next file gets a new child.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from submitter.documents.einvoice import read_terms
from submitter.documents.reading import Attachment, DocumentReading, Verdict
from submitter.errors import ConfigurationError

__all__ = ["DocumentReader", "DocumentReading", "Verdict"]

MAX_FILE_BYTES = 50_000_000
WALL_SECONDS = 30.0
START_SECONDS = 60.0  # a cold disk loads the libraries slowly; that is not the document's fault
FILES_PER_CHILD = 200  # memory that libraries never give back must not become a later document's verdict
_ANSWER_BYTES = 32_000_000
_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "PYTHONDONTWRITEBYTECODE")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_WHAT = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "image/png": "image",
    "image/jpeg": "image",
    "image/tiff": "image",
}


class DocumentReader:
    """Reads documents one after the other, in a child process that is started when it is first needed.

    Use it as a context manager; one reader serves one thread.
    """

    def __init__(self, *, wall_seconds: float = WALL_SECONDS, command: tuple[str, ...] | None = None) -> None:
        self._wall_seconds = wall_seconds
        self._command = command or (sys.executable, "-P", "-m", "submitter.documents.child")
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, path: Path) -> DocumentReading:
        """What is in the file. Never raises for what the file is: every fault of a file is a verdict."""
        name = path.name.encode("utf-8", "replace").decode("utf-8")
        try:
            found = _look_at(path)
        except OSError as error:
            why = error.strerror or "no reason was given"
            return DocumentReading(
                name=name, verdict=Verdict.DAMAGED, sentence=f"{name} cannot be opened on this computer ({why})."
            )
        if isinstance(found, str):
            return DocumentReading(name=name, verdict=Verdict.NOT_A_DOCUMENT, sentence=f"{name} is {found}.")
        size, media_type, sha256 = found
        known: dict[str, Any] = {"name": name, "size": size, "media_type": media_type, "sha256": sha256}
        if size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES // 1_000_000} MB"
            sentence = f"{name} is {size / 1_000_000:.0f} MB; files over {limit} are not opened."
            return DocumentReading(**known, verdict=Verdict.TOO_LARGE, sentence=sentence)
        if size == 0:
            return DocumentReading(**known, verdict=Verdict.DAMAGED, sentence=f"{name} is empty.")
        if media_type not in _WHAT:
            sentence = f"{name} is not a PDF, a picture (PNG, JPEG, TIFF) or XML."
            return DocumentReading(**known, verdict=Verdict.NOT_A_DOCUMENT, sentence=sentence)
        return _reading(known, self._ask(path, _WHAT[media_type]))

    def _ask(self, path: Path, what: str) -> dict[str, Any]:
        if self._child is None or self._child.asked >= FILES_PER_CHILD:
            self._stop()
            self._child = _Child(self._command)
        try:
            answer = self._child.ask({"path": str(path.absolute()), "what": what}, self._wall_seconds)
        except TimeoutError:
            self._stop()
            return _hostile(f"It could not be read within {self._wall_seconds:.0f} seconds, so it was given up.")
        except (EOFError, BrokenPipeError, ValueError):
            self._stop()
            return _hostile("Reading it used up the time or memory allowed, so it was given up.")
        if answer.get("verdict") == Verdict.HOSTILE:
            self._stop()  # whatever it did to the child's memory must not reach the next file
        return answer

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


class _Child:
    """One running child, and the thread that listens to it: a pipe cannot be read with a time limit everywhere."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.asked = 0
        # Complaints go to a file, not a pipe that fills up when nobody reads; the child's file-size limit bounds it
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed in stop()
        self._process = subprocess.Popen(  # noqa: S603  our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_environment(),
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="documents-child", daemon=True)
        self._listener.start()
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        """A child that cannot start is our own fault and must not become a verdict on a document."""
        try:
            ready = self._answer(START_SECONDS).get("ready")
        except (EOFError, TimeoutError, ValueError):
            ready = False
        if ready:
            return
        self._process.kill()
        self._process.wait()
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

    def ask(self, request: dict[str, str], seconds: float) -> dict[str, Any]:
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

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream is not None:
                with suppress(OSError):  # a request that the dead child never took may still be in the pipe
                    stream.close()


def _environment() -> dict[str, str]:
    """Little of ours: no secret in an environment variable reaches the process that opens hostile files."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONIOENCODING": "utf-8"}


def _look_at(path: Path) -> tuple[int, str, str] | str:
    """Size, media type and SHA-256 of a regular file, or what it is instead. A pipe must not make us wait."""
    if not stat.S_ISREG(path.stat().st_mode):
        return "a folder, not a file" if path.is_dir() else "not an ordinary file"
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(path, flags), "rb") as source:
        about = os.fstat(source.fileno())
        if not stat.S_ISREG(about.st_mode):
            return "not an ordinary file"
        if about.st_size > MAX_FILE_BYTES:
            return about.st_size, "application/octet-stream", ""
        start = source.read(2048)
        source.seek(0)
        return about.st_size, media_type_of(start), hashlib.file_digest(source, "sha256").hexdigest()


def media_type_of(start: bytes) -> str:
    """The media type by the first bytes. A PDF may have up to a kilobyte of other bytes before its header."""
    for magic, media_type in _MAGIC:
        if start.startswith(magic):
            return media_type
    if b"%PDF-" in start[:1024]:
        return "application/pdf"
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"<") and not bare[:15].lower().startswith((b"<html", b"<!doctype html")):
        return "application/xml"
    if start.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
        return "application/xml"
    return "application/octet-stream"


def _hostile(sentence: str) -> dict[str, Any]:
    return {"verdict": Verdict.HOSTILE.value, "sentence": sentence}


def _reading(known: dict[str, Any], answer: dict[str, Any]) -> DocumentReading:
    """The child's answer as a reading. The child read hostile bytes, so its answer is checked like any other input."""
    try:
        verdict = Verdict(answer["verdict"])
        if verdict is not Verdict.OK:
            sentence = f"{known['name']}: {answer['sentence']}"
            return DocumentReading(**known, verdict=verdict, sentence=sentence)
        if answer["sha256"] != known["sha256"]:
            sentence = f"{known['name']} was changed while it was read; please try again."
            return DocumentReading(**known, verdict=Verdict.DAMAGED, sentence=sentence)
        carried = read_terms(answer["terms"], answer["currencies"]) if "terms" in answer else None
        return DocumentReading(
            **known,
            **{key: answer[key] for key in ("pages", "width", "height", "signed", "encrypted") if key in answer},
            text_plain=answer.get("text_plain", ""),
            text_layout=answer.get("text_layout", ""),
            attachments=tuple(Attachment(**item) for item in answer.get("attachments", ())),
            invoice=carried.invoice if carried else None,
            adjustments=carried.adjustments if carried else None,
            invoice_problem=carried.problem if carried else answer.get("problem", ""),
        )
    except (KeyError, TypeError, ValueError):
        sentence = f"{known['name']}: reading it gave no usable answer."
        return DocumentReading(**known, verdict=Verdict.DAMAGED, sentence=sentence)
