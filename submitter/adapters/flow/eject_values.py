"""Places on a page, and what is written into them, as the expressions of an ejected adapter."""

from __future__ import annotations

from submitter.adapters.flow.eject_layout import Call, Node, Part, Sum, call, flat, quoted, spread
from submitter.adapters.flow.vocabulary import DATE_FORMATS, Kind, Placeholder, parsed
from submitter.adapters.page import By, role


def place(by: By) -> Call:
    """The expression that makes this ``By``."""
    match by.kind:
        case "role":
            found = call("role", quoted(by.role), quoted(by.value))
        case "headers":
            found = call("headers", *(quoted(one) for one in by.value.split("\n")))
        case kind:
            found = call(kind, quoted(by.value))
    if by.within is not None:  # which states the frames of both
        return call("inside", place(by.within), found)
    for frame in reversed(by.frames):
        found = call("framed", quoted(frame), found)
    return found


def table(by: By) -> Node:
    """A table, by its name alone where that is enough."""
    return quoted(by.value) if by == role("table", by.value) else place(by)


class Values:
    """What the templates of one section write, and which of our things they need for it."""

    def __init__(self, number: str = "") -> None:
        self.used = set[str]()  # invoice, coding
        self._number = number  # the variable with the invoice number, where there is no invoice

    def written(self, template: str, *, encoded: bool = False) -> Node:
        """The text that the template is; ``encoded`` for a path."""
        parts = [quoted(part) if isinstance(part, str) else self._text(part, encoded) for part in parsed(template)]
        return parts[0] if len(parts) == 1 else Sum(tuple(parts)) if parts else quoted("")

    def date_alone(self, template: str) -> Node | None:
        return self._alone(template, Kind.DATE)

    def amount_alone(self, template: str) -> Node | None:
        return self._alone(template, Kind.MONEY)

    def there(self, template: str) -> str:
        """The condition that the invoice has all that the template names; empty where it always has."""
        parts = [part for part in parsed(template) if isinstance(part, Placeholder)]
        return " and ".join(dict.fromkeys(self._bare(part) for part in parts if _may_lack(part)))

    def _alone(self, template: str, kind: Kind) -> Node | None:
        match parsed(template):
            case [Placeholder(format="") as part] if part.kind is kind:
                return self._value(part)
        return None

    def _text(self, part: Placeholder, encoded: bool) -> Node:
        value = self._value(part)
        words = self._formatted(part, value)
        return call("quote", words, safe='""') if encoded else words

    def _formatted(self, part: Placeholder, value: Node) -> Node:
        match part.kind, part.format:
            case Kind.DATE, "":
                return call("visit.write_date", value)
            case Kind.DATE, form:
                return _method(value, f'.strftime("{DATE_FORMATS[form]}")')
            case Kind.MONEY, "":
                return call("visit.write_money", value)
            case Kind.MONEY, "digits":
                return f"str({flat(value)}.minor)"
            case Kind.MONEY, _:
                return f'f"{{{flat(value)}.amount:f}}"'
            case _, "digits":
                return call("digits_of", value)
            case _, "upper" | "lower":
                return _method(value, f".{part.format}()")
        return value

    def _value(self, part: Placeholder) -> Node:
        """What the portal must be told; it is refused where the invoice does not have it."""
        if part.name == "secret.one_time_code":
            return "await visit.one_time_code()"
        if not _may_lack(part):
            return self._bare(part)
        bare = self._bare(part)
        group, _, field = part.name.partition(".")
        if group == "coding":
            bare = f"{_coding(field)} if coding else None"
        return call("required", quoted(part.name), bare)

    def _bare(self, part: Placeholder) -> str:
        group, _, field = part.name.partition(".")
        match group:
            case "account":
                return f"visit.account.{field}"
            case "secret":
                return f"visit.read_secret({quoted(field)})"
            case "previous":
                return "work.earlier_references[-1]"
            case "coding":
                self.used |= {"invoice", "coding"}
                return f"coding and {_coding(field)}"
        if self._number:
            return self._number
        self.used.add("invoice")
        return f"invoice.{'issue_date' if field == 'date' else field}"


def _coding(field: str) -> str:
    return f"coding.{field}.value" if field == "cost_object" else f"coding.{field}"


#: What every invoice has.
_ALWAYS = {
    *("invoice.number", "invoice.date", "invoice.currency", "invoice.net", "invoice.tax", "invoice.total"),
    *("account.user", "account.customer", "previous.reference"),
}


def _may_lack(part: Placeholder) -> bool:
    return part.name not in _ALWAYS and not part.name.startswith("secret.")


def _method(value: Node, called: str) -> str:
    words = flat(value)
    return f"({words}){called}" if words.startswith("await ") else f"{words}{called}"


def arguments(candidates: list[By]) -> list[Part]:
    return spread(place(one) for one in candidates)
