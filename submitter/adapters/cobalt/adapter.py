"""Cobalt: an order chosen from what is suggested, one page for all of the invoice, and a dialog before it is sent.

Which customer's pages are visited says the account's address, which ends in /at/ and the customer's name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

from submitter.adapters.cobalt import pages
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.lines import fill_lines
from submitter.adapters.page import css, label, role
from submitter.adapters.tables import Row, read_table
from submitter.adapters.visit import Visit
from submitter.model.document import DocumentKind
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedFile, ReviewedLine
from submitter.model.submission import Round

TAXABLE = "Taxable, amount as stated"


class Cobalt(PortalAdapter):
    interruptions = pages.INTERRUPTIONS

    async def sign_in(self, visit: Visit) -> None:
        if await visit.open("/invoices", pages.INVOICES, pages.LOGIN) is pages.LOGIN:
            await visit.fill("E-mail address", visit.account.user, label("E-mail address"), css("#user"))
            await visit.click("Next", role("button", "Next"), then=pages.PASSWORD)
            await visit.fill("Password", visit.read_secret("password"), label("Password"), css("#password"))
            if await visit.click("Log in", role("button", "Log in"), then=(pages.INVOICES, pages.CODE)) is pages.CODE:
                await visit.fill("Verification code", await visit.one_time_code(), label("Verification code"))
                await visit.tick("Remember this device", label("Remember this device"))
                await visit.click("Verify", role("button", "Verify"), then=pages.INVOICES)

    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        await visit.open(f"/invoices?q={quote(number, safe='')}", pages.INVOICES)
        rows = [row async for row in visit.list_rows(pages.LIST)]
        sent = [row for row in rows if row["Invoice #"] == number and row["Document ID"]]  # a draft has no document yet
        newest = max(sent, key=lambda row: row["Document ID"], default=None)
        return None if newest is None else self._record(visit, newest)

    async def prepare(self, visit: Visit, work: Round) -> None:
        invoice, order = work.invoice, work.invoice.po_number
        await visit.open("/create", pages.CREATE)
        await visit.complete("Purchase order", order, order, role("combobox", "Purchase order"))
        await visit.click("Start invoice", role("button", "Start invoice"), then=pages.DRAFT)
        await visit.fill("Invoice #", invoice.number, label("Invoice #"), css("#number"))
        await visit.fill_date("Invoice Date", invoice.issue_date, label("Invoice Date"))
        await visit.choose("Tax Code", TAXABLE, label("Tax Code"))
        await visit.fill_money("Tax Amount", invoice.tax, label("Tax Amount"))
        rows = await read_table(visit.page, "Lines", ("Line", "Qty", "Price"))
        await fill_lines(visit, invoice, rows, "Qty, line {line}", "Price, line {line}")
        images = [file for file in work.files if file.document.kind is DocumentKind.INVOICE]
        proofs = [file for file in work.files if file.document.kind is not DocumentKind.INVOICE]
        await visit.upload("Invoice image", images, label("Invoice image"))
        await visit.upload("Supporting documents", proofs, label("Supporting documents"))
        await visit.click("Calculate", role("button", "Calculate"), then=pages.SUMMARY)

    async def read_back(self, visit: Visit) -> Review:
        shown = {name: await visit.text(name, label(name)) for name in pages.SUMMARY_TERMS}
        lines = await read_table(visit.page, "Billed lines", ("Line", "Qty", "Price"))
        files = await read_table(visit.page, "Attached", ("File",))
        return Review(
            number=shown["Number"],
            po_number=shown["Order"],
            issue_date=visit.read_date(shown["Dated"]),
            net=visit.read_money(shown["Net"]),
            tax=visit.read_money(shown["Tax"]),
            total=visit.read_money(shown["Total"]),
            lines=tuple(
                ReviewedLine(
                    order_line=row["Line"],
                    quantity=visit.read_number(row["Qty"]),
                    unit_price=visit.read_number(row["Price"]),
                )
                for row in lines
            ),
            files=tuple(ReviewedFile(name=row["File"]) for row in files),
        )

    async def commit(self, visit: Visit) -> Receipt:
        await visit.press("Submit", role("button", "Submit"))  # opens the dialog; nothing is sent by it
        await visit.commit_click("Send invoice", pages.SEND, then=pages.SENT)
        reference = await visit.text("Document ID", label("Document ID"))
        words = await visit.text("Invoice sent", css("main"))
        return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)

    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        missing = set(references)
        await visit.open("/invoices", pages.INVOICES)
        async for row in visit.list_rows(pages.LIST):
            if row["Document ID"] in missing:
                missing.discard(row["Document ID"])
                yield self._record(visit, row)
            if not missing:
                return

    async def probe(self, visit: Visit) -> None:
        await visit.open("/invoices", pages.INVOICES)
        async for _ in visit.list_rows(pages.LIST):
            return

    def _record(self, visit: Visit, row: Row) -> PortalRecord:
        paid = row["Paid"].startswith("Yes")  # a flag beside the status, which stays Approved
        return PortalRecord(
            number=row["Invoice #"],
            reference=row["Document ID"],
            status="Paid" if paid else row["Status"],
            comment=row["Dispute Reason"],
            po_number=row["PO #"],
            total=visit.read_money(row["Total"]),
        )
