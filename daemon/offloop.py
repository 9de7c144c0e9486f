"""Work that would keep the event loop from everything else: done in a worker thread, one such piece at a time.

Python runs one thread at a time, so two such pieces at once would only halve what is left for leases, health and pages.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar, checkpoint

HERE_MAX = 400
"""Things a piece of work looks at; what looks at more may take longer than 20 ms and is not done on the loop."""
_TURN: RunVar[CapacityLimiter] = RunVar("off_the_loop")
_T = TypeVar("_T")


async def off_the_loop(work: Callable[[], _T], *, size: int) -> _T:
    """What `work` answers. Small work is done here, after everybody else had a turn, large work in a thread.

    It changes nothing that others see: whoever is cancelled leaves it to end by itself.
    """
    if size <= HERE_MAX:
        await checkpoint()
        return work()
    try:
        turn = _TURN.get()
    except LookupError:
        turn = CapacityLimiter(1)
        _TURN.set(turn)
    return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=turn)
