"""Typed settings: one home folder with ``config/`` and ``data/``, and one file per customer.

The home is ``--home``, else ``SUBMITTER_HOME``, else ``~/submitter``. An unknown key anywhere is refused with a guess
at what was meant, because a mistyped setting that is silently ignored would be found out by a customer.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from submitter.errors import ConfigurationError
from submitter.model.account import Customer
from submitter.model.money import Money
from submitter.model.record import Record

M = TypeVar("M", bound=BaseModel)


class Labour(Record):
    """What an hour of a back-office person costs, for reports."""

    per_hour: Money = Money.of("45.00", "USD")


class Browsing(Record):
    headed: bool = False
    step_seconds: float = Field(default=20.0, gt=0)  # how long one step at a portal may take
    commit_seconds: float = Field(default=30.0, gt=0)  # how long the sending click may take until the receipt shows


class Working(Record):
    visits: int = Field(default=2, ge=1, le=64)  # accounts visited at the same time
    lease_seconds: float = Field(default=60.0, gt=1)
    heartbeat_seconds: float = Field(default=15.0, gt=0)
    unknown_hours: float = Field(default=24.0, gt=0)  # an unknown outcome older than this goes to a person


class Settings(Record):
    """config/submitter.toml, every key optional, plus where things lie."""

    home: Path
    database_url: str = ""
    labour: Labour = Labour()
    browsing: Browsing = Browsing()
    working: Working = Working()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def customers_folder(self) -> Path:
        return self.home / "config" / "customers"

    def database(self) -> str:
        """The SQLAlchemy address: ``SUBMITTER_DATABASE_URL``, the setting, else SQLite in the data folder."""
        given = os.environ.get("SUBMITTER_DATABASE_URL") or self.database_url
        return given or f"sqlite:///{self.data / 'submitter.sqlite'}"


def find_home(given: str | os.PathLike[str] | None = None) -> Path:
    return Path(given or os.environ.get("SUBMITTER_HOME") or Path.home() / "submitter").expanduser().resolve()


def read_settings(home: Path) -> Settings:
    path = home / "config" / "submitter.toml"
    raw = _read_toml(path) if path.exists() else {}
    _refuse(raw, ("home",), path)
    return _validate(Settings, {**_with_money(raw, path), "home": home}, path)


def read_customers(settings: Settings) -> tuple[Customer, ...]:
    """All customer files, by id. ConfigurationError names the file and the key that is wrong."""
    folder = settings.customers_folder
    return tuple(read_customer(path) for path in sorted(folder.glob("*.toml"))) if folder.is_dir() else ()


def read_customer(path: Path) -> Customer:
    raw = _read_toml(path)
    identity = path.stem
    _refuse(raw, ("id",), path)
    account = raw.get("account")
    if isinstance(account, dict):
        _refuse(account, ("id", "customer"), path, "account.")
        raw["account"] = {**account, "id": identity, "customer": identity}
    return _validate(Customer, {**_with_money(raw, path), "id": identity}, path)


def customer_called(name: str, customers: tuple[Customer, ...]) -> Customer:
    """The customer with this id, name or alias; ConfigurationError with a guess when there is none."""
    for customer in customers:
        if customer.is_called(name):
            return customer
    known = [n for c in customers for n in (c.id, c.name, *c.aliases)]
    raise ConfigurationError(f"No customer is called {name!r}{did_you_mean(name, known)}.")


def did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (known: {', '.join(sorted(known))})" if known else ""


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from error


def _refuse(raw: dict[str, Any], keys: tuple[str, ...], path: Path, where: str = "") -> None:
    """Keys that a file's own place and name say already; stated again they could only disagree."""
    for key in keys:
        if key in raw:
            raise ConfigurationError(f"{path}: {where}{key}: the file's place and name say this; take it out.")


def _with_money(raw: Any, path: Path, where: str = "") -> Any:
    """Turn ``{amount = "75.00", currency = "USD"}`` into minor units anywhere in a file, as people write money."""
    if isinstance(raw, list):
        return [_with_money(item, path, where) for item in raw]
    if not isinstance(raw, dict):
        return raw
    if set(raw) == {"amount", "currency"}:
        try:
            return Money.of(Decimal(str(raw["amount"])), str(raw["currency"])).model_dump()
        except ArithmeticError:
            raise ConfigurationError(f"{path}: {where}: {raw['amount']!r} is not an amount.") from None
        except ValueError as error:
            raise ConfigurationError(f"{path}: {where}: {error}.") from None
    return {key: _with_money(value, path, f"{where}.{key}".lstrip(".")) for key, value in raw.items()}


def _validate(model: type[M], raw: dict[str, Any], path: Path) -> M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        found = error.errors()  # a mistyped key may also be missing under its right name; the typing error says more
        first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = _keys_at(model, first["loc"][:-1])
            reason = f"the key {where!r} is unknown{did_you_mean(str(first['loc'][-1]), known)}"
        else:
            reason = f"{where or 'the file'}: {first['msg'].removeprefix('Value error, ')}"
        raise ConfigurationError(f"{path}: {reason}.") from error


def _keys_at(model: type[BaseModel], where: tuple[int | str, ...]) -> list[str]:
    for step in where:
        field = model.model_fields.get(str(step))
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        nested = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not nested:
            return []
        model = nested[0]
    return list(model.model_fields)
