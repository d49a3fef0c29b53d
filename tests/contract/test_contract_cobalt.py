"""Cobalt is held to what every adapter is held to."""

from __future__ import annotations

from tests.contract.conformance import AdapterConformance


class TestCobalt(AdapterConformance):
    portal = "cobalt"
    scenarios = ("main",)
