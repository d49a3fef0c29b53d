"""Manifests and the catalogue: what an adapter says about itself, and which there are."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.adapters import catalogue
from submitter.adapters.catalogue import adapter_class, all_ids
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.manifest import origin_of, read_manifest
from submitter.adapters.visit import Visit
from submitter.errors import ConfigurationError, PageUnknown
from submitter.model.money import NUMBER_LOCALES, Money, parse_number
from tests.unit.adapters.tiny.adapter import Tiny
from tests.unit.store.made import account

TINY = Path(__file__).parent / "tiny" / "manifest.toml"


def test_an_unknown_key_in_a_manifest_is_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text("listing_delay = 2\n" + TINY.read_text())
    with pytest.raises(ConfigurationError, match="listing_delay") as caught:
        read_manifest(tmp_path)
    assert str(tmp_path / "manifest.toml") in caught.value.message


@pytest.mark.parametrize("text", ["", "id = ", 'words = {"Paid" = "payed"}'])
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_manifest(tmp_path)


def test_a_visit_may_talk_to_the_accounts_address_and_what_the_manifest_names() -> None:
    assert Tiny.manifest.allowed_origins(account()) == {
        "https://portal.example.com:443",
        "https://files.example.com:443",
    }


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://portal.example.com/a?b#c", "https://portal.example.com:443"),
        ("https://PORTAL.example.com:8443", "https://portal.example.com:8443"),
        ("http://127.0.0.1:9000/x", "http://127.0.0.1:9000"),
        ("http://localhost", "http://localhost:80"),
        ("wss://portal.example.com/live", "https://portal.example.com:443"),
        ("ws://localhost:81/live", "http://localhost:81"),
        ("https://portal.example.com@files.invalid/", "https://files.invalid:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


# -- the catalogue -------------------------------------------------------------------------------------------------


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other packages' entry points, good and bad."""

    def named(name: str, value: str) -> EntryPoint:
        return EntryPoint(name, value, "submitter.adapters")

    points = EntryPoints(
        (
            named("tiny", "tests.unit.adapters.tiny.adapter:Tiny"),
            named("gone", "submitter.no_such_module:Adapter"),
            named("broken", "tests.unit.adapters.tiny.adapter:Missing"),
            named("a-function", "tests.unit.adapters.tiny.adapter:review_of"),
            named("a-class", "tests.unit.adapters.tiny.adapter:FakeVisit"),
        )
    )
    monkeypatch.setattr(catalogue, "entry_points", lambda group: points.select(group=group))
    monkeypatch.setattr(catalogue, "installed_adapter", catalogue.installed_adapter.__wrapped__)


@pytest.mark.usefixtures("entry_points")
def test_another_packages_adapter_is_found() -> None:
    assert catalogue.adapter_class("tiny") is Tiny
    assert all_ids() == ["a-class", "a-function", "broken", "gone", "ledgerline", "tiny"], "and the flow of our own"


@pytest.mark.usefixtures("entry_points")
@pytest.mark.parametrize(
    ("portal", "sentence"),
    [
        ("tinny", "There is no adapter 'tinny'; there are: a-class, a-function, broken, gone, ledgerline, tiny"),
        ("gone", "The adapter 'gone' cannot be loaded: No module named 'submitter.no_such_module'"),
        ("broken", "The adapter 'broken' cannot be loaded"),
        ("a-function", "The entry point 'a-function' does not name a portal adapter"),
        ("a-class", "The entry point 'a-class' does not name a portal adapter"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_named(portal: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        catalogue.adapter_class(portal)


def test_fieldgate_is_installed() -> None:
    assert "fieldgate" in all_ids()
    assert issubclass(adapter_class("fieldgate"), PortalAdapter)


# -- what a visit writes and reads for an adapter ------------------------------------------------------------------


@given(
    value=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
    locale=st.sampled_from(sorted(NUMBER_LOCALES)),
)
def test_what_is_typed_into_a_portal_is_what_its_locale_reads(value: Decimal, locale: str) -> None:
    visit = SimpleNamespace(manifest=SimpleNamespace(locale=locale))
    assert parse_number(Visit.write_number(visit, value), locale) == value  # type: ignore[arg-type]


def test_amounts_and_dates_are_read_by_the_manifest_alone() -> None:
    visit = SimpleNamespace(manifest=Tiny.manifest)
    assert Visit.read_money(visit, "1.234,50 EUR") == Money.of("1234.50", "EUR")  # type: ignore[arg-type]
    assert Visit.read_money(visit, "1.234,50", "EUR") == Money.of("1234.50", "EUR")  # type: ignore[arg-type]
    day = Visit.read_date(visit, " 03.02.2026 ")  # type: ignore[arg-type]
    assert (day.day, day.month) == (3, 2)
    assert Visit.write_date(visit, day) == "03.02.2026"  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["1,234.50 EUR", "1.234,50", "1.234,50 XXQ", "n/a", "", "1,2345 EUR"])
def test_an_amount_the_portal_does_not_write_so_is_a_changed_page(words: str) -> None:
    with pytest.raises(PageUnknown, match="is not an amount as this portal writes them"):
        Visit.read_money(SimpleNamespace(manifest=Tiny.manifest), words)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["2026-02-03", "3/2/2026", "31.02.2026", ""])
def test_a_date_the_portal_does_not_write_so_is_a_changed_page(words: str) -> None:
    with pytest.raises(PageUnknown, match="is not a date as this portal writes them"):
        Visit.read_date(SimpleNamespace(manifest=Tiny.manifest), words)  # type: ignore[arg-type]
