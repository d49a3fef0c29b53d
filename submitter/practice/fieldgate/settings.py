"""The settings of the portal that its buyer may change while it runs."""

import difflib
import json
from typing import Any

from submitter.practice.fieldgate.books import Books

DEFAULTS: dict[str, Any] = {
    "idle_seconds": 1800,
    "accept_duplicates": False,
    "listing_delay_seconds": 0,
    "page_size": 10,
    "terms_version": "",
    "totp_required": False,
    "browser_may_resend": False,
    "refuses_unlisted": False,
    "one_pdf": False,
}


class Refused(ValueError):
    """The buyer's side asked for something that does not exist or does not make sense."""


def suggest(word: str, known: list[str]) -> str:
    """', did you mean ...' for a word that is nearly one we know."""
    near = difflib.get_close_matches(word, known, 1)
    return f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"


class Settings:
    """Settings kept in the books, so that they outlive a restart."""

    def __init__(self, books: Books, defaults: dict[str, Any] = DEFAULTS) -> None:
        self._books = books
        self._defaults = defaults
        self._values = dict(defaults)
        for row in books.rows("SELECT name, value FROM settings"):
            self._values[row["name"]] = json.loads(row["value"])

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def change(self, wanted: dict[str, Any]) -> None:
        """Changes the named settings and leaves the others; refuses all of them when one is wrong."""
        for name, value in wanted.items():
            self._check(name, value)
        with self._books.change():
            for name, value in wanted.items():
                self._books.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, json.dumps(value))
        self._values.update(wanted)

    def _check(self, name: str, value: Any) -> None:
        if name not in self._defaults:
            raise Refused(f"There is no setting {name!r}{suggest(name, list(self._defaults))}")
        default = self._defaults[name]
        if isinstance(default, bool):
            fits = isinstance(value, bool)
        elif isinstance(default, int):
            fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        else:
            fits = isinstance(value, str)
        if not fits or (name == "page_size" and (not isinstance(value, int) or value < 1)):
            raise Refused(f"{value!r} does not fit the setting {name!r}, whose default is {default!r}.")

    @property
    def idle_seconds(self) -> float:
        return float(self._values["idle_seconds"])

    @property
    def one_pdf(self) -> bool:
        """Whether an invoice comes as one PDF, its signed tickets behind it, and nothing else is taken."""
        return bool(self._values["one_pdf"])

    @property
    def accept_duplicates(self) -> bool:
        return bool(self._values["accept_duplicates"])

    @property
    def listing_delay_seconds(self) -> float:
        return float(self._values["listing_delay_seconds"])

    @property
    def page_size(self) -> int:
        return int(self._values["page_size"])

    @property
    def terms_version(self) -> str:
        return str(self._values["terms_version"])

    @property
    def totp_required(self) -> bool:
        return bool(self._values["totp_required"])

    @property
    def refuses_unlisted(self) -> bool:
        """Refuse the number of an invoice as soon as it is booked, also while the list does not show it yet."""
        return bool(self._values["refuses_unlisted"])

    @property
    def browser_may_resend(self) -> bool:
        """Like most web servers: Chromium may repeat a request whose answer was dropped, and it counts as a new one."""
        return bool(self._values["browser_may_resend"])
