"""The watch folder: what is put there is taken in once it is whole, put away, and never lost or queued twice."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from submitter.queue.deliveries import Delivery, Settling, deliveries, seen
from tests.unit.documents.papers import hybrid, page
from tests.unit.queue.inbox import HEAD, Inbox, deliver

A, B = "INV-1001", "INV-1002"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path) as running:
        yield running


def test_what_is_good_goes_to_done_and_what_is_blocked_waits_with_its_reason(inbox: Inbox) -> None:
    deliver(inbox.folder, A, B, but={f"ticket {B}.pdf": None})
    inbox.wait_until(lambda: len(inbox.lying) == 6 and all("/" in one for one in inbox.lying))
    assert inbox.lying == [
        f"blocked/{B}/{B}.pdf",
        f"blocked/{B}/invoices.csv",
        f"blocked/{B}/reason.txt",
        f"done/{A}.pdf",
        "done/invoices.csv",
        f"done/ticket {A}.pdf",
    ]
    assert inbox.queued() == [A]
    [reason] = inbox.folder.glob("blocked/*/*/reason.txt")
    words = reason.read_text(encoding="utf-8-sig")
    sentence = f"There is no proof of delivery: no file names invoice {B}."
    assert sentence in words
    assert sentence in " ".join(inbox.said.replace("│", " ").split()), "the table says the same"
    assert str(inbox.folder) in words

    (reason.parent / f"ticket {B}.pdf").write_bytes(page(f"Delivered for {B}"))
    shutil.move(reason.parent, inbox.folder / "mended")
    inbox.wait_until(lambda: inbox.queued() == [A, B] and not (inbox.folder / "mended").exists())
    assert f"done/mended/{B}.pdf" in inbox.lying
    assert inbox.stop() == 0
    assert inbox.said.rstrip().endswith("Stopped.")


def test_a_file_that_is_still_being_written_is_not_touched(inbox: Inbox) -> None:
    inbox.wait_until((inbox.folder / ".submitter-watching").exists)
    data = hybrid(B)
    with (inbox.folder / f"{B}.pdf").open("wb") as file:
        deliver(inbox.folder, A, listed=False)
        for place in range(0, len(data), len(data) // 50 + 1):
            file.write(data[place : place + len(data) // 50 + 1])
            file.flush()
            time.sleep(0.2)
        assert inbox.queued() == []
        assert not (inbox.folder / "done").exists()
    (inbox.folder / f"ticket {B}.pdf").write_bytes(page(f"Delivered for {B}"))
    inbox.wait_until(lambda: inbox.queued() == [A, B])


def test_a_file_that_a_program_has_locked_is_not_touched(inbox: Inbox) -> None:
    inbox.wait_until((inbox.folder / ".submitter-watching").exists)
    (inbox.folder / f"{A}.pdf").touch()
    with (inbox.folder / f"{A}.pdf").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        deliver(inbox.folder, A, listed=False)
        time.sleep(8)
        assert inbox.queued() == []
    inbox.wait_until(lambda: inbox.queued() == [A])


def test_unfinished_hidden_and_linked_files_are_left_alone(inbox: Inbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    deliver(outside, B, listed=False)
    left = [f"{B}.pdf.part", f"{B}.tmp", f"~${B}.pdf", f".{B}.pdf"]
    for name in left:
        (inbox.folder / name).write_bytes(hybrid(B))
    (inbox.folder / "link.pdf").symlink_to(outside / f"{B}.pdf")
    (inbox.folder / "folder").symlink_to(outside)
    deliver(inbox.folder, A, listed=False)
    inbox.wait_until(lambda: f"done/{A}.pdf" in inbox.lying)
    time.sleep(1)
    assert inbox.queued() == [A]
    assert sorted(path.name for path in outside.iterdir()) == [f"{B}.pdf", f"ticket {B}.pdf"]
    for name in (*left, "link.pdf", "folder"):
        assert os.path.lexists(inbox.folder / name)


def test_a_list_waits_for_the_files_that_it_names(tmp_path: Path) -> None:
    with Inbox(tmp_path, wait_minutes=5) as inbox:
        deliver(inbox.folder, A, B, but={f"{B}.pdf": None})
        inbox.wait_until(lambda: f"the list waits for {B}.pdf" in inbox.said)
        time.sleep(1)
        assert inbox.queued() == []
        (inbox.folder / f"{B}.pdf").write_bytes(hybrid(B))
        inbox.wait_until(lambda: inbox.queued() == [A, B])


def test_a_list_does_not_wait_for_ever(inbox: Inbox) -> None:
    deliver(inbox.folder, A, B, but={f"{B}.pdf": None})
    inbox.wait_until(lambda: f"blocked/{B}/reason.txt" in inbox.lying)
    [reason] = inbox.folder.glob(f"blocked/*/{B}/reason.txt")
    assert f'There is no file "{B}.pdf"' in reason.read_text(encoding="utf-8-sig")
    assert inbox.queued() == [A]


def test_a_list_that_cannot_be_read_is_put_away_whole(inbox: Inbox) -> None:
    place = inbox.folder / "monday"
    deliver(place, A, but={"invoices.csv": b"file,invoice_nubmer,customer,po_number\n"})
    inbox.wait_until(lambda: not place.exists())
    assert f"blocked/monday/{A}.pdf" in inbox.lying
    assert "blocked/monday/invoices.csv" in inbox.lying
    [reason] = inbox.folder.glob("blocked/*/monday/reason.txt")
    assert 'did you mean "invoice_number"?' in reason.read_text(encoding="utf-8-sig")


def test_each_folder_is_a_delivery_and_names_may_be_there_already(inbox: Inbox) -> None:
    deliver(inbox.folder / "one", A)
    deliver(inbox.folder / "two", B)
    inbox.wait_until(lambda: inbox.queued() == [A, B] and "done/two/invoices.csv" in inbox.lying)
    deliver(inbox.folder / "one", "INV-1003")
    inbox.wait_until(lambda: "done/one/invoices (2).csv" in inbox.lying)
    inbox.wait_until(lambda: not (inbox.folder / "one").exists() and not (inbox.folder / "two").exists())


def test_the_same_file_again_is_done_and_another_of_that_number_is_blocked(inbox: Inbox) -> None:
    deliver(inbox.folder, A)
    inbox.wait_until(lambda: inbox.queued() == [A] and f"done/{A}.pdf" in inbox.lying)
    deliver(inbox.folder, A)
    inbox.wait_until(lambda: f"done/{A} (2).pdf" in inbox.lying and f"done/ticket {A} (2).pdf" in inbox.lying)
    (inbox.folder / f"{A}.pdf").write_bytes(hybrid(total="300.00"))
    inbox.wait_until(lambda: f"blocked/{A}/reason.txt" in inbox.lying)
    [reason] = inbox.folder.glob(f"blocked/*/{A}/reason.txt")
    words = reason.read_text(encoding="utf-8-sig")
    assert "It is a duplicate of the submission of" in words
    assert f"submitter resubmit {A}" in words
    assert inbox.queued() == [A]


def test_a_proof_of_two_invoices_goes_with_both(inbox: Inbox) -> None:
    both = page(f"Delivered for {A} and {B}", "Purchase order TR-45017")
    rows = f"{HEAD}\n{A}.pdf,{A},Tejas,TR-45017\n{B}.pdf,{B},Sabine,TR-45017\n".encode()
    deliver(inbox.folder, A, B, pods=False, but={"both.pdf": both, "invoices.csv": rows})
    inbox.wait_until(lambda: f"blocked/{B}/reason.txt" in inbox.lying and f"done/{A}.pdf" in inbox.lying)
    assert {"done/both.pdf", f"blocked/{B}/both.pdf"} <= set(inbox.lying)


def test_what_belongs_to_nothing_waits_and_is_then_put_away(tmp_path: Path) -> None:
    with Inbox(tmp_path, wait_minutes=0.3) as inbox:
        (inbox.folder / "letter.pdf").write_bytes(page("a letter"))
        inbox.wait_until(lambda: "It is left there for" in inbox.said)
        inbox.wait_until(lambda: "blocked/not used/letter.pdf" in inbox.lying)


def test_a_folder_that_cannot_be_written_is_one_sentence_and_is_tried_again(inbox: Inbox) -> None:
    (inbox.folder / "done").write_text("a file where the folder should be")
    deliver(inbox.folder, A)
    deliver(inbox.folder / "bad", B, pods=False)
    inbox.wait_until(lambda: "could not be written" in inbox.said and f"blocked/{B}/reason.txt" in inbox.lying)
    time.sleep(2)
    assert inbox.queued() == [A]
    assert inbox.said.count(f"{A}.pdf could not be written") <= 2, "said once, not with every look"
    assert f"{A}.pdf" in inbox.lying
    (inbox.folder / "done").unlink()
    inbox.wait_until(lambda: f"done/{A}.pdf" in inbox.lying)
    assert (inbox.queued(), list(inbox.folder.glob(".submitter-moving*"))) == ([A], [])


def test_two_programs_do_not_watch_one_folder(inbox: Inbox, tmp_path: Path) -> None:
    inbox.wait_until((inbox.folder / ".submitter-watching").exists)
    time.sleep(0.5)
    (tmp_path / "other").mkdir()
    other = Inbox(tmp_path / "other")
    other.folder = inbox.folder
    assert other.start()._process.wait(60) == 1  # type: ignore[union-attr]
    assert "is watched by another submitter already." in other.said


@pytest.mark.parametrize("name", ["done", "blocked"])
def test_a_link_for_a_way_out_is_refused(tmp_path: Path, name: str) -> None:
    inbox = Inbox(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (inbox.folder / name).symlink_to(tmp_path / "elsewhere")
    assert inbox.start()._process.wait(60) == 1  # type: ignore[union-attr]
    assert f"{name} is a link; make it a folder" in inbox.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked_and_goes_on_where_it_was(inbox: Inbox, number: int) -> None:
    deliver(inbox.folder, *(f"INV-{n}" for n in range(1001, 1007)))
    inbox.wait_until(lambda: bool(inbox.queued()), 60)
    assert inbox.stop(number) == 0
    inbox.start()
    inbox.wait_until(lambda: len(inbox.queued()) == 6 and "done/invoices.csv" in inbox.lying)
    assert not [one for one in inbox.lying if one.startswith("blocked")]
    inbox.stop()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_loses_nothing_and_queues_nothing_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (which moment, not a secret)
    inbox = Inbox(tmp_path, wait_minutes=60)
    good = [f"INV-{n}" for n in range(2001, 2009)]
    deliver(inbox.folder, *good[:4], B, but={f"ticket {B}.pdf": None})
    deliver(inbox.folder / "monday", *good[4:])
    files = set(inbox.hashes())
    for _ in range(8):
        inbox.start()
        begun = time.monotonic()
        while time.monotonic() - begun < 30 and not list(inbox.folder.glob(".submitter-moving*")):
            time.sleep(0.002)
            if chance.random() < 0.0004:  # now and then while documents are read and queued ...
                break
        time.sleep(chance.uniform(0, 0.02))  # ... and mostly while files are being moved
        inbox.kill()
        now = inbox.hashes()
        assert files - set(now) == set(), "a file is gone"
        assert {one: n for one, n in now.items() if one in files and n != 1} == {}, "a file lies in two places"
        assert len(inbox.queued()) == len(set(inbox.queued()))
    with inbox:
        inbox.wait_until(lambda: len(inbox.queued()) == 8 and all("/" in one for one in inbox.lying))
        inbox.wait_until(lambda: not list(inbox.folder.glob(".submitter-moving*")))
        assert inbox.stop() == 0
    assert inbox.queued() == good
    assert {one.split("/")[-1] for one in inbox.lying if one.startswith("done") and "INV" in one} == {
        f"{kind}{number}.pdf" for number in good for kind in ("", "ticket ")
    }
    assert [one for one in inbox.lying if one.startswith("blocked")] == [
        f"blocked/{B}/{B}.pdf",
        f"blocked/{B}/invoices.csv",
        f"blocked/{B}/reason.txt",
    ]


# -- settling, on a clock of the test's own ------------------------------------------------------------------------


def test_a_delivery_is_whole_when_nothing_changed_for_long_enough(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"1")
    settling = Settling(5)

    def whole(now: float) -> bool:
        found = list(deliveries(tmp_path))
        settling.look(found, now)
        return settling.is_whole(found[0], now)

    assert [whole(now) for now in (100, 104.9, 105)] == [False, False, True]
    (tmp_path / "a.pdf").write_bytes(b"12")
    assert [whole(now) for now in (106, 110, 111)] == [False, False, True]
    (tmp_path / "b.pdf").write_bytes(b"1")
    assert [whole(now) for now in (112, 116, 117)] == [False, False, True]
    assert settling.waited([tmp_path / "a.pdf", tmp_path / "b.pdf"], 120) == 8


def test_a_folder_that_vanished_is_forgotten(tmp_path: Path) -> None:
    settling = Settling(1)
    one = Delivery(tmp_path, {tmp_path / "a.pdf": (1, 1, 1)})  # type: ignore[dict-item]
    settling.look([one], 10)
    settling.look([], 20)
    settling.look([one], 30)
    assert not settling.is_whole(one, 30)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pdf")
    assert seen(tmp_path / "a.pdf") is None
    assert list(deliveries(tmp_path)) == []
