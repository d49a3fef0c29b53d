"""A flow file as a whole: pages, what may show up instead of them, lists, and the steps of each section.

What can be wrong with one is found when it is read, not at the portal: see ``Flow`` and ``sections.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self

from pydantic import field_validator, model_validator

from submitter.adapters.flow.lists import InvoiceList
from submitter.adapters.flow.locator import Locator
from submitter.adapters.flow.sections import SECTIONS, check_section
from submitter.adapters.flow.steps import Read, ReadTable, Steps
from submitter.adapters.flow.vocabulary import Placeholder, parsed
from submitter.adapters.page import Interruption, PageSpec
from submitter.errors import (
    CredentialsRejected,
    PersonNeeded,
    PortalChanged,
    PortalRejected,
    PortalUnavailable,
    SubmitterError,
    class_of,
)
from submitter.model.record import Record
from submitter.toml_files import did_you_mean

#: What a page may mean. That nothing is known, or that the lease is lost, is never said by a portal.
_MEANINGS = (PortalRejected, PersonNeeded, CredentialsRejected, PortalUnavailable, PortalChanged)


def _meanings() -> list[type[SubmitterError]]:
    found, waiting = list[type[SubmitterError]](), list(_MEANINGS)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(one.__subclasses__())
    return found


def _error(code: str) -> type[SubmitterError]:
    known = [one.code for one in _meanings()]
    if code not in known:
        raise ValueError(f"a portal cannot mean {code!r}{did_you_mean(code, known)}")
    found = class_of(code)
    assert found is not None  # noqa: S101 - it is one of those
    return found


def _pattern(path: str) -> str:
    try:
        re.compile(path)
    except re.error as error:
        raise ValueError(f"the path {path!r} is no pattern: {error}") from None
    return path


class Page(Record):
    """A page: the path it lies at, a regular expression for all of it, and a landmark that shows it has arrived."""

    path: str
    landmark: Locator

    _path_is_a_pattern = field_validator("path")(_pattern)


class Interruptive(Record):
    """What may show up instead of the page that was asked for, and the error that it means, by its code."""

    error: str
    landmark: Locator | None = None
    page: str = ""  # or: that page of this file, where it was not asked for
    words: Locator | None = None  # where the portal says why; without it, the landmark's own words
    path: str = ".*"
    by_words: Mapping[str, str] = {}  # phrase -> an error that says more
    says: str = ""  # in our words, for whoever has to act

    _path_is_a_pattern = field_validator("path")(_pattern)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if bool(self.page) == (self.landmark is not None):
            raise ValueError("either landmark or page says what shows up")
        for code in (self.error, *self.by_words.values()):
            _error(code)
        return self


class Flow(Record):
    pages: Mapping[str, Page]
    lists: Mapping[str, InvoiceList]
    interruptions: tuple[Interruptive, ...] = ()
    sign_in: Steps
    find: Steps
    prepare: Steps
    correct: Steps = ()  # instead of prepare, for a round after the first, where the portal corrects the former invoice
    read_back: Steps
    commit: Steps
    readings: Steps
    probe: Steps

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for number, one in enumerate(self.interruptions, 1):
            if one.page and one.page not in self.pages:
                raise _no_page(f"interruptions {number}", one.page, self.pages)
        for name, one_list in self.lists.items():
            if one_list.page not in self.pages:
                raise _no_page(f"lists.{name}", one_list.page, self.pages)
        for section in SECTIONS:
            check_section(section, getattr(self, section.name), set(self.pages), set(self.lists))
        self._requires_the_review_and_the_receipt()
        for place, name in (("find", self.find[-1].what), ("readings", self.readings[-1].what)):
            if place == "find" and self.lists[name].handed_out is not None:
                raise ValueError("find: a list that is handed out as a file cannot show that an invoice is not there")
        return self

    def _requires_the_review_and_the_receipt(self) -> None:
        shown = _read_into(self.read_back)
        for wanted in ("invoice.number", "invoice.total"):
            if wanted not in shown:
                raise ValueError(f"read_back: the review must be read for {{{wanted}}}; nothing is sent unseen")
        if not any(isinstance(step, ReadTable) and step.into == "files" for step in self.read_back):
            raise ValueError('read_back: a read_table with into = "files" must read the names of the files')
        for wanted in ("receipt.reference", "receipt.words"):
            if wanted not in _read_into(self.commit):
                raise ValueError(f"commit: the receipt must be read for {{{wanted}}}")

    def page_specs(self) -> dict[str, PageSpec]:
        return {name: PageSpec(name, page.path, page.landmark.by()) for name, page in self.pages.items()}

    def interruption_specs(self) -> tuple[Interruption, ...]:
        return tuple(self._interruption(one) for one in self.interruptions)

    def _interruption(self, one: Interruptive) -> Interruption:
        landmark = (one.landmark or self.pages[one.page].landmark).by()
        return Interruption(
            landmark,
            _error(one.error),
            words=one.words.by() if one.words else landmark,
            by_words={phrase: _error(code) for phrase, code in one.by_words.items()},
            path=one.path,
            says=one.says,
        )


def _read_into(steps: Steps) -> set[str]:
    templates = [step.into for step in steps if isinstance(step, Read)]
    return {part.name for one in templates for part in parsed(one) if isinstance(part, Placeholder)}


def _no_page(place: str, name: str, pages: Mapping[str, Page]) -> ValueError:
    return ValueError(f"{place}: there is no page {name!r}{did_you_mean(name, pages)}")
