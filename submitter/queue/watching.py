"""The watch folder: whatever is put there is taken in once it is whole, and then put away.

What counts is the queue in the database. A delivery is queued first and put away afterwards; if we end in between, it
is read again, found to be the very same, and put away then.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from submitter.documents.intake import IntakeItem, IntakeReport, IntakeVerdict
from submitter.documents.lists.lists import files_named, find_list
from submitter.documents.lists.manifest import ManifestRow, read_manifest
from submitter.documents.lists.mapping import ListFormat, list_format
from submitter.documents.opening.opening import DocumentReader, open_reader
from submitter.documents.tokens import mentions
from submitter.errors import ConfigurationError, DocumentRefused, SubmitterError
from submitter.queue import clearing
from submitter.queue.clearing import NotCleared
from submitter.queue.deliveries import BLOCKED, DONE, Delivery, Seen, Settling, deliveries, seen
from submitter.queue.intake import look_in, queue_item
from submitter.queue.keeping import originals
from submitter.queue.office import Office
from submitter.queue.sorting import NOT_USED, Sorting, named, rows_of, sentences_of, sources_of
from submitter.store import submissions

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".submitter-watching"
TRIES = 3  # for an invoice whose files could not be stored although the vault works


@dataclass(frozen=True)
class Told:
    """What the person at the screen is told. ``report`` has all items of a delivery that was taken in."""

    sentence: str = ""
    report: IntakeReport | None = None
    trouble: bool = False


@dataclass
class _Later:
    """A delivery that was left as it lies: nothing is done about it before ``at``, unless its files change."""

    files: dict[Path, Seen]
    at: float
    tries: int = 0


class Watch:
    """One watch folder, looked at by one program at a time."""

    def __init__(
        self,
        office: Office,
        folder: Path,
        who: str,
        tell: Callable[[Told], None],
        explain: Callable[[Exception], str],
        stopping: threading.Event,
    ) -> None:
        self._office = office
        self._folder = folder
        self._who = who
        self._tell = tell
        self._explain = explain
        self._stopping = stopping
        self._settings = office.settings.watching
        self._format: ListFormat = list_format(office.settings)
        self._settling = Settling(self._settings.settle_seconds)
        self._later: dict[Path, _Later] = {}
        self._lists: dict[Path, tuple[Seen, tuple[ManifestRow, ...]]] = {}
        self._waiting: dict[Path, list[str]] = {}
        self._said: dict[Path, str] = {}

    def run(self) -> None:
        """Look again and again until asked to stop; a delivery in hand is ended between two invoices."""
        if not self._office.customers:
            raise ConfigurationError(
                f"There are no customers yet: {self._office.settings.customers_folder} has no *.toml file."
            )
        with _alone_in(self._folder):
            clearing.sweep(self._folder)
            while not self._stopping.is_set():
                self.look()
                self._stopping.wait(self._settings.look_seconds)

    def look(self) -> None:
        """Finish what was interrupted, then take in every delivery that is whole."""
        busy = self._finish_plans()
        try:
            found = list(deliveries(self._folder, busy))
        except (OSError, DocumentRefused) as error:
            why = getattr(error, "strerror", None) or error
            self._say_once(self._folder, f"{self._folder} cannot be looked at: {why}")
            return
        self._said.pop(self._folder, None)
        now = time.monotonic()
        self._settling.look(found, now)
        self._later = {place: one for place, one in self._later.items() if place in {d.place for d in found}}
        for delivery in found:
            if self._stopping.is_set():
                return
            if not self._is_put_off(delivery, now) and self._settling.is_whole(delivery, now):
                self._take(delivery)

    def _finish_plans(self) -> set[Path]:
        busy: set[Path] = set()
        for path, plan in clearing.pending(self._folder):
            if plan is None:
                self._say_once(path, f"{path} cannot be read; take it away once you have seen what lies in the folder.")
                continue
            try:
                clearing.finish(self._folder, path, plan)
            except NotCleared as why:
                busy |= clearing.sources(self._folder, plan)
                self._say_once(path, str(why))
        return busy

    def _say_once(self, about: Path, sentence: str) -> None:
        if self._said.get(about) != sentence:
            self._said[about] = sentence
            self._tell(Told(sentence, trouble=True))

    def _is_put_off(self, delivery: Delivery, now: float) -> bool:
        later = self._later.get(delivery.place)
        return later is not None and later.files == delivery.files and now < later.at

    def _put_off(self, delivery: Delivery, seconds: float) -> int:
        """Leave it as it lies; how often that was done with the very same files."""
        before = self._later.get(delivery.place)
        tries = before.tries + 1 if before and before.files == delivery.files else 1
        self._later[delivery.place] = _Later(dict(delivery.files), time.monotonic() + seconds, tries)
        return tries

    def _take(self, delivery: Delivery) -> None:
        try:
            with open_reader(self._office.settings) as reader:
                if (left := self._wait_for_files(delivery, reader)) > 0:
                    self._put_off(delivery, min(left, self._settings.look_seconds))
                    return
                try:
                    report = look_in(self._office, delivery.place, reader, list(delivery.files))
                except DocumentRefused as error:
                    self._refuse(delivery, error.message)
                    return
                items = self._queue(delivery, report)
                if items is not None:
                    self._put_away(delivery, report.model_copy(update={"items": items}))
        except NotCleared as why:
            self._put_off(delivery, self._settings.again_seconds)
            self._tell(Told(str(why), trouble=True))
        except Exception as error:  # noqa: BLE001 (one delivery's trouble must not stop the others)
            self._put_off(delivery, self._settings.again_seconds)
            said = error.message if isinstance(error, SubmitterError) else self._explain(error)
            self._tell(Told(f"{delivery.place} is tried again later: {said}", trouble=True))

    def _wait_for_files(self, delivery: Delivery, reader: DocumentReader) -> float:
        """Seconds that the list still waits for files that it names and that have not come."""
        waited = self._settling.waited(delivery.files, time.monotonic())
        left = self._settings.wait_minutes * 60 - waited
        if left <= 0:
            return 0.0
        try:
            rows = self._rows(delivery, reader)
        except DocumentRefused:  # which taking it in will say
            return 0.0
        there = {path.relative_to(delivery.place).as_posix() for path in delivery.files}
        named_files = [file for file in files_named(rows) if file not in there]
        nameless = [row for row in rows if not row.file and row.invoice_number]
        missing = named_files or [
            row.invoice_number
            for row in nameless
            if not any(mentions(Path(one).stem, row.invoice_number) for one in there)
        ]
        if missing and self._waiting.get(delivery.place) != missing:
            self._waiting[delivery.place] = missing
            wanted = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            self._tell(Told(f"{delivery.place}: the list waits for {wanted}, {max(left / 60, 1):.0f} minutes at most."))
        return left if missing else 0.0

    def _rows(self, delivery: Delivery, reader: DocumentReader) -> tuple[ManifestRow, ...]:
        path = find_list(delivery.place, self._format.names)
        if path is None or path not in delivery.files:
            return ()
        known = self._lists.get(path)
        if known is None or known[0] != delivery.files[path]:
            known = delivery.files[path], tuple(read_manifest(path, self._format, reader))
            self._lists = {one: kept for one, kept in self._lists.items() if one.exists()} | {path: known}
        return known[1]

    def _refuse(self, delivery: Delivery, sentence: str) -> None:
        """Nothing in it can be worked with. Without a list, the invoice that the files belong to may still come."""
        has_list = any(path in delivery.files for path in self._lists_in(delivery))
        left = self._settings.wait_minutes * 60 - self._settling.waited(delivery.files, time.monotonic())
        if not has_list and left > 0:
            self._put_off(delivery, left)
            self._tell(Told(f"{sentence} It is left there for {max(left / 60, 1):.0f} minutes more."))
            return
        sorting = Sorting(self._folder, delivery, datetime.now().astimezone())
        called = delivery.place.name if delivery.place != self._folder else "delivery" if has_list else NOT_USED
        place = sorting.block(called, list(delivery.files), [sentence])
        clearing.carry_out(self._folder, sorting.plan())
        self._tell(Told(f"{sentence} It was put into {place.relative_to(self._folder)}."))

    def _lists_in(self, delivery: Delivery) -> list[Path]:
        try:
            found = find_list(delivery.place, self._format.names)
        except DocumentRefused:  # two of them
            return list(delivery.files)
        return [found] if found else []

    def _queue(self, delivery: Delivery, report: IntakeReport) -> tuple[IntakeItem, ...] | None:
        """The items, each queued or not; None when the delivery is to stay as it lies."""
        items: list[IntakeItem] = []
        for item in report.items:
            if self._stopping.is_set():
                return None
            items.append(queue_item(self._office, item, self._who))
        unstored = [one for item in items for one in item.findings if one.rule == "documents.changed"]
        if unstored and (
            self._is_our_trouble(delivery) or self._put_off(delivery, self._settings.again_seconds) < TRIES
        ):
            self._put_off(delivery, self._settings.again_seconds)
            self._tell(Told(f"{unstored[0].sentence} {delivery.place} is tried again later.", trouble=True))
            return None
        return tuple(items)

    def _is_our_trouble(self, delivery: Delivery) -> bool:
        """Whether files changed meanwhile, or nothing can be stored at all."""
        if any(seen(path) != state for path, state in delivery.files.items()):
            return True
        try:
            self._office.vault.probe()
        except OSError:
            return True
        return False

    def _put_away(self, delivery: Delivery, report: IntakeReport) -> None:
        sorting = Sorting(self._folder, delivery, datetime.now().astimezone())
        blocked, known = [], set()
        for item in report.items:
            stored = self._stored(item)
            if stored is None:
                blocked.append(item)
                continue
            known |= stored
            for path in sources_of(item, report, delivery):
                sorting.done(path)
        for path in sorted(sorting.left - set(report.lists)) if known else ():
            if _sha256(path) in known:  # a proof of what was queued before we were interrupted
                sorting.done(path)
        for path in report.lists:
            sorting.done(path)
        orders = [path for path in report.lists if path not in self._lists]  # each invoice is held against them again
        for item in blocked:
            sentences = sentences_of(item)
            spoken_of = [path for path in sorting.left if any(path.name in one for one in sentences)]
            files = [*sources_of(item, report, delivery), *spoken_of, *(orders if item.row else ())]
            sorting.block(named(item), files, sentences, rows_of(item), again=bool(item.duplicate_of))
        self._not_used(sorting)
        clearing.carry_out(self._folder, sorting.plan())
        self._tell(
            Told(report=report, sentence=self._summary(delivery, len(report.items) - len(blocked), len(blocked)))
        )

    def _not_used(self, sorting: Sorting) -> None:
        """Files that belong to no invoice wait for one, but not for ever."""
        now = time.monotonic()
        limit = self._settings.wait_minutes * 60
        old = sorted(path for path in sorting.left if self._settling.waited([path], now) >= limit)
        if old:
            names = ", ".join(path.name for path in old)
            sorting.block(NOT_USED, old, [f"No invoice that was delivered goes with: {names}."])

    def _summary(self, delivery: Delivery, done: int, blocked: int) -> str:
        where = "The folder" if delivery.place == self._folder else delivery.place.name
        parts = [f"{done} put into {DONE}" if done else "", f"{blocked} put into {BLOCKED}" if blocked else ""]
        return f"{where} was taken in: {' and '.join(part for part in parts if part)}."

    def _stored(self, item: IntakeItem) -> set[str] | None:
        """The documents of the submission that this very file is in; None when it is not queued.

        A duplicate with another file is not the same invoice, whatever its number says: a person has to look.
        """
        if item.verdict is IntakeVerdict.BLOCKED or item.invoice is None or item.customer is None or not item.files:
            return None
        with self._office.database.reading() as c:
            row = submissions.find(c, item.customer.account.id, item.invoice.number)
            if row is None:
                return None
            last = int(submissions.last_round(c, row.id).number)
            rounds = [submissions.round_id(c, row.id, number) for number in range(1, last + 1)]
            files = [file for one in rounds for file in submissions.read_round(c, one).files]
        stored = {one.sha256 for one in (*originals(files), *(file.document for file in files))}
        return stored if item.files[0].reading.sha256 in stored else None


def _sha256(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


class _alone_in:  # noqa: N801 (it reads as what it does)
    """Two programs that watch one folder would take the files from under each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> None:
        for name in (DONE, BLOCKED):
            if (self._folder / name).is_symlink():
                raise ConfigurationError(f"{self._folder / name} is a link; make it a folder, or take it away.")
        try:
            self._file = (self._folder / LOCK).open("ab")
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder} cannot be watched: it cannot be written ({error.strerror})."
            ) from error
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise ConfigurationError(f"{self._folder} is watched by another submitter already.") from None
        except OSError:  # a file system without locks
            pass

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()


def is_watchable(folder: Path) -> None:
    """DocumentRefused with a sentence for what is no folder."""
    if not folder.is_dir():
        raise DocumentRefused(
            f"{folder} is a file, not a folder to watch." if folder.exists() else f"There is no folder {folder}."
        )
