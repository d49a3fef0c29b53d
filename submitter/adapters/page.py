"""The page toolkit: pages that assert themselves on arrival, fields found by ordered candidates, tables read by header.

A field is named once with its candidates, best first: test id, role and name, label, text, then CSS. Using a later one
works and is reported as drift. Two matches are never resolved by taking the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page

from submitter.errors import ColumnMissing, FieldAmbiguous, FieldMissing, SubmitterError

Role = Literal["button", "link", "heading", "alert", "status", "textbox", "radio", "checkbox", "combobox", "table"]


@dataclass(frozen=True)
class By:
    """One way to find an element."""

    kind: Literal["test_id", "role", "label", "text", "css"]
    value: str
    role: Role = "button"

    def on(self, page: Page) -> Locator:
        match self.kind:
            case "test_id":
                return page.get_by_test_id(self.value)
            case "role":
                return page.get_by_role(self.role, name=self.value, exact=True)
            case "label":
                return page.get_by_label(self.value, exact=True)
            case "text":
                return page.get_by_text(self.value)
            case "css":
                return page.locator(self.value)


def role(kind: Role, name: str) -> By:
    return By("role", name, kind)


def label(name: str) -> By:
    return By("label", name)


def test_id(name: str) -> By:
    return By("test_id", name)


def text(words: str) -> By:
    return By("text", words)


def css(selector: str) -> By:
    return By("css", selector)


@dataclass(frozen=True)
class PageSpec:
    """A page of a portal: the path it lies at and a landmark that shows it has arrived."""

    name: str
    path: str  # regular expression for the whole path
    landmark: By

    async def is_shown(self, page: Page) -> bool:
        return bool(re.fullmatch(self.path, urlsplit(page.url).path)) and await self.landmark.on(page).is_visible()


@dataclass(frozen=True)
class Interruption:
    """Something that may show up instead of the page that was asked for, and what it means.

    ``by_words`` looks into the portal's own words for phrases that mean something more definite.
    """

    landmark: By
    error: type[SubmitterError]
    words: By | None = None
    by_words: Mapping[str, type[SubmitterError]] = field(default_factory=dict)
    path: str = ".*"

    async def is_shown(self, page: Page) -> bool:
        at = re.fullmatch(self.path, urlsplit(page.url).path)
        return bool(at) and await self.landmark.on(page).first.is_visible()

    def meaning(self, words: str) -> SubmitterError:
        for phrase, error in self.by_words.items():
            if phrase.casefold() in words.casefold():
                return error(words=words)
        return self.error(words=words)


@dataclass(frozen=True)
class PagedList:
    """A table that goes on over several pages, and the texts by which the portal says that it is empty."""

    caption: str
    columns: tuple[str, ...]
    page: PageSpec
    next_link: str
    empty_texts: tuple[str, ...]


@dataclass
class Row:
    """A table row by header text."""

    cells: dict[str, str]
    index: int

    def __getitem__(self, header: str) -> str:
        return self.cells[header]


@dataclass
class Drift:
    """Fields that were found, but not in the first way; a warning that the portal is changing."""

    seen: list[str] = field(default_factory=list)


async def locate(page: Page, what: str, candidates: Sequence[By], drift: Drift, wait_seconds: float = 5.0) -> Locator:
    """The one element that a candidate names. FieldMissing after the wait, FieldAmbiguous for two or more."""
    either = candidates[0].on(page)
    for candidate in candidates[1:]:
        either = either.or_(candidate.on(page))
    try:
        await either.first.wait_for(state="attached", timeout=wait_seconds * 1000)  # only a wait; nothing is used yet
    except BrowserError as error:
        raise FieldMissing(f"The page has no {what}.") from error
    for rank, candidate in enumerate(candidates):
        found = candidate.on(page)
        count = await found.count()
        if count > 1:
            raise FieldAmbiguous(f"The page has {count} of {what}.")
        if count == 1:
            if rank:
                drift.seen.append(f"{what} was found by {candidate.kind} {candidate.value!r}")
            return found.describe(what)
    raise FieldMissing(f"The page has no {what}.")


_READ_TABLE = """table => ({
  headers: [...table.querySelectorAll('thead th')].map(c => c.innerText.trim()),
  rows: [...table.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim())),
})"""


async def read_table(page: Page, caption: str, columns: Sequence[str]) -> list[Row]:
    """The rows of the table with this caption; ColumnMissing names a column that is not in its header."""
    found = page.get_by_role("table", name=caption, exact=True)
    count = await found.count()
    if count != 1:
        raise (FieldAmbiguous if count else FieldMissing)(f"The page has {count or 'no'} table {caption!r}.")
    content: dict[str, Any] = await found.evaluate(_READ_TABLE)
    headers: list[str] = content["headers"]
    for column in columns:
        if headers.count(column) != 1:
            seen = ", ".join(headers)
            raise ColumnMissing(f"The table {caption!r} has no single column {column!r}; it has {seen}.")
    rows = []
    for index, cells in enumerate(content["rows"]):
        if len(cells) != len(headers):
            raise ColumnMissing(f"Row {index + 1} of the table {caption!r} does not fit its header.")
        rows.append(Row(dict(zip(headers, cells, strict=True)), index))
    return rows


_READ_DEFINITIONS = """page => [...document.querySelectorAll('main dl dt')].map(
  dt => [dt.innerText.trim(), dt.nextElementSibling ? dt.nextElementSibling.innerText.trim() : ''])"""


async def read_definitions(page: Page, wanted: Sequence[str]) -> dict[str, str]:
    """The page's definition list (term -> text). FieldMissing for a wanted term that is not there."""
    pairs: list[list[str]] = await page.evaluate(_READ_DEFINITIONS)
    terms = [term for term, _ in pairs]
    for term in wanted:
        if terms.count(term) != 1:
            raise FieldMissing(f"The page shows no single {term!r}.")
    return {pair[0]: pair[1] for pair in pairs}


async def says(page: Page, *words: str) -> bool:
    """Whether the portal shows one of its own texts: the only evidence that a list is empty."""
    for one in words:
        if await page.get_by_text(one, exact=True).is_visible():
            return True
    return False
