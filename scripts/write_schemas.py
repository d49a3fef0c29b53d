"""Writes the JSON schemas of every kind of settings file, and of our JSON invoice, from their models.

`python scripts/write_schemas.py` rewrites config/schema/; a test says when they are out of date. A schema describes the
file as a person writes it: what the program knows from elsewhere (a file's name is the customer's id) is left out, and
money is written as an amount with its currency.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from submitter.adapters.flow.flow import Flow
from submitter.documents.einvoices.json_invoice import WrittenInvoice
from submitter.model.account import Customer
from submitter.model.list_map import ListMap
from submitter.model.money import Money
from submitter.model.profile import Profile
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
    _leave_out(schema, "id", "rules_from")
    _leave_out(schema["$defs"]["Account"], "id", "customer")
    return schema


def portal() -> dict[str, Any]:
    """config/portals/<portal>.toml: a home folder's own profile of a portal."""
    return _of(Profile, "A portal's rules for every customer on it: config/portals/<portal>.toml")


def submitter() -> dict[str, Any]:
    """config/submitter.toml: the home folder is where the file was found."""
    schema = _of(Settings, "submitter's settings: config/submitter.toml")
    _leave_out(schema, "home")
    return schema


def list_map() -> dict[str, Any]:
    """config/lists/<name>.toml: how an ERP writes its list of invoices."""
    return _of(ListMap, "A map of an ERP's list of invoices: config/lists/<name>.toml")


def invoice() -> dict[str, Any]:
    """An invoice as a supplier's ERP may write it beside the printed one."""
    return _of(WrittenInvoice, "An invoice in JSON, as submitter reads it beside the printed one")


def flow() -> dict[str, Any]:
    """config/adapters/<portal>/flow.toml: a portal's way, step by step."""
    return _of(Flow, "A portal as a flow file: config/adapters/<portal>/flow.toml")


def _of(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    if "Money" in schema["$defs"]:
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
    kinds = (customer, submitter, portal, list_map, flow, invoice)
    return {FOLDER / f"{one.__name__}.json": written(one()) for one in kinds}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"Wrote {path.name}")


if __name__ == "__main__":
    main()
