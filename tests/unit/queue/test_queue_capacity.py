"""How many visits at the same time: by cores, by free memory, and by what somebody asked for."""

from __future__ import annotations

import pytest

from submitter.queue import capacity


@pytest.mark.parametrize(
    ("cores", "megabytes", "visits"),
    [
        (1, 64_000, 2),
        (2, 64_000, 4),
        (64, 256_000, capacity.MOST),
        (8, 2_000, 3),  # half of it carries the first and two more
        (8, 1_440, 1),
        (8, 300, 1),  # never none
        (4, None, 8),  # nobody says how much memory there is
    ],
)
def test_two_a_core_as_far_as_half_of_the_free_memory_goes(
    monkeypatch: pytest.MonkeyPatch, cores: int, megabytes: int | None, visits: int
) -> None:
    monkeypatch.setattr(capacity, "_cores", lambda: cores)
    monkeypatch.setattr(capacity, "_available_megabytes", lambda: megabytes)
    assert capacity.default_visits() == visits


def test_this_machine_says_what_it_has() -> None:
    assert capacity._cores() >= 1
    found = capacity._available_megabytes()
    assert found is None or 0 < found < 100_000_000
    assert 1 <= capacity.default_visits() <= capacity.MOST
