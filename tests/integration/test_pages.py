"""Pages agree with each other and with the database: numbers with the lists behind them, banners with what is so."""

import html
import re
from datetime import timedelta
from pathlib import Path

import orjson

from daemon.loops.dispatch import QUOTA
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.web.access.roles import HOMES, Role
from tests.visitor import Visitor, program, visitor
from tests.world import MERCHANT, World, open_world

FIGURE = re.compile(r'<a class="figure[^"]*" href="([^"]+)"><strong>([\d,]+)</strong><span>([^<]*)')
TOTAL = re.compile(r"<p>([\d,]+\+?) returns?")
TROUBLES = (
    "bar_single", "cancelled_order", "over_return", "sku_of_nobody", "rival_credit", "two_bags", "other_currency", "damaged",
    "missing_item", "unidentified_extra", "exchange", "substitution", "processing_fee", "never_dropped", "returnless",
)  # fmt: skip


async def a_month(world: World) -> None:
    for scenario in TROUBLES:
        world.begin(scenario)
    await world.pass_time(timedelta(days=16))


async def behind(anna: Visitor, address: str) -> str:
    status, text = await anna.get(html.unescape(address))
    assert status == 200, address
    found = TOTAL.search(text)
    return found[1] if found else "no list"


async def test_every_number_opens_a_list_of_as_many(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await a_month(world)
        async with visitor(world) as anna:
            wrong, compared = [], 0
            for home in HOMES:
                _, text = await anna.get(f"/home/{home}")
                for address, number, words in FIGURE.findall(text):
                    if address.startswith(("/returns", "/exceptions")):
                        compared += 1
                        listed = await behind(anna, address)
                        if listed != number:
                            wrong.append(
                                f"{home}: {number} {words.strip()}, behind it {listed}: {html.unescape(address)}"
                            )

        assert wrong == []
        assert compared >= 15


async def test_months_open_the_credits_made_in_them(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await a_month(world)
        async with visitor(world) as anna:
            _, text = await anna.get("/home/finance")
            months = re.findall(r'data-of="Month"><a href="([^"]+)">.*?data-of="Credits">([\d,]+)', text)

            listed = [await behind(anna, address) for address, _ in months]

        assert months
        assert sum(map(int, listed)) == sum(int(number) for _, number in months)


async def test_a_list_by_the_clock_pages_through_every_return_once(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        await a_month(world)
        everything = sorted(row["id"] for row in await world.all_returns())
        headers = await program(world, "read")
        for order in ("clock", "newest"):
            seen: list[int] = []
            what = {"sort": order, "limit": "3"}
            while True:
                async with world.http.get(f"{world.url}/api/v1/returns", params=what, headers=headers) as reply:
                    page = await reply.json()
                seen += [row["id"] for row in page["data"]]
                if page["next"] is None:
                    break
                what["cursor"] = page["next"]

            assert sorted(seen) == everything, order


async def test_what_is_wrong_with_a_vendor_or_a_daemon_stands_on_every_page(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world, "vera", Role.VIEWER) as vera:
        _, before = await vera.get("/help")
        told = {"at": world.now.isoformat(), "used": 0, "is_down": True}
        async with database.transaction() as connection:
            await merchant_store.write_cursor(connection, MERCHANT, QUOTA, orjson.loads(orjson.dumps(told)))
            await connection.execute("UPDATE merchant SET lease_until = now() - interval '1 day'")
        world.desk.figures = type(world.desk.figures)(database, world.desk.clock, world.desk.settings)  # nothing kept

        _, after = await vera.get("/help")

        assert "Attention." not in before
        assert "Brightpearl does not answer" in after
        assert "no daemon works this merchant" in after


async def test_a_saved_view_is_ones_own_until_it_is_shared(database: Database, tmp_path: Path) -> None:
    async with (
        open_world(database, tmp_path) as world,
        visitor(world) as anna,
        visitor(world, "bea", Role.FINANCE) as bea,
        visitor(world, "vera", Role.VIEWER) as vera,
    ):
        await anna.post("/views", {"name": "mine alone", "page": "exceptions", "where": "age>3d"})
        await anna.post("/views", {"name": "for all", "page": "exceptions", "where": "age>5d", "shared": "1"})
        await vera.post("/views", {"name": "by a viewer", "page": "exceptions", "where": "age>7d", "shared": "1"})

        _, seen = await bea.get("/exceptions")
        _, own = await vera.get("/exceptions")

        assert "for all" in seen
        assert "mine alone" not in seen
        assert "by a viewer" not in seen
        assert "by a viewer" in own
