"""Cobalt, a practice supplier portal of the suite kind: one login, several customers, each with rules of its own."""

from submitter.practice.cobalt.app import COBALT

__all__ = ["COBALT"]
