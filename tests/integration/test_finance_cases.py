"""Small files of the shapes that people really meet, and what each must come to in the books."""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.errors import MalformedPayloadError
from daemon.finance.books_check import run_checks
from daemon.finance.importing import Imported, import_file, undo
from daemon.finance.matching import run_matching
from daemon.settings_finance import MappedFileSettings
from daemon.store import legs
from statemachine.books.legs import Kind, Leg
from tests.closed_season import FINANCE
from tests.given import Given
from tests.world import MERCHANT, World

CASES = Path(__file__).parent.parent / "cases"
Line = tuple[str, str, str]
"""Day, sum, currency."""


@dataclass
class Books:
    """One merchant's books, into which files are brought."""

    world: World
    done: list[Imported] = field(default_factory=list)

    async def bring(self, *names: str, given: str = "") -> None:
        settings = self.world.workplace.settings
        toml = tomllib.loads((CASES / "mapped-comma-file-with-points.toml").read_text())
        mapped = {
            name: MappedFileSettings.model_validate(told)
            for name, told in toml["merchants"]["acme"]["finance"]["files"].items()
        }
        finance = settings.finance.model_copy(update={"files": mapped})
        calendar = settings.calendar.model_copy(update={"timezone": "Europe/London"})
        for name in names:
            done = await import_file(
                self.world.database, MERCHANT, settings.model_copy(update={"finance": finance, "calendar": calendar}),
                (CASES / name).read_bytes(), name=name, given=given, now=self.world.now, actor="user:test",
            )  # fmt: skip
            self.done.append(done)

    async def legs(self, kind: Kind) -> list[Leg]:
        async with self.world.database.transaction() as connection:
            at = await legs.tick(connection, MERCHANT, self.world.now)
        async with self.world.database.reading() as connection:
            found = await legs.known_at(connection, MERCHANT, at)
        return sorted((leg for leg in found if leg.kind is kind), key=lambda leg: (leg.on, leg.amount or Decimal(0)))

    async def lines(self, kind: Kind = Kind.BANK) -> list[Line]:
        return [(str(leg.on), str(leg.amount), leg.currency) for leg in await self.legs(kind)]

    @property
    def rejected(self) -> list[str]:
        return [row["detail"] for done in self.done for row in done.rows if row["result"] == "rejected"]

    @property
    def warnings(self) -> list[str]:
        return [each for done in self.done for each in done.warnings]


async def a_merchant(world: World) -> None:
    """With nothing in its books."""


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["ofx-booking-day-west.ofx"], [("2026-01-31", "5.00", "GBP"), ("2026-01-31", "412.10", "GBP")]),
        (["camt-booking-time-with-offset.xml"],
         [("2026-01-31", "55.00", "GBP"), ("2026-02-01", "56.00", "GBP"), ("2026-02-01", "57.00", "GBP")]),
        (["ofx-fitid-reused.ofx"] * 2,
         [("2026-02-03", "120.00", "GBP"), ("2026-02-04", "-35.50", "GBP"), ("2026-02-05", "64.25", "GBP")]),
        (["camt-same-line-statement-1.xml", "camt-same-line-statement-2.xml"], [("2026-02-03", "10.00", "GBP")] * 2),
        (["camt-same-line-statement-1.xml", "camt-same-line-statement-2.xml"] * 2, [("2026-02-03", "10.00", "GBP")] * 2),
        (["camt-reissued-a.xml", "camt-reissued-b.xml"], [("2026-02-03", "210.00", "GBP")]),
        (["same-line-by-camt.xml", "same-line-by-ofx.ofx"], [("2026-02-03", "812.00", "GBP")]),
        (["same-line-by-ofx.ofx", "same-line-by-camt.xml"], [("2026-02-03", "812.00", "GBP")]),
        (["bankcsv-amount-and-indicator.csv"], [("2026-02-03", "-3.00", "GBP"), ("2026-02-03", "30.00", "GBP")]),
        (["ofx-correction.ofx"] * 2, [("2026-02-04", "110.00", "GBP")]),
        (["ofx-foreign-currency.ofx"], [("2026-02-03", "100.00", "EUR")]),
        (["ofx-xml211-nl.ofx"], [("2026-02-03", "100.00", "GBP")]),
        (["ofx-latin1-declared.ofx"], [("2026-02-03", "100.00", "GBP")]),
        (["camt-utf16.xml"], [("2026-02-03", "10.00", "GBP")]),
        (["bankcsv-cr-only.csv"], [("2026-02-03", "-1.00", "GBP"), ("2026-02-04", "-2.00", "GBP")]),
        (["ofx-mixed-invest.ofx"], [("2026-02-03", "100.00", "GBP")]),
        (["ofx-empty-name.ofx"], [("2026-02-03", "100.00", "GBP")]),
        (["camt-no-bookgdt.xml"], [("2026-02-03", "55.00", "GBP")]),
        (["camt-closing-balance-off.xml"], [("2026-02-03", "55.00", "GBP")]),
    ],
    ids=lambda told: "-".join(told)[:60] if isinstance(told, list) and told and isinstance(told[0], str) else "",
)  # fmt: skip
async def test_the_lines_of_a_statement_come_in_once_each_as_the_bank_wrote_them(
    names: list[str], told: list[Line], given: Given
) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring(*names)

        assert await books.lines() == told
        assert books.rejected == []
        kept = sum(done.count("accepted") for done in books.done)
        assert kept == len(told)


async def test_what_a_statement_says_of_itself_is_checked_and_told(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring("camt-closing-balance-off.xml", "ofx-mixed-invest.ofx", "camt-no-bookgdt.xml")

        assert [each.split(":")[0] for each in books.warnings] == [
            "statement 1 of GB33BUKB20201555555555",
            "the investment account 99 is left aside",
        ]
        (row,) = books.done[2].rows
        assert "its value day, 2026-02-03, is taken" in row["note"]
        texts = [leg.facts["text"] for leg in await books.legs(Kind.BANK)]
        assert texts == ["SHOP PAYOUT"] * 3


@pytest.mark.parametrize(
    ("name", "given_format", "reasons"),
    [
        ("ofx-thousands-comma.ofx", "", ["may be thousands or decimals"] * 3),
        ("mapped-comma-file-with-points.csv", "mybank", ["not written as this file's amounts are"] * 2),
    ],
)
async def test_an_amount_that_may_be_two_things_is_refused(
    name: str, given_format: str, reasons: list[str], given: Given
) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring(name, given=given_format)

        assert len(books.rejected) == len(reasons)
        assert all(reason in told for reason, told in zip(reasons, books.rejected, strict=True))
        assert await books.lines() == ([("2026-02-03", "1234.56", "EUR")] if given_format else [])


async def test_two_columns_of_one_name_refuse_the_file(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        with pytest.raises(MalformedPayloadError, match="two columns are called 'amount'"):
            await Books(world).bring("bankcsv-dup-columns.csv")


async def broken_checks(world: World) -> dict[str, list[str]]:
    """Names of the checks of the books that something breaks, and by what."""
    settings = world.workplace.settings
    await run_matching(world.database, MERCHANT, settings, now=world.now, actor="user:test")
    checked = await run_checks(world.database, MERCHANT, settings, now=world.now, actor="user:test")
    return {each.name: [violation.subject for violation in each.violations] for each in checked if each.violations}


async def test_a_payout_that_was_pending_is_one_when_it_is_paid(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring("shopify-pending.csv")
        before = await books.lines(Kind.TRANSFER)
        await books.bring("shopify-paid-later.csv")
        await books.bring("shopify-pending.csv")  # an older export changes nothing

        assert before == []
        (payout,) = await books.legs(Kind.TRANSFER)
        assert (payout.facts["payout_id"], payout.on, payout.amount) == ("9001", date(2026, 2, 6), Decimal(58))
        (refund,) = await books.legs(Kind.PAYOUT)
        assert (refund.order, refund.facts["payout_id"]) == ("1001", "9001")
        assert await broken_checks(world) == {}


async def test_each_manual_payout_is_one_also_in_a_later_file(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)
        later = CASES / "stripe-manual-payouts.csv"
        text = later.read_text().replace("txn_5", "txn_6").replace("-33.00", "-21.00")

        await books.bring("stripe-manual-payouts.csv")
        first = await books.lines(Kind.TRANSFER)
        await import_file(
            world.database, MERCHANT, world.workplace.settings, text.encode(), name="later.csv", now=world.now,
            actor="user:test",
        )  # fmt: skip

        assert first == [("2026-02-03", "44.45", "EUR"), ("2026-02-04", "33.00", "EUR")]
        assert [each[1] for each in await books.lines(Kind.TRANSFER)] == ["44.45", "21.00", "33.00"]
        assert [leg.order for leg in await books.legs(Kind.PAYOUT)] == ["1235"]


async def test_a_payout_that_came_back_is_not_awaited_on_the_bank(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring("stripe-payout-reversal.csv")

        assert await books.lines(Kind.TRANSFER) == []


async def test_types_that_nobody_documented_count_into_their_payout(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring("shopify-odd-types.csv")

        assert await books.lines(Kind.TRANSFER) == [("2026-02-05", "-42.00", "GBP")]
        assert books.rejected == []
        assert sum("is not documented" in row["note"] for row in books.done[0].rows) == 3


async def test_an_order_is_read_from_words_only_where_they_name_one(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        await books.bring("stripe-desc-order-words.csv")

        refunds = await books.legs(Kind.PAYOUT)
        assert sorted((str(leg.facts["line"]), leg.order) for leg in refunds) == [
            ("txn_2", ""), ("txn_6", "1007"), ("txn_7", "1008"), ("txn_8", "1009"),
        ]  # fmt: skip


# -- payouts over several files -----------------------------------------------------------------------------------------

HEADING, *SALES = (CASES / "shopify-odd-types.csv").read_text().strip().split("\n")


async def bring(world: World, *lines: str, heading: str = HEADING) -> Imported:
    raw = "\n".join((heading, *lines)).encode()
    return await import_file(
        world.database, MERCHANT, world.workplace.settings, raw, name="part.csv", now=world.now, actor="user:test"
    )


async def test_a_payout_spread_over_files_comes_to_all_its_lines_and_undone_to_those_that_are_left(
    given: Given,
) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)

        first = await bring(world, *SALES[:2])
        second = await bring(world, *SALES[1:4])
        third = await bring(world, *SALES[3:])
        whole = await books.lines(Kind.TRANSFER)
        assert third.file_id is not None
        assert second.file_id is not None
        await undo(world.database, MERCHANT, third.file_id, reason="wrong", now=world.now, actor="user:test")
        without_third = await books.lines(Kind.TRANSFER)
        await undo(world.database, MERCHANT, second.file_id, reason="wrong", now=world.now, actor="user:test")

        assert whole == [("2026-02-05", "-42.00", "GBP")]
        assert without_third == [("2026-02-05", "-38.00", "GBP")]
        assert await books.lines(Kind.TRANSFER) == [("2026-02-05", "-68.00", "GBP")]
        assert first.file_id is not None


async def test_a_payout_of_which_a_line_was_refused_is_offered_to_no_bank_line_until_it_is_whole(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)
        broken = SALES[1].replace("-65.00", "-64.00")
        bank = "Date,Amount,Currency,Reference\n2026-02-05,-42.00,GBP,SHOPIFY 9002\n2026-02-05,23.00,GBP,SHOPIFY 9002\n"

        await bring(world, SALES[0], broken, *SALES[2:])
        await bring(world, *bank.strip().split("\n")[1:], heading=bank.split("\n")[0])
        incomplete = await broken_checks(world)
        (payout,) = await books.legs(Kind.TRANSFER)
        await bring(world, *SALES)

        assert incomplete == {"payouts-are-whole": ["shopify payout 9002"]}
        assert payout.facts["refused"] == 1
        assert await broken_checks(world) == {}
        books_of, _ = await run_matching(
            world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test"
        )
        (match,) = (each for each in books_of.matches if each.of(Kind.TRANSFER))
        assert [str(leg.amount) for leg in match.of(Kind.BANK)] == ["-42.00"]


async def test_a_line_that_a_file_told_otherwise_is_as_before_once_that_file_is_undone(given: Given) -> None:
    async with given.world(a_merchant, extra_config=FINANCE) as (world, _):
        books = Books(world)
        line = SALES[2]

        await bring(world, line.replace("paid,2026-02-05,9002", "pending,2026-02-05,"))
        later = await bring(world, line)
        (paid,) = await books.legs(Kind.PAYOUT)
        assert later.file_id is not None
        await undo(world.database, MERCHANT, later.file_id, reason="wrong", now=world.now, actor="user:test")

        assert later.count("replaced") == 1
        assert paid.facts["payout_id"] == "9002"
        (pending,) = await books.legs(Kind.PAYOUT)
        assert pending.facts["payout_id"] == ""
        assert await books.lines(Kind.TRANSFER) == []
