"""Putting maps in force, and what one version changes against another."""

from datetime import datetime

from daemon.maps import to_content
from daemon.store import maps as maps_store
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from statemachine.credit.maps import CreditMap


async def accept(
    database: Database, merchant: str, found: CreditMap, *, accepted_by: str, reason: str, now: datetime
) -> None:
    """Record the version as the one in force."""
    async with database.transaction() as connection:
        await merchant_store.ensure(connection, [merchant])
        await maps_store.accept(
            connection, merchant, version=found.version, content=to_content(found), accepted_by=accepted_by,
            reason=reason, now=now,
        )  # fmt: skip


def differences(before: CreditMap, after: CreditMap) -> dict[str, list[str]]:
    """Entries added (+), removed (-) and changed (~), by map."""
    was, now = to_content(before), to_content(after)
    told: dict[str, list[str]] = {}
    for name in now:
        old, new = was.get(name) or {}, now[name] or {}
        lines = [f"+{key}" for key in new if key not in old] + [f"-{key}" for key in old if key not in new]
        lines += [f"~{key}" for key in new if key in old and old[key] != new[key]]
        if lines:
            told[name] = lines
    return told
