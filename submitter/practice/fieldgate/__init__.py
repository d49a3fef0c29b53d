"""Fieldgate, a practice supplier portal of the oil and gas kind: orders, a three-step invoice, tickets, disputes."""

from submitter.practice.fieldgate.app import FIELDGATE

__all__ = ["FIELDGATE"]
