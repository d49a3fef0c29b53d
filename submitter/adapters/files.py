"""What a portal brings instead of a page: files that it hands out, and pages that it opens in another tab."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page

from submitter.adapters.manifest import Manifest, origin_of
from submitter.adapters.watch import PageWatch, unavailable
from submitter.errors import PageUnknown, SubmitterError
from submitter.model.account import Account

MOST_MEGABYTES = 50  # of a file that a portal hands out; a list of a hundred thousand invoices has 20


@dataclass(frozen=True)
class HandedOut:
    """A file from the portal: the name it suggests, which is never used as a path, and its bytes."""

    name: str
    data: bytes


class Taking(Protocol):
    """What taking a file or a tab needs of a visit."""

    page: Page
    watch: PageWatch
    account: Account
    manifest: Manifest


async def take_file(visit: Taking, target: Locator) -> HandedOut:
    """Press and wait for the file. What is shown instead of it is the page's trouble, or a page nobody expects."""
    visit.watch.expects_file = True
    try:
        async with visit.page.expect_download() as coming:
            await target.click(no_wait_after=True)
        download = await coming.value
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "file"
            await download.save_as(copy)
            if copy.stat().st_size > MOST_MEGABYTES * 1_000_000:
                raise PageUnknown(f"The portal handed out a file of more than {MOST_MEGABYTES} MB.")
            return HandedOut(download.suggested_filename, await asyncio.to_thread(copy.read_bytes))
    except BrowserError as error:
        raise _instead(visit, "handed out no file", error) from error
    finally:
        visit.watch.expects_file = False


async def address_of_tab(visit: Taking, target: Locator) -> str:
    """Press and close the tab that opens; the address of its page, below the account's own."""
    visit.watch.keeps_tabs = True
    try:
        async with visit.page.expect_popup() as coming:
            await target.click(no_wait_after=True)
        tab = await coming.value
        await tab.wait_for_url(lambda url: not url.startswith("about:"), wait_until="commit")
        address = tab.url
    except BrowserError as error:
        raise _instead(visit, "opened no tab", error) from error
    finally:
        visit.watch.keeps_tabs = False
        await visit.watch.close_tabs()
    home = visit.account.address
    if origin_of(address) not in visit.manifest.allowed_origins(visit.account) or not address.startswith(home):
        raise PageUnknown(f"The portal opened a tab at {urlsplit(address).hostname}, which is not below {home}.")
    return address.removeprefix(home)


def _instead(visit: Taking, what: str, error: BrowserError) -> SubmitterError:
    told = visit.watch.told()
    if told is not None:
        return told
    if visit.watch.loading():
        return unavailable(error)
    return PageUnknown(f"The portal {what}; {urlsplit(visit.page.url).path} was shown.")
