"""The rulebook: every rule of preflight with its id, what it means, how severe it is and what the portal would say.

What looks at an invoice is in `documents/`; what a customer's file may set is in `rules.py`. The reason is the code of
the Peppol Invoice Response (code list OPStatusReason) that a buyer would have answered with; empty where no portal ever
sees the trouble.
"""

from __future__ import annotations

import difflib

from submitter.model.document import Severity
from submitter.model.record import Record

BLOCKS, WARNS = Severity.BLOCKS, Severity.WARNS


class Rule(Record):
    """One rule. The id is stable: worklists, reports and customers' files name it."""

    id: str
    says: str  # for staff, in general; the finding itself names the values
    severity: Severity  # unless the customer's file says otherwise
    reason: str = ""
    keys: tuple[str, ...] = ()  # of [rules], which steer it
    always: str = ""  # why its severity cannot be changed; empty where it can


def _rule(name: str, says: str, severity: Severity, reason: str = "", keys: str = "", always: str = "") -> Rule:
    return Rule(id=name, says=says, severity=severity, reason=reason, keys=tuple(keys.split()), always=always)


_INVOICE = (
    _rule("invoice.type", "Credit notes are not submitted yet.", BLOCKS, always="a credit note cannot be sent at all"),
    _rule("invoice.unusual-type", "The document type is neither invoice nor corrected invoice.", WARNS),
    _rule(
        "invoice.number-pattern", "The number is not made as the customer wants it.", BLOCKS, "REF", "number_pattern"
    ),
    _rule("invoice.number-length", "The number is too long.", BLOCKS, "REF", "number_max_length"),
    _rule("invoice.number-reused", "The customer takes the number for one used before.", BLOCKS, "OTH", "same_number"),
    _rule("invoice.number-similar", "A number used before differs only in case.", WARNS, "OTH", "same_number"),
    _rule("invoice.date", "The date is in the future or too long ago.", BLOCKS, "OTH", "oldest_days newest_days"),
    _rule("invoice.cutoff", "The books of the invoice's month are closed.", BLOCKS, "OTH", "cutoff_day"),
    _rule("invoice.due-date", "The due date is before the invoice date.", BLOCKS, "PAY"),
    _rule("invoice.coding", "The coding is missing.", BLOCKS, "REF", "coding_required"),
    _rule(
        "invoice.cost-object",
        "The AFE or cost centre is not one of the customer's.",
        BLOCKS,
        "REF",
        "cost_objects afe_pattern cost_centre_pattern",
    ),
    _rule("invoice.major", "The major code is missing or wrong.", BLOCKS, "REF", "major_required major_pattern majors"),
    _rule("invoice.minor", "The minor code is missing or wrong.", BLOCKS, "REF", "minor_required minor_pattern minors"),
    _rule(
        "invoice.approver", "The approver is missing or not in the list.", BLOCKS, "REF", "approver_required approvers"
    ),
)

_ORDER = (
    _rule("order.missing", "The invoice names no purchase order.", BLOCKS, "REF", "po_required"),
    _rule("order.pattern", "The order's number is not one of the customer's.", BLOCKS, "REF", "po_pattern"),
    _rule("order.currency-taken", "The customer does not take this currency.", BLOCKS, "FIN", "currencies"),
    _rule("order.currency", "The order is in another currency.", BLOCKS, "FIN"),
    _rule("order.unknown", "The order is not among those we know.", WARNS, "REF"),
    _rule("order.line", "The order has no such line.", WARNS, "ITM"),
    _rule(
        "order.quantity",
        "More is billed than was ordered, other invoices counted.",
        BLOCKS,
        "QTY",
        "quantity_tolerance quantity_tolerance_units",
    ),
    _rule("order.price", "The price is above the order's.", BLOCKS, "PRI", "price_tolerance price_tolerance_amount"),
)

_AMOUNTS = (
    _rule("tax.required", "The invoice states no tax.", BLOCKS, "FIN", "tax"),
    _rule("tax.none", "The invoice states tax, and must not.", BLOCKS, "FIN", "tax"),
    _rule("tax.rate", "The tax is none of the customer's rates of the amount.", WARNS, "FIN", "tax_rates"),
    _rule("tax.seller-id", "Our own tax number is missing.", BLOCKS, "LEG", "seller_tax_id_required"),
    _rule(
        "tax.buyer-id",
        "The customer's tax number is missing or not theirs.",
        BLOCKS,
        "LEG",
        "buyer_tax_id_required buyer_tax_ids",
    ),
    _rule("lines.missing", "The invoice has no lines.", BLOCKS, "ITM", "lines_required"),
    _rule("lines.count", "The invoice has too many lines.", BLOCKS, "OTH", "most_lines"),
    _rule("lines.description", "A line's description is too long.", BLOCKS, "ITM", "description_max_length"),
    _rule("lines.unit", "A line's unit is not one the customer takes.", BLOCKS, "ITM", "units"),
    _rule("totals.sum", "Net and tax are not the total.", BLOCKS, "FIN"),
    _rule("totals.due", "The amount due is not the total less what is paid.", WARNS, "FIN"),
    _rule("totals.line-total", "The lines do not come to what the invoice says is their sum.", BLOCKS, "FIN"),
    _rule("totals.lines", "The lines are not the net amount.", BLOCKS, "FIN"),
    _rule("totals.adjustment", "An allowance or charge lies on the whole invoice.", WARNS, "FIN"),
    _rule("totals.line", "A line is not its quantity times its price.", WARNS, "PRI"),
)

_DOCUMENTS = (
    _rule(
        "documents.pod-missing",
        "The proof of delivery is missing.",
        BLOCKS,
        "DEL",
        "required_documents document_limits",
    ),
    _rule(
        "documents.missing",
        "A document that the customer wants is missing.",
        BLOCKS,
        "OTH",
        "required_documents document_limits",
    ),
    _rule("documents.too-many", "There are too many documents of one kind.", BLOCKS, "OTH", "document_limits"),
    _rule("documents.count", "There are too many files.", BLOCKS, "OTH", "most_files"),
    _rule("documents.unreadable", "A file cannot be read.", BLOCKS, always="what cannot be read cannot be checked"),
    _rule("documents.file-type", "A file is of a kind that the portal does not take.", BLOCKS, "OTH", "file_types"),
    _rule("documents.file-size", "A file is too large.", BLOCKS, "OTH", "max_file_bytes bundle"),
    _rule("documents.total-size", "The files together are too large.", BLOCKS, "OTH", "max_total_bytes"),
    _rule("documents.file-pages", "A file has too many pages.", BLOCKS, "OTH", "max_file_pages bundle"),
    _rule("documents.total-pages", "The files together have too many pages.", BLOCKS, "OTH", "max_total_pages"),
    _rule(
        "documents.name",
        "A file's name is not one that the portal takes.",
        BLOCKS,
        "OTH",
        "rename_files name_characters name_max_length",
    ),
    _rule(
        "documents.bundle",
        "The files cannot become one PDF.",
        BLOCKS,
        "OTH",
        "bundle",
        always="joining the files would destroy one of them",
    ),
    _rule("documents.bundle-embedded", "A signed or protected proof cannot go into one PDF.", BLOCKS, "OTH", "bundle"),
    _rule("documents.encrypted", "A file is protected against changes.", WARNS, "OTH"),
    _rule("documents.pod-without-text", "A proof of delivery is a picture without text.", WARNS),
    _rule("documents.not-in-text", "The printed invoice does not say what its data says.", WARNS),
    _rule("documents.read-two-ways", "Two programs read the same PDF differently.", WARNS),
)

RULEBOOK: dict[str, Rule] = {rule.id: rule for rule in (*_INVOICE, *_ORDER, *_AMOUNTS, *_DOCUMENTS)}


def require_changeable(rule: str, severity: Severity) -> None:
    """ValueError, for a customer's file, where there is no such rule or its severity is not theirs to choose."""
    known = RULEBOOK.get(rule)
    if known is None:
        near = difflib.get_close_matches(rule, RULEBOOK, n=1, cutoff=0.6)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"there is no rule {rule!r}{hint}")
    if known.always and severity is not known.severity:
        raise ValueError(f"{rule!r} always {known.severity.value}: {known.always}")
