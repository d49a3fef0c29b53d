"""The words that Ledgerline shows for an invoice in English, and what a supplier may do at each of them."""

DRAFT = "Draft"  # still the supplier's; on the page of drafts, but not in the ledger
PENDING_SUBMISSION = "Pending Submission"  # validated and held back for a while; the buyer has not seen it
PENDING_APPROVAL = "Pending Approval"
SCHEDULED = "Scheduled to Pay"
PAID = "Paid"
PAID_RETURNED = "Paid Returned"  # the bank sent the money back
IN_EXCEPTION = "In Exception"
REJECTED = "Rejected"  # to be mended and sent again
DENIED = "Denied"  # never again under this number
VOIDED = "Voided"
STATUSES = (
    DRAFT,
    PENDING_SUBMISSION,
    PENDING_APPROVAL,
    "Approved to Pay",
    SCHEDULED,
    PAID,
    PAID_RETURNED,
    "Registration Expired",
    IN_EXCEPTION,
    REJECTED,
    DENIED,
    VOIDED,
)
CORRECTABLE = (REJECTED,)
VOIDABLE = (PENDING_SUBMISSION, REJECTED)
WANT_A_REASON = ("Registration Expired", IN_EXCEPTION, REJECTED, DENIED, PAID_RETURNED)
UNKNOWN = {"en": "Parked", "fr": "Mise de côté", "de": "Zurückgestellt"}  # words no adapter has seen
