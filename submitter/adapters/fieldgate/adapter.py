"""Fieldgate: invoices are made from purchase orders in three steps, reviewed, and submitted.

The model for other adapters: pages.py declares the pages, and every step says at which of them it must arrive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.fieldgate import pages
from submitter.adapters.lines import fill_lines
from submitter.adapters.page import css, label, role, test_id
from submitter.adapters.tables import Row, read_definitions, read_table
from submitter.adapters.visit import Visit
from submitter.errors import DocumentRefused, PageUnknown
from submitter.model.document import DocumentKind
from submitter.model.invoice import Coding, CostObject, Invoice
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedLine
from submitter.model.submission import Round


class Fieldgate(PortalAdapter):
    interruptions = pages.INTERRUPTIONS

    async def sign_in(self, visit: Visit) -> None:
        if await visit.open("/home", pages.HOME, pages.SIGN_IN) is pages.SIGN_IN:
            await visit.fill("User name", visit.account.user, label("User name"), css("#user"))
            await visit.fill("Password", visit.read_secret("password"), label("Password"), css("#password"))
            if await visit.click("Sign in", role("button", "Sign in"), then=(pages.HOME, pages.CODE)) is pages.CODE:
                await visit.fill("Six-digit code", await visit.one_time_code(), label("Six-digit code"))
                await visit.click("Verify", role("button", "Verify"), then=pages.HOME)

    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        await visit.open(f"/invoices?q={quote(number, safe='')}", pages.INVOICES)
        rows = [row async for row in visit.list_rows(pages.LIST) if row["Invoice number"] == number]
        return self._record(visit, max(rows, key=lambda row: visit.read_number(row["Revision"]))) if rows else None

    async def prepare(self, visit: Visit, work: Round) -> None:
        invoice, coding = work.invoice, _coding(work.invoice)
        if work.earlier_references:
            await visit.open(f"/invoices/{quote(work.earlier_references[-1], safe='')}", pages.INVOICE)
            await visit.click("Correct and resubmit", role("button", "Correct and resubmit"), then=pages.HEADER)
        else:
            await visit.open(f"/orders/{quote(invoice.po_number, safe='')}", pages.ORDER)
            await visit.click("Create invoice", role("button", "Create invoice"), then=pages.HEADER)
            await visit.fill("Invoice number", invoice.number, label("Invoice number"), css("#number"))
        await visit.fill_date("Invoice date", invoice.issue_date, label("Invoice date"))
        await visit.tick("Cost object", role("radio", coding.cost_object.value))
        await visit.fill("Cost object number", coding.cost_object_number, label("Cost object number"))
        await visit.fill("Major", coding.major, label("Major"))
        await visit.fill("Minor", coding.minor, label("Minor"))
        await visit.fill("Approver's full name", coding.approver, label("Approver's full name"))
        await visit.click("Continue", role("button", "Continue"), then=pages.LINES)
        rows = await read_table(visit.page, "Invoice lines", ("Line", "Quantity", "Unit price"))
        await fill_lines(visit, invoice, rows, "Quantity for line {line}", "Unit price for line {line}")
        await visit.fill_money("Tax amount", invoice.tax, label("Tax amount"))
        await visit.click("Continue", role("button", "Continue"), then=pages.ATTACHMENTS)
        copies = [file for file in work.files if file.document.kind is DocumentKind.INVOICE]
        tickets = [file for file in work.files if file.document.kind is not DocumentKind.INVOICE]
        await visit.upload("Invoice copy", copies, label("Invoice copy"))
        await visit.upload("Signed tickets", tickets, label("Signed tickets"))
        await visit.click("Upload", role("button", "Upload"), then=pages.ATTACHMENTS)
        await visit.click("Continue to review", role("button", "Continue to review"), then=pages.REVIEW)

    async def read_back(self, visit: Visit) -> Review:
        shown = await read_definitions(visit.page, pages.REVIEW_TERMS)
        lines = await read_table(visit.page, "Invoice lines", ("Line", "Quantity", "Unit price"))
        files = await read_table(visit.page, "Attached files", ("Name", "Fingerprint"))
        return Review(
            number=shown["Invoice number"],
            po_number=shown["Purchase order"],
            issue_date=visit.read_date(shown["Invoice date"]),
            currency=shown["Currency"],
            net=visit.read_money(shown["Net amount"]),
            tax=visit.read_money(shown["Tax amount"]),
            total=visit.read_money(shown["Invoice total"]),
            coding=_read_coding(shown),
            lines=tuple(
                ReviewedLine(
                    order_line=row["Line"],
                    quantity=visit.read_number(row["Quantity"]),
                    unit_price=visit.read_number(row["Unit price"]),
                )
                for row in lines
            ),
            files=visit.read_files(files, "Name", "Fingerprint"),
        )

    async def commit(self, visit: Visit) -> Receipt:
        await visit.commit_click("Submit invoice", role("button", "Submit invoice"), then=pages.RECEIPT)
        reference = await visit.text("Confirmation number", test_id("confirmation-number"))
        words = await visit.text("Receipt", css("main"))
        return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)

    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        missing = set(references)
        await visit.open("/invoices", pages.INVOICES)
        async for row in visit.list_rows(pages.LIST):
            if row["Confirmation"] in missing:
                missing.discard(row["Confirmation"])
                yield self._record(visit, row)
            if not missing:
                return

    async def probe(self, visit: Visit) -> None:
        await visit.open("/invoices", pages.INVOICES)
        await anext(visit.list_rows(pages.LIST), None)

    def _record(self, visit: Visit, row: Row) -> PortalRecord:
        return PortalRecord(
            number=row["Invoice number"],
            reference=row["Confirmation"],
            status=row["Status"],
            comment=row["Reason"],
            po_number=row["PO number"],
            total=visit.read_money(row["Total"], row["Currency"]),
        )


def _coding(invoice: Invoice) -> Coding:
    if invoice.coding is None:
        raise DocumentRefused("Fieldgate wants an AFE or cost centre and an approver, and the invoice has none.")
    return invoice.coding


def _read_coding(shown: dict[str, str]) -> Coding:
    kind, _, number = shown["Cost object"].rpartition(" ")
    if kind not in set(CostObject):
        raise PageUnknown(f"{shown['Cost object']!r} is not a cost object as Fieldgate shows it.")
    return Coding(
        cost_object=CostObject(kind),
        cost_object_number=number,
        major=shown["Major"],
        minor=shown["Minor"],
        approver=shown["Approver"],
    )
