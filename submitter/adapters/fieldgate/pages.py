"""Fieldgate's pages, and what may show up instead of them."""

from __future__ import annotations

from submitter.adapters.page import Interruption, PageSpec, css, role
from submitter.adapters.tables import PagedList
from submitter.errors import (
    AmountDiffers,
    CredentialsRejected,
    DuplicateInvoice,
    FileRefused,
    PageUnknown,
    PasswordExpired,
    PortalRejected,
    PortalUnavailable,
    SecondFactor,
    SessionLost,
    TermsChanged,
    UnknownOrder,
)

ALERT = css("main [role=alert]")

SIGN_IN = PageSpec("Sign in", "/sign-in", role("heading", "Sign in to Fieldgate"))
CODE = PageSpec("Enter your code", "/sign-in/code", role("heading", "Enter your code"))
HOME = PageSpec("Home", "/home", role("heading", "Home"))
ORDER = PageSpec("Purchase order", "/orders/.+", role("button", "Create invoice"))
HEADER = PageSpec("Invoice header", "/drafts/[^/]+/header", role("heading", "Invoice header"))
LINES = PageSpec("Invoice lines", "/drafts/[^/]+/lines", role("heading", "Invoice lines"))
ATTACHMENTS = PageSpec("Attachments", "/drafts/[^/]+/attachments", role("heading", "Attachments"))
REVIEW = PageSpec("Review your invoice", "/drafts/[^/]+/review", role("heading", "Review your invoice"))
RECEIPT = PageSpec("Invoice submitted", "/invoices/[^/]+/receipt", role("heading", "Invoice submitted"))
INVOICES = PageSpec("Invoices", "/invoices", role("heading", "Invoices"))
INVOICE = PageSpec("Invoice", "/invoices/[^/]+", role("table", "Invoice journal"))

INTERRUPTIONS = (
    Interruption(
        ALERT,
        PageUnknown,
        words=ALERT,
        path="/sign-in",
        by_words={"not correct": CredentialsRejected, "is locked": CredentialsRejected},
    ),
    Interruption(ALERT, SecondFactor, words=ALERT, path=CODE.path),
    Interruption(SIGN_IN.landmark, SessionLost),
    Interruption(CODE.landmark, SecondFactor),
    Interruption(role("heading", "Your password has expired"), PasswordExpired),
    Interruption(role("heading", "New terms of use"), TermsChanged),
    Interruption(role("heading", "Fieldgate is being maintained"), PortalUnavailable),
    Interruption(role("heading", "Page not found"), UnknownOrder, path="/orders/.+"),
    Interruption(
        ALERT,
        PortalRejected,
        words=ALERT,
        by_words={
            "already been submitted": DuplicateInvoice,
            "more than what is open": AmountDiffers,
            "file": FileRefused,
        },
    ),
)

#: The invoice list. An empty one proves nothing without one of Fieldgate's own texts.
LIST = PagedList(
    caption="Invoices",
    columns=("Invoice number", "Revision", "Confirmation", "PO number", "Total", "Currency", "Status", "Reason"),
    page=INVOICES,
    next_link="Next",
    empty_texts=("No invoices match your search.", "You have no invoices yet."),
)

REVIEW_TERMS = (
    *("Purchase order", "Invoice number", "Invoice date", "Cost object", "Major", "Minor", "Approver"),
    *("Currency", "Net amount", "Tax amount", "Invoice total"),
)
