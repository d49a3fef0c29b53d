"""Where a run's databases come from: SQLite files, or PostgreSQL databases on a server of the run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.postgres import Databases as OnServer
from tests.postgres import Server


@dataclass
class Databases:
    """``fresh`` gives the address of an empty database; for SQLite none, because the home has its own file."""

    is_sqlite: bool = True
    fresh: Callable[[], str] = lambda: ""
    restart: Callable[[], None] | None = None  # only where the server is ours


@contextmanager
def databases_for(dialect: str) -> Iterator[Databases]:
    if dialect == "sqlite":
        yield Databases()
        return
    server = Server(durable=True)  # it is killed, and what it had promised must still be there
    try:
        with ExitStack() as lent:
            databases = OnServer(server.url)
            yield Databases(False, lambda: lent.enter_context(databases.empty()), server.restart)
    finally:
        server.close()
