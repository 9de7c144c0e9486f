"""Fix once, release many: which stopped returns would pass now that something was mended."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from daemon.actions.map_replay import BATCH_MAX, replay_page
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clock import Clock
from daemon.settings_merchant import PolicySettings
from daemon.store import maps as maps_store
from daemon.store.database import Database
from statemachine.credit.verdicts import Adopt, CreditLaterDated, CreditNow
from statemachine.states import State
from statemachine.units import Return

PASSES = (CreditNow, CreditLaterDated, Adopt)


async def judge(
    database: Database, client: BrightpearlClient, stopped: list[Return], *, merchant: str, policy: PolicySettings,
    clock: Clock, tell: Callable[[int], None],
) -> tuple[dict[str, Any], list[Return]]:  # fmt: skip
    """Decide each stopped return again with the facts of this moment. Answers the figures and what would pass."""
    account = await client.account()
    async with database.reading() as connection:
        maps = await maps_store.in_force(connection, merchant)
    decidable = [each for each in stopped if each.resume_state is State.CREDIT_PENDING and each.credit is None]
    returns: list[dict[str, Any]] = []
    passing: list[Return] = []
    for start in range(0, len(decidable), BATCH_MAX):
        page = decidable[start : start + BATCH_MAX]
        for each in await replay_page(
            page, maps, maps, client, database, merchant=merchant, account=account, policy=policy, now=clock.now()
        ):
            passes = isinstance(each.after, PASSES)
            if passes:
                passing.append(each.instance)
            returns.append({
                "id": each.instance.id, "express_code": each.instance.express_code,
                "order_number": each.instance.order_number, "passes": passes, "cause": each.after.cause,
                "why": each.after.explanation,
            })  # fmt: skip
        tell(len(returns))
    still = Counter(row["cause"] for row in returns if not row["passes"])
    return {
        "stopped": len(stopped), "would_pass": len(passing), "still_stopped": sum(still.values()),
        "still_stopped_by_cause": dict(still.most_common()), "not_decided_by_orders": len(stopped) - len(returns),
        "returns": returns,
    }, passing  # fmt: skip
