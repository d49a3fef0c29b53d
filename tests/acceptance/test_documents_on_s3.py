"""A fleet's documents: the same work with everything that is kept in an S3 server, and nothing in the home folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from submitter.cli.main import call
from submitter.documents.intake import IntakeItem
from submitter.documents.vault import remote_storage
from submitter.documents.vault.vault import Vault
from submitter.store.tables import account, document, round_
from tests.acceptance.conftest import World
from tests.s3_server import S3Server, running_s3, use_s3

pytestmark = pytest.mark.browser

PREFIX = "documents/northline"


@pytest.fixture(autouse=True)
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    """The server; whatever opens an office after this keeps its documents there."""
    with running_s3() as server:
        server.make_bucket("documents")
        use_s3(monkeypatch, server.url, tmp_path)
        monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", f"s3://{PREFIX}")
        yield server


def key(sha256: str) -> str:
    return f"{PREFIX}/{sha256[:2]}/{sha256[2:]}"


def due_at_once(world: World) -> None:
    """As if the wait after a failure were over."""
    with world.office.database.transaction() as c:
        now = world.office.database.now(c)
        c.execute(update(round_).values(due_at=now))
        c.execute(update(account).values(closed_until=None))


def test_invoices_go_from_s3_to_the_portal_and_their_proof_back(
    world: World, good: list[IntakeItem], s3: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = world.queue(*good[:2])
    files = {found.path.read_bytes() for item in good[:2] for found in item.files}
    assert {s3.get(f"documents/{one}") for one in s3.keys("documents")} == files
    assert world.work().receipts == 2
    accepted = {entry["number"]: entry for entry in world.accepted()}
    assert sorted(accepted) == sorted(numbers)
    for item in good[:2]:
        assert item.invoice is not None
        sent = {hashlib.sha256(found.path.read_bytes()).hexdigest() for found in item.files}
        assert {file["sha256"] for file in accepted[item.invoice.number]["files"]} == sent
    with world.office.database.reading() as c:
        known = c.execute(document.select()).all()
    assert {f"documents/{one}" for one in s3.keys("documents")} == {key(row.sha256) for row in known}
    evidence = [s3.get(key(row.sha256)) for row in known if row.kind == "evidence"]
    assert len([data for data in evidence if data.startswith(b"\x89PNG")]) >= 4, "review and receipt of both"
    for number in numbers:
        assert any(b"Invoice submitted" in data and number.encode() in data for data in evidence)
    assert not (world.home / "data" / "vault").exists()

    verify = ["--home", str(world.home), "documents", "verify"]
    assert call(verify) == 0
    said = capsys.readouterr().out
    assert f"{len(known)} in s3://{PREFIX}" in said
    s3.put(key(known[0].sha256), b"something else")
    s3.delete(key(known[1].sha256))
    assert call(verify) == 1
    said = capsys.readouterr().out
    assert known[0].sha256[:12] in said and known[1].sha256[:12] in said and known[2].sha256[:12] not in said


def test_nothing_is_sent_and_nobody_paused_while_s3_is_away(
    world: World, good: list[IntakeItem], s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = world.queue(*good[:2])
    s3.freeze()
    with monkeypatch.context() as impatient:
        impatient.setattr(remote_storage, "WHOLE_SECONDS", 2.0)
        report = world.work()
    assert report.receipts == 0 and world.accepted() == []
    rows = world.rows()
    assert {rows[number].state for number in numbers} == {"queued"}
    assert any(
        f"This machine failed (DocumentsAway: The documents at s3://{PREFIX}" in (rows[n].error or "") for n in numbers
    )
    assert world.account().paused_at is None
    s3.thaw()
    due_at_once(world)
    assert world.work().receipts == 2
    assert sorted(entry["number"] for entry in world.accepted()) == sorted(numbers)
    assert world.buyer.ledger()["duplicates"] == 0


def test_an_invoice_is_confirmed_though_s3_goes_away_right_after_the_click(
    world: World, good: list[IntakeItem], s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof's picture is lost then; that it was sent is not."""
    number = world.queue(good[0])[0]
    keep, pictures = Vault.keep, 0

    def keep_until_the_receipt(vault: Vault, data: bytes | Path) -> str:
        nonlocal pictures
        if isinstance(data, bytes) and data.startswith(b"\x89PNG"):
            pictures += 1
            if pictures == 2:  # the first shows the review page
                s3.freeze()
                monkeypatch.setattr(remote_storage, "WHOLE_SECONDS", 2.0)
        return keep(vault, data)

    monkeypatch.setattr(Vault, "keep", keep_until_the_receipt)
    assert world.work().receipts == 1
    assert pictures == 2
    assert world.rows()[number].state == "confirmed" and world.buyer.ledger()["accepted_count"] == 1


def test_a_document_that_was_changed_is_not_sent_and_the_other_invoice_is(
    world: World, good: list[IntakeItem], s3: S3Server
) -> None:
    numbers = world.queue(*good[:2])
    changed = good[0].files[0].reading.sha256
    s3.put(key(changed), b"%PDF-1.7 another invoice altogether")
    world.work()
    rows = world.rows()
    assert (rows[numbers[0]].state, rows[numbers[0]].error_code) == ("parked", "document-damaged")
    assert rows[numbers[1]].state == "confirmed"
    assert [entry["number"] for entry in world.accepted()] == [numbers[1]]


def test_two_invoices_of_one_visit_may_have_files_of_the_same_name(
    world: World, good: list[IntakeItem], tmp_path: Path
) -> None:
    """One name in the visit's folder was once one file: the second invoice would have been given the first one's."""
    renamed = []
    for number, item in enumerate(good[:2]):
        files = []
        for position, found in enumerate(item.files):
            path = tmp_path / f"scans-{number}" / f"scan-{position}{found.path.suffix}"
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(found.path, path)
            files.append(found._replace(path=path))
        renamed.append(item.model_copy(update={"files": tuple(files)}))
    world.queue(*renamed)
    assert world.work().receipts == 2
    for entry, item in zip(
        sorted(world.accepted(), key=lambda one: one["number"]), sorted_by_number(renamed), strict=True
    ):
        assert {file["sha256"] for file in entry["files"]} == {found.reading.sha256 for found in item.files}


def sorted_by_number(items: list[IntakeItem]) -> list[IntakeItem]:
    return sorted(items, key=lambda item: item.invoice.number if item.invoice else "")
