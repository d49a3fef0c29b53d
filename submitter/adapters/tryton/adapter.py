"""Tryton: a draft is entered from the order, its files are attached, and pressing "Validate" hands it to the buyer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as BrowserError

from submitter.adapters import fields
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.page import By, css, visible
from submitter.adapters.tables import Row, read_table
from submitter.adapters.tryton import pages
from submitter.adapters.visit import Visit
from submitter.errors import (
    AmountDiffers,
    CredentialsRejected,
    DocumentRefused,
    DuplicateInvoice,
    FieldMissing,
    PageUnknown,
    ReadBackDiffers,
    UnknownOrder,
)
from submitter.model.document import SubmittedFile
from submitter.model.invoice import Invoice, InvoiceLine
from submitter.model.money import Money
from submitter.model.portal import PortalRecord, Receipt, ReceiptSource, Review, ReviewedFile, ReviewedLine
from submitter.model.submission import Round

_AT_ONCE = 20  # rows that the web client draws of a list before it is scrolled
_HOLDS = "([input, value]) => value ? input.value === value : input.value !== ''"
_HAS_ROWS = "([table, count]) => table.querySelectorAll('tbody tr').length === count"


@dataclass(frozen=True)
class OrderLine:
    """A line of the order, numbered as it stands there."""

    number: str
    product: str


class Tryton(PortalAdapter):
    interruptions = pages.INTERRUPTIONS

    def __init__(self) -> None:
        self._database = ""
        self._documents = 0  # how often the web client was loaded anew
        self._party = ""  # ourselves, as the buyer calls us
        self._currency = ""  # what the buyer keeps its books in
        self._record = ""  # the id of the draft in hand
        self._lines: tuple[OrderLine, ...] = ()  # what its lines bill, in their order
        self._number = ""  # ours, of the invoice in hand

    async def sign_in(self, visit: Visit) -> None:
        if await visit.open("/", pages.HOME, pages.SIGN_IN) is pages.SIGN_IN:
            await visit.fill("User name", visit.account.user, css(".login-dialog input#login"))
            login = css(".login-dialog button[type=submit]")
            asked = await visit.click("Login", login, then=(pages.PASSWORD, pages.HOME), redraws=True)
            if asked is pages.PASSWORD:  # a session that still holds is only found once the user is named
                await self._give_password(visit)
        await self._read_login(visit)

    async def _give_password(self, visit: Visit) -> None:
        await visit.fill("Password", visit.read_secret("password"), pages.PASSWORD_FIELD)
        ok = css(".ask-dialog button.btn-primary")
        if await visit.click("OK", ok, then=(pages.HOME, pages.PASSWORD), redraws=True) is pages.PASSWORD:
            raise CredentialsRejected("The portal asked for the password again, which is how it refuses one.")

    async def _read_login(self, visit: Visit) -> None:
        """Whose login it is and what the books are kept in: the web client shows "Name [USD]"."""
        shown = await visit.text("user", pages.USER)
        known = re.fullmatch(r"(.+) \[([A-Z]{3})\]", shown)
        if known is None:
            raise PageUnknown(f"The portal shows {shown!r} where the login's name and currency should be.")
        self._party, self._currency = known.groups()
        self._database = urlsplit(visit.page.url).fragment.partition("/")[0]

    # -- lists ---------------------------------------------------------------------------------------------------

    async def _go(self, visit: Visit, place: str, page: Any, *, anew: bool = False) -> None:
        """Go to a route; ``anew``: with the web client loaded again, which leaves nothing behind."""
        self._documents += anew or not self._documents
        await visit.open(f"/?{self._documents}#{self._database}/{place}", page)

    async def _rows(
        self, visit: Visit, model: str, domain: Sequence[Any], columns: Sequence[str], *, anew: bool = False
    ) -> list[Row]:
        """All records of a narrowed list: as many as the portal says that there are, or PageUnknown."""
        place = pages.place(model, domain, self._currency if model == "account.invoice" else "")
        await self._go(visit, place, pages.LIST, anew=anew)
        count = int(visit.read_number(await visit.text("number of records", pages.COUNT)))
        await self._wait_for_rows(visit, pages.TABLE, count, model)
        await visit.watch.settle(visit.step_seconds)
        rows = await read_table(visit.page, pages.TABLE, columns)
        if len(rows) != count:
            raise PageUnknown(f"The list of {model} shows {len(rows)} records, but the portal counts {count}.")
        return rows

    async def _wait_for_rows(self, visit: Visit, table: By, count: int, what: str) -> None:
        handle = await (await visit.find(f"table of {what}", table)).element_handle()
        try:
            await visit.page.wait_for_function(_HAS_ROWS, arg=[handle, count])
        except BrowserError as error:
            raise PageUnknown(f"The list of {what} does not show the {count} records that it should.") from error

    async def _invoices(self, visit: Visit, condition: Sequence[Any], *, anew: bool = False) -> list[Row]:
        """Our supplier invoices that meet the condition, asked for exactly: a search would find parts of words."""
        domain = [["type", "=", "in"], ["party.name", "=", self._party], list(condition)]
        rows = await self._rows(visit, "account.invoice", domain, pages.INVOICE_COLUMNS, anew=anew)
        if any(row["Party"] != self._party for row in rows):
            raise PageUnknown("The list of invoices shows those of other suppliers.")
        return rows

    async def _records(self, visit: Visit, rows: Sequence[Row]) -> list[PortalRecord]:
        everything = await visit.text("number of records", pages.COUNT)
        in_currency = await visit.text("number of records in the currency", pages.IN_CURRENCY)
        ours = everything == in_currency
        return [self._record_of(visit, row, with_total=ours) for row in rows]

    def _record_of(self, visit: Visit, row: Row, *, with_total: bool) -> PortalRecord:
        return PortalRecord(
            number=row["Reference"],
            reference=row["Number"],
            status=row["State"],
            total=pages.amount(visit, row["Total"], self._currency) if with_total else None,
        )

    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        """A draft that has no number of the buyer's own yet was never handed over: ``prepare`` goes on with it."""
        rows = await self._invoices(visit, ["reference", "=", number], anew=True)
        if any(row["Reference"] != number for row in rows):
            raise PageUnknown(f"Asked for {number}, the list of invoices shows another one.")
        records = [record for record in await self._records(visit, rows) if record.reference]
        standing = [record for record in records if record.status != "Cancelled"]
        if len(standing) > 1:
            raise DuplicateInvoice(
                f"The portal has {len(standing)} invoices {number}; somebody must say which is ours."
            )
        newest = sorted(records, key=lambda record: (len(record.reference), record.reference))
        return standing[0] if standing else newest[-1] if newest else None

    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        wanted = sorted(references)
        for begin in range(0, len(wanted), _AT_ONCE):
            part = wanted[begin : begin + _AT_ONCE]
            rows = await self._invoices(visit, ["number", "in", part], anew=not begin)
            for record in await self._records(visit, rows):
                yield record

    async def probe(self, visit: Visit) -> None:
        await self._invoices(visit, ["state", "=", "draft"], anew=True)
        await self._rows(visit, "purchase.purchase", [["id", "=", 0]], pages.ORDER_COLUMNS)
        await self._rows(visit, "purchase.line", [["id", "=", 0]], pages.ORDER_LINE_COLUMNS)
        await self._go(visit, pages.place("account.invoice", [["type", "=", "in"], ["id", "=", 0]]), pages.LIST)
        await visit.click("New", pages.tool("new_"), then=pages.INVOICE, redraws=True)
        for name in ("party", "reference", "description", "invoice_date", "total_amount"):
            await visit.find(name, pages.field(name))

    # -- entering ------------------------------------------------------------------------------------------------

    async def prepare(self, visit: Visit, work: Round) -> None:
        invoice = work.invoice
        if invoice.currency != self._currency:
            raise DocumentRefused(
                f"The buyer's books are in {self._currency}, and the invoice is in {invoice.currency}."
            )
        billed = await self._read_order(visit, invoice)
        self._number, self._lines = invoice.number, tuple(line for line, _ in billed)
        there = await self._invoices(visit, ["reference", "=", invoice.number])
        if len(there) > 1 or any(row["Number"] for row in there):
            raise DuplicateInvoice(
                f"The portal has {invoice.number} already and warns of a second one of that name; "
                "an invoice that is sent again needs another number there."
            )
        missing = work.files
        if there:
            missing = await self._resume(visit, work.files)
        else:
            await self._enter(visit, invoice, billed)
            self._record = self._id_of_open_record(visit)
        await self._require_figures(visit, invoice)
        await self._attach(visit, missing)

    async def _read_order(self, visit: Visit, invoice: Invoice) -> list[tuple[OrderLine, InvoiceLine]]:
        """What of the order each line bills. UnknownOrder unless the buyer has it, open, for us."""
        number = invoice.po_number
        orders = await self._rows(visit, "purchase.purchase", [["number", "=", number]], pages.ORDER_COLUMNS)
        open_ones = [row for row in orders if row["State"] in pages.OPEN_ORDERS and row["Party"] == self._party]
        if len(open_ones) != 1 or open_ones[0]["Number"] != number:
            states = ", ".join(f"{row['Party']}: {row['State']}" for row in orders) or "no such order"
            raise UnknownOrder(f"The portal has no open order {number} for {self._party} ({states}).")
        domain = [["purchase.number", "=", number], ["type", "=", "line"]]
        rows = await self._rows(visit, "purchase.line", domain, pages.ORDER_LINE_COLUMNS)
        there = {str(row.index + 1): OrderLine(str(row.index + 1), row["Product"]) for row in rows}
        wanted = [line.order_line_number for line in invoice.lines]
        if not wanted or len(set(wanted)) != len(wanted):
            raise DocumentRefused("Tryton takes one quantity per order line, and the invoice does not state it so.")
        if unknown := [number for number in wanted if number not in there or not there[number].product]:
            raise DocumentRefused(f"Order {invoice.po_number} has no product in line {', '.join(unknown)}.")
        return [(there[line.order_line_number], line) for line in invoice.lines]

    async def _resume(self, visit: Visit, files: tuple[SubmittedFile, ...]) -> tuple[SubmittedFile, ...]:
        """Go on with the one draft that an earlier visit has entered; the files it lacks.

        What is in it is read back and compared as if it had been entered now.
        """
        await visit.tick("the draft", css(f"{pages.PANE} table.tree tbody td.selection-state input"))
        await visit.click("Switch", pages.tool("switch_"), then=pages.INVOICE, redraws=True)
        await visit.watch.settle(visit.step_seconds)
        self._record = self._id_of_open_record(visit)
        there = await self._attached(visit)
        await self._open_record(visit)
        return tuple(file for file in files if file.upload_name not in there)

    async def _enter(self, visit: Visit, invoice: Invoice, billed: Sequence[tuple[OrderLine, InvoiceLine]]) -> None:
        await self._go(visit, pages.place("account.invoice", [["type", "=", "in"], ["id", "=", 0]]), pages.LIST)
        await visit.click("New", pages.tool("new_"), then=pages.INVOICE, redraws=True)
        await self._wait_until_drawn(visit, "Currency", pages.field("currency"))
        await self._complete(visit, "Party", self._party, pages.field("party"))
        await visit.fill("Reference", invoice.number, pages.field("reference"))
        await visit.fill("Description", invoice.po_number, pages.field("description"))
        await visit.fill_date("Invoice date", invoice.issue_date, pages.field("invoice_date"))
        await (await visit.find("Invoice date", pages.field("invoice_date"))).press("Tab")
        for count, (order_line, line) in enumerate(billed, 1):
            await self._enter_line(visit, order_line, line)
            await self._wait_for_rows(visit, pages.LINES, count, "invoice lines")
        await visit.click("Save", pages.tool("save"), then=pages.SAVED, redraws=True)

    async def _enter_line(self, visit: Visit, order_line: OrderLine, line: InvoiceLine) -> None:
        new = css(f"{pages.PANE} .form-one2many:has(thead th label[title=Product]) button[title=New]")
        await visit.click("New line", new, then=pages.LINE, redraws=True)
        await self._wait_until_drawn(visit, "Amount", pages.field("amount", pages.DIALOG))
        await self._complete(visit, "Product", order_line.product, pages.field("product", pages.DIALOG))
        await self._fill_number(visit, f"Quantity of line {line.number}", "quantity", line.quantity)
        await self._fill_number(visit, f"Unit price of line {line.number}", "unit_price", line.unit_price)
        await visit.press("Add", css(f"{pages.DIALOG} .modal-footer button[title=Add]"))
        await self._wait_until_closed(visit, "Invoice line")

    async def _complete(self, visit: Visit, what: str, choice: str, by: By) -> None:
        """The one suggestion of exactly this name; behind them stand "Search..." and "Create...", which it is never."""
        code = re.match(r"\[([^\]]+)\] ", choice)  # a product's code, by which it is found more surely
        words = re.compile(rf"^\s*{re.escape(choice)}\s*$")
        choices = visible(visit.page.locator("ul.dropdown-completion li.completion").filter(has_text=words))
        target = await visit.find(what, by)
        await visit.watch.settle(visit.step_seconds)
        await target.press_sequentially(code[1] if code else choice)
        try:
            await choices.first.wait_for(state="visible")  # only a wait; nothing is pressed by it
        except BrowserError as error:
            raise FieldMissing(f"{what} offers no {choice!r}.") from error
        await fields.take(target, what, choice, choices)
        await visit.watch.settle(visit.step_seconds)

    async def _fill_number(self, visit: Visit, what: str, name: str, value: Decimal) -> None:
        """A number field shows its text until it is entered; then an input for typing stands in its place."""
        shown = await visit.find(what, pages.field(name, pages.DIALOG))
        await shown.click()
        typing = await visit.find(what, css(f"{pages.DIALOG} input[name={name}][type=number]"))
        await fields.fill(typing, what, f"{value:f}")
        await typing.press("Tab")
        await visit.watch.settle(visit.step_seconds)
        kept = await shown.input_value()
        if pages.figure(visit, kept) != value:
            raise ReadBackDiffers(f"{what} shows {kept} after {value:f} was entered.")

    async def _wait_until_drawn(self, visit: Visit, what: str, by: By, value: str = "") -> None:
        """Until a field has its value: a form is there before its record, which then takes away what was typed."""
        handle = await (await visit.find(what, by)).element_handle()
        try:
            await visit.page.wait_for_function(_HOLDS, arg=[handle, value])
        except BrowserError as error:
            raise PageUnknown(f"{what} does not come to show {value or 'anything'}.") from error
        await visit.watch.settle(visit.step_seconds)

    async def _wait_until_closed(self, visit: Visit, what: str) -> None:
        """Until the dialog is gone; what the portal says instead is its refusal."""
        try:
            await visit.page.locator(pages.DIALOG).wait_for(state="detached")
        except BrowserError as error:
            raise visit.watch.told() or PageUnknown(f"The dialog {what} did not close.") from error

    # -- the draft in hand ---------------------------------------------------------------------------------------

    def _id_of_open_record(self, visit: Visit) -> str:
        found = re.search(r"/model/account\.invoice/(\d+)", visit.page.url)
        if found is None:
            raise PageUnknown("The portal's address does not name the draft that is open.")
        return found[1]

    async def _open_record(self, visit: Visit) -> None:
        """Open the draft in hand by its id, and make sure that it is the invoice."""
        await self._go(
            visit, f"model/account.invoice/{self._record};name=%22{self._record}%22", pages.INVOICE, anew=True
        )
        await self._wait_until_drawn(visit, "Reference", pages.field("reference"), self._number)

    async def _attached(self, visit: Visit) -> list[str]:
        domain = [["resource", "=", f"account.invoice,{self._record}"]]
        return [row["Name"] for row in await self._rows(visit, "ir.attachment", domain, pages.FILE_COLUMNS)]

    async def _require_figures(self, visit: Visit, invoice: Invoice) -> None:
        """The buyer's product decides the tax; where its total is another, it is for a person, not for the adapter."""
        total = await self._money(visit, "Total", "total_amount")
        if total != invoice.total:
            raise AmountDiffers(f"The portal makes it {total}, but the invoice is over {invoice.total}.")

    async def _money(self, visit: Visit, what: str, name: str) -> Money:
        return pages.amount(visit, await self._value(visit, what, name), self._currency)

    async def _value(self, visit: Visit, what: str, name: str) -> str:
        return (await (await visit.find(what, pages.field(name))).input_value()).strip()

    async def _attach(self, visit: Visit, files: Sequence[SubmittedFile]) -> None:
        """The files are kept only when the dialog that opens with them is closed."""
        if not files:
            return
        await visit.press("Attachment", pages.tool("attach"))
        await visit.upload("Add...", files, css(f"{pages.PANE} ul[aria-labelledby=attach] input[type=file]"))
        await visit.arrive(pages.FILES, redraws=True)
        await self._wait_for_rows(visit, pages.FILES.landmark, len(files), "attachments")
        await visit.press("Close", css(f"{pages.DIALOG} .modal-footer button[title=Close]"))
        await self._wait_until_closed(visit, "Attachments")
        await visit.watch.settle(visit.step_seconds)

    async def read_back(self, visit: Visit) -> Review:
        """From the server, not from what was typed: the files first, as the record must be open for the click."""
        files = await self._attached(visit)
        await self._open_record(visit)
        rows = await read_table(visit.page, pages.LINES, ("Product", "Quantity", "Unit Price"))
        products = [row["Product"] for row in rows]
        if products != [line.product for line in self._lines]:
            raise ReadBackDiffers(f"The portal shows lines for {', '.join(products)}; nothing was sent.")
        return Review(
            number=await self._value(visit, "Reference", "reference"),
            po_number=await self._value(visit, "Description", "description"),
            issue_date=visit.read_date(await self._value(visit, "Invoice date", "invoice_date")),
            net=await self._money(visit, "Untaxed", "untaxed_amount"),
            tax=await self._money(visit, "Tax", "tax_amount"),
            total=await self._money(visit, "Total", "total_amount"),
            lines=tuple(
                ReviewedLine(
                    order_line=line.number,
                    quantity=pages.figure(visit, row["Quantity"]),
                    unit_price=pages.figure(visit, row["Unit Price"]),
                )
                for line, row in zip(self._lines, rows, strict=True)
            ),
            files=tuple(ReviewedFile(name=name) for name in files),
        )

    # -- handing it over -----------------------------------------------------------------------------------------

    async def commit(self, visit: Visit) -> Receipt:
        """Validate: the buyer's number is given to it, its move is made, and the draft is no longer ours to change."""
        await visit.commit_click("Validate", pages.button("validate_invoice"), then=pages.VALIDATED, redraws=True)
        await visit.watch.settle(visit.step_seconds)
        reference = await self._value(visit, "Number", "number")
        if not reference:
            raise PageUnknown("The invoice is validated, but the portal shows no number of its own for it.")
        words = f"Validated as {reference}"
        return Receipt(reference=reference, words=words, at=datetime.now(UTC), source=ReceiptSource.COMMIT)
