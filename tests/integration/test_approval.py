"""Approving at Happy Returns moves money: off by default, once and only for inspected mail where policy says so."""

from datetime import timedelta
from pathlib import Path

from daemon.store.database import Database
from tests.world import World, open_world


async def given_mail_that_waits_for_inspection(world: World) -> str:
    code = str(world.begin("mail_inspected")["express_code"])
    world.sandbox.season.steps = [step for step in world.sandbox.season.steps if step.kind != "approve"]
    return code


def allow(world: World) -> None:
    told = world.workplace.settings
    policy = told.policy.model_copy(update={"approve_returns": True, "credit_trigger_by_method": {"mail": "approved"}})
    world.workplace.settings = told.model_copy(update={"policy": policy})
    world.workplace.policy = policy.machine()


async def test_without_the_policy_nothing_is_ever_approved(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await given_mail_that_waits_for_inspection(world)

        await world.pass_time(timedelta(days=20))

        assert world.sandbox.happy_returns.approvals == []


async def test_inspected_mail_is_approved_once_and_then_credited(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        allow(world)
        codes = [await given_mail_that_waits_for_inspection(world) for _ in range(3)]
        faults = [
            {"match": f"/rma/{code}/approve", "kind": kind, "count": 1}
            for code, kind in zip(codes, ("lose-answer", "error-after"), strict=False)
        ]
        world.sandbox.faults.plan({"rules": faults})

        await world.pass_time(timedelta(days=25))

        assert [rule.struck for rule in world.sandbox.faults.rules] == [1, 1]
        assert sorted(each["id"] for each in world.sandbox.happy_returns.approvals) == sorted(codes)
        assert [(await world.show(code))["state"] for code in codes] == ["restocked"] * 3


async def test_an_approval_that_may_have_been_lost_is_asked_about_not_repeated(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        allow(world)
        code = await given_mail_that_waits_for_inspection(world)
        world.sandbox.faults.plan({"rules": [{"match": "/rma/.*/approve", "kind": "error-before", "count": 1}]})

        await world.pass_time(timedelta(days=25))

        assert world.sandbox.happy_returns.approvals == []
        assert (await world.show(code))["exception"]["cause"] == "outcome-unknown"
