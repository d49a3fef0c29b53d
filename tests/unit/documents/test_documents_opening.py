"""Reading files: what is in honest ones, and that no file of any kind hurts the next."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from papers import (
    BARE_DOCTYPE,
    BILLION_LAUGHS,
    OUTSIDE_ENTITY,
    cii,
    deflate_bomb,
    huge_picture,
    hybrid,
    page,
    pages_sharing,
    raw_pdf,
    signed_form,
    with_attachments,
)
from PIL import Image
from pypdf import PdfReader, PdfWriter

from submitter.documents.opening import children, opening
from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.errors import ConfigurationError


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_pdf_gives_its_text_its_pages_and_its_hash(tmp_path: Path, reader: DocumentReader) -> None:
    read = reader.read(put(tmp_path, "ticket.bin", page("Field ticket FT-5031", "Purchase order TR-45017")))
    assert (read.verdict, read.pages, read.media_type) == (Verdict.OK, 1, "application/pdf")
    assert "FT-5031" in read.text_plain
    assert "TR-45017" in read.text_layout
    assert len(read.sha256) == 64
    assert not (read.signed or read.encrypted or read.invoice or read.invoice_problem)


def test_a_hybrid_gives_its_invoice_and_its_attachments(tmp_path: Path, reader: DocumentReader) -> None:
    read = reader.read(put(tmp_path, "a.pdf", hybrid()))
    assert read.invoice is not None
    assert (read.invoice.number, str(read.invoice.total), read.invoice.po_number) == (
        "INV-1001",
        "216.50 USD",
        "TR-45017",
    )
    assert [attachment.name for attachment in read.attachments] == ["factur-x.xml"]


def test_xml_alone_is_read_and_other_xml_is_not_a_document(tmp_path: Path, reader: DocumentReader) -> None:
    read = reader.read(put(tmp_path, "a.xml", cii()))
    assert read.invoice is not None
    assert read.invoice.buyer == "Tejas Resources"
    assert reader.read(put(tmp_path, "b.xml", b"<?xml version='1.0'?><note/>")).verdict is Verdict.NOT_A_DOCUMENT
    assert reader.read(put(tmp_path, "c.xml", b"<?xml version='1.0'?><note>")).verdict is Verdict.DAMAGED


def test_two_different_invoices_in_one_pdf_are_not_chosen_between(tmp_path: Path, reader: DocumentReader) -> None:
    both = with_attachments(page("x"), {"factur-x.xml": cii("INV-1"), "xrechnung.xml": cii("INV-2")})
    read = reader.read(put(tmp_path, "a.pdf", both))
    assert read.invoice is None
    assert "more than one" in read.invoice_problem
    same = with_attachments(page("x"), {"factur-x.xml": cii("INV-1"), "xrechnung.xml": cii("INV-1")})
    assert reader.read(put(tmp_path, "b.pdf", same)).invoice is not None


def test_an_unreadable_embedded_invoice_is_said(tmp_path: Path, reader: DocumentReader) -> None:
    read = reader.read(put(tmp_path, "a.pdf", with_attachments(page("x"), {"factur-x.xml": b"<broken"})))
    assert read.verdict is Verdict.OK
    assert "not well-formed" in read.invoice_problem
    read = reader.read(put(tmp_path, "b.pdf", with_attachments(page("x"), {"notes.xml": b"<broken"})))
    assert read.invoice_problem == ""


def test_a_filled_signature_field_is_seen(tmp_path: Path, reader: DocumentReader) -> None:
    assert reader.read(put(tmp_path, "a.pdf", signed_form())).signed
    empty = signed_form().replace(b"/V<<", b"/X<<")
    assert not reader.read(put(tmp_path, "b.pdf", empty)).signed


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_gives_its_size_and_a_cut_one_is_damaged(tmp_path: Path, reader: DocumentReader, kind: str) -> None:
    target = io.BytesIO()
    Image.effect_noise((90, 60), 50).save(target, kind)
    read = reader.read(put(tmp_path, "scan.pdf", target.getvalue()))  # the extension lies
    assert (read.verdict, read.width, read.height, read.pages) == (Verdict.OK, 90, 60, 1)
    assert read.media_type == f"image/{kind.lower()}"
    cut = reader.read(put(tmp_path, "cut", target.getvalue()[: len(target.getvalue()) // 2]))
    assert cut.verdict is Verdict.DAMAGED


def protected(user: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(page("hello"))))
    writer.encrypt(user, "owner", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def test_a_password_is_asked_for_only_where_one_is_needed(tmp_path: Path, reader: DocumentReader) -> None:
    locked = reader.read(put(tmp_path, "locked.pdf", protected("secret")))
    assert locked.verdict is Verdict.NEEDS_PASSWORD
    assert "locked.pdf" in locked.sentence
    only_protected = reader.read(put(tmp_path, "open.pdf", protected("")))
    assert (only_protected.verdict, only_protected.encrypted) == (Verdict.OK, True)
    assert "hello" in only_protected.text_plain


def fails_and_the_next_file_is_fine(reader: DocumentReader, path: Path, *verdicts: Verdict) -> None:
    read = reader.read(path)
    assert read.verdict in verdicts
    assert path.name in read.sentence
    assert reader.read(put(path.parent, "next.pdf", page("still here"))).text_plain.strip() == "still here"


def test_a_deflate_bomb_is_hostile(tmp_path: Path, reader: DocumentReader) -> None:
    fails_and_the_next_file_is_fine(reader, put(tmp_path, "bomb.pdf", deflate_bomb()), Verdict.HOSTILE)


def test_pages_that_share_one_big_stream_are_hostile(tmp_path: Path, reader: DocumentReader) -> None:
    big = pages_sharing(zlib.compress(b"(x) Tj " * 9_000_000), 400)
    fails_and_the_next_file_is_fine(reader, put(tmp_path, "shared.pdf", big), Verdict.HOSTILE)


def test_many_operators_are_hostile(tmp_path: Path, reader: DocumentReader) -> None:
    busy = pages_sharing(zlib.compress(b"0 0 m 9 9 l S\n" * 600_000), 300)
    fails_and_the_next_file_is_fine(reader, put(tmp_path, "busy.pdf", busy), Verdict.HOSTILE)


def test_slow_text_is_given_up_but_the_document_is_kept(tmp_path: Path, reader: DocumentReader) -> None:
    """Each page stays within the limits; twenty of them would not stay within the processor time."""
    slow = pages_sharing(zlib.compress(b"0 0 m\n" * 120_000), 300)
    read = reader.read(put(tmp_path, "slow.pdf", slow))
    assert (read.verdict, read.pages) == (Verdict.OK, 300)


@pytest.mark.parametrize("xml", [BILLION_LAUGHS, OUTSIDE_ENTITY, BARE_DOCTYPE])
@pytest.mark.parametrize("inside", [False, True])
def test_a_doctype_is_hostile(tmp_path: Path, reader: DocumentReader, xml: bytes, inside: bool) -> None:
    data = with_attachments(page("x"), {"factur-x.xml": xml}) if inside else xml
    path = put(tmp_path, "evil.pdf" if inside else "evil.xml", data)
    fails_and_the_next_file_is_fine(reader, path, Verdict.HOSTILE)
    assert "DOCTYPE" in reader.read(path).sentence


def test_a_picture_of_80_million_pixels_is_hostile(tmp_path: Path, reader: DocumentReader) -> None:
    fails_and_the_next_file_is_fine(reader, put(tmp_path, "huge.png", huge_picture()), Verdict.HOSTILE)


@pytest.mark.parametrize(
    ("name", "data", "verdict"),
    [
        ("cut.pdf", page("x" * 50)[:400], Verdict.DAMAGED),
        ("fifteen.pdf", b"%PDF-1.4 oh no\n", Verdict.DAMAGED),
        (
            "no-pages.pdf",
            raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 0/Kids[]>>"]),
            Verdict.DAMAGED,
        ),
        ("own-child.pdf", raw_pdf([b"<</Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R]>>"]), Verdict.DAMAGED),
        ("empty.pdf", b"", Verdict.DAMAGED),
        ("text.pdf", b"Dear customer,", Verdict.NOT_A_DOCUMENT),
        ("web.pdf", b"<!DOCTYPE html><html></html>", Verdict.NOT_A_DOCUMENT),
    ],
)
def test_damaged_and_foreign_files(
    tmp_path: Path, reader: DocumentReader, name: str, data: bytes, verdict: Verdict
) -> None:
    fails_and_the_next_file_is_fine(reader, put(tmp_path, name, data), verdict)


def test_only_ordinary_files_are_opened(tmp_path: Path, reader: DocumentReader) -> None:
    (tmp_path / "folder.pdf").mkdir()
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "endless.pdf").symlink_to("/dev/zero")
    for name in ("folder.pdf", "pipe.pdf", "endless.pdf"):
        assert reader.read(tmp_path / name).verdict is Verdict.NOT_A_DOCUMENT
    (tmp_path / "gone.pdf").symlink_to(tmp_path / "nowhere")
    assert reader.read(tmp_path / "gone.pdf").verdict is Verdict.DAMAGED
    put(tmp_path, "real", page("by link"))
    (tmp_path / "link.pdf").symlink_to(tmp_path / "real")
    assert "by link" in reader.read(tmp_path / "link.pdf").text_plain


def test_a_large_file_is_not_opened(tmp_path: Path, reader: DocumentReader) -> None:
    with put(tmp_path, "large.pdf", b"%PDF-1.4").open("r+b") as target:
        target.truncate(opening.MAX_FILE_BYTES + 1)
    read = reader.read(tmp_path / "large.pdf")
    assert (read.verdict, read.sha256) == (Verdict.TOO_LARGE, "")
    assert read.size == opening.MAX_FILE_BYTES + 1


def test_names_that_are_not_text_are_read_too(tmp_path: Path, reader: DocumentReader) -> None:
    path = tmp_path / os.fsdecode(b"r\xe9\xe7u.pdf")
    path.write_bytes(page("bytes"))
    read = reader.read(path)
    assert "bytes" in read.text_plain
    read.name.encode()  # and can be stored


#: A stand-in for the child: does something terrible with the first file it is asked for, and counts as ready before.
STAND_IN = """
import json, os, signal, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    name = json.loads(line)["path"]
    if name.endswith("kill.pdf"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.endswith("loop.pdf"):
        while True:
            pass
    if name.endswith("nonsense.pdf"):
        print("Traceback, or any other words", flush=True)
    elif name.endswith("half.pdf"):
        print(json.dumps({"verdict": "ok", "sentence": ""}), flush=True)
    elif name.endswith("stale.pdf"):
        print(json.dumps({"verdict": "ok", "sentence": "", "sha256": "0" * 64}), flush=True)
    else:
        print(json.dumps({"verdict": "damaged", "sentence": "answered"}), flush=True)
"""


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("kill.pdf", Verdict.HOSTILE, "time or memory"),
        ("loop.pdf", Verdict.HOSTILE, "within 1 seconds"),
        ("nonsense.pdf", Verdict.HOSTILE, "given up"),
        ("half.pdf", Verdict.DAMAGED, "no usable answer"),
        ("stale.pdf", Verdict.DAMAGED, "changed while it was read"),
    ],
)
def test_a_child_that_dies_hangs_or_babbles_costs_one_file(
    tmp_path: Path, name: str, verdict: Verdict, words: str
) -> None:
    with DocumentReader(wall_seconds=1, command=(sys.executable, "-c", STAND_IN)) as reader:
        read = reader.read(put(tmp_path, name, page("x")))
        assert read.verdict is verdict
        assert words in read.sentence
        assert "answered" in reader.read(put(tmp_path, "next.pdf", page("x"))).sentence


def test_a_child_that_cannot_start_is_not_blamed_on_the_document(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise SystemExit('a part is missing')")
    with DocumentReader(command=command) as reader, pytest.raises(ConfigurationError, match="a part is missing"):
        reader.read(put(tmp_path, "a.pdf", page("x")))


def test_a_child_is_replaced_before_it_grows_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FILES_PER_CHILD", 2)
    path = put(tmp_path, "a.pdf", page("x"))
    seen = []
    with DocumentReader(command=(sys.executable, "-c", STAND_IN)) as reader:
        for _ in range(4):
            reader.read(path)
            [child] = reader._children.running
            seen.append(child.pid)
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_there_is_an_end_to_the_text_that_is_kept(tmp_path: Path, reader: DocumentReader) -> None:
    wordy = pages_sharing(zlib.compress(b"BT /F 9 Tf (" + b"word " * 6_000 + b") Tj ET"), 40)
    read = reader.read(put(tmp_path, "wordy.pdf", wordy))
    assert read.verdict is Verdict.OK
    assert 150_000 < len(read.text_plain) <= 200_000
    assert len(read.text_layout) <= 200_000


def test_the_child_ends_with_its_reader(tmp_path: Path) -> None:
    with DocumentReader() as reader:
        reader.read(put(tmp_path, "a.pdf", page("x")))
        [child] = reader._children.running
        assert not child.ended
    assert child.ended


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits; the wall-clock limit stands alone")
def test_the_child_really_lives_under_its_limits(tmp_path: Path) -> None:
    """Not what it asked for, but what the system then refuses: memory, files on disk, processor time, output."""
    script = f"""
import os, resource, sys, time
sys.argv = ["x"]
from submitter.documents.opening import child, confinement
out = confinement.take_over_output()
confinement.confine(child.MEMORY_BYTES, child.FILE_BYTES, child.OPEN_FILES)
print("a library talks")
os.write(1, b"and so does its C part")
try:
    bytearray(2 << 30)
    out.write("memory ")
except MemoryError:
    pass
try:
    with open({str(tmp_path / "big")!r}, "wb") as target:
        target.write(bytes(child.FILE_BYTES + 1))
    out.write("disk ")
except OSError:
    pass
confinement.allow_processor_time(child.CPU_SECONDS)
first = resource.getrlimit(resource.RLIMIT_CPU)[0]
began = time.process_time()
while time.process_time() - began < 1.2:
    pass
confinement.allow_processor_time(child.CPU_SECONDS)
out.write("moved " if resource.getrlimit(resource.RLIMIT_CPU)[0] > first else "stuck ")
confinement.allow_processor_time(0)
while True:
    pass
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "moved "
    assert "a library talks" in done.stderr
    assert "and so does its C part" in done.stderr
    assert done.returncode == -24  # SIGXCPU


def test_no_secret_of_ours_reaches_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PASSWORD", "hunter2")
    assert "hunter2" not in children.child_environment().values()


@pytest.mark.parametrize("name", ["pypdf.py", "submitter.py"])
def test_a_program_beside_the_documents_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    put(tmp_path, name, b"raise SystemExit('taken over')")
    path = put(tmp_path, "a.pdf", page("x"))
    monkeypatch.chdir(tmp_path)
    with DocumentReader() as reader:
        assert reader.read(path).verdict is Verdict.OK
