"""Each invariant of the books, broken on purpose: the check of that name says so, and on a sound season all are silent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from daemon.finance.books_check import CHECKS, check, gather, run_checks
from daemon.finance.collect import collect
from daemon.finance.importing import import_file
from daemon.finance.matching import run_matching
from daemon.finance.periods import record_close
from daemon.sandbox.books import Order
from daemon.sandbox.closed_season import ClosedSeason
from daemon.store import legs
from statemachine.books.legs import Kind
from tests import closed_season
from tests.closed_season import FINANCE, know, season, sources
from tests.finance_files import STRIPE
from tests.given import Given
from tests.world import MERCHANT, World

HOUR = timedelta(hours=1)
RETURNS = 40


@dataclass(frozen=True, slots=True)
class Broken:
    world: World
    told: ClosedSeason

    @property
    def credit(self) -> Order:
        """A credit of one unit, made by us, paid and received."""
        plain = next(each for each in self.told.truth if each["kind"] == "plain")
        return self.told.books.orders[plain["credit"]]

    @property
    def code(self) -> str:
        return str(next(each for each in self.told.truth if each["kind"] == "plain")["code"])

    async def execute(self, *statements: str, values: Sequence[object] = ()) -> None:
        """As somebody who has more rights than a worker has."""
        connection = await asyncpg.connect(self.world.database.dsn)
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement, *values)
        finally:
            await connection.close()


async def _credited_twice(at: Broken) -> None:
    books, credit = at.told.books, at.credit
    books.credit_by_hand(books.orders[credit.parent_id], 0, f"again {at.code}").indexed_at = None


async def _goods_never_came(at: Broken) -> None:
    at.told.plant("credit-without-stock", 0, at.told.start + timedelta(days=3))
    await know(at.world.database, at.told)


async def _a_payout_says_another_sum(at: Broken) -> None:
    raw = STRIPE.replace("-47.40,0.00,-47.40", "-45.40,0.00,-45.40").encode()
    await import_file(
        at.world.database, MERCHANT, at.world.workplace.settings, raw, name="s.csv", now=at.world.now, actor="user:test"
    )


async def _a_credit_is_gone(at: Broken) -> None:
    del at.told.books.orders[at.credit.id]


async def _nobody_owns_it(at: Broken) -> None:
    await at.execute(
        "UPDATE returns SET state = 'exception', cause = 'tax-code', owner = 'nobody', explanation = 'x',"
        " resume_state = 'credit-pending' WHERE id = 1"
    )


async def _the_journal_was_changed(at: Broken) -> None:
    at.world.begin("bar_single")
    await at.world.pass_time(timedelta(hours=1))
    await at.execute("UPDATE journal SET actor = 'user:somebody-else' WHERE seq = 1")


async def _dated_into_a_closed_month(at: Broken) -> None:
    async with at.world.database.transaction() as connection:
        now = await legs.tick(connection, MERCHANT, at.world.now)
        await record_close(connection, MERCHANT, "2026-01", b"", {}, actor="user:bob", reason="", at=now)
    at.world.sandbox.clock.move(to=at.world.now + HOUR)
    at.told.add("plain", at.told.start + timedelta(days=4))
    await know(at.world.database, at.told)


async def _posted_otherwise(at: Broken) -> None:
    at.told.books.posted_beside[at.credit.id] = Decimal("1.00")


async def _refunded_twice(at: Broken) -> None:
    books, credit = at.told.books, at.credit
    first = next(p for p in books.payments_of([credit.id]) if p["paymentType"] == "PAYMENT")
    other = next(code for code in books.payment_methods if code != first["paymentMethodCode"])
    books.pay({
        "transactionRef": first["transactionRef"], "paymentMethodCode": other, "paymentType": "PAYMENT",
        "orderId": credit.id, "currencyIsoCode": first["currencyCode"], "amountPaid": first["amountPaid"],
        "paymentDate": first["paymentDate"],
    })  # fmt: skip


BREAKS: dict[Callable[[Broken], Awaitable[None]], list[str]] = {
    _credited_twice: ["credited-within-sold", "one-credit-a-unit"], _goods_never_came: ["stock-is-credited"],
    _a_payout_says_another_sum: ["refund-lines-make-the-payout"], _a_credit_is_gone: ["writes-are-read-back"],
    _nobody_owns_it: ["causes-have-owners"], _the_journal_was_changed: ["journal-is-intact"],
    _dated_into_a_closed_month: ["nothing-in-a-locked-period"], _posted_otherwise: ["credits-are-posted"],
    _refunded_twice: ["one-refund-a-unit", "refunded-within-credited", "one-refund-a-reference"],
}  # fmt: skip


async def sound(world: World) -> ClosedSeason:
    """A season in which nothing is broken, read and matched."""
    told = season(world, returns=RETURNS, faults={})
    await know(world.database, told)
    await closed_season.gather(world, told)
    await run_matching(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")
    return told


async def test_a_sound_season_breaks_nothing(given: Given) -> None:
    async with given.world(sound, extra_config=FINANCE) as (world, _):
        done = await run_checks(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")

        assert [each.name for each in done] == list(CHECKS)
        assert [(each.name, list(each.violations)) for each in done if each.violations] == []


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__.strip("_"))
async def test_a_broken_invariant_is_caught_by_its_own_checks(
    broken: Callable[[Broken], Awaitable[None]], given: Given
) -> None:
    async with given.world(sound, extra_config=FINANCE) as (world, told):
        await broken(Broken(world, told))
        done = await collect(sources(world), world.now, whole=True)
        assert not done.faults
        for name in BREAKS[broken]:
            (found,) = await run_checks(
                world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test", names=[name]
            )

            assert found.violations, name
            assert all(each.subject and each.detail for each in found.violations), name
            assert found.owner, name


async def test_a_leg_in_two_matches_or_in_none_is_caught(given: Given) -> None:
    async with given.world(sound, extra_config=FINANCE) as (world, _):
        async with world.database.transaction() as connection:
            now = await legs.tick(connection, MERCHANT, world.now)
        facts = await gather(world.database, MERCHANT, world.workplace.settings, now)
        first, second, *rest = facts.books.matches
        twice = replace(facts, books=replace(facts.books, matches=[first, first, second, *rest]))
        never = replace(facts, books=replace(facts.books, matches=[first, *rest]))

        (doubled,), (lost,) = (check(each, ["every-leg-is-in-one-match"]) for each in (twice, never))

        assert {each.detail for each in doubled.violations} == {"is in more than one match"}
        assert {each.subject for each in lost.violations} == {leg.key for leg in second.legs}
        assert len(facts.of(Kind.UNIT)) >= RETURNS


async def test_one_thing_paid_for_under_two_returns_is_never_matched_to_the_penny(given: Given) -> None:
    async with given.world(sound, extra_config=FINANCE) as (world, told):
        at = Broken(world, told)
        both = [each["credit"] for each in at.told.truth if each["kind"] == "plain"][:2]
        await at.execute(
            "UPDATE unit SET happy_item_id = 'one-thing', facts = facts || '{\"happy_item_id\": \"one-thing\"}'"
            " FROM returns AS r WHERE r.id = unit.return_id AND r.credit_id = ANY($1::bigint[])",
            "UPDATE returns SET updated_at = updated_at + interval '30 days' WHERE credit_id = ANY($1::bigint[])",
            values=[both],
        )
        world.sandbox.clock.move(to=world.now + HOUR)

        done = await collect(sources(world), world.now, whole=True)
        assert not done.faults
        await run_matching(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")
        found = await run_checks(world.database, MERCHANT, world.workplace.settings, now=world.now, actor="user:test")

        violated = {
            each.name: [violation.subject for violation in each.violations] for each in found if each.violations
        }
        assert violated == {"one-credit-a-unit": ["item:one-thing"], "one-refund-a-unit": ["item:one-thing"]}
        async with world.database.reading() as connection:
            rows = await connection.fetch(
                "SELECT status, reason FROM match_group WHERE until_run IS NULL AND EXISTS (SELECT FROM unnest(legs) AS leg"
                " WHERE leg LIKE ANY($1::text[]))", [f"credit:{each}/%" for each in both],
            )  # fmt: skip
        assert {row["status"] for row in rows} == {"partial"}
        assert all("one-thing" in row["reason"] and "credited more than once" in row["reason"] for row in rows)
