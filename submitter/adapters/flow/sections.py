"""The sections of a flow: which verbs each may use, which of our words, and how it begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

from submitter.adapters.flow.steps import AnyStep, Choose, Commit, Fill, Open, Read, ReadTable, Step, Steps, Tick
from submitter.adapters.flow.vocabulary import parsed
from submitter.toml_files import did_you_mean

_MOVES = frozenset({"open", "fill", "choose", "tick", "click", "expect", "dismiss_if_shown"})


@dataclass(frozen=True)
class Section:
    name: str
    verbs: frozenset[str]
    writes: tuple[str, ...]  # the placeholders, or groups of them, that its steps may write
    reads: tuple[str, ...] = ()  # ... and those that it may read into
    opens: bool = True  # it begins by opening a page
    ends_in_a_list: bool = False
    optional: bool = False


_INVOICE = ("account", "invoice", "coding")
_SHOWN = (
    *("invoice.number", "invoice.po_number", "invoice.date", "invoice.currency"),
    *("invoice.net", "invoice.tax", "invoice.total", "coding"),
)

SECTIONS = (
    Section("sign_in", _MOVES, ("account", "secret")),
    Section("find", _MOVES | {"read_table"}, ("account", "invoice.number"), ends_in_a_list=True),
    Section("prepare", _MOVES | {"upload"}, _INVOICE),
    Section("correct", _MOVES | {"upload"}, (*_INVOICE, "previous"), optional=True),
    Section("read_back", frozenset({"read", "read_table", "expect"}), (), reads=_SHOWN, opens=False),
    Section(
        "commit",
        frozenset({"fill", "choose", "tick", "click", "expect", "commit", "read"}),
        ("account",),
        reads=("receipt",),
        opens=False,
    ),
    Section("readings", _MOVES | {"read_table"}, ("account",), ends_in_a_list=True),
    Section("probe", frozenset({"open", "click", "expect", "dismiss_if_shown", "read_table"}), ("account",)),
)


def check_section(section: Section, steps: Steps, pages: set[str], lists: set[str]) -> None:
    """ValueError, with its place, for what this section may not hold or must."""
    if not steps:
        if section.optional:
            return
        raise ValueError(f"{section.name}: there must be steps")
    if section.opens and not isinstance(steps[0], Open):
        raise ValueError(f"{section.name}: the first step must open a page")
    reached: set[str] = set()
    for number, step in enumerate(steps, 1):
        try:
            _check_step(section, step, pages, lists, reached)
        except ValueError as error:
            raise ValueError(f"{section.name}, step {number} ({step.verb} {step.what!r}): {error}") from None
        reached |= set(step.arrives_at)
    if section.ends_in_a_list:
        _check_list(section, steps)
    if section.name == "commit":
        _check_commit(steps)


def _check_step(section: Section, step: AnyStep, pages: set[str], lists: set[str], reached: set[str]) -> None:
    if step.verb not in section.verbs:
        raise ValueError(f"{section.name} cannot {step.verb}; it can {', '.join(sorted(section.verbs))}")
    for name in (*step.arrives_at, *step.when):
        if name not in pages:
            raise ValueError(f"there is no page {name!r}{did_you_mean(name, pages)}")
    for name in step.when:
        if section.opens and name not in reached:
            raise ValueError(f"no step before this one arrives at {name!r}")
    for template in step.templates:
        parsed(template, section.writes)
    _check_manner(section, step, lists)


def _check_manner(section: Section, step: AnyStep, lists: set[str]) -> None:
    match step:
        case Read():
            parts = parsed(step.into, section.reads)
            if all(isinstance(part, str) for part in parts):
                raise ValueError("into must name at least one {placeholder}")
        case ReadTable() if section.name == "read_back":
            if not step.into:
                raise ValueError('into must be "lines" or "files"')
        case ReadTable():
            if step.into or step.columns or step.by:
                raise ValueError("here read_table names one of the lists of this file, and nothing else")
            if step.read_table not in lists:
                raise ValueError(f"there is no list {step.read_table!r}{did_you_mean(step.read_table, lists)}")
        case Fill(lines=lines) if lines is not None:
            if section.name not in ("prepare", "correct"):
                raise ValueError("lines are entered in prepare and correct alone")
            for template in (lines.quantity, lines.unit_price):
                parsed(template, () if lines.in_columns else ("line.number",))
        case Fill() | Choose() | Tick():
            _check_secret(step)
        case _:
            pass


def _check_secret(step: Step) -> None:
    """A password is for a field that is typed into, and for nothing that shows it."""
    if not isinstance(step, Fill) and any("secret." in template.replace(" ", "") for template in step.templates):
        raise ValueError("a secret is only ever filled in")


def _check_list(section: Section, steps: Steps) -> None:
    tables = [step for step in steps if isinstance(step, ReadTable)]
    if len(tables) != 1 or steps[-1] is not tables[0] or tables[0].when:
        raise ValueError(f"{section.name}: the last step, and no other, must read_table one of the lists")


def _check_commit(steps: Steps) -> None:
    commits = [number for number, step in enumerate(steps) if isinstance(step, Commit)]
    if len(commits) != 1:
        raise ValueError(f"commit: there must be exactly one commit step, and there are {len(commits)}")
    [at] = commits
    if steps[at].when:
        raise ValueError("commit: the commit step depends on nothing")
    for number, step in enumerate(steps):
        if isinstance(step, Read) and number < at:
            raise ValueError("commit: a receipt is read after the commit step, not before it")
        if number > at and not isinstance(step, Read) and step.verb != "expect":
            raise ValueError(f"commit: after the commit step the receipt is read, and nothing is done ({step.verb})")
        if step.verb == "click" and step.arrives_at and number < at:
            raise ValueError("commit: before the commit step a click changes the page in place and leads nowhere")
