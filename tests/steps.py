"""How many steps a piece of Python takes: bytecodes, which no busy machine changes."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """Bytecodes that are executed in Python while `work` runs, in whatever it calls."""
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], *, size: int) -> float:
    """How many times the steps when there is twice as much: 2 for what is linear, 4 for a square, 8 for a cube."""
    small, large = work(size), work(2 * size)
    return steps(large) / steps(small)
