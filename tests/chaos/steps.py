"""What every storm does besides: let a season go on, wait for its daemon, add up what the judge found."""

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

import anyio
import asyncpg

from tests.chaos.judge import Judgement
from tests.chaos.rig import LOST, Rig

Told: TypeAlias = dict[str, Any]
"""The figures of one storm."""


async def holder(rig: Rig) -> dict[str, Any]:
    connection = await asyncpg.connect(rig.dsn)
    try:
        row = await connection.fetchrow(
            "SELECT coalesce(lease_owner, '') AS owner, extract(epoch FROM lease_until - clock_timestamp()) AS left"
            " FROM merchant"
        )
        assert row is not None
        return {"owner": row["owner"], "left": float(row["left"] or 0)}
    finally:
        await connection.close()


async def play(rig: Rig, faults: dict[str, Any], *, seconds: float) -> None:
    await rig.post("/_sandbox/faults", faults)
    with anyio.move_on_after(seconds):
        await step(rig)


async def step(rig: Rig) -> None:
    """Let the season go on, for as long as it is let."""
    while True:
        await attempt(rig.let_time_pass, rig)
        await attempt(rig.bring_receipts)
        await attempt(rig.remember)
        await anyio.sleep(0.1)


async def attempt(what: Callable[..., Awaitable[Any]], rig: Rig | None = None) -> None:
    try:
        await (what(await rig.look()) if rig is not None else what())
    except LOST:
        return


async def jump(rig: Rig) -> None:
    await rig.post("/_sandbox/clock", {"by_seconds": 86400, "rate": rig.rate})


async def ready(rig: Rig) -> None:
    while not (await holder(rig))["owner"]:  # noqa: ASYNC110 - another process takes it
        await anyio.sleep(0.1)


def add(judgement: Judgement, found: Judgement, where: str) -> None:
    judgement.checked.update(found.checked)
    for letter, whys in found.violations.items():
        judgement.violations.setdefault(letter, []).extend(f"{where}: {why}" for why in whys)


def say(what: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {what}", file=sys.stderr, flush=True)
