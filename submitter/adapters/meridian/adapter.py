"""Meridian: one page that is never left; all of an invoice in one view, another for review, and one button.

Two fields say how an invoice stands: how far it has come, and what the customer says. A status here is both of them,
such as "Acknowledged / Approved".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.lines import fill_lines
from submitter.adapters.meridian import pages
from submitter.adapters.page import PageSpec, css, label, role
from submitter.adapters.tables import Row, read_definitions, read_table
from submitter.adapters.visit import Visit
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedLine
from submitter.model.submission import Round

TAXED, EXEMPT = "Sales tax", "Tax exempt"
WORKBENCH = "/#/workbench"


class Meridian(PortalAdapter):
    interruptions = pages.INTERRUPTIONS

    async def sign_in(self, visit: Visit) -> None:
        if await visit.open(WORKBENCH, pages.WORKBENCH, pages.SIGN_IN) is pages.SIGN_IN:
            await visit.fill("Username", visit.account.user, label("Username"), css("#username"))
            await visit.fill("Password", visit.read_secret("password"), label("Password"), css("#password"))
            inside = (pages.WORKBENCH, pages.VERIFY)
            if await visit.click("Log on", role("button", "Log on"), then=inside, redraws=True) is pages.VERIFY:
                await visit.fill("Verification code", await visit.one_time_code(), label("Verification code"))
                await visit.click("Continue", role("button", "Continue"), then=pages.WORKBENCH, redraws=True)

    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        await self._go(visit, f"/#/invoices?q={quote(number, safe='')}", pages.INVOICES)
        rows = [row async for row in visit.list_rows(pages.LIST) if row["Invoice #"] == number]
        newest = max(rows, key=lambda row: row["Reference"], default=None)  # the others are obsoleted
        return None if newest is None else self._record(visit, newest)

    async def prepare(self, visit: Visit, work: Round) -> None:
        invoice = work.invoice
        if work.earlier_references:
            await self._go(visit, f"/#/invoices/{quote(work.earlier_references[-1], safe='')}", pages.INVOICE)
            edit = role("button", "Edit & Resubmit")
            await visit.click("Edit & Resubmit", edit, then=pages.DRAFT, redraws=True)
        else:
            await self._go(visit, f"/#/orders/{quote(invoice.po_number, safe='')}", pages.ORDER)
            await visit.click("Create Invoice", role("button", "Create Invoice"), then=pages.DRAFT, redraws=True)
        await visit.fill("Invoice #", invoice.number, label("Invoice #"), css("#invoice-number"))
        await visit.fill_date("Invoice Date", invoice.issue_date, label("Invoice Date"))
        category = TAXED if invoice.tax.amount else EXEMPT
        await visit.choose("Tax category", category, role("combobox", "Tax category"))
        await visit.fill_money("Tax Amount", invoice.tax, label("Tax Amount"))
        rows = await read_table(visit.page, role("grid", "Line items"), ("Line", "Quantity", "Unit Price"))
        await fill_lines(visit, invoice, rows, "Quantity, line {line}", "Unit price, line {line}")
        await visit.upload("Choose files", work.files, label("Choose files"))
        attach = role("button", "Add Attachments")
        await visit.click("Add Attachments", attach, then=pages.ATTACHED, redraws=True)
        await visit.click("Next", role("button", "Next"), then=pages.REVIEW, redraws=True)

    async def read_back(self, visit: Visit) -> Review:
        shown = await read_definitions(visit.page, pages.REVIEW_TERMS)
        lines = await read_table(visit.page, role("grid", "Billed lines"), ("Line", "Quantity", "Unit Price"))
        files = await read_table(visit.page, role("grid", "Attached files"), ("Name", "SHA-256"))
        return Review(
            number=shown["Invoice #"],
            po_number=shown["Order #"],
            issue_date=visit.read_date(shown["Invoice Date"]),
            net=visit.read_money(shown["Net"]),
            tax=visit.read_money(shown["Tax"]),
            total=visit.read_money(shown["Total"]),
            lines=tuple(
                ReviewedLine(
                    order_line=row["Line"],
                    quantity=visit.read_number(row["Quantity"]),
                    unit_price=visit.read_number(row["Unit Price"]),
                )
                for row in lines
            ),
            files=visit.read_files(files, "Name", "SHA-256"),
        )

    async def commit(self, visit: Visit) -> Receipt:
        await visit.commit_click("Submit", role("button", "Submit"), then=pages.SUBMITTED, redraws=True)
        reference = await visit.text("Reference", css("#reference"))
        words = await visit.text("Invoice Submitted", css("main"))
        return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)

    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        missing = set(references)
        await self._go(visit, "/#/invoices", pages.INVOICES)
        async for row in visit.list_rows(pages.LIST):
            if row["Reference"] in missing:
                missing.discard(row["Reference"])
                yield self._record(visit, row)
            if not missing:
                return

    async def probe(self, visit: Visit) -> None:
        await self._go(visit, "/#/invoices", pages.INVOICES)
        await anext(visit.list_rows(pages.LIST), None)

    async def _go(self, visit: Visit, route: str, page: PageSpec) -> None:
        """To another view. The one that is shown would not be drawn anew: that its address changes is what draws it."""
        if visit.page.url == visit.account.address + route:
            await visit.open(WORKBENCH, pages.WORKBENCH)
        await visit.open(route, page)

    def _record(self, visit: Visit, row: Row) -> PortalRecord:
        return PortalRecord(
            number=row["Invoice #"],
            reference=row["Reference"],
            status=f"{row['Routing Status']} / {row['Invoice Status']}",
            comment=row["Comment"],
            po_number=row["Order #"],
            total=visit.read_money(row["Amount"]),
        )
