"""One browser for all replays of a file, which reaches this machine and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from submitter.adapters.browser import FencedBrowser


class Stage:
    """A browser and its event loop."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.browser = FencedBrowser({"127.0.0.1"})


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        stage = Stage(runner)
        yield stage
        stage.run(stage.browser.close())
