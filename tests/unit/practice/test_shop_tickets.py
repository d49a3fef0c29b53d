"""The proofs of delivery: pictures below 400 kB, with what an OCR would have read, or without."""

from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from submitter.practice.shop import Quirk, ShopExport, Trait, make_export, make_ticket, make_ticket_for
from submitter.practice.shop.paper import Quality

DAY = date(2026, 7, 9)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ShopExport:
    return make_export(tmp_path_factory.mktemp("shop"), 99, today=date(2026, 7, 14))


def read_text(path: Path) -> str:
    reader = PdfReader(path)
    assert len(reader.pages) == 1
    return reader.pages[0].extract_text()


def test_each_ticket_is_one_scanned_picture_of_a_letter_page(export: ShopExport) -> None:
    for path in export.folder.glob("ticket-*.pdf"):
        assert path.stat().st_size < 400_000
        (page,) = PdfReader(path).pages
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx((612, 792))
        (picture,) = page.images
        assert picture.image is not None
        assert (picture.image.format, picture.image.size) == ("JPEG", (1275, 1650))


def test_the_text_layer_names_ticket_order_customer_date_and_quantities(export: ShopExport) -> None:
    read = [invoice for invoice in export.invoices if invoice.ticket_file]
    for invoice in read:
        if invoice.quirk is Quirk.POD_WITHOUT_TEXT:
            continue
        text = read_text(export.folder / str(invoice.ticket_file))
        day = invoice.delivered.strftime("%m/%d/%Y")
        for words in (invoice.ticket, invoice.pod_po, "Tejas Resources", invoice.well, day):
            assert words in text
        for description, quantity, unit in invoice.rows:
            assert description in text
            assert quantity in text
            assert unit in text


def test_the_wrong_order_is_on_the_ticket_and_belongs_to_no_invoice(export: ShopExport) -> None:
    (invoice,) = export.having(Trait.POD_OTHER_ORDER)
    text = read_text(export.folder / str(invoice.ticket_file))
    assert invoice.ticket in text
    assert invoice.po not in text
    assert invoice.pod_po not in {order["number"] for order in export.orders}


def test_one_ticket_has_no_text_at_all(export: ShopExport) -> None:
    (invoice,) = export.having(Quirk.POD_WITHOUT_TEXT)
    assert read_text(export.folder / str(invoice.ticket_file)) == ""
    assert invoice.ticket_file == f"ticket-{invoice.ticket}.pdf"


def test_a_text_layer_is_invisible(tmp_path: Path) -> None:
    path = make_ticket(tmp_path / "ticket.pdf", "FT-50311", "4500118832", delivered=DAY)
    content = PdfReader(path).pages[0].get_contents()
    assert content is not None
    drawn = content.get_data()
    assert drawn.count(b" 3 Tr ") == drawn.count(b" Tj") > 20


def test_a_rescan_is_clearer_and_says_the_same(tmp_path: Path) -> None:
    rows = (("Hone barrel tube, 2 in, chrome", "12.5", "FT"),)
    texts = []
    qualities: tuple[Quality, ...] = ("worn", "clear")
    for quality in qualities:
        path = tmp_path / f"ticket-FT-50311-{quality}.pdf"
        make_ticket(path, "FT-50311", "4500118832", well="Tin Cup Mesa 12-4", delivered=DAY, rows=rows, quality=quality)
        assert path.stat().st_size < 400_000
        texts.append(read_text(path))
    assert texts[0] == texts[1]


def test_a_ticket_for_somebody_elses_order(tmp_path: Path) -> None:
    path = make_ticket_for(
        tmp_path, "LS 2026/0815", "B-77/é", "Müßiggang & Söhne GmbH", delivered=DAY, suffix="-rescan"
    )
    assert path.name == "ticket-LS-2026-0815-rescan.pdf"
    text = read_text(path)
    for words in ("LS 2026/0815", "B-77/é", "Müßiggang & Söhne GmbH", "07/09/2026"):
        assert words in text


def test_long_names_and_many_rows_stay_on_the_page(tmp_path: Path) -> None:
    rows = [(f"Part {number} " + "of a very long description " * 4, "1,000.25", "EA") for number in range(12)]
    path = make_ticket(tmp_path / "t.pdf", "FT-1", "4" * 35, "C" * 60, delivered=DAY, rows=rows)
    assert "Part 11" in read_text(path)
    assert path.stat().st_size < 400_000
    with pytest.raises(ValueError, match="room for 12 lines, not for 13; write a second one"):
        make_ticket(tmp_path / "t.pdf", "FT-1", "4", delivered=DAY, rows=[*rows, rows[0]])
