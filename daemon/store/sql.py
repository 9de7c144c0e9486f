"""Named statements from the .sql files beside the modules. No SQL is built from strings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import aiosql
import orjson
from pydantic import TypeAdapter

Connection: TypeAlias = Any
"""An asyncpg connection, own or from the pool; the library ships no types."""

Record: TypeAlias = Mapping[str, Any]
"""One row by column name."""


Merchants: TypeAlias = Sequence[str] | None
"""Whose rows are meant; None is everybody's."""


def listed(merchants: Merchants) -> list[str] | None:
    """As the driver wants it."""
    return None if merchants is None else list(merchants)


class Statements:
    """The statements of one file; each is called by its name with named parameters."""

    def __init__(self, path: Path) -> None:
        self._queries = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
        self.names: list[str] = [name for name in self._queries.available_queries if not name.endswith("_cursor")]

    def text(self, name: str) -> str:
        return str(getattr(self._queries, name).sql)

    def parameters(self, name: str) -> list[str]:
        """The names of its parameters, $1 first."""
        return list(self._queries.driver_adapter.var_sorted[name])

    def _args(self, name: str, values: dict[str, Any]) -> list[Any]:
        order = self._queries.driver_adapter.var_sorted[name]
        assert set(order) == set(values), f"{name} takes {sorted(order)}, given {sorted(values)}"
        return [values[key] for key in order]

    async def rows(self, connection: Connection, name: str, /, **values: Any) -> list[Record]:
        return list(await connection.fetch(self.text(name), *self._args(name, values)))

    async def row(self, connection: Connection, name: str, /, **values: Any) -> Record | None:
        found: Record | None = await connection.fetchrow(self.text(name), *self._args(name, values))
        return found

    async def value(self, connection: Connection, name: str, /, **values: Any) -> Any:
        return await connection.fetchval(self.text(name), *self._args(name, values))

    async def run(self, connection: Connection, name: str, /, **values: Any) -> int:
        """Execute; answer how many rows it touched."""
        status: str = await connection.execute(self.text(name), *self._args(name, values))
        return int(status.rsplit(" ", 1)[-1]) if status[-1:].isdigit() else 0


def statements(module_file: str) -> Statements:
    return Statements(Path(module_file).with_suffix(".sql"))


async def prepare_connection(connection: Connection) -> None:
    """jsonb travels as Python data; Decimal and datetime inside it as text."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=as_json, decoder=orjson.loads, format="text")


def as_json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def plain(adapter: TypeAdapter[Any], value: Any) -> dict[str, Any]:
    """A frozen value as the plain data that jsonb holds."""
    told: dict[str, Any] = adapter.dump_python(value, mode="json")
    return told
