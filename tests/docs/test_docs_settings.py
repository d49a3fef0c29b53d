"""The example settings are read by the models, name every key, and state the true defaults; the schemas are current."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from submitter.cli.setup import CUSTOMER_EXAMPLE, SETTINGS_EXAMPLE
from submitter.model.account import Account, Customer
from submitter.model.agreement import Agreement
from submitter.model.rules import Rules
from submitter.settings import Browsing, Labour, Lists, Settings, Watching, Working, read_customer, read_settings
from tests.docs.pages import ROOT, script

SETTINGS = ROOT / "config" / "submitter.toml"
CUSTOMER = ROOT / "config" / "customers" / "tejas-resources.toml.example"
PORTAL = ROOT / "config" / "portals" / "coupa.toml.example"
SCHEMAS = script("write_schemas").files()
NOT_WRITTEN = {"id", "home", "customer", "rules_from"}  # known from the file's name and place


def uncommented(text: str) -> str:
    """The file with every optional line switched on."""
    return re.sub(r'^# (?=\[|[a-z_]+ = |")', "", text, flags=re.MULTILINE)


def read(tmp_path: Path, text: str) -> Customer:
    path = tmp_path / "tejas-resources.toml"
    path.write_text(text, encoding="utf-8")
    return read_customer(path)


def read_home(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "submitter.toml").write_text(text, encoding="utf-8")
    return read_settings(tmp_path)


@pytest.mark.parametrize("text", [SETTINGS.read_text(encoding="utf-8"), SETTINGS_EXAMPLE], ids=["config", "init"])
def test_the_example_settings_state_the_defaults(tmp_path: Path, text: str) -> None:
    defaults = Settings(home=tmp_path)
    assert read_home(tmp_path, uncommented(text)) == defaults
    assert tomllib.loads(text) == {}, "as it stands it changes nothing"


@pytest.mark.parametrize("text", [CUSTOMER.read_text(encoding="utf-8"), CUSTOMER_EXAMPLE], ids=["config", "init"])
def test_the_example_customer_is_a_customer(tmp_path: Path, text: str) -> None:
    customer = read(tmp_path, text)
    assert (customer.id, customer.account.id, customer.account.portal) == ("tejas-resources",) * 2 + ("fieldgate",)
    assert read(tmp_path, uncommented(text)).account.words, "the optional lines can be switched on"


def test_the_example_customer_states_the_defaults_of_its_rules(tmp_path: Path) -> None:
    rules = read(tmp_path, uncommented(CUSTOMER.read_text(encoding="utf-8"))).rules
    defaults = Rules().model_dump()
    examples = {key for key, default in defaults.items() if default in (None, {})}  # which have nothing to state
    left_out = examples | {"currencies", "coding_required"}  # these are set, and the file says so
    assert rules.model_dump(exclude=left_out) == Rules().model_dump(exclude=left_out)
    text = CUSTOMER.read_text(encoding="utf-8")
    for key in examples:
        assert re.search(rf"^# (\[rules\.{key}\]|{key} = ).*# an example", text, re.MULTILINE), key


@pytest.mark.parametrize(
    ("path", "models"),
    [
        (SETTINGS, [Settings, Labour, Browsing, Working, Lists, Watching]),
        (CUSTOMER, [Customer, Account, Rules, Agreement]),
    ],
    ids=["settings", "customer"],
)
def test_the_examples_name_every_key(path: Path, models: list[type[BaseModel]]) -> None:
    text = path.read_text(encoding="utf-8")
    for model in models:
        for key in model.model_fields.keys() - NOT_WRITTEN:
            assert re.search(rf"^(# )?(\[((account|rules)\.)?{key}\]|{key} = )", text, re.MULTILINE), (
                f"{model.__name__}.{key}"
            )


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_schemas_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == SCHEMAS[path], "run: .venv/bin/python scripts/write_schemas.py"


def keys_outside(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> list[str]:
    """The keys of a file that its schema does not know, and the required ones that the file lacks."""
    while "$ref" in schema or "anyOf" in schema:
        schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema["anyOf"][0]
    if not isinstance(value, dict):
        return []
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [key for key in schema.get("required", []) if key not in value]
    for key, below in value.items():
        if key in known:
            found += keys_outside(below, known[key], whole)
        elif more is False:
            found.append(key)
    return found


@pytest.mark.parametrize(("example", "schema"), [(SETTINGS, "submitter"), (CUSTOMER, "customer"), (PORTAL, "portal")])
def test_the_examples_fit_their_schemas(example: Path, schema: str) -> None:
    whole = json.loads((ROOT / "config" / "schema" / f"{schema}.json").read_text(encoding="utf-8"))
    written = tomllib.loads(uncommented(example.read_text(encoding="utf-8")))
    assert keys_outside(written, whole, whole) == []
    assert keys_outside({"nmae": 1}, whole, whole) != []
