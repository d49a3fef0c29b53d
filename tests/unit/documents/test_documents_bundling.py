"""Joining, shrinking and splitting: nothing of any file is lost, and what is signed stays as it is."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from papers import deflate_bomb, hybrid, page, raw_pdf, signed_form, stream, with_attachments
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.documents.sending import binder
from submitter.documents.sending.bundling import Part, combine, shrink, split
from submitter.errors import DocumentRefused

PDF = "application/pdf"


def part(folder: Path, name: str, data: bytes, media_type: str = PDF) -> Part:
    path = folder / name
    path.write_bytes(data)
    return Part(path, name, media_type)


def noisy_picture(kind: str, width: int = 1200, height: int = 1700, **options: object) -> bytes:
    """A scan that does not compress: paper has grain."""
    grain = random.Random(7).randbytes(width * height)  # noqa: S311
    made = io.BytesIO()
    Image.frombytes("L", (width, height), grain).save(made, kind, **options)
    return made.getvalue()


def scan(pictures: int) -> bytes:
    """A PDF of scanned pages, each with its number as text beside the picture."""
    from reportlab.lib.utils import ImageReader  # noqa: PLC0415
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    made = io.BytesIO()
    canvas = Canvas(made, invariant=True)
    for number in range(pictures):
        picture = noisy_picture("JPEG", 1200, 1700 + number, quality=95)
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 20, 20, 500, 700)
        canvas.drawString(40, 800, f"Ticket FT-{number}")
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def electronic() -> bytes:
    """An invoice as PDF/A-3 tools write it: XMP, an associated file, an output intent."""
    writer = PdfWriter(clone_from=io.BytesIO(hybrid()))
    xmp = StreamObject()
    xmp.set_data(b"<x:xmpmeta><pdfaid:part>3</pdfaid:part></x:xmpmeta>")
    xmp[NameObject("/Type")] = NameObject("/Metadata")
    writer.root_object[NameObject("/Metadata")] = writer._add_object(xmp)
    intent = DictionaryObject({NameObject("/S"): NameObject("/GTS_PDFA1"), NameObject("/Info"): TextStringObject("x")})
    writer.root_object[NameObject("/OutputIntents")] = ArrayObject([writer._add_object(intent)])
    names = writer.root_object["/Names"]["/EmbeddedFiles"]["/Names"]  # type: ignore[index]
    writer.root_object[NameObject("/AF")] = ArrayObject([names[1].indirect_reference or names[1]])
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def attachments(path: Path) -> dict[str, bytes]:
    return {item.name: item.content for item in PdfReader(path).attachment_list}


# -- joining -------------------------------------------------------------------------------------------------------


def test_the_invoice_comes_first_and_stays_the_electronic_invoice_it_was(
    tmp_path: Path, reader: DocumentReader
) -> None:
    pod = with_attachments(page("Delivery note FT-5031"), {"track.xml": b"<track/>", "notes.txt": b"left at gate 4"})
    invoice = part(tmp_path, "INV-1001.pdf", electronic())
    made = combine(invoice, [part(tmp_path, "FT-5031.pdf", pod)], tmp_path / "joined.pdf")
    assert (made.pages, made.embedded) == (2, ())
    before, after = PdfReader(invoice.path), PdfReader(made.path)
    assert "INV-1001" in after.pages[0].extract_text() and "FT-5031" in after.pages[1].extract_text()
    assert attachments(made.path) == attachments(invoice.path) | {
        "FT-5031 - track.xml": b"<track/>",
        "FT-5031 - notes.txt": b"left at gate 4",
    }
    for key in ("/Metadata", "/OutputIntents", "/AF"):
        assert key in after.root_object, key
    assert after.root_object["/Metadata"].get_data() == before.root_object["/Metadata"].get_data()  # type: ignore[attr-defined]
    assert reader.read(made.path).invoice == reader.read(invoice.path).invoice


def test_two_proofs_may_carry_files_of_one_name(tmp_path: Path) -> None:
    carried = [with_attachments(page(f"Ticket {n}"), {"data.xml": b"<n>%d</n>" % n}) for n in range(2)]
    pods = [Part(part(tmp_path, f"{n}.pdf", data).path, "ticket.pdf", PDF) for n, data in enumerate(carried)]
    made = combine(part(tmp_path, "i.pdf", page("Invoice")), pods, tmp_path / "joined.pdf")
    assert sorted(attachments(made.path).values()) == [b"<n>0</n>", b"<n>1</n>"]
    assert len({name.casefold() for name in attachments(made.path)}) == 2


def test_a_signed_proof_travels_inside_byte_for_byte(tmp_path: Path) -> None:
    signed = part(tmp_path, "signed ticket.pdf", signed_form())
    made = combine(part(tmp_path, "i.pdf", page("Invoice")), [signed], tmp_path / "joined.pdf")
    assert (made.pages, made.embedded) == (1, ("signed ticket.pdf",))
    assert attachments(made.path) == {"signed ticket.pdf": signed_form()}


def protected(data: bytes, user: str = "") -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user, "owner's", algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (signed_form(), "i.pdf is signed and must not be changed"),
        (protected(page("Invoice")), "i.pdf is protected against changes"),
        (protected(page("Invoice"), "secret"), "i.pdf asks for a password"),
        (b"%PDF-1.7 torn", "could not be rewritten"),
        (deflate_bomb(), "more memory or work than any honest document needs"),
    ],
    ids=["signed", "protected", "password", "torn", "bomb"],
)
def test_an_invoice_that_may_not_or_cannot_be_changed_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    pod = part(tmp_path, "p.pdf", page("Ticket"))
    with pytest.raises(DocumentRefused, match=why):
        combine(part(tmp_path, "i.pdf", data), [pod], tmp_path / "joined.pdf")
    assert not (tmp_path / "joined.pdf").exists()


@pytest.mark.parametrize(
    ("kind", "mode", "media_type", "pages"),
    [
        ("PNG", "RGBA", "image/png", 1),
        ("PNG", "P", "image/png", 1),
        ("JPEG", "RGB", "image/jpeg", 1),
        ("JPEG", "CMYK", "image/jpeg", 1),
        ("TIFF", "1", "image/tiff", 3),
    ],
)
def test_a_scan_becomes_pages(tmp_path: Path, kind: str, mode: str, media_type: str, pages: int) -> None:
    made = io.BytesIO()
    frames = [Image.new("RGB", (300 + 10 * n, 200), "white").convert(mode) for n in range(pages)]
    more = {"save_all": True, "append_images": frames[1:]} if pages > 1 else {}
    frames[0].save(made, kind, **more)
    scanned = part(tmp_path, "scan", made.getvalue(), media_type)
    joined = combine(part(tmp_path, "i.pdf", page("Invoice")), [scanned], tmp_path / "joined.pdf")
    assert joined.pages == 1 + pages
    shown = [len(one.images) for one in PdfReader(joined.path).pages]
    assert shown == [0] + [1] * pages


def test_a_photo_is_embedded_as_it_was_taken_and_shown_upright(tmp_path: Path) -> None:
    plain = noisy_picture("JPEG", 400, 300, quality=80)
    joined = combine(part(tmp_path, "i.pdf", page("I")), [part(tmp_path, "a", plain, "image/jpeg")], tmp_path / "a.pdf")
    [drawn] = PdfReader(joined.path).pages[1]["/Resources"]["/XObject"].values()  # type: ignore[index]
    assert drawn.get_object().get_data() == plain, "not compressed a second time"
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the telephone was held upright
    Image.new("RGB", (400, 300), "white").save(turned, "JPEG", exif=exif)
    joined = combine(
        part(tmp_path, "i.pdf", page("I")), [part(tmp_path, "b.jpg", turned.getvalue(), "image/jpeg")], tmp_path / "b"
    )
    assert PdfReader(joined.path).pages[1].images[0].image.size == (300, 400)  # type: ignore[union-attr]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(
        st.tuples(
            st.lists(st.text("ABCDEFGH0123456789", min_size=1, max_size=12), min_size=1, max_size=3),
            st.dictionaries(st.text("abc.Ü ", min_size=1, max_size=8), st.binary(max_size=200), max_size=3),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_page_and_every_attachment_is_in_the_bundle_whatever_was_joined(
    tmp_path: Path, files: list[tuple[list[str], dict[str, bytes]]]
) -> None:
    told = []
    for number, (pages, carried) in enumerate(files):
        writer = PdfWriter()
        for words in pages:
            writer.append(io.BytesIO(page(words)))
        for name, data in carried.items():
            writer.add_attachment(name, data)
        path = tmp_path / f"{number}.pdf"
        writer.write(path)
        told.append({"path": str(path), "name": f"{number}.pdf", "media_type": PDF})
    target = tmp_path / "joined.pdf"
    answer = binder.answer_for({"do": "combine", "invoice": told[0], "others": told[1:], "target": str(target)})
    assert "problem" not in answer, answer
    made = PdfReader(target)
    assert [one.extract_text().strip() for one in made.pages] == [words for pages, _ in files for words in pages]
    expected = sorted(data for _, carried in files for data in carried.values())
    assert sorted(item.content for item in made.attachment_list) == expected
    names = [item.name.casefold() for item in made.attachment_list]
    assert len(set(names)) == len(names)


# -- making smaller ------------------------------------------------------------------------------------------------


def test_a_scan_gets_smaller_pictures_and_keeps_its_pages_and_words(tmp_path: Path) -> None:
    source = part(tmp_path, "scan.pdf", with_attachments(scan(2), {"data.xml": b"<a/>"}))
    whole = source.path.stat().st_size
    size = shrink(source, tmp_path / "small.pdf", whole // 2)
    assert size == (tmp_path / "small.pdf").stat().st_size <= whole // 2
    small = PdfReader(tmp_path / "small.pdf")
    assert [one.extract_text().strip() for one in small.pages] == ["Ticket FT-0", "Ticket FT-1"]
    assert attachments(tmp_path / "small.pdf") == {"data.xml": b"<a/>"}
    assert source.path.stat().st_size == whole


@pytest.mark.parametrize("do", ["shrink", "split"])
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (signed_form(), "is signed; .* the signature would break"),
        (protected(page("Ticket")), "is protected against changes"),
        (electronic(), r"is an archive file \(PDF/A\)"),
    ],
    ids=["signed", "protected", "pdf-a"],
)
def test_signed_protected_and_archive_files_are_never_rewritten(tmp_path: Path, do: str, data: bytes, why: str) -> None:
    source = part(tmp_path, "x.pdf", data)
    with pytest.raises(DocumentRefused, match=why):
        if do == "shrink":
            shrink(source, tmp_path / "small.pdf", 10)
        else:
            split(source, tmp_path, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["x.pdf"]


def test_what_cannot_be_made_small_enough_is_said_and_left(tmp_path: Path) -> None:
    source = part(tmp_path, "scan.pdf", scan(1))
    with pytest.raises(DocumentRefused, match=r"stays at .* MB even with its pictures at 100 dots an inch; split it"):
        shrink(source, tmp_path / "small.pdf", 10_000)
    assert not (tmp_path / "small.pdf").exists()


def test_a_photo_is_made_smaller_too(tmp_path: Path) -> None:
    source = part(tmp_path, "pod.png", noisy_picture("PNG", 2000, 2600), "image/png")
    size = shrink(source, tmp_path / "pod.jpg", 2_000_000)
    assert size <= 2_000_000 < source.path.stat().st_size
    with DocumentReader() as reader:
        assert reader.read(tmp_path / "pod.jpg").verdict is Verdict.OK


def test_splitting_keeps_every_page_in_order_under_the_limit(tmp_path: Path) -> None:
    source = part(tmp_path, "scan.pdf", scan(5))
    under = source.path.stat().st_size * 2 // 5
    (tmp_path / "parts").mkdir()
    made = split(source, tmp_path / "parts", under)
    assert [path.name for path in made] == [f"scan part {n}.pdf" for n in range(1, len(made) + 1)] and len(made) >= 3
    assert all(path.stat().st_size <= under for path in made)
    words = [one.extract_text().strip() for path in made for one in PdfReader(path).pages]
    assert words == [f"Ticket FT-{n}" for n in range(5)]


def test_splitting_refuses_what_it_would_lose_or_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(DocumentRefused, match="carries other files inside, which splitting would lose"):
        split(part(tmp_path, "i.pdf", hybrid()), tmp_path, 10_000)
    with pytest.raises(DocumentRefused, match=r"page 1 of scan\.pdf alone is over the limit"):
        split(part(tmp_path, "scan.pdf", scan(2)), tmp_path, 10_000)


def test_a_process_that_dies_is_a_sentence(tmp_path: Path) -> None:
    """A page tree that names itself, and a stream that lies about its length: whatever happens, it happens there."""
    loop = raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R]>>"])
    lying = raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", stream(b"x" * 99)])
    for data in (loop, lying):
        with pytest.raises(DocumentRefused, match="cannot be joined into one PDF"):
            combine(part(tmp_path, "i.pdf", data), [part(tmp_path, "p.pdf", page("T"))], tmp_path / "joined.pdf")
