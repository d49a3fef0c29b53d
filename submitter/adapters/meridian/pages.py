"""Meridian's views, which its script draws into one page, and what may show up instead of them."""

from __future__ import annotations

from submitter.adapters.page import Interruption, PageSpec, css, role, text
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

ALERT = css("main > [role=alert]")
_ROUTE = "(/with/[^/]+)?/#/"  # behind which the view stands; before it, the customer whose invoices are looked at

SIGN_IN = PageSpec("Supplier log-on", rf"{_ROUTE}sign-in(\?.*)?", role("heading", "Supplier log-on"))
# The same view asks for a mailed code in other words, and that one waits for a person
VERIFY = PageSpec("Verify", f"{_ROUTE}verify", text("Enter the code that your authenticator app shows for Meridian."))
WORKBENCH = PageSpec("Workbench", f"{_ROUTE}workbench", role("heading", "Workbench"))
ORDER = PageSpec("Order", f"{_ROUTE}orders/.+", role("button", "Create Invoice"))
DRAFT = PageSpec("Create Invoice", f"{_ROUTE}drafts/[0-9]+", role("button", "Next"))
ATTACHED = PageSpec("Attached files", DRAFT.path, role("grid", "Attached files"))
REVIEW = PageSpec("Review Invoice", f"{_ROUTE}drafts/[0-9]+/review", role("heading", "Review Invoice"))
SUBMITTED = PageSpec("Invoice Submitted", f"{_ROUTE}invoices/[^/]+/submitted", role("heading", "Invoice Submitted"))
INVOICES = PageSpec("Invoices", rf"{_ROUTE}invoices(\?.*)?", role("heading", "Invoices"))
INVOICE = PageSpec("Invoice", f"{_ROUTE}invoices/[^/]+", role("grid", "History"))

INTERRUPTIONS = (
    Interruption(
        ALERT,
        PageUnknown,
        words=ALERT,
        path=SIGN_IN.path,
        by_words={"not correct": CredentialsRejected, "is locked": CredentialsRejected},
    ),
    Interruption(ALERT, SecondFactor, words=ALERT, path=VERIFY.path),
    Interruption(SIGN_IN.landmark, SessionLost),
    Interruption(role("heading", "Two-step verification"), SecondFactor),
    Interruption(role("heading", "Your password has expired"), PasswordExpired),
    Interruption(role("heading", "Terms of use have changed"), TermsChanged),
    # What a call behind a view came to: no navigation fails, so that these words are all there is
    Interruption(role("heading", "Meridian could not be reached"), PortalUnavailable),
    Interruption(role("heading", "Meridian is being maintained"), PortalUnavailable),
    Interruption(role("heading", "Too many requests"), PortalUnavailable),
    Interruption(role("heading", "Something went wrong"), PortalUnavailable),
    Interruption(role("heading", "Order not found"), UnknownOrder),
    Interruption(
        ALERT,
        PortalRejected,
        words=ALERT,
        path=f"{_ROUTE}drafts/.+",
        by_words={
            "INVOICE_DUPLICATE": DuplicateInvoice,
            "more than what is open": AmountDiffers,
            "file": FileRefused,
            "PDF": FileRefused,
        },
    ),
)

#: The invoice list. An empty one proves nothing without one of Meridian's own texts.
LIST = PagedList(
    caption=role("grid", "Invoices"),
    columns=("Invoice #", "Reference", "Order #", "Amount", "Routing Status", "Invoice Status", "Comment"),
    page=INVOICES,
    next_link=role("button", "Next page"),
    empty_texts=("No invoices found.", "There are no invoices yet."),
    redraws=True,
)

REVIEW_TERMS = ("Order #", "Invoice #", "Invoice Date", "Net", "Tax", "Total")
