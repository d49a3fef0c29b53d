"""`submitter documents verify`, and what the doctor and an intake say when the documents' place is away."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as FailKeyring
from PIL import Image

from submitter.cli.main import call
from submitter.documents.vault import remote_storage
from submitter.documents.vault.sealed_storage import MARK
from submitter.practice.shop import ShopExport, make_export
from submitter.queue.office import open_office
from submitter.secrets import PrivateMemory
from submitter.store import submissions
from tests.s3_server import S3Server, running_s3, use_s3

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
[rules]
coding_required = true
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    customers = tmp_path / "home" / "config" / "customers"
    customers.mkdir(parents=True)
    (customers / "tejas-resources.toml").write_text(CUSTOMER)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SUBMITTER_BROWSER", "/nowhere/chromium")  # the doctor need not start one here

    def run(*arguments: object) -> tuple[int, str, str]:
        code = call(["--home", str(home), *map(str, arguments)])
        said = capsys.readouterr()
        assert not (home / "data" / "errors.log").exists(), said.err
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ShopExport:
    return make_export(tmp_path_factory.mktemp("erp"), 31, today=datetime.now(UTC).date())


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    with running_s3() as server:
        use_s3(monkeypatch, server.url, tmp_path)
        monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", "s3://documents/northline")
        yield server


def queued(home: Path) -> int:
    office = open_office(home)
    with office.database.reading() as c:
        found = len(submissions.listing(c))
    office.close()
    return found


def the_doctor_on_documents(run: Run) -> dict[str, object]:
    _, said, _ = run("doctor", "--format", "json")
    found: dict[str, object] = {one["what"]: one for one in json.loads(said)}["Documents"]
    return found


# -- verify ----------------------------------------------------------------------------------------------------------


def test_verify_names_what_is_missing_or_damaged(home: Path, run: Run, export: ShopExport) -> None:
    assert run("documents", "verify")[:2] == (0, f"The documents are whole: 0 in file://{home}/data/vault.\n")
    run("intake", export.folder)
    code, said, _ = run("documents", "verify")
    lies = sorted((home / "data" / "vault").glob("??/*"))
    assert code == 0 and f"whole: {len(lies)} in" in said
    lies[0].unlink()
    lies[1].chmod(0o600)
    lies[1].write_bytes(lies[1].read_bytes()[:-1])
    code, said, complaint = run("documents", "verify")
    assert code == 1 and complaint == (
        f"2 of {len(lies)} documents in file://{home}/data/vault: restore them from a backup.\n"
    )
    code, said, _ = run("documents", "verify", "--format", "json")
    bad = {one["sha256"]: one for one in json.loads(said)}
    assert code == 1 and set(bad) == {"".join(path.parts[-2:]) for path in lies[:2]}
    missing, damaged = (bad["".join(path.parts[-2:])] for path in lies[:2])
    assert "is missing" in missing["problem"] and "was changed" in damaged["problem"]
    assert missing["name"] and missing["kind"]


def test_verify_does_not_call_a_document_missing_when_the_storage_is_away(
    run: Run, export: ShopExport, s3: S3Server
) -> None:
    s3.make_bucket("documents")
    run("intake", export.folder)
    assert run("documents", "verify")[0] == 0
    s3.stop()
    code, said, complaint = run("documents", "verify")
    assert (code, said) == (1, "")
    assert complaint.startswith("Error: The documents at s3://documents/northline cannot be reached")


# -- the doctor ------------------------------------------------------------------------------------------------------


def test_the_doctor_says_where_documents_lie_and_why_they_cannot(run: Run, s3: S3Server) -> None:
    found = the_doctor_on_documents(run)
    assert found["stops"] and "make the bucket first" in str(found["remedy"])
    s3.make_bucket("documents")
    found = the_doctor_on_documents(run)
    assert found == {"what": "Documents", "found": "s3://documents/northline", "remedy": "", "stops": False}
    s3.stop()
    found = the_doctor_on_documents(run)
    assert found["stops"] and "cannot be reached" in str(found["remedy"])


def test_the_doctor_says_when_a_folder_cannot_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "documents").write_text("a file, not a folder")
    monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", f"file://{tmp_path}/documents")
    found = the_doctor_on_documents(run)
    assert found["stops"] and "cannot be stored there (" in str(found["remedy"])
    monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", "s3://AKIAEXAMPLE:hush@documents")
    found = the_doctor_on_documents(run)
    assert found["stops"] and "AWS_ACCESS_KEY_ID" in str(found["remedy"]) and "hush" not in str(found)


def test_the_doctor_notes_a_folder_of_one_host_beside_a_database_for_many(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert the_doctor_on_documents(run)["remedy"] == ""
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", "postgresql+psycopg://submitter@127.0.0.1:1/submitter")
    found = the_doctor_on_documents(run)
    assert "more than one host" in str(found["remedy"]) and not found["stops"]


# -- an intake -------------------------------------------------------------------------------------------------------


def test_an_intake_stops_with_a_sentence_and_may_simply_be_done_again(
    home: Path, run: Run, export: ShopExport, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.make_bucket("documents")
    s3.freeze()
    with monkeypatch.context() as impatient:
        impatient.setattr(remote_storage, "WHOLE_SECONDS", 1.0)
        code, _, complaint = run("intake", export.folder)
    assert code == 1
    assert complaint == ("Error: The documents at s3://documents/northline cannot be reached (it took too long).\n"), (
        "one sentence: a storage that is away is no fault of an invoice"
    )
    assert queued(home) == 0
    s3.thaw()
    code, _, _ = run("intake", export.folder)
    assert queued(home) > 0
    assert run("documents", "verify")[0] == 0


# -- purging, encrypting, making smaller -------------------------------------------------------------------------------


def test_a_purge_is_said_before_it_is_done(home: Path, run: Run, export: ShopExport) -> None:
    run("intake", export.folder)
    code, said, _ = run("documents", "purge", "--before", "2010-01-01")
    assert (code, said) == (0, "0 documents of 0.0 MB would be purged; to do it, add --yes.\n")
    code, _, complaint = run("documents", "purge", "--before", "2999-01-01", "--yes")
    assert code == 1 and "Documents are kept 10 years (documents_keep_years)" in complaint
    (home / "config" / "submitter.toml").write_text("documents_keep_years = 0\n")
    tomorrow = f"{datetime.now(UTC).date()}"
    code, said, _ = run("documents", "purge", "--before", tomorrow, "--yes")
    assert (code, said) == (0, "0 documents purged.\n")
    assert run("documents", "verify")[0] == 0


def test_documents_are_encrypted_with_a_key_that_is_kept_safe(
    home: Path, run: Run, export: ShopExport, tmp_path: Path
) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(PrivateMemory())
    try:
        run("intake", export.folder)
        copy = tmp_path / "safe.key"
        code, said, _ = run("documents", "encrypt", "--key-copy", copy)
        assert code == 0 and "encrypted, 0 were so already" in said and "documents_encrypted = true" in said
        assert copy.stat().st_mode & 0o077 == 0
        assert copy.read_text().strip() == keyring.get_password("submitter", "documents/key")
        assert copy.read_text().strip() not in said
        lies = [path.read_bytes() for path in (home / "data" / "vault").rglob("*") if path.is_file()]
        assert lies and all(content.startswith(MARK) for content in lies)
        assert run("documents", "verify")[0] == 0
        code, _, complaint = run("documents", "encrypt", "--key-copy", copy)
        assert code == 1 and "a key is not written over anything" in complaint
        code, said, _ = run("documents", "encrypt")
        assert code == 0 and said.startswith("0 documents encrypted")
    finally:
        keyring.set_keyring(before)


def test_encrypting_without_a_keyring_changes_nothing(home: Path, run: Run, export: ShopExport) -> None:
    run("intake", export.folder)
    before = keyring.get_keyring()
    keyring.set_keyring(FailKeyring())  # type: ignore[no-untyped-call]
    try:
        code, _, complaint = run("documents", "encrypt")
    finally:
        keyring.set_keyring(before)
    assert code == 1 and "this machine has no keyring" in complaint
    assert run("documents", "verify")[0] == 0


def scan(path: Path) -> Path:
    grain = random.Random(3).randbytes(1400 * 1900)  # noqa: S311  paper has grain
    picture = Image.frombytes("L", (1400, 1900), grain)
    picture.save(path, "PDF", quality=95, save_all=True, append_images=[picture.rotate(180)])
    return path


def test_a_scan_is_made_smaller_or_split_and_itself_left_alone(run: Run, tmp_path: Path) -> None:
    source = scan(tmp_path / "scan.pdf")
    whole = source.read_bytes()
    small = tmp_path / "small.pdf"
    code, said, _ = run("documents", "shrink", source, "--under", len(whole) // 2, "--to", small)
    assert code == 0 and said.startswith(f"{small}: ") and small.stat().st_size <= len(whole) // 2
    code, _, complaint = run("documents", "shrink", source, "--to", small)
    assert code == 1 and "is there already" in complaint
    code, said, _ = run("documents", "split", source, "--under", len(whole) * 2 // 3, "--to", tmp_path / "parts")
    assert code == 0 and "scan part 1.pdf, scan part 2.pdf" in said
    code, _, complaint = run("documents", "split", source, "--to", tmp_path / "parts")
    assert code == 1 and "is not empty" in complaint
    assert source.read_bytes() == whole


def test_what_is_no_document_is_neither_shrunk_nor_split(run: Run, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pdf"
    junk.write_bytes(b"%PDF-1.4 torn")
    for command in (("shrink", junk, "--to", tmp_path / "x.pdf"), ("split", junk, "--to", tmp_path / "parts")):
        code, _, complaint = run("documents", *command)
        assert code == 1 and complaint.startswith("Error: junk.pdf: The file is damaged")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["junk.pdf"]
