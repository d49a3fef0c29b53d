"""The list of invoices as a supplier sees it at one customer, drafts among them, and what it is narrowed down to."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from submitter.practice.cobalt.customers import Customer
from submitter.practice.cobalt.drafting import check_draft
from submitter.practice.cobalt.statuses import DISPUTED, DRAFT
from submitter.practice.fieldgate.figures import money, us_date
from submitter.practice.fieldgate.ledger import Invoice

COLUMNS = (
    "Invoice #",
    "Document ID",
    "Created Date",
    "Status",
    "PO #",
    "Total",
    "Unanswered Comments",
    "Dispute Reason",
    "Paid",
    "Actions",
)
EXPORTED = (*COLUMNS[:6], "Currency", *COLUMNS[6:9], "Payment Date", "Payment Reference")


@dataclass(frozen=True)
class Listed:
    """One row; `document` is empty for a draft, `created` ISO 8601."""

    number: str
    document: str
    created: str
    status: str
    po: str
    total: str
    currency: str
    unanswered: int
    reason: str
    paid_on: str
    payment_reference: str
    address: str

    @property
    def disputed(self) -> bool:
        return self.status == DISPUTED


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed down to; nothing means everything."""

    search: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None
    unanswered: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.search or self.status or self.since or self.until or self.unanswered)

    def takes(self, row: Listed) -> bool:
        day = row.created[:10]
        return (
            self.search.casefold() in f"{row.number}\n{row.po}\n{row.document}".casefold()
            and self.status in ("", row.status)
            and (self.since is None or day >= self.since.isoformat())
            and (self.until is None or ("" < day <= self.until.isoformat()))
            and (row.unanswered > 0 or not self.unanswered)
        )


def listing(customer: Customer, supplier: str, wanted: Wanted) -> list[Listed]:
    """Drafts first, then what was sent, newest first."""
    unanswered = customer.comments.unanswered()
    sent = [_sent(customer, each, unanswered) for each in customer.ledger.listed(supplier)]
    return [row for row in (*_drafts(customer, supplier), *sent) if wanted.takes(row)]


def _sent(customer: Customer, invoice: Invoice, unanswered: dict[str, int]) -> Listed:
    return Listed(
        number=invoice.number,
        document=invoice.confirmation,
        created=invoice.at,
        status=invoice.status,
        po=invoice.po,
        total=money(invoice.total),
        currency=invoice.currency,
        unanswered=unanswered.get(invoice.confirmation, 0),
        reason=invoice.reason,
        paid_on=invoice.paid_on,
        payment_reference=invoice.payment_reference,
        address=f"{customer.address}/invoices/{invoice.confirmation}",
    )


def _drafts(customer: Customer, supplier: str) -> list[Listed]:
    return [
        Listed(
            number=draft.header["number"],
            document="",
            created="",
            status=DRAFT,
            po=draft.order.number,
            total=money(check_draft(customer, draft).lines.total),
            currency=draft.order.currency,
            unanswered=0,
            reason="",
            paid_on="",
            payment_reference="",
            address=f"{customer.address}/drafts/{draft.id}",
        )
        for draft in customer.open_drafts(supplier)
    ]


def as_csv(rows: Sequence[Listed]) -> str:
    """The rows as a spreadsheet reads them: amounts without commas, dates as on the page."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(EXPORTED)
    for row in rows:
        out.writerow(
            (
                *(row.number, row.document, us_date(row.created), row.status, row.po),
                *(row.total.replace(",", ""), row.currency, row.unanswered, row.reason),
                *("Yes" if row.paid_on else "No", us_date(row.paid_on), row.payment_reference),
            )
        )
    return text.getvalue()
