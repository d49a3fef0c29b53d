"""Typed settings: one home folder with ``config/`` and ``data/``, and one file per customer.

The home is ``--home``, else ``SUBMITTER_HOME``, else ``~/submitter``. An unknown key anywhere is refused with a guess
at what was meant, because a mistyped setting that is silently ignored would be found out by a customer.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from submitter.errors import ConfigurationError
from submitter.model.account import Customer
from submitter.model.money import Money
from submitter.model.profile import Profile
from submitter.model.record import Record
from submitter.toml_files import did_you_mean, read_toml, validated

#: The profiles of portals that the program brings.
PROFILES = Path(__file__).parent / "profiles"

M = TypeVar("M", bound=BaseModel)


class Labour(Record):
    """What an hour of a back-office person costs, for reports."""

    per_hour: Money = Money.of("45.00", "USD")


class Browsing(Record):
    headed: bool = False
    step_seconds: float = Field(default=20.0, gt=0)  # how long one step at a portal may take
    commit_seconds: float = Field(default=30.0, gt=0)  # how long the sending click may take until the receipt shows
    endpoint: str = ""  # ws://... of a `playwright run-server`, when browsers run on another machine
    recycle_visits: int = Field(default=100, ge=1)  # visits after which the browser is started anew
    recycle_megabytes: int = Field(default=2000, ge=100)  # ... or when it has grown to this, whichever comes first


class Working(Record):
    visits: int = Field(default=0, ge=0, le=64)  # accounts visited at the same time; 0: what this machine carries
    lease_seconds: float = Field(default=60.0, gt=1)
    heartbeat_seconds: float = Field(default=15.0, gt=0)
    unknown_hours: float = Field(default=24.0, gt=0)  # an unknown outcome older than this goes to a person
    look_seconds: float = Field(default=5.0, gt=0)  # how often a running worker looks for due work
    retry_seconds: float = Field(default=120.0, gt=0)  # the first wait after a failure; doubled with each further one
    circuit_seconds: float = Field(default=600.0, gt=0)  # the first pause of an account whose portal is away; doubled
    visit_minutes: float = Field(default=10.0, gt=0)  # after this a visit ends and other accounts get their turn

    @model_validator(mode="after")
    def _beats_in_time(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("heartbeat_seconds must be at most half of lease_seconds, or a slow beat loses the lease")
        return self


class Lists(Record):
    """What the ERP's lists of invoices are like."""

    erp: str = "plain"  # plain, quickbooks, xero, sage, netsuite, sap, or a map of your own in config/lists/
    names: tuple[str, ...] = Field(default=("invoices.csv", "invoices.xlsx"), min_length=1)  # * stands for anything
    dates: tuple[str, ...] = ()  # how it writes days, when not as the map says: ["%d/%m/%Y"]
    numbers: str = ""  # how it writes amounts, when not as the map says: plain, en-US, de-DE, ...
    currency: str = ""  # of invoices whose list does not say it


class Watching(Record):
    """The watch folder: `submitter intake --watch`."""

    look_seconds: float = Field(default=2.0, gt=0)  # how often the folder is looked at
    settle_seconds: float = Field(default=5.0, gt=0)  # a file is whole when it has not changed for so long
    wait_minutes: float = Field(default=10.0, ge=0)  # how long a list waits for files that it names
    again_seconds: float = Field(default=60.0, gt=0)  # how soon a delivery that could not be stored is tried again


class Files(Record):
    """How files are opened: beside how many others, and with which of the optional parts."""

    processes: int = Field(default=0, ge=0, le=16)  # files opened at the same time; 0: what this machine carries
    second_opinion: bool = True  # a second library looks at each PDF, when submitter[second-opinion] is installed
    read_scans: bool = True  # barcodes and letters on pictures are read, when the parts for it are installed
    scan_language: str = Field(default="eng", pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$")  # as tesseract calls it: eng+deu
    official_rules: bool = False  # electronic invoices are held to EN 16931's own rules; needs submitter[rules]


class Settings(Record):
    """config/submitter.toml, every key optional, plus where things lie."""

    home: Path
    database_url: str = ""
    documents_url: str = ""  # where the documents lie, as fsspec names it: file:///..., s3://bucket/prefix
    documents_encrypted: bool = False  # new documents are sealed with a key from the keyring
    documents_keep_years: int = Field(default=10, ge=0, le=100)  # `documents purge` takes away nothing younger
    labour: Labour = Labour()
    browsing: Browsing = Browsing()
    working: Working = Working()
    files: Files = Files()
    lists: Lists = Lists()
    watching: Watching = Watching()

    @model_validator(mode="after")
    def _a_lease_outlives_a_commit(self) -> Self:
        if self.browsing.commit_seconds >= self.working.lease_seconds:
            raise ValueError("browsing.commit_seconds must be shorter than working.lease_seconds")
        return self

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def customers_folder(self) -> Path:
        return self.home / "config" / "customers"

    @property
    def lists_folder(self) -> Path:
        return self.home / "config" / "lists"

    @property
    def adapters_folder(self) -> Path:
        """Where the user's own flows lie: ``<portal>/flow.toml`` with its manifest."""
        return self.home / "config" / "adapters"

    @property
    def rules_folder(self) -> Path:
        """Where the user's own rule files for electronic invoices lie: compiled XSLT in ``ubl`` and ``cii``."""
        return self.home / "config" / "rules"

    def database(self) -> str:
        """The SQLAlchemy address: ``SUBMITTER_DATABASE_URL``, the setting, else SQLite in the data folder."""
        given = os.environ.get("SUBMITTER_DATABASE_URL") or self.database_url
        return given or f"sqlite:///{self.data / 'submitter.sqlite'}"

    def documents(self) -> str:
        """Where the documents lie: ``SUBMITTER_DOCUMENTS_URL``, the setting, else a folder in the data folder."""
        given = os.environ.get("SUBMITTER_DOCUMENTS_URL") or self.documents_url
        return given or f"file://{(self.data / 'vault').absolute()}"


def find_home(given: str | os.PathLike[str] | None = None) -> Path:
    return Path(given or os.environ.get("SUBMITTER_HOME") or Path.home() / "submitter").expanduser().resolve()


def read_settings(home: Path) -> Settings:
    path = home / "config" / "submitter.toml"
    raw = read_toml(path) if path.exists() else {}
    _refuse(raw, ("home",), path)
    return validated(Settings, {**_with_money(raw, path), "home": home}, path)


def read_customers(settings: Settings) -> tuple[Customer, ...]:
    """All customer files, by id. ConfigurationError names the file and the key that is wrong."""
    folder = settings.customers_folder
    return tuple(read_customer(path) for path in sorted(folder.glob("*.toml"))) if folder.is_dir() else ()


def read_customer(path: Path) -> Customer:
    raw = read_toml(path)
    identity = path.stem
    _refuse(raw, ("id", "rules_from"), path)
    account = raw.get("account")
    if isinstance(account, dict):
        _refuse(account, ("id", "customer"), path, "account.")
        raw["account"] = {**account, "id": identity, "customer": identity}
    raw = _with_money(raw, path)
    alone = validated(Customer, {**raw, "id": identity}, path)  # a profile's mistake must not be said of this file
    rules: dict[str, Any] = {}
    rules_from: dict[str, str] = {}
    for name, profile in _profiles(alone, path):
        rules = _laid_over(rules, profile)
        rules_from |= dict.fromkeys(_keys_of(profile), name)
    own = raw.get("rules", {})
    left = {key: name for key, name in rules_from.items() if key not in _keys_of(own)}
    whole = {**raw, "id": identity, "rules": _laid_over(rules, own), "rules_from": left}
    return validated(Customer, whole, path) if rules else alone


def _profiles(customer: Customer, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The profiles that this customer's rules stand on, the lowest first: what it is called, and its ``[rules]``."""
    wanted = customer.profile or customer.account.portal
    own = path.parent.parent / "portals"
    found = [one for one in (PROFILES / f"{wanted}.toml", own / f"{wanted}.toml") if _is_name(wanted) and one.is_file()]
    if customer.profile and not found:
        known = [one.stem for folder in (PROFILES, own) for one in folder.glob("*.toml")]
        raise ConfigurationError(f"{path}: profile: there is no profile {wanted!r}{did_you_mean(wanted, known)}.")
    profiles = []
    for one in found:
        raw = _with_money(read_toml(one), one)
        profile = validated(Profile, raw, one)
        called = f"{profile.name} profile" if one.parent == PROFILES else f"config/portals/{one.name}"
        profiles.append((called, raw.get("rules", {})))
    return profiles


def profiles_of(folder: Path) -> dict[str, Profile]:
    """The profiles that lie in a folder, by the portal's id: ``PROFILES``, or the home's ``config/portals``."""
    found = sorted(path for path in folder.glob("*.toml") if _is_name(path.stem))
    return {path.stem: validated(Profile, _with_money(read_toml(path), path), path) for path in found}


def _is_name(word: str) -> bool:
    """Whether it can be a file's name and nothing more: a portal called ../x must not lead out of the folder."""
    return re.fullmatch(r"[a-z0-9][a-z0-9_-]*", word) is not None


def _laid_over(beneath: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Key by key, and in tables (severities, limits) entry by entry."""
    both = {**beneath, **above}
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(beneath.get(key), dict):
            both[key] = {**beneath[key], **value}
    return both


def _keys_of(rules: dict[str, Any]) -> list[str]:
    """The keys that a ``[rules]`` sets; of a table its entries, as ``severity.order.unknown``."""
    tables = [f"{key}.{entry}" for key, value in rules.items() if isinstance(value, dict) for entry in value]
    return [*(key for key, value in rules.items() if not isinstance(value, dict)), *tables]


def read_record(model: type[M], path: Path) -> M:
    """A TOML file as what it describes. ConfigurationError names the file and the key that is wrong."""
    return validated(model, read_toml(path), path)


def customer_called(name: str, customers: tuple[Customer, ...]) -> Customer:
    """The customer with this id, name or alias; ConfigurationError with a guess when there is none."""
    for customer in customers:
        if customer.is_called(name):
            return customer
    known = [n for c in customers for n in (c.id, c.name, *c.aliases)]
    raise ConfigurationError(f"No customer is called {name!r}{did_you_mean(name, known)}.")


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
