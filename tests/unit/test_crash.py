"""Crash points: nothing without the variable; the N-th passing with it."""

import signal
import subprocess
import sys

import pytest

from daemon.crash import CrashPoints

PASS = """
from daemon.crash import CrashPoints
points = CrashPoints.from_environment()
for number in range(5):
    print(number, flush=True)
    points.at("advance.after-commit", "commit.after")
    points.at("lease.after-commit", "commit.after")
"""


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ("advance.after-commit@3", 3),
        ("commit.after@4", 2),
        ("any@1", 1),
        ("lease.after-commit", 1),
        ("", 5),
        ("x@1", 5),
    ],
)
def test_a_process_dies_at_the_passing_it_was_told(told: str, passed: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PASS],
        env={"HOMEWARD_CRASH": told, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(done.stdout.split()) == passed
    assert done.returncode == (-signal.SIGKILL if passed < 5 else 0)


def test_without_the_variable_nothing_is_counted() -> None:
    points = CrashPoints.from_environment({})

    points.at("commit.after")

    assert not points.is_armed
