"""What becomes of a delivery's files: queued invoices go to done/, the rest to blocked/ with the reason beside them.

Each blocked invoice has a folder of its own, with its files and its rows of the list. Mending what the reason says and
moving that folder back into the watch folder is all there is to do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from submitter.documents.intake import IntakeItem, IntakeReport
from submitter.documents.lists.manifest import MANIFEST
from submitter.documents.lists.tables import guarded
from submitter.queue.clearing import MARK, Moving, Plan, Writing, unused
from submitter.queue.deliveries import BLOCKED, DONE, REASON, Delivery

NOT_USED = "not used"
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass
class Sorting:
    """The plan for one delivery, while it grows. All targets lie below done/<day> and blocked/<day>."""

    folder: Path
    delivery: Delivery
    at: datetime
    _taken: set[Path] = field(default_factory=set)
    _writings: list[Writing] = field(default_factory=list)
    _copies: list[Moving] = field(default_factory=list)
    _moves: dict[Path, Moving] = field(default_factory=dict)

    @property
    def left(self) -> set[Path]:
        """The files that nothing was decided about."""
        return set(self.delivery.files) - set(self._moves)

    def done(self, path: Path) -> None:
        """Away with a file that is queued, or that the list was in."""
        if path in self.delivery.files and path not in self._moves:
            target = self.folder / DONE / self._day / path.relative_to(self.folder)
            self._move(path, self._free(target))

    def block(
        self, called: str, files: Sequence[Path], sentences: Sequence[str], rows: str = "", *, again: bool = False
    ) -> Path:
        """A folder for what was not queued; it holds the files as they lay, the rows and the reason.

        ``again``: it was queued before, from another file.
        """
        place = self._free(self.folder / BLOCKED / self._day / harmless(called))
        for path in files:
            if path not in self.delivery.files:
                continue
            target = place / path.relative_to(self.delivery.place)
            if path in self._moves:  # it is also another invoice's
                self._copies.append(self._step(path, target))
            else:
                self._move(path, target)
        if rows:
            self._write(place / MANIFEST, rows)
        self._write(place / REASON, self._reason(called, sentences, has_list=bool(rows), again=again))
        return place

    def plan(self) -> Plan:
        own = self.delivery.place
        return Plan(
            writings=tuple(self._writings),
            copies=tuple(self._copies),
            moves=tuple(self._moves.values()),
            emptied="" if own == self.folder else own.relative_to(self.folder).as_posix(),
        )

    @property
    def _day(self) -> str:
        return f"{self.at:%Y-%m-%d}"

    def _free(self, target: Path) -> Path:
        found = unused(target, self._taken)
        self._taken.add(found)
        return found

    def _move(self, path: Path, target: Path) -> None:
        self._moves[path] = self._step(path, target)

    def _step(self, path: Path, target: Path) -> Moving:
        size, changed, inode = self.delivery.files[path]
        source, to = (one.relative_to(self.folder).as_posix() for one in (path, target))
        return Moving(source=source, target=to, size=size, changed=changed, inode=inode)

    def _write(self, target: Path, text: str) -> None:
        self._writings.append(Writing(target=target.relative_to(self.folder).as_posix(), text=f"\ufeff{text}"))

    def _reason(self, called: str, sentences: Sequence[str], *, has_list: bool, again: bool) -> str:
        listed = f", or in {MANIFEST} beside this," if has_list else ""
        remedy: tuple[str, ...] = (
            f"What to do: mend that in the files{listed} and move this folder back into",
            str(self.folder),
        )
        if again:
            remedy = ("What to do: nothing, when it is the same invoice. To send it once more with other documents:",)
            remedy += (f"submitter resubmit {called}",)
        lines = (
            f"{MARK} on {self.at:%d %b %Y at %H:%M}: {called}",
            "",
            *(f"* {sentence}" for sentence in sentences),
            "",
            *remedy,
        )
        return "\r\n".join(printable(line) for line in lines) + "\r\n"


def rows_of(item: IntakeItem) -> str:
    """The item's rows of the list, as a list of their own; empty when it was in none."""
    if item.row is None or not item.row.heading:
        return ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for cells in (item.row.heading, *item.row.written):
        writer.writerow([guarded(cell) for cell in cells])
    return buffer.getvalue()


def sources_of(item: IntakeItem, report: IntakeReport, delivery: Delivery) -> list[Path]:
    """The files of the delivery that the item is in: an archive for what was in it, and data that lay beside a page."""
    found = [file.reading.outer or file.path for file in item.files]
    known = {*found, *report.lists}
    stems = {path.with_suffix("") for path in found[:1]}
    beside = [path for path in delivery.files if path.with_suffix("") in stems and path not in known]
    return list(dict.fromkeys((*found, *(path for path in beside if path.suffix.casefold() in (".xml", ".json")))))


def named(item: IntakeItem) -> str:
    """What a person calls it."""
    if item.invoice:
        return item.invoice.number
    if item.row and item.row.invoice_number:
        return item.row.invoice_number
    return Path(item.file).stem or "an invoice without a number"


def sentences_of(item: IntakeItem) -> list[str]:
    """Why it is not queued, what blocks it first; the same sentences as the table has."""
    if item.duplicate_of:
        return [f"It is a duplicate of {item.duplicate_of}."]
    first = sorted(item.findings, key=lambda finding: finding.severity != "blocks")
    return [f"{'' if one.severity == 'blocks' else 'Note: '}{one.told}" for one in first]


def harmless(name: str) -> str:
    """A number as the name of a folder on any system."""
    plain = re.sub(r"[^\w.,+ ()-]+", "_", name).strip(". ")[:80].strip(". ") or "invoice"
    return f"_{plain}" if _DEVICES.fullmatch(plain) else plain


def printable(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words)
