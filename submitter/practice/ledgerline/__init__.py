"""Ledgerline, a practice portal of the government kind: frames, old-fashioned tables, three languages, a delay."""

from submitter.practice.ledgerline.app import LEDGERLINE

__all__ = ["LEDGERLINE"]
