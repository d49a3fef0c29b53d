"""What must be seen on a page before the visit goes on, and what is pressed away where it is shown."""

from __future__ import annotations

from submitter.adapters.page import By, visible
from submitter.adapters.visit import Visit
from submitter.errors import FieldAmbiguous, FieldMissing, PageUnknown


async def expect(visit: Visit, what: str, words: str, *candidates: By) -> None:
    """It must be seen, and say just this where ``words`` is not empty. FieldMissing, PageUnknown."""
    target = await visit.find(what, *candidates)
    if not await target.is_visible():
        raise FieldMissing(f"The page does not show {what}.")
    shown = (await target.inner_text()).strip() if words else ""
    if shown != words:
        raise PageUnknown(f"{what} says {shown!r} instead of {words!r}.")


async def dismiss_if_shown(visit: Visit, what: str, *candidates: By) -> None:
    """Press a notice away, where one is shown; nothing is waited for. FieldAmbiguous for two."""
    for candidate in candidates:
        count = await visible(candidate.on(visit.page)).count()
        if count > 1:
            raise FieldAmbiguous(f"The page has {count} of {what}.")
        if count:
            await visit.press(what, candidate)
            return
