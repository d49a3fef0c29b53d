"""Writes the JSON schemas of the two kinds of settings file from the models that read them.

`python scripts/write_schemas.py` rewrites config/schema/; a test says when they are out of date. A schema describes the
file as a person writes it: what the program knows from elsewhere (a file's name is the customer's id) is left out, and
money is written as an amount with its currency.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from submitter.model.account import Customer
from submitter.model.money import Money
from submitter.settings import Settings

FOLDER = Path(__file__).parent.parent / "config" / "schema"

MONEY = {
    "title": "Money",
    "description": "An exact amount of one currency.",
    "type": "object",
    "properties": {
        "amount": {"description": 'in quotes, for example "75.00"', "type": "string"},
        "currency": {"description": "an ISO 4217 code", "pattern": "^[A-Z]{3}$", "type": "string"},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}


def customer() -> dict[str, Any]:
    """config/customers/<id>.toml: the id comes from the file's name, in the account too."""
    schema = _of(Customer, "A customer, its account and its rules: config/customers/<id>.toml")
    _leave_out(schema, "id")
    _leave_out(schema["$defs"]["Account"], "id", "customer")
    return schema


def submitter() -> dict[str, Any]:
    """config/submitter.toml: the home folder is where the file was found."""
    schema = _of(Settings, "submitter's settings: config/submitter.toml")
    _leave_out(schema, "home")
    return schema


def _of(model: type[Customer] | type[Settings], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema["$defs"]["Money"] = MONEY
    schema = _as_written(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _leave_out(schema: dict[str, Any], *names: str) -> None:
    for name in names:
        del schema["properties"][name]
    schema["required"] = [name for name in schema.get("required", []) if name not in names]
    if not schema["required"]:
        del schema["required"]


def _as_written(value: Any) -> Any:
    """Money that stands as a default, in minor units, is turned into what a person would write."""
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _written_default(item) if key == "default" else _as_written(item) for key, item in value.items()}


def _written_default(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"minor", "currency"}:
        money = Money.model_validate(value)
        return {"amount": str(money.amount), "currency": money.currency}
    if isinstance(value, dict):
        return {key: _written_default(item) for key, item in value.items()}
    return value


def written(schema: dict[str, Any]) -> str:
    """The text of a schema file: the same for the same models."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files() -> dict[Path, str]:
    """Every schema file with the text it should have."""
    return {FOLDER / f"{one.__name__}.json": written(one()) for one in (customer, submitter)}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"Wrote {path.name}")


if __name__ == "__main__":
    main()
