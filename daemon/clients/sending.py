"""What is checked in the moment before a request leaves: whether we may still write, and whether a test wants us dead."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp

from daemon.crash import CrashPoints


@dataclass(frozen=True, slots=True)
class Sending:
    """One request on its way. `may_write` raises LeaseLostError when another daemon has this merchant by now."""

    point: str
    may_write: Callable[[], None] | None = None


def watched(crash: CrashPoints) -> aiohttp.TraceConfig:
    """Hooks for a client session whose requests carry a `Sending`.

    The check stands after the connection is made, since making one takes time: a process that was frozen meanwhile and
    wakes without its lease sends nothing.
    """
    config = aiohttp.TraceConfig()

    async def connected(session: aiohttp.ClientSession, context: SimpleNamespace, told: object) -> None:
        if (sending := _sending(context)) is not None:
            crash.at(f"{sending.point}.unsent", "send.unsent")
            if sending.may_write is not None:
                sending.may_write()

    async def body_leaves(session: aiohttp.ClientSession, context: SimpleNamespace, told: object) -> None:
        if (sending := _sending(context)) is not None and crash.is_armed:
            # Called just before the write: what comes soon comes after it.
            asyncio.get_running_loop().call_soon(crash.at, f"{sending.point}.sent", "send.sent")

    async def answered(session: aiohttp.ClientSession, context: SimpleNamespace, told: object) -> None:
        if (sending := _sending(context)) is not None:
            crash.at(f"{sending.point}.answered", "send.answered")

    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(connected)
    config.on_request_chunk_sent.append(body_leaves)
    config.on_request_end.append(answered)
    return config


def _sending(context: SimpleNamespace) -> Sending | None:
    told = context.trace_request_ctx
    return told if isinstance(told, Sending) else None
