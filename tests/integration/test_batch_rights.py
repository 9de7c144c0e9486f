"""A batch goes on by itself with no more rights than whoever asked for it has at that moment."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from daemon.actions import perform
from daemon.actions.verbs import Options
from daemon.store import batch, tokens
from daemon.store.batch import Asker
from daemon.store.database import Database
from daemon.web.access import people
from daemon.web.access.roles import Role
from tests.visitor import program, visitor
from tests.world import MERCHANT, World, open_world

HOW: dict[str, Any] = {"by": "user:test"}


async def begun(world: World, asker: Asker, *, actor: str, verb: str = "note") -> int:
    """A batch about one stuck return, asked for over the web and not gone on with yet."""
    code = str(world.begin("cancelled_order")["express_code"])
    await world.pass_time(timedelta(days=6))
    number = int((await world.show(code))["id"])
    instances = await perform.load(world.database, [(MERCHANT, number)])
    options = Options(note="x", reason="x")
    preview = await perform.preview(
        world.database, world.desk.settings, verb, options, instances, filter_text=f"ids: {number}", now=world.now
    )
    opened = await perform.begin(world.database, preview, actor=actor, now=world.now, asker=asker, batch_key="one")
    return opened.id


async def outcome(database: Database, number: int) -> tuple[str, str]:
    async with database.reading() as connection:
        (row,) = await batch.listing(connection, batch_id=number)
    return row["state"], row["why_stopped"]


async def close(world: World) -> None:
    await people.change_account(world.database, "olga", disabled=True, now=world.now, **HOW)


async def lower(world: World) -> None:
    await people.change_account(world.database, "olga", role=Role.VIEWER, now=world.now, **HOW)


async def move(world: World) -> None:
    await people.change_account(world.database, "olga", merchants=["zenith"], sets_merchants=True, now=world.now, **HOW)


async def nothing(world: World) -> None:
    pass


@pytest.mark.parametrize(
    ("happens", "state", "why"),
    [
        (nothing, "done", ""),
        (close, "stopped", "user:olga is closed or revoked: nothing more is done in that name"),
        (lower, "stopped", "user:olga has a role (viewer) that may not note"),
        (move, "stopped", "user:olga is not for this merchant any more"),
    ],
)
async def test_a_batch_ends_with_the_rights_of_the_account_that_asked(
    happens: Callable[[World], Awaitable[None]], state: str, why: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await people.add_account(
            database, "olga", role=Role.OPERATOR, merchants=[MERCHANT], password=None, now=world.now, **HOW
        )
        number = await begun(world, Asker(account="olga"), actor="user:olga")

        await happens(world)
        await world.settle()

        assert await outcome(database, number) == (state, why)


async def test_a_batch_of_a_token_ends_when_it_is_revoked_or_runs_out(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await program(world, "write", name="helpdesk")
        async with database.reading() as connection:
            (token,) = await tokens.listing(connection)
        number = await begun(world, Asker(token=token["id"], stands_for="user:test"), actor="token:helpdesk")

        await people.revoke_token(database, "helpdesk", now=world.now, **HOW)
        await world.settle()

        assert (await outcome(database, number))[0] == "stopped"


async def test_nobody_is_the_second_person_to_what_their_own_token_asked_for(
    database: Database, tmp_path: Path
) -> None:
    second = "[merchants.acme.people]\nsecond_person_above = 1\n"
    async with open_world(database, tmp_path, extra_config=second) as world:
        code = str(world.begin("cancelled_order")["express_code"])
        await world.pass_time(timedelta(days=6))
        number = int((await world.show(code))["id"])
        async with visitor(world) as anna, visitor(world, "bert") as bert:
            _, text = await anna.post(
                "/accounts", {"what": "token", "name": "mine", "scope": "write", "sees": "all", "days": "9"}
            )
            token = text.split('id="token">')[1].split("<")[0]
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "asked-with-my-token"}
            body: dict[str, Any] = {"reason": "goodwill", "note": "Promised on the phone.", "state": "closed"}
            url = f"{world.url}/api/v1/returns/{number}/force"
            async with world.http.post(url, headers=headers, json=body) as reply:
                asked = (await reply.json())["batch"]

            _, page = await anna.get(f"/batches/{asked}")
            own, _ = await anna.post(f"/batches/{asked}/approve")
            other, _ = await bert.post(f"/batches/{asked}/approve")

        assert asked is not None
        assert f"/batches/{asked}/approve" not in page
        assert (own, other) == (409, 200)


async def test_the_database_keeps_a_batch_from_being_approved_by_who_wants_it(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await people.add_account(
            database, "olga", role=Role.OPERATOR, merchants=None, password=None, now=world.now, **HOW
        )
        number = await begun(world, Asker(account="olga", stands_for="user:anna"), actor="user:olga")

        for name in ("user:olga", "user:anna"):
            with pytest.raises(asyncpg.CheckViolationError):
                async with database.transaction() as connection:
                    await connection.execute("UPDATE batch SET decided_by = $2 WHERE id = $1", number, name)
