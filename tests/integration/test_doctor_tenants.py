"""What `doctor`, readiness and metrics say of tenants: each weakness by its name to who mends it, no name to a stranger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon import opening
from daemon.settings import DatabaseSettings, Settings, load
from daemon.settings_section import read_secret
from daemon.store.database import Database, Role
from daemon.store.scope import NOBODY, WHOSE, of_merchants
from daemon.store.sealed import new_key
from daemon.web.access import people
from daemon.web.access.roles import Role as AccountRole
from tests.given import Given
from tests.integration.test_rights import by
from tests.tenancy import OTHER, SECOND_MERCHANT, two_tenants
from tests.visitor import PASSWORD, given_factor, visitor
from tests.world import MERCHANT, World, open_world

ONE_ACCOUNT = SECOND_MERCHANT.replace("public-api/zenith", "public-api/ACME")


async def findings(world: World) -> dict[str, dict[str, Any]]:
    _, rows, said = await world.homeward("doctor")
    assert rows is not None, said
    return {row["check"]: row for row in rows}


@asynccontextmanager
async def plain_worker(database: Database) -> AsyncIterator[Database]:
    """A daemon's role that may not take on the pages'."""
    async with by(database, Role.WORKER, "tests_plain") as worker:
        yield worker


async def test_pages_take_on_their_role_where_nothing_is_configured_and_see_nobodys_rows(database: Database) -> None:
    async with by(database, Role.WORKER, "tests_lent") as worker:
        settings = Settings(database=DatabaseSettings(dsn=worker.dsn, owner_dsn=database.dsn))
        await opening.migrate(settings, database)  # the owner may make roles: the pages' is lent to the daemon's

        async with opening.open_for_pages(settings, worker) as pages:
            exposed, sees_all = pages.exposed, await pages.database.sees_all_rows()
            async with pages.database.transaction(scope=of_merchants([MERCHANT])) as connection:
                await connection.execute("INSERT INTO merchant (merchant) VALUES ($1)", MERCHANT)
            WHOSE.set(NOBODY)
            async with pages.database.reading() as connection:
                rows, role = (
                    await connection.fetchval("SELECT count(*) FROM merchant"),
                    await connection.fetchval("SELECT current_user"),
                )
        async with worker.reading() as connection:
            all_rows = await connection.fetchval("SELECT count(*) FROM merchant")

    assert (exposed, sees_all, role) == ("", False, opening.PAGES_ROLE)
    assert (rows, all_rows) == (0, 1)


async def test_pages_without_a_role_of_their_own_run_and_are_told_of(database: Database, tmp_path: Path) -> None:
    async with plain_worker(database) as worker, open_world(worker, tmp_path, command_dsn=worker.dsn) as world:
        async with opening.open_for_pages(load(world.config), worker) as pages:
            exposed = pages.exposed
        world.desk.is_kept_apart = False
        told = await findings(world)
        async with world.http.get(f"{world.url}/readyz") as reply:
            ready = await reply.json()
        async with visitor(world) as anna, visitor(world, "vera", AccountRole.VIEWER) as vera:
            _, hers = await anna.get("/help")
            _, others = await vera.get("/help")

    assert "may not take on homeward_pages" in exposed
    assert told["role of the pages"]["result"] == "FAILED"
    assert "CREATE ROLE homeward_pages" in told["role of the pages"]["fix"]
    assert (ready["ready"], "every merchant" in ready["attention"]) == (True, True)
    assert "does not keep merchants apart" in hers
    assert "does not keep merchants apart" not in others


async def test_an_installation_that_keeps_its_tenants_apart_is_told_so(given: Given) -> None:
    async with two_tenants(given) as tenancy:
        told = await findings(tenancy.world)

    assert told["role of the pages"]["result"] == "ok"
    assert told["secrets.key_file"]["result"] == "ok"
    assert "wanda.global (administrator)" in told["every merchant"]["detail"]
    assert not [check for check in told if "one Brightpearl" in check or ("retailer" in check and "and" in check)]
    # Both have the sandbox's one key: its limit is counted for both.
    shared = told["acme and zenith: one key of Happy Returns"]
    assert shared["result"] == "FAILED"
    assert "requests_per_second" in shared["fix"]


async def test_who_has_no_second_factor_is_named(database: Database, tmp_path: Path) -> None:
    (tmp_path / "sealing").write_text(new_key())
    secrets = '\n[secrets]\nkey_file = "sealing"\n'
    async with open_world(database, tmp_path, extra_config=secrets, web_config='second_factor = "optional"') as world:
        for name, role, password in (
            ("anna", AccountRole.ADMINISTRATOR, PASSWORD), ("bert", AccountRole.ADMINISTRATOR, PASSWORD),
            ("vera", AccountRole.VIEWER, PASSWORD), ("olaf", AccountRole.ADMINISTRATOR, None),
        ):  # fmt: skip
            await people.add_account(
                database, name, role=role, merchants=None, password=password, by="user:test", now=world.now
            )
        await given_factor(world, "bert")
        optional, told = world.config.read_text(), {}

        for wanted in ("administrators", "everyone", "optional"):
            world.config.write_text(optional.replace('second_factor = "optional"', f'second_factor = "{wanted}"'))
            told[wanted] = (await findings(world))["second factor"]

    named = {
        wanted: (row["result"], {name for name in ("anna", "bert", "vera", "olaf") if name in row["detail"]})
        for wanted, row in told.items()
    }
    assert named == {
        "administrators": ("FAILED", {"anna"}), "everyone": ("FAILED", {"anna", "vera"}), "optional": ("ok", {"anna"}),
    }  # fmt: skip
    assert all(row["fix"] for row in told.values())


async def test_accounts_and_tokens_for_merchants_that_are_not_configured_are_named(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        await people.add_account(
            database, "wide", role=AccountRole.VIEWER, merchants=["acme", "gone"], password=None, by="user:test",
            now=world.now,
        )  # fmt: skip
        await people.add_token(
            database, "wide.token", scope="read", merchants=["gone"], days=None, by="user:test", now=world.now
        )

        told = await findings(world)

    assert told["reach of accounts"]["result"] == told["reach of tokens"]["result"] == "FAILED"
    assert "wide (gone)" in told["reach of accounts"]["detail"]
    assert "wide.token (gone)" in told["reach of tokens"]["detail"]


@pytest.mark.parametrize(
    ("config", "check", "words"),
    [
        (ONE_ACCOUNT, "acme and zenith: one Brightpearl account", "140 + 140 requests a minute are counted against one pool"),
        (ONE_ACCOUNT + "requests_per_minute = 60\n", None, ""),
        (SECOND_MERCHANT.replace('"zenith-apparel"', '"Acme-Apparel"').replace("[merchants.zenith.brightpearl]", "HERE"),
         "acme and zenith: one retailer", "can be credited once by each"),
    ],
)  # fmt: skip
async def test_merchants_that_are_one_at_a_vendor_are_named_with_what_it_means(
    config: str, check: str | None, words: str, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "sealing").write_text(new_key())
    config = config.replace("HERE", "[merchants.zenith.brightpearl]")
    if check is None:  # together within the account's quota: named, and no fault
        config = config.replace('[merchants.zenith.policy]\ncredit_trigger = "dropped_off"\n', "").strip() + "\n"
    async with open_world(database, tmp_path, extra_config=f"\n{config}\n") as world:
        if check == "acme and zenith: one retailer":
            text = world.config.read_text()
            url = load(world.config).merchants[MERCHANT].happy_returns.base_url
            world.config.write_text(
                text.replace('retailer_id = "Acme-Apparel"', f'base_url = "{url}/"\nretailer_id = "Acme-Apparel"')
            )

        told = await findings(world)

    if check is None:
        assert told["acme and zenith: one Brightpearl account"]["result"] == "ok"
    else:
        assert told[check]["result"] == "FAILED"
        assert words in told[check]["detail"]
        assert told[check]["fix"]


async def test_a_stranger_learns_no_merchants_name(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:

        async def ask(path: str, **headers: str) -> tuple[int, str]:
            async with world.http.get(f"{world.url}{path}", headers=headers, allow_redirects=False) as reply:
                return reply.status, await reply.text()

        inside = await ask("/metrics")
        outside = [
            await ask(path, **{header: "203.0.113.9"})
            for path in (
                "/metrics",
                "/readyz",
                "/healthz",
                "/sign-in",
                "/api/v1/openapi.json",
                "/api/v1/returns",
                "/returns",
            )
            for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded")
        ]

    assert inside[0] == 200
    assert MERCHANT in inside[1]
    assert [text for _, text in outside if MERCHANT in text] == []
    assert {status for status, _ in outside[:3]} == {403}


async def test_metrics_are_read_from_the_addresses_that_may(database: Database, tmp_path: Path) -> None:
    config = 'metrics_from = ["10.0.0.0/8"]'
    async with (
        open_world(database, tmp_path, web_config=config) as world,
        world.http.get(f"{world.url}/metrics") as reply,
    ):
        refused, text = reply.status, await reply.text()

    assert refused == 403
    assert MERCHANT not in text


def test_the_examples_of_the_package_keep_tenants_apart_and_ask_administrators_for_a_code(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    settings = load(root / "deploy/examples/homeward.toml")
    roles = (root / "deploy/roles.sql").read_text()
    postinst = (root / "deploy/debian/homeward.postinst").read_text()
    (tmp_path / "key").write_text(new_key())

    assert "role=homeward_pages" in str(settings.database.pages_dsn)
    assert "CREATE ROLE homeward_pages" in roles
    assert "GRANT homeward_pages TO homeward" in roles
    assert settings.web.second_factor == "administrators"
    assert settings.secrets.key_file is not None
    assert settings.secrets.key_file.name in postinst
    assert "#DEBHELPER#" in postinst
    assert read_secret(tmp_path / "key")
    assert OTHER not in str(settings)
