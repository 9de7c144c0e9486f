"""What comes in from outside: the vendors' own samples are understood, damaged ones are kept or refused, never fatal."""

import hashlib
import hmac
import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from daemon.actions.imports import import_events, import_receipts
from daemon.clients import brightpearl_wire, happy_returns_wire
from daemon.errors import MalformedPayloadError
from daemon.store import inbox
from daemon.store.database import Database
from statemachine.states import State
from statemachine.units import Progress
from tests.abreast import abreast, booked
from tests.samples import CONFIRMED_ITEM, FULL_ITEM, ORDER, WEBHOOK, damaged_orders, damaged_webhooks
from tests.world import MERCHANT, World, open_world

SECRET = b"sandbox-webhook-secret"


async def post(world: World, body: bytes, *, signature: str | None = None, merchant: str = MERCHANT) -> int:
    good = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    headers = {"X-Hr-Signature": good if signature is None else signature}
    url = f"{world.url}/webhooks/happy-returns/{merchant}"
    async with world.http.post(url, data=io.BytesIO(body), headers=headers) as reply:
        return reply.status


async def test_the_vendors_webhook_sample_becomes_a_return(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        assert await post(world, json.dumps(WEBHOOK).encode()) == 200

        await world.loops[0].run_once(world.now)

        shown = await world.show("HRK7Q2MX")
        assert shown["state"] == State.SCANNED.value
        assert shown["units"][0]["line_item_id"] == "88120045-0-2"
        assert shown["units"][0]["progress"] == "dropped-off"
        assert shown["units"][0]["confirmed"] == "started"


async def test_the_confirmed_fields_alone_suffice(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        body = json.dumps({**WEBHOOK, "typeID": "started", "items": [CONFIRMED_ITEM]}).encode()
        assert await post(world, body) == 200

        await world.loops[0].run_once(world.now)

        shown = await world.show("10422")
        assert shown["happy_return_id"] == CONFIRMED_ITEM["happyReturnsReturnID"]
        assert shown["state"] == State.INITIATED.value


async def test_a_damaged_webhook_is_kept_and_harms_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        bodies = damaged_webhooks()
        for damage, body in bodies.items():
            assert await post(world, body) == 200, damage
            await world.settle()

        async with database.reading() as connection:
            kept = await inbox.deliveries(connection, merchants=[MERCHANT], state=None, rows_max=2 * len(bodies))
            stuck = await inbox.listing(
                connection, merchants=[MERCHANT], state="parked", happy_return_id=None, rows_max=10
            )
        assert sorted(row["bytes"] for row in kept) == sorted(len(body) for body in set(bodies.values()))
        assert all(row["reason"] for row in kept if row["state"] == "quarantined")
        assert stuck == []


def test_there_are_enough_ways_to_damage() -> None:
    assert len(damaged_webhooks()) >= 40
    assert len(damaged_orders()) >= 40


async def test_an_unsigned_or_forged_webhook_is_refused_and_not_stored(database: Database, tmp_path: Path) -> None:
    body = json.dumps(WEBHOOK).encode()
    async with open_world(database, tmp_path) as world:
        forged = [await post(world, body, signature=told) for told in ("", "0" * 64, "sha256=", "not hex")]

        async with database.reading() as connection:
            kept = await inbox.deliveries(connection, merchants=None, state=None, rows_max=10)
        assert forged == [401] * 4
        assert kept == []
        # Who is not here is answered as one whose key does not fit: nobody learns which merchants there are.
        assert await post(world, body, merchant="nobody") == 401
        assert await post(world, b"x" * (2 * 1024 * 1024)) == 413


async def test_the_same_webhook_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    body = json.dumps(WEBHOOK).encode()
    async with open_world(database, tmp_path) as world:
        for _ in range(3):
            assert await post(world, body) == 200
            await world.loops[0].run_once(world.now)

        shown = await world.show("HRK7Q2MX")
        async with database.reading() as connection:
            kept = await inbox.deliveries(connection, merchants=None, state=None, rows_max=10)
        assert [row["repeats"] for row in kept] == [2]
        assert [row["to"] for row in shown["journal"]] == ["initiated", "scanned"]


@pytest.mark.parametrize("spelling", ["dropped-off", "dropped_off", "DroppedOff", "Dropped Off", "dropoff", "received"])
def test_every_spelling_of_a_status_is_understood(spelling: str) -> None:
    notice = happy_returns_wire.read_notice({**WEBHOOK, "typeID": spelling})

    assert notice.occurrences[-1].value == "dropped_off"


@pytest.mark.parametrize(
    ("told", "amount", "currency"),
    [
        ("5.00 USD", "5.00", "USD"), ("USD 5.00", "5.00", "USD"), ("5.00", "5.00", ""), (5, "5", ""), ("", None, ""),
        ({"amount": "5.00", "currency": "gbp"}, "5.00", "GBP"), (None, None, ""),
    ],
)  # fmt: skip
def test_every_layout_of_money_is_read(told: Any, amount: str | None, currency: str) -> None:
    unit = happy_returns_wire.read_item({**FULL_ITEM, "refundAmount": told}, "item", []).unit

    assert unit.refund_amount == (Decimal(amount) if amount is not None else None)
    assert unit.refund_currency == currency


def test_the_vendors_order_sample_is_understood() -> None:
    order = brightpearl_wire.read_order(ORDER)

    (row,) = order.rows
    assert (order.id, order.reference, order.invoice_reference, order.contact_id) == (1, "10422", "SI-1001", 200)
    assert (row.net, row.tax, row.tax_code, row.sku) == (Decimal("9.09"), Decimal("0.91"), "T", "TEST001")
    assert order.copied == {"channelId": 1, "warehouseId": 2, "priceListId": 1, "priceModeCode": "INC"}


@pytest.mark.parametrize("damage", damaged_orders())
def test_a_damaged_order_is_read_or_refused_with_a_reason(damage: str) -> None:
    order, reason = None, ""
    try:
        order = brightpearl_wire.read_order(damaged_orders()[damage])
    except MalformedPayloadError as error:
        reason = str(error)

    assert bool(reason) != (order is not None and order.id > 0)


async def test_one_damaged_order_stops_only_its_own_return(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        broken = world.begin("bar_single")
        healthy = [world.begin("bar_single") for _ in range(3)]
        abreast(world)
        order = next(o for o in world.sandbox.books.orders.values() if o.reference == broken["order_number"])
        order.rows[0].quantity = Decimal("NaN")

        await world.pass_time(timedelta(days=20))

        assert [(await world.show(each["express_code"]))["state"] for each in healthy] == ["restocked"] * 3
        assert (await world.show(broken["express_code"]))["state"] in ("credit-pending", "exception")


async def test_a_status_without_proof_can_only_mean_one_unit_and_of_several_asks_a_person(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_times = False
        several, single = world.begin("bar_several"), world.begin("bar_single")

        await world.pass_time(timedelta(days=10))
        asked, credits = await world.show(several["express_code"]), booked(world, several["order_number"]).credits
        await world.pass_time(timedelta(days=10))

        assert (asked["state"], asked["exception"]["cause"]) == ("exception", "status-unclear")
        assert credits == []
        shown = await world.show(single["express_code"])
        assert shown["state"] == "restocked"
        assert Progress.DROPPED_OFF.name.lower().replace("_", "-") in (shown["units"][0]["confirmed"], "dropped-off")


async def test_returns_without_item_ids_and_codes_are_followed_by_order_number(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.assumptions.per_item_ids = False
        told = world.begin("duplicate_sku")

        await world.pass_time(timedelta(days=20))

        shown = await world.show(told["order_number"])
        assert (shown["state"], len(shown["units"])) == ("restocked", 2)


async def test_a_file_of_payloads_is_imported_row_by_row(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        raw = json.dumps([WEBHOOK, {"event": "nonsense"}, {**WEBHOOK, "typeID": "started"}]).encode()

        told = world.workplace.settings
        first = await import_events(database, MERCHANT, told, raw, world.now)
        again = await import_events(database, MERCHANT, told, raw, world.now)

        assert [row["result"] for row in first] == ["imported", "rejected", "imported"]
        assert [row["result"] for row in again] == ["repeated", "rejected", "repeated"]


async def test_a_dashboard_export_asks_about_every_code(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        known = world.begin("bar_single")
        world.sandbox.happy_returns.webhook_url = ""
        world.sandbox.clock.move(to=world.now + timedelta(minutes=1))
        world.sandbox.season.play(world.now)
        raw = f"Express Code,Order #\n{known['express_code']},\n,\n".encode()

        result = await import_events(database, MERCHANT, world.workplace.settings, raw, world.now)
        await world.settle()

        assert [row["result"] for row in result] == ["imported", "rejected"]
        assert (await world.show(known["express_code"]))["state"] == "initiated"


async def test_receipts_are_matched_parked_or_rejected_and_never_counted_twice(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        told = world.begin("bar_single")
        world.sandbox.season.steps = [s for s in world.sandbox.season.steps if s.kind != "receive"]
        await world.pass_time(timedelta(days=10))
        raw = (
            "sku,express_code,condition,quantity\n"
            f",{told['express_code']},sellable,1\n"
            f",{told['express_code']},shiny,1\n"
            ",HRNOBODY,sellable,2\n"
            "TEE,,,\n"
            f",{told['express_code']},sellable,many\n"
        ).encode()

        first = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()
        again = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
        await world.settle()

        assert [row["result"] for row in first] == ["received", "rejected", "parked", "rejected", "rejected"]
        assert [row["result"] for row in again] == ["repeated", "rejected", "repeated", "rejected", "rejected"]
        assert (await world.show(told["express_code"]))["state"] == "restocked"
        assert len(world.books()["goods_in"]) == 1


async def test_receipts_that_came_before_their_return_find_each_unit_later(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        one, two = world.begin("bar_single"), world.begin("duplicate_sku")
        world.sandbox.season.steps = [s for s in world.sandbox.season.steps if s.kind != "receive"]
        raw = f"express_code,quantity\n{one['express_code']},1\n{two['express_code']},2\n".encode()
        parked = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")

        await world.pass_time(timedelta(days=10))

        assert [row["result"] for row in parked] == ["parked", "parked"]
        for units, told in enumerate((one, two), start=1):
            shown = await world.show(told["express_code"])
            assert (shown["state"], len(shown["units"])) == ("restocked", units), units


async def test_an_unreadable_detail_is_told_and_the_unit_still_counts(database: Database, tmp_path: Path) -> None:
    fields = ("refundAmount", "startedAt", "productName", "processingFee", "tracking")
    async with open_world(database, tmp_path) as world:
        for number, field in enumerate(fields):
            item = {
                **FULL_ITEM, "happyReturnsReturnID": f"ret-{number}", "happyReturnsExpressCode": f"HRAAAAA{number}",
                "happyReturnsItemID": f"item-{number}", "orderNumber": f"1042{number}", field: "x" * 600,
            }  # fmt: skip
            assert await post(world, json.dumps({**WEBHOOK, "items": [item]}).encode()) == 200, field

        await world.loops[0].run_once(world.now)

        async with database.reading() as connection:
            kept = await inbox.deliveries(connection, merchants=[MERCHANT], state="quarantined", rows_max=9)
        for number, field in enumerate(fields):
            assert (await world.show(f"HRAAAAA{number}"))["state"] == State.SCANNED.value, field
            assert len([row for row in kept if field in row["reason"]]) == 1, field


async def test_a_label_notice_is_kept_whatever_it_holds(database: Database, tmp_path: Path) -> None:
    codes: tuple[Any, ...] = ({}, [], "x" * 999, None, "HRNOBODY")
    async with open_world(database, tmp_path) as world:
        for number, code in enumerate(codes, start=1):
            told = {
                "event": "return_label_update", "typeID": "", "retailerID": "acme-apparel",
                "webhookType": "return.label.update", "labelID": "HR2TESTBAG01", "happyReturnsExpressCode": code,
            }  # fmt: skip
            assert await post(world, json.dumps(told).encode()) == 200, code

            async with database.reading() as connection:
                kept = await inbox.deliveries(connection, merchants=[MERCHANT], state=None, rows_max=9)
            assert len(kept) == number, code


async def test_a_missing_unit_that_turns_up_is_booked_and_one_too_many_is_parked(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        whole, missing = world.begin("bar_single"), world.begin("missing_item")
        await world.pass_time(timedelta(days=20))
        assert (await world.show(missing["express_code"]))["exception"]["cause"] == "unit-missing"

        async def receive(told: dict[str, Any]) -> str:
            raw = f"express_code,condition\n{told['express_code']},sellable\n".encode()
            (row,) = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")
            return str(row["result"])

        results = [await receive(whole), await receive(missing)]
        await world.pass_time(timedelta(hours=6))

        assert results == ["parked", "received"]
        assert (await world.show(missing["express_code"]))["state"] == "restocked"


async def test_a_claim_about_one_return_is_not_believed_of_its_neighbour(database: Database, tmp_path: Path) -> None:
    extra = "\n[merchants.acme.assumptions]\nstatus_covers_all_items = true\n"
    async with open_world(database, tmp_path, extra_config=extra) as world:
        world.sandbox.assumptions.per_item_ids = False
        world.sandbox.assumptions.per_item_times = False
        first = world.begin("several_returns")
        numbers = {each["happy_return_id"] for each in world.sandbox.season.truth}

        await world.pass_time(timedelta(days=1))

        known = {row["happy_return_id"]: row["state"] for row in await world.all_returns()}
        started_only = [key for key in numbers - {first["happy_return_id"]} if known.get(key) == "credited"]
        dropped = {
            r.return_id for r in world.sandbox.happy_returns.returns.values() if any(i.dropped_off_at for i in r.items)
        }
        assert set(started_only) <= dropped


async def test_a_receipt_that_could_mean_different_articles_is_refused(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        told = world.begin("bar_several")
        world.sandbox.season.steps = [s for s in world.sandbox.season.steps if s.kind != "receive"]
        await world.pass_time(timedelta(days=6))
        raw = f"express_code;sku;quantity\n{told['express_code']};;1\n{told['express_code']};;2\n".encode()

        first, both = await import_receipts(database, MERCHANT, raw, world.now, actor="user:test")

        assert (first["result"], both["result"]) == ("rejected", "received")
        assert "name the sku" in first["detail"]
