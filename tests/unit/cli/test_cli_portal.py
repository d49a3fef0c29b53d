"""`submitter portal`: what is known of portals, told with its sources, and whole portals paused and resumed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from submitter.cli.main import call
from submitter.queue.office import open_office
from submitter.settings import PROFILES, profiles_of
from submitter.store import accounts

CUSTOMER = """
name = "{name}"
[account]
portal = "{portal}"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    customers = tmp_path / "home" / "config" / "customers"
    customers.mkdir(parents=True)
    for name, portal in (("Tejas Resources", "fieldgate"), ("Sabine Energy", "fieldgate"), ("Pecos Water", "other")):
        text = CUSTOMER.format(name=name, portal=portal)
        (customers / f"{name.lower().replace(' ', '-')}.toml").write_text(text)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = call(["--home", str(home), "portal", *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run


def paused(home: Path) -> dict[str, str]:
    office = open_office(home)
    with office.database.reading() as c:
        found = {row.id: row.pause_reason for row in accounts.read_all(c) if row.paused_at is not None}
    office.close()
    return found


def test_the_list_tells_adapters_from_what_was_only_read_about(run: Run) -> None:
    code, out, _ = run("list")
    with_adapter, _, only_known = out.partition("Portals with a profile only")
    assert code == 0
    assert "fieldgate" in with_adapter and "Tejas Resources" in with_adapter and "Pecos Water" not in with_adapter
    assert "run against nothing" in only_known and "ariba" in only_known and "fieldgate" not in only_known
    listed = {one["id"]: one for one in json.loads(run("list", "--json")[1])}
    assert listed["fieldgate"]["grade"] == "live" and listed["ariba"]["grade"] is None


def test_a_portal_is_shown_with_its_words_and_accounts(run: Run) -> None:
    code, out, _ = run("show", "fieldgate")
    assert code == 0
    for said in ("Grade live", "Payment Posted", "scheduled", "illegible", "tejas-resources", "sabine-energy"):
        assert said in out
    assert json.loads(run("show", "fieldgate", "--json")[1])["words"]["Disputed"] == "on_hold"
    code, _, err = run("show", "feildgate")
    assert code == 1 and "There is no adapter 'feildgate'; there are: " in err


@pytest.mark.parametrize("portal", sorted(profiles_of(PROFILES)))
def test_every_profile_is_printed_with_sources_and_never_as_tried(run: Run, portal: str) -> None:
    code, out, _ = run("profile", portal)
    assert code == 0
    known = profiles_of(PROFILES)[portal]
    assert ("not from the portal itself" in out) is (known.noted is not None)
    for one in (*known.words, *known.reasons, *known.facts):
        assert f"] {one.source}\n" in out
    told = json.loads(run("profile", portal, "--json")[1])
    assert len(told.get("words", [])) == len(known.words) and len(told.get("facts", [])) == len(known.facts)
    assert all(one["source"] and one["sure"] for part in ("words", "reasons", "facts") for one in told.get(part, []))


def test_a_home_may_have_a_profile_of_its_own(run: Run, home: Path) -> None:
    assert "did you mean 'ipp'" in run("profile", "ippp")[2]
    (home / "config" / "portals").mkdir()
    own = '[[words]]\nword = "Parked"\nstage = "on_hold"\nsure = "read"\nsource = "our own clerk"\n'
    (home / "config" / "portals" / "pecos.toml").write_text(f'name = "Pecos"\n{own}')
    assert "Parked" in run("profile", "pecos")[1]
    (home / "config" / "portals" / "pecos.toml").write_text(f'name = "Pecos"\n{own}{own}')
    code, _, err = run("profile", "pecos")
    assert code == 1 and "the status word 'parked' is there twice" in err
    (home / "config" / "portals" / "pecos.toml").write_text(own.replace("on_hold", "onhold"))
    code, _, err = run("profile", "pecos")
    assert code == 1 and "pecos.toml" in err and "words" in err


def test_a_whole_portal_is_paused_and_resumed(run: Run, home: Path) -> None:
    code, out, _ = run("pause", "fieldgate", "--reason", "maintenance")
    assert code == 0 and "tejas-resources is paused." in out
    assert paused(home) == {"tejas-resources": "maintenance", "sabine-energy": "maintenance"}
    assert "is paused already: maintenance" in run("pause", "fieldgate", "--reason", "again")[1]
    assert run("resume", "fieldgate", "--reason", "over")[0] == 0
    assert paused(home) == {}
    assert "tejas-resources is not paused." in run("resume", "fieldgate")[1]
    code, _, err = run("pause", "feildgate", "--reason", "x")
    assert code == 1 and "did you mean 'fieldgate'" in err and "portals in use: fieldgate, other" in err


def test_what_the_program_paused_is_not_resumed_with_the_portal(run: Run, home: Path) -> None:
    office = open_office(home)
    with office.database.transaction() as c:
        now = office.database.now(c)
        accounts.pause(c, "tejas-resources", now, "submitter", "credentials-rejected", "The password was refused.")
    office.close()
    run("pause", "fieldgate", "--reason", "maintenance")
    out = run("resume", "fieldgate")[1]
    assert "tejas-resources stays paused: The password was refused." in out
    assert paused(home) == {"tejas-resources": "The password was refused."}


def test_a_probe_of_an_account_that_waits_for_a_person_signs_in_nowhere(run: Run, home: Path) -> None:
    office = open_office(home)
    with office.database.transaction() as c:
        now = office.database.now(c)
        accounts.pause(c, "tejas-resources", now, "submitter", "credentials-rejected", "The password was refused.")
    office.close()
    code, _, err = run("probe", "tejas-resources")
    assert code == 1
    assert "tejas-resources was not tried, as it waits for a person: The password was refused." in err


# -- eject -----------------------------------------------------------------------------------------------------------

GATEHOUSE = Path(__file__).parents[2] / "acceptance" / "gatehouse"


@pytest.fixture
def flow(home: Path) -> Path:
    """A flow of the user's own."""
    folder = home / "config" / "adapters" / "gatehouse"
    shutil.copytree(GATEHOUSE, folder)
    return folder


def test_a_flow_is_ejected_into_a_package_and_it_is_said_what_to_do_with_both(
    run: Run, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("eject", "gatehouse")
    assert (code, err) == (0, "")
    package = tmp_path / "submitter-gatehouse" / "submitter_gatehouse"
    assert {one.name for one in package.iterdir()} == {
        *("__init__.py", "adapter.py", "pages.py", "manifest.toml", "README.md")
    }
    assert (package.parent / "pyproject.toml").is_file()
    said = " ".join(out.split())
    assert "pip install -e submitter-gatehouse" in said and f"move {flow}" in said and "grade is draft" in said
    assert sorted(one.name for one in flow.iterdir()) == ["flow.toml", "manifest.toml"], "the flow is left as it is"
    code, out, err = run("eject", "gatehouse")
    assert code == 1 and "is there already, and nothing is overwritten" in err and len(err.splitlines()) == 1
    assert run("eject", "gatehouse", "--into", str(tmp_path / "another"))[0] == 0


def test_what_cannot_be_ejected_is_refused_in_one_sentence_and_nothing_is_written(
    run: Run, flow: Path, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    for portal, sentence in (
        ("gatehuose", "There is no adapter 'gatehuose'; there are: "),
        ("../gatehouse", "There is no adapter '../gatehouse'"),
        ("fieldgate", "The adapter 'fieldgate' is in Python already; there is no flow to eject."),
    ):
        code, out, err = run("eject", portal, "--into", str(into))
        assert (code, out) == (1, "") and sentence in err and len(err.splitlines()) == 1
    text = (flow / "flow.toml").read_text(encoding="utf-8")
    for wrong, sentence in (
        (
            text.replace("{line.number}", "{line.number:digits}"),
            "cannot be ejected: a format of {line.number}",
        ),
        (text.replace('then = "order"', 'then = "ordre"', 1), "there is no page 'ordre' (did you mean 'order'?)"),
    ):
        (flow / "flow.toml").write_text(wrong, encoding="utf-8")
        code, out, err = run("eject", "gatehouse", "--into", str(into))
        assert (code, out) == (1, "") and sentence in err and len(err.splitlines()) == 1
    assert not into.exists()
