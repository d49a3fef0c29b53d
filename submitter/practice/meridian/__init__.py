"""Meridian, a practice portal of the large-network kind: one page drawn by its script, two status fields, codes."""

from submitter.practice.meridian.app import MERIDIAN

__all__ = ["MERIDIAN"]
