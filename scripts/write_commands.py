"""Writes docs/commands.md from the commands themselves: every command with its help, arguments and options.

`python scripts/write_commands.py` rewrites it; a test says when it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from submitter.cli.main import cli

PLACE = Path(__file__).parent.parent / "docs" / "commands.md"

HEAD = """\
# Every command

This page is written by `scripts/write_commands.py` from the commands themselves; change the help there, not here.
What to use when is told in the [quickstart](quickstart.md).

Every command ends with 0 when it did what it was asked, with 1 when it could not or would not (the sentence on standard
error says why), with 2 when it was called wrongly, and with 130 when it was interrupted. `--home` stands before the
command: `submitter --home /srv/submitter holds`.
"""


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """The command and all below it, in the order of `--help`."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from commands(below, click.Context(below, info_name=name, parent=context))


def page() -> str:
    """The whole page."""
    root = click.Context(cli, info_name="submitter", max_content_width=100)
    parts = [HEAD]
    parts += [_section(command, context) for command, context in commands(cli, root)]
    return "\n".join(parts)


def _section(command: click.Command, context: click.Context) -> str:
    called = context.command_path
    lines = [f"## {called}", ""]
    for paragraph in (command.help or "").split("\n\n"):
        words = " ".join(paragraph.split())
        example = words.removeprefix("Example: ")
        lines += ["Example:", "", "```sh", example, "```", ""] if example != words else [words, ""]
    pieces = " ".join(command.collect_usage_pieces(context))
    lines += [f"Called as `{called} {pieces}`.", ""]
    if isinstance(command, click.Group):
        names = [f"[{called} {name}](#{_anchor(f'{called} {name}')})" for name in command.list_commands(context)]
        lines += [f"Its commands: {', '.join(names)}.", ""]
    options = [_option(*record) for record in _records(command, context)]
    return "\n".join(lines + options + ([""] if options else []))


def _records(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in record[0]:
            yield record


def _option(written: str, meaning: str) -> str:
    return f"* `{written}`" + (f": {' '.join(meaning.split())}" if meaning else "")


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def main() -> None:
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"Wrote {PLACE.name}")


if __name__ == "__main__":
    main()
