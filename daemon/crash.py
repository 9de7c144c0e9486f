"""Crash points: a process under test kills itself where it is told to. Without HOMEWARD_CRASH nothing ever happens.

HOMEWARD_CRASH="POINT@N" sends SIGKILL to the process the N-th time it comes by POINT. Every transaction that commits and
every HTTP exchange passes points of its own:

    advance.before-commit  advance.inside-commit  advance.after-commit      (and so on, by the transaction's name)
    brightpearl.record-refund.unsent  .sent  .answered                      (and so on, by vendor and operation)

`commit` and `send` in place of a name count all of them ("commit.inside@17", "send.sent@40"), and `any` counts every
point there is ("any@25").
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping

VARIABLE = "HOMEWARD_CRASH"
EVERY = "any"
INSIDE_SECONDS = 0.0003  # how long a COMMIT is under way when the kill comes: about a third of a local commit


class CrashPoints:
    """Counts how often each point is passed; kills the process at the one that was asked for."""

    def __init__(self, told: str = "") -> None:
        name, _, number = told.partition("@")
        self._wanted, self._number = name, int(number or "1") if name else 0
        self._passed: Counter[str] = Counter()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "CrashPoints":
        return cls(environment.get(VARIABLE, ""))

    @property
    def is_armed(self) -> bool:
        return bool(self._wanted)

    def at(self, *names: str) -> None:
        """Passing here, under any of these names."""
        if self._is_it(names):
            _kill()

    def while_at(self, *names: str) -> None:
        """As `at`, but a moment later, while what comes next is under way."""
        if self._is_it(names):
            threading.Thread(target=_kill_soon, daemon=True).start()

    def _is_it(self, names: tuple[str, ...]) -> bool:
        if not self._wanted:
            return False
        self._passed.update((*names, EVERY))
        return self._wanted in (*names, EVERY) and self._passed[self._wanted] == self._number


def _kill_soon() -> None:
    time.sleep(INSIDE_SECONDS)
    _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
