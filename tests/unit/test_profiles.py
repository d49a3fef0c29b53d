"""Rules stand on each other: submitter's own, the portal's profile, the home's profile, the customer's file."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from submitter.errors import ConfigurationError
from submitter.model.account import Customer
from submitter.model.rules import Rules
from submitter.settings import PROFILES, read_customer

ROOT = Path(__file__).parents[2]
CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "{portal}"
address = "https://portal.example.com"
user = "clerk"
"""

Read = Callable[..., Customer]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the customer's file, and a profile of the home's own where one is given, and read the customer."""

    def read(rules: str = "", own: str | None = None, portal: str = "ipp", top: str = "") -> Customer:
        customers, portals = tmp_path / "config" / "customers", tmp_path / "config" / "portals"
        for folder in (customers, portals):
            folder.mkdir(parents=True, exist_ok=True)
        if own is not None:
            (portals / f"{portal}.toml").write_text(own)
        path = customers / "tejas.toml"
        path.write_text(f"{top}\n{CUSTOMER.format(portal=portal)}\n[rules]\n{rules}\n")
        return read_customer(path)

    return read


@pytest.mark.parametrize("profile", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_profile_can_be_stood_on_and_gives_its_sources(read: Read, profile: Path) -> None:
    customer = read(portal=profile.stem)
    assert customer.rules_from, "it sets something"
    [name] = set(customer.rules_from.values())
    assert name.endswith(" profile")
    assert "source" in profile.read_text(encoding="utf-8")


def test_there_is_a_profile_for_each_portal_we_know_facts_of() -> None:
    known = {path.stem for path in PROFILES.glob("*.toml")}
    supplier_portals = {"ariba", "coupa", "openinvoice", "tungsten", "taulia", "tradeshift"}
    practised = {"fieldgate", "cobalt", "ledgerline", "meridian"}
    assert known == supplier_portals | {"jaggaer", "oracle", "workday", "ipp"} | practised


def test_key_by_key_the_nearer_file_wins(read: Read) -> None:
    only_profile = read()
    assert (only_profile.rules.max_file_bytes, only_profile.rules.suffix_pattern) == (10_000_000, "[A-Z]")
    customer = read('suffix_pattern = "-R[0-9]"', own="[rules]\nmax_file_bytes = 5_000_000\nsuffix_pattern = '[B-Z]'\n")
    assert (customer.rules.max_file_bytes, customer.rules.suffix_pattern) == (5_000_000, "-R[0-9]")
    assert customer.rules.oldest_days == Rules().oldest_days
    told = {key: customer.rules_from.get(key) for key in ("max_file_bytes", "name_max_length", "suffix_pattern")}
    assert told == {
        "max_file_bytes": "config/portals/ipp.toml",
        "name_max_length": "IPP profile",
        "suffix_pattern": None,
    }


def test_severities_and_limits_stand_on_each_other_entry_by_entry(read: Read) -> None:
    severities = '[rules.severity]\n"order.unknown" = "blocks"\n"order.line" = "blocks"\n'
    own = f"[rules]\ndocument_limits = {{ pod = {{ most = 3 }} }}\n{severities}"
    customer = read(
        'document_limits = { invoice = { most = 1 } }\n[rules.severity]\n"order.line" = "warns"', own, portal="acme"
    )
    assert customer.rules.severity == {"order.unknown": "blocks", "order.line": "warns"}
    assert {kind: limits.most for kind, limits in customer.rules.document_limits.items()} == {"pod": 3, "invoice": 1}
    assert customer.rules_from == {
        "document_limits.pod": "config/portals/acme.toml",
        "severity.order.unknown": "config/portals/acme.toml",
    }


def test_a_portal_without_a_profile_has_the_built_in_rules(read: Read) -> None:
    customer = read(portal="acme")
    assert (customer.rules, customer.rules_from) == (Rules(), {})


def test_a_customer_may_stand_on_the_profile_of_another_name(read: Read) -> None:
    assert read(portal="acme-adapter", top='profile = "ipp"').rules.max_file_bytes == 10_000_000
    with pytest.raises(
        ConfigurationError, match=r"tejas\.toml: profile: there is no profile 'ippp' .did you mean 'ipp'"
    ):
        read(top='profile = "ippp"')


@pytest.mark.parametrize("name", ["../customers/tejas", "..", "/etc/hosts", "IPP", ""])
def test_a_portals_name_never_leads_out_of_the_folder(read: Read, name: str) -> None:
    assert read(portal=name).rules_from == {}


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("[rules]\nmax_file_byte = 1\n", "the key 'rules.max_file_byte' is unknown (did you mean 'max_file_bytes'?)"),
        ("[rule]\n", "the key 'rule' is unknown (did you mean 'rules'?)"),
        ("[rules]\nafe_pattern = '('\n", "'(' is not a pattern"),
        ("[rules.severity]\n'order.unknwon' = 'blocks'\n", "there is no rule 'order.unknwon' (did you mean"),
        ("[rules.severity]\n'documents.unreadable' = 'warns'\n", "'documents.unreadable' always blocks: "),
        ("[rules.severity]\n'order.unknown' = 'off'\n", "Input should be 'blocks' or 'warns'"),
        ("rules = 3\n", "rules: "),
        ("[rules\n", "cannot be read"),
    ],
)
def test_a_wrong_profile_is_refused_by_its_own_name(read: Read, own: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(own=own)
    assert words in caught.value.message
    assert "ipp.toml" in caught.value.message
    assert "tejas.toml" not in caught.value.message


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("cutoff_day = 0", "rules.cutoff_day: "),
        ("cutoff_day = 32", "rules.cutoff_day: "),
        ('quantity_tolerance = "-0.1"', "rules.quantity_tolerance: "),
        ('same_number = "any"', "rules.same_number: "),
        ("document_limits = { pod = { least = 2, most = 1 } }", "at most 1 and at least 2 cannot both be kept"),
        ("document_limits = { pod = { leats = 2 } }", "unknown (did you mean 'least'?)"),
        ('required_documents = ["pods"]', "rules.required_documents"),
        ('suffix_pattern = "["', "'[' is not a pattern"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_key(read: Read, rules: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(rules)
    assert words in caught.value.message
    assert "tejas.toml" in caught.value.message


def test_where_rules_come_from_is_not_for_the_file_to_say(read: Read) -> None:
    with pytest.raises(ConfigurationError, match="rules_from"):
        read(top="rules_from = {}")


def test_the_wheel_brings_the_profiles(tmp_path: Path) -> None:
    [built] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
    assert {f"submitter/profiles/{path.name}" for path in PROFILES.glob("*.toml")} <= names
