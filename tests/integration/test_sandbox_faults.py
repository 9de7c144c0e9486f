"""The sandbox's vocabulary of faults: what each does to an answer and to the books, and that draws do not hang on order."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from daemon.sandbox.app import Sandbox
from daemon.sandbox.brightpearl_gateway import ACCOUNT_TOKEN, APP_REF
from daemon.sandbox.faults import KINDS, READS, Faults, identity_of
from daemon.sandbox.happy_returns import API_KEY, RETAILER

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEADERS = {"brightpearl-app-ref": APP_REF, "brightpearl-account-token": ACCOUNT_TOKEN, "X-Hr-Apikey": API_KEY}
CREDIT = "POST .*/sales-credit$"


@dataclass
class Caller:
    sandbox: Sandbox
    http: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(f"/public-api/acme{path}", allow_redirects=False) as reply:
            raw = await reply.read()
            return reply.status, json.loads(raw) if raw else None

    async def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Status 0: no answer."""
        try:
            async with self.http.post(path, json=body, allow_redirects=False) as reply:
                return reply.status, await reply.read()
        except aiohttp.ClientError:
            return 0, b""

    async def credit(self, reference: str = "HW-1", **more: Any) -> tuple[int, bytes]:
        order = next(iter(self.sandbox.books.orders.values()))
        row = order.rows[0]
        body = {
            "customer": {"id": 1}, "externalRef": reference, "parentId": order.id, "currency": {"code": "GBP"},
            "rows": [{"productId": row.product_id, "quantity": "1", "taxCode": row.tax_code, "net": "1", "tax": "0"}],
        }  # fmt: skip
        return await self.post("/public-api/acme/order-service/sales-credit", {**body, **more})

    @property
    def credits_made(self) -> list[int]:
        return [order.id for order in self.sandbox.books.orders.values() if order.type_code == "SC"]

    def plan(self, match: str, kind: str, **more: Any) -> None:
        self.sandbox.faults.plan({"rules": [{"match": match, "kind": kind, **more}]})


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    sandbox = Sandbox.open(now=NOON, rate=0.0)
    sandbox.season.open(1)
    for _ in range(3):
        _scenario(sandbox)
    runner = web.AppRunner(sandbox.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(base, headers=HEADERS) as http:
        yield Caller(sandbox, http)
    await runner.cleanup()


def _scenario(sandbox: Sandbox) -> None:
    from daemon.sandbox.scenarios import SCENARIOS

    SCENARIOS["bar_several"][1](sandbox.season, "bar_several", NOON)


@pytest.mark.parametrize(("status", "body"), [(302, "html"), (404, "html"), (408, "empty"), (409, "text"), (425, "empty"),
                                              (200, "html"), (200, "empty")])  # fmt: skip
async def test_another_answer_after_the_effect_hides_that_it_was_done(caller: Caller, status: int, body: str) -> None:
    caller.plan(CREDIT, "answer-after", status=status, body=body)

    answered, _ = await caller.credit()

    assert (answered, len(caller.credits_made)) == (status, 1)


async def test_a_refusal_that_is_not_the_vendors_means_that_nothing_was_done(caller: Caller) -> None:
    caller.plan(CREDIT, "answer-before", status=400, body="html")

    answered, raw = await caller.credit()

    assert (answered, caller.credits_made) == (400, [])
    assert b"errors" not in raw


@pytest.mark.parametrize(("knows_keys", "count"), [(True, 1), (False, 2)])
async def test_a_gateway_that_repeats_a_write_does_it_twice_where_no_key_is_held(
    caller: Caller, *, knows_keys: bool, count: int
) -> None:
    caller.sandbox.assumptions.knows_keys = knows_keys
    caller.plan(CREDIT, "twice")

    await caller.credit(installedIntegrationInstanceId=11)

    assert len(caller.credits_made) == count


async def test_what_is_only_acknowledged_is_gone_and_noted_as_such(caller: Caller) -> None:
    caller.plan(CREDIT, "acknowledge-only")

    answered, raw = await caller.credit()

    assert answered == 201
    assert caller.credits_made == []
    assert [each["id"] for each in caller.sandbox.books.gone] == [json.loads(raw)["response"]]


def _search(answer: tuple[int, Any]) -> tuple[int, int, int, bool]:
    """Rows, their length, what the figures say, and whether more is announced."""
    found = answer[1]["response"]
    rows, meta = found["results"], found["metaData"]
    return len(rows), len(rows[0]) if rows else 0, meta["resultsReturned"], meta["morePagesAvailable"]


SPOILED = {
    "leave-out": (2, 19, 2, False), "more-pages": (0, 0, 0, True), "short-rows": (3, 9, 3, False),
    "bad-row": (3, 18, 3, False), "odd-rows": (3, 19, 3, False), "counts-disagree": (3, 19, 4, False),
    "no-rows": (0, 0, 0, False),
}  # fmt: skip


async def test_a_set_of_which_nothing_is_said_to_exist(caller: Caller) -> None:
    ids = sorted(caller.sandbox.books.orders)
    caller.plan("GET .*/order/", "none-of-set")

    answer = await caller.get(f"/order-service/order/{','.join(str(each) for each in ids)}")

    assert (answer[0], answer[1]["errors"][0]["code"]) == (404, "CMNC-404")


@pytest.mark.parametrize("kind", [kind for kind in READS if kind != "none-of-set"])
async def test_a_search_that_misleads(caller: Caller, kind: str) -> None:
    path = "/order-service/order-search?orderTypeId=1"
    sound = await caller.get(path)
    other = await caller.get("/order-service/order-search?orderTypeId=3")
    first = sound[1]["response"]["results"][0][0]
    caller.plan("GET .*/order-search", kind, value=first)

    answer = await caller.get(path)

    assert _search(sound) == (3, 19, 3, False)
    if kind in SPOILED:
        assert _search(answer) == SPOILED[kind]
    else:
        expected = {"hollow": (200, {"response": {}}), "empty-list": (200, {"response": []}), "other-answer": other}
        assert answer == expected[kind]


@pytest.mark.parametrize(("status", "answered"), [(0, 207), (200, 200)])
async def test_an_id_set_of_which_one_is_left_out(caller: Caller, status: int, answered: int) -> None:
    ids = sorted(caller.sandbox.books.orders)
    caller.plan("GET .*/order/", "leave-out", status=status)

    said, answer = await caller.get(f"/order-service/order/{','.join(str(each) for each in ids)}")

    assert (said, len(answer["response"])) == (answered, len(ids) - 1)


async def test_happy_returns_leaves_one_unit_out_or_says_that_there_is_none(caller: Caller) -> None:
    caller.sandbox.season.play(NOON)
    number = next(iter(caller.sandbox.happy_returns.returns.values())).items[0].order_number
    asked = {"happyReturnsRetailerID": RETAILER, "orderNumber": number}

    whole = json.loads((await caller.post("/return", asked))[1])
    caller.plan("POST /return", "leave-out")
    part = json.loads((await caller.post("/return", asked))[1])
    caller.plan("POST /return", "none-of-set")
    none, _ = await caller.post("/return", asked)

    assert (len(whole["items"]), len(part["items"]), none) == (2, 1, 204)


async def test_a_credit_shows_its_rows_later_and_a_payment_is_found_later(caller: Caller) -> None:
    caller.sandbox.assumptions.rows_later_seconds = 60
    caller.sandbox.assumptions.payment_lag_seconds = 3600
    _, raw = await caller.credit()
    credit_id = json.loads(raw)["response"]
    await caller.post("/public-api/acme/accounting-service/customer-payment", {
        "transactionRef": "HW-1-refund", "paymentMethodCode": "SHOPIFY", "paymentType": "PAYMENT", "orderId": credit_id,
        "currencyIsoCode": "GBP", "amountPaid": "1", "paymentDate": NOON.isoformat(),
    })  # fmt: skip
    seen = []

    for seconds in (0, 61, 3600):
        caller.sandbox.clock.move(to=NOON + timedelta(seconds=seconds))
        _, credit = await caller.get(f"/order-service/sales-credit/{credit_id}")
        payments = await caller.get(f"/accounting-service/customer-payment-search?orderId={credit_id}")
        seen.append((len(credit["response"][0]["rows"]), credit["response"][0]["total"]["net"], _search(payments)[0]))

    assert seen == [(0, "0", 0), (1, "1", 0), (1, "1", 1)]


@pytest.mark.parametrize(("form", "length", "kept"), [("lower", 0, "hw-one"), ("exact", 4, "HW-o"), ("none", 0, "")])
async def test_references_are_folded_cut_or_not_kept(caller: Caller, form: str, length: int, kept: str) -> None:
    caller.sandbox.assumptions.search_lag_seconds = 0
    caller.sandbox.assumptions.reference_form = form
    caller.sandbox.assumptions.reference_length = length

    await caller.credit("HW-one")
    _, found = await caller.get("/order-service/order-search?orderTypeId=3&externalRef=HW-one")

    assert [order.external_ref for order in caller.sandbox.books.orders.values() if order.type_code == "SC"] == [kept]
    assert len(found["response"]["results"]) == (1 if kept else 0)


def test_what_is_drawn_hangs_on_the_request_and_not_on_which_came_first() -> None:
    requests = [f"POST /x {number}" for number in range(200)]
    rules = {"seed": 3, "rules": [{"match": "POST", "kind": "lose-answer", "share": 0.3}]}

    def struck(order: list[str]) -> set[tuple[str, int]]:
        faults = Faults()
        faults.plan(rules)
        return {(each, time) for time in (1, 2) for each in order if faults.strike("POST /x", each) is not None}

    assert struck(requests) == struck(requests[::-1])
    assert 80 < len(struck(requests)) < 160


def test_a_write_is_known_by_its_keys_and_anything_else_by_its_body() -> None:
    def written(**body: str) -> str:
        return identity_of("POST", "/credit", json.dumps(body).encode())

    assert written(externalRef="HW-1", placedOn="today") == written(externalRef="HW-1", placedOn="tomorrow")
    assert written(externalRef="HW-1") != written(externalRef="HW-2")
    assert written(name="a") != written(name="b")


def test_every_kind_of_fault_says_what_it_does() -> None:
    assert all(KINDS.values())
    assert set(READS) < set(KINDS)
