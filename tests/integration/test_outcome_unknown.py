"""Whatever happens to an answer, each effect exists once: faults of every kind on every write, both ways of sending."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.store.database import Database
from tests.abreast import abreast
from tests.world import World, open_world

WRITES = {
    "credit": "^POST .*/sales-credit$",
    "payment": "^POST .*/customer-payment$",
    "close": "^POST .*/close$",
    "goods-in": "^POST .*/goods-in$",
}
FAULTS = (
    "lose-answer", "error-after", "truncate", "garbage",  # it was done
    "refuse-connection", "error-before", "unavailable", "throttled",  # it was not
)  # fmt: skip
HARSH: dict[str, dict[str, Any]] = {
    "as documented": {},
    "no instance id": {"instance_id": None},
    "duplicates answered without a body": {"duplicate_has_body": False},
    "created answers 200": {"created_status": 200},
    "a slow search index": {"search_lag_seconds": 30.0},
    "duplicate payments answered 409": {"duplicate_payment_status": 409},
    "invoices that stick": {"close_sticks_share": 1.0},
}


async def given_a_return_on_its_way(world: World) -> str:
    return str(world.begin("bar_single")["express_code"])


def assert_books_hold_exactly_one(world: World, *, of_each: int = 1) -> None:
    books = world.books()
    assert len(books["credits"]) == of_each
    assert len(books["goods_in"]) == of_each
    assert [p["paymentType"] for p in books["payments"]].count("PAYMENT") == of_each
    assert all(credit["invoice_reference"].startswith("SC-") for credit in books["credits"])


async def test_a_write_that_fails_is_done_once_and_repeated_only_when_it_was_not_done(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        use_bundles(world, are_used=False)
        codes = [await given_a_return_on_its_way(world) for _ in FAULTS]
        abreast(world)
        tried = [(write, fault) for write in WRITES for fault in FAULTS]
        rules = [{"match": WRITES[write], "kind": fault, "count": 1} for write, fault in tried]
        world.sandbox.faults.plan({"rules": rules})

        await world.pass_time(timedelta(days=20))

        struck = {each: rule.struck for each, rule in zip(tried, world.sandbox.faults.rules, strict=True)}
        assert struck == dict.fromkeys(tried, 1)
        assert {(await world.show(code))["state"] for code in codes} == {"restocked"}
        assert_books_hold_exactly_one(world, of_each=len(codes))


@pytest.mark.parametrize("assumption", HARSH)
@pytest.mark.parametrize("bundled", [False, True], ids=["single", "bundled"])
async def test_lost_answers_are_settled_whatever_the_vendor_is_like(
    assumption: str, bundled: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        use_bundles(world, are_used=bundled)
        for name, value in HARSH[assumption].items():
            setattr(world.sandbox.assumptions, name, value)
        codes = [await given_a_return_on_its_way(world) for _ in range(3)]
        abreast(world)
        match = "multi-message$" if bundled else "|".join(WRITES.values())
        world.sandbox.faults.plan({"rules": [{"match": match, "kind": "lose-answer", "share": 0.5, "count": 8}]})

        await world.pass_time(timedelta(days=20))

        states = [(await world.show(code))["state"] for code in codes]
        assert states == ["restocked"] * 3
        books = world.books()
        assert (len(books["credits"]), len(books["goods_in"])) == (3, 3)
        assert [p["paymentType"] for p in books["payments"]].count("PAYMENT") == 3


def use_bundles(world: World, *, are_used: bool = True) -> None:
    client = world.workplace.brightpearl
    client._settings = client._settings.model_copy(update={"bundled_writes": are_used})


async def test_a_credit_that_stays_pending_is_closed_again(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = await given_a_return_on_its_way(world)
        world.sandbox.assumptions.close_sticks_share = 1.0

        await world.pass_time(timedelta(days=20))

        assert (await world.show(code))["credit"]["invoice_reference"].startswith("SC-")


async def test_a_refused_credit_names_its_cause_and_is_made_after_a_retry(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = await given_a_return_on_its_way(world)
        world.sandbox.season.play(world.now + timedelta(days=6))
        world.sandbox.books.payment_methods.clear()
        world.sandbox.books.tax_codes = {"T99": world.sandbox.books.tax_codes["T20"]}
        await world.pass_time(timedelta(days=6))

        shown = await world.show(code)

        assert shown["state"] == "exception"
        assert shown["exception"]["cause"] == "tax-code-unknown"
        assert shown["exception"]["owner"] == "finance"
        assert world.books()["credits"] == []


async def test_a_locked_period_moves_the_tax_date(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        code = await given_a_return_on_its_way(world)
        world.sandbox.books.locked_until = (world.now + timedelta(days=30)).date()

        await world.pass_time(timedelta(days=20))

        assert (await world.show(code))["state"] == "restocked"
        credit = next(o for o in world.sandbox.books.orders.values() if o.type_code == "SC")
        assert credit.tax_date[:10] == (world.sandbox.books.locked_until + timedelta(days=1)).isoformat()


async def test_a_payment_that_was_acknowledged_and_stays_unseen_is_never_sent_again(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code = await given_a_return_on_its_way(world)
        hidden = world.sandbox.books.payments
        world.sandbox.faults.plan({"rules": [{"match": "customer-payment-search", "kind": "error-before", "skip": 1}]})

        await world.pass_time(timedelta(days=8), stride=timedelta(hours=2))
        world.sandbox.faults.plan({})
        await world.pass_time(timedelta(days=12))

        assert [p["paymentType"] for p in hidden.values()].count("PAYMENT") == 1
        assert (await world.show(code))["payment"] is not None


async def test_a_credit_whose_rows_are_not_echoed_with_references_is_restocked_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        code = await given_a_return_on_its_way(world)
        world.sandbox.assumptions.echoes_row_references = False

        await world.pass_time(timedelta(days=20))

        shown = await world.show(code)
        assert (shown["state"], len(shown["goods_in"])) == ("restocked", 1)
        assert_books_hold_exactly_one(world)


async def test_a_foreign_refund_and_stock_value_use_the_orders_rate(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        world.begin("foreign_currency")
        sent: list[dict[str, Any]] = []
        pay = world.sandbox.books.pay
        object.__setattr__(world.sandbox.brightpearl, "books", _Listening(world.sandbox.books, pay, sent))

        await world.pass_time(timedelta(days=20))

        refunds = [body for body in sent if body["paymentType"] == "PAYMENT"]
        assert [body["exchangeRate"] for body in refunds] in (["1.170000"], ["1.280000"])


class _Listening:
    """The sandbox's books, with an ear on the payments."""

    def __init__(self, books: Any, pay: Any, sent: list[Any]) -> None:
        self._books, self._pay, self._sent = books, pay, sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    def pay(self, body: dict[str, Any], *, by: str) -> int:
        self._sent.append(body)
        return int(self._pay(body, by=by))
