"""The words that Meridian shows for an invoice: how far it has come, and what its customer says of it."""

# The routing status: the way from the supplier through the network to the customer.
QUEUED = "Queued"
ROUTED = "Sent"
ACKNOWLEDGED = "Acknowledged"  # the customer's own system has it; final
FAILED = "Failed"  # it broke the customer's rules and never got there; to be edited and sent again
OBSOLETED = "Obsoleted"  # cancelled, or another was sent in its place; nothing becomes of it any more
ROUTINGS = (QUEUED, ROUTED, ACKNOWLEDGED, FAILED, OBSOLETED)

# The invoice status: what the customer says.
SENT = "Sent"
APPROVED = "Approved"
REJECTED = "Rejected"
PAID = "Paid"
CANCELED = "Canceled"
STATUSES = (SENT, APPROVED, REJECTED, PAID, CANCELED, FAILED)

CORRECTABLE = (REJECTED, FAILED)
UNKNOWN = "Zurückgestellt"  # a word no adapter has seen
