"""Dates and figures as Fieldgate shows and reads them: 03/31/2026 and 1,234.56."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

_US_NUMBER = re.compile(r"(\d{1,3}(,\d{3})+|\d{1,12})(\.\d+)?")
_US_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
CENT = Decimal("0.01")


def read_number(text: str, decimals: int) -> Decimal | None:
    """A figure in US notation with at most so many decimals; None for anything else, such as 1.234,56."""
    matched = _US_NUMBER.fullmatch(text.strip())
    if matched is None or len(matched.group(3) or ".") - 1 > decimals:
        return None
    return Decimal(text.strip().replace(",", ""))


def read_date(text: str) -> date | None:
    """A date as MM/DD/YYYY; None for anything else."""
    matched = _US_DATE.fullmatch(text.strip())
    if matched is None:
        return None
    month, day, year = (int(part) for part in matched.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    """1,234.56"""
    return f"{cents(amount):,.2f}"


def quantity(amount: Decimal) -> str:
    """1,234.5: as many decimals as there are, four at most."""
    return f"{amount:,.4f}".rstrip("0").rstrip(".")


def unit_price(amount: Decimal) -> str:
    """12.50 or 12.3456: two decimals at least, four at most."""
    whole, _, decimals = f"{amount:,.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def us_date(day: date | str | None) -> str:
    """03/31/2026, also from the ISO form in which the books keep it."""
    if not day:
        return ""
    return (date.fromisoformat(day[:10]) if isinstance(day, str) else day).strftime("%m/%d/%Y")


def us_time(moment: str) -> str:
    """03/31/2026 14:05 UTC, from the ISO form in which the books keep it."""
    return datetime.fromisoformat(moment).strftime("%m/%d/%Y %H:%M UTC")


def file_size(size: int) -> str:
    """3.1 MB, 90.0 kB or 38 bytes."""
    if size < 1_000:
        return f"{size} bytes"
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{size / 1_000:,.1f} kB"
