"""What the guide tells authors of adapters to call is there, and everything there is for them is in the guide."""

from __future__ import annotations

import inspect
import re

from submitter.adapters import expecting, lines, page, records, tables, values
from submitter.adapters.visit import Visit
from tests.docs.pages import ROOT

GUIDE = (ROOT / "docs" / "adapter-guide.md").read_text(encoding="utf-8")
#: What the program itself calls, or what other calls are made of.
_NOT_FOR_AUTHORS = {"arrive", "capture", "capture_if_possible", "require_no_question", "find", "press", "step_seconds"}
_SAID_IN_PASSING = {"text", "read_secret", "read_date", "write_date", "read_number", "write_number", "write_money"}


def test_every_call_that_the_guide_names_is_there() -> None:
    for name in re.findall(r"visit\.(\w+)\(", GUIDE):
        assert callable(getattr(Visit, name, None)), name
    for name in re.findall(r"`(headers|framed|inside|role|label|css|read_csv|read_definitions)\(?", GUIDE):
        assert hasattr(page, name) or hasattr(tables, name), name


def test_every_step_of_a_visit_is_in_the_guide() -> None:
    steps = {name for name, _ in inspect.getmembers(Visit, callable) if not name.startswith("_")}
    left = steps - _NOT_FOR_AUTHORS - _SAID_IN_PASSING - set(re.findall(r"visit\.(\w+)", GUIDE))
    assert left <= {"read_files"}, f"not in docs/adapter-guide.md: {sorted(left)}"


def test_every_function_beside_the_visit_is_where_the_guide_says() -> None:
    rooms = {room.__name__.rpartition(".")[2]: room for room in (expecting, lines, records, values)}
    said = re.findall(r"\| ([^|]*) \(`submitter/adapters/(\w+)\.py`\) \|", GUIDE)
    assert {room for _, room in said} == set(rooms)
    for names, room in said:
        for name in re.findall(r"`(\w+)`", names):
            assert callable(getattr(rooms[room], name, None)), f"{name} in {room}"


def test_options_that_the_guide_names_are_taken() -> None:
    for option, takers in {"redraws": ("click", "commit_click"), "accepts_dialog": ("click", "commit_click")}.items():
        assert f"{option}=" in GUIDE
        assert all(option in inspect.signature(getattr(Visit, taker)).parameters for taker in takers)
