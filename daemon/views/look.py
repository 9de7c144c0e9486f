"""What is where, what is stuck, what waits: the whole board at a glance, as data."""

from datetime import datetime
from typing import Any

from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS
from daemon.health.signals import Signal, stopped, troubles
from daemon.loops.dispatch import QUOTA
from daemon.store import batch, board, health, inbox, merchant, notice, outbox, reports
from daemon.store.board import EVERYTHING
from daemon.store.sql import Connection, Merchants
from daemon.views.health import answers, signal_view, standing, summary
from statemachine.states import State

ROWS_MAX = 10


async def look(connection: Connection, merchants: Merchants, now: datetime) -> dict[str, Any]:
    """Everything the screen shows, as data."""
    holders = [row for row in await merchant.everyone(connection) if merchants is None or row["merchant"] in merchants]
    states = await reports.states(connection, merchants)
    signals = await health.read(connection, [row["merchant"] for row in holders])
    stuck = await board.grouped(connection, EVERYTHING, "state", merchants=merchants, rows_max=len(State))
    causes = await reports.causes(connection, merchants)
    return {
        "as_of": now,
        "states": [
            {"state": row["state"], "returns": row["returns"], "oldest": row["oldest"]}
            for row in sorted(stuck, key=lambda row: list(State).index(State(row["state"])))
        ],
        "merchants": [
            await _merchant(connection, row["merchant"], bool(row["is_held"]), states, signals, now) for row in holders
        ],
        "troubles": [signal_view(each) for each in troubles(signals)[:ROWS_MAX]],
        "causes": [dict(row) for row in causes[:ROWS_MAX]],
        "alerts": [dict(row) for row in await notice.listing(connection, merchants=merchants, team=None, rows_max=ROWS_MAX)],
        "batches": [
            dict(row) for row in await batch.listing(connection, merchants=merchants, rows_max=ROWS_MAX)
            if row["state"] in (batch.RUNNING, batch.PAUSED, batch.AWAITS_APPROVAL)
        ],
    }  # fmt: skip


async def _merchant(
    connection: Connection, name: str, is_held: bool, states: list[Any], signals: list[Signal], now: datetime
) -> dict[str, Any]:
    effects, events = await outbox.backlog(connection, name, now), await inbox.backlog(connection, name)
    told = await merchant.read_cursor(connection, name, QUOTA)
    return {
        "merchant": name, "is_held": is_held, "returns": sum(row["returns"] for row in states if row["merchant"] == name),
        "effects_due": effects["due"], "effects_open": effects["open"], "events_waiting": events["waiting"],
        "quota_used": told["used"] if told else None,
        "brightpearl_is_down": not answers(signals, name, BRIGHTPEARL),
        "brightpearl": standing(signals, name, BRIGHTPEARL, now),
        "happy_returns": standing(signals, name, HAPPY_RETURNS, now), "is_able": not stopped(signals, name),
        "health": summary(signals, name),
    }  # fmt: skip
