"""What people decide about a batch: pause, resume, stop; and, as the second person, approve or reject."""

from datetime import datetime
from typing import Any

from daemon.errors import NotPermittedError, RejectedError
from daemon.store import batch
from daemon.store.batch import AWAITS_APPROVAL, PAUSED, RUNNING, STOPPED
from daemon.store.database import Database

MOVES: dict[str, tuple[str, tuple[str, ...]]] = {
    "pause": (PAUSED, (RUNNING,)),
    "resume": (RUNNING, (PAUSED,)),
    "stop": (STOPPED, (RUNNING, PAUSED)),
    "approve": (RUNNING, (AWAITS_APPROVAL,)),
    "reject": (STOPPED, (AWAITS_APPROVAL,)),
}
"""Decision → where it leads, and from where."""


async def decide(
    database: Database, found: dict[str, Any], decision: str, *, actor: str, reason: str = "", now: datetime
) -> None:
    """`found`: the batch as it was listed. Raises NotPermittedError for one's own batch, RejectedError for its state."""
    to, froms = MOVES[decision]
    number = found["id"]
    why = f"{'rejected by ' if decision == 'reject' else ''}{actor}: {reason}" if to == STOPPED else ""
    async with database.transaction() as connection:
        if (
            decision == "approve"
            and found["state"] in froms
            and actor in await batch.behind(connection, found["merchant"], number)
        ):
            raise NotPermittedError(
                f"batch {number} was asked for by you, or with a token you made: it needs another person's word"
            )
        moved = await batch.move(
            connection, found["merchant"], number, to=to, froms=froms, now=now, why=why,
            decided_by=actor if AWAITS_APPROVAL in froms else None,
        )  # fmt: skip
    if not moved:
        raise RejectedError(f"batch {number} is {found['state']}; this goes only from {', '.join(froms)}")
