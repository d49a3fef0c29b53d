"""What all tests share: nothing of the developer's own settings or keyring, and a count of what really ran."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from submitter.secrets import PrivateMemory

COUNTED = ("browser", "samples")
_ran: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A keyring and a home of this test's own."""
    for name in [name for name in os.environ if name.startswith("SUBMITTER_") and name != "SUBMITTER_BROWSER"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("SUBMITTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")  # tables are folded where a terminal is narrow
    before = keyring.get_keyring()
    keyring.set_keyring(PrivateMemory())
    yield
    keyring.set_keyring(before)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        _ran.update(marker for marker in COUNTED if marker in report.keywords)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that `.ci/run` reads: tests that need a real machine must have run, not been skipped."""
    terminalreporter.write_line("really ran: " + ", ".join(f"{marker} {_ran[marker]}" for marker in COUNTED))
