"""How answers look: tables for people, JSON for programs, a bar while a visit is under way."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from submitter.documents.lists.tables import guarded
from submitter.model.portal import Reading, Receipt
from submitter.model.submission import Round
from submitter.queue import progress
from submitter.queue.office import Office, open_office


def console(*, err: bool = False) -> Console:
    """Standard output; wide enough for a worklist when it is not a terminal."""
    plain = Console(stderr=err)
    if plain.is_terminal:
        return plain
    return Console(stderr=err, width=int(os.environ.get("COLUMNS", "160")), highlight=False)


@contextmanager
def opened(home: Path) -> Iterator[Office]:
    office = open_office(home)
    try:
        yield office
    finally:
        office.close()


_WHOLE = ("Invoice", "Total", "Receipt", "Account")  # a number that is broken over two lines cannot be searched for


def show_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A table; what came from portals, documents and people is shown as it is, never as markup."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", expand=False)
    for header in headers:
        table.add_column(
            header, justify="right" if header in right else "left", overflow="fold", no_wrap=header in _WHOLE
        )
    for row in rows:
        table.add_row(*(escape(_printable(str(cell))) for cell in row))
    console().print(table)


def _printable(words: str) -> str:
    """Without control characters, which could move the cursor or clear the screen."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in words)


def say(words: str, *, err: bool = False) -> None:
    click.echo(_printable(words), err=err)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """All cells quoted; text that a spreadsheet would take for a formula gets an apostrophe, numbers do not."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headers)
    for row in rows:
        writer.writerow([_safe_cell(cell) for cell in row])
    click.echo(buffer.getvalue(), nl=False)


def _safe_cell(cell: object) -> object:
    return guarded(cell) if isinstance(cell, str) else cell


def count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def age(since: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that says something."""
    passed = (now or datetime.now(UTC)) - since
    if passed >= timedelta(days=2):
        return f"{passed.days} days"
    if passed >= timedelta(hours=2):
        return f"{int(passed.total_seconds() // 3600)} hours"
    return f"{max(int(passed.total_seconds() // 60), 0)} min"


def local(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone():%d %b %H:%M:%S}"


class VisitScreen(progress.Progress):
    """A bar for the rounds in hand and one line per receipt."""

    def __init__(self) -> None:
        self.console = console()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _line(self, words: str, style: str = "") -> None:
        self.console.print(escape(_printable(words)), style=style, soft_wrap=True)

    def visit_begun(self, account: str, due: int) -> None:
        self._line(f"Visiting {account}: {due} to submit")
        if account in self._tasks:
            self._bar.remove_task(self._tasks.pop(account))
        self._tasks[account] = self._bar.add_task(account, total=due)

    def signed_in(self, account: str) -> None:
        self._line(f"Signed in to {account}")

    def receipt(self, work: Round, receipt: Receipt) -> None:
        again = f" (round {work.number})" if work.number > 1 else ""
        found = " found at the portal, not sent again" if receipt.source == "found" else ""
        files = len(work.files)
        self._line(
            f"  {work.invoice.number}{again}  {work.invoice.total}  {files} files  receipt {receipt.reference}{found}",
            "green",
        )
        self._advance(work.account)

    def not_sent(self, work: Round, why: str) -> None:
        self._line(f"  {work.invoice.number}  {why}", "yellow")
        self._advance(work.account)

    def _advance(self, account: str) -> None:
        if account in self._tasks:
            self._bar.advance(self._tasks[account])

    def read(self, account: str, number: str, reading: Reading) -> None:
        words = f"{reading.status} ({reading.comment})" if reading.comment else reading.status
        self._line(f"  {number}  {words}  -> {reading.stage}")

    def paused(self, account: str, why: str) -> None:
        self._line(f"{account} is paused: {why}", "bold red")
        self._line(f"When that is put right: submitter account resume {account}")

    def circuit(self, account: str, *, opened: bool, why: str = "") -> None:
        self._line(
            f"{account}: the portal is away ({why}); it is tried again later" if opened else f"{account} is back"
        )

    def trouble(self, account: str, why: str) -> None:
        self._line(f"The visit to {account} ended early: {why}", "yellow")
