"""Lies that go together, and words that nobody wrote down: nothing is paid twice, and nobody is left untold."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.clients.results import Complete, Partial
from daemon.sandbox import brightpearl_views as views
from daemon.sandbox.books import Order
from daemon.sandbox.catalogue import Line, place_order
from daemon.store.database import Database
from tests.integration.test_beside_ours import credited_and_not_refunded, order_of, stopped_for
from tests.integration.test_border import post
from tests.integration.test_decisions import our_credits
from tests.integration.test_misleading_vendor import DAY, HOUR, MINUTE, refunds_of
from tests.integration.test_same_goods import body_of
from tests.same_goods import one_of_many
from tests.world import World, open_world


def pay(world: World, on: Order, amount: Decimal, *, kind: str = "PAYMENT", currency: str = "") -> dict[str, Any]:
    """Somebody records a payment by hand."""
    number = world.sandbox.books.pay({
        "transactionRef": f"by hand {world.now.isoformat()} {kind}", "paymentMethodCode": "SHOPIFY", "paymentType": kind,
        "orderId": on.id, "currencyIsoCode": currency or on.currency, "amountPaid": str(amount),
        "paymentDate": world.now.isoformat(),
    })  # fmt: skip
    return world.sandbox.books.payments[number]


def worth(credit: Order) -> Decimal:
    return credit.net + credit.tax


def ours(world: World) -> list[dict[str, Any]]:
    return [payment for payment in world.books()["payments"] if payment["made_by"] == "api"]


async def credited_and_refunded(world: World) -> tuple[dict[str, Any], Order]:
    truth = one_of_many(world)
    await world.pass_until(lambda: bool(refunds_of(world)))
    return truth, world.sandbox.books.credits_of([order_of(world, truth).id])[0]


# -- how money to the customer may be told -----------------------------------------------------------------------------------

OTHER_WORDS: list[dict[str, Any]] = [
    {"paymentType": "Payment"}, {"paymentType": "REFUND"}, {"paymentType": None}, {"paymentType": "RECEIPT", "sign": "-"},
    {"paymentType": "CAPTURE", "sign": "-"},
]  # fmt: skip


def tell_otherwise(payment: dict[str, Any], words: dict[str, Any]) -> None:
    payment["paymentType"], payment["amountPaid"] = words["paymentType"], words.get("sign", "") + payment["amountPaid"]


@pytest.mark.parametrize("words", OTHER_WORDS)
async def test_a_refund_that_is_told_in_other_words_is_not_recorded_again(
    words: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        tell_otherwise(pay(world, credit, worth(credit)), words)
        world.sandbox.faults.plan({})

        await world.pass_time(DAY)

        assert ours(world) == []
        is_understood = words["paymentType"] not in ("REFUND", None)
        assert await stopped_for(world, truth) == ("" if is_understood else "evidence-incomplete")


@pytest.mark.parametrize("words", OTHER_WORDS)
async def test_a_second_refund_that_is_told_in_other_words_is_told_of(
    words: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        tell_otherwise(pay(world, credit, worth(credit)), words)

        await world.pass_time(2 * DAY)

        is_understood = words["paymentType"] not in ("REFUND", None)
        assert await stopped_for(world, truth) == ("refund-twice" if is_understood else "evidence-incomplete")


@pytest.mark.parametrize("where", ["credit", "order"])
async def test_a_second_refund_in_another_currency_is_told_of(where: str, database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        second = pay(world, credit if where == "credit" else order_of(world, truth), Decimal(20), currency="EUR")
        await world.pass_time(HOUR)

        cause = "refund-twice" if where == "credit" else "refund-elsewhere"
        assert await stopped_for(world, truth) == cause
        del world.sandbox.books.payments[second["paymentId"]]
        await world.pass_time(HOUR)
        assert await stopped_for(world, truth) == ""


async def test_a_refund_that_came_back_is_not_the_one_due(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_not_refunded(world)
        pay(world, credit, worth(credit))
        pay(world, credit, worth(credit), kind="RECEIPT")
        world.sandbox.faults.plan({})

        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "refund-differs"
        pay(world, credit, worth(credit), kind="PAYMENT")["transactionRef"] = "by hand again"
        await world.pass_time(DAY)
        assert (await stopped_for(world, truth), ours(world)) == ("", [])


async def test_a_refund_that_comes_back_after_it_was_recorded_is_told_of(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        back = pay(world, credit, worth(credit), kind="RECEIPT")

        await world.pass_time(4 * HOUR)

        shown = await world.show(str(truth["express_code"]))
        assert await stopped_for(world, truth) == "refund-differs"
        assert [p.get("is_taken_back", False) for p in shown["exception"]["evidence"]["payments"]] == [False, True]
        del world.sandbox.books.payments[back["paymentId"]]
        await world.pass_time(4 * HOUR)
        assert await stopped_for(world, truth) == ""


# -- one unit under other names ----------------------------------------------------------------------------------------------

OTHER_NAMES: dict[str, dict[str, Any]] = {
    "without its line": {"happyReturnsItemID": "", "orderLineItemID": ""},
    "its line with an offset": {"happyReturnsItemID": "", "orderLineItemID": "{line}-0-4"},
    "its line padded": {"happyReturnsItemID": "", "orderLineItemID": "{line}\u200b"},
    "without anything but its article in other case": {"happyReturnsItemID": "", "orderLineItemID": "", "sku": "{low}"},
}


@pytest.mark.parametrize("name", OTHER_NAMES)
@pytest.mark.parametrize("item_id", ["", "b1c7c8c2"])
async def test_a_unit_that_a_later_look_names_otherwise_is_paid_once(
    item_id: str, name: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="confirm_webhooks = false\n") as world:
        world.sandbox.season.open(1)
        order = world.sandbox.season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        row = next(row for row in order.rows if row.sku)
        first = {
            "orderNumber": order.reference, "orderLineItemID": row.external_ref, "sku": row.sku, "refundAmount": None,
            "happyReturnsItemID": item_id,
        }  # fmt: skip
        later = {
            key: told.format(line=row.external_ref, low=row.sku.lower()) for key, told in OTHER_NAMES[name].items()
        }

        for told in (first, {**first, **later}):
            assert await post(world, body_of(("ret-1", "HRAAAAAA"), **told)) == 200
            await world.settle()
            await world.pass_time(DAY)

        assert sum(int(row["quantity"]) for credit in our_credits(world) for row in credit["rows"]) == 1
        assert len(ours(world)) == 1


@pytest.mark.parametrize("code", ["HRAAAAAA", ""])
async def test_a_unit_whose_return_is_said_to_be_of_another_order_later_is_paid_once(
    code: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config="confirm_webhooks = false\n") as world:
        world.sandbox.season.open(1)
        line = Line(next(iter(world.sandbox.books.products.values())), 4)
        orders = [world.sandbox.season.order([line], world.now) for _ in range(2)]
        row = next(row for row in orders[0].rows if row.sku)
        told = {"orderLineItemID": "77-0-2", "sku": row.sku, "refundAmount": None, "happyReturnsItemID": ""}

        for order in orders:
            assert await post(world, body_of(("ret-1", code), orderNumber=order.reference, **told)) == 200
            await world.settle()
            await world.pass_time(DAY)

        assert {row["cause"] for row in await world.all_returns()} == {None, "same-goods"}
        assert (len(our_credits(world)), len(ours(world))) == (1, 1)


# -- what nobody looked at in time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["refund", "credit"])
async def test_a_double_made_while_the_daemon_was_stopped_for_days_is_told_of(
    what: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_refunded(world)
        await world.pass_time(2 * DAY)
        order = order_of(world, truth)
        if what == "refund":
            pay(world, order, Decimal(5))
        else:
            world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        world.sandbox.clock.move(to=world.now + 4 * DAY)  # nobody works meanwhile
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == ("refund-elsewhere" if what == "refund" else "rival-credit")


@pytest.mark.parametrize("how", ["edited", "not cancelled any more"])
async def test_an_old_credit_of_others_that_becomes_a_rival_is_told_of(
    how: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order = order_of(world, truth)
        await world.pass_time(2 * MINUTE)
        old = world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        row, (product_id, net, tax) = old.rows[0], (old.rows[0].product_id, old.rows[0].net, old.rows[0].tax)
        old.is_cancelled = how != "edited"
        if how == "edited":
            row.product_id, row.name, row.net, row.tax = None, "a voucher", Decimal("0.00"), Decimal("0.00")
        await world.pass_time(5 * DAY)
        assert (await stopped_for(world, truth), len(ours(world))) == ("", 1)

        old.is_cancelled, old.updated_at = False, world.now
        row.product_id, row.net, row.tax = product_id, net, tax
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "rival-credit"


@pytest.mark.parametrize("cause", ["credit-differs", "credit-cancelled"])
async def test_our_own_credit_that_is_changed_long_after_is_told_of(
    cause: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, credit = await credited_and_refunded(world)
        await world.pass_time(5 * DAY)
        credit.is_cancelled, credit.updated_at = cause == "credit-cancelled", world.now
        credit.rows[0].net -= Decimal(1) if cause == "credit-differs" else Decimal(0)

        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == cause


@pytest.mark.parametrize("what", ["refund", "credit"])
async def test_a_return_that_is_said_to_begin_later_than_it_was_seen_hides_no_rival(
    what: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        begun = world.sandbox.happy_returns.returns
        await world.pass_until(lambda: truth["happy_return_id"] in begun)
        for item in begun[truth["happy_return_id"]].items:
            item.started_at = world.now + 30 * DAY
        await world.pass_time(MINUTE)
        if what == "refund":
            pay(world, order_of(world, truth), Decimal(5))
        else:
            world.sandbox.books.credit_by_hand(order_of(world, truth), 0, "goodwill")
        await world.pass_time(DAY)

        assert await stopped_for(world, truth) == ("refund-elsewhere" if what == "refund" else "rival-credit")
        assert ours(world) == []


# -- answers that contradict each other --------------------------------------------------------------------------------------


async def test_a_credit_that_is_of_another_order_by_itself_than_by_the_search_keeps_ours_from_being_made(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order = order_of(world, truth)
        await world.pass_time(2 * MINUTE)
        rival = world.sandbox.books.credit_by_hand(order, 0, "goodwill")
        with monkeypatch.context() as lie:
            true_view = views.credit_view
            lie.setattr(views, "credit_view", lambda *of: true_view(*of) | ({"parentId": 7} if of[1] is rival else {}))
            await world.pass_time(2 * DAY)
            shown = await world.show(str(truth["express_code"]))
            assert (shown["wait_cause"] or shown["exception"]["cause"]) == "evidence-incomplete"

        await world.pass_time(DAY)
        assert await stopped_for(world, truth) == "rival-credit"
        assert ours(world) == []


async def test_an_account_that_cuts_keys_so_that_two_parts_share_one_has_each_told_apart(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.reference_length = 23  # of "HW-", twenty digits and "-1": the part is cut away
        season = world.sandbox.season
        season.open(1)
        order = season.order([Line(next(iter(world.sandbox.books.products.values())), 4)], world.now)
        items = season.items(order, [(0, 2)])
        new = season.announce("two parts", world.now + MINUTE, items, "restocked")
        season.travel(new, items[:1], world.now + HOUR)
        season.travel(new, items[1:], world.now + 3 * DAY)

        await world.pass_time(10 * DAY)

        told = {row["part"]: (row["state"], row["cause"]) for row in await world.all_returns()}
        assert sorted(told.values()) == [("exception", "outcome-unknown"), ("restocked", None)]
        assert len(ours(world)) == 1


async def test_pages_that_shift_while_they_are_read_prove_no_absence(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        _, credit = await credited_and_refunded(world)
        payments = []
        for _ in range(520):
            world.sandbox.clock.move(to=world.now + timedelta(seconds=1))
            payments.append(pay(world, credit, Decimal(1), kind="VOID"))
        true_view, books = views.search_view, world.sandbox.books

        def shifting(*of: Any, **page: Any) -> dict[str, Any]:
            shown = true_view(*of, **page)
            if page["first"] == 1 and payments:  # one of the first page is deleted before the second is asked for
                del books.payments[payments[0]["paymentId"]]
                payments.clear()
            return shown

        monkeypatch.setattr(views, "search_view", shifting)
        first, second = [(await world.workplace.brightpearl.payments_of([credit.id]))[credit.id] for _ in range(2)]

        assert (isinstance(first, Partial), isinstance(second, Complete)) == (True, True)
        assert len(second.value) == 520


@pytest.mark.parametrize(
    ("told", "cause"), [("true", "credit-cancelled"), (1, "credit-cancelled"), ("perhaps", "evidence-incomplete")]
)
async def test_a_credit_that_is_said_to_be_cancelled_in_another_form_is_not_refunded(
    told: Any, cause: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_not_refunded(world)
        true_view = views.credit_view
        monkeypatch.setattr(views, "credit_view", lambda *of: true_view(*of) | {"isCanceled": told})
        world.sandbox.faults.plan({})
        await world.pass_time(HOUR)

        assert (await stopped_for(world, truth), ours(world)) == (cause, [])


async def test_a_refund_that_does_not_say_when_it_was_made_is_told_of(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth, _ = await credited_and_refunded(world)
        await world.pass_time(3 * DAY)
        pay(world, order_of(world, truth), Decimal(5))["createdOn"] = None
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "refund-elsewhere"


# -- what comes between the look and the write ------------------------------------------------------------------------------


async def test_a_return_that_is_held_while_its_credit_waits_for_the_quota_is_not_credited(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        room, advance, told = world.workplace.brightpearl.room, world.loops[0], list[int]()

        async def room_after_a_while(writes: int) -> int:
            if not told:
                number = str((await world.show(str(truth["express_code"])))["id"])
                words = ("--reason", "data-error", "--note", "a word with the customer first", "--yes")
                code, _, said = await world.homeward("return", "hold", number, *words)
                assert code == 0, said
                await advance.run_once(world.now)
                told.append(code)
            return await room(writes)

        monkeypatch.setattr(world.workplace.brightpearl, "room", room_after_a_while)
        await world.pass_time(DAY)
        assert (await stopped_for(world, truth), world.books()["credits"]) == ("held", [])

        number = str((await world.show(str(truth["express_code"])))["id"])
        assert (await world.homeward("return", "release", number, "--reason", "data-error", "--yes"))[0] == 0
        await world.pass_time(DAY)
        assert len(world.books()["credits"]) == 1


# -- what names no order, and what two orders are named -----------------------------------------------------------------


def parentless(world: World, order: Order, reference: str) -> Order:
    """Somebody makes a credit by hand, and enters no order it is against."""
    books = world.sandbox.books
    made = books.credit_by_hand(order, 0, reference)
    del books.orders[made.id]
    books.orders._by["parent_id", order.id].remove(made.id)
    made.parent_id = 0
    books.orders[made.id] = made
    return made


@pytest.mark.parametrize("is_first", [True, False], ids=["before ours", "after ours"])
async def test_a_credit_by_hand_that_names_no_parent_order_is_a_rival(
    *, is_first: bool, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        if not is_first:
            await world.pass_until(lambda: bool(ours(world)))
        await world.pass_time(2 * MINUTE)
        parentless(world, order_of(world, truth), f"#{truth['order_number']}")

        await world.pass_time(HOUR, stride=MINUTE)
        await world.pass_time(2 * DAY)

        assert await stopped_for(world, truth) == "rival-credit"
        assert len(ours(world)) == (0 if is_first else 1)


@pytest.mark.parametrize(
    "text", ["return {happy_return_id}", "for {order_number}, goodwill", "{other} and {order_number}"]
)
async def test_a_late_credit_by_hand_that_names_the_return_among_other_words_is_a_rival(
    text: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        other, season, books = one_of_many(world), world.sandbox.season, world.sandbox.books
        line = Line(next(iter(books.products.values())), 4)
        order = place_order(books, "US-1042", [line], at=world.now - DAY, platform_id=7)
        new = season.announce("with a sign", world.now + MINUTE, season.items(order, [(0, 1)]), "restocked")
        season.travel(new, new.items, world.now + HOUR)
        truth = season.truth[-1]
        await world.pass_until(lambda: len(ours(world)) == 2)
        await world.pass_time(5 * DAY)

        parentless(world, order, text.format(**truth, other=other["order_number"]))
        await world.pass_time(HOUR)

        assert await stopped_for(world, truth) == "rival-credit"
        is_of_both = "{other}" in text
        assert await stopped_for(world, other) == ("rival-credit" if is_of_both else "")


async def test_a_credit_by_hand_that_names_the_return_and_no_order_is_taken_over(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        await world.pass_time(2 * MINUTE)
        made = parentless(world, order_of(world, truth), str(truth["express_code"]))

        await world.pass_time(2 * DAY)

        shown = await world.show(str(truth["express_code"]))
        assert shown["credit"]["id"] == made.id, shown
        assert our_credits(world) == []


async def test_two_orders_whose_numbers_differ_by_their_sign_are_ambiguous(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        truth = one_of_many(world)
        order, books = order_of(world, truth), world.sandbox.books
        clone = world.sandbox.season.order([Line(next(iter(books.products.values())), 4)], world.now)
        del books.orders[clone.id]
        clone.reference = f"#{order.reference}"
        books.orders[clone.id] = clone

        await world.pass_time(DAY)

        assert await stopped_for(world, truth) == "order-ambiguous"
