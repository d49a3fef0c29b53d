"""A visit as an adapter sees it: one signed-in page on one account, and what may be done on it.

Every step first asks whether the account is still ours, then acts, then makes sure where it arrived. What a step runs
into is told apart by positive evidence only: an outage is never a wrong password, silence is never an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Dialog, Locator, Page, Request, Response, Route
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout

from submitter.adapters.manifest import Manifest, origin_of
from submitter.adapters.page import By, Drift, Interruption, PagedList, PageSpec, Row, locate, read_table, role, says
from submitter.errors import AdapterBug, PageUnknown, PortalUnavailable, ReadBackDiffers, SubmitterError
from submitter.model.account import Account
from submitter.model.document import SubmittedFile
from submitter.model.money import NUMBER_LOCALES, Money, parse_number
from submitter.model.portal import ReviewedFile
from submitter.redaction import redactor

_MARK = "() => { window.__submitterSawThis = true }"
_IS_NEW = "() => window.__submitterSawThis !== true && document.readyState !== 'loading'"
_SHA256_OF_FILES = """async input => Promise.all([...input.files].map(async file => {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [file.name, [...new Uint8Array(digest)].map(b => b.toString(16).padStart(2, '0')).join('')];
}))"""


@dataclass
class Surroundings:
    """What a visit gets from the worker that runs it."""

    read_secret: Callable[[str], str]
    keep_evidence: Callable[[bytes, str], Awaitable[str]]  # (content, file name) -> SHA-256
    copy_file: Callable[[SubmittedFile], Path]  # the document under its upload name, in a folder of this visit's own
    guard: Callable[[], None]  # raises LeaseLost when the account may no longer be ours
    step_seconds: float = 20.0
    commit_seconds: float = 30.0


@dataclass
class Visit:
    page: Page
    account: Account
    manifest: Manifest
    surroundings: Surroundings
    interruptions: Sequence[Interruption] = ()
    drift: Drift = field(default_factory=Drift)
    commits: int = 0
    dialogs: list[str] = field(default_factory=list)
    _trouble: asyncio.Future[SubmitterError] | None = None

    def __post_init__(self) -> None:
        self.page.set_default_timeout(self.surroundings.step_seconds * 1000)
        self.page.on("response", self._on_response)
        self.page.on("requestfailed", self._on_request_failed)
        self.page.on("dialog", self._on_dialog)

    # -- moving about --------------------------------------------------------------------------------------------

    async def open(self, path: str, *pages: PageSpec) -> PageSpec:
        """Go to a path below the account's address and arrive at one of ``pages``."""
        self._begin_step()
        try:
            await self.page.goto(self.account.address + path, wait_until="commit")
        except BrowserError as error:
            raise self._trouble_or(error) from error
        return await self.arrive(*pages)

    async def click(self, what: str, *candidates: By, then: PageSpec | Sequence[PageSpec]) -> PageSpec:
        """Press something that can be undone, and arrive at ``then``. Never the sending button: see commit_click."""
        target = await self.find(what, *candidates)
        self._begin_step()
        await self._mark()
        try:
            await target.click(no_wait_after=True)
        except BrowserError as error:
            raise self._trouble_or(error) from error
        return await self.arrive(*((then,) if isinstance(then, PageSpec) else then))

    async def commit_click(self, what: str, *candidates: By, then: PageSpec) -> None:
        """The one irreversible click, then the receipt. The lease is looked at again at the last moment before it."""
        target = await self.find(what, *candidates)
        await target.click(trial=True)  # whatever has to be waited for is waited for before the guard, not after it
        if self.commits:
            raise AdapterBug("The adapter tried to send twice in one attempt.")
        await self.page.route(lambda _: True, self._send_once)
        try:
            await self._mark()
            self._begin_step()  # the guard: nothing but the click may come between
            self.commits += 1
            await target.click(no_wait_after=True, timeout=2000)
            await self.arrive(then, seconds=self.surroundings.commit_seconds)
        finally:
            await self.page.unroute_all(behavior="ignoreErrors")

    async def _send_once(self, route: Route) -> None:
        """Send what the click sends exactly once.

        Chromium repeats a request by itself, a POST too, when the connection closes before an answer came: a portal
        that had booked the first would get a second. Playwright's own client does not repeat.
        """
        request = route.request
        ours = origin_of(request.url) in self.manifest.allowed_origins(self.account)
        if request.method in ("GET", "HEAD", "OPTIONS") or not ours:
            await route.fallback()
            return
        try:
            limit = self.surroundings.commit_seconds * 1000
            await route.fulfill(response=await route.fetch(max_redirects=0, max_retries=0, timeout=limit))
        except BrowserError as error:
            self._report(_unavailable(error))
            with contextlib.suppress(BrowserError):  # the page may be gone with it
                await route.abort("connectionfailed")

    async def arrive(self, *pages: PageSpec, seconds: float | None = None) -> PageSpec:
        """Wait until one of ``pages`` is there in a new document. What shows up instead decides the error."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + (seconds or self.surroundings.step_seconds)
        shown: list[PageSpec | Interruption] = [*pages, *self.interruptions]
        landmarks = [place.landmark.on(self.page).first for place in shown]
        either = landmarks[0]
        for landmark in landmarks[1:]:
            either = either.or_(landmark)
        while (left := deadline - clock.time()) > 0:
            if not await self._race(self.page.wait_for_function(_IS_NEW, timeout=left * 1000)):
                break
            left = max(deadline - clock.time(), 0.001)
            if not await self._race(either.first.wait_for(state="visible", timeout=left * 1000)):
                break
            for spec in pages:
                if await spec.is_shown(self.page):
                    return spec
            for interruption in self.interruptions:
                if await interruption.is_shown(self.page):
                    raise await self._interrupted(interruption)
            # A landmark was there, but not where it belongs, or the page moved on while we looked.
            await self._race(self.page.wait_for_load_state("load", timeout=left * 1000))
            await asyncio.sleep(0.05)
        names = " or ".join(spec.name for spec in pages)
        raise PageUnknown(f"Expected the page {names}, but {urlsplit(self.page.url).path} was shown.")

    async def _race(self, wait: Coroutine[Any, Any, Any]) -> bool:
        """Whether the wait came true in its time; raises at once what the browser reports meanwhile."""
        task = asyncio.ensure_future(wait)
        trouble = self._trouble
        try:
            await asyncio.wait({task, trouble} if trouble else {task}, return_when=asyncio.FIRST_COMPLETED)
            if trouble is not None and trouble.done():
                raise trouble.result()
            error = task.exception()
            if error is not None and not isinstance(error, BrowserTimeout):
                raise _unavailable(error)
            return error is None
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _interrupted(self, interruption: Interruption) -> SubmitterError:
        words = ""
        if interruption.words is not None:
            found = interruption.words.on(self.page)
            words = (await found.first.inner_text()).strip() if await found.count() else ""
        return interruption.meaning(redactor.scrub(" ".join(words.split())))

    async def _mark(self) -> None:
        """Mark the document, so that the one that comes after a click can be told from the one before it."""
        await self.page.evaluate(_MARK)

    # -- fields --------------------------------------------------------------------------------------------------

    async def find(self, what: str, *candidates: By) -> Locator:
        return await locate(self.page, what, candidates, self.drift)

    async def fill(self, what: str, value: str, *candidates: By) -> None:
        await (await self.find(what, *candidates)).fill(value)

    async def tick(self, what: str, *candidates: By) -> None:
        await (await self.find(what, *candidates)).check()

    def read_secret(self, what: str) -> str:
        return self.surroundings.read_secret(what)

    async def text(self, what: str, *candidates: By) -> str:
        return (await (await self.find(what, *candidates)).inner_text()).strip()

    async def upload(self, what: str, files: Sequence[SubmittedFile], *candidates: By) -> None:
        """Choose files; the SHA-256 of what the page then holds must be that of our documents."""
        if not files:
            return
        target = await self.find(what, *candidates)
        await target.set_input_files([self.surroundings.copy_file(file) for file in files])
        chosen = {pair[0]: pair[1] for pair in await target.evaluate(_SHA256_OF_FILES)}
        wanted = {file.upload_name: file.document.sha256 for file in files}
        if chosen != wanted:
            raise ReadBackDiffers(f"The files chosen in {what} are not the documents that were to be sent.")

    async def list_rows(self, spec: PagedList) -> AsyncIterator[Row]:
        """The rows of a list from the page shown to its last one. An empty list must say so in the portal's words."""
        if await says(self.page, *spec.empty_texts):
            return
        while True:
            rows = await read_table(self.page, spec.caption, spec.columns)
            if not rows:
                raise PageUnknown(f"The list {spec.caption!r} is empty, but the portal does not say so.")
            for row in rows:
                yield row
            if not await self.page.get_by_role("link", name=spec.next_link, exact=True).is_visible():
                return
            await self.click(spec.next_link, role("link", spec.next_link), then=spec.page)

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

    # -- evidence ------------------------------------------------------------------------------------------------

    async def capture(self, label: str) -> tuple[str, ...]:
        """Keep a screenshot and the text of the page as it is now; their SHA-256. Secrets are taken out of the text."""
        page_text = redactor.scrub(await self.page.locator("body").inner_text())
        picture = await self.page.screenshot(full_page=True)
        keep = self.surroundings.keep_evidence
        return (await keep(picture, f"{label}.png"), await keep(page_text.encode(), f"{label}.txt"))

    async def capture_if_possible(self, label: str) -> tuple[str, ...]:
        """The same where something went wrong already; a page that is gone leaves no evidence, and that is no news."""
        try:
            return await asyncio.wait_for(self.capture(label), timeout=5)
        except (BrowserError, TimeoutError, OSError):
            return ()

    # -- what the browser tells us -------------------------------------------------------------------------------

    def _begin_step(self) -> None:
        self.surroundings.guard()
        self._trouble = asyncio.get_running_loop().create_future()

    def _trouble_or(self, error: BaseException) -> SubmitterError:
        """What the browser reported about the navigation, which says more than the call that failed."""
        if self._trouble is not None and self._trouble.done():
            return self._trouble.result()
        return _unavailable(error)

    def _report(self, error: SubmitterError) -> None:
        if self._trouble is not None and not self._trouble.done():
            self._trouble.set_result(error)

    def _on_response(self, response: Response) -> None:
        if not response.request.is_navigation_request() or response.frame != self.page.main_frame:
            return
        if response.status >= 500 or response.status == 429:
            self._report(
                PortalUnavailable(f"The portal answered {response.status} {response.status_text}".rstrip() + ".")
            )

    def _on_request_failed(self, request: Request) -> None:
        if not request.is_navigation_request() or request.frame != self.page.main_frame:
            return
        if request.failure and "ERR_ABORTED" not in request.failure:  # aborted: superseded, or became a download
            self._report(PortalUnavailable(f"The portal did not answer ({request.failure})."))

    async def _on_dialog(self, dialog: Dialog) -> None:
        """Nobody is there to answer: a native dialog is noted and dismissed, which never sends anything."""
        self.dialogs.append(redactor.scrub(dialog.message))
        await dialog.dismiss()


def _unavailable(error: BaseException) -> PortalUnavailable:
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return PortalUnavailable(f"The portal's page could not be used ({redactor.scrub(words)}).")
