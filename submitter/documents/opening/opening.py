"""Reading a file without trusting it: the parent's side of `child.py`.

A file that kills, silences or fools the child costs one child and gets a verdict; the next file gets a new child, and
the files beside it are read on in theirs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from submitter.documents.einvoices.einvoice import read_terms
from submitter.documents.einvoices.official_rules import OfficialRules
from submitter.documents.opening.children import Children, Gone, program
from submitter.documents.opening.media_types import FOREIGN, NOT_KNOWN, NOT_READ, media_type_of
from submitter.documents.opening.reading import Attachment, DocumentReading, Verdict
from submitter.documents.opening.second_look import SecondLook
from submitter.documents.opening.unpacking import WHAT as UNPACKED
from submitter.documents.opening.unpacking import Unpacker, refusal_inside
from submitter.documents.opening.workspace import sweep
from submitter.settings import Files, Settings

__all__ = ["DocumentReader", "DocumentReading", "Verdict", "open_reader"]

MAX_FILE_BYTES = 50_000_000
WALL_SECONDS = 60.0  # three times the processor time: a machine that is busy elsewhere is not the document's fault
MOST_CHILDREN = 4  # each may take a gigabyte

_WHAT = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "application/json": "json",
    "image/png": "image",
    "image/jpeg": "image",
    "image/tiff": "image",
}


def open_reader(settings: Settings) -> DocumentReader:
    """A reader as the settings want it."""
    return DocumentReader(how=settings.files, own_rules=settings.rules_folder)


class DocumentReader:
    """Reads documents in child processes that are started when they are needed: one, or a few side by side for many.

    Use it as a context manager; any thread may read with it.
    """

    def __init__(
        self,
        *,
        wall_seconds: float = WALL_SECONDS,
        command: tuple[str, ...] | None = None,
        how: Files | None = None,
        own_rules: Path | None = None,
    ) -> None:
        how = how or Files()
        self._wall_seconds = wall_seconds
        self._most = how.processes or max(2, min(MOST_CHILDREN, os.cpu_count() or 2))
        self._children = Children(command or program("submitter.documents.opening.child"), self._most)
        self._look = SecondLook(self._most, how)
        self._rules = OfficialRules(own_rules) if how.official_rules else None
        self._unpacker = Unpacker(wall_seconds)

    def __enter__(self) -> Self:
        sweep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read_many(self, paths: Iterable[Path]) -> Generator[DocumentReading, None, None]:
        """The readings of these files, in their order. Several are read at a time; one that fails stops no other."""
        waiting: deque[Future[DocumentReading]] = deque()
        readers = ThreadPoolExecutor(self._most, thread_name_prefix="documents")
        try:
            for path in paths:
                waiting.append(readers.submit(self.read, path))
                if len(waiting) > 2 * self._most:  # so far ahead and no further: readings hold whole texts
                    yield waiting[0].result()
                    waiting.popleft()
            while waiting:
                yield waiting[0].result()
                waiting.popleft()
        except BaseException:  # nobody waits for the rest, so nothing may keep us waiting for it
            readers.shutdown(wait=False, cancel_futures=True)
            while left := [reading for reading in waiting if not reading.done()]:
                self._stop()  # again and again: a thread may have been just about to ask a new child
                wait(left, timeout=0.5)
            raise
        finally:
            readers.shutdown()

    def read(self, path: Path, *, shown: str = "", within: tuple[str, ...] = ()) -> DocumentReading:
        """What is in the file. Never raises for what the file is: every fault of a file is a verdict.

        A member of an archive is ``shown`` to staff by another name, and is ``within`` archives of these media types.
        """
        name = shown or path.name.encode("utf-8", "replace").decode("utf-8")
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
        if media_type in UNPACKED:
            return self._unpacked(path, known, refusal_inside(media_type, within))
        if media_type not in _WHAT:
            sentence = f"{name} is {NOT_READ.get(media_type, NOT_KNOWN)}."
            return DocumentReading(**known, verdict=Verdict.NOT_A_DOCUMENT, sentence=sentence)
        answer = self._ask(path, _WHAT[media_type])
        reading = _reading(known, answer)
        return self._look_again(path, reading) if answer.get("verdict") == reading.verdict else reading

    def _look_again(self, path: Path, reading: DocumentReading) -> DocumentReading:
        reading = self._look.opinion(path, reading)
        return self._rules.judge(path, reading) if self._rules else reading

    def scan_many(self, read: Mapping[Path, DocumentReading]) -> dict[Path, DocumentReading]:
        """The same files with what barcodes and letters on them say, as far as they hold no text of their own."""
        with ThreadPoolExecutor(self._most, thread_name_prefix="scans") as readers:
            places = [reading.place or path for path, reading in read.items()]
            return dict(zip(read, readers.map(self._look.scan, places, read.values()), strict=True))

    def _unpacked(self, path: Path, known: dict[str, Any], refusal: str) -> DocumentReading:
        """An archive or a mail: its members are there, to be read one by one (`unpacking.with_members`)."""
        if refusal:
            sentence = f"{known['name']} is {refusal}."
            return DocumentReading(**known, verdict=Verdict.NOT_A_DOCUMENT, sentence=sentence)
        return _reading(known, self._unpacker.unpack(path, known["media_type"]))

    def forget_unpacked(self) -> None:
        """Remove what archives and mails were unpacked to. Whoever needs it longer has stored it by now."""
        self._unpacker.forget()

    def read_workbook(self, path: Path) -> dict[str, Any]:
        """The cells of a spreadsheet, as `sheets.py` answers them; what is wrong with it is in its verdict, too."""
        return self._ask(path, "sheet")

    def _ask(self, path: Path, what: str) -> dict[str, Any]:
        try:
            return self._children.ask({"path": str(path.absolute()), "what": what}, self._wall_seconds)
        except TimeoutError:
            return _hostile(f"It could not be read within {self._wall_seconds:.0f} seconds, so it was given up.")
        except Gone:
            return _hostile("Reading it used up the time or memory allowed, so it was given up.")

    def _stop(self) -> None:
        self._children.stop()
        self._look.stop()
        if self._rules:
            self._rules.stop()
        self._unpacker.stop()


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
            return about.st_size, FOREIGN, ""
        start = source.read(2048)
        source.seek(0)
        return about.st_size, media_type_of(start), hashlib.file_digest(source, "sha256").hexdigest()


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
            text_plain=answer.get("text_plain", answer.get("text", "")),
            text_layout=answer.get("text_layout", ""),
            members=answer.get("members", ()),
            attachments=tuple(Attachment(**item) for item in answer.get("attachments", ())),
            invoice=carried.invoice if carried else None,
            adjustments=carried.adjustments if carried else None,
            invoice_problem=carried.problem if carried else answer.get("problem", ""),
        )
    except (KeyError, TypeError, ValueError):
        sentence = f"{known['name']}: reading it gave no usable answer."
        return DocumentReading(**known, verdict=Verdict.DAMAGED, sentence=sentence)
