"""Writes the table of rules in docs/documents.md from the rulebook: every rule with its reason code and its keys.

`python scripts/write_rules.py` rewrites what stands between the two marks; a test says when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from submitter.model.rulebook import RULEBOOK, Rule

PLACE = Path(__file__).parent.parent / "docs" / "documents.md"
BEGIN = "<!-- written by scripts/write_rules.py from submitter/model/rulebook.py; change it there -->\n"
END = "<!-- end of the rules -->\n"


def table() -> str:
    head = "| Rule | What it means | Does | Reason | Keys of `[rules]` |\n|---|---|---|---|---|\n"
    return head + "".join(_row(rule) for rule in RULEBOOK.values())


def _row(rule: Rule) -> str:
    does = f"always {rule.severity.value}" if rule.always else rule.severity.value
    keys = ", ".join(f"`{key}`" for key in rule.keys)
    return f"| `{rule.id}` | {rule.says} | {does} | {rule.reason} | {keys} |\n"


def page() -> str:
    """The whole page as it should be."""
    before, _, rest = PLACE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{table()}{END}{after}"


def main() -> None:
    PLACE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"Wrote {PLACE.name}")


if __name__ == "__main__":
    main()
