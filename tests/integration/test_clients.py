"""The clients against the sandbox: signing, throttling, sets, errors sorted by what the caller must do."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.clients.brightpearl import Write
from daemon.clients.brightpearl_transport import Answer
from daemon.clients.brightpearl_wire import id_set
from daemon.clients.results import Complete, Partial
from daemon.clients.throttle import LeakyBucket, parse_bucket_limit
from daemon.errors import NotPermittedError, OutcomeUnknownError, RejectedError, TransientError
from daemon.sandbox.brightpearl import Brightpearl
from daemon.sandbox.brightpearl_gateway import FIRST_REFRESH_TOKEN, OAUTH_CLIENT_SECRET
from daemon.sandbox.catalogue import Line
from daemon.store.database import Database
from tests.by_hand import parentless
from tests.world import MovedByHand, open_world


@pytest.mark.parametrize(
    ("ids", "told"), [([8], "8"), ([9, 3, 5], "3,5,9"), ([3, 4, 5, 9], "3-5,9"), ([2, 1, 2], "1-2")]
)
def test_id_sets_are_ascending_with_ranges(ids: list[int], told: str) -> None:
    assert id_set(ids) == told


def test_the_buckets_own_message_names_the_limit() -> None:
    told = '{"ErrorMessage": "too many requests: limit 0.500000 requests/sec, leaky bucket size 12"}'

    limit = parse_bucket_limit(told)

    assert limit is not None
    assert (limit.requests_per_second, limit.size_seconds) == (0.5, 12)
    assert parse_bucket_limit("too many requests") is None


async def test_a_full_bucket_is_waited_for_and_then_paced(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        client = world.workplace.happy_returns

        async def ask_until_refused() -> None:
            for _ in range(100):
                await client.get_return(order_number="1")

        with pytest.raises(TransientError) as caught:
            await ask_until_refused()

        assert caught.value.retry_after_seconds == 2
        for _ in range(50):
            await client.get_return(order_number="1")
        assert world.sandbox.happy_returns.refused == 1


async def test_our_share_of_the_quota_is_never_exceeded(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        began = world.now

        for _ in range(500):
            await world.workplace.brightpearl.locked_until()

        assert world.sandbox.brightpearl.gateway.throttled == 0
        assert world.now - began >= timedelta(minutes=3)


async def test_what_others_use_of_the_quota_is_left_to_them(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        bp = world.sandbox.brightpearl.gateway
        for _ in range(300):
            bp.window.take(world.now, limit=200)  # another integration of the same account
            with contextlib.suppress(TransientError):
                await world.workplace.brightpearl.locked_until()

        assert bp.throttled <= 3  # one a window: when the other takes the very last request


async def test_an_account_that_ignores_which_credits_are_asked_for_is_not_read_whole(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database, tmp_path) as world:
        season, books = world.sandbox.season, world.sandbox.books
        season.open(1)
        order = season.order([Line(next(iter(books.products.values())), 1)], world.now)
        named = parentless(world, order, "HRAAAAAA")
        for number in range(1100):
            books.credit_by_hand(order, 0, f"another {number}")
        world.sandbox.clock.move(to=world.now + timedelta(hours=1))
        asked: list[str] = []

        def without_references(of: Brightpearl, query: dict[str, str]) -> dict[str, str]:
            asked.append(query.pop("customerRefs"))
            return query

        monkeypatch.setattr(Brightpearl, "_folded", without_references)
        rows = await world.workplace.brightpearl.credits_named(["1042"], ["HRAAAAAA"])

        assert [row["orderId"] for row in rows] == [named.id]
        assert len(asked) == 1


async def test_a_bucket_without_a_limit_does_not_slow_us(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        bucket = LeakyBucket(MovedByHand(world.sandbox))
        bucket.sent()

        assert bucket.wait == timedelta(0)


async def test_an_expired_oauth_token_is_refreshed_once_and_the_new_refresh_token_kept(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "refresh").write_text(FIRST_REFRESH_TOKEN)
    (tmp_path / "client").write_text(OAUTH_CLIENT_SECRET)
    async with open_world(database, tmp_path) as world:
        oauth = (
            "\n[merchants.acme.brightpearl.oauth]\nclient_id = 'acme_homeward'\nclient_secret_file = 'client'\n"
            f"refresh_token_file = 'refresh'\ntoken_url = '{_base(world)}/token/acme'\n"
        )
        async with _second(database, tmp_path, world, oauth) as client:
            world.sandbox.assumptions.token_life_seconds = 60
            await client.locked_until()
            first = (tmp_path / "refresh").read_text()
            world.sandbox.clock.move(to=world.now + timedelta(minutes=5))
            await client.locked_until()

        assert first != FIRST_REFRESH_TOKEN
        assert (tmp_path / "refresh").read_text() != first
        assert (tmp_path / "refresh").stat().st_mode & 0o077 == 0


def _base(world: object) -> str:
    return str(world.workplace.settings.happy_returns.base_url)  # type: ignore[attr-defined]


class _second:  # noqa: N801 - reads as a word in the test
    """A second client of the same sandbox, signed by OAuth."""

    def __init__(self, database: Database, folder: Path, world: object, oauth: str) -> None:
        from daemon import app as application
        from daemon.settings import load
        from daemon.telemetry import Telemetry

        config = folder / "homeward.toml"
        told = config.read_text().replace('account_token_file = "acme.brightpearl.token"\n', "")
        config.write_text(told + oauth)
        self._http = application.new_http_session()
        self._clients = application.build_clients(
            load(config), "acme", clock=MovedByHand(world.sandbox), telemetry=Telemetry(otlp_endpoint=None),  # type: ignore[attr-defined]
            http=self._http,
        )  # fmt: skip

    async def __aenter__(self):  # type: ignore[no-untyped-def]
        return self._clients.brightpearl

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()


@pytest.mark.parametrize(
    ("fault", "reading", "writing"),
    [
        ("throttled", TransientError, TransientError),
        ("unavailable", TransientError, OutcomeUnknownError),
        ("error-before", TransientError, OutcomeUnknownError),
        ("lose-answer", TransientError, OutcomeUnknownError),
    ],
)
async def test_errors_are_sorted_by_what_the_caller_must_do(
    fault: str, reading: type[Exception], writing: type[Exception], database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan({"rules": [{"match": "/public-api/", "kind": fault}]})
        client = world.workplace.brightpearl

        with pytest.raises(reading):
            await client.transport.read("test", "/order-service/order/1")
        with pytest.raises(writing):
            await client.transport.write("test", "POST", "/order-service/sales-credit", {})


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("body", ["limit", "limit-json", "limit-copied"])
async def test_a_limit_that_is_not_brightpearls_own_leaves_a_write_open(
    status: int, body: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan(
            {"rules": [{"match": "/public-api/", "kind": "answer-before", "status": status, "body": body}]}
        )
        client = world.workplace.brightpearl

        with pytest.raises(TransientError):
            await client.transport.read("test", "/order-service/order/1")
        with pytest.raises(OutcomeUnknownError):
            await client.transport.write("test", "POST", "/order-service/sales-credit", {})


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("body", ["limit", "limit-json"])
async def test_a_members_limit_that_is_not_brightpearls_own_leaves_it_open(
    status: int, body: str, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        world.sandbox.faults.plan(
            {"rules": [{"match": "^MEMBER ", "kind": "answer-before", "status": status, "body": body}]}
        )
        client = world.workplace.brightpearl

        outcomes = await client.send([client.add_note(label, 1, label, without=Complete([])) for label in ("a", "b")])

        assert {type(outcome) for outcome in outcomes.values()} == {OutcomeUnknownError}


async def test_a_wrong_token_is_no_fault_of_any_return(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        (tmp_path / "acme.brightpearl.token").write_text("wrong")

        with pytest.raises(NotPermittedError):
            await world.workplace.brightpearl.account()


async def test_nothing_listening_means_nothing_was_done(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        client = world.workplace.brightpearl
        client.transport._settings = client.transport._settings.model_copy(update={"base_url": "http://127.0.0.1:9"})

        with pytest.raises(TransientError):
            await client.transport.write("test", "POST", "/order-service/sales-credit", {})


async def test_members_of_one_multi_message_end_one_by_one(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        told = world.begin("bar_single")
        order = next(o for o in world.sandbox.books.orders.values() if o.reference == told["order_number"])
        row = {"name": "x", "quantity": "1", "taxCode": "T20", "net": "1.00", "tax": "0.20"}
        body = {"customer": {"id": 1}, "parentId": order.id, "rows": [row]}
        writes = [
            Write("good", "credit", "/order-service/sales-credit", body),
            Write("bad", "credit", "/order-service/sales-credit", {**body, "customer": {}}),
        ]
        client = world.workplace.brightpearl
        client._settings = client._settings.model_copy(update={"bundled_writes": True})

        outcomes = await client.send(writes)

        assert isinstance(outcomes["good"], Answer)
        assert isinstance(outcomes["bad"], RejectedError)


async def test_search_and_account_are_read_by_name(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        told = world.begin("bar_single")
        client = world.workplace.brightpearl
        number = told["order_number"]

        found = await client.find_orders([number, "nobody", f"#{number}"])
        account = await client.account()

        assert len(found[number].value) == 1
        assert found["nobody"] == Complete([])
        assert found[f"#{number}"] == found[number]
        assert (account.base_currency, account.cancelled_status_id, str(account.zone)) == ("GBP", 5, "Europe/London")
        assert account.payment_methods["CHEQUE"] is False
        sku = next(iter(world.sandbox.books.products.values())).sku
        assert len((await client.products_by_sku(sku)).value) == 1
        assert await client.bundles_with(999_999) == []


async def test_notes_status_and_payments_can_be_written_and_read(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        told = world.begin("bar_single")
        client = world.workplace.brightpearl
        order_id = (await client.find_orders([told["order_number"]]))[told["order_number"]].value[0]
        none = await client.notes_of([order_id])
        assert isinstance(none, Complete)

        note = client.add_note("n", order_id, "HW-1", without=none)
        done = await client.send([note, client.set_status("s", order_id, 1)])
        payments = (await client.payments_of([order_id]))[order_id].value
        await client.send([client.delete_payment("d", payments[0].id)])

        assert all(isinstance(each, Answer) for each in done.values())
        texts = [row["noteText"] for row in (await client.notes_of([order_id])).value]
        assert texts == ["HW-1", "Status changed"]
        gone = (await client.payments_of([order_id]))[order_id]
        assert (gone.value, isinstance(gone, Partial)) == ([], True), (
            "the account's only payment: nothing proves the rest"
        )


async def test_contents_and_approvals_reach_happy_returns(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        client = world.workplace.happy_returns

        await client.post_contents([{"happyReturnsItemID": "unidentified"}])
        await client.approve("HRK7Q2MX", [{"happyReturnsItemID": "a", "approve": True}])
        await client.check()

        assert len(world.sandbox.happy_returns.contents) == 1
        assert world.sandbox.happy_returns.approvals[0]["id"] == "HRK7Q2MX"
