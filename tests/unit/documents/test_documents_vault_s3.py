"""Documents in a store that is away, refuses, trickles or lies: a sentence in seconds, and never a wrong file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from submitter.documents.vault import remote_storage
from submitter.documents.vault.vault import DocumentsAway, Vault, open_vault
from submitter.errors import ConfigurationError, OutcomeUnknown, PortalUnavailable
from submitter.queue.office import open_office
from submitter.queue.policy import classified
from submitter.settings import Settings
from tests.s3_server import S3Server, running_s3, use_s3

ADDRESS = "s3://documents/northline"
SOME = "ab" * 32
SECONDS = 60  # far more than the limits allow for, far less than a hang


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    """A server of this test's own, to be stopped."""
    with running_s3() as server:
        server.make_bucket("documents")
        use_s3(monkeypatch, server.url, tmp_path)
        yield server


@pytest.fixture
def vault(s3: S3Server) -> Iterator[Vault]:
    opened = open_vault(ADDRESS)
    yield opened
    opened.close()


def uses(vault: Vault, target: Path) -> list[Callable[[], object]]:
    return [
        lambda: vault.keep(b"new"),
        lambda: vault.read(SOME),
        lambda: vault.check(SOME),
        lambda: vault.size(SOME),
        lambda: vault.copy_to(SOME, target),
        vault.probe,
    ]


# -- away ------------------------------------------------------------------------------------------------------------


def test_a_server_that_stops_is_said_in_seconds(vault: Vault, s3: S3Server, tmp_path: Path) -> None:
    sha256 = vault.keep(b"before")
    vault.copy_to(sha256, tmp_path / "upload" / "before.pdf")
    s3.stop()
    for use in uses(vault, tmp_path / "upload" / "invoice.pdf"):
        before = time.monotonic()
        with pytest.raises(DocumentsAway, match=rf"^The documents at {ADDRESS} cannot be reached \(.+\)\.$"):
            use()
        assert time.monotonic() - before < SECONDS
    assert [path.name for path in (tmp_path / "upload").iterdir()] == ["before.pdf"]


def test_a_server_that_hangs_is_not_waited_for_and_is_used_again_when_it_is_back(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_storage, "READ_SECONDS", 0.5)
    vault = open_vault(ADDRESS)
    sha256 = vault.keep(b"before")
    s3.freeze()
    before = time.monotonic()
    with pytest.raises(DocumentsAway, match="cannot be reached"):
        vault.read(sha256)
    with pytest.raises(DocumentsAway, match="cannot be reached"):
        vault.keep(b"meanwhile")
    assert time.monotonic() - before < SECONDS
    s3.thaw()
    assert vault.read(sha256) == b"before"
    assert vault.read(vault.keep(b"meanwhile")) == b"meanwhile"
    vault.close()


def test_the_limits_make_seconds_of_a_dead_server() -> None:
    """What the test above makes shorter is, as it stands, well under the minute in which a lease runs out."""
    worst = remote_storage.TRIES * (remote_storage.CONNECT_SECONDS + remote_storage.READ_SECONDS)
    assert worst <= 40
    assert remote_storage.WHOLE_SECONDS <= 180


# -- there, but wrong ------------------------------------------------------------------------------------------------

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.close_connection = True
            answer(self)

        do_GET = do_PUT = do_HEAD = do_any  # noqa: N815 (http.server names them so)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(timeout=20)


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def vault_at(url: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Vault]:
    use_s3(monkeypatch, url, folder)
    vault = open_vault(ADDRESS)
    yield vault
    vault.close()


def test_a_connection_lost_in_the_middle_leaves_no_half_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (
        answering(lambda handler: reply(handler, 200, b"%PDF-1.7 half", length=100_000)) as url,
        vault_at(url, monkeypatch, tmp_path) as vault,
    ):
        for use in (vault.read, lambda one: vault.copy_to(one, tmp_path / "upload" / "invoice.pdf")):
            with pytest.raises(DocumentsAway, match="cannot be reached"):
                use(SOME)
    assert list((tmp_path / "upload").iterdir()) == []


def test_a_storage_that_gives_other_bytes_back_has_kept_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lie(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"other" if handler.command == "GET" else b"")

    with answering(lie) as url, vault_at(url, monkeypatch, tmp_path) as vault:
        with pytest.raises(DocumentsAway, match="gave other bytes back"):
            vault.keep(b"ours")
        with pytest.raises(DocumentsAway, match="does not give back"):
            vault.probe()


def test_an_answer_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(remote_storage, "WHOLE_SECONDS", 3.0)
    ended = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"%PDF", length=100_000)
        while not ended.wait(0.2):  # each byte in time, all of them never
            try:
                handler.wfile.write(b".")
            except OSError:
                return

    with answering(trickle) as url, vault_at(url, monkeypatch, tmp_path) as vault:
        before = time.monotonic()
        with pytest.raises(DocumentsAway, match="it took too long"):
            vault.read(SOME)
        assert time.monotonic() - before < SECONDS
        ended.set()


DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def test_a_refusal_says_where_our_rights_are_settled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (
        answering(lambda handler: reply(handler, 403, DENIED)) as url,
        vault_at(url, monkeypatch, tmp_path) as vault,
        pytest.raises(DocumentsAway, match=rf"{ADDRESS} refuses us \(Access Denied\).*AWS_ACCESS_KEY_ID"),
    ):
        vault.keep(b"ours")


def test_no_credentials_are_said_without_asking_anybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_s3(monkeypatch, "http://127.0.0.1:1", tmp_path)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    vault = open_vault(ADDRESS)
    with pytest.raises(DocumentsAway, match=r"refuses us .*credentials.*AWS_ACCESS_KEY_ID"):
        vault.keep(b"ours")
    vault.close()


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_not_a_document_that_is_not_there(tmp_path: Path) -> None:
    vault = open_vault("s3://documnets/northline")
    for use in uses(vault, tmp_path / "upload" / "invoice.pdf"):
        with pytest.raises(DocumentsAway, match=r"at s3://documnets/northline .*make the bucket first"):
            use()
    vault.close()


@pytest.mark.parametrize("endpoint", ["http://northline:hush@127.0.0.1:1", "http://northline:hush/hush@127.0.0.1:no"])
def test_a_password_in_the_endpoint_is_not_told(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with vault_at(endpoint, monkeypatch, tmp_path) as vault, pytest.raises(DocumentsAway) as caught:
        vault.keep(b"ours")
    assert "hush" not in str(caught.value)


def test_to_the_queue_it_is_this_machines_trouble() -> None:
    error = DocumentsAway("The documents at s3://documents cannot be reached (no route).")
    known = classified(error)
    assert isinstance(known, PortalUnavailable) and "This machine failed" in known.message
    assert "s3://documents cannot be reached" in known.message
    assert isinstance(classified(error, committing=True), OutcomeUnknown), "after the click nothing else is known"


# -- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://AKIAEXAMPLE:hush/hush+hush@documents/northline", "credentials"),
        ("s3://AKIAEXAMPLE:hush@documents", "credentials"),
        ("s3://hush@documents", "credentials"),
        ("s3://AKIAEXAMPLE:hush", "credentials"),
        ("s3://documents/northline?secret=hush", "credentials"),
        ("sftp://northline:hush@files.example.com/documents", "credentials"),
        ("s4://documents", "Nobody knows how to keep documents at s4://"),
        ("S3//documents", "a folder is written whole"),
        ("documents", "a folder is written whole"),
        ("file://documents", "a folder is written whole"),
        ("s3://", "names no bucket"),
        ("simplecache::s3://documents", "not an address"),
        ("memory://documents", "forgotten"),
    ],
)
def test_an_address_that_is_none_is_refused_and_a_secret_in_it_is_not_repeated(
    address: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", address)
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_office(tmp_path / "home")
    assert "hush" not in str(caught.value)
    assert not (tmp_path / "home" / "data").exists(), "nothing was begun"


@pytest.mark.parametrize("written", ["{}", "file://{}", "local://{}"])
def test_a_folder_may_be_written_in_three_ways(written: str, tmp_path: Path) -> None:
    assert open_vault(written.format(tmp_path / "a folder")).address == f"file://{tmp_path}/a folder"


def test_the_environment_comes_before_the_setting_and_the_data_folder_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings(home=tmp_path).documents() == f"file://{tmp_path}/data/vault"
    settings = Settings(home=tmp_path, documents_url="s3://documents")
    assert settings.documents() == "s3://documents"
    monkeypatch.setenv("SUBMITTER_DOCUMENTS_URL", "s3://others")
    assert settings.documents() == "s3://others"


# -- in a process of its own -----------------------------------------------------------------------------------------


def run(program: str, *arguments: str) -> str:
    """Its standard error; warnings are errors, also those of the interpreter's last moments."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


ENDS = """
import asyncio, gc, sys
from submitter.documents.vault.vault import open_vault
async def visit(vault):
    kept = await asyncio.gather(*(asyncio.to_thread(vault.keep, b"%d" % n) for n in range(4)))
    await asyncio.gather(*(asyncio.to_thread(vault.read, sha256) for sha256 in kept))
for how in sys.argv[1:]:
    vault = open_vault("s3://documents/northline")
    asyncio.run(visit(vault))
    if how == "closed":
        vault.close()
        vault.close()
    if how == "dropped":
        del vault
        gc.collect()
"""


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("how", ["closed", "dropped", "left open", "all of them"])
def test_a_program_that_used_it_ends_without_a_word(how: str) -> None:
    assert run(ENDS, *(["closed", "dropped", "left open"] if how == "all of them" else [how])) == ""


MISSING = """
import sys
sys.modules["s3fs"] = None
from submitter.documents.vault.vault import open_vault
from submitter.errors import ConfigurationError
try:
    open_vault("s3://documents")
except ConfigurationError as error:
    assert 'pip install "submitter[fleet]"' in str(error), error
else:
    raise SystemExit("opened")
"""
ALONE = """
import sys
from pathlib import Path
from submitter.queue.office import open_office
office = open_office(Path(sys.argv[1]))
office.vault.read(office.vault.keep(b"data"))
office.close()
assert not {"fsspec", "s3fs", "botocore"} & set(sys.modules)
"""


def test_a_missing_package_is_named() -> None:
    assert run(MISSING) == ""


def test_one_machine_pays_nothing_for_what_a_fleet_needs(tmp_path: Path) -> None:
    assert run(ALONE, str(tmp_path / "home")) == ""
