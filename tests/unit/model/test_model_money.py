"""Money and the numbers portals print: exact, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from submitter.model.money import NUMBER_LOCALES, Money, exponent, parse_number

NBSP, THIN, NARROW, FIGURE = "\u00a0", "\u2009", "\u202f", "\u2007"
APOSTROPHE, MINUS, DASH = "\u2019", "\u2212", "\u2013"
ARABIC = "\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660"  # 1,234.50 with Arabic digits and marks

READ = [
    ("en-US", "1,234.50", "1234.50"),
    ("en-GB", "12,345,678.9", "12345678.9"),
    ("en-CA", "1234.50", "1234.50"),
    ("es-MX", "0.07", "0.07"),
    ("ar-EG", ARABIC, "1234.50"),
    ("ar-EG", "1,234.50", "1234.50"),
    ("de-DE", "1.234,50", "1234.50"),
    ("de-DE", "1.234", "1234"),
    ("es-ES", "1.234.567,89", "1234567.89"),
    ("nl-NL", "12,5", "12.5"),
    ("fr-FR", f"1{NBSP}234,50", "1234.50"),
    ("fr-FR", f"1{NARROW}234{NARROW}567,00", "1234567"),
    ("sv-SE", f"1{THIN}234,50", "1234.50"),
    ("sv-SE", f"1{FIGURE}234", "1234"),
    ("de-CH", "1'234.50", "1234.50"),
    ("de-CH", f"1{APOSTROPHE}234.50", "1234.50"),
    ("en-US", "-7.5", "-7.5"),
    ("en-US", "7.5-", "-7.5"),
    ("en-US", f"{MINUS}7.5", "-7.5"),
    ("de-DE", f"{DASH} 7,5", "-7.5"),
    ("en-US", "(1,234.50)", "-1234.50"),
    ("en-US", f"{NBSP} 12 \n", "12"),
]

REFUSED = [
    ("en-US", ""),
    ("en-US", "  "),
    ("en-US", "12 34"),
    ("en-US", "1.50 2.50"),
    ("en-US", "1,23"),
    ("en-US", "1,2345"),
    ("en-US", "1234,567"),
    ("en-US", "1,,234"),
    ("en-US", "1,234,56.00"),
    ("en-US", "1.234.567"),
    ("en-US", "1.234,50"),
    ("en-US", "1,234."),
    ("en-US", ".5"),
    ("en-US", "1e3"),
    ("en-US", "12 USD"),
    ("en-US", "l2"),
    ("en-US", "--5"),
    ("en-US", "-5-"),
    ("en-US", "-(5)"),
    ("en-US", "(-5)"),
    ("en-US", "(5"),
    ("en-US", "NaN"),
    ("en-US", "1\u00b2"),  # one squared is not twelve
    ("en-US", "5%"),
    ("de-DE", "1,234.50"),
    ("de-DE", "1.23"),
    ("fr-FR", f"1{NBSP}{NBSP}234"),
    ("fr-FR", "1\t234"),
    ("de-CH", "1,234.50"),
]


@pytest.mark.parametrize(("locale", "text", "value"), READ)
def test_a_number_is_read_as_its_locale_writes_it(locale: str, text: str, value: str) -> None:
    assert parse_number(text, locale) == Decimal(value)


def test_all_locales_have_an_example() -> None:
    assert {locale for locale, _, _ in READ} == set(NUMBER_LOCALES)


@pytest.mark.parametrize(("locale", "text"), REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(locale: str, text: str) -> None:
    with pytest.raises(ValueError, match="is not one number as"):
        parse_number(text, locale)


def test_a_locale_nobody_described_is_refused() -> None:
    with pytest.raises(ValueError, match="no number format is known for the locale 'xx-XX'"):
        parse_number("1", "xx-XX")


def written(value: Decimal, locale: str, space: str = NBSP, *, grouped: bool = True, sign: str = "front") -> str:
    """How a portal of this locale prints a number; on purpose not made from the parser's own code."""
    decimal_mark, group_mark = NUMBER_LOCALES[locale]
    plain = f"{value.copy_abs():{',' if grouped else ''}f}"
    marks = {",": space if group_mark == " " else group_mark, ".": decimal_mark}
    text = "".join(marks.get(character, character) for character in plain)
    if not value.is_signed():
        return text
    return {"front": f"-{text}", "back": f"{text}-", "math": f"{MINUS}{text}", "books": f"({text})"}[sign]


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)
LOCALES = st.sampled_from(sorted(NUMBER_LOCALES))
SPACES = st.sampled_from([" ", NBSP, THIN, NARROW, FIGURE])
SIGNS = st.sampled_from(["front", "back", "math", "books"])


@given(value=NUMBERS, locale=LOCALES, space=SPACES, grouped=st.booleans(), sign=SIGNS)
@example(Decimal("-12345678901234567890123456789.01"), "en-US", " ", True, "front")
def test_what_was_printed_for_a_locale_is_read_back_exactly(
    value: Decimal, locale: str, space: str, grouped: bool, sign: str
) -> None:
    assert parse_number(written(value, locale, space, grouped=grouped, sign=sign), locale) == value


def digits(text: str, decimal_mark: str) -> tuple[str, str]:
    """Every digit of a text before and behind its decimal mark, without the zeros that mean nothing."""
    folded = "".join(str(int(c)) if c.isdecimal() else {"\u066b": ".", "\u066c": ","}.get(c, c) for c in text)
    whole, _, part = folded.partition(decimal_mark)
    return "".join(filter(str.isdigit, whole)).lstrip("0"), "".join(filter(str.isdigit, part)).rstrip("0")


@given(
    text=st.text(alphabet=f"01239.,' -(){NBSP}{THIN}{APOSTROPHE}{MINUS}\u0663\u066b\u066c", max_size=12), locale=LOCALES
)
@example("1,234", "en-US")
@example("1.234", "de-DE")
def test_a_text_that_is_accepted_denotes_no_other_number_when_it_is_written_again(text: str, locale: str) -> None:
    try:
        value = parse_number(text, locale)
    except ValueError:
        return
    mark = NUMBER_LOCALES[locale][0]
    assert parse_number(written(value, locale), locale) == value
    assert digits(text, mark) == digits(written(value, locale), mark)
    assert bool(value < 0) == (any(c in text for c in f"-{MINUS}(") and bool(value))


# -- money ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "places"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_the_exponent_is_the_standards(code: str, places: int) -> None:
    assert exponent(code) == places


@pytest.mark.parametrize("code", ["", "usd", "US", "ABC", "Dollar"])
def test_an_unknown_code_is_refused_rather_than_given_two_decimals(code: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 4217 currency code"):
        Money.of("1", code)


def test_a_code_without_minor_units_holds_no_amount() -> None:
    with pytest.raises(ValueError, match="XAU is a code without minor units"):
        Money.of("1", "XAU")


@pytest.mark.parametrize(
    ("amount", "code"),
    [("1.005", "USD"), ("1.5", "JPY"), ("1.2345", "KWD"), ("1." + "0" * 33 + "1", "USD")],
)
def test_more_decimals_than_the_currency_has_are_refused(amount: str, code: str) -> None:
    with pytest.raises(ValueError, match=f"has more decimals than {code} has"):
        Money.of(amount, code)


@pytest.mark.parametrize(
    ("amount", "code", "minor"), [("1.5", "USD", 150), ("150", "JPY", 150), ("1.234", "KWD", 1234)]
)
def test_an_amount_is_kept_in_minor_units(amount: str, code: str, minor: int) -> None:
    money = Money.of(amount, code)
    assert (money.minor, money.amount) == (minor, Decimal(amount))


@given(minor=st.integers(-(10**40), 10**40), code=st.sampled_from(["USD", "JPY", "KWD"]))
def test_an_amount_comes_out_as_it_went_in(minor: int, code: str) -> None:
    money = Money(minor=minor, currency=code)
    assert Money.of(money.amount, code) == money
    assert Money.parse(str(money), code, "en-US") == money


def test_money_is_never_a_float() -> None:
    money = Money.of("0.10", "USD")
    assert type(money.minor) is int
    assert type(money.amount) is Decimal
    with pytest.raises(ValueError, match="more decimals"):
        Money.of(0.1, "USD")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Money(minor=0.5, currency="USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__"])
def test_two_currencies_are_never_added_or_compared(operation: str) -> None:
    with pytest.raises(ValueError, match="never added or compared without a rate"):
        getattr(Money.of("1", "USD"), operation)(Money.of("1", "EUR"))


def test_the_same_figure_in_two_currencies_is_not_the_same_money() -> None:
    assert Money.of("1", "USD") != Money.of("1", "EUR")


def test_sums_are_exact() -> None:
    tenth = Money.of("0.10", "USD")
    assert tenth + tenth + tenth - Money.of("0.30", "USD") == Money.of("0", "USD")
    assert -tenth < tenth
    assert tenth <= Money.of("0.1", "USD")


@pytest.mark.parametrize(
    ("text", "code", "locale", "amount"),
    [
        ("1.234,50", "EUR", "de-DE", "1234.50"),
        ("$1,234.50", "USD", "en-US", "1234.50"),
        ("1,234.50 USD", "USD", "en-US", "1234.50"),
        ("US$ 7", "USD", "en-US", "7"),
        (f"12,00{NBSP}\u20ac", "EUR", "fr-FR", "12"),
        ("JPY 1,200", "JPY", "en-US", "1200"),
    ],
)
def test_an_amount_is_read_with_its_own_code_or_symbol(text: str, code: str, locale: str, amount: str) -> None:
    assert Money.parse(text, code, locale) == Money.of(amount, code)


@pytest.mark.parametrize(
    ("text", "code"), [("1.00 EUR", "USD"), ("\u20ac1.00", "USD"), ("1.50", "JPY"), ("USD", "USD")]
)
def test_another_currencys_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValueError, match=r"is not one number|more decimals"):
        Money.parse(text, code, "en-US")


@pytest.mark.parametrize(("amount", "minor"), [("0.005", 1), ("0.0049", 0), ("-0.005", -1), ("2.675", 268)])
def test_rounding_is_half_up_and_only_where_it_is_asked_for(amount: str, minor: int) -> None:
    assert Money.rounded(Decimal(amount), "USD").minor == minor
