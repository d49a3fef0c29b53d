"""ARCHITECTURE.md describes every room. That imports run one way, tests/unit/test_house.py makes sure."""

from __future__ import annotations

from tests.docs.pages import ROOT


def test_every_room_is_described() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "submitter").glob("*/__init__.py")}
    assert len(rooms) >= 8
    for room in rooms:
        assert f"`submitter/{room}/`" in text, f"{room} has no line"
