"""Python source for an ejected flow, laid out as ruff's formatter lays it out: it need not be there to write it.

A text gets into the source in one way alone, by ``quoted``. So whatever a flow file holds stays a text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 120


@dataclass(frozen=True)
class Call:
    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Group:
    """A tuple, a list or a dictionary, by its brackets."""

    brackets: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Sum:
    """Texts put together. It only ever stands as an argument of a call."""

    parts: tuple[Node, ...]


Node = str | Call | Group | Sum  # a str is source that is never broken over lines
Part = tuple[str, Node]  # what stands before it (``then=``, ``*``, a dictionary's key), and the argument or element


def quoted(text: str) -> str:
    """The text as a literal, in the quotes that ruff prefers."""
    inner = repr(text)[1:-1]
    if repr(text)[0] == "'":
        inner = inner.replace("\\'", "'")
    single = text.count('"') > text.count("'")
    mark = "'" if single else '"'
    return mark + inner.replace(mark, f"\\{mark}") + mark


def call(name: str, *arguments: Node | Part, **named: Node) -> Call:
    parts = [one if isinstance(one, tuple) else ("", one) for one in arguments]
    return Call(name, (*parts, *((f"{key}=", value) for key, value in named.items())))


def spread(arguments: Iterable[Node]) -> list[Part]:
    return [("", one) for one in arguments]


def row_of(elements: Iterable[Node]) -> Group:
    """A tuple."""
    return Group("()", tuple(("", one) for one in elements))


def texts(words: Iterable[str]) -> Group:
    return row_of(quoted(one) for one in words)


def flat(node: Node) -> str:
    match node:
        case str():
            return node
        case Sum():
            return " + ".join(map(flat, node.parts))
        case Call():
            return f"{node.name}({_listed(node.parts)})"
        case Group():
            alone = "," if node.brackets == "()" and len(node.parts) == 1 else ""
            return f"{node.brackets[0]}{_listed(node.parts)}{alone}{node.brackets[1]}"


def _listed(parts: Iterable[Part]) -> str:
    return ", ".join(before + flat(node) for before, node in parts)


def laid_out(indent: int, before: str, node: Node, after: str = "") -> list[str]:
    """The lines of ``before``, the expression and ``after``, broken where one line does not hold them."""
    line = " " * indent + before + flat(node) + after
    if width(line) <= WIDTH or isinstance(node, str):
        return [line]
    if isinstance(node, Sum):
        return _summed(indent, before, node, after)
    if not node.parts:
        return [line]
    name, brackets = (node.name, "()") if isinstance(node, Call) else ("", node.brackets)
    first, last = " " * indent + before + name + brackets[0], " " * indent + brackets[1] + after
    together = " " * (indent + 4) + _listed(node.parts)
    if isinstance(node, Call) and width(together) <= WIDTH:
        return [first, together, last]
    inner = [line for ahead, part in node.parts for line in laid_out(indent + 4, ahead, part, ",")]
    return [first, *inner, last]


def _summed(indent: int, before: str, node: Sum, after: str) -> list[str]:
    lines, last = [], len(node.parts) - 1
    for number, part in enumerate(node.parts):
        lines += laid_out(indent, "+ " if number else before, part, after if number == last else "")
    return lines


def width(line: str) -> int:
    """In columns: wide characters take two."""
    return sum(
        2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in line
    )
