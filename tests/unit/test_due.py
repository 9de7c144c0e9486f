"""Every moment at which something falls due is one the tests' worlds jump to."""

import re
from pathlib import Path

from tests.due import COLUMNS, OTHER_COLUMNS

SCHEMA = Path(__file__).resolve().parents[2] / "schema.sql"
_TABLE = re.compile(r"^CREATE TABLE (\w+) \((.*?)^\);", re.MULTILINE | re.DOTALL)
_MOMENT = re.compile(r"^    (\w*(?:_until|due_at|poll_at|next_at|look_at|check_at))\s+timestamptz", re.MULTILINE)


def test_every_column_that_holds_such_a_moment_is_known_to_the_worlds() -> None:
    columns = {
        f"{table}.{column}" for table, body in _TABLE.findall(SCHEMA.read_text()) for column in _MOMENT.findall(body)
    }

    assert columns - OTHER_COLUMNS == COLUMNS
