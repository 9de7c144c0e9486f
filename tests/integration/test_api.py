"""The API: it is what its description says, writes are done once, and each token does what it is for."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import orjson
import pytest
import schemathesis
from anyio import to_thread
from schemathesis.checks import CHECKS

from daemon.store.database import Database
from daemon.web.access import people
from daemon.web.access.roles import Role
from daemon.web.api import endpoints
from daemon.web.api.describing import BASE
from tests.given import Given
from tests.visitor import program
from tests.world import World, open_world

EXAMPLES = 40  # of each operation
HELD_TO = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
)  # fmt: skip


STRAY = {"receipts": [{"express_code": "HRNOBODY", "sku": "STRAY"}]}


async def a_week(world: World) -> dict[str, Any]:
    """A few returns, one of them stuck; answers that one."""
    world.begin("bar_several")
    world.begin("unidentified_extra")
    truth = world.begin("cancelled_order")
    await world.pass_time(timedelta(days=6))
    return await world.show(truth["express_code"])


async def ask(world: World, path: str, headers: dict[str, str], **more: Any) -> tuple[int, Any, Any]:
    async with world.http.get(f"{world.url}{BASE}{path}", headers=headers, **more) as reply:
        raw = await reply.read()
        return reply.status, orjson.loads(raw) if raw else None, reply.headers


async def say(world: World, path: str, headers: dict[str, str], key: str, body: Any) -> tuple[int, Any, Any]:
    headers = {**headers, "Idempotency-Key": key}
    async with world.http.post(f"{world.url}{BASE}{path}", headers=headers, json=body) as reply:
        return reply.status, orjson.loads(await reply.read()), reply.headers


# Schemathesis itself draws with `random` inside a strategy.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
async def test_every_answer_is_what_the_description_says_whatever_is_asked(given: Given) -> None:
    async with given.world(a_week) as (world, _):
        headers = await program(world, "write")
        schema = schemathesis.openapi.from_dict(orjson.loads(endpoints.openapi()))
        operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
        wanted = [CHECKS.get_one(name) for name in HELD_TO]

        def pester() -> int:
            """Draw requests, good ones and bad ones, and hold each answer to the description."""
            import hypothesis

            asked = 0
            for operation in operations:

                @hypothesis.settings(
                    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
                    suppress_health_check=list(hypothesis.HealthCheck),
                )  # fmt: skip
                @hypothesis.given(case=operation.as_strategy())
                def one(case: Any) -> None:
                    nonlocal asked
                    asked += 1
                    case.call_and_validate(base_url=world.url, headers=headers, checks=wanted)

                one()
            return asked

        async with anyio.create_task_group() as group:
            group.start_soon(_keep_working, world)
            asked = await to_thread.run_sync(pester)
            group.cancel_scope.cancel()

        assert asked >= len(operations) * EXAMPLES / 2


async def _keep_working(world: World) -> None:
    while True:
        await world.settle()
        await anyio.sleep(0.5)


async def test_the_same_key_again_is_answered_again_and_done_once(given: Given) -> None:
    async with given.world(a_week) as (world, found):
        headers, path = await program(world, "write"), f"/returns/{found['id']}/note"

        first = await say(world, path, headers, "the-very-same-1", {"note": "once"})
        again = await say(world, path, headers, "the-very-same-1", {"note": "once"})
        other = await say(world, path, headers, "the-very-same-1", {"note": "something else"})
        nameless, _, _ = await say(world, path, headers, "", {"note": "once"})
        await world.settle()

        assert (first[0], again[0], other[0], nameless) == (200, 200, 422, 400)
        assert again[1] == first[1]
        assert again[2]["Idempotency-Replayed"] == "true"
        notes = [row for row in (await world.show(str(found["id"])))["journal"] if row["event"] == "noted"]
        assert [row["actor"] for row in notes] == ["token:test-write"]


async def test_each_scope_does_what_it_is_for_and_no_more(given: Given) -> None:
    async with given.world(a_week) as (world, found):
        number, code = found["id"], found["express_code"]
        told = {}
        for scope in ("helpdesk", "read", "warehouse", "write"):
            headers = await program(world, scope)
            told[scope] = [
                (await ask(world, f"/answers/{code}", headers))[0],
                (await ask(world, f"/returns/{number}", headers))[0],
                (await say(world, "/receipts", headers, f"key-of-{scope}", STRAY))[0],
                (await say(world, f"/returns/{number}/note", headers, f"note-of-{scope}", {"note": scope}))[0],
            ]  # fmt: skip
        nobody, _, headers = await ask(world, "/returns", {})

        assert told == {
            "helpdesk": [200, 403, 403, 403], "read": [200, 200, 403, 403], "warehouse": [200, 200, 200, 403],
            "write": [200, 200, 200, 200],
        }  # fmt: skip
        assert nobody == 401
        assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_helpdesk_hears_what_may_be_told_and_nothing_that_names_a_person(given: Given) -> None:
    async with given.world(a_week) as (world, found):
        _, told, _ = await ask(world, f"/answers/{found['express_code']}", await program(world, "helpdesk"))

        (answer,) = told["data"]
        assert answer["may_be_told"] == "We have your return and are working on your refund. It is not done yet."
        assert answer["status"] == "A person is looking into it."
        assert answer["promise_at"]
        assert set(answer) == {
            "return",
            "order_number",
            "state",
            "status",
            "next",
            "promise_at",
            "is_late",
            "may_be_told",
        }


async def test_lists_page_to_their_end_and_an_unchanged_answer_is_not_sent_again(given: Given) -> None:
    async with given.world(a_week) as (world, _):
        headers = await program(world, "read")
        seen: list[int] = []
        cursor = ""
        while True:
            _, page, told = await ask(world, f"/returns?limit=1&cursor={cursor}", headers)
            seen += [row["id"] for row in page["data"]]
            cursor = page["next"] or ""
            if not cursor:
                break
        status, nothing, _ = await ask(
            world, f"/returns?limit=1&cursor={seen[-2]}", headers | {"If-None-Match": told["ETag"]}
        )

        assert seen == sorted((row["id"] for row in await world.all_returns()), reverse=True)
        assert (status, nothing) == (304, None)


async def test_a_bulk_change_is_previewed_then_done_as_a_batch(given: Given) -> None:
    async with given.world(a_week) as (world, found):
        headers = await program(world, "write")
        await people.add_account(
            world.database,
            "clara",
            role=Role.CUSTOMER_SERVICE,
            merchants=None,
            password=None,
            by="user:test",
            now=world.now,
        )
        body = {"verb": "assign", "where": "state=exception", "options": {"to": "clara"}}

        _, preview, _ = await say(world, "/changes", headers, "bulk-preview-1", {**body, "dry_run": True})
        before = (await world.show(str(found["id"])))["assignee"]
        _, begun, _ = await say(world, "/changes", headers, "bulk-for-real-1", body)
        await world.settle()
        _, batch, _ = await ask(world, f"/batches/{begun['batches'][0]}", headers)

        assert (preview["eligible"], preview["changed"], before) == (1, False, "")
        assert (batch["state"], batch["applied"]) == ("done", 1)
        assert (await world.show(str(found["id"])))["assignee"] == "clara"


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("/returns/{id}/note", {"note": "x", "unknown": 1}, 400, "unknown"),
    ("/returns/{id}/note", {}, 400, "note"),
    ("/returns/{id}/dance", {"note": "x"}, 404, "no verb"),
    ("/returns/{id}/accept", {"reason": "x"}, 409, "cannot be accepted"),
    ("/returns/999999/note", {"note": "x"}, 404, "no return"),
    ("/changes", {"verb": "note", "options": {"note": "x"}}, 400, "ids or where"),
    ("/changes", {"verb": "note", "where": "nonsense", "options": {"note": "x"}}, 400, "FIELD OP VALUE"),
    ("/receipts", {"receipts": []}, 400, "receipts"),
]


async def test_every_refusal_says_why(given: Given) -> None:
    async with given.world(a_week) as (world, found):
        headers = await program(world, "write")
        for number, (path, body, status, why) in enumerate(REFUSALS):
            told = await say(world, path.replace("{id}", str(found["id"])), headers, f"refused-{number}", body)

            assert (told[0], told[1]["status"]) == (status, status), path
            assert why in told[1]["detail"], path


def test_the_description_is_openapi_3_1_and_every_schema_in_it_is_one() -> None:
    told = orjson.loads(endpoints.openapi())

    assert told["openapi"] == "3.1.0"
    for path in told["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    jsonschema.Draft202012Validator.check_schema(content["schema"])


async def test_more_than_a_token_may_ask_is_told_to_wait(database: Database, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(endpoints, "REQUESTS_PER_MINUTE", 2)
    async with open_world(database, tmp_path) as world:
        headers = await program(world, "read")

        told = [await ask(world, "/health", headers) for _ in range(3)]

        assert [status for status, _, _ in told] == [200, 200, 429]
        assert told[2][2]["Retry-After"] == "1"
