"""The words that Cobalt shows for an invoice, and what a supplier may do at each of them."""

DRAFT = "Draft"  # still the supplier's; in the list, but not in the ledger
PROCESSING = "Processing"  # how an invoice stands once it was sent
HOLDS = ("On Hold", "AP Hold", "Pending Receipt", "Tolerance Hold")  # the customer's to solve
DISPUTED = "Disputed"
VOIDED = "Voided"
STATUSES = (
    PROCESSING,
    "Pending Approval",
    *HOLDS,
    "Approved",
    DISPUTED,
    VOIDED,
    "Abandoned",
    "Invalid",
)
UNKNOWN = "Zurückgestellt"  # a word no adapter has seen
