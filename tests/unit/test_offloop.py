"""Large work leaves the event loop to everybody else."""

import threading

import anyio

from daemon.offloop import HERE_MAX, off_the_loop

PATIENCE_SECONDS = 30.0  # never waited for: only what would hang for ever ends by it


async def test_large_work_is_done_while_the_loop_goes_on() -> None:
    went_on = threading.Event()

    async def somebody_else() -> None:
        went_on.set()

    async with anyio.create_task_group() as group:
        group.start_soon(somebody_else)
        seen = await off_the_loop(lambda: went_on.wait(PATIENCE_SECONDS), size=HERE_MAX + 1)

    assert seen


async def test_one_large_piece_of_work_is_done_at_a_time() -> None:
    at_work, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        for _ in range(1000):
            pass
        with lock:
            at_work -= 1

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(lambda: off_the_loop(work, size=HERE_MAX + 1))

    assert most == 1


async def test_small_work_is_done_at_once_after_whoever_waited() -> None:
    order: list[str] = []

    async def somebody_else() -> None:
        order.append("somebody else")

    def work() -> int:
        order.append("work")
        return threading.get_ident()

    async with anyio.create_task_group() as group:
        group.start_soon(somebody_else)
        where = await off_the_loop(work, size=HERE_MAX)

    assert order == ["somebody else", "work"]
    assert where == threading.get_ident()
