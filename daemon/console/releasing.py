"""Fix once, release many: which stopped returns would pass now that something was mended, and their release as a batch."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from daemon import app as application
from daemon.actions import perform
from daemon.actions.verbs import Options
from daemon.clients.brightpearl import BrightpearlClient
from daemon.clock import Clock
from daemon.console import selecting, session
from daemon.console.changing import begun
from daemon.console.map_replay import BATCH_MAX, replay_page
from daemon.console.output import errors
from daemon.console.session import (
    choose_merchant,
)
from daemon.maps import NO_MAPS, from_content
from daemon.settings import PolicySettings, Settings
from daemon.store import board
from daemon.store import maps as maps_store
from daemon.store.database import Database
from daemon.telemetry import Telemetry
from statemachine.credit.verdicts import Adopt, CreditLaterDated, CreditNow
from statemachine.states import State
from statemachine.units import Return

PASSES = (CreditNow, CreditLaterDated, Adopt)


async def recheck(
    database: Database, settings: Settings, clock: Clock, asked: selecting.Asked, *, merchant: str | None, release: bool,
    rate: int | None, reason: str, yes: bool,
) -> dict[str, Any]:  # fmt: skip
    """How many of the stopped returns would pass now; with `release`, a batch that retries those."""
    name, now = choose_merchant(settings, merchant), clock.now()
    async with database.reading() as connection:
        condition = asked.condition(now)
        chosen = await board.chosen(connection, condition, merchant=name, rows_max=selecting.CHOSEN_MAX)
    stopped = await perform.load(database, chosen)
    async with application.new_http_session() as http:
        client = application.build_clients(
            settings, name, clock=clock, telemetry=Telemetry(otlp_endpoint=None), http=http
        ).brightpearl
        told, passing = await judge(
            database, client, stopped, merchant=name, policy=settings.merchants[name].policy, clock=clock,
            tell=lambda count: errors.print(f"{count} of {len(stopped)} decided again", style="dim"),
        )  # fmt: skip
    told |= {"merchant": name, "filter": asked.text, "changed": False}
    if not passing or not release:
        return told
    preview = await perform.preview(
        database, settings, "retry", Options(reason=reason.strip() or "mended"), passing,
        filter_text=f"would pass now: {asked.text}", now=now,
    )  # fmt: skip
    if not preview.eligible:
        return told
    session.confirm(f"Release {len(preview.eligible)} returns?", yes=yes)
    opened = await perform.begin(database, preview, actor=session.actor(), now=now, rate_per_minute=rate)
    return told | begun(opened.id, is_new=opened.is_new, needs_approval=False)


async def judge(
    database: Database, client: BrightpearlClient, stopped: list[Return], *, merchant: str, policy: PolicySettings,
    clock: Clock, tell: Callable[[int], None],
) -> tuple[dict[str, Any], list[Return]]:  # fmt: skip
    """Decide each stopped return again with the facts of this moment. Answers the figures and what would pass."""
    account = await client.account()
    async with database.reading() as connection:
        row = await maps_store.latest(connection, merchant)
    maps = from_content(row["content"]) if row is not None else NO_MAPS
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
