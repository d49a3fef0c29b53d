"""What an adapter will need at Ledgerline, done with the page toolkit: all of it lies in the frame."""

import pytest

from submitter.adapters.page import PageSpec, css, framed, headers, label, role
from submitter.adapters.tables import PagedList, read_definitions, read_table
from submitter.adapters.visit import Visit
from submitter.errors import FieldMissing, PageUnknown
from tests.unit.adapters.site import Browsing, browsing
from tests.unit.practice.conftest import Running
from tests.unit.practice.counter import COPY, PASSWORD
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, LedgerlineClerk

__all__ = ["browsing"]
pytestmark = pytest.mark.browser

FRAME = "iframe[name=work]"
COLUMNS = ("Rechnungsnr.", "Vorgangsnr.", "Betrag", "Status", "Grund")
FILE = {"name": "copy.pdf", "mimeType": "application/pdf", "buffer": COPY}


def screen(code: str, path: str) -> PageSpec:
    """A page by the code in its corner, which is the same in every language."""
    return PageSpec(code, path, framed(FRAME, css(f"td.screen:text-is('{code}')")))


LOGON = PageSpec("LOG-001", "/logon", css("td.screen:text-is('LOG-001')"))
HOME, ORDER = screen("HOM-010", "/area/home"), screen("ORD-020", "/area/orders/.+")
DETAILS, FILES = screen("INV-010", "/area/entry/[^/]+/details"), screen("INV-020", "/area/entry/[^/]+/files")
CERTIFY = screen("INV-030", "/area/entry/[^/]+/certify")
RECEIPT = screen("INV-040", "/area/invoices/[^/]+/receipt")
SEARCH = screen("LST-020", "/area/search")
LIST = PagedList(
    framed(FRAME, headers(*COLUMNS)),
    COLUMNS,
    SEARCH,
    framed(FRAME, role("link", "Nächste Seite >>")),
    ("Keine Einträge gefunden.",),
    headed="first_row",
)


async def press(visit: Visit, name: str, then: PageSpec) -> None:
    await visit.click(name, framed(FRAME, role("button", name)), then=then, redraws=True)


async def prepare(visit: Visit, clerk: LedgerlineClerk, number: str) -> None:
    """Up to the page of review, in German."""
    if await visit.open("/desk", HOME, LOGON) is LOGON:
        await visit.fill("Benutzer", clerk.user, css("#user"))
        await visit.fill("Passwort", PASSWORD, css("#password"))
        await visit.click("Anmelden", css("input[name=go]"), then=HOME)
    await visit.open(f"/area/orders/{clerk.po.replace('/', '%2F')}", ORDER)
    await press(visit, "Rechnung anlegen", DETAILS)
    await visit.fill("Rechnungsnummer", number, framed(FRAME, css("#number")))
    await visit.fill("Rechnungsdatum", "02.03.2026", framed(FRAME, label("Rechnungsdatum")))
    await visit.fill("Menge", "1,5", framed(FRAME, css("#quantity-1")))
    await press(visit, "Weiter", FILES)
    await (await visit.find("Rechnungskopie", framed(FRAME, css("#invoice_copy")))).set_input_files([FILE])  # type: ignore[list-item]
    await press(visit, "Anhängen", FILES)
    await press(visit, "Weiter", CERTIFY)


def test_an_invoice_can_be_read_back_sent_and_found(
    ledgerline: Running, ledgerline_buyer: LedgerlineBuyer, browsing: Browsing
) -> None:
    clerk = ledgerline_buyer.add_clerk("de")

    async def run() -> tuple[dict[str, str], list[str], str, list[list[str]]]:
        async with browsing.visit(ledgerline.url) as visit:
            visit.surroundings.step_seconds = visit.surroundings.commit_seconds = 20
            await prepare(visit, clerk, "RE-1")
            shown = await read_definitions(visit.page, ("Rechnungssumme",), framed(FRAME, css("#review")))
            rows = await read_table(visit.page, framed(FRAME, headers("Zeile", "Menge")), ("Menge",), "first_row")
            await visit.tick("Bestätigung", framed(FRAME, css("#certified")))
            send = framed(FRAME, role("button", "Rechnung einreichen"))
            await visit.commit_click("Rechnung einreichen", send, then=RECEIPT, redraws=True)
            tracking = await visit.text("Vorgangsnr.", framed(FRAME, css("#tracking")))
            found = []
            for number in ("RE-1", "RE-2"):
                await visit.open(f"/area/search?number={number}", SEARCH)
                found.append([row["Vorgangsnr."] async for row in visit.list_rows(LIST)])
            return shown, [row["Menge"] for row in rows], tracking, found

    shown, quantities, tracking, found = browsing.runner.run(run())
    assert shown["Rechnungssumme"] == "188,25 USD" and quantities == ["1,5"]
    assert found == [[tracking], []]
    (booked,) = [each for each in ledgerline_buyer.ledger()["accepted"] if clerk.user in each["supplier"]]
    assert (booked["confirmation"], booked["total"]) == (tracking, "188.25")


def test_a_renamed_field_and_a_silent_list_are_noticed(
    ledgerline: Running, ledgerline_buyer: LedgerlineBuyer, browsing: Browsing
) -> None:
    clerk = ledgerline_buyer.add_clerk("de")

    async def run() -> None:
        async with browsing.visit(ledgerline.url) as visit:
            visit.surroundings.step_seconds = 20
            with pytest.raises(FieldMissing, match="Rechnungsnummer"):
                await prepare(visit, clerk, "RE-1")
            await visit.open("/area/search?number=RE-1", SEARCH)
            with pytest.raises(PageUnknown):
                [row async for row in visit.list_rows(LIST)]

    ledgerline_buyer.arm("rename_field")
    ledgerline_buyer.arm("silent_empty", page="search")
    browsing.runner.run(run())
    assert not [each for each in ledgerline_buyer.ledger()["accepted"] if clerk.user in each["supplier"]]
