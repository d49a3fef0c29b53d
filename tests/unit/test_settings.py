"""Settings and customer files: a mistyped key is refused with the file and a guess, never ignored."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from submitter.errors import ConfigurationError
from submitter.model.agreement import Agreement
from submitter.model.money import Money
from submitter.model.portal import Stage
from submitter.settings import (
    Settings,
    customer_called,
    find_home,
    read_customer,
    read_customers,
    read_settings,
)
from submitter.toml_files import did_you_mean

CUSTOMER = """
name = "North Field"
aliases = ["North Field Holding", "NF"]

[account]
portal = "fieldgate"
address = "https://portal.example.com/suppliers/"
user = "clerk"
time_zone = "America/Chicago"
reading_time = 02:30:00

[account.words]
"On Hold" = "on_hold"

[rules]
currencies = ["USD", "CAD"]

[agreement]
valid_from = 2026-01-01
fee = { amount = "75.00", currency = "USD" }
"""

Write = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config" / "customers").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def customer_file(home: Path) -> Write:
    def write(*changes: tuple[str, str], name: str = "north-field", text: str = CUSTOMER) -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = home / "config" / "customers" / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path: Path) -> str:
    """The sentence with which a customer file is refused; it always names the file."""
    with pytest.raises(ConfigurationError) as caught:
        read_customer(path)
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: ")


def settings_refused(home: Path, text: str) -> str:
    path = home / "config" / "submitter.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(home)
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: ")


# -- customers -----------------------------------------------------------------------------------------------------


def test_a_customer_file_is_read(customer_file: Write) -> None:
    customer = read_customer(customer_file())
    assert (customer.id, customer.account.id, customer.account.customer) == ("north-field",) * 3
    assert customer.account.address == "https://portal.example.com/suppliers"
    assert customer.account.words == {"On Hold": Stage.ON_HOLD}
    assert isinstance(customer.agreement, Agreement)
    assert customer.agreement.fee == Money.of("75.00", "USD")


def test_customers_are_read_by_id_and_only_from_toml_files(home: Path, customer_file: Write) -> None:
    customer_file(name="south-field")
    customer_file()
    (home / "config" / "customers" / "north-field.toml.bak").write_text("nonsense")
    assert [one.id for one in read_customers(Settings(home=home))] == ["north-field", "south-field"]


def test_a_home_without_customers_has_none(tmp_path: Path) -> None:
    assert read_customers(Settings(home=tmp_path)) == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("aliases =", "alias =", "the key 'alias' is unknown (did you mean 'aliases'?)"),
        ("time_zone =", "timezone =", "the key 'account.timezone' is unknown (did you mean 'time_zone'?)"),
        ("currencies =", "currency =", "the key 'rules.currency' is unknown (did you mean 'currencies'?)"),
        ("valid_from =", "valid_form =", "the key 'agreement.valid_form' is unknown (did you mean 'valid_from'?)"),
        ("[rules]", "[rule]", "the key 'rule' is unknown (did you mean 'rules'?)"),
    ],
)
def test_an_unknown_key_is_refused_with_a_guess(customer_file: Write, old: str, new: str, sentence: str) -> None:
    assert sentence in refused(customer_file((old, new)))


def test_a_key_like_no_other_is_refused_with_those_there_are(customer_file: Write) -> None:
    sentence = refused(customer_file(("user =", "zzz = 1\nuser =")))
    assert "the key 'account.zzz' is unknown (known: " in sentence
    assert "address" in sentence


def test_a_password_in_a_file_is_refused(customer_file: Write) -> None:
    assert "'account.password' is unknown" in refused(customer_file(("user =", 'password = "x"\nuser =')))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("America/Chicago", "America/Chigaco", "account.time_zone: 'America/Chigaco' is not a time zone"),
        ("America/Chicago", "/etc/passwd", "is not a time zone"),
        ("02:30:00", '"half past two"', "account.reading_time: "),
        ('"on_hold"', '"on-hold"', "account.words.On Hold: "),
        ('"CAD"', '"CDN"', "rules.currencies: 'CDN' is not an ISO 4217 currency code"),
        ("2026-01-01", '2026-01-01\nvalid_to = "2025-12-31"', "agreement: the agreement ends before it begins"),
        ('name = "North Field"', "", "name: Field required"),
        ('user = "clerk"', "", "account.user: Field required"),
        ("[rules]", '[rules]\npo_pattern = "("', "rules: '(' is not a pattern"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(customer_file: Write, old: str, new: str, sentence: str) -> None:
    assert sentence in refused(customer_file((old, new)))


@pytest.mark.parametrize("text", ["name = ", "\x00", "name = 'a'\nname = 'b'"])
def test_a_file_that_is_no_toml_is_refused_by_its_name(customer_file: Write, text: str) -> None:
    path = customer_file(text=text)
    with pytest.raises(ConfigurationError) as caught:
        read_customer(path)
    assert str(path) in caught.value.message
    assert "cannot be read" in caught.value.message


def test_a_file_in_another_encoding_is_refused_by_its_name(customer_file: Write) -> None:
    path = customer_file()
    path.write_bytes('name = "Søren"'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_customer(path)


@pytest.mark.parametrize(
    "address",
    [
        "https://portal.example.com",
        "https://portal.example.com:8443/suppliers",
        "http://127.0.0.1:8000",
        "http://localhost:8000/x",
        "http://localhost",
    ],
)
def test_an_address_is_encrypted_or_this_computer_itself(customer_file: Write, address: str) -> None:
    path = customer_file(("https://portal.example.com/suppliers/", address))
    assert read_customer(path).account.address == address


@pytest.mark.parametrize(
    "address",
    [
        "http://portal.example.com",
        "http://localhost.portal.example",
        "http://127.0.0.1.portal.example/",
        "http://127.0.0.1@portal.example/",
        "https://user:pass@portal.example.com",
        "https://portal.example.com?next=x",
        "https://",
        "portal.example.com",
        "ftp://portal.example.com",
        "javascript:alert(1)",
        "HTTP://portal.example.com",
        "https://portal.example.com/a b",
        "",
    ],
)
def test_any_other_address_is_refused(customer_file: Write, address: str) -> None:
    sentence = refused(customer_file(("https://portal.example.com/suppliers/", address)))
    assert sentence.startswith("account.address: the address must begin with https://")


@pytest.mark.parametrize("name", ["North Field", "Ärger", "a/b", "-x", ".hidden"])
def test_an_id_that_cannot_be_a_file_name_everywhere_is_refused(customer_file: Write, name: str) -> None:
    path = customer_file(("[account]", f'[account]\nid = "{name}"'))
    assert refused(path).startswith("account.id: ")
    if "/" not in name:
        assert refused(customer_file(name=name)).startswith("account.id: ")


def test_the_home_and_the_id_are_said_by_the_files_place_alone(home: Path, customer_file: Write) -> None:
    assert refused(customer_file(("name =", 'id = "other"\nname ='))).startswith("id: the file's place and name")
    (home / "config" / "submitter.toml").write_text('home = "/elsewhere"\n')
    with pytest.raises(ConfigurationError, match=r"submitter\.toml: home: the file's place"):
        read_settings(home)


@pytest.mark.parametrize("name", ["north-field", "NORTH FIELD", " north   field ", "nf", "North Field Holding"])
def test_a_customer_is_known_by_id_name_or_alias(customer_file: Write, name: str) -> None:
    customer = read_customer(customer_file())
    assert customer_called(name, (customer,)) is customer


def test_an_unknown_customer_is_refused_with_a_guess(customer_file: Write) -> None:
    customer = read_customer(customer_file())
    with pytest.raises(ConfigurationError, match=r"No customer is called 'Nort Field' .did you mean 'North Field'"):
        customer_called("Nort Field", (customer,))
    with pytest.raises(ConfigurationError, match="No customer is called 'x'\\."):
        customer_called("x", ())


# -- money in files ------------------------------------------------------------------------------------------------


def test_money_is_written_as_people_write_it(home: Path) -> None:
    (home / "config" / "submitter.toml").write_text('[labour]\nper_hour = { amount = "38.50", currency = "EUR" }\n')
    assert read_settings(home).labour.per_hour == Money.of("38.50", "EUR")


@pytest.mark.parametrize(("amount", "minor"), [("75", 7500), ("75.1", 7510), ("0.30", 30)])
def test_money_without_quotation_marks_is_exact_too(customer_file: Write, amount: str, minor: int) -> None:
    customer = read_customer(customer_file(('"75.00"', amount)))
    assert customer.agreement is not None
    assert customer.agreement.fee.minor == minor


@pytest.mark.parametrize(
    ("money", "sentence"),
    [
        ('{ amount = "75.005", currency = "USD" }', "75.005 has more decimals than USD has"),
        ('{ amount = "75.00", currency = "DOLLAR" }', "'DOLLAR' is not an ISO 4217 currency code"),
        ('{ amount = "a lot", currency = "USD" }', "'a lot' is not an amount"),
        ('{ amount = "inf", currency = "USD" }', "'inf' is not an amount"),
    ],
)
def test_money_that_is_none_is_refused_with_its_reason(customer_file: Write, money: str, sentence: str) -> None:
    said = refused(customer_file(('{ amount = "75.00", currency = "USD" }', money)))
    assert said.startswith("agreement.fee: ")
    assert sentence in said


@pytest.mark.parametrize("money", ["75.00", '"75.00 USD"', '{ amount = "75.00" }'])
def test_money_without_its_currency_is_refused(customer_file: Write, money: str) -> None:
    assert refused(customer_file(('{ amount = "75.00", currency = "USD" }', money))).startswith(
        ("agreement.fee", "the key 'agreement.fee.amount' is unknown")
    )


# -- the program's own settings ------------------------------------------------------------------------------------


def test_every_setting_is_optional(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)
    assert settings == Settings(home=tmp_path)
    assert settings.labour.per_hour.amount == Decimal("45.00")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[brows]\nheaded = true", "the key 'brows' is unknown"),
        ("[browsing]\nheadless = true", "the key 'browsing.headless' is unknown (did you mean 'headed'?)"),
        ("[working]\nvisit = 3", "the key 'working.visit' is unknown (did you mean 'visits'?)"),
        ("[labour]\nper_hours = 3", "the key 'labour.per_hours' is unknown (did you mean 'per_hour'?)"),
        ("[working]\nvisits = -1", "working.visits: "),
        ("[working]\nvisits = 2.5", "working.visits: "),
        ("[working]\nlease_seconds = -1", "working.lease_seconds: "),
        ("[browsing]\nheaded = 'sometimes'", "browsing.headed: "),
        ("working = 3", "working: "),
    ],
)
def test_a_wrong_setting_is_refused_with_the_file_and_the_key(home: Path, text: str, sentence: str) -> None:
    assert sentence in settings_refused(home, text)


def test_the_database_is_a_file_in_the_data_folder_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings(home=tmp_path).database() == f"sqlite:///{tmp_path / 'data' / 'submitter.sqlite'}"
    named = Settings(home=tmp_path, database_url="postgresql+psycopg:///submitter")
    assert named.database() == "postgresql+psycopg:///submitter"
    monkeypatch.setenv("SUBMITTER_DATABASE_URL", "sqlite:///elsewhere")
    assert named.database() == "sqlite:///elsewhere"


def test_home_is_what_was_given_else_the_environments_else_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBMITTER_HOME", str(tmp_path / "environment"))
    assert find_home(tmp_path / "given") == tmp_path / "given"
    assert find_home() == tmp_path / "environment"
    monkeypatch.delenv("SUBMITTER_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert find_home() == tmp_path / "submitter"


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("visit", ["visits", "headed"], " (did you mean 'visits'?)"),
        ("zzz", ["b", "a"], " (known: a, b)"),
        ("zzz", [], ""),
    ],
)
def test_a_guess_is_made_only_when_it_is_near(word: str, known: list[str], said: str) -> None:
    assert did_you_mean(word, known) == said
