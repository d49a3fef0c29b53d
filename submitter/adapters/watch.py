"""What the browser tells of its own accord while a visit is under way: answers, failures, dialogs, tabs, files.

Nobody asks for these, and Playwright raises nothing for most of them; here each gets the meaning it has for a step.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import Dialog, Download, Frame, Page, Request, Response
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout

from submitter.adapters.page import SEEN, By, visible, wait_for_any
from submitter.errors import PageUnknown, PortalUnavailable, SubmitterError
from submitter.redaction import redactor

_MARK = "() => { window.__submitterSawThis = true }"
_IS_NEW = "() => window.__submitterSawThis !== true && document.readyState !== 'loading'"
_MARK_SHOWN = "(elements, name) => elements.forEach(element => element.setAttribute(name, ''))"
_UNMARK = "(elements, name) => elements.forEach(element => element.removeAttribute(name))"
_DRAWN = """() => Promise.race([
  new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))),
  new Promise(done => setTimeout(done, 200)),
])"""

#: What a page needs before it can be said to have arrived. A picture or a beacon that hangs hides nothing.
_NEEDED = frozenset({"document", "script", "stylesheet", "xhr", "fetch"})
_AWAY = frozenset({408, 425, 429})  # besides 500 and up: a working portal's way to say "not now"
_LONGEST_AWAY = timedelta(days=1)  # a portal that asks for more is not believed


class _WithFrame(Protocol):
    @property
    def frame(self) -> Frame: ...


class PageWatch:
    """Listens to a visit's page from its first moment to its last."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dialogs: list[str] = []  # the words of every dialog of this visit
        self.beside: list[str] = []  # what this step brought instead of, or besides, a page
        self.ahead = 0.0  # seconds that the portal's clock is ahead of ours, by its last answer
        self.moved = asyncio.Event()  # the page went somewhere, or its address changed
        self.keeps_tabs = False
        self.expects_file = False
        self.heeds_frames = False  # the portal works in iframes: what they ask for and run into counts, too
        self._trouble: asyncio.Future[SubmitterError] | None = None
        self._question: PageUnknown | None = None  # a dialog that nobody has been told of yet
        self._expected = ""
        self._leaving = False
        self._loading: dict[Request, None] = {}
        self._idle = asyncio.Event()
        page.on("request", self._on_request)
        page.on("requestfinished", self._on_request_done)
        page.on("requestfailed", self._on_request_failed)
        page.on("response", self._on_response)
        page.on("framenavigated", self._on_navigated)
        page.on("dialog", self._on_dialog)
        page.on("download", self._on_download)
        page.on("popup", self._on_tab)

    # -- for the visit -------------------------------------------------------------------------------------------

    def begin_step(self, *, accepts_dialog: str = "", leaving: bool = False) -> None:
        """Forget the step before. PageUnknown if a dialog came up since that no step has told of.

        ``accepts_dialog``: words of a dialog that this step may be asked and says yes to. ``leaving``: the page may be
        left although the portal asks whether to, as what was filled in is thrown away on purpose.
        """
        self.require_no_question()
        self._trouble = asyncio.get_running_loop().create_future()
        self._expected, self._leaving = accepts_dialog, leaving
        self._loading.clear()
        self.beside.clear()

    def require_no_question(self) -> None:
        if self._question is not None:
            question, self._question = self._question, None
            raise question

    @property
    def trouble(self) -> asyncio.Future[SubmitterError]:
        """What went wrong in this step, once it is known."""
        if self._trouble is None:
            self._trouble = asyncio.get_running_loop().create_future()
        return self._trouble

    def report(self, error: SubmitterError) -> None:
        if not self.trouble.done():
            self.trouble.set_result(error)

    def told(self) -> SubmitterError | None:
        """The trouble of this step, or None; a dialog among it counts as told."""
        if not self.trouble.done():
            return None
        error = self.trouble.result()
        if error is self._question:
            self._question = None
        return error

    async def mark(self) -> None:
        """Mark the document, so that the one that comes after a click can be told from the one before it."""
        await self.page.evaluate(_MARK)

    async def mark_shown(self, landmarks: Sequence[By]) -> None:
        """Mark those that are there now: what a step draws into the page that is there can be told from them."""
        for frame in self.page.frames:
            with contextlib.suppress(BrowserError):  # a frame may go at any time, and its marks with it
                await frame.locator(f"[{SEEN}]").evaluate_all(_UNMARK, SEEN)
        for landmark in landmarks:
            found = visible(landmark.on(self.page))
            if await found.count():
                await found.evaluate_all(_MARK_SHOWN, SEEN)

    async def settle(self, seconds: float) -> None:
        """Until the page has drawn what came and asks for nothing more, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    with contextlib.suppress(BrowserError):  # the page moves on, which ``moved`` tells
                        await self.page.evaluate(_DRAWN)
                    if not self._loading:
                        return
                    self._idle.clear()
                    await self._idle.wait()

    async def wait_for(
        self, landmarks: Sequence[By], seconds: float, *, redrawn: bool = False, newly: bool = False
    ) -> bool:
        """Until one of the landmarks is shown, or the page moves on; False when the time is up before.

        By a new document, unless ``redrawn``: then into the one that is there, and with ``newly`` not since before the
        step. Raises at once what the browser reports meanwhile.
        """
        moved = asyncio.ensure_future(self.moved.wait())
        seen = asyncio.ensure_future(self._see(landmarks, seconds, redrawn, newly))
        try:
            first: set[asyncio.Future[Any]] = {moved, seen, self.trouble}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            trouble = self.told()
            if trouble is not None:
                await self._let_it_show(trouble)
                raise trouble
            error = seen.exception() if seen.done() and not moved.done() else None
            if error is not None and not isinstance(error, BrowserTimeout):
                raise unavailable(error)
            return error is None
        finally:
            moved.cancel()
            seen.cancel()
            await asyncio.gather(moved, seen, return_exceptions=True)

    async def _see(self, landmarks: Sequence[By], seconds: float, redrawn: bool, newly: bool) -> None:
        if not redrawn:
            await self.page.wait_for_function(_IS_NEW, timeout=seconds * 1000)
        await wait_for_any(self.page, landmarks, "visible", seconds, newly=newly)

    async def _let_it_show(self, trouble: SubmitterError) -> None:
        """An answer that says "not now" is a page, too, and a picture of it is evidence: wait a moment for it."""
        if isinstance(trouble, PortalUnavailable):
            with contextlib.suppress(BrowserError):
                await self.page.wait_for_function(_IS_NEW, timeout=2000)

    def loading(self) -> str:
        """What the page is still waiting for, in words; empty when all has come that was asked for."""
        return ", ".join(sorted({urlsplit(request.url).path for request in self._loading}))

    async def close_tabs(self) -> None:
        """Close every tab but the visit's own: one that stays would go on using the session."""
        for tab in self.other_tabs():
            with contextlib.suppress(BrowserError):
                await tab.close()

    def other_tabs(self) -> list[Page]:
        return [tab for tab in self.page.context.pages if tab is not self.page]

    # -- for the browser -----------------------------------------------------------------------------------------

    def _on_request(self, request: Request) -> None:
        if request.resource_type in _NEEDED and self._counts(request):
            self._loading[request] = None

    def _on_request_done(self, request: Request) -> None:
        self._loading.pop(request, None)
        if not self._loading:
            self._idle.set()

    def _on_request_failed(self, request: Request) -> None:
        self._on_request_done(request)
        if not request.is_navigation_request() or not self._counts(request):
            return
        if request.failure and "ERR_ABORTED" not in request.failure:  # aborted: superseded, or became a download
            self.report(PortalUnavailable(f"The portal did not answer ({request.failure})."))

    def _on_response(self, response: Response) -> None:
        self._compare_clocks(response.headers.get("date", ""))
        if not response.request.is_navigation_request() or not self._counts(response):
            return
        away = away_of(response.status, response.status_text, response.headers)
        if away is not None:
            self.report(away)

    def _compare_clocks(self, date: str) -> None:
        """By the header of an answer, which has whole seconds. One that tells no time changes nothing."""
        with contextlib.suppress(ValueError, TypeError):
            self.ahead = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()

    def _counts(self, of: _WithFrame) -> bool:
        try:
            frame = of.frame
        except BrowserError:  # a request from before its frame was there: a tab's, never the page's
            return False
        return frame == self.page.main_frame or (self.heeds_frames and frame.page == self.page)

    def _on_navigated(self, frame: Frame) -> None:
        if frame == self.page.main_frame or self.heeds_frames:
            self.moved.set()

    async def _on_dialog(self, dialog: Dialog) -> None:
        """Nobody is there to answer: a native dialog that was not expected is dismissed, which never sends anything."""
        words = redactor.scrub(" ".join(dialog.message.split()))
        self.dialogs.append(words)
        accept = self._leaving if dialog.type == "beforeunload" else bool(self._expected) and self._expected in words
        if not accept:
            said = words or "the question whether to leave the page"
            error = PageUnknown("The portal asked something in a dialog, which was dismissed.", words=said)
            self._question = error
            self.report(error)
        with contextlib.suppress(BrowserError):  # the page may be gone with its dialog
            await (dialog.accept() if accept else dialog.dismiss())

    async def _on_download(self, download: Download) -> None:
        if self.expects_file:
            return
        self.beside.append(f"handed out the file {redactor.scrub(download.suggested_filename)}")
        with contextlib.suppress(BrowserError):  # nobody asked for it, and it may be large
            await download.cancel()

    async def _on_tab(self, tab: Page) -> None:
        self.beside.append("opened another tab")
        if not self.keeps_tabs:
            with contextlib.suppress(BrowserError):
                await tab.close()


def unavailable(error: BaseException) -> PortalUnavailable:
    """What a call of the browser's that failed means, as far as it tells."""
    if isinstance(error, BrowserTimeout):
        return PortalUnavailable("The portal did not answer in time.")
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return PortalUnavailable(f"The portal's page could not be used ({redactor.scrub(words)}).")


def away_of(status: int, words: str, headers: Mapping[str, str]) -> PortalUnavailable | None:
    """A working portal's way to say "not now", or a broken one's; None for any other answer."""
    if status < 500 and status not in _AWAY:
        return None
    said = f"The portal answered {status} {words}".rstrip()
    return PortalUnavailable(f"{said}.", retry_after=_retry_after(headers.get("retry-after", "")))


def _retry_after(value: str) -> timedelta | None:
    """RFC 9110: seconds, or a date."""
    value = value.strip()
    try:
        wait = timedelta(seconds=int(value)) if value.isdigit() else parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(wait, _LONGEST_AWAY) if wait > timedelta(0) else None
