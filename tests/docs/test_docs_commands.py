"""Every command that a document shows can be typed as it stands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from submitter.cli.main import COMMANDS, cli
from tests.docs.pages import PAGES, ROOT, fenced, inline, script

TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def words_of(line: str) -> list[str] | None:
    """The words behind `submitter` on a line that calls it, without variables, redirection and comment; else None."""
    try:
        words = shlex.split(line.removeprefix("$ "), comments=True)
    except ValueError:
        return None
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        del words[0]
    if not words or words[0] not in ("submitter", ".venv/bin/submitter"):
        return None
    return words[1 : words.index(">")] if ">" in words else words[1:]


def parse(words: list[str], *, whole: bool) -> None:
    """Let click read the words down to the last command. ``whole``: required arguments may not be left out."""
    command: click.Command = cli
    context, rest = click.Context(cli, info_name="submitter"), list(words)
    while isinstance(command, click.Group):
        options, rest, _ = command.make_parser(context).parse_args(rest)
        if not rest:  # a group named alone; `submitter --version` is whole all the same
            assert options or not whole
            return
        name, below, rest = command.resolve_command(context, rest)
        assert below is not None
        command, context = below, click.Context(below, info_name=name, parent=context)
    try:
        command.make_context(context.info_name, rest, parent=context.parent)
    except click.exceptions.Exit:  # --help
        return
    except click.MissingParameter:
        assert not whole


def shown() -> Iterator[tuple[Path, list[str], bool]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in fenced(text, "sh", "text"):
            words = words_of(line)
            if words is not None:
                yield page, words, True
        for code in inline(text):
            words = words_of(code)
            # a Python package of the same name is called a path, and `submitter account add [OPTIONS]` is a usage line
            if words and "[" not in " ".join(words) and "..." not in " ".join(words):
                yield page, words, False


SHOWN = list(shown())


@pytest.mark.parametrize(
    ("words", "whole"),
    [pytest.param(words, whole, id=f"{page.name}: {shlex.join(words)}") for page, words, whole in SHOWN],
)
def test_a_command_that_is_shown_can_be_typed(words: list[str], whole: bool) -> None:
    parse(words, whole=whole)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("submitter hold", click.UsageError),
        ("submitter holds --costumer x", click.NoSuchOption),
        ("submitter account ad tejas-resources", click.UsageError),
        ("submitter resubmit NMW-1 --cause illegible", click.BadParameter),
    ],
)
def test_a_wrong_command_would_be_seen(line: str, error: type[click.ClickException]) -> None:
    words = words_of(line)
    assert words is not None
    with pytest.raises(error):
        parse(words, whole=True)


def test_the_readme_names_every_daily_command() -> None:
    named = {words[0] for page, words, _ in SHOWN if page.name == "README.md"}
    assert set(COMMANDS) - named <= {"demo", "init", "practice"}, "these are for the first day, not for every day"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = [*fenced(text, "sh"), *inline(text)]
    named = {match[1] for line in lines if (match := re.match(r"make ([a-z]+)", line))}
    assert named <= TARGETS


def test_the_two_commands_stand_in_the_readme() -> None:
    lines = list(fenced((ROOT / "README.md").read_text(encoding="utf-8"), "sh"))
    assert lines[:2] == ["make demo", "make test"]


def test_every_environment_variable_named_is_one_the_program_or_its_tests_read() -> None:
    files = [*(ROOT / "submitter").rglob("*.py"), ROOT / "tests" / "postgres.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for page in PAGES:
        for name in re.findall(r"\bSUBMITTER_[A-Z_]+", page.read_text(encoding="utf-8")):
            assert f'"{name}"' in code, f"{page.name} names {name}"


def test_the_command_reference_is_current() -> None:
    current = script("write_commands").page()
    there = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert there == current, "run: .venv/bin/python scripts/write_commands.py"
