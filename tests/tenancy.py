"""Two tenants of one installation: acme, with everything a tenant can have, and zenith, whose administrator tries for it."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from daemon.actions import perform
from daemon.actions.verbs import Options
from daemon.finance.collect import collect
from daemon.finance.importing import import_file
from daemon.finance.matching import run_matching
from daemon.finance.periods import prepare
from daemon.store import files, inbox, matches
from daemon.store.database import Database
from daemon.store.scope import Scope
from daemon.store.sealed import new_key
from daemon.web.access import people
from daemon.web.access.roles import Role
from daemon.web.api.describing import BASE
from tests.closed_season import sources
from tests.finance_files import SHOPIFY
from tests.given import Given
from tests.visitor import PASSWORD, Visitor, given_factor, program, returning, visitor
from tests.world import MERCHANT, World

OTHER = "zenith"
SECOND_MERCHANT = """
[secrets]
key_file = "sealing"
[merchants.zenith.happy_returns]
retailer_id = "zenith-apparel"
api_key_file = "acme.happy-returns.key"
[merchants.zenith.brightpearl]
base_url = "http://127.0.0.1:9/public-api/zenith"
app_ref = "zenith_homeward"
account_token_file = "acme.brightpearl.token"
[merchants.zenith.policy]
credit_trigger = "dropped_off"
"""
ZED = Scope((OTHER,), "zed", "administrator", (OTHER,))
"""How the database knows zenith's administrator."""
WRITTEN = "acme’s own words"
"""What people of acme wrote, wherever they can write."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What somebody names who tries for another tenant's: things that are there, or the same things where nothing is."""

    merchant: str
    number: str
    code: str
    order: str
    batch: str
    asked: str
    """A batch that waits for a second person."""
    parked: str
    file: str
    match: str
    view: str
    account: str
    boss: str
    """The name of a global administrator."""
    colleague: str
    """An account for both tenants."""
    token: str
    period: str = "2026-01"

    def names(self) -> list[str]:
        return [self.merchant, self.number, self.code, self.order, self.batch, self.asked, self.parked, self.file,
                self.match, self.view, self.account, self.boss, self.colleague, self.token]  # fmt: skip


NOWHERE = Aim("nowhere", "900001", "HRZZZZZZ", "99999999", "900002", "900003", "900004", "900005", "unit:none/none/none",
              "900006", "name.of.none", "boss.of.none", "colleague.of.none", "token.of.none")  # fmt: skip


@dataclass(slots=True)
class Tenancy:
    world: World
    zed: Visitor
    """Administrator of zenith alone."""
    program: dict[str, str]
    """Headers of a token that may write, for zenith alone."""
    acme: Aim
    marks: list[str] = field(default_factory=list)
    """Words of acme and of global accounts that zenith must see nowhere."""

    @property
    def database(self) -> Database:
        return self.world.database

    async def rows_of_others(self) -> dict[str, list[str]]:
        """Everything in the database that is not zenith's, row by row."""
        kept: dict[str, list[str]] = {}
        async with self.database.reading() as connection:
            for table in [row[0] for row in await connection.fetch("SELECT tables_by_merchant()")]:
                rows = await connection.fetch(
                    f"SELECT to_jsonb(t)::text AS row FROM {table} AS t WHERE merchant <> $1 ORDER BY 1",  # noqa: S608
                    OTHER,
                )
                kept[table] = [row["row"] for row in rows]
            for table, mine in PEOPLE.items():
                rows = await connection.fetch(
                    f"SELECT to_jsonb(t)::text AS row FROM {table} AS t WHERE NOT ({mine}) ORDER BY 1"  # noqa: S608
                )
                kept[table] = [row["row"] for row in rows]
        return kept


_ZENITHS = "(SELECT name FROM account WHERE merchants = '{zenith}')"
PEOPLE = {
    "account": "merchants IS NOT DISTINCT FROM '{zenith}'", "web_session": f"account IN {_ZENITHS}",
    "second_factor": f"account IN {_ZENITHS}", "recovery_code": f"account IN {_ZENITHS}",
    "sign_in_step": f"account IN {_ZENITHS}", "openid_attempt": "true",
    "api_token": "merchants IS NOT DISTINCT FROM '{zenith}'",
    "api_answer": "token_id IN (SELECT id FROM api_token WHERE merchants = '{zenith}')",
    "saved_view": f"account IN {_ZENITHS}", "access_log": "merchants IS NOT DISTINCT FROM '{zenith}'",
}  # fmt: skip
"""Which rows of the tables about people are zenith's."""


@asynccontextmanager
async def two_tenants(given: Given) -> AsyncIterator[Tenancy]:
    """Copies of the same two, with zenith's administrator signed in."""
    files = {"sealing": _sealing_key()}
    async with (
        given.world(_both, files=files, extra_config=SECOND_MERCHANT) as (world, (acme, session, headers)),
        returning(world, session) as zed,
    ):
        yield Tenancy(world, zed, headers, acme, _marks(acme))


@cache
def _sealing_key() -> str:
    return new_key()


async def _both(world: World) -> tuple[Aim, tuple[str, str], dict[str, str]]:
    """What is acme's, the session of zenith's administrator, and the headers of zenith's token."""
    database = world.database
    async with AsyncExitStack() as stack:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO merchant (merchant) VALUES ('zenith')")
            await connection.execute("SELECT setval('return_id', 710000)")
            for number, table in enumerate(("inbox", "batch", "finance_file", "saved_view")):
                # Numbers that stand for nothing else on a page.
                await connection.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {720001 + number * 10000}")
        world.begin("bar_single")
        code = str(world.begin("cancelled_order")["express_code"])
        await world.pass_time(timedelta(days=6))
        for name, role, merchants in (
            ("adam.acme", Role.ADMINISTRATOR, [MERCHANT]), ("quentin.both", Role.ADMINISTRATOR, [MERCHANT, OTHER]),
            ("zoe", Role.OPERATOR, [OTHER]),
        ):  # fmt: skip
            await people.add_account(
                database, name, role=role, merchants=merchants, password=PASSWORD, by="user:test", now=world.now
            )
        wanda = await stack.enter_async_context(visitor(world, "wanda.global"))
        cleo = await stack.enter_async_context(visitor(world, "cleo.acme", Role.FINANCE, merchants=[MERCHANT]))
        acme = await _all_of_acmes(world, wanda, cleo, code)
        zed = await stack.enter_async_context(visitor(world, "zed", Role.ADMINISTRATOR, merchants=[OTHER]))
        headers = await program(world, "write", merchants=[OTHER], name="zenith.write")
        await given_factor(world, "cleo.acme")
        return acme, (zed.token, zed.csrf), headers


def _marks(acme: Aim) -> list[str]:
    return [acme.code, acme.order, acme.account, acme.boss, acme.colleague, acme.token, WRITTEN, "payouts-of-acme"]


async def _all_of_acmes(world: World, wanda: Visitor, cleo: Visitor, code: str) -> Aim:
    """Returns, one of them stuck, goods nobody knows, batches, files, matches, a month, views, tokens, answers, log."""
    database, settings = world.database, world.workplace.settings
    shown = await world.show(code)
    number = int(shown["id"])
    key = await _programs(world, number)
    batch, asked = [await _batch(world, number, state) for state in ("paused", "awaits-approval")]
    raw = SHOPIFY.encode()
    await import_file(
        database, MERCHANT, settings, raw, name="payouts-of-acme.csv", now=world.now, actor="user:cleo.acme"
    )
    await collect(sources(world), world.now)
    await run_matching(database, MERCHANT, settings, now=world.now, actor="user:cleo.acme")
    await prepare(database, MERCHANT, settings, "2026-01", actor="user:cleo.acme", reason=WRITTEN, now=world.now)
    for person in (wanda, cleo):
        view = {"name": f"{WRITTEN} {id(person)}", "page": "exceptions", "where": "age>1h"}
        await person.post("/views", {**view, "shared": MERCHANT})
    await wanda.post(
        "/views", {"name": WRITTEN, "page": "returns", "where": f'order="{shown["order_number"]}"', "shared": "*"}
    )
    await wanda.post(f"/returns/{number}/reveal")
    async with database.reading() as connection:
        (parked,) = await inbox.parked_receipts(connection, MERCHANT, 0, 9)
        (file, *_) = await files.listing(connection, MERCHANT)
        (match, *_) = await matches.listing(connection, MERCHANT, matches.Wanted(is_return=True), rows_max=9)
        view = await connection.fetchval("SELECT max(id) FROM saved_view")
    return Aim(
        MERCHANT, str(number), code, str(shown["order_number"]), str(batch), str(asked), str(parked["id"]), str(file["id"]),
        match["key"], str(view), "cleo.acme", "wanda.global", "quentin.both", key,
    )  # fmt: skip


async def _programs(world: World, number: int) -> str:
    """A token of acme's that has been answered."""
    headers = await program(world, "write", merchants=[MERCHANT], name="acme.helpdesk")
    stray = {"receipts": [{"express_code": "HRNOBODY", "sku": "STRAY"}]}
    for path, body in (("/receipts", stray), (f"/returns/{number}/note", {"note": WRITTEN})):
        written = headers | {"Idempotency-Key": "the-very-same-1" + path.replace("/", "-")}
        async with world.http.post(f"{world.url}{BASE}{path}", headers=written, json=body) as reply:
            assert reply.status == 200, await reply.text()
    await world.settle()
    return "acme.helpdesk"


async def _batch(world: World, number: int, state: str) -> int:
    instances = await perform.load(world.database, [(MERCHANT, number)])
    preview = await perform.preview(
        world.database, world.desk.settings, "note", Options(note=f"{WRITTEN} {state}"), instances,
        filter_text=f"ids: {number}", now=world.now,
    )  # fmt: skip
    opened = await perform.begin(world.database, preview, actor="user:cleo.acme", now=world.now, batch_key=state)
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE batch SET state = $2 WHERE id = $1", opened.id, state)
    return opened.id


def plain(text: str, aim: Aim) -> str:
    """What a page or an answer says, without what hangs on the moment or on the names that were asked for."""
    body = re.search(r"<main.*?</main>", text, re.S)
    said = unquote(body[0] if body else text)
    said = re.sub(r'name="(csrf|nonce|key)" value="[^"]*"', "", said)
    for name in sorted(aim.names(), key=len, reverse=True):
        said = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "NAME", said)
    return said


def values(row: Any) -> str:
    return " ".join(str(value) for value in dict(row).values())


COUNTED = "one row: a wrong password was counted, and written down"


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, Any]:
    """Tables whose rows of others differ; what a wrong password at the front door does to its account is named."""
    differing: dict[str, Any] = {}
    for table, rows in after.items():
        fresh = [row for row in rows if row not in before[table]]
        gone = [row for row in before[table] if row not in rows]
        if not fresh and not gone:
            continue
        is_counted = len(fresh) == 1 and '"cleo.acme"' in fresh[0] and (
            ('"failures": 1' in fresh[0] and len(gone) == 1) or ("sign-in-refused" in fresh[0] and not gone)
        )  # fmt: skip
        differing[table] = COUNTED if is_counted else (fresh, gone)
    return differing
