"""The books on pages: every list, the way from bank line to physical unit, decisions, files and months, and who may."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp

from daemon.finance.matching import run_matching
from daemon.store import matches
from daemon.store.database import Database
from daemon.web.access.roles import Role
from tests.closed_season import AFTER, FINANCE, gather, know, season
from tests.finance_files import SHOPIFY
from tests.given import Given
from tests.visitor import Visitor, visitor
from tests.world import MERCHANT, World, open_world

PAGES = (
    "/books", "/books/matches", "/books/matches?status=open", "/books/matches?what=payouts", "/books/orphans",
    "/books/orphans?class=fee-without-return", "/books/fees", "/books/periods", "/books/files", "/books/files/1",
    "/books/checks",
)  # fmt: skip
LISTS = tuple(f"/books/{name}" for name in ("matches", "orphans", "fees", "files", "periods", "checks"))


async def books_of_a_season(world: World) -> None:
    """A season that is over and matched, before anybody signs in."""
    told = season(world, returns=80)
    await know(world.database, told)
    await gather(world, told)
    await run_matching(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")


@asynccontextmanager
async def book_world(given: Given) -> AsyncIterator[World]:
    async with given.world(books_of_a_season, extra_config=FINANCE) as (world, _):
        yield world


async def _rows(world: World, *statuses: str, is_return: bool = True) -> list[str]:
    async with world.database.reading() as connection:
        found = await matches.listing(connection, MERCHANT, matches.Wanted(statuses or None, is_return=is_return))
    return [row["key"] for row in found]


async def test_every_page_of_the_books_answers_with_and_without_anything_in_them(
    given: Given, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        world.sandbox.clock.move(to=AFTER)  # a session does not outlive a season
        async with visitor(world, "fin", Role.FINANCE) as anna:
            empty = {path: (await anna.get(path))[0] for path in PAGES if path != "/books/files/1"}
    async with book_world(given) as world, visitor(world, "ann", Role.FINANCE) as anna:
        full = {path: await anna.get(path) for path in PAGES}
        files = {(path, how): await anna.get(f"{path}.{how}") for path in LISTS for how in ("csv", "xlsx", "json")}
        odd = [(await anna.get(path))[0] for path in (
            "/books/matches?status=nonsense", "/books/matches?from=soon", "/books/orphans?class=x", "/books/match?key=none",
            "/books/files/999", "/books?merchant=other",
        )]  # fmt: skip

        assert set(empty.values()) == {200}
        assert {path: status for path, (status, _) in full.items() if status != 200} == {}
        assert {key: status for key, (status, _) in files.items() if status != 200} == {}
        assert odd == [400, 400, 400, 404, 404, 404]
        assert "25" in full["/books"][1]
        assert full["/books/orphans"][1].count("data-line") == 25
        assert files["/books/orphans", "csv"][1].count("\n") >= 26


async def test_the_way_leads_from_the_bank_line_to_the_physical_unit(given: Given) -> None:
    async with (
        book_world(given) as world,
        visitor(world, "fin", Role.FINANCE) as anna,
    ):
        pages = [
            (await anna.get(f"/books/match?key={quote(key, safe='')}"))[1]
            for key in await _rows(world, "matched", is_return=False)
        ]

        payout = next(text for text in pages if "key=unit" in text)
        inside = re.findall(r'href="(/books/match\?key=unit[^"]+)"', payout)
        _, match = await anna.get(inside[0].replace("&amp;", "&"))
        (passport,) = set(re.findall(r'href="(/returns/\d+)"', match))

        assert "bank statement line" in payout
        assert "goods-in line" in match
        assert "The payout this refund came in" in match
        assert (await anna.get(passport))[0] == 200


async def test_a_decision_shows_at_once_and_is_taken_back(given: Given) -> None:
    async with (
        book_world(given) as world,
        visitor(world, "fin", Role.FINANCE) as anna,
    ):
        (key, *_) = await _rows(world, "unmatched")
        form = {"merchant": MERCHANT, "key": key, "action": "write-off", "reason": "agreed with the customer"}

        refused, _ = await anna.post("/books/decide", {**form, "reason": " "})
        _, after = await anna.post("/books/decide", form)
        _, again = await anna.post("/books/decide", {**form, "action": "reopen"})

        assert refused == 409
        assert "written off" in after
        assert "agreed with the customer" in after
        assert "unmatched" in again
        async with world.database.reading() as connection:
            assert [str(each.action) for each in await matches.decisions(connection, MERCHANT, None)] == [
                "write-off",
                "reopen",
            ]


async def test_a_file_is_previewed_imported_once_and_undone(given: Given) -> None:
    async with (
        book_world(given) as world,
        visitor(world, "fin", Role.FINANCE) as anna,
    ):

        async def send(step: str, text: str = SHOPIFY) -> str:
            data = aiohttp.FormData({"csrf": anna.csrf, "merchant": MERCHANT, "format": "", "step": step})
            data.add_field("file", text.encode(), filename="shopify.csv", content_type="text/csv")
            async with anna.http.post(f"{world.url}/books/files", data=data) as reply:
                return await reply.text()

        preview = await send("preview")
        taken, again = await send("import"), await send("import")
        broken = await send("import", SHOPIFY.replace("-24.00,0.00,-24.00", "much,0.00,-24.00", 1))
        nonsense = await send("import", "hello")
        _, undone = await anna.post("/books/files/1/undo", {"merchant": MERCHANT, "reason": "the wrong month"})

        assert "2 rows would be taken" in preview
        assert "2 rows were taken" in taken
        assert "0 rows were taken, 0 told otherwise than before, 2 known before" in again
        assert "1 rejected" in broken
        assert "&#39;much&#39; is no amount" in broken
        assert "looks like none of" in nonsense
        assert "rows are out of the books again" in undone
        assert "undone by user:fin" in undone


async def test_two_people_close_a_month_and_one_cannot(given: Given) -> None:
    async with (
        book_world(given) as world,
        visitor(world, "fin", Role.FINANCE) as anna,
        visitor(world, "boss", Role.FINANCE) as boss,
    ):

        async def step(who: Visitor, name: str, reason: str = "looked at it") -> str:
            return (await who.post(f"/books/periods/2026-01/{name}", {"merchant": MERCHANT, "reason": reason}))[1]

        too_soon, prepared, own = await step(boss, "close"), await step(anna, "prepare"), await step(anna, "close")
        closed = await step(boss, "close")
        async with anna.http.get(f"{world.url}/books/periods/2026-01.zip") as reply:
            pack = await reply.read()
        reopened = await step(anna, "reopen", "a refund is missing")

        assert "is not prepared" in too_soon
        assert "somebody else reviews" in prepared
        assert "somebody else must review" in own
        assert "2026-01 is closed." in closed
        assert pack[:2] == b"PK"
        assert "2026-01 is open again." in reopened


async def test_only_finance_changes_the_books(given: Given) -> None:
    told = {"merchant": MERCHANT, "reason": "x", "key": "k", "action": "write-off"}
    paths = (
        "/books/decide", "/books/match-now", "/books/files", "/books/files/1/undo", "/books/periods/2026-01/prepare",
    )  # fmt: skip
    async with book_world(given) as world:
        for role in (Role.VIEWER, Role.CUSTOMER_SERVICE, Role.WAREHOUSE, Role.OPERATOR):
            async with visitor(world, role.value, role) as somebody:
                refused = [(await somebody.post(path, told))[0] for path in paths]

                assert refused == [403] * len(paths), role
                assert (await somebody.get("/books"))[0] == 200, role


async def test_a_merchant_one_may_not_see_is_not_there(given: Given) -> None:
    async with (
        book_world(given) as world,
        visitor(world, "x", Role.FINANCE, merchants=[]) as nobody,
    ):
        statuses = [
            (await nobody.get(path))[0] for path in ("/books", "/books/matches.csv", f"/books?merchant={MERCHANT}")
        ]
        written, _ = await nobody.post(
            "/books/decide", {"merchant": MERCHANT, "reason": "x", "key": "k", "action": "dispute"}
        )

        assert statuses == [403, 403, 404]
        assert written == 404
