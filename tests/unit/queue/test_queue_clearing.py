"""Putting files away: every step may be done twice, nothing is overwritten, and nothing leaves the watch folder."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from submitter.queue import clearing
from submitter.queue.clearing import Moving, NotCleared, Plan, Writing, carry_out, finish, pending, unused
from submitter.queue.deliveries import Delivery, seen
from submitter.queue.sorting import Sorting, harmless

AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "inbox"
    place.mkdir()
    return place


def put(folder: Path, *names: str) -> Delivery:
    delivery = Delivery(folder)
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        state = seen(path)
        assert state is not None
        delivery.files[path] = state
    return delivery


def lying(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8-sig") for path in found}


def step(folder: Path, name: str, target: str) -> Moving:
    state = seen(folder / name)
    assert state is not None
    return Moving(source=name, target=target, size=state.size, changed=state.changed, inode=state.inode)


def test_a_plan_is_carried_out_and_forgotten(folder: Path) -> None:
    sorting = Sorting(folder, put(folder, "a.pdf", "b.pdf", "both.pdf"), AT)
    sorting.done(folder / "a.pdf")
    sorting.done(folder / "both.pdf")
    sorting.block("INV/7", [folder / "b.pdf", folder / "both.pdf"], ["It is blue."], "the rows")
    carry_out(folder, sorting.plan())
    found = lying(folder)
    reason = found.pop("blocked/2026-11-22/INV_7/reason.txt")
    assert found == {
        "done/2026-11-22/a.pdf": "a.pdf",
        "done/2026-11-22/both.pdf": "both.pdf",
        "blocked/2026-11-22/INV_7/b.pdf": "b.pdf",
        "blocked/2026-11-22/INV_7/both.pdf": "both.pdf",
        "blocked/2026-11-22/INV_7/invoices.csv": "the rows",
    }
    assert "* It is blue." in reason
    assert "22 Nov 2026 at 14:05: INV/7" in reason


@given(st.data())
def test_wherever_it_was_interrupted_the_plan_ends_the_same(data: st.DataObject) -> None:
    """Some of the steps were done before we were killed, any half of a file may have been left."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = ("a.pdf", "b.pdf", "c.pdf", "d.pdf")
        put(folder, *names)
        plan = Plan(
            writings=(Writing(target="blocked/x/reason.txt", text="why"),),
            copies=(step(folder, "a.pdf", "blocked/x/a.pdf"),),
            moves=tuple(step(folder, name, f"done/{name}") for name in names),
        )
        done_before = data.draw(st.integers(0, 6))
        steps = [*plan.writings, *plan.copies, *plan.moves]
        doing = {Writing: clearing._write_new, Moving: clearing._move}
        for one in steps[:done_before]:
            (clearing._copy if one in plan.copies else doing[type(one)])(folder, one)  # type: ignore[operator]
        (folder / f"{clearing.PLAN}1.json").write_text(plan.model_dump_json())
        for path, found in pending(folder):
            assert found == plan
            finish(folder, path, plan)
        assert lying(folder) == {
            **{f"done/{name}": name for name in names},
            "blocked/x/a.pdf": "a.pdf",
            "blocked/x/reason.txt": "why",
        }
        assert list(pending(folder)) == []


def test_a_file_that_was_replaced_since_it_was_read_stays(folder: Path) -> None:
    sorting = Sorting(folder, put(folder, "a.pdf"), AT)
    sorting.done(folder / "a.pdf")
    (folder / "a.pdf").write_text("a newer one")
    carry_out(folder, sorting.plan())
    assert lying(folder) == {"a.pdf": "a newer one"}


def test_nothing_is_overwritten(folder: Path) -> None:
    plan = Plan(moves=(step(put(folder, "a.pdf").place, "a.pdf", "done/a.pdf"),))
    put(folder, "done/a.pdf")  # it came between the plan and the move
    (folder / "done" / "a.pdf").write_text("somebody else's")
    carry_out(folder, plan)
    assert lying(folder) == {"done/a.pdf": "somebody else's", "done/a (2).pdf": "a.pdf"}


def test_names_that_are_taken_get_a_number(folder: Path) -> None:
    put(folder, "a.pdf", "a (2).pdf")
    assert unused(folder / "a.pdf", {folder / "a (3).pdf"}).name == "a (4).pdf"


def test_one_step_that_fails_does_not_stop_the_others(folder: Path) -> None:
    delivery = put(folder, "a.pdf", "b.pdf")
    (folder / "done").write_text("in the way")
    plan = Plan(moves=(step(folder, "a.pdf", "done/a.pdf"), step(folder, "b.pdf", "blocked/b.pdf")))
    with pytest.raises(NotCleared, match=r"done/a\.pdf could not be written \(.+\); it is tried again\."):
        carry_out(folder, plan)
    assert set(lying(folder)) - {"done"} == {"a.pdf", "blocked/b.pdf", *(p.name for p, _ in pending(folder))}
    (folder / "done").unlink()
    [(path, left)] = pending(folder)
    assert left == plan
    finish(folder, path, plan)
    assert set(lying(folder)) == {"done/a.pdf", "blocked/b.pdf"}
    assert delivery.files


def test_another_file_system_gets_a_copy_that_is_whole(folder: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108 (a file system of its own on Linux)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        if Path(place).stat().st_dev == folder.stat().st_dev:
            pytest.skip("there is no second file system here")
        other = Path(place)
        put(other, "a.pdf")
        os.utime(other / "a.pdf", (1_000_000_000, 1_000_000_000))
        source = other / "a.pdf"
        with pytest.raises(OSError, match="cross-device"):
            source.rename(folder / "a.pdf")
        clearing._across(source, folder / "a.pdf")
    assert lying(folder) == {"a.pdf": "a.pdf"}
    assert (folder / "a.pdf").stat().st_mtime == 1_000_000_000


@pytest.mark.parametrize("target", ["../a.pdf", "/etc/a.pdf", "done/../../a.pdf", ""])
def test_a_plan_never_leads_out_of_the_folder(target: str) -> None:
    with pytest.raises(ValidationError):
        Writing(target=target, text="x")
    with pytest.raises(ValidationError):
        Moving(source=target, target="done/a.pdf", size=1, changed=1, inode=1)


def test_a_link_below_done_is_no_way_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "done").mkdir()
    (folder / "done" / "2026-11-22").symlink_to(tmp_path / "outside")
    sorting = Sorting(folder, put(folder, "a.pdf"), AT)
    sorting.done(folder / "a.pdf")
    with pytest.raises(NotCleared, match="it leads out of the watch folder"):
        carry_out(folder, sorting.plan())
    assert list((tmp_path / "outside").iterdir()) == []
    assert (folder / "a.pdf").exists()


def test_a_plan_that_is_damaged_is_told_and_left(folder: Path) -> None:
    (folder / f"{clearing.PLAN}1.json").write_text('{"moves": [')
    assert [plan for _, plan in pending(folder)] == [None]


def test_halves_of_copies_are_swept(folder: Path) -> None:
    (folder / ".submitter-copying-1").write_text("half")
    clearing.sweep(folder)
    assert lying(folder) == {}


def test_an_emptied_folder_goes_with_our_reason_and_not_with_anybody_elses(folder: Path) -> None:
    for name, words in (("ours", f"{clearing.MARK} on Monday"), ("theirs", "buy milk")):
        put(folder, f"{name}/a.pdf")
        (folder / name / "reason.txt").write_text(words)
        carry_out(folder, Plan(moves=(step(folder, f"{name}/a.pdf", f"done/{name}.pdf"),), emptied=name))
    assert not (folder / "ours").exists()
    assert (folder / "theirs" / "reason.txt").read_text() == "buy milk"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV/7", "INV_7"),
        ("..", "invoice"),
        ("CON", "_CON"),
        ("a\\b:c*", "a_b_c_"),
        ("x" * 300, "x" * 80),
        ("é 1", "é 1"),
    ],
)
def test_a_number_becomes_a_folder_on_any_system(number: str, name: str) -> None:
    assert harmless(number) == name


def test_what_is_put_away_is_open_to_the_same_people(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        folder.chmod(0o770)
        sorting = Sorting(folder, put(folder, "a.pdf"), AT)
        sorting.block("A", [folder / "a.pdf"], ["why"])
        carry_out(folder, sorting.plan())
    finally:
        os.umask(before)
    place = folder / "blocked" / "2026-11-22" / "A"
    assert (place.stat().st_mode & 0o777, (place / "reason.txt").stat().st_mode & 0o777) == (0o770, 0o660)
