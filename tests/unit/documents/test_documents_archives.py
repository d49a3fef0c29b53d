"""ZIP archives: what is in them is read as any file, and nothing in them hurts anybody."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packed import archive, locked, many_on_one, with_link
from papers import hybrid, page
from unpacked import opened, refused

from submitter.documents.opening import member_names, unpacking
from submitter.documents.opening.member_box import MEMBER_BYTES
from submitter.documents.opening.member_names import MemberNames
from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.documents.opening.unpacking_child import MEMORY_BYTES

# -- ZIP -----------------------------------------------------------------------------------------------------------


def test_members_are_read_as_files_of_their_own(tmp_path: Path, reader: DocumentReader) -> None:
    data = archive({"INV-1001.pdf": hybrid(), "proofs/FT-5031.pdf": page("Field ticket FT-5031"), "proofs/": b""})
    found = opened(tmp_path, reader, "march.zip", data)
    assert list(found) == ["march.zip/INV-1001.pdf", "march.zip/proofs/FT-5031.pdf"]
    invoice = found["march.zip/INV-1001.pdf"]
    assert invoice.invoice is not None
    assert invoice.outer == tmp_path / "march.zip"
    assert invoice.place is not None
    assert invoice.place.read_bytes() == hybrid()
    assert "FT-5031" in found["march.zip/proofs/FT-5031.pdf"].text_plain


def test_one_bad_member_stops_no_other(tmp_path: Path, reader: DocumentReader) -> None:
    data = archive(
        {"secret.pdf": page("a"), "good.pdf": page("fine"), "cut.pdf": page("x" * 50)[:300], "x.bin": b"\x01"}
    )
    broken = bytearray(locked(data, "secret.pdf"))
    found = opened(tmp_path, reader, "a.zip", bytes(broken))
    assert {name: one.verdict for name, one in found.items()} == {
        "a.zip/secret.pdf": Verdict.NEEDS_PASSWORD,
        "a.zip/good.pdf": Verdict.OK,
        "a.zip/cut.pdf": Verdict.DAMAGED,
        "a.zip/x.bin": Verdict.NOT_A_DOCUMENT,
    }
    assert all(name in one.sentence for name, one in found.items() if one.verdict is not Verdict.OK)


def test_a_member_whose_bytes_are_not_what_was_packed_is_damaged(tmp_path: Path, reader: DocumentReader) -> None:
    data = archive({"a.pdf": page("first"), "b.pdf": page("second")}, zipfile.ZIP_STORED)
    found = opened(tmp_path, reader, "a.zip", data.replace(b"%PDF-1.3", b"%PDF-1.9", 1))
    assert found["a.zip/a.pdf"].verdict is Verdict.DAMAGED
    assert "second" in found["a.zip/b.pdf"].text_plain


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_not_read(tmp_path: Path, reader: DocumentReader, kind: int) -> None:
    found = opened(tmp_path, reader, "a.zip", archive({"a.pdf": page("x")}, kind))
    assert found["a.zip/a.pdf"].verdict is Verdict.NOT_A_DOCUMENT
    assert "use plain ZIP" in found["a.zip/a.pdf"].sentence


def test_an_archive_in_an_archive_is_named_and_not_opened(tmp_path: Path, reader: DocumentReader) -> None:
    inner = archive({"INV-1001.pdf": hybrid()})
    found = opened(tmp_path, reader, "a.zip", archive({"inner.zip": inner, "hidden.dat": inner, "a.pdf": page("x")}))
    assert {name: one.verdict for name, one in found.items()} == {
        "a.zip/inner.zip": Verdict.NOT_A_DOCUMENT,
        "a.zip/hidden.dat": Verdict.NOT_A_DOCUMENT,
        "a.zip/a.pdf": Verdict.OK,
    }
    for name in ("a.zip/inner.zip", "a.zip/hidden.dat"):
        assert "an archive inside an archive" in found[name].sentence


def test_links_and_clutter_are_left_out(tmp_path: Path, reader: DocumentReader) -> None:
    files = {
        "a.pdf": page("x"),
        "__MACOSX/._a.pdf": b"x",
        ".hidden/b.pdf": page("x"),
        "Thumbs.db": b"x",
        "~$a.pdf": b"x",
    }
    found = opened(tmp_path, reader, "a.zip", with_link(files, "passwd.pdf", "/etc/passwd"))
    assert list(found) == ["a.zip/a.pdf"]


NAMES = [
    ("../../evil.pdf", "evil.pdf"),
    ("/etc/evil.pdf", "etc/evil.pdf"),
    ("C:\\windows\\evil.pdf", "C_/windows/evil.pdf"),
    ("\\\\server\\share\\evil.pdf", "server/share/evil.pdf"),
    ("a/../../b/./evil.pdf", "a/b/evil.pdf"),
    ("con.pdf", "_con.pdf"),
    ("COM1", "_COM1"),
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ("a\nb\x07.pdf", "a_b_.pdf"),
    ("evil.pdf. . ", "evil.pdf"),
    ('q"u*e?s<t>i|o:n.pdf', "q_u_e_s_t_i_o_n.pdf"),
    ("..", "unnamed"),
    ("\udce9.pdf", "?.pdf".replace("?", "_")),
]


@pytest.mark.parametrize(("name", "harmless"), NAMES)
def test_names_of_members_are_made_harmless(name: str, harmless: str) -> None:
    assert str(MemberNames().harmless(name)) == harmless


def test_two_members_never_share_a_name() -> None:
    names = MemberNames()
    given_names = ["a.pdf", "A.PDF", "b/../a.pdf", "x", "x/y.pdf", "z/q", "z"]
    assert [str(names.harmless(name)) for name in given_names] == [
        "a.pdf",
        "A (2).PDF",
        "b/a.pdf",
        "x",
        "x_/y.pdf",
        "z/q",
        "z (2)",
    ]


@given(st.lists(st.text(max_size=40) | st.text("./\\:ab\u202e", max_size=40), max_size=20))
@example(["a" * 300 + ".pdf", "\u00e9" * 300 + ".pdf", "/".join("abcdefghijkl")])
def test_no_name_leads_out_or_is_refused_by_a_file_system(raw: list[str]) -> None:
    names = MemberNames()
    paths = [names.harmless(name) for name in raw]
    assert len({str(path).casefold() for path in paths}) == len(paths)
    for path in paths:
        assert not path.is_absolute()
        assert len(path.parts) <= member_names.DEEPEST + 1
        for part in path.parts:
            assert part not in ("", ".", "..")
            assert not set(part) & set('/\\:*?"<>|\x00\n')
            assert len(part.encode()) < 250
            assert part == part.rstrip(". ")


def test_hostile_names_stay_inside_on_disk(tmp_path: Path, reader: DocumentReader) -> None:
    files = {name: page(str(place)) for place, (name, _) in enumerate(NAMES) if "\udce9" not in name}
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    found = opened(inside, reader, "a.zip", archive(files))
    assert len(found) == len(files)
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert set(tmp_path.rglob("*")) == before | {inside / "a.zip"}


def a_wide_archive() -> bytes:
    return archive({f"{number}.pdf": b"x" for number in range(501)})


@pytest.mark.parametrize(
    ("data", "verdict", "words"),
    [
        (archive({"zeros.pdf": bytes(60_000_000)}), Verdict.HOSTILE, "made for attacks"),
        (many_on_one(400, 9_000_000), Verdict.HOSTILE, "made for attacks"),
        (a_wide_archive(), Verdict.TOO_LARGE, "It holds 501 files"),
        (many_on_one(60_000, 10), Verdict.TOO_LARGE, "It holds 60,000 files"),
        (
            archive({f"{n}.bin": os.urandom(9_999_999) for n in range(4)}, zipfile.ZIP_STORED),
            Verdict.TOO_LARGE,
            "smaller parts",
        ),
        (
            archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
            Verdict.NOT_A_DOCUMENT,
            "save it as PDF",
        ),
        (archive({"a.pdf": page("x")})[:200], Verdict.DAMAGED, "cannot be read"),
        (b"PK\x05\x06" + bytes(10), Verdict.DAMAGED, "cannot be read"),
    ],
)
def test_archives_that_are_not_unpacked(
    tmp_path: Path, reader: DocumentReader, data: bytes, verdict: Verdict, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.forget_unpacked()
    monkeypatch.setattr(reader._unpacker, "_room", 30_000_000)
    read = refused(tmp_path, reader, "bomb.zip", data)
    assert read.verdict is verdict
    assert words in read.sentence


def test_what_an_archive_says_too_little_of_is_not_unpacked_further(tmp_path: Path, reader: DocumentReader) -> None:
    """A member that claims ten bytes and holds sixty million: reading stops at what it claims."""
    data = archive({"zeros.pdf": bytes(60_000_000), "a.pdf": page("fine")})
    lie = data.replace((60_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    found = opened(tmp_path, reader, "a.zip", lie)
    assert found["a.zip/zeros.pdf"].verdict is Verdict.DAMAGED
    assert "fine" in found["a.zip/a.pdf"].text_plain


def test_a_member_that_is_too_large_stands_alone_in_that(tmp_path: Path, reader: DocumentReader) -> None:
    data = archive({"big.bin": os.urandom(1_000) * 50_100, "a.pdf": page("fine")}, zipfile.ZIP_STORED)
    found = opened(tmp_path, reader, "a.zip", data[:0] + data)
    big = found.get("a.zip/big.bin") or found["a.zip"]
    assert big.verdict is Verdict.TOO_LARGE


def test_an_intake_unpacks_so_many_files_and_no_more(
    tmp_path: Path, reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.forget_unpacked()
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 3)
    two = archive({"a.pdf": page("x"), "b.pdf": page("y")})
    assert len(opened(tmp_path, reader, "one.zip", two)) == 2
    assert opened(tmp_path, reader, "two.zip", two)["two.zip"].verdict is Verdict.TOO_LARGE
    reader.forget_unpacked()
    assert len(opened(tmp_path, reader, "two.zip", two)) == 2
    reader.forget_unpacked()


# -- a child that lies or dies --------------------------------------------------------------------------------------

STAND_IN = """
import hashlib, json, os, pathlib, signal, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    name = pathlib.Path(asked["path"]).name
    into = pathlib.Path(asked["into"])
    if name == "kill.zip":
        (into / "half.pdf").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "inner.zip":
        (into / "b.pdf").write_bytes(b"b")
        (into / "a.pdf").symlink_to(into / "b.pdf")
    if name == "link.zip":
        (into / "a.pdf").symlink_to("/etc/hostname")
    told = {"up.zip": "../../up.pdf", "root.zip": "/etc/hostname", "gone.zip": "gone.pdf", "told.zip": "../told.pdf"}
    member = {"name": told.get(name, "a.pdf"), "size": 1, "written": name != "told.zip"}
    member |= {"verdict": "damaged", "sentence": "It is damaged."}
    sha256 = hashlib.sha256(pathlib.Path(asked["path"]).read_bytes()).hexdigest()
    print(json.dumps({"verdict": "ok", "sentence": "", "sha256": sha256, "members": [member], "text": ""}), flush=True)
"""


@pytest.mark.parametrize("name", ["kill.zip", "up.zip", "root.zip", "gone.zip", "told.zip", "link.zip", "inner.zip"])
def test_a_child_that_lies_or_dies_leads_nobody_out_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(unpacking, "program", lambda _module: (sys.executable, "-c", STAND_IN))
    with DocumentReader(wall_seconds=20) as reader:
        [(shown, read)] = opened(tmp_path, reader, name, archive({"a.pdf": page("x")})).items()
        assert shown == name
        assert read.verdict is (Verdict.HOSTILE if name == "kill.zip" else Verdict.DAMAGED)
        assert ("time or memory" if name == "kill.zip" else "gave no usable answer") in read.sentence
        assert read.members == ()
        folder = reader._unpacker._workspace._folder
        assert folder is not None
        assert not list(folder.rglob("*.pdf"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits; the wall-clock limit stands alone")
def test_no_member_is_longer_than_the_system_lets_it_be(tmp_path: Path) -> None:
    """The limit that holds when all others were fooled."""
    script = f"""
from submitter.documents.opening import member_box, unpacking_child
from submitter.documents.opening.confinement import confine
import pathlib
confine(unpacking_child.MEMORY_BYTES, member_box.MEMBER_BYTES, unpacking_child.OPEN_FILES)
member_box.MEMBER_BYTES = member_box.TOTAL_BYTES = 10**12
box = member_box.Box(pathlib.Path({str(tmp_path)!r}), 10**12)
box._left = 10**12
try:
    box.put("a", (bytes(1 << 20) for _ in range(60)))
except OSError as error:
    print(error.strerror, list(pathlib.Path({str(tmp_path)!r}).iterdir()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "File too large []\n", done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the limits of another process")
def test_the_process_that_unpacks_lives_under_its_limits(tmp_path: Path, reader: DocumentReader) -> None:
    opened(tmp_path, reader, "a.zip", archive({"a.pdf": page("x")}))
    [child] = reader._unpacker._children.running
    told = Path(f"/proc/{child.pid}/limits").read_text().splitlines()
    limits = {line[:26].strip(): line[26:].split()[0] for line in told}
    assert (limits["Max file size"], limits["Max address space"]) == (str(MEMBER_BYTES), str(MEMORY_BYTES))
    assert limits["Max cpu time"] != "unlimited"
