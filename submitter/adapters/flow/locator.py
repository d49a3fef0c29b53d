"""How a flow file says where something is on a page: the candidates of a field, the frame and the part it lies in."""

from __future__ import annotations

from typing import Annotated, Any, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from submitter.adapters.page import By, Kind, Role, css, framed, headers, inside, label, role, test_id, text
from submitter.adapters.tables import MAIN
from submitter.model.record import Record

WAYS = ("test_id", "role", "label", "text", "css", "headers")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, (str, dict)) else value


#: One word, or several in a list.
Words = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class Locator(Record):
    """One way to find something: one of ``test_id``, ``role`` with ``name``, ``label``, ``text``, ``css``, ``headers``.

    It holds the portal's words alone. What an invoice says never gets in here.
    """

    test_id: str = ""
    role: Role | None = None
    name: str = ""  # of the element with this role
    label: str = ""
    text: str = ""
    css: str = ""
    headers: tuple[str, ...] = ()  # the innermost table with these column headers
    frame: Words = ()  # CSS of the iframe it lies in; of several, the outermost first
    within: Locator | None = None  # the one element that it lies in, such as a dialog

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in WAYS if getattr(self, way)]
        if len(ways) != 1:
            raise ValueError(
                f"exactly one of {', '.join(WAYS)} says where it is, and not {' and '.join(ways) or 'none'}"
            )
        if bool(self.name) != bool(self.role):
            raise ValueError("role and name belong together")
        texts = (self.test_id, self.name, self.label, self.text, self.css, *self.headers)
        if any("{" in one for one in texts):
            raise ValueError("a locator holds the portal's words alone; {placeholders} have no place in it")
        return self

    def by(self, frame: tuple[str, ...] = ()) -> By:
        """For the page toolkit; ``frame`` is where it lies when it does not say so itself."""
        found = self._here()
        if self.within is not None:
            found = inside(self.within.by(), found)
        return placed_in(self.frame or frame, found)

    def _here(self) -> By:
        if self.role is not None:
            return role(self.role, self.name)
        if self.headers:
            return headers(*self.headers)
        plain = {"test_id": test_id, "label": label, "text": text, "css": css}
        [(way, make)] = [(way, make) for way, make in plain.items() if getattr(self, way)]
        return make(getattr(self, way))


#: The candidates of a field, the best first.
Locators = Annotated[
    tuple[Locator, ...], BeforeValidator(_listed, json_schema_input_type=Locator | tuple[Locator, ...])
]

#: All roles that a locator may name.
ROLES: tuple[str, ...] = get_args(Role)

#: How the thing that a step names is found when the step has no ``by``: as a field's label, a button, a text.
_BY_ITS_NAME: dict[str, Kind | Role] = {
    "click": "button",
    "commit": "button",
    "dismiss_if_shown": "button",
    "expect": "text",
}


def places_of(what: str, candidates: tuple[Locator, ...], frame: tuple[str, ...], verb: str) -> list[By]:
    """The candidates as the page toolkit takes them; without any, ``what`` is the label, text or name of a role."""
    if candidates:
        return [one.by(frame) for one in candidates]
    otherwise = _BY_ITS_NAME.get(verb, "label")
    if otherwise in ("label", "text"):
        return [Locator.model_validate({otherwise: what}).by(frame)]
    return [Locator.model_validate({"role": otherwise, "name": what}).by(frame)]


def table_of(what: str, by: Locator | None, frame: tuple[str, ...]) -> By:
    """The table that a step names, by its name where nothing else is said."""
    return by.by(frame) if by else placed_in(frame, role("table", what))


def terms_of(where: Locator | None, frame: tuple[str, ...]) -> By:
    """The part of the page in which a term and its value stand."""
    main = css("body") if frame else MAIN  # pages old enough for frames know no main part
    return where.by(frame) if where else placed_in(frame, main)


def placed_in(frame: tuple[str, ...], by: By) -> By:
    """``by`` in these iframes, the outermost first."""
    for one in reversed(frame):
        by = framed(one, by)
    return by


#: A locator that a file need not state.
Place = Annotated[Locator | None, Field(default=None)]
