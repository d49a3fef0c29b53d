"""Cobalt's pages, and what may show up instead of them."""

from __future__ import annotations

from submitter.adapters.page import Interruption, PageSpec, css, inside, role, text
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
)

ALERT = css("main [role=alert]")

LOGIN = PageSpec("Log in", "/login", role("heading", "Log in to Cobalt"))
PASSWORD = PageSpec("Password", "/login/password", role("heading", "Welcome back"))
# The same page asks for a mailed code in other words, and that one waits for a person
CODE = PageSpec("Verify it is you", "/login/code", text("Enter the code that your authenticator app shows for Cobalt."))
CREATE = PageSpec("Create invoice", "/at/[^/]+/create", role("combobox", "Purchase order"))
DRAFT = PageSpec("Invoice draft", "/at/[^/]+/drafts/[^/]+", role("button", "Calculate"))
SUMMARY = PageSpec("Summary", "/at/[^/]+/drafts/[^/]+", role("region", "Summary"))
SENT = PageSpec("Invoice sent", "/at/[^/]+/invoices/[^/]+/sent", role("heading", "Invoice sent"))
INVOICES = PageSpec("Invoices", "/at/[^/]+/invoices", role("heading", "Invoices"))

SEND = inside(role("dialog", "Are you ready to send this invoice?"), role("button", "Send invoice"))

INTERRUPTIONS = (
    Interruption(ALERT, SecondFactor, words=ALERT, path=CODE.path),
    Interruption(
        ALERT,
        PageUnknown,
        words=ALERT,
        path="/login(/.*)?",
        by_words={"could not sign you in": CredentialsRejected, "has been locked": CredentialsRejected},
    ),
    Interruption(LOGIN.landmark, SessionLost),
    Interruption(role("heading", "Verify it is you"), SecondFactor),
    Interruption(role("heading", "Time for a new password"), PasswordExpired),
    Interruption(role("heading", "We have updated our terms"), TermsChanged),
    Interruption(role("heading", "Cobalt is being maintained"), PortalUnavailable),
    Interruption(
        ALERT,
        PortalRejected,
        words=ALERT,
        by_words={
            "has been used before": DuplicateInvoice,
            "more than what is open": AmountDiffers,
            "file": FileRefused,
            "document": FileRefused,
        },
    ),
)

#: The invoice list of one customer, drafts among it. An empty one proves nothing without one of Cobalt's own texts.
LIST = PagedList(
    caption="Invoices",
    columns=("Invoice #", "Document ID", "Status", "PO #", "Total", "Dispute Reason", "Paid"),
    page=INVOICES,
    next_link="Next page",
    empty_texts=("Nothing matches these filters.", "No invoices yet."),
)

SUMMARY_TERMS = ("Order", "Number", "Dated", "Net", "Tax", "Total")
