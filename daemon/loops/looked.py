"""How far Verify has come in looking again at what others wrote, as it is kept from one look to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from daemon.store.sql import Record


@dataclass(frozen=True, slots=True)
class Looked:
    """How far comparing has come, as it is stored."""

    looked_at: datetime | None
    """Until when every order that was due for a look as a whole has had it, or is kept in one of the next two."""
    left: list[tuple[datetime, datetime]]
    """Spans of time in which credits were made whose look was put off, since there were too many at once."""
    partial: dict[str, str]
    """Order that was not read whole when it was looked at → since when: it is looked at every time until it is."""
    stopped_after: int
    """Up to which return those stopped for what others wrote had their turn."""
    moved: int | None
    """Up to which move of the journal those that stopped being an exception were looked at again."""
    judged: dict[str, str]
    """What others wrote beside ours → when it was last changed: it was set against ours."""
    unread: str | None = None
    """Since when the credits and refunds of late have not been read whole."""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Looked":
        looked_at = datetime.fromisoformat(stored["looked_at"]) if stored.get("looked_at") else None
        left = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in stored.get("left", ())]
        return cls(
            looked_at, left, stored.get("partial", {}), stored.get("stopped_after", 0), stored.get("moved"),
            stored.get("judged", {}), stored.get("unread"),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """What orjson writes as `read` takes it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def since(self, order_id: int, now: datetime) -> datetime:
        """Since when this order is not read whole."""
        began = self.partial.get(str(order_id))
        return min(datetime.fromisoformat(began), now) if began is not None else now


def put_off(windows: list[tuple[datetime, datetime]], rows: list[Record]) -> list[tuple[datetime, datetime]]:
    """What is left of these windows, of which the newest were looked at: `rows`, newest last to be cut first."""
    last = rows[-1]["at"]  # None where even what there is news of was too much
    return [(start, end if last is None else min(end, last)) for start, end in windows if last is None or start < last]
