"""A season that is over, matched and closed: what was planted is found and named, nothing else; every sum balances."""

import hashlib
import os
import shutil
import zipfile
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import anyio
import openpyxl
import pytest

from daemon.actions.closing import close, difference, pack_as_of
from daemon.errors import NotPermittedError, RejectedError
from daemon.finance.collect import collect
from daemon.finance.known import Books
from daemon.finance.matching import run_matching
from daemon.finance.periods import events_of, prepare, reopen
from daemon.finance.postings import postings_of
from daemon.sandbox.closed_season import FAULTS, ClosedSeason
from daemon.store import legs, matches, periods
from daemon.store.database import Database
from daemon.views.pack import as_workbook, as_zip
from statemachine.books.matching import Action, Status
from statemachine.books.movement import movements
from statemachine.books.periods import Closes, last_day
from tests.closed_season import FINANCE, gather, know, season, sources
from tests.world import MERCHANT, World, open_world

RETURNS = 1_000
HOUR = timedelta(hours=1)


async def test_every_planted_fault_is_found_and_classed_and_no_other(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        told = season(world, returns=RETURNS)
        await know(database, told)
        await gather(world, told)

        books, change = await run_matching(
            database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test"
        )

        assert len(told.truth) >= RETURNS
        assert {leg.currency for match in books.matches for leg in match.legs if leg.currency} == {"GBP", "EUR", "USD"}
        found = {(str(o.name), o.order or next(iter(o.codes), "")) for o in books.orphans}
        nameless = ("fee-without-return",)  # such a fee names a code, and no order
        planted = {(t["fault"], t["code"] if t["fault"] in nameless else t["order"]) for t in told.truth if t["fault"]}
        assert found == planted
        assert Counter(str(o.name) for o in books.orphans) == FAULTS
        assert change.opened_orphans == sum(FAULTS.values()) == 25
        matchable = {each["order"] for each in told.truth if each["kind"] not in ("fault", "expired")}
        matched = _matched_orders(books)
        assert len(matchable & matched) / len(matchable) >= 0.99, sorted(matchable - matched)[:5]
        assert all(each.status is Status.MATCHED for each in books.matches if not each.is_return and each.value)
        await _both_months_balance(database, books)


def _matched_orders(books: Books) -> set[str]:
    good = (Status.MATCHED, Status.WITHIN_TOLERANCE)
    return {leg.order for each in books.matches if each.status in good for leg in each.legs if leg.order}


async def _both_months_balance(database: Database, books: Books) -> None:
    async with database.reading() as connection:
        versions = await legs.versions_at(connection, MERCHANT, books.at)
    postings = postings_of(versions, Closes([]), left_out=books.left_out)
    january = movements(books.matches, postings, terms=books.terms, first=date(2026, 1, 1), last=date(2026, 1, 31))
    february = movements(books.matches, postings, terms=books.terms, first=date(2026, 2, 1), last=date(2026, 2, 28))
    assert {each.currency for each in january} == {"GBP", "EUR", "USD"}
    assert [each.difference for each in (*january, *february)] == [Decimal("0.00")] * len((*january, *february))
    assert [each.opening for each in february] == [each.closing for each in january]
    assert all(each.new > 200 and each.closing > 0 for each in january if each.account == "credits awaiting stock")


async def test_a_close_pack_is_the_same_again_whatever_comes_later(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        settings = world.workplace.settings
        told = season(world, returns=300)
        await know(database, told)
        await gather(world, told)
        await run_matching(database, MERCHANT, settings, now=world.now, actor="user:test")
        await prepare(database, MERCHANT, settings, "2026-01", actor="user:ann", reason="ready", now=world.now)
        with pytest.raises(NotPermittedError, match="somebody else must review"):
            await close(database, MERCHANT, settings, "2026-01", actor="user:ann", reason="", now=world.now)

        closed, raw = await close(
            database, MERCHANT, settings, "2026-01", actor="user:bob", reason="reviewed", now=world.now
        )
        late = await _much_happens(world, told)
        again, _ = await pack_as_of(database, MERCHANT, settings, "2026-01", None, world.now)

        assert as_zip(again) == raw
        assert hashlib.sha256(raw).hexdigest() == closed["pack_sha256"]
        await _february_takes_what_came_late(world, late)
        await _a_reopened_month_shows_what_is_different(world)


async def _much_happens(world: World, told: ClosedSeason) -> str:
    """A refund of January is recorded after its close, a match is written off, another is taken apart."""
    books = world.sandbox.books
    faulty = {t["order"] for t in told.truth if t["fault"] == "credit-without-refund"}
    unpaid = next(
        credit for credit in books.orders.values()
        if credit.type_code == "SC" and credit.created_at.month == 1 and credit.reference in faulty
    )  # fmt: skip
    payment = books.pay({
        "transactionRef": "late", "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT", "orderId": unpaid.id,
        "currencyIsoCode": unpaid.currency, "amountPaid": str(unpaid.net + unpaid.tax), "paymentDate": "2026-01-20T10:00:00Z",
    })  # fmt: skip
    unpaid.updated_at = world.now
    world.sandbox.clock.move(to=world.now + HOUR)
    async with world.database.reading() as connection:
        (orphan, *_) = await matches.orphans(connection, MERCHANT, None, "credit-without-stock")
        (match, *_) = await matches.listing(
            connection, MERCHANT, matches.Wanted(["matched"], from_on=date(2026, 2, 1)), rows_max=1
        )
    for action, keys in ((Action.WRITE_OFF, [orphan["match_key"]]), (Action.UNMATCH, match["legs"][:1])):
        async with world.database.transaction() as connection:
            at = await legs.tick(connection, MERCHANT, world.now)
            await matches.put_decision(
                connection, MERCHANT, action=action, legs=keys, on=world.now.date(), actor="user:test", reason="test",
                note="", at=at,
            )  # fmt: skip
    done = await collect(sources(world), world.now, whole=True)
    assert not done.faults
    _, change = await run_matching(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")
    assert change.newly_matched >= 1
    assert change.newly_broken >= 1
    return f"payment:{payment}"


async def _february_takes_what_came_late(world: World, late: str) -> None:
    settings, database = world.workplace.settings, world.database
    with pytest.raises(RejectedError, match="2026-02 is the next"):
        await prepare(database, MERCHANT, settings, "2026-03", actor="user:ann", reason="", now=world.now)
    await prepare(database, MERCHANT, settings, "2026-02", actor="user:ann", reason="", now=world.now)
    await close(database, MERCHANT, settings, "2026-02", actor="user:bob", reason="", now=world.now)
    pack, _ = await pack_as_of(database, MERCHANT, settings, "2026-02", None, world.now)
    rows = pack.sheet("movement").rows
    assert [row["difference"] for row in rows] == [Decimal("0.00")] * len(rows)
    assert [row for row in rows if row["restated"]] == []
    assert {(row["leg"], row["belongs_to"]) for row in pack.sheet("late_items").rows} == {(late, "2026-01")}


async def _a_reopened_month_shows_what_is_different(world: World) -> None:
    settings, database = world.workplace.settings, world.database
    with pytest.raises(RejectedError, match="reopen that first"):
        await reopen(database, MERCHANT, "2026-01", actor="user:bob", reason="", now=world.now)
    await reopen(database, MERCHANT, "2026-02", actor="user:bob", reason="a refund is missing", now=world.now)
    await reopen(database, MERCHANT, "2026-01", actor="user:bob", reason="a refund is missing", now=world.now)
    found = await difference(database, MERCHANT, settings, "2026-01", world.now)
    assert found == []  # what came after a close stays where it was counted
    async with database.reading() as connection:
        events = events_of(await periods.events(connection, MERCHANT, None))
    assert Closes(events).through() == "2025-12"  # and 2026-01 is the next to close
    assert last_day("2026-02") == date(2026, 2, 28)


async def test_libreoffice_opens_the_workbook_of_a_pack(database: Database, tmp_path: Path) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        why = "there is no LibreOffice on this machine: apt-get install libreoffice-calc-nogui"
        if os.environ.get("HOMEWARD_NEEDS_OFFICE"):
            pytest.fail(why)
        pytest.skip(why)
    async with open_world(database, tmp_path, extra_config=FINANCE) as world:
        told = season(world, returns=60)
        told.books.orders[next(iter(told.credits.values()))].reference = "=1+1"
        await know(database, told)
        await gather(world, told)
        await run_matching(database, MERCHANT, world.workplace.settings, now=world.now, actor="=cmd|'/c calc'!A1")
        pack, at = await pack_as_of(database, MERCHANT, world.workplace.settings, "2026-01", None, world.now)
        assert isinstance(at, datetime)
        book = tmp_path / "pack.xlsx"
        book.write_bytes(as_workbook(pack))

        command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "ods"]
        done = await anyio.run_process([*command, "--outdir", str(tmp_path), str(book)], check=False)

        assert done.returncode == 0, done.stderr
        assert (tmp_path / "pack.ods").stat().st_size > 5_000
        complaints = [line for line in done.stderr.decode().splitlines() if line and "javaldx" not in line]
        assert complaints == []  # it misses Java, which a workbook does not need
        read = openpyxl.load_workbook(book)
        assert read.sheetnames[:2] == ["summary", "movement"]
        cells = [cell for sheet in read for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        with zipfile.ZipFile(BytesIO(as_zip(pack))) as archive:
            names = {Path(name).name for name in archive.namelist()}
        assert {"SHA256SUMS", "movement.csv", "orphans.csv", "acme-2026-01-close.html"} <= names
