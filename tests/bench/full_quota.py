"""Many accounts on one daemon, each with more to do than its quota lets it: what the machine gives, and what it costs."""

import os
from pathlib import Path
from typing import Any

import anyio

from tests.bench.latency import worlds
from tests.bench.lifecycles import cpu_of, cpu_seconds
from tests.chaos.rig import Rig

SHARE = 140
RETURNS = 130  # a merchant: at one unit a member of a message, four minutes of its quota
SETTLING_SECONDS = 75  # until the first minute's burst is behind every account
MEASURED_SECONDS = 120


async def measure(folder: Path, merchants: int) -> dict[str, Any]:
    """How much of all quotas together was used, and the processor's time for it; a message costs what its members do."""
    rig = Rig(folder, daemons=1)
    async with rig.running(), anyio.create_task_group() as group:
        sandboxes = await worlds(rig, merchants, group, returns=RETURNS)
        gateways = [sandbox.brightpearl.gateway for sandbox in sandboxes]
        for sandbox in sandboxes:
            sandbox.assumptions.multi_message_costs_each = True
        rig.start(0)
        while not all(gateway.units_used for gateway in gateways):  # noqa: ASYNC110 - another process uses them
            await anyio.sleep(0.2)
        await anyio.sleep(SETTLING_SECONDS)
        before, used = [gateway.units_used for gateway in gateways], _cpu(rig)
        await anyio.sleep(MEASURED_SECONDS)
        units = [gateway.units_used - first for gateway, first in zip(gateways, before, strict=True)]
        took = {name: seconds - used[name] for name, seconds in _cpu(rig).items()}
        refused = sum(gateway.throttled for gateway in gateways)
        group.cancel_scope.cancel()
    minutes = MEASURED_SECONDS / 60
    return {
        "quota_share_used": round(sum(units) / minutes / SHARE / merchants, 3),
        "least_used_by_one": round(min(units) / minutes / SHARE, 3),
        "units_a_second": round(sum(units) / MEASURED_SECONDS, 1),
        "avoidable_503": refused,
        **{f"{name}_a_second": round(seconds / MEASURED_SECONDS, 3) for name, seconds in took.items()},
    }


def _cpu(rig: Rig) -> dict[str, float]:
    """As `cpu_of`, with the vendors in this very process."""
    return {**cpu_of(rig), "sandbox_cpu_seconds": cpu_seconds(os.getpid())}
