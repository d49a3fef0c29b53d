"""The page toolkit: pages that assert themselves on arrival, and fields found by ordered candidates.

A field is named once with its candidates, best first: test id, role and name, label, text, then CSS. Using a later one
works and is reported as drift. Two matches are never resolved by taking the first. Whatever lies in an iframe says so
(``framed``); open shadow roots are looked into without being told.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError
from playwright.async_api import FrameLocator, Locator, Page

from submitter.errors import FieldAmbiguous, FieldMissing, SubmitterError

Role = Literal[
    "alert",
    "alertdialog",
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "grid",
    "heading",
    "link",
    "listbox",
    "menuitem",
    "option",
    "radio",
    "region",
    "row",
    "searchbox",
    "spinbutton",
    "status",
    "switch",
    "tab",
    "table",
    "textbox",
]
Kind = Literal["test_id", "role", "label", "text", "css", "headers"]

#: The mark on what was there before a step; see ``PageWatch.mark_shown``.
SEEN = "data-submitter-seen"


@dataclass(frozen=True)
class By:
    """One way to find an element."""

    kind: Kind
    value: str
    role: Role = "button"
    frames: tuple[str, ...] = ()  # CSS of the iframes it lies in, the outermost first
    within: By | None = None  # the one element of the same frame that it lies in

    def root(self, page: Page) -> Page | FrameLocator:
        """The document it lies in."""
        root: Page | FrameLocator = page
        for frame in self.frames:
            root = root.frame_locator(frame)
        return root

    def on(self, page: Page) -> Locator:
        inside = self.root(page) if self.within is None else self.within.on(page)
        match self.kind:
            case "test_id":
                return inside.get_by_test_id(self.value)
            case "role":
                return inside.get_by_role(self.role, name=self.value, exact=True)
            case "label":
                return inside.get_by_label(self.value, exact=True)
            case "text":
                return inside.get_by_text(self.value)
            case "css":
                return inside.locator(self.value)
            case "headers":
                found = inside.locator("table, [role=table], [role=grid]")
                for header in self.value.split("\n"):
                    words = re.compile(rf"^\s*{re.escape(header)}\s*$")
                    cells = page.locator("th, td, [role=columnheader]").filter(has_text=words)
                    found = found.filter(has=cells)
                return found.filter(has_not=page.locator("table, [role=table], [role=grid]"))


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


def headers(*columns: str) -> By:
    """The innermost table that shows these column headers: for tables without a name, and tables used for layout."""
    return By("headers", "\n".join(columns))


def framed(frame: str, by: By) -> By:
    """``by`` in the iframe with this CSS selector."""
    region = None if by.within is None else framed(frame, by.within)
    return replace(by, frames=(frame, *by.frames), within=region)


def inside(region: By, by: By) -> By:
    """``by`` in the one element that ``region`` names, such as a dialog."""
    return replace(by, within=region, frames=region.frames)


def visible(found: Locator) -> Locator:
    """Those of the elements that can be seen; many portals keep an empty, hidden box for their alerts on every page."""
    return found.filter(visible=True)


def not_seen_before(found: Locator) -> Locator:
    """Those of the elements that came with the step in hand."""
    return found.locator(f"xpath=self::*[not(@{SEEN})]")


def addresses(page: Page, frames: bool) -> list[str]:
    """The path that the page lies at, with the route behind ``#`` where the portal has such; or those of its frames."""
    found = []
    for frame in page.frames[1:] if frames else (page,):
        parts = urlsplit(frame.url)
        found.append(f"{parts.path}#{parts.fragment}" if parts.fragment[:1] in ("/", "!") else parts.path)
    return found


def lies_at(page: Page, path: str, landmark: By) -> bool:
    """Whether the page, or a frame of it where the landmark lies in one, is at this path (a regular expression)."""
    return any(re.fullmatch(path, address) for address in addresses(page, bool(landmark.frames)))


@dataclass(frozen=True)
class PageSpec:
    """A page of a portal: the path it lies at and a landmark that shows it has arrived.

    ``path`` is a regular expression for the whole path; where the route stands behind a #, for ``/app#/invoices``; of
    a page in an iframe, for the path of the frame.
    """

    name: str
    path: str
    landmark: By

    def lies_here(self, page: Page) -> bool:
        return lies_at(page, self.path, self.landmark)

    async def is_shown(self, page: Page, *, newly: bool = False) -> bool:
        """Whether this is the page. FieldAmbiguous when its landmark is there twice: then every field may be, too.

        ``newly``: and whether it was not there already when the step began.
        """
        if not self.lies_here(page):
            return False
        found = visible(self.landmark.on(page))
        count = await found.count()
        if count > 1:
            raise FieldAmbiguous(f"The page {self.name} shows {self.landmark.value!r} {count} times.")
        return count == 1 and (not newly or await not_seen_before(found).count() == 1)


@dataclass(frozen=True)
class Interruption:
    """Something that may show up instead of the page that was asked for, and what it means.

    ``by_words`` looks into the portal's own words for phrases that mean something more definite. ``says`` is our own
    sentence for whoever has to act, where the error's says too little.
    """

    landmark: By
    error: type[SubmitterError]
    words: By | None = None
    by_words: Mapping[str, type[SubmitterError]] = field(default_factory=dict)
    path: str = ".*"
    says: str = ""

    def lies_here(self, page: Page) -> bool:
        return lies_at(page, self.path, self.landmark)

    async def is_shown(self, page: Page, *, newly: bool = False) -> bool:
        if not self.lies_here(page):
            return False
        found = visible(self.landmark.on(page))
        return await (not_seen_before(found) if newly else found).count() > 0

    def meaning(self, words: str) -> SubmitterError:
        for phrase, error in self.by_words.items():
            if phrase.casefold() in words.casefold():
                return error(words=words)
        return self.error(self.says or None, words=words)


@dataclass
class Drift:
    """Fields that were found, but not in the first way; a warning that the portal is changing."""

    seen: list[str] = field(default_factory=list)


async def wait_for_any(
    page: Page, wanted: Sequence[By], state: Literal["attached", "visible"], seconds: float, *, newly: bool = False
) -> None:
    """Until one of them is there; the browser's TimeoutError when none is in time. ``newly``: since the step began."""
    found = [by.on(page) for by in wanted] or [page.locator("no-such-element")]
    if state == "visible":
        found = [not_seen_before(visible(one)) if newly else visible(one) for one in found]
    if not any(by.frames for by in wanted):
        either = found[0]
        for other in found[1:]:
            either = either.or_(other)
        found = [either]
    await _first_of([one.first.wait_for(state=state, timeout=seconds * 1000) for one in found])


async def _first_of(waits: Sequence[Awaitable[None]]) -> None:
    """The first that succeeds, else the first error: locators in different iframes cannot be joined to one."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        left = set(tasks)
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            if any(task.exception() is None for task in done):
                return
        await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def locate(page: Page, what: str, candidates: Sequence[By], drift: Drift, wait_seconds: float = 5.0) -> Locator:
    """The one element that a candidate names. FieldMissing after the wait, FieldAmbiguous for two or more."""
    try:  # only a wait; nothing is used yet
        await wait_for_any(page, candidates, "attached", wait_seconds)
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


async def says(page: Page, *words: str, frames: tuple[str, ...] = ()) -> bool:
    """Whether the portal shows one of its own texts: the only evidence that a list is empty."""
    root = By("css", "body", frames=frames).root(page)
    for one in words:
        if await visible(root.get_by_text(one, exact=True)).count():
            return True
    return False


async def text_of(page: Page) -> str:
    """The text of the page, and of what it shows in iframes."""
    texts = [await page.locator("body").inner_text()]
    for frame in page.frames[1:]:
        with contextlib.suppress(BrowserError):  # a frame that goes away meanwhile shows nothing
            texts.append(await frame.locator("body").inner_text(timeout=1000))
    return "\n".join(texts)
