"""The sandbox's clock: real, moved by jumps, or running faster; shared with a daemon through a small file."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SandboxClock:
    """now = at + (monotonic - since) × rate. With a file, every change is written for others to follow."""

    def __init__(self, path: Path | None = None, *, now: datetime | None = None, rate: float = 1.0) -> None:
        self._path = path
        self._at = (now or datetime.now(UTC)).timestamp()
        if path is not None and path.exists() and now is None:
            self._at = max(self._at, float(json.loads(path.read_text())["at"]))  # a daemon's time never runs back
        self._since, self.rate = time.monotonic(), rate
        self._write()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._at + (time.monotonic() - self._since) * self.rate, UTC)

    def move(self, *, to: datetime | None = None, rate: float | None = None) -> datetime:
        """Jump (never back) and/or change the rate."""
        now = self.now()
        self._at = max(now, to).timestamp() if to else now.timestamp()
        self._since = time.monotonic()
        self.rate = self.rate if rate is None else rate
        self._write()
        return self.now()

    def _write(self) -> None:
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"at": self._at, "since": self._since, "rate": self.rate}))
        fresh.replace(self._path)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)
