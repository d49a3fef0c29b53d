"""The closed list of what a flow may do: one verb a step. What needs more than these is for an adapter in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from submitter.adapters.flow.locator import Locator, Locators, Words
from submitter.model.record import Record

NonEmpty = Annotated[str, Field(min_length=1)]
FileKind = Literal["invoice", "pod", "field_ticket", "other", "all_but_invoice", "all"]


class Step(Record):
    verb: ClassVar[str]
    when: Words = ()  # only if the page last arrived at is one of these
    frame: Words = ()  # CSS of the iframe that it takes place in

    @property
    def what(self) -> str:
        """What the step is about, in the words of the file."""
        return str(getattr(self, self.verb))

    @property
    def arrives_at(self) -> tuple[str, ...]:
        return ()

    @property
    def templates(self) -> tuple[str, ...]:
        """What is written into the portal."""
        return ()


class Open(Step):
    """Go to a path below the account's address; placeholders in it are encoded."""

    verb = "open"
    open: Annotated[str, Field(pattern=r"^/")]
    then: Words

    @property
    def arrives_at(self) -> tuple[str, ...]:
        return self.then

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.open,)


class LineFields(Record):
    """The order's lines on the page, with fields beside each that is billed.

    ``number`` is the column with the number of the order's line. A field is found by its label, in which {line.number}
    stands, or, with ``in_columns``, in the row's own cell under that header.
    """

    number: NonEmpty
    quantity: NonEmpty
    unit_price: str = ""
    in_columns: bool = False
    headed: Literal["head", "first_row"] = "head"


class Fill(Step):
    """Text, a date, an amount into one field; or, with ``lines``, all lines of the invoice."""

    verb = "fill"
    fill: NonEmpty
    value: str = ""
    lines: LineFields | None = None
    by: Locators = ()
    optional: bool = False  # left out where the invoice does not have it

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.value) == (self.lines is not None):
            raise ValueError("fill needs either value or lines")
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.value,) if self.value else ()


class Choose(Step):
    """One choice by the words shown; with ``typed``, of what a field suggests while that is typed."""

    verb = "choose"
    choose: NonEmpty
    value: NonEmpty
    typed: str = ""
    words: Mapping[str, str] = {}  # ours -> the portal's, where they differ; then no others are chosen
    by: Locators = ()
    optional: bool = False

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.value, *((self.typed,) if self.typed else ()))


class Tick(Step):
    """A radio button or a checkbox; with ``value``, the one of ``choices`` that stands for it."""

    verb = "tick"
    tick: NonEmpty
    on: bool = True
    value: str = ""
    choices: Mapping[str, Locators] = {}
    by: Locators = ()
    optional: bool = False

    @model_validator(mode="after")
    def _choices_of_a_value(self) -> Self:
        if bool(self.value) != bool(self.choices):
            raise ValueError("value and choices belong together")
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.value,) if self.value else ()


class Upload(Step):
    verb = "upload"
    upload: NonEmpty
    files: Annotated[tuple[FileKind, ...], Field(min_length=1)]
    by: Locators = ()


class Click(Step):
    """Press something that can be undone. Without ``then`` it changes the page in place: a tab, a dialog."""

    verb = "click"
    click: NonEmpty
    then: Words = ()
    by: Locators = ()
    redraws: bool = False  # the portal draws the page into the document that is there
    accepts_dialog: str = ""  # words of the browser's dialog that the portal is known to show here

    @model_validator(mode="after")
    def _of_an_arrival(self) -> Self:
        if not self.then and (self.redraws or self.accepts_dialog):
            raise ValueError("redraws and accepts_dialog need a then: the page to arrive at")
        return self

    @property
    def arrives_at(self) -> tuple[str, ...]:
        return self.then


class Expect(Step):
    """Something must be there; with ``value``, in these words."""

    verb = "expect"
    expect: NonEmpty
    by: Locators = ()
    value: str = ""

    @property
    def templates(self) -> tuple[str, ...]:
        return (self.value,) if self.value else ()


class Read(Step):
    """What the portal shows, taken apart by ``into``. Without ``by``, what stands beside the term of this name."""

    verb = "read"
    read: NonEmpty
    into: NonEmpty
    by: Locators = ()
    where: Locator | None = None  # the part of the page that the term stands in


class ReadTable(Step):
    """In ``read_back`` a table on the page, ``into`` lines or files; elsewhere one of the file's lists."""

    verb = "read_table"
    read_table: NonEmpty
    into: Literal["", "lines", "files"] = ""
    columns: Mapping[str, str] = {}  # lines: line, quantity, unit_price; files: name, sha256, size
    by: Locator | None = None
    headed: Literal["head", "first_row"] = "head"

    @model_validator(mode="after")
    def _fitting_columns(self) -> Self:
        needs: dict[str, tuple[set[str], set[str]]] = {
            "": (set(), set()),
            "lines": ({"line", "quantity"}, {"unit_price"}),
            "files": ({"name"}, {"sha256", "size"}),
        }
        must, may = needs[self.into]
        if not must <= set(self.columns) <= must | may:
            raise ValueError(
                f"the columns of {self.into or 'a list'} are {', '.join(sorted(must | may)) or 'in the list'}"
            )
        return self


class DismissIfShown(Step):
    """Press a notice away, where one is shown; nothing is waited for."""

    verb = "dismiss_if_shown"
    dismiss_if_shown: NonEmpty
    by: Locators = ()


class Commit(Step):
    """The one irreversible click."""

    verb = "commit"
    commit: NonEmpty
    then: NonEmpty
    by: Locators = ()
    redraws: bool = False
    accepts_dialog: str = ""

    @property
    def arrives_at(self) -> tuple[str, ...]:
        return (self.then,)


KINDS: tuple[type[Step], ...] = (
    *(Open, Fill, Choose, Tick, Upload, Click, Expect, Read, ReadTable, DismissIfShown, Commit),
)
VERBS: dict[str, type[Step]] = {kind.verb: kind for kind in KINDS}


def verb_of(raw: Any) -> str | None:
    """The verb of a step as it is written. None for none, or more than one."""
    if isinstance(raw, Step):
        return raw.verb
    found = [verb for verb in VERBS if isinstance(raw, dict) and verb in raw]
    return found[0] if len(found) == 1 else None


AnyStep = Annotated[
    Annotated[Open, Tag("open")]
    | Annotated[Fill, Tag("fill")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Tick, Tag("tick")]
    | Annotated[Upload, Tag("upload")]
    | Annotated[Click, Tag("click")]
    | Annotated[Expect, Tag("expect")]
    | Annotated[Read, Tag("read")]
    | Annotated[ReadTable, Tag("read_table")]
    | Annotated[DismissIfShown, Tag("dismiss_if_shown")]
    | Annotated[Commit, Tag("commit")],
    Discriminator(verb_of),
]
Steps = tuple[AnyStep, ...]
