"""Inserting a row that somebody else may be inserting at this very moment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_once(c: Connection, table: Table, **values: Any) -> Any:
    """Insert the row; its key, or None when a row with one of its unique keys is there already.

    On PostgreSQL a plain insert of a taken key fails and takes the whole transaction with it. This one waits for the
    other's transaction to end; if that one is rolled back, the row is inserted after all.
    """
    insert = sqlite.insert if c.dialect.name == "sqlite" else postgresql.insert
    query = insert(table).values(**values).on_conflict_do_nothing().returning(*table.primary_key)
    return c.execute(query).scalar_one_or_none()
