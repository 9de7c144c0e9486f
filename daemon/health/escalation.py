"""When somebody is told of a trouble, told again because it lasts, and told that it is over. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.health.signals import Signal

OVER_AFTER = timedelta(minutes=5)  # well for so long, so that what comes and goes is one story and not ten


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: how long after it was first told, and who is told then."""

    after: timedelta
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told now."""

    step: int
    """1 when it began, more as it lasts; 0: it is over."""
    teams: tuple[str, ...]
    began_at: datetime


def due(
    signal: Signal, *, steps: Sequence[Step], repeat: timedelta, told_steps: int, told_since: datetime | None, now: datetime
) -> Due | None:  # fmt: skip
    """What somebody must be told of this signal now; `told_steps` and `told_since`: what they were told so far.

    Steps that were missed are told once, as the latest of them, to everybody they were for.
    """
    if not signal.is_trouble:
        if told_steps == 0 or told_since is None or now - signal.since < OVER_AFTER:
            return None
        return Due(0, _teams(steps, 0, told_steps), told_since)
    if signal.kind is None:
        return None
    began_at = told_since or signal.since
    first_at = began_at + signal.kind.told_after
    reached = told_steps
    while now >= first_at + _after(steps, repeat, reached + 1):
        reached += 1
    if reached == told_steps:
        return None
    return Due(reached, _teams(steps, told_steps, reached), began_at)


def _after(steps: Sequence[Step], repeat: timedelta, number: int) -> timedelta:
    """How long after the first step this one comes."""
    extra = max(number - len(steps), 0)
    return steps[min(number, len(steps)) - 1].after + extra * repeat


def _teams(steps: Sequence[Step], told: int, reached: int) -> tuple[str, ...]:
    """Everybody of the steps after `told`, up to and with `reached`."""
    chosen = [steps[min(number, len(steps)) - 1] for number in range(told + 1, reached + 1)]
    return tuple(dict.fromkeys(team for step in chosen for team in step.tell))
