"""How long the backlog takes at the speed of the quota. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from statemachine.effects import CloseCredit, CreateSalesCredit, ReceiveStock, RecordRefund

MEMBERS = 10  # writes in one multi-message
READS = 0.08  # calls an effect for reading, in waves of 200: before and after, orders, credits, payments, notes
FOLLOWERS = {CreateSalesCredit.kind: 3, RecordRefund.kind: 0, CloseCredit.kind: 0, ReceiveStock.kind: 0}
"""Effects that each effect still brings: a credit is refunded, closed, and its goods come in."""
FRESH = timedelta(minutes=1)  # what a daemon told of its quota longer ago says nothing of this minute


def calls_left(kinds: Mapping[str, int], *, cost: str) -> float:
    """Calls that the open effects will take, with what follows from them."""
    effects = sum(count * (1 + FOLLOWERS.get(kind, 0)) for kind, count in kinds.items())
    each = 1 / MEMBERS if cost == "one" else 1.0
    return effects * (each + READS)


def quota_told(quota: Mapping[str, Any], *, share: int, kinds: Mapping[str, int], now: datetime) -> dict[str, Any]:
    """Use of our share in the last minute, what a multi-message costs, and when the backlog will have drained."""
    at = datetime.fromisoformat(quota["at"]) if quota else None
    is_fresh = at is not None and now - at < FRESH
    cost = str(quota.get("bundle_cost", "unknown"))
    minutes = calls_left(kinds, cost=cost) / share
    return {
        "quota_used": quota["used"] if is_fresh else 0,
        "quota_share": share,
        "quota_left_in_account": quota.get("remaining") if is_fresh else None,
        "refused_calls": quota.get("refused", 0),
        "multi_message_costs": cost,
        "drained_at": now + timedelta(minutes=minutes) if kinds else now,
    }
