"""`submitter doctor`, and the order in which a browser is looked for."""

from __future__ import annotations

import json
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from submitter.adapters import browser
from submitter.cli.main import call
from submitter.errors import ConfigurationError


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_named_browser_comes_before_an_installed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, named = program(tmp_path / "bin", "chromium"), program(tmp_path / "own", "my-browser")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("SUBMITTER_BROWSER", str(named))
    assert browser.find_installed() == browser.FoundBrowser(str(named), "named by SUBMITTER_BROWSER")
    monkeypatch.delenv("SUBMITTER_BROWSER")
    assert browser.find_installed() == browser.FoundBrowser(str(installed), "installed")


def test_chrome_comes_before_chromium_and_edge_and_a_shell_only_where_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUBMITTER_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert browser.find_installed() is None
    for name in ("microsoft-edge", "chromium", "google-chrome"):
        path = program(tmp_path / "bin", name)
        assert browser.find_installed() == browser.FoundBrowser(str(path), "installed")
    shell = program(tmp_path / "bin", "chromium-headless-shell")
    assert browser.find_installed() == browser.FoundBrowser(str(shell), "installed")
    assert browser.find_installed(headed=True) == browser.FoundBrowser(str(path), "installed")


def test_a_named_browser_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBMITTER_BROWSER", "/nowhere/chromium")
    with pytest.raises(ConfigurationError, match="SUBMITTER_BROWSER names '/nowhere/chromium'"):
        browser.find_installed()


@pytest.mark.browser
def test_doctor_finds_everything_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--home", str(tmp_path), "doctor", "--format", "json"]) == 0
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    needed = ["Python", "Browser", "Keyring", "Settings", "Data folder", "Database", "Documents"]
    assert list(found) == [*needed, "Second opinion", "Barcodes", "Scans", "Official rules"]
    assert found["Browser"]["found"][0].isdigit() and not found["Browser"]["remedy"]
    assert found["Settings"]["remedy"] and not found["Settings"]["stops"]


def test_doctor_exits_1_with_a_remedy_when_the_main_job_could_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBMITTER_BROWSER", "/nowhere/chromium")
    keyring.set_keyring(NoKeyring())
    assert call(["--home", str(tmp_path), "doctor", "--format", "json"]) == 1
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["Browser"]["stops"] and "/nowhere/chromium" in found["Browser"]["remedy"]
    assert "SUBMITTER_SECRETS_FOLDER" in found["Keyring"]["remedy"]


def test_a_browser_that_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBMITTER_BROWSER", str(program(tmp_path / "own", "my-browser")))
    assert call(["--home", str(tmp_path / "home"), "doctor"]) == 1


def test_doctor_says_when_the_data_folder_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("")
    assert call(["--home", str(tmp_path), "doctor", "--format", "json"]) == 1
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["Data folder"]["stops"] and "--home" in found["Data folder"]["remedy"]


def test_init_makes_examples_once_and_leaves_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path / "new")]
    assert call([*home, "init"]) == 0
    mine = tmp_path / "new" / "config" / "submitter.toml"
    mine.write_text("[labour]\nper_hour = { amount = '52.00', currency = 'USD' }\n")
    assert call([*home, "init"]) == 0
    assert "52.00" in mine.read_text() and "left as it is" in capsys.readouterr().out
    example = tmp_path / "new" / "config" / "customers" / "tejas-resources.toml.example"
    example.rename(example.with_suffix(""))
    assert call([*home, "account", "list"]) == 0
    assert "tejas-resources" in capsys.readouterr().out
