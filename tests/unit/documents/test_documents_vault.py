"""The vault keeps what it was given, says so only when it is durable, and notices what was changed.

The first half holds wherever documents lie; the second is what a folder promises beyond that.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from submitter.documents.vault import local_storage as module
from submitter.documents.vault.remote_storage import RemoteStorage
from submitter.documents.vault.vault import DocumentDamaged, Vault, open_vault
from tests.s3_server import S3Server, running_s3, use_s3


@dataclass
class Place:
    """A vault, and ways to what lies in it that do not go through it."""

    vault: Vault
    write: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    names: Callable[[], list[str]]
    written_at: Callable[[str], object]


def name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:]}"


def in_a_folder(folder: Path) -> Place:
    def write(sha256: str, data: bytes) -> None:
        path = folder / name(sha256)
        path.chmod(0o600)
        path.write_bytes(data)

    def names() -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def written_at(sha256: str) -> object:
        about = (folder / name(sha256)).stat()
        return about.st_ino, about.st_mtime_ns

    return Place(Vault(folder), write, lambda sha256: (folder / name(sha256)).unlink(), names, written_at)


def in_memory() -> Place:
    files, root = MemoryFileSystem(), f"/{uuid4().hex}"
    return Place(
        Vault(RemoteStorage(f"memory:/{root}")),
        lambda sha256, data: files.pipe_file(f"{root}/{name(sha256)}", data),
        lambda sha256: files.rm_file(f"{root}/{name(sha256)}"),
        lambda: sorted(found.removeprefix(f"{root}/") for found in files.find(root)),
        lambda sha256: files.created(f"{root}/{name(sha256)}"),
    )


def in_s3(server: S3Server) -> Place:
    bucket = f"documents-{uuid4().hex[:12]}"
    server.make_bucket(bucket)
    return Place(
        open_vault(f"s3://{bucket}/northline/vault"),
        lambda sha256, data: server.put(f"{bucket}/northline/vault/{name(sha256)}", data),
        lambda sha256: server.delete(f"{bucket}/northline/vault/{name(sha256)}"),
        lambda: sorted(key.removeprefix("northline/vault/") for key in server.keys(bucket)),
        lambda sha256: server.written_at(f"{bucket}/northline/vault/{name(sha256)}"),
    )


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        made = in_a_folder(tmp_path / "vault")
    elif request.param == "memory":
        made = in_memory()
    else:
        server: S3Server = request.getfixturevalue("s3")
        use_s3(monkeypatch, server.url, tmp_path)
        made = in_s3(server)
    yield made
    made.vault.close()


#: fsspec's memory is one file object for all who read it, with one position; it is no place for threads.
THREADED = pytest.mark.parametrize("place", ["folder", "s3"], indirect=True)


# -- wherever they lie -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"x", b"%PDF-1.7\n" + bytes(range(256)) * 9_000], ids=["empty", "one", "2 MB"])
def test_bytes_and_files_are_kept_alike(place: Place, tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "a.pdf"
    source.write_bytes(data)
    sha256 = place.vault.keep(source)
    assert sha256 == hashlib.sha256(data).hexdigest() == place.vault.keep(data)
    assert place.vault.read(sha256) == data
    assert place.vault.size(sha256) == len(data)
    place.vault.check(sha256)
    assert place.names() == [name(sha256)]


def test_what_is_there_intact_is_not_written_again(place: Place) -> None:
    sha256 = place.vault.keep(b"original")
    before = place.written_at(sha256)
    assert place.vault.keep(b"original") == sha256
    assert place.written_at(sha256) == before


@THREADED
def test_the_same_bytes_from_many_threads_are_one_document(place: Place) -> None:
    data, threads = os.urandom(400_000), 6
    together = Barrier(threads)

    def keep(_: int) -> str:
        together.wait(timeout=30)
        return place.vault.keep(data)

    with ThreadPoolExecutor(threads) as pool:
        kept = set(pool.map(keep, range(threads)))
    assert kept == {hashlib.sha256(data).hexdigest()}
    assert place.names() == [name(*kept)]
    assert place.vault.read(*kept) == data


@THREADED
def test_it_works_from_a_visits_threads(place: Place) -> None:
    """As visits use it: an event loop of their own that waits for threads."""

    async def visits() -> list[bytes]:
        kept = await asyncio.gather(*(asyncio.to_thread(place.vault.keep, b"%d" % n) for n in range(12)))
        return await asyncio.gather(*(asyncio.to_thread(place.vault.read, sha256) for sha256 in kept))

    for _ in range(2):  # the second loop must not meet what the first has left behind
        assert asyncio.run(visits()) == [b"%d" % n for n in range(12)]


@pytest.mark.parametrize("damage", [b"changed!", b"orig", b"", b"original and more"])
def test_a_damaged_document_is_noticed_and_mended_by_keeping_it_again(
    place: Place, tmp_path: Path, damage: bytes
) -> None:
    sha256 = place.vault.keep(b"original")
    place.write(sha256, damage)
    target = tmp_path / "upload" / "invoice.pdf"
    for use in (place.vault.read, place.vault.check, lambda one: place.vault.copy_to(one, target)):
        with pytest.raises(DocumentDamaged, match="changed after it was stored"):
            use(sha256)
    assert list(target.parent.iterdir()) == [], "a browser is never handed a file that is not ours"
    assert place.vault.keep(b"another") != sha256
    with pytest.raises(DocumentDamaged):
        place.vault.read(sha256)
    assert place.vault.keep(b"original") == sha256
    assert place.vault.read(sha256) == b"original"
    place.vault.copy_to(sha256, target)
    assert target.read_bytes() == b"original"


def test_a_missing_document_is_said(place: Place, tmp_path: Path) -> None:
    sha256 = place.vault.keep(b"original")
    place.remove(sha256)
    target = tmp_path / "upload" / "invoice.pdf"
    for one in (sha256, "0" * 64):
        for use in (place.vault.read, place.vault.check, place.vault.size, lambda it: place.vault.copy_to(it, target)):
            with pytest.raises(DocumentDamaged, match=f"{one[:12]} is missing"):
                use(one)
    assert list(target.parent.iterdir()) == []
    place.vault.keep(b"original")
    assert place.vault.read(sha256) == b"original"


def test_a_copy_has_its_own_name_and_takes_the_place_of_what_is_there(place: Place, tmp_path: Path) -> None:
    first, second = place.vault.keep(b"first" * 100_000), place.vault.keep(b"second")
    target = tmp_path / "upload" / "Rechnung 7 (Tejas Resources).pdf"
    for sha256, data in ((first, b"first" * 100_000), (second, b"second"), (second, b"second")):
        place.vault.copy_to(sha256, target)
        assert target.read_bytes() == data
        assert list(target.parent.iterdir()) == [target]
    assert place.vault.read(first) == b"first" * 100_000


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_a_hash_names_a_document(place: Place, tmp_path: Path, sha256: str) -> None:
    for use in (place.vault.read, place.vault.size, lambda one: place.vault.copy_to(one, tmp_path / "x" / "a")):
        with pytest.raises(ValueError, match="not a SHA-256"):
            use(sha256)


def test_the_doctors_probe_leaves_every_document_alone(place: Place) -> None:
    sha256 = place.vault.keep(b"original")
    place.vault.probe()
    place.vault.probe()
    assert set(place.names()) <= {name(sha256), ".doctor"}
    assert place.vault.read(sha256) == b"original"


# -- in a folder -----------------------------------------------------------------------------------------------------


@given(data=st.binary(max_size=5_000))
def test_what_is_kept_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault"))
    sha256 = vault.keep(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert vault.read(sha256) == data


def test_a_kept_file_cannot_be_written_and_a_copy_of_it_is_a_link(tmp_path: Path) -> None:
    vault = open_vault(str(tmp_path / "vault"))
    sha256 = vault.keep(b"x" * 3_000_000)
    lies = tmp_path / "vault" / name(sha256)
    assert stat.S_IMODE(lies.stat().st_mode) == 0o440
    vault.copy_to(sha256, tmp_path / "upload" / "a.pdf")
    assert (tmp_path / "upload" / "a.pdf").samefile(lies)


def test_a_copy_is_made_where_links_are_not_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(module.os, "link", refuse)
    vault = Vault(tmp_path / "vault")
    vault.copy_to(vault.keep(b"data"), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == b"data"
    assert (tmp_path / "a.pdf").stat().st_nlink == 1


def test_nothing_half_written_is_ever_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills up at the last moment: no document, and nothing left lying about."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    vault = Vault(tmp_path)
    with pytest.raises(OSError, match="No space"):
        vault.keep(b"data")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_bytes_are_on_disk_before_their_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, replace = module.os.fsync, Path.replace
    monkeypatch.setattr(module.os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (steps.append("name"), replace(self, to))[1])
    Vault(tmp_path).keep(b"data")
    assert steps == ["sync", "sync", "name", "sync"]  # the bytes; the new folder; the name; the folder that holds it
    steps.clear()
    Vault(tmp_path).keep(b"data")
    assert steps == ["sync", "sync"]  # its name may be one that another process has given and not synced yet


KEEPS = """
import sys
from pathlib import Path
from submitter.documents.vault.vault import Vault
vault = Vault(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1_000):
    print(vault.keep(b"%04d" % number * 2_000_000), flush=True)
"""


def test_kill_9_leaves_no_wrong_document_and_loses_none_that_was_kept(tmp_path: Path) -> None:
    """Killed at any moment of it: a name is absent or intact, and whatever ``keep`` has returned is there."""
    chance = random.Random(20417)  # noqa: S311 (which moment it hits is no secret)
    told = 0
    for turn in range(12):
        folder = tmp_path / str(turn)
        with subprocess.Popen([sys.executable, "-c", KEEPS, folder], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            if turn % 2:  # the moment a name shows, which it must not do before its bytes are there
                names = list(folder.glob("??/*"))
                while len(list(folder.glob("??/*"))) == len(names) and process.poll() is None:
                    pass
            else:
                time.sleep(chance.uniform(0.002, 0.2))  # nothing is waited for: the moment is to be any
            process.send_signal(signal.SIGKILL)
            kept = [line.strip() for line in process.stdout if line.endswith("\n")]
        told += len(kept)
        vault = Vault(folder)
        there = {"".join(path.parts[-2:]) for path in folder.glob("??/*")}
        assert set(kept) <= there
        for sha256 in there:
            vault.check(sha256)
        assert vault.read(vault.keep(b"0000" * 2_000_000)) == b"0000" * 2_000_000
    assert told, "it was killed while it worked, not before"
