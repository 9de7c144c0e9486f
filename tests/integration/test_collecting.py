"""Both systems' books and files, read again and again: nothing is lost by it, and nothing stays that is gone."""

import tracemalloc
from datetime import date, timedelta
from pathlib import Path

from daemon.finance.collect import collect
from daemon.finance.importing import import_file, undo
from daemon.finance.matching import run_matching
from daemon.sandbox import catalogue
from daemon.sandbox.books import Order
from daemon.sandbox.catalogue import Line
from daemon.store import files, legs
from daemon.store.database import Database
from statemachine.books.legs import Kind, Leg
from statemachine.books.matching import Status
from tests.closed_season import FINANCE, gather, know, season, sources
from tests.finance_files import BANK_CSV, CAMT, SHOPIFY
from tests.world import MERCHANT, World, open_world

DAY = timedelta(days=1)


async def _known(world: World, kind: Kind) -> dict[str, Leg]:
    async with world.database.transaction() as connection:
        at = await legs.tick(connection, MERCHANT, world.now)
    async with world.database.reading() as connection:
        return {leg.key: leg for leg in await legs.known_at(connection, MERCHANT, at) if leg.kind is kind}


async def _read(world: World, *, whole: bool = False) -> None:
    world.sandbox.clock.move(to=world.now + DAY)
    done = await collect(sources(world), world.now, whole=whole)
    assert not done.faults


def _sale(world: World) -> Order:
    books = world.sandbox.books
    catalogue.stock_shelves(books)
    line = Line(catalogue.goods(books, world.sandbox.season.rng))
    return catalogue.place_order(books, "771", [line], at=world.now - 9 * DAY, platform_id=771)


def _refund(world: World, order: Order, name: str, amount: str) -> int:
    return world.sandbox.books.pay({
        "transactionRef": name, "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT", "orderId": order.id,
        "currencyIsoCode": "GBP", "amountPaid": amount, "paymentDate": world.now.isoformat(),
    })  # fmt: skip


async def test_refunds_on_a_sale_are_all_known_until_they_are_deleted(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        order = _sale(world)
        first = _refund(world, order, "one", "5.00")
        await _read(world)
        second = _refund(world, order, "two", "7.00")
        await _read(world)
        await _read(world)
        both = await _known(world, Kind.REFUND)
        del world.sandbox.books.payments[first]
        await _read(world)
        left = await _known(world, Kind.REFUND)

        assert set(both) == {f"payment:{first}", f"payment:{second}"}
        assert set(left) == {f"payment:{second}"}


async def test_age_takes_no_legs_partner_away(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        told = season(world, returns=30, faults={})
        await know(database, told)
        await gather(world, told)
        settings = world.workplace.settings
        before, _ = await run_matching(database, MERCHANT, settings, now=world.now, actor="user:test")
        horizon = timedelta(days=settings.finance.horizon_days)

        for days in (0, 20, 40, 200):  # through the season's own dates, day by day as it were
            at = world.now - timedelta(days=79) + horizon - 30 * DAY + timedelta(days=days)
            books, change = await run_matching(database, MERCHANT, settings, now=at, actor="user:test")
            assert (books.orphans, change.newly_broken) == ([], 0), days

        assert len(before.matches) > 30
        assert not [each for each in books.matches if each.status is not Status.OUT_OF_SCOPE and each.is_return]
        async with database.reading() as connection:
            stands = await connection.fetchval("SELECT count(*) FROM match_group WHERE until_run IS NULL")
        assert stands == len(before.matches)


async def test_undoing_a_file_leaves_what_another_file_holds_too(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        settings = world.workplace.settings
        heading, charge, refund, same = SHOPIFY.strip().split("\n")
        other = refund.replace("1042", "1043")

        async def bring(*lines: str) -> int | None:
            raw = "\n".join((heading, *lines)).encode()
            taken = await import_file(database, MERCHANT, settings, raw, name="x.csv", now=world.now, actor="user:test")
            return taken.file_id

        first, second = await bring(charge, refund, same), await bring(refund, same, other)
        assert first is not None
        assert second is not None
        await undo(database, MERCHANT, first, reason="doubled", now=world.now, actor="user:test")
        after_one = await _known(world, Kind.PAYOUT)
        await undo(database, MERCHANT, second, reason="doubled", now=world.now, actor="user:test")

        assert sorted(leg.order for leg in after_one.values()) == ["1042", "1042", "1043"]
        assert await _known(world, Kind.PAYOUT) == {}


async def test_a_payout_cut_in_two_by_an_export_counts_by_its_fuller_part(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        heading, charge, refund, same = SHOPIFY.strip().split("\n")
        for lines in ((heading, charge), (heading, charge, refund, same), (heading, refund)):
            raw = "\n".join(lines).encode()
            await import_file(
                database, MERCHANT, world.workplace.settings, raw, name="x.csv", now=world.now, actor="user:test"
            )

        (payout,) = (await _known(world, Kind.TRANSFER)).values()

        assert str(payout.amount) == "0.55"
        assert payout.facts["lines"] == 3


async def test_a_statement_speaks_of_its_own_currency_only(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        for name, text in (("bank.csv", BANK_CSV), ("camt.xml", CAMT)):
            raw = text.encode()
            await import_file(
                database, MERCHANT, world.workplace.settings, raw, name=name, now=world.now, actor="user:test"
            )
        async with database.reading() as connection:
            told = await files.coverage(connection, MERCHANT, None)

        assert set(told.bank) == {"GBP"}
        assert told.needs_bank("GBP", date(2026, 1, 9), 1)
        assert not told.needs_bank("EUR", date(2026, 1, 9), 0)


async def test_a_long_file_is_imported_without_being_held(database: Database, tmp_path: Path) -> None:
    def statement(rows: int) -> bytes:
        lines = (f"2026-01-{n % 28 + 1:02},{n}.{rows // 1000}0,GBP,PAYMENT {n:06}" for n in range(rows))
        return "\n".join(("Date,Amount,Currency,Reference", *lines)).encode()

    async with open_world(database, tmp_path, extra_config=FINANCE) as world:

        async def peak(rows: int, *, preview: bool = False) -> int:
            raw = statement(rows)
            tracemalloc.start()
            try:
                taken = await import_file(
                    database, MERCHANT, world.workplace.settings, raw, name="x.csv", now=world.now, actor="user:test",
                    preview=preview,
                )  # fmt: skip
                assert (taken.count("accepted"), taken.total) == (rows, rows)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        await peak(2000, preview=True)  # what is made once, is made
        small = await peak(2000)
        growth = await peak(8000) - small
        async with database.reading() as connection:
            file, _ = await files.listing(connection, MERCHANT)
            rows = await files.rows(connection, MERCHANT, file["id"])

        assert (file["rows"], file["accepted"], len(rows)) == (8000, 8000, 8000)
        assert len(await _known(world, Kind.BANK)) == 2000 + 8000
        assert growth / 6000 < 700  # bytes a row: what tells equal rows apart, not the rows


async def test_an_account_that_refuses_some_searches_is_read_all_the_same(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        told = season(world, returns=20, faults={})
        await know(database, told)
        await collect(sources(world), world.now)
        before = await _known(world, Kind.CREDIT)
        world.sandbox.faults.plan({"rules": [
            {"match": "journal-search", "kind": "refused"}, {"match": "payment-search", "kind": "refused", "count": 2},
        ]})  # fmt: skip
        world.sandbox.clock.move(to=world.now + DAY)

        done = await collect(sources(world), world.now, whole=True)

        assert sorted(each.split(":")[0] for each in done.faults or ()) == ["journals", "refunds on sales"]
        assert await _known(world, Kind.CREDIT) == before
        assert len(await _known(world, Kind.REFUND)) > 10
