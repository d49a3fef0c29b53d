"""Reading a list to its end, on as many pages as the portal spreads it over, or while it is scrolled."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as BrowserTimeout

from submitter.adapters.page import By, PageSpec, says, visible, wait_for_any
from submitter.adapters.tables import PagedList, Row, ScrolledList, body_rows, read_table
from submitter.adapters.watch import PageWatch
from submitter.errors import PageUnknown, PortalUnavailable

_SCROLL_ON = "e => { e.scrollTop += Math.max(e.clientHeight * 0.8, 40); }"
_SCROLL_UP = "e => { e.scrollTop = 0; }"
_IS_AT_END = "e => e.scrollTop + e.clientHeight >= e.scrollHeight - 2"
_OTHER_WORDS = """([table, before]) => table.innerText !== before"""


class Leafing(Protocol):
    """What reading a list needs of a visit."""

    page: Page
    watch: PageWatch

    @property
    def step_seconds(self) -> float: ...

    async def click(
        self, what: str, *candidates: By, then: PageSpec | Sequence[PageSpec], redraws: bool = False
    ) -> PageSpec: ...

    async def press(self, what: str, *candidates: By) -> None: ...


async def paged_rows(visit: Leafing, spec: PagedList) -> AsyncIterator[Row]:
    """The rows from the page shown to the last one. An empty list must say so in the portal's words."""
    while True:
        if await _is_empty(visit, spec):
            return
        rows = await read_table(visit.page, spec.table, spec.columns, spec.headed)
        if not rows:
            raise _silent(spec)
        onward = spec.onward.on(visit.page)
        goes_on = await onward.is_visible() and await onward.is_enabled()
        if goes_on and spec.whole:  # before a row is given: what one page lacks may stand on the next
            raise PageUnknown(f"The list {spec.table.value!r} goes on, on a page that forgets what was looked for.")
        for row in rows:
            yield row
        if not goes_on:
            return
        if spec.redraws:
            await _turn_in_place(visit, spec)
        else:
            in_frame = bool(spec.table.frames)  # whose next document is none of the page's own
            await visit.click(spec.onward.value, spec.onward, then=spec.page, redraws=in_frame)


async def _turn_in_place(visit: Leafing, spec: PagedList) -> None:
    """Go on to the next rows. The list is known to have gone on by nothing but its rows being others."""
    table = spec.table.on(visit.page)
    before = await table.inner_text()
    await visit.press(spec.onward.value, spec.onward)
    handle = await table.element_handle()
    frame = await handle.owner_frame() or visit.page.main_frame
    try:
        await frame.wait_for_function(_OTHER_WORDS, arg=[handle, before], timeout=visit.step_seconds * 1000)
    except BrowserTimeout as error:
        raise visit.watch.told() or PageUnknown(f"The list {spec.table.value!r} did not go on.") from error
    except BrowserError:  # another table stands in its place
        await table.wait_for(state="visible")
    await visit.watch.settle(visit.step_seconds)


async def scrolled_rows(visit: Leafing, spec: ScrolledList) -> AsyncIterator[Row]:
    """Every row once, read while the list is scrolled to its end. PageUnknown where the portal says there are more."""
    if await _is_empty(visit, spec):
        return
    scroller = await _one(visit, spec.scroller)
    await scroller.evaluate(_SCROLL_UP)
    seen: set[str] = set()
    came = True
    while True:
        await visit.watch.settle(visit.step_seconds)
        if trouble := visit.watch.told():
            raise trouble
        rows = await read_table(visit.page, spec.table, spec.columns, spec.headed)
        fresh = [row for row in rows if row[spec.key] not in seen]
        seen |= {row[spec.key] for row in fresh}
        for row in fresh:
            yield row
        at_end = await scroller.evaluate(_IS_AT_END)
        if at_end and not fresh and not came:
            break
        came = bool(fresh)
        await scroller.evaluate(_SCROLL_ON)
    if not seen:
        raise _silent(spec)
    await _require_whole(visit, spec, len(seen))


async def _require_whole(visit: Leafing, spec: ScrolledList, read: int) -> None:
    name = repr(spec.table.value)
    if spec.total is not None:
        words = await (await _one(visit, spec.total)).inner_text()
        stated = re.findall(r"\d+", re.sub(r"(?<=\d)[.,'\s\u00a0\u202f](?=\d{3}\b)", "", words))
        if str(read) not in stated:
            raise PageUnknown(f"The list {name} showed {read} rows, but the portal says: {words.strip()}.")
    if spec.end is not None and not await visible(spec.end.on(visit.page)).count():
        raise PageUnknown(f"The list {name} stopped after {read} rows without the mark of its end.")


async def _one(visit: Leafing, by: By) -> Locator:
    found = by.on(visit.page)
    if await found.count() != 1:
        raise PageUnknown(f"The page has no single {by.value!r}.")
    return found


async def _is_empty(visit: Leafing, spec: PagedList | ScrolledList) -> bool:
    """Whether the list says that it is empty, once what the page asked for has come."""
    frames = spec.table.frames
    rows = body_rows(spec.table, spec.headed)
    if visit.watch.loading():
        texts = [By("text", words, frames=frames) for words in spec.empty_texts]
        with contextlib.suppress(BrowserTimeout):
            await wait_for_any(visit.page, [rows, *texts], "visible", visit.step_seconds)
    if await says(visit.page, *spec.empty_texts, frames=frames):
        return True
    if not await rows.on(visit.page).count() and (waiting := visit.watch.loading()):
        name = repr(spec.table.value)
        raise PortalUnavailable(f"The list {name} was not there in time; still loading: {waiting}.")
    return False


def _silent(spec: PagedList | ScrolledList) -> PageUnknown:
    return PageUnknown(f"The list {spec.table.value!r} is empty, but the portal does not say so.")
