"""The kinds of fields that portals have, each filled as a person fills it and then looked at again.

What a field made of what was entered is compared at once: a field that cuts off, corrects or keeps another choice is
named here, and not three pages later.
"""

from __future__ import annotations

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Page

from submitter.adapters.page import By, visible, wait_for_any
from submitter.errors import FieldAmbiguous, FieldMissing, ReadBackDiffers
from submitter.redaction import redactor

_IS_SELECT = "element => element.tagName === 'SELECT'"
_IS_DATE = "element => element.tagName === 'INPUT' && element.type === 'date'"
_CHOICES = "select => [...select.options].map(option => option.label.trim())"
_CHOSEN = "select => [...select.selectedOptions].map(option => option.label.trim()).join('\\n')"


async def fill(field: Locator, what: str, value: str) -> None:
    """Text as it is. ReadBackDiffers when the field then holds something else."""
    await field.fill(value)
    _require(what, await field.input_value(), value)


async def is_date_field(field: Locator) -> bool:
    """Whether the browser's own date field: it takes ISO 8601, whatever it shows."""
    return bool(await field.evaluate(_IS_DATE))


async def select(field: Locator, what: str, choice: str) -> bool:
    """One choice of a select, by the words that it shows; False where the field is none, but a list that opens.

    FieldMissing names the choices there are when this one is not among them.
    """
    if not await field.evaluate(_IS_SELECT):
        return False
    there: list[str] = await field.evaluate(_CHOICES)
    if there.count(choice) != 1:
        raise _no_choice(what, choice, there)
    await field.select_option(label=choice)
    _require(what, await field.evaluate(_CHOSEN), choice)
    return True


async def offered(page: Page, what: str, option: By, seconds: float) -> Locator:
    """The options of these words, once one can be seen. FieldMissing when none is in time."""
    try:
        await wait_for_any(page, [option], "visible", seconds)
    except BrowserError as error:
        raise FieldMissing(f"{what} offers no {option.value!r}.") from error
    return visible(option.on(page))


async def take(field: Locator, what: str, choice: str, options: Locator) -> None:
    """Press the one option that is offered in these words, and see that the field then shows it."""
    count = await options.count()
    if count != 1:
        raise FieldAmbiguous(f"{what} offers {choice!r} {count} times.")
    await options.click()
    _require(what, await _shown_in(field), choice)


async def _shown_in(field: Locator) -> str:
    """What a field that opens a list shows: its value, or its words where it is a button."""
    text: str = await field.evaluate("e => 'value' in e && e.tagName !== 'BUTTON' ? e.value : e.innerText")
    return text


def _no_choice(what: str, choice: str, there: list[str]) -> FieldMissing:
    shown = ", ".join(one for one in there if one)
    return FieldMissing(f"{what} offers no single {choice!r}; it offers {shown or 'nothing'}.")


def _require(what: str, shown: str, entered: str) -> None:
    if shown.strip() != entered.strip():
        said = f"{what} shows {shown.strip()!r} after {entered.strip()!r} was entered."
        raise ReadBackDiffers(redactor.scrub(said))  # a password may be among what is entered
