"""A probe signs in and looks; it says whether the portal is as known, and sends nothing."""

from __future__ import annotations

import io

import pytest

from submitter.cli.main import call
from submitter.documents.intake import IntakeItem
from tests.acceptance.conftest import ACCOUNT, PASSWORD, World

pytestmark = pytest.mark.browser


def probe(world: World, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = call(["--home", str(world.home), "portal", "probe", ACCOUNT])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_portal_as_known_is_said_to_be_so_and_a_changed_one_pauses(
    world: World, good: list[IntakeItem], capsys: pytest.CaptureFixture[str]
) -> None:
    world.queue(good[0])
    world.work()
    world.queue(good[1])  # due, and a probe leaves it alone
    code, said = probe(world, capsys)
    assert code == 0, said
    assert "fieldgate is as its adapter knows it" in said
    assert (world.sign_ins(), len(world.accepted())) == (["signed_in"], 1), "the stored session was used"
    world.arm("move_column", times=0, rename=True)
    code, said = probe(world, capsys)
    assert (code, world.account().pause_code) == (1, "column-missing"), said
    assert "'Status'" in said
    world.buyer.ask("DELETE", "/faults")
    code, said = probe(world, capsys)  # the pause for a changed page does not keep a person's look away
    assert code == 0, said
    assert world.account().paused_at is not None, "which only a person ends"
    assert len(world.accepted()) == 1


def test_a_customer_without_an_adapter_stops_its_own_account_only(
    world: World, good: list[IntakeItem], capsys: pytest.CaptureFixture[str]
) -> None:
    [number] = world.queue(good[0])
    customers = world.office.settings.customers_folder
    other = (customers / f"{ACCOUNT}.toml").read_text().replace('"fieldgate"', '"feildgate"')
    (customers / "pecos-water.toml").write_text(other.replace("Tejas Resources", "Pecos Water"))
    code = call(["--home", str(world.home), "poll"])
    said = " ".join(capsys.readouterr())
    assert code == 1
    assert "pecos-water is paused" in said and "There is no adapter 'feildgate'" in said
    assert [one["number"] for one in world.accepted()] == [number]


def test_a_password_is_tried_once_by_a_fresh_sign_in(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(world.home), "account"]
    for _ in range(2):  # a stored session would prove nothing about the password
        assert call([*home, "test", ACCOUNT]) == 0
    assert "takes the password of" in capsys.readouterr().out
    assert world.sign_ins() == ["signed_in", "signed_in"]


def test_a_changed_password_is_stored_and_tried(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(world.home), "account"]

    def rotate(password: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        return call([*home, "rotate", ACCOUNT, "--password-stdin"])

    assert rotate("not-the-password-17") == 1
    assert world.account().pause_code == "credentials-rejected"
    assert call([*home, "test", ACCOUNT]) == 1, "a refused password is not tried again"
    assert "was not tried" in capsys.readouterr().err
    assert rotate(PASSWORD) == 0
    assert world.account().paused_at is None
    assert [one for one in world.sign_ins() if one == "signed_in"] == ["signed_in"]
    assert len(world.sign_ins()) == 2
    call([*home, "list"])
    assert "stored 0 min ago" in capsys.readouterr().out
