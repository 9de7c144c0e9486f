"""The only place that reads the clock. Everything else is handed `now`.

A moved clock reads its time from a small file that a sandbox keeps (`{"at": unix, "since": monotonic, "rate": n}`), so
that demo, training and tests run a season in minutes with every process agreeing on the time.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import anyio
import orjson

_STEP_SECONDS = 0.02  # how soon a sleeper notices that a moved clock was moved


def machine_now() -> datetime:
    """The machine's own time, whatever clock we follow: for comparing it with other machines'."""
    return datetime.now(UTC)


class Clock(Protocol):
    def now(self) -> datetime: ...
    async def sleep(self, delay: timedelta) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, delay: timedelta) -> None:
        await anyio.sleep(max(delay.total_seconds(), 0))


class MovedClock:
    """Time as a sandbox's clock file tells it; monotonic seconds are shared by all processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = 0
        self._at, self._since, self._rate = 0.0, 0.0, 1.0
        self._read()

    def now(self) -> datetime:
        self._read()
        return datetime.fromtimestamp(self._at + (time.monotonic() - self._since) * self._rate, UTC)

    async def sleep(self, delay: timedelta) -> None:
        until = self.now() + delay
        while (left := (until - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing tells us of a move
            await anyio.sleep(min(left / self._rate, _STEP_SECONDS) if self._rate > 0 else _STEP_SECONDS)

    def _read(self) -> None:
        stamp = os.stat(self._path).st_mtime_ns
        if stamp != self._stamp:
            told = orjson.loads(self._path.read_bytes())
            self._at, self._since, self._rate = float(told["at"]), float(told["since"]), float(told["rate"])
            self._stamp = stamp
