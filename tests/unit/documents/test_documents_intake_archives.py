"""Archives and mails in a folder: their files are taken in as if they lay there, and nothing is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from packed import archive, locked, mail
from papers import TODAY, cii, customer, hybrid, invoice, page
from written_invoices import as_json

from submitter.documents.intake import IntakeReport, IntakeVerdict, examine_folder
from submitter.documents.opening.opening import DocumentReader
from submitter.errors import DocumentRefused

GOOD, BLOCKED, DUPLICATE = IntakeVerdict.GOOD, IntakeVerdict.BLOCKED, IntakeVerdict.DUPLICATE
HEAD = "file,invoice_number,customer,po_number"
TICKET = page("INV-1001", "Purchase order TR-45017")


def look(folder: Path, reader: DocumentReader) -> IntakeReport:
    return examine_folder(folder, (customer(),), reader, TODAY, lambda _account, _number: None)


def listed(folder: Path, *rows: str) -> None:
    (folder / "invoices.csv").write_text("\n".join((HEAD, *rows)) + "\n")


def test_an_archive_brings_invoice_and_proof(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "march.zip").write_bytes(archive({"a.pdf": hybrid(), "proofs/scan.pdf": TICKET, "notes.bin": b"\x01"}))
    report = look(tmp_path, reader)
    [item] = report.items
    assert (item.verdict, item.file) == (GOOD, "march.zip/a.pdf")
    assert [(file.path.name, file.kind) for file in item.files] == [("a.pdf", "invoice"), ("scan.pdf", "pod")]
    assert [file.path.read_bytes() for file in item.files] == [hybrid(), TICKET]  # and they can be stored
    assert {file.reading.outer for file in item.files} == {tmp_path / "march.zip"}
    assert [one.name for one in report.unused] == ["march.zip/notes.bin"]


def test_a_mail_brings_an_invoice_for_a_proof_beside_it(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "sent.eml").write_bytes(bytes(mail(INV_pdf=hybrid())))
    (tmp_path / "scan.pdf").write_bytes(TICKET)
    [item] = look(tmp_path, reader).items
    assert item.verdict is GOOD
    assert [file.path.name for file in item.files] == ["INV.pdf", "scan.pdf"]


@pytest.mark.parametrize("name", ["a.pdf", "march.zip/a.pdf"])
def test_a_list_may_name_a_file_in_an_archive(tmp_path: Path, reader: DocumentReader, name: str) -> None:
    (tmp_path / "march.zip").write_bytes(archive({"a.pdf": hybrid(), "scan.pdf": TICKET}))
    listed(tmp_path, f"{name},INV-1001,Tejas,TR-45017")
    [item] = look(tmp_path, reader).items
    assert (item.verdict, item.findings) == (GOOD, ())


def test_a_name_that_two_archives_have_is_not_chosen_between(tmp_path: Path, reader: DocumentReader) -> None:
    for number, name in ((1001, "one.zip"), (1002, "two.zip")):
        (tmp_path / name).write_bytes(archive({"a.pdf": hybrid(f"INV-{number}")}))
    listed(tmp_path, "a.pdf,INV-1001,Tejas,TR-45017")
    item = look(tmp_path, reader).items[0]
    assert item.verdict is BLOCKED
    assert 'There is no file "a.pdf"' in item.findings[0].sentence


def test_the_data_may_lie_beside_the_printed_invoice_as_json(tmp_path: Path, reader: DocumentReader) -> None:
    printed = page("Invoice INV-1001", "Purchase order TR-45017", "Total 216.50 USD")
    (tmp_path / "4711.pdf").write_bytes(printed)
    (tmp_path / "4711.json").write_bytes(as_json(invoice()))
    (tmp_path / "scan.pdf").write_bytes(TICKET)
    [item] = look(tmp_path, reader).items
    assert item.verdict is GOOD
    assert item.invoice is not None
    assert (item.invoice.number, item.invoice.coding) == ("INV-1001", invoice().coding)
    assert [file.path.name for file in item.files] == ["4711.pdf", "scan.pdf"]


def test_the_data_may_lie_beside_it_in_the_same_archive(tmp_path: Path, reader: DocumentReader) -> None:
    printed = page("Invoice INV-1001", "Purchase order TR-45017", "Total 216.50 USD")
    files = {"x/4711.pdf": printed, "x/4711.xml": cii(), "y/4711.json": as_json(invoice(number="INV-7"))}
    (tmp_path / "a.zip").write_bytes(archive(files))
    items = look(tmp_path, reader).items
    assert [item.file for item in items] == ["a.zip/x/4711.pdf", "a.zip/y/4711.json"]


def test_a_locked_proof_is_known_by_its_name_and_blocks(tmp_path: Path, reader: DocumentReader) -> None:
    data = locked(archive({"a.pdf": hybrid(), "POD INV-1001.pdf": TICKET}), "POD INV-1001.pdf")
    (tmp_path / "a.zip").write_bytes(data)
    [item] = look(tmp_path, reader).items
    assert item.verdict is BLOCKED
    assert any("please send it without one" in finding.sentence for finding in item.findings)


def test_the_same_invoice_in_an_archive_and_beside_it_is_a_duplicate(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "a.pdf").write_bytes(hybrid())
    (tmp_path / "b.zip").write_bytes(archive({"a.pdf": hybrid(), "scan.pdf": TICKET}))
    items = look(tmp_path, reader).items
    assert [(item.file, item.verdict) for item in items] == [("a.pdf", GOOD), ("b.zip/a.pdf", DUPLICATE)]


def test_a_bomb_keeps_no_neighbour_out(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "bomb.zip").write_bytes(archive({"zeros.pdf": bytes(60_000_000)}))
    (tmp_path / "good.zip").write_bytes(archive({"a.pdf": hybrid(), "scan.pdf": TICKET}))
    report = look(tmp_path, reader)
    assert [item.verdict for item in report.items] == [GOOD]
    assert [(one.name, one.verdict) for one in report.unused] == [("bomb.zip", "hostile")]


def test_an_archive_without_anything_is_no_invoice(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "a.zip").write_bytes(archive({}))
    (tmp_path / "words.eml").write_bytes(bytes(mail("nothing attached")))
    with pytest.raises(DocumentRefused, match="holds no invoices"):
        look(tmp_path, reader)
