"""What must be to be seen in Brightpearl by our own returns: orders that have a credit, credits that have a payment."""

from daemon.clients.brightpearl_sets import Rows
from daemon.store.database import Database
from daemon.store.sql import statements

SQL = statements(__file__)
ROWS_MAX = 20  # a few prove as much as all


class WrittenRows:
    """One merchant's, as they stand in the database at the moment of asking."""

    def __init__(self, database: Database, merchant: str) -> None:
        self._database, self._merchant = database, merchant

    async def numbers(self, rows: Rows) -> list[int]:
        """Orders or credits of which Brightpearl's search for such rows has at least one to show; the latest first."""
        async with self._database.reading() as connection:
            stored = await SQL.rows(connection, rows, merchant=self._merchant, rows_max=ROWS_MAX)
        return list(dict.fromkeys(int(row["number"]) for row in stored))
