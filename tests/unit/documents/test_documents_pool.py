"""Several files are opened at a time: what one of them does to its process, the others never notice."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
from papers import deflate_bomb, page, pages_sharing

from submitter.documents.opening import opening
from submitter.documents.opening.opening import DocumentReader, Verdict
from submitter.errors import ConfigurationError
from submitter.settings import Files

TWO = Files(processes=2)


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_bomb_beside_honest_files_costs_only_itself(tmp_path: Path) -> None:
    paths = [put(tmp_path, f"{place:02}.pdf", page(f"sheet {place}")) for place in range(12)]
    busy = pages_sharing(zlib.compress(b"(x) Tj " * 9_000_000), 400)
    paths.insert(3, put(tmp_path, "deflate.pdf", deflate_bomb()))
    paths.insert(5, put(tmp_path, "busy.pdf", busy))
    with DocumentReader(how=TWO) as reader:
        readings = list(reader.read_many(paths))
    assert [reading.name for reading in readings] == [path.name for path in paths], "in their order"
    hostile = {reading.name for reading in readings if reading.verdict is Verdict.HOSTILE}
    assert hostile == {"deflate.pdf", "busy.pdf"}
    honest = [reading.text_plain.strip() for reading in readings if reading.name not in hostile]
    assert honest == [f"sheet {place}" for place in range(12)]


#: Dies, hangs or answers by the file's name; what else there is takes a moment, so that files are read side by side.
STAND_IN = """
import json, os, signal, sys, time
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    name = os.path.basename(json.loads(line)["path"])
    if name.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("hang"):
        time.sleep(600)
    time.sleep(0.05)
    print(json.dumps({"verdict": "not-a-document", "sentence": f"read by {os.getpid()}"}), flush=True)
"""
COMMAND = (sys.executable, "-c", STAND_IN)


def test_children_that_die_one_after_the_other_stop_nothing(tmp_path: Path) -> None:
    names = [f"{'kill' if place % 3 else 'fine'}-{place:02}.pdf" for place in range(30)]
    paths = [put(tmp_path, name, page(name)) for name in names]
    with DocumentReader(how=TWO, command=COMMAND) as reader:
        readings = list(reader.read_many(paths))
    for name, reading in zip(names, readings, strict=True):
        assert reading.name == name
        assert reading.verdict is (Verdict.HOSTILE if name.startswith("kill") else Verdict.NOT_A_DOCUMENT)


def test_two_are_at_work_at_the_same_time_and_no_more(tmp_path: Path) -> None:
    paths = [put(tmp_path, f"{place}.pdf", page("x")) for place in range(12)]
    with DocumentReader(how=TWO, command=COMMAND) as reader:
        seen = {reading.sentence.split()[-1] for reading in reader.read_many(paths)}
    assert len(seen) == 2


def test_one_after_the_other_keeps_one_child_warm(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", page("x"))
    with DocumentReader(how=TWO, command=COMMAND) as reader:
        assert len({reader.read(path).sentence for _ in range(5)}) == 1
        assert len(reader._children.running) == 1


def test_one_that_hangs_delays_only_its_own_place(tmp_path: Path) -> None:
    paths = [put(tmp_path, name, page("x")) for name in ("hang.pdf", "a.pdf", "b.pdf", "c.pdf")]
    with DocumentReader(how=TWO, command=COMMAND, wall_seconds=1) as reader:
        hung, *others = reader.read_many(paths)
    assert (hung.verdict, [other.verdict for other in others]) == (Verdict.HOSTILE, [Verdict.NOT_A_DOCUMENT] * 3)
    assert "within 1 seconds" in hung.sentence


def test_who_stops_listening_is_not_kept_waiting_and_may_read_on(tmp_path: Path) -> None:
    paths = [put(tmp_path, f"{name}.pdf", page("x")) for name in ("a", "hang-1", "hang-2", "hang-3", "hang-4", "b")]
    with DocumentReader(how=TWO, command=COMMAND) as reader:
        readings = reader.read_many(paths)
        assert next(readings).name == "a.pdf"
        began = time.monotonic()
        readings.close()
        assert time.monotonic() - began < 20, "the wall-clock limit of the files that hang is a minute"
        assert reader.read(paths[-1]).verdict is Verdict.NOT_A_DOCUMENT, "a new child, not the dead one's verdict"
    assert reader._children.running == ()


def test_who_stops_listening_is_not_kept_waiting_by_a_child_that_is_just_starting(tmp_path: Path) -> None:
    """The first child is ready at once; the others are still starting when all are ended."""
    script = f"""
import os, time
if os.path.exists({str(tmp_path / "first")!r}):
    time.sleep(3)
open({str(tmp_path / "first")!r}, "w").close()
{STAND_IN}
"""
    paths = [put(tmp_path, f"{name}.pdf", page("x")) for name in ("a", "hang-1", "hang-2", "hang-3", "hang-4", "b")]
    with DocumentReader(how=TWO, command=(sys.executable, "-c", script)) as reader:
        assert reader.read(paths[0]).verdict is Verdict.NOT_A_DOCUMENT
        readings = reader.read_many(paths)
        assert next(readings).name == "a.pdf"
        began = time.monotonic()
        readings.close()
        assert time.monotonic() - began < 20


def test_who_stops_listening_is_not_kept_waiting_by_a_file_that_was_just_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All children are ended while a thread is between taking up its file and asking for a child."""
    taken_up, go_on = threading.Event(), threading.Event()
    look_at = opening._look_at

    def slowly(path: Path) -> tuple[int, str, str] | str:
        if path.name.startswith("hang"):
            taken_up.set()
            go_on.wait(60)
        return look_at(path)

    monkeypatch.setattr(opening, "_look_at", slowly)
    paths = [put(tmp_path, f"{name}.pdf", page("x")) for name in ("a", "hang-1", "hang-2", "hang-3", "hang-4", "b")]
    with DocumentReader(how=TWO, command=COMMAND) as reader:
        readings = reader.read_many(paths)
        assert next(readings).name == "a.pdf"
        assert taken_up.wait(60)
        threading.Timer(1, go_on.set).start()
        began = time.monotonic()
        readings.close()
        assert time.monotonic() - began < 30, "a minute is what a file that hangs may take"


def test_a_child_that_died_between_two_files_is_not_the_next_files_fault(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", page("x"))
    with DocumentReader(command=COMMAND) as reader:
        reader.read(path)
        [child] = reader._children.running
        os.kill(child.pid, signal.SIGKILL)
        while not child.ended:
            time.sleep(0.01)
        assert reader.read(path).verdict is Verdict.NOT_A_DOCUMENT


def test_that_no_child_can_start_is_said_once_and_leaves_no_thread(tmp_path: Path) -> None:
    paths = [put(tmp_path, f"{place}.pdf", page("x")) for place in range(9)]
    command = (sys.executable, "-c", "raise SystemExit('a part is missing')")
    with DocumentReader(command=command) as reader, pytest.raises(ConfigurationError, match="a part is missing"):
        list(reader.read_many(paths))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("documents")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups of this kind")
def test_a_program_that_a_child_has_started_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"""
import json, subprocess, sys
print(json.dumps({{"ready": True}}), flush=True)
sys.stdin.readline()
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({str(pid_file)!r}, "w") as target:
    target.write(str(started.pid))
started.wait()
"""
    path = put(tmp_path, "a.pdf", page("x"))
    with DocumentReader(command=(sys.executable, "-c", script), wall_seconds=5) as reader:
        assert reader.read(path).verdict is Verdict.HOSTILE
    until = time.monotonic() + 20
    while _runs(int(pid_file.read_text())):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether the process is there and more than a zombie that its new parent has not looked at."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
