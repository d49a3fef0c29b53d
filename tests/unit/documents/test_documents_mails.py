"""E-mails: their attachments are read as any file, and no mail hurts anybody."""

from __future__ import annotations

import io
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed import archive, mail, mailed
from papers import hybrid, page
from PIL import Image
from unpacked import opened, refused

from submitter.documents.einvoices.xml_trees import Malformed
from submitter.documents.opening.mail_members import unpack_mail
from submitter.documents.opening.member_box import Box, Overfull
from submitter.documents.opening.opening import DocumentReader, Verdict


def test_attachments_are_read_as_files_of_their_own(tmp_path: Path, reader: DocumentReader) -> None:
    sent = mail("Ticket FT-5031, as agreed.", "Your order TR-45017", INV_pdf=hybrid(), scan_pdf=page("signed"))
    found = opened(tmp_path, reader, "sent.eml", bytes(sent))
    assert list(found) == ["sent.eml/INV.pdf", "sent.eml/scan.pdf"]
    assert found["sent.eml/INV.pdf"].invoice is not None
    assert found["sent.eml/scan.pdf"].came_with == "Your order TR-45017\nTicket FT-5031, as agreed."


def test_a_mail_is_known_by_its_content(tmp_path: Path, reader: DocumentReader) -> None:
    for head in (
        b"",
        b"From sender Tue Mar 31 10:00:00 2026\n",
        b"Received: by mx.example\n\twith ESMTP\nX-Spam: no\n",
    ):
        assert "x/a.pdf" in opened(tmp_path, reader, "x", head + bytes(mail(a_pdf=page("x"))))
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"Dear customer: we write to you\nabout your order.\n")
    assert reader.read(letter).verdict is Verdict.NOT_A_DOCUMENT


def test_the_words_of_a_web_page_count_when_there_are_no_others(tmp_path: Path, reader: DocumentReader) -> None:
    sent = EmailMessage()
    sent["From"], sent["Subject"] = "a@b.example", "=?utf-8?q?Gutschrift_f=C3=BCr_M=C3=A4rz?="
    sent.set_content("<p>Ticket <b>FT-5031</b> &amp; more</p>", subtype="html")
    (tmp_path / "a.eml").write_bytes(bytes(sent))
    read = reader.read(tmp_path / "a.eml")
    assert read.verdict is Verdict.OK
    assert " ".join(read.text_plain.split()) == "Gutschrift für März Ticket FT-5031 & more"


def picture(side: int) -> bytes:
    target = io.BytesIO()
    Image.effect_noise((side, side), 90).save(target, "PNG")
    return target.getvalue()


def test_small_pictures_in_the_text_are_logos(tmp_path: Path, reader: DocumentReader) -> None:
    sent = mail()
    for name, side, cid in (("logo.png", 50, "<1>"), ("scan.png", 400, "<2>"), ("small-scan.png", 50, None)):
        how = "inline" if cid else "attachment"
        sent.add_attachment(picture(side), "image", "png", filename=name, cid=cid, disposition=how)
    assert list(opened(tmp_path, reader, "a.eml", bytes(sent))) == ["a.eml/scan.png", "a.eml/small-scan.png"]


def test_a_forwarded_mail_is_opened_up_to_a_depth(tmp_path: Path, reader: DocumentReader) -> None:
    sent = mail(subject="level 0", inv0_pdf=page("0"))
    for level in range(1, 6):
        outer = mail("Please find attached.", f"level {level}", **{f"inv{level}_pdf": page(str(level))})
        outer.add_attachment(sent)
        sent = outer
    found = opened(tmp_path, reader, "a.eml", bytes(sent))
    names = ["inv5.pdf", "inv4.pdf", "inv3.pdf", "inv2.pdf", "forwarded mail.eml"]
    assert list(found) == [f"a.eml/{name}" for name in names]
    assert found["a.eml/forwarded mail.eml"].verdict is Verdict.NOT_A_DOCUMENT


def test_a_zip_in_a_mail_and_a_mail_in_a_zip_are_opened_and_nothing_deeper(
    tmp_path: Path, reader: DocumentReader
) -> None:
    found = opened(tmp_path, reader, "a.eml", bytes(mail(all_zip=archive({"a.pdf": page("x")}))))
    assert list(found) == ["a.eml/all.zip/a.pdf"]
    inner = bytes(mail("about FT-1", a_pdf=page("x"), deep_zip=archive({"b.pdf": page("y")})))
    found = opened(tmp_path, reader, "a.zip", archive({"m.eml": inner}))
    assert list(found) == ["a.zip/m.eml/a.pdf", "a.zip/m.eml/deep.zip"]
    assert "inside a mail" in found["a.zip/m.eml/deep.zip"].sentence
    assert "about FT-1" in found["a.zip/m.eml/a.pdf"].came_with


@pytest.mark.parametrize(
    ("kind", "name", "verdict", "words"),
    [
        ("ms-tnef", "winmail.dat", Verdict.NOT_A_DOCUMENT, "Outlook's own wrapping"),
        ("octet-stream", "WINMAIL.DAT", Verdict.NOT_A_DOCUMENT, "Outlook's own wrapping"),
        ("pkcs7-mime", "smime.p7m", Verdict.NEEDS_PASSWORD, "encrypted or sealed"),
        ("vnd.ms-outlook", "old.msg", Verdict.NOT_A_DOCUMENT, "save the mail as .eml"),
    ],
)
def test_wrappings_that_are_not_read_are_named(
    tmp_path: Path, reader: DocumentReader, kind: str, name: str, verdict: Verdict, words: str
) -> None:
    sent = mail(a_pdf=page("x"))
    sent.add_attachment(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", maintype="application", subtype=kind, filename=name)
    found = opened(tmp_path, reader, "a.eml", bytes(sent))
    assert found["a.eml/a.pdf"].verdict is Verdict.OK
    [other] = [one for shown, one in found.items() if shown != "a.eml/a.pdf"]
    assert other.verdict is verdict
    assert words in other.sentence


def test_signatures_of_mails_are_no_documents(tmp_path: Path, reader: DocumentReader) -> None:
    sent = mail(a_pdf=page("x"))
    sent.add_attachment(b"0\x82", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    assert list(opened(tmp_path, reader, "a.eml", bytes(sent))) == ["a.eml/a.pdf"]


HEAD = b"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"


@pytest.mark.parametrize(
    ("data", "verdict", "words"),
    [
        (mailed("multipart/mixed", 3_000), Verdict.HOSTILE, "more memory or work"),
        (HEAD + b"--b\nContent-Type: text/plain\n\nx\n" * 1_100, Verdict.TOO_LARGE, "more than 1,000 parts"),
        (HEAD + b"--b\nContent-Type: application/pdf\n\nx\n" * 501, Verdict.TOO_LARGE, "more than 500 files"),
        (HEAD.replace(b"; boundary=b", b"") + b"nothing", Verdict.DAMAGED, "not marked off"),
    ],
)
def test_mails_that_are_not_read(
    tmp_path: Path, reader: DocumentReader, data: bytes, verdict: Verdict, words: str
) -> None:
    read = refused(tmp_path, reader, "bomb.eml", data)
    assert read.verdict is verdict
    assert words in read.sentence


def test_a_subject_without_end_does_not_keep_the_attachment_out(tmp_path: Path, reader: DocumentReader) -> None:
    subject = b"Subject: " + b"=?utf-8?q?a?= " * 500_000
    data = (
        HEAD.replace(b"Subject: x", subject) + b"--b\nContent-Type: application/pdf\n\n" + page("there") + b"\n--b--\n"
    )
    [found] = opened(tmp_path, reader, "a.eml", data).values()
    assert "there" in found.text_plain
    assert len(found.came_with) < 10_000


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Disposition: attachment; filename*=x-unknown'en'%ff%fe.pdf",
        b"Content-Disposition: attachment; filename==?nope?q?=FF?=",
        b'Content-Disposition: attachment; filename="=?utf-8?b?A?="',
        b'Content-Type: application/pdf; name="../../../evil.pdf"',
        b"Content-Type: application/pdf; charset=" + b"x" * 5_000,
        b"Content-Disposition: attachment; filename=\xff\xfe\x00.pdf",
    ],
)
def test_odd_heads_lose_no_attachment(tmp_path: Path, reader: DocumentReader, head: bytes) -> None:
    data = HEAD + b"--b\n" + head + b"\n\n" + page("still there") + b"\n--b--\n"
    found = opened(tmp_path, reader, "a.eml", data)
    assert ["still there" in one.text_plain for one in found.values()] == [True]


@given(st.binary(max_size=300))
def test_any_bytes_in_a_mail_are_a_verdict(data: bytes) -> None:
    """Without a child, to try many. In the child, anything else that it raised would still be a verdict."""

    class Nowhere(Box):
        def put(self, name: str, chunks: object) -> None:
            self.mention(name, Verdict.OK, "")

    with suppress(Malformed, Overfull):
        unpack_mail(io.BytesIO(HEAD + data), Nowhere(Path("nowhere"), 1_000_000))
