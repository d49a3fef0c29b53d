"""The made-up site and the browser that the tests of pages and fields share."""

from tests.unit.adapters.site import address, browsing, pages

__all__ = ["address", "browsing", "pages"]
