"""The vendors' limits: Brightpearl's fixed minute, Happy Returns' leaky bucket."""

from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)


class FixedWindow:
    """A pool of requests that refills every 60 s, counted from the first request of a window."""

    def __init__(self) -> None:
        self._opened_at: datetime | None = None
        self._used = 0

    def take(self, now: datetime, *, limit: int, units: int = 1) -> tuple[bool, int, int]:
        """Whether the request passes, what remains, and the milliseconds until the window ends."""
        if self._opened_at is None or now - self._opened_at >= WINDOW:
            self._opened_at, self._used = now, 0
        left_ms = int((self._opened_at + WINDOW - now) / timedelta(milliseconds=1))
        if self._used + units > limit:
            return False, max(limit - self._used, 0), left_ms
        self._used += units
        return True, limit - self._used, left_ms


class LeakyBucket:
    """Fills with each request, leaks at `rate` a second; full means come back after `size` seconds' worth."""

    def __init__(self) -> None:
        self._level = 0.0
        self._seen_at: datetime | None = None

    def take(self, now: datetime, *, rate: float, size: float) -> bool:
        if self._seen_at is not None:
            self._level = max(self._level - (now - self._seen_at).total_seconds() * rate, 0.0)
        self._seen_at = now
        if self._level + 1 > max(size * rate, 1):
            return False
        self._level += 1
        return True
