"""Accounts, assignments and views of two tenants: nobody gives what they do not have."""

from typing import Any

import pytest

from daemon.rights import Role
from daemon.store import accounts
from daemon.web.access import people
from tests.given import Given
from tests.tenancy import OTHER, two_tenants
from tests.visitor import PASSWORD, program, visitor
from tests.world import MERCHANT


async def test_a_limited_administrator_does_their_own_work_within_their_own_merchants(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        zed = tenancy.zed
        mine = {"role": "warehouse", "sees": "some", "merchants": OTHER}

        done = [
            (await zed.post("/accounts", {"what": "add", "name": "wim", "password": PASSWORD, **mine}))[0],
            (await zed.post("/accounts", {"what": "add", "name": "wanda.global", "password": PASSWORD, **mine}))[0],
            (await zed.post("/accounts", {"what": "role", "name": "zoe", **mine}))[0],
            (await zed.post("/accounts", {"what": "password", "name": "zoe", "password": "quite another sentence"}))[0],
            (await zed.post("/accounts", {"what": "close", "name": "zoe"}))[0],
            (await zed.post("/accounts", {"what": "open", "name": "zoe"}))[0],
        ]
        status, shown = await zed.post("/accounts", {"what": "token", "name": "erp", "scope": "read", **mine})
        _, log = await zed.get("/accounts/log.csv")

        assert done == [200] * len(done)
        assert status == 200
        async with tenancy.database.reading() as connection:
            names = {row["name"]: row["merchants"] for row in await accounts.listing(connection, tenancy.world.now)}
            tokens = {row["name"] for row in await connection.fetch("SELECT name FROM api_token")}
        # A name that somebody else has is free in their own space, and nobody learns that it is taken.
        assert (names["wim@zenith"], names["wanda.global@zenith"], names["wanda.global"]) == ([OTHER], [OTHER], None)
        assert "zenith.erp" in tokens
        assert "hw_" in shown
        assert "wim@zenith" in log
        async with visitor(tenancy.world, "vera", Role.VIEWER, signs_in=False) as browser:
            assert await browser.sign_in("wim@zenith") == 200


async def test_the_last_who_can_administer_a_tenant_stays_and_a_global_one_counts(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        common: dict[str, Any] = {"by": "user:test", "now": tenancy.world.now}
        lower = {"what": "role", "name": "zed", "role": "viewer", "sees": "some", "merchants": OTHER}
        for name in ("quentin.both", "wanda.global"):
            await people.add_account(
                tenancy.database, f"{name}-too", role=Role.ADMINISTRATOR, merchants=None, password=None, **common
            )  # fmt: skip
            await people.change_account(tenancy.database, name, role=Role.VIEWER, **common)
        for name in ("quentin.both-too", "wanda.global-too"):
            if name == "wanda.global-too":
                with pytest.raises(Exception, match="last administrator"):
                    await people.change_account(tenancy.database, name, role=Role.VIEWER, **common)
            else:
                await people.change_account(tenancy.database, name, role=Role.VIEWER, **common)

        status, _ = await tenancy.zed.post("/accounts", lower)  # a global administrator is left, who can make another

        assert status in (200, 403)  # lowered, and so not allowed to see the page any more
        async with tenancy.database.reading() as connection:
            row = await accounts.read(connection, "zed")
        assert row is not None
        assert row["role"] == "viewer"


async def test_a_return_is_given_only_to_those_who_see_it(given: Given) -> None:
    async with two_tenants(given) as tenancy, visitor(tenancy.world, "gina", Role.OPERATOR) as gina:
        number = tenancy.acme.number
        give = {"verb": "assign", "ids": f"{MERCHANT}:{number}", "step": "do"}

        _, asked = await gina.post("/changes", {**give, "step": "ask"})
        refused = [(await gina.post("/changes", {**give, "person": name}))[0] for name in ("zed", "zoe", "nobody")]
        taken, _ = await gina.post("/changes", {**give, "person": "cleo.acme"})
        await tenancy.world.settle()
        headers = await program(tenancy.world, "write", merchants=[MERCHANT], name="acme.more")
        url = f"{tenancy.world.url}/api/v1/returns/{number}/assign"
        async with tenancy.world.http.post(
            url, headers=headers | {"Idempotency-Key": "to-another-tenant"}, json={"to": "zed"}
        ) as reply:
            by_token = reply.status

        assert (refused, taken, by_token) == ([400] * 3, 200, 400)
        assert "cleo.acme" in asked
        assert "zed" not in asked
        assert "zoe" not in asked
        assert (await tenancy.world.show(str(number)))["assignee"] == "cleo.acme"


async def test_a_view_is_shared_with_whom_it_is_for(given: Given) -> None:
    async with (
        two_tenants(given) as tenancy,
        visitor(tenancy.world, "gina", Role.OPERATOR) as gina,
        visitor(tenancy.world, "abel", Role.OPERATOR, merchants=[MERCHANT]) as abel,
    ):
        for name, shared in (("for acme", MERCHANT), ("for zenith", OTHER), ("for global", "*"), ("my own", "")):
            await gina.post("/views", {"name": name, "page": "returns", "where": "age>2d", "shared": shared})

        seen = {}
        for name, person in (("abel", abel), ("zed", tenancy.zed), ("gina", gina)):
            _, text = await person.get("/returns")
            seen[name] = [view for view in ("for acme", "for zenith", "for global", "my own") if f">{view}</a>" in text]

        assert seen == {
            "abel": ["for acme"], "zed": ["for zenith"], "gina": ["for acme", "for zenith", "for global", "my own"],
        }  # fmt: skip
