"""Ledgerline is held to what every adapter is held to."""

from __future__ import annotations

from tests.contract.conformance import AdapterConformance


class TestLedgerline(AdapterConformance):
    portal = "ledgerline"
