"""The conversation about one invoice, between the customer's people and the supplier's."""

from dataclasses import dataclass

from submitter.practice.fieldgate.books import Books

SCHEMA = """
CREATE TABLE IF NOT EXISTS comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, confirmation TEXT NOT NULL REFERENCES accepted (confirmation),
    at TEXT NOT NULL, by TEXT NOT NULL, from_customer INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS comments_by_confirmation ON comments (confirmation, id);
"""


@dataclass(frozen=True)
class Comment:
    """One remark; `from_customer` tells the customer's people from the supplier's."""

    at: str
    by: str
    from_customer: bool
    text: str


class Comments:
    """All conversations with one customer."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add(self, confirmation: str, by: str, text: str, *, from_customer: bool) -> None:
        self._books.write(
            "INSERT INTO comments (confirmation, at, by, from_customer, text) VALUES (?, ?, ?, ?, ?)",
            confirmation,
            self._books.now(),
            by,
            int(from_customer),
            text,
        )

    def on(self, confirmation: str) -> list[Comment]:
        rows = self._books.rows("SELECT * FROM comments WHERE confirmation = ? ORDER BY id", confirmation)
        return [Comment(row["at"], row["by"], bool(row["from_customer"]), row["text"]) for row in rows]

    def unanswered(self) -> dict[str, int]:
        """How many remarks of the customer's came after the supplier's last one, by confirmation."""
        rows = self._books.rows(
            "SELECT confirmation, count(*) AS times FROM comments c WHERE from_customer = 1 AND id > (SELECT"
            " coalesce(max(id), 0) FROM comments o WHERE o.confirmation = c.confirmation AND o.from_customer = 0)"
            " GROUP BY confirmation"
        )
        return {row["confirmation"]: int(row["times"]) for row in rows}
