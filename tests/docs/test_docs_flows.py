"""The flow in the documents is a flow, fits the schema, and its page names every verb, key and placeholder."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from submitter.adapters.flow.flow import Flow, Interruptive
from submitter.adapters.flow.flow_file import read_flow
from submitter.adapters.flow.lists import InvoiceList
from submitter.adapters.flow.sections import SECTIONS
from submitter.adapters.flow.steps import KINDS
from submitter.adapters.flow.vocabulary import FORMATS, PLACEHOLDERS
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "flow-files.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "config" / "schema" / "flow.json").read_text(encoding="utf-8"))
[WHOLE] = re.findall(r"^```toml\n(\[pages\].*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
GATEHOUSE, LEDGERLINE = ROOT / "tests" / "acceptance" / "gatehouse", ROOT / "submitter" / "adapters" / "ledgerline"
FLOWS = (WHOLE, *((folder / "flow.toml").read_text(encoding="utf-8") for folder in (GATEHOUSE, LEDGERLINE)))


def test_the_whole_flow_on_the_page_is_one(tmp_path: Path) -> None:
    (tmp_path / "flow.toml").write_text(WHOLE, encoding="utf-8")
    assert {step.verb for step in read_flow(tmp_path).prepare} >= {"open", "fill", "upload", "click"}


def test_the_page_names_every_section_verb_key_placeholder_and_format() -> None:
    keys = {key for kind in KINDS for key in kind.model_fields} | set(InvoiceList.model_fields)
    keys |= set(Interruptive.model_fields)
    forms = {form for forms in FORMATS.values() for form in forms}
    for word in {section.name for section in SECTIONS} | keys | forms:
        assert re.search(rf"`{word}\b", PAGE), word
    for name in PLACEHOLDERS:
        group, field = name.split(".")
        assert f"`{name}`" in PAGE or re.search(rf"`{group}\.[^;]*`\.{field}`", PAGE), name


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is as its schema says, as far as ours use the language of schemas."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    either = schema.get("anyOf", schema.get("oneOf"))
    if either:
        return any(fits(value, one) for one in either)
    if schema.get("type") == "array":
        return isinstance(value, list) and all(fits(one, schema.get("items", {})) for one in value)
    if schema.get("type") != "object":
        kinds = {"string": str, "boolean": bool, "null": type(None)}
        return isinstance(value, kinds.get(schema.get("type", ""), object)) and value in schema.get("enum", [value])
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    if not isinstance(value, dict) or not set(schema.get("required", [])) <= set(value):
        return False
    rest = [one for key, one in value.items() if key not in known]
    return all(fits(value[key], known[key]) for key in known if key in value) and all(
        more is not False and (more is True or fits(one, more)) for one in rest
    )


def test_right_flows_fit_the_schema_and_wrong_ones_do_not() -> None:
    for text in FLOWS:
        assert Flow.model_validate(tomllib.loads(text))
        assert fits(tomllib.loads(text), SCHEMA)
    for right, wrong in (('fill = "Tax"', 'fil = "Tax"'), ('files = ["all"]', 'files = ["al"]'), ("empty", "emty")):
        assert not fits(tomllib.loads(WHOLE.replace(right, wrong, 1)), SCHEMA), wrong
