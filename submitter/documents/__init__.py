"""Reading files safely, finding the invoice in them, matching proofs of delivery, preflight, and the vault."""
