"""Training: situations planted in the sandbox, dealt with as by a trainee, and scored by what was done first."""

from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest

from daemon.console.schemas import schema_of
from daemon.sandbox.scenarios import SCENARIOS
from daemon.store.database import Database
from daemon.views.training import PACKS, Exercise, scored
from tests.world import World, open_world

EXERCISE = Exercise("cancelled_order", "a task", "resolve", "a reason")


async def begun(world: World, pack: str) -> list[dict[str, Any]]:
    """The pack, planted while the daemon works."""
    told: list[Any] = []
    worked_at = world.now

    async def plant() -> None:
        told.extend(await world.homeward("training", "begin", pack))

    async with anyio.create_task_group() as group:
        group.start_soon(plant)
        while not told:
            if world.now != worked_at:  # the command has moved the clock: only then is there anything to do
                worked_at = world.now
                await world.settle()
            await anyio.sleep(0.05)
    code, rows, said = told
    assert code == 0, said
    return list(rows)


@pytest.mark.parametrize("pack", sorted(PACKS))
async def test_every_situation_of_a_pack_stops_and_doing_the_right_thing_scores(
    pack: str, database: Database, tmp_path: Path
) -> None:
    how = {
        "resolve": ("--reason", "refunded-elsewhere", "--note", "as told", "--yes"),
        "accept": ("--reason", "as told", "--yes"), "retry": ("--reason", "mended", "--yes"),
        "assign": ("--to", "somebody"),
    }  # fmt: skip
    async with open_world(database, tmp_path) as world:
        rows = await begun(world, pack)
        _, before, _ = await world.homeward("training", "score")

        for row, exercise in zip(rows, PACKS[pack], strict=True):
            verb = "retry" if row is rows[0] else exercise.right  # the first is done wrong
            code, _, said = await world.homeward("exception", verb, row["express_code"], *how[verb])
            assert code == 0, (exercise, said)
        await world.settle()
        _, after, _ = await world.homeward("training", "score")

        for name, found in (("training begin", rows), ("training score", before), ("training score", after)):
            jsonschema.validate(found, schema_of(name))
        assert [row["result"] for row in before] == ["open"] * len(rows)
        assert [row["result"] for row in after] == ["wrong", *["right"] * (len(rows) - 1)]
        assert after[0]["should"] == PACKS[pack][0].right
        assert all(row["because"] for row in after)


async def test_training_is_refused_where_no_sandbox_of_this_machine_is(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        real = world.config.read_text().replace('base_url = "http://127.0.0.1', 'base_url = "http://192.0.2.1')
        world.config.write_text(real)

        code, _, said = await world.homeward("training", "begin", "finance")
        none, _, _ = await world.homeward("training", "score")

        assert (code, none) == (6, 5)
        assert "in a sandbox alone" in said


def test_the_first_thing_that_decides_counts_and_notes_do_not() -> None:
    said = [
        {"event": "noted", "payload": {}, "actor": "user:ann"},
        {"event": "resumed", "payload": {"accepts": []}, "actor": "user:ann"},
        {"event": "forced", "payload": {}, "actor": "user:bob"},
    ]

    assert scored(EXERCISE, "HR1", said)["result"] == "wrong"
    assert scored(EXERCISE, "HR1", [said[0], said[2]])["by"] == "user:bob"
    assert scored(EXERCISE, "HR1", [said[0], said[2]])["result"] == "right"
    assert scored(EXERCISE, "HR1", [])["result"] == "open"


def test_every_exercise_is_a_situation_of_the_sandbox() -> None:
    assert {each.scenario for pack in PACKS.values() for each in pack} <= set(SCENARIOS)
