"""A visit as an adapter sees it: one signed-in page on one account, and what may be done on it.

Every step first asks whether the account is still ours, then acts, then makes sure where it arrived. What a step runs
into is told apart by positive evidence only: an outage is never a wrong password, silence is never an answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page

from submitter.adapters import fields
from submitter.adapters.files import HandedOut, address_of_tab, take_file
from submitter.adapters.lists import paged_rows, scrolled_rows
from submitter.adapters.manifest import Manifest
from submitter.adapters.page import By, Drift, Interruption, PageSpec, addresses, locate, text_of, visible
from submitter.adapters.sending import Sending
from submitter.adapters.surroundings import Surroundings
from submitter.adapters.tables import PagedList, Row, ScrolledList
from submitter.adapters.watch import PageWatch, unavailable
from submitter.errors import (
    AdapterBug,
    FieldMissing,
    PageUnknown,
    PortalUnavailable,
    ReadBackDiffers,
    SubmitterError,
)
from submitter.model.account import Account
from submitter.model.document import SubmittedFile
from submitter.model.money import NUMBER_LOCALES, Money, parse_number
from submitter.model.portal import ReviewedFile
from submitter.redaction import redactor

_FIELD_SECONDS = 5.0  # how long a field may take on a page that has arrived
_SHA256_OF_FILES = """async input => Promise.all([...input.files].map(async file => {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [file.name, [...new Uint8Array(digest)].map(b => b.toString(16).padStart(2, '0')).join('')];
}))"""


@dataclass
class Visit:
    page: Page
    account: Account
    manifest: Manifest
    surroundings: Surroundings
    interruptions: Sequence[Interruption] = ()
    drift: Drift = field(default_factory=Drift)
    commits: int = 0
    chosen: dict[str, Path] = field(default_factory=dict)  # files chosen in pages of the round in hand
    watch: PageWatch = field(init=False)
    _holds_back: Callable[[], Awaitable[None]] | None = None  # after a sending click that failed: see Sending
    _left_from: list[str] = field(default_factory=list)  # where the page lay when a redrawing step began

    def __post_init__(self) -> None:
        self.page.set_default_timeout(self.surroundings.step_seconds * 1000)
        self.watch = PageWatch(self.page)

    @property
    def step_seconds(self) -> float:
        """How long a step may take."""
        return self.surroundings.step_seconds

    # -- moving about --------------------------------------------------------------------------------------------

    async def open(self, path: str, *pages: PageSpec) -> PageSpec:
        """Go to a path below the account's address and arrive at one of ``pages``."""
        address = self.account.address + path
        await self.watch.close_tabs()
        # Another route behind the # of the page that is there brings no new document
        redraws = "#" in path and self.page.url.partition("#")[0] == address.partition("#")[0]
        holds_back = self._holds_back is not None  # the document that is there still has the request
        if redraws and not holds_back:
            await self._mark(pages, redraws)
        self._begin_step(leaving=True)
        try:
            if holds_back:
                redraws = False
                await self.page.goto("about:blank")
            await self.page.goto(address, wait_until="commit")
        except BrowserError as error:
            if "Download is starting" in str(error):
                raise self._elsewhere(pages) from error
            raise self._trouble_or(error) from error
        if self._holds_back is not None:  # going elsewhere has ended whatever the browser held back
            await self._holds_back()
            self._holds_back = None
        return await self.arrive(*pages, redraws=redraws)

    async def click(
        self,
        what: str,
        *candidates: By,
        then: PageSpec | Sequence[PageSpec],
        accepts_dialog: str = "",
        redraws: bool = False,
    ) -> PageSpec:
        """Press something that can be undone, and arrive at ``then``. Never the sending button: see commit_click.

        ``accepts_dialog``: words of the dialog that the portal is known to show here; it is answered with yes.
        ``redraws``: the portal draws ``then`` into the document that is there, or into a frame of it.
        """
        pages = (then,) if isinstance(then, PageSpec) else then
        target = await self.find(what, *candidates)
        await self.watch.close_tabs()
        self._begin_step(accepts_dialog=accepts_dialog)
        await self._mark(pages, redraws)
        await self._press(target)
        return await self.arrive(*pages, redraws=redraws)

    async def press(self, what: str, *candidates: By) -> None:
        """Press something that changes the page in place: a tab, a filter, the next rows of a list."""
        target = await self.find(what, *candidates)
        self._begin_step()
        await self._press(target)

    async def _press(self, target: Locator) -> None:
        try:
            await target.click(no_wait_after=True)
        except BrowserError as error:
            raise self._trouble_or(error) from error

    async def _mark(self, pages: Sequence[PageSpec], redraws: bool) -> None:
        """What is there now is not what the step in hand brings."""
        if not redraws:
            await self.watch.mark()
            return
        places: list[PageSpec | Interruption] = [*pages, *self.interruptions]
        shown = [place.landmark for place in places]
        self._heed(shown)
        await self.watch.settle(_FIELD_SECONDS)  # a button whose script has not come yet does nothing
        self._left_from = self._addresses()
        await self.watch.mark_shown(shown)

    def _addresses(self) -> list[str]:
        return [*addresses(self.page, frames=False), *addresses(self.page, frames=True)]

    def _heed(self, wanted: Iterable[By]) -> None:
        self.watch.heeds_frames |= any(by.frames for by in wanted)

    async def commit_click(
        self, what: str, *candidates: By, then: PageSpec, accepts_dialog: str = "", redraws: bool = False
    ) -> None:
        """The one irreversible click, then the receipt. The lease is looked at again at the last moment before it."""
        target = await self.find(what, *candidates)
        await target.click(trial=True)  # whatever has to be waited for is waited for before the guard, not after it
        if self.commits:
            raise AdapterBug("The adapter tried to send twice in one attempt.")
        await self.watch.close_tabs()
        origins, limits = self.manifest.allowed_origins(self.account), self.surroundings
        sending = Sending(self.watch, origins, limits.guard, limits.commit_seconds, self.chosen)
        await sending.begin()
        self.watch.keeps_tabs = True
        try:
            await self._mark((then,), redraws)
            self._begin_step(accepts_dialog=accepts_dialog)  # the guard: nothing but the click may come between
            self.commits += 1
            await target.click(no_wait_after=True, timeout=2000)
            await self.arrive(then, seconds=limits.commit_seconds, redraws=redraws)
        except BaseException as error:
            sending.may_begin, self._holds_back = False, sending.end
            if isinstance(error, Exception):  # else the program ends, and the page with it
                await sending.hold_back()
                await self._keep_other_tabs(error)
            raise
        finally:
            self.watch.keeps_tabs = False
        await sending.end()
        await self.watch.close_tabs()

    async def _keep_other_tabs(self, error: Exception) -> None:
        """Keep as evidence, and close, the tabs that the click opened."""
        if isinstance(error, SubmitterError):
            for tab in self.watch.other_tabs():
                error.evidence += await self.capture_if_possible("another-tab", tab)
        await self.watch.close_tabs()

    async def arrive(self, *pages: PageSpec, seconds: float | None = None, redraws: bool = False) -> PageSpec:
        """Wait until one of ``pages`` is there in a new document. What shows up instead decides the error.

        A page that is still loading when the time is up is an outage; one that has come whole and is none of these is
        a page that the adapter does not know. ``redraws``: the page that is there may become it, which is seen by a
        landmark that was not there before, or by another address once nothing more is asked for.
        """
        seconds = seconds or self.surroundings.step_seconds
        deadline = asyncio.get_running_loop().time() + seconds
        shown: list[PageSpec | Interruption] = [*pages, *self.interruptions]
        self._heed(place.landmark for place in pages)
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            self.watch.moved.clear()
            newly = redraws and self._addresses() == self._left_from
            here = [place.landmark for place in shown if place.lies_here(self.page)]
            if not await self.watch.wait_for(here, left, redrawn=redraws, newly=newly):
                break
            if (redraws and not newly) or any(spec.landmark.frames for spec in pages):  # a frame's may be half there
                await self.watch.settle(left)
            found = None if self.watch.moved.is_set() else await self._shown(shown, newly)
            if self.watch.moved.is_set():
                continue  # what was seen may be half of one document and half of the next
            if isinstance(found, Interruption):
                raise await self._interrupted(found)
            if found is not None:
                return found
        names = " or ".join(spec.name for spec in pages)
        if waiting := self.watch.loading():
            raise PortalUnavailable(f"The page {names} was not there after {seconds:g} s; still loading: {waiting}.")
        raise self._elsewhere(pages)

    async def _shown(self, places: Sequence[PageSpec | Interruption], newly: bool) -> PageSpec | Interruption | None:
        for place in places:
            if await place.is_shown(self.page, newly=newly):
                return place
        return None

    def _elsewhere(self, pages: Sequence[PageSpec]) -> PageUnknown:
        names = " or ".join(spec.name for spec in pages)
        beside = "".join(f", and the portal {what}" for what in self.watch.beside)
        return PageUnknown(f"Expected the page {names}, but {urlsplit(self.page.url).path} was shown{beside}.")

    async def _interrupted(self, interruption: Interruption) -> SubmitterError:
        words = ""
        if interruption.words is not None:
            found = visible(interruption.words.on(self.page))
            words = (await found.first.inner_text()).strip() if await found.count() else ""
        return interruption.meaning(redactor.scrub(" ".join(words.split())))

    # -- fields --------------------------------------------------------------------------------------------------

    async def find(self, what: str, *candidates: By) -> Locator:
        """The one element that a candidate names."""
        self._heed(candidates)
        return await self._while_loading(what, lambda left: locate(self.page, what, candidates, self.drift, left))

    async def _while_loading(self, what: str, look: Callable[[float], Awaitable[Locator]]) -> Locator:
        """What is found in the seconds that ``look`` gets. What is missing on a page that still loads is an outage."""
        deadline = asyncio.get_running_loop().time() + self.step_seconds
        while True:
            left = deadline - asyncio.get_running_loop().time()
            try:
                return await look(min(_FIELD_SECONDS, max(left, 0.1)))
            except FieldMissing as error:
                waiting = self.watch.loading()
                if not waiting:
                    raise
                if left <= 0:
                    raise PortalUnavailable(f"{what} was not there in time; still loading: {waiting}.") from error

    async def fill(self, what: str, value: str, *candidates: By) -> None:
        await fields.fill(await self.find(what, *candidates), what, value)

    async def fill_date(self, what: str, day: date, *candidates: By) -> None:
        """A date as the portal writes them, or into the browser's own date field."""
        field = await self.find(what, *candidates)
        await fields.fill(field, what, day.isoformat() if await fields.is_date_field(field) else self.write_date(day))

    async def fill_money(self, what: str, amount: Money, *candidates: By) -> None:
        await self.fill(what, self.write_money(amount), *candidates)

    async def choose(self, what: str, choice: str, *candidates: By) -> None:
        """One choice of a select or of a list that opens, by exactly the words that the portal shows."""
        field = await self.find(what, *candidates)
        if not await fields.select(field, what, choice):
            await self.watch.settle(_FIELD_SECONDS)  # what opens the list may still be on its way
            await field.click()
            await fields.take(field, what, choice, await self._offered(what, choice, candidates))

    async def complete(self, what: str, typed: str, choice: str, *candidates: By) -> None:
        """Type into a field that suggests, and take the one suggestion of exactly the words ``choice``."""
        field = await self.find(what, *candidates)
        await self.watch.settle(_FIELD_SECONDS)
        await field.press_sequentially(typed)
        await fields.take(field, what, choice, await self._offered(what, choice, candidates))

    async def _offered(self, what: str, choice: str, candidates: Sequence[By]) -> Locator:
        """The option of these words, in the document of the field: lists often hang elsewhere than the field does."""
        option = By("role", choice, "option", candidates[0].frames)
        return await self._while_loading(what, lambda left: fields.offered(self.page, what, option, left))

    async def tick(self, what: str, *candidates: By, on: bool = True) -> None:
        """A radio button or a checkbox; ``on=False`` takes a checkbox's tick away."""
        await (await self.find(what, *candidates)).set_checked(on)

    def read_secret(self, what: str) -> str:
        return self.surroundings.read_secret(what)

    async def one_time_code(self) -> str:
        """A code of the account's authenticator, never one that was used before. SecondFactor when there is none."""
        return await self.surroundings.next_code(self.watch.ahead)

    async def text(self, what: str, *candidates: By) -> str:
        return (await (await self.find(what, *candidates)).inner_text()).strip()

    async def upload(self, what: str, files: Sequence[SubmittedFile], *candidates: By) -> None:
        """Choose files; the SHA-256 of what the page then holds must be that of our documents."""
        if not files:
            return
        target = await self.find(what, *candidates)
        copies = [await asyncio.to_thread(self.surroundings.copy_file, file) for file in files]
        await target.set_input_files(copies)
        self.chosen |= {file.upload_name: copy for file, copy in zip(files, copies, strict=True)}
        chosen = {pair[0]: pair[1] for pair in await target.evaluate(_SHA256_OF_FILES)}
        wanted = {file.upload_name: file.document.sha256 for file in files}
        if chosen != wanted:
            raise ReadBackDiffers(f"The files chosen in {what} are not the documents that were to be sent.")

    async def list_rows(self, spec: PagedList | ScrolledList) -> AsyncIterator[Row]:
        """The rows of a list from what is shown to its last one. An empty list must say so in the portal's words."""
        self._heed([spec.table])
        rows = scrolled_rows(self, spec) if isinstance(spec, ScrolledList) else paged_rows(self, spec)
        async for row in rows:
            yield row

    async def download(self, what: str, *candidates: By) -> HandedOut:
        """Press something for which the portal hands out a file, and read it."""
        target = await self.find(what, *candidates)
        self._begin_step()
        return await take_file(self, target)

    async def open_beside(self, what: str, *candidates: By, then: PageSpec) -> PageSpec:
        """Press something that opens its page in another tab; that page is opened in the visit's own one instead."""
        target = await self.find(what, *candidates)
        self._begin_step()
        return await self.open(await address_of_tab(self, target), then)

    # -- what the portal writes ----------------------------------------------------------------------------------

    def read_date(self, words: str) -> date:
        """A date in the portal's declared format; PageUnknown for anything else."""
        try:
            return datetime.strptime(words.strip(), self.manifest.date_format).replace(tzinfo=UTC).date()
        except ValueError:
            raise PageUnknown(f"{words!r} is not a date as this portal writes them.") from None

    def write_date(self, day: date) -> str:
        return day.strftime(self.manifest.date_format)

    def read_money(self, words: str, currency: str | None = None) -> Money:
        """An amount in the portal's declared locale, with its currency behind it unless a column of its own says it."""
        code = currency or (re.findall(r"[A-Z]{3}$", words.strip()) or [""])[0]
        try:
            return Money.parse(words, code, self.manifest.locale)
        except (ValueError, ArithmeticError) as error:
            raise PageUnknown(f"{words!r} is not an amount as this portal writes them: {error}.") from None

    def read_files(self, rows: Sequence[Row], name: str, fingerprint: str) -> tuple[ReviewedFile, ...]:
        return tuple(ReviewedFile(name=row[name], sha256=row[fingerprint].lower()) for row in rows)

    def read_number(self, words: str) -> Decimal:
        try:
            return parse_number(words, self.manifest.locale)
        except ValueError as error:
            raise PageUnknown(f"{error}.") from None

    def write_number(self, value: Decimal) -> str:
        """Plain digits with the portal's own decimal mark; no grouping, which some portals misread."""
        return f"{value:f}".replace(".", NUMBER_LOCALES[self.manifest.locale][0])

    def write_money(self, amount: Money) -> str:
        """With as many decimals as the currency has."""
        return self.write_number(amount.amount)

    # -- evidence ------------------------------------------------------------------------------------------------

    async def capture(self, label: str, page: Page | None = None) -> tuple[str, ...]:
        """Keep a screenshot and the text of the page as it is now; their SHA-256. Secrets are taken out of the text."""
        shown = page or self.page
        page_text = redactor.scrub(await text_of(shown))
        picture = await shown.screenshot(full_page=True)
        keep = self.surroundings.keep_evidence
        return (await keep(picture, f"{label}.png"), await keep(page_text.encode(), f"{label}.txt"))

    async def capture_if_possible(self, label: str, page: Page | None = None) -> tuple[str, ...]:
        """The same where something went wrong already; a page that is gone leaves no evidence, and that is no news."""
        try:
            return await asyncio.wait_for(self.capture(label, page), timeout=5)
        except (BrowserError, TimeoutError, OSError):
            return ()

    # -- what the browser tells us -------------------------------------------------------------------------------

    def require_no_question(self) -> None:
        """PageUnknown if a dialog came up that nobody has been told of: nothing may be sent over it."""
        self.watch.require_no_question()

    def _begin_step(self, *, accepts_dialog: str = "", leaving: bool = False) -> None:
        self.watch.begin_step(accepts_dialog=accepts_dialog, leaving=leaving)
        self.surroundings.guard()

    def _trouble_or(self, error: BaseException) -> SubmitterError:
        return self.watch.told() or unavailable(error)  # what was reported says more than the call that failed
