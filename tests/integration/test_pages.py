"""Pages agree with each other and with the database: numbers with the lists behind them, banners with what is so."""

import html
import re
from datetime import timedelta
from pathlib import Path

from daemon.health.signals import Signal
from daemon.store import health
from daemon.store import merchant as merchant_store
from daemon.store.database import Database
from daemon.web.access.roles import HOMES, Role
from tests.given import Given
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


async def test_every_number_opens_a_list_of_as_many(given: Given) -> None:
    async with given.world(a_month) as (world, _):
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


async def test_months_open_the_credits_made_in_them(given: Given) -> None:
    async with given.world(a_month) as (world, _):
        async with visitor(world) as anna:
            _, text = await anna.get("/home/finance")
            months = re.findall(r'data-of="Month"><a href="([^"]+)">.*?data-of="Credits">([\d,]+)', text)

            listed = [await behind(anna, address) for address, _ in months]

        assert months
        assert sum(map(int, listed)) == sum(int(number) for _, number in months)


async def test_a_list_by_the_clock_pages_through_every_return_once(given: Given) -> None:
    async with given.world(a_month) as (world, _):
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
        silent = Signal(MERCHANT, "brightpearl", "vendor-silent", world.now, "no answer")
        async with database.transaction() as connection:
            await health.put(connection, [silent], world.now)
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


ROUND = re.compile(
    r'<td class="long" data-of="Look at"><a href="([^"]+)">([^<]+)</a></td><td class="number" data-of="Now">([\d,]+)'
)


async def test_every_figure_of_a_round_opens_a_list_of_as_many(given: Given) -> None:
    async with given.world(a_month) as (world, _):
        async with visitor(world) as anna:
            _, text = await anna.get("/checklists")
            items = ROUND.findall(text)
            listed = {
                title: (number, await behind(anna, address))
                for address, title, number in items
                if address.startswith(("/returns?where", "/returns?state", "/exceptions?where"))
            }
            opened = [(await anna.get(html.unescape(address)))[0] for address, _, _ in items]

        assert len(items) == 13
        assert set(opened) == {200}
        listed.pop("Effects that have been tried in vain for more than a day")
        assert {title: told for title, told in listed.items() if told[0] != told[1]} == {}
        assert len(listed) == 4


async def test_a_round_is_written_down_by_those_whose_it_is_and_starts_anew_the_next_day(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        did = {"merchant": MERCHANT, "checklist": "customer-service-daily", "item": "overdue", "note": "called them"}
        async with visitor(world, "clara", Role.CUSTOMER_SERVICE) as clara, visitor(world, "vera", Role.VIEWER) as vera:
            refused, _ = await vera.post("/checklists", did)
            not_hers, _ = await clara.post("/checklists", {**did, "checklist": "finance-weekly", "item": "books"})
            unknown, _ = await clara.post("/checklists", {**did, "item": "nothing"})
            _, before = await clara.get("/checklists")
            done, after = await clara.post("/checklists", did)
            world.sandbox.clock.move(to=world.now + timedelta(days=1))
            _, tomorrow = await clara.get("/checklists")
            _, rows, _ = await world.homeward("checklist", "history", "--days", "3660")

        assert [refused, not_hers, unknown, done] == [403, 403, 400, 200]
        assert ["clara" in text and "called them" in text for text in (before, after, tomorrow)] == [False, True, False]
        assert [(row["item"], row["actor"], row["note"]) for row in rows] == [("overdue", "user:clara", "called them")]


async def test_every_page_says_that_nothing_is_sent_and_who_wants_it_so(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        world.desk.figures._heard.clear()
        async with database.transaction() as connection:
            await merchant_store.hold(connection, MERCHANT, actor="user:ops", why="restore", now=world.now)
        _, text = await anna.get("/exceptions")

        assert "nothing is sent to Brightpearl and Happy Returns (ops: restore)" in text
