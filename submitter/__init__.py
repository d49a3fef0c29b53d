"""submitter: the supplier's side of its customers' procurement portals."""

__version__ = "0.1.0"
