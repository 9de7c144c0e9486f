"""What happened to one return: moves, people's words, and every attempt at a vendor."""

from typing import Any

from daemon.store.sql import Record


def timeline_of(told: dict[str, Any], attempts: list[Record]) -> list[dict[str, Any]]:
    """Moves, people's words and every attempt at a vendor, oldest first."""
    lines = [
        {"at": row["at"], "what": row["event"], "by": row["actor"],
         "detail": f"{row['from_state']} → {row['to_state']}", "facts": row["facts"]}
        for row in told["journal"]
    ]  # fmt: skip
    lines += [
        {"at": row["at"], "what": f"{row['kind']} attempt {row['attempt']}", "by": "brightpearl",
         "detail": row["outcome"], "facts": row["detail"]}
        for row in attempts
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line["at"])
