"""`submitter portal`: the portals there are adapters for, what is known of each, and a look at one from outside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from submitter.adapters.catalogue import adapter_class, all_ids
from submitter.adapters.manifest import Manifest
from submitter.cli.portal_check import check
from submitter.cli.portal_eject import eject
from submitter.cli.screen import local, opened, print_json, say, show_table
from submitter.cli.work import look_at
from submitter.model.account import Account
from submitter.model.profile import Profile, Sourced
from submitter.queue.office import Office, person
from submitter.settings import PROFILES, customer_called, profiles_of
from submitter.store import accounts
from submitter.toml_files import did_you_mean

as_json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")


@click.group()
def portal() -> None:
    """Portals: which there are adapters for, what is known of them, and whether they are as known today.

    Example: submitter portal list
    """


portal.add_command(check)
portal.add_command(eject)


@portal.command(name="list")
@as_json_option
@click.pass_obj
def list_(home: Path, as_json: bool) -> None:
    """List the adapters, how far each can be trusted and what it was run against, and the profiles without one.

    Example: submitter portal list
    """
    with opened(home) as office:
        users, own = _customers_by_portal(office), office.settings.adapters_folder
    manifests = [adapter_class(one, own).manifest for one in all_ids(own)]
    only_known = {key: one for key, one in profiles_of(PROFILES).items() if key not in all_ids(own)}
    if as_json:
        known = [{"id": key, "vendor": one.name, "grade": None} for key, one in only_known.items()]
        print_json([*(_told(one, users) for one in manifests), *known])
        return
    show_table(
        "Portals with an adapter",
        ("Portal", "Vendor", "Grade", "Run against", "Sign-in", "Customers"),
        [
            (m.id, m.vendor, m.grade.value, m.ran_against, ", ".join(m.sign_in), ", ".join(users.get(m.id, ())))
            for m in manifests
        ],
    )
    show_table(
        "Portals with a profile only: what public pages say, run against nothing",
        ("Portal", "Vendor", "Status words", "Facts"),
        [(key, one.name, len(one.words), len(one.facts)) for key, one in only_known.items()],
        ("Status words", "Facts"),
    )


@portal.command()
@click.argument("portal_id", metavar="ID")
@as_json_option
@click.pass_obj
def show(home: Path, portal_id: str, as_json: bool) -> None:
    """Show what the adapter of the portal ID says of itself, and the accounts that use it.

    Example: submitter portal show fieldgate
    """
    with opened(home) as office:
        manifest = adapter_class(portal_id, office.settings.adapters_folder).manifest
        used = [one.account for one in office.customers if one.account.portal == portal_id]
        with office.database.reading() as c:
            rows = {row.id: row for row in accounts.read_all(c)}
        users = _customers_by_portal(office)
    if as_json:
        print_json(_told(manifest, users) | {"words": manifest.words, "reasons": manifest.reasons})
        return
    say(f"{manifest.vendor}: {manifest.summary}")
    say(f"Grade {manifest.grade.value}; run against: {manifest.ran_against}. Looked after by {manifest.owner}.")
    say(f"Writes numbers as {manifest.locale} does; signs in by {', '.join(manifest.sign_in)}.")
    say(f"A visit may talk to {', '.join(manifest.origins)} and to nothing else.")
    words = [(word, stage.value) for word, stage in manifest.words.items()]
    show_table("Its status words", ("Portal", "Stage"), words)
    show_table("Its reasons", ("Words", "Cause"), [(words, cause.value) for words, cause in manifest.reasons.items()])
    cells = [(one.id, one.user, one.address, *_state(rows[one.id])) for one in used]
    show_table("Accounts", ("Account", "User", "Address", "Last visit", "Sign-ins", "Paused"), cells, ("Sign-ins",))


@portal.command()
@click.argument("portal_id", metavar="ID")
@as_json_option
@click.pass_obj
def profile(home: Path, portal_id: str, as_json: bool) -> None:
    """Print what public pages say of the portal ID: status words, reasons, facts, each with its source.

    None of it was tried at the portal itself.

    Example: submitter portal profile ipp
    """
    with opened(home) as office:
        known = profiles_of(PROFILES) | profiles_of(office.settings.customers_folder.parent / "portals")
    if portal_id not in known:
        there = ", ".join(sorted(known))
        near = did_you_mean(portal_id, known)
        raise click.ClickException(f"There is no profile {portal_id!r}{near}; there are: {there}.")
    one = known[portal_id]
    if as_json:
        print_json(one.model_dump(mode="json", exclude_defaults=True))
        return
    _print_profile(one)


def _print_profile(one: Profile) -> None:
    if one.noted:
        said = f"from public pages, read on {one.noted:%d %B %Y}, not from the portal itself"
        say(f"{one.name}: {said}. Which stage a word stands for is submitter's own reading.")
    sources = list(dict.fromkeys(each.source for each in (*one.words, *one.reasons, *one.facts)))

    def told(each: Sourced) -> tuple[str, str]:
        return each.sure.replace("_", " "), f"[{sources.index(each.source) + 1}]"

    words = [(w.field, w.word, w.stage.value, w.means, "yes" if w.acts else "", *told(w)) for w in one.words]
    reasons = [(r.words, r.cause.value, *told(r)) for r in one.reasons]
    facts = [(f.about.replace("_", " "), f.says, *told(f)) for f in one.facts]
    rules = list(one.rules.model_dump(mode="json", exclude_unset=True).items())
    for title, headers, rows in (
        ("Status words", ("Which", "Portal", "Stage", "Meaning", "You must act", "Sure", "Source"), words),
        ("Reasons of holds and rejections", ("Words", "Cause", "Sure", "Source"), reasons),
        ("Facts", ("About", "What is said", "Sure", "Source"), facts),
        ("Rules that preflight begins with", ("Key of [rules]", "Value"), rules),
    ):
        if rows:
            show_table(title, headers, rows)
    for number, source in enumerate(sources, 1):
        say(f"[{number}] {source}")


@portal.command()
@click.argument("customer")
@click.option("--headed", is_flag=True, help="Show the browser.")
@click.pass_obj
def probe(home: Path, customer: str, headed: bool) -> int:
    """Sign in for CUSTOMER and look whether the portal's pages are as its adapter knows them. Nothing is sent.

    A page that is not as known pauses the account, as in any visit.

    Example: submitter portal probe tejas-resources
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        report = look_at(office, one, headed=headed)
    if report is None:
        return 1
    say(f"{one.portal} is as its adapter knows it, as far as {one.id} can see.")
    for seen in report.drift:
        say(f"It is changing, though: {seen}.")
    return 0


@portal.command()
@click.argument("portal_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for whoever finds it paused.")
@click.pass_obj
def pause(home: Path, portal_id: str, reason: str) -> None:
    """Stop all visits to the portal ID, for every customer on it. The work stays due.

    Example: submitter portal pause fieldgate --reason "maintenance until Monday"
    """
    with opened(home) as office:
        for one in _accounts_on(office, portal_id):
            with office.database.transaction() as c:
                row = accounts.read(c, one.id)
                if row is not None and row.paused_at is not None:
                    say(f"{one.id} is paused already: {row.pause_reason}")
                    continue
                accounts.pause(c, one.id, office.database.now(c), person(), "person", reason)
            say(f"{one.id} is paused.")


@portal.command()
@click.argument("portal_id", metavar="ID")
@click.option("--reason", default="", help="What was put right.")
@click.pass_obj
def resume(home: Path, portal_id: str, reason: str) -> None:
    """Let visits to the portal ID begin again. What the program itself paused an account for stays as it is.

    Example: submitter portal resume fieldgate --reason "maintenance is over"
    """
    with opened(home) as office:
        for one in _accounts_on(office, portal_id):
            with office.database.transaction() as c:
                row = accounts.read(c, one.id)
                if row is None or row.paused_at is None:
                    say(f"{one.id} is not paused.")
                    continue
                if row.pause_code != "person":
                    remedy = f"When that is put right: submitter account resume {one.id}"
                    say(f"{one.id} stays paused: {row.pause_reason} {remedy}")
                    continue
                accounts.resume(c, one.id, office.database.now(c), person(), reason)
            say(f"{one.id} is no longer paused.")


def _accounts_on(office: Office, portal_id: str) -> list[Account]:
    found = [one.account for one in office.customers if one.account.portal == portal_id]
    if not found:
        used = _customers_by_portal(office)
        there = ", ".join(sorted(used)) or "none"
        raise click.ClickException(
            f"No customer is on the portal {portal_id!r}{did_you_mean(portal_id, used)}; portals in use: {there}."
        )
    return found


def _customers_by_portal(office: Office) -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for one in office.customers:
        used.setdefault(one.account.portal, []).append(one.name)
    return used


def _told(manifest: Manifest, users: dict[str, list[str]]) -> dict[str, Any]:
    plain: Iterable[str] = ("id", "vendor", "summary", "grade", "ran_against", "owner", "locale", "origins", "sign_in")
    return {key: getattr(manifest, key) for key in plain} | {"customers": users.get(manifest.id, [])}


def _state(row: Any) -> tuple[str, int, str]:
    paused = f"since {local(row.paused_at)} by {row.paused_by}: {row.pause_reason}" if row.paused_at else ""
    return local(row.last_visit_at), row.sign_ins, paused
