"""Tryton's pages. They are drawn into one document, each into a pane of its own, and found by what they show.

Panes that were left stay behind, hidden, with fields of the same names: everything here is looked for in the open one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from submitter.adapters.page import By, Interruption, PageSpec, css, headers, inside
from submitter.adapters.visit import Visit
from submitter.errors import DuplicateInvoice, PageUnknown, PortalRejected, SessionLost
from submitter.model.money import Money

PANE = "#tabcontent > .tab-pane.active"
DIALOG = ".modal.window-form.in"

USER = css("#user-preferences > a")
PASSWORD_FIELD = css(".ask-dialog input[type=password]")

SIGN_IN = PageSpec("Login", "/", css(".login-dialog input#login:enabled"))
PASSWORD = PageSpec("Password", "/", PASSWORD_FIELD)
HOME = PageSpec("Menu", "/", USER)
#: A list has come when the number of its records stands on its tab; see ``place``.
COUNT = css(f"{PANE} .tab-domain li#nav-0 .badge[title]:not([title=''])")
IN_CURRENCY = css(f"{PANE} .tab-domain li#nav-1 .badge[title]:not([title=''])")
LIST = PageSpec("List", "/", COUNT)
INVOICE = PageSpec("Supplier invoice", "/", css(f"{PANE} input[name=reference]"))
LINE = PageSpec("Invoice line", "/", css(f"{DIALOG} input[name=product]"))
SAVED = PageSpec("Saved invoice", "/", css(f"{PANE} .alert-info"))
FILES = PageSpec("Attachments", "/", css(f"{DIALOG} table.tree"))
VALIDATED = PageSpec(
    "Validated invoice", "/", css(f"{PANE} select[name=state]:has(option:checked[value='\"validated\"'])")
)

TABLE = css(f"{PANE} table.tree")
LINES = inside(css(PANE), headers("Product", "Quantity", "Unit Price"))

_WARNING = css(".user-warning-dialog.in")
_REFUSAL = css(".warning-dialog.in")
_FAILURE = css(".error-dialog.in")
_INVALID = css(f"{PANE} .alert-danger")

INTERRUPTIONS = (
    Interruption(_WARNING, PortalRejected, words=_WARNING, by_words={"is similar to invoice": DuplicateInvoice}),
    Interruption(_REFUSAL, PortalRejected, words=_REFUSAL),
    Interruption(_FAILURE, PageUnknown, words=_FAILURE),
    Interruption(_INVALID, PortalRejected, words=_INVALID),
    Interruption(PASSWORD_FIELD, SessionLost),
    Interruption(css(".login-dialog input#login"), SessionLost),
)

INVOICE_COLUMNS = ("Number", "Reference", "Party", "Total", "State")
ORDER_COLUMNS = ("Number", "Party", "State")
ORDER_LINE_COLUMNS = ("Product", "Quantity", "Unit Price")
FILE_COLUMNS = ("Name",)

#: States of a purchase in which it may be billed.
OPEN_ORDERS = frozenset({"Confirmed", "Processing"})


def place(model: str, domain: Sequence[Any], currency: str = "") -> str:
    """The route of a list narrowed by ``domain``, with the number of its records on a tab of its own.

    Un-encoded JSON would be ignored without a word, and the whole list shown. The counts are asked for once the list
    itself has come: an empty list shows 0 there, one that has not come yet shows nothing. ``currency``: another tab
    counts those in this currency, as the list shows symbols only.
    """
    tabs: list[Any] = [["All", [], True]]
    if currency:
        tabs.append([currency, [["currency.code", "=", currency]], True])
    given = {"domain": list(domain), "tab_domain": tabs}
    return f"model/{model};" + "&".join(f"{key}={quote(json.dumps(value), safe='')}" for key, value in given.items())


def button(name: str) -> By:
    """A button of the open record's own."""
    return css(f"{PANE} button[name={name}]")


def tool(name: str) -> By:
    """A button of the open pane's toolbar."""
    return css(f"{PANE} .toolbar .btn-toolbar button#{name}")


def field(name: str, region: str = PANE) -> By:
    """A field as it is shown; a number field is two inputs of one name, of which the other is for typing."""
    return css(f"{region} input[name={name}]:not([type=number])")


def figure(visit: Visit, words: str) -> Decimal:
    """The one number in a cell that may have a currency's symbol or a unit beside it."""
    found: list[str] = re.findall(r"(?<![\w.,])-?\d[\d.,]*", words)
    if len(found) != 1:
        raise PageUnknown(f"{words!r} is not a figure as this portal writes them.")
    return visit.read_number(found[0])


def amount(visit: Visit, words: str, currency: str) -> Money:
    try:
        return Money.of(figure(visit, words), currency)
    except ValueError as error:
        raise PageUnknown(f"{words!r} is not an amount of {currency}: {error}.") from None
