"""Alerts reach their owners: a real mail server, a real receiver, a moved clock."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from aiohttp import web
from aiosmtpd.controller import Controller

from daemon.alerts.digest import is_quiet
from daemon.loops.advance import Advance
from daemon.loops.expire import Expire
from daemon.loops.notify import Notify
from daemon.store import inbox
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from statemachine.causes import CAUSES, SAME_GOODS
from statemachine.deadlines import ladder
from statemachine.events import (
    CreditVerified,
    CreditWaits,
    DroppedOff,
    Event,
    Resumed,
    Started,
    StockReceived,
    Troubled,
    UnitEvent,
)
from statemachine.policy import Policy
from statemachine.states import State
from statemachine.units import Trouble
from tests.chaos.rig import free_port
from tests.unit.returns import CREDIT, NOON, an_event, unit
from tests.world import MERCHANT, World, open_world

KEY = b"signing-key"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Receiver:
    """A team's webhook. `is_down` answers 503."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.asked = 0
        self.is_down = False
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.is_down:
            return web.Response(status=503)
        self.got.append((dict(request.headers), await request.read()))
        return web.Response()

    @property
    def digests(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.got]


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.add_routes([web.post("/", receiver.take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the server's name for it
        self.mails.append(envelope)
        return "250 OK"


@contextmanager
def open_mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def configured(folder: Path, receiver: Receiver, *, more: str = "") -> str:
    (folder / "sign.key").write_bytes(KEY)
    teams = "".join(
        f'[alerts.teams.{team}]\nwebhook_url = "{receiver.url}"\nwebhook_secret_file = "sign.key"\n'
        for team in ("finance", "customer-service", "warehouse", "operations")
    )
    return f"\n[alerts]\n{more}\n{teams}"


async def given(world: World, number: int, *events: Any, at: datetime = NOON) -> None:
    arrivals = [
        Arrival(
            f"{event.name}:{number}:{at.isoformat()}",
            event,
            f"hr-{number}",
            f"o{number}",
            "test",
            at,
            part=1 if isinstance(event, Troubled | Resumed | CreditWaits | CreditVerified) else None,
        )
        for event in events
    ]
    async with world.database.transaction() as connection:
        await inbox.put(connection, MERCHANT, arrivals)
    await Advance(world.workplace).run_once(at)


def stuck(cause: str) -> Troubled:
    return Troubled(Trouble(cause, CAUSES[cause].owner, "It is stuck.", {}))


async def given_stuck(world: World, number: int, cause: str, *, at: datetime = NOON) -> None:
    units = (unit(f"u{number}"),)
    await given(world, number, Started(units, confirmed=True), DroppedOff(units, confirmed=True), stuck(cause), at=at)


async def work(world: World, now: datetime) -> None:
    """What has come due by now: clocks, what they move, and who is told. New loops each time: as after a restart."""
    for _ in range(50):
        done = 0
        for loop in (Expire(world.workplace), Advance(world.workplace), Notify(world.workplace)):
            done += await loop.run_once(now)
        if not done:
            return
    raise AssertionError("alerts never come to rest")


async def notices(database: Database) -> list[tuple[str, int]]:
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT topic, level FROM notice ORDER BY at, topic, level")
        return [(row["topic"], row["level"]) for row in rows]


async def test_a_stopped_return_is_told_to_its_owner_signed_and_without_personal_data(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        await given_stuck(world, 1, "tax-code-missing")
        await work(world, NOON + timedelta(minutes=14))
        assert receiver.got == []

        await work(world, NOON + timedelta(minutes=15))

    ((headers, body),) = receiver.got
    (digest,) = receiver.digests
    assert (digest["team"], digest["severity"]) == ("finance", "warning")
    (topic,) = digest["topics"]
    assert (topic["topic"], topic["new"], topic["open"]) == ("tax-code-missing", 1, 1)
    assert topic["next_step"] == CAUSES["tax-code-missing"].next_step
    assert topic["returns"][0]["happy_return_id"] == "hr-1"
    assert topic["command"] == "homeward exception list --cause tax-code-missing"
    signed = hmac.new(KEY, headers["Homeward-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Homeward-Signature"] == f"v1={signed}"
    assert headers["Homeward-Delivery"] == digest["delivery_id"]
    assert b"@" not in body


async def test_a_merchants_own_team_is_told_in_place_of_the_installations(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_receiver() as own:
        mine = f'\n[merchants.acme.teams.finance]\nwebhook_url = "{own.url}"\nwebhook_secret_file = "sign.key"\n'
        async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver) + mine) as world:
            await given_stuck(world, 1, "tax-code-missing")
            await given_stuck(world, 2, "order-not-found")
            await work(world, NOON + HOUR)
            _, rows, _ = await world.homeward("alert", "test", "finance", "--merchant", MERCHANT)

    assert [digest["team"] for digest in own.digests] == ["finance", "finance"]  # the second is the test
    assert {digest["team"] for digest in receiver.digests} == {CAUSES["order-not-found"].owner}
    assert [row["result"] for row in rows] == ["sent"]


async def test_many_of_one_cause_are_one_message_with_a_count(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        for number in range(30):
            await given_stuck(world, number, "tax-code-missing")
        await work(world, NOON + HOUR)
        await given_stuck(world, 99, "tax-code-missing", at=NOON + HOUR)
        await work(world, NOON + 2 * HOUR)

    first, second = receiver.digests
    assert (first["topics"][0]["new"], first["topics"][0]["open"], len(first["topics"][0]["returns"])) == (30, 30, 10)
    assert (second["topics"][0]["new"], second["topics"][0]["open"]) == (1, 31)


async def test_an_alert_is_cleared_by_what_ended_it_and_never_by_age(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        await given_stuck(world, 1, "tax-code-missing")
        await work(world, NOON + HOUR)
        await work(world, NOON + 400 * DAY)
        async with database.reading() as connection:
            assert (
                await connection.fetchval("SELECT count(*) FROM notice WHERE cleared_at IS NULL") == 4
            )  # and three rungs
        later = NOON + 400 * DAY
        await given(world, 1, Resumed(why="mended", accepts=()), at=later)
        await given_stuck(world, 2, "credit-refused", at=later)
        await work(world, later + HOUR)

    assert receiver.digests[-1]["over"] == [{"topic": "tax-code-missing", "returns": 1}]


async def test_a_receiver_that_is_down_for_an_hour_gets_each_message_exactly_once_afterwards(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        receiver.is_down = True
        for minute in range(0, 60, 3):
            now = NOON + timedelta(minutes=minute)
            await given_stuck(world, minute, "tax-code-missing" if minute % 2 else "order-cancelled", at=now)
            await work(world, now)
        assert receiver.asked > 2
        receiver.is_down = False
        for minute in range(60, 120, 3):
            await work(world, NOON + timedelta(minutes=minute))
        async with database.reading() as connection:
            sent = {str(row["id"]) for row in await connection.fetch("SELECT id FROM message WHERE state = 'done'")}
            open_messages = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'ready'")

    ids = [digest["delivery_id"] for digest in receiver.digests]
    assert open_messages == 0
    assert len(ids) == len(set(ids))
    assert set(ids) == sent
    assert sum(topic["new"] for digest in receiver.digests for topic in digest["topics"]) == 20


async def test_mail_reaches_a_team_once_with_an_id_of_its_own(database: Database, tmp_path: Path) -> None:
    with open_mailbox() as (box, port):
        config = (
            f'\n[alerts.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nsender = "homeward@shop.test"\n'
            '[alerts.teams.finance]\nemail = ["finance@shop.test", "boss@shop.test"]\n'
        )
        async with open_world(database, tmp_path, extra_config=config) as world:
            await given_stuck(world, 1, "tax-code-missing")
            await work(world, NOON + HOUR)
            await work(world, NOON + 2 * HOUR)
            async with database.reading() as connection:
                delivery = await connection.fetchval("SELECT id FROM message")

    (mail,) = box.mails
    text = mail.content.decode()
    assert mail.rcpt_tos == ["finance@shop.test", "boss@shop.test"]
    assert f"Message-ID: <{delivery}@shop.test>" in text
    assert "Subject: [Homeward acme] 1 new for finance: tax-code-missing" in text
    assert "homeward return show" in text


async def test_three_days_of_downtime_give_one_digest_a_team(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        for number in range(40):
            await given_stuck(world, number, ("tax-code-missing", "order-cancelled", "warehouse-unmapped")[number % 3])
        await work(world, NOON + HOUR)
        receiver.got.clear()

        await work(world, NOON + 3 * DAY + HOUR)
        await work(world, NOON + 3 * DAY + 2 * HOUR)

    teams = [digest["team"] for digest in receiver.digests]
    assert sorted(teams) == ["customer-service", "finance", "warehouse"]


BEFORE_HAND_OVER = ("drop-off-unconfirmed", "approval-overdue", "status-unclear")
"""Causes that are over by themselves once the goods were handed over for certain."""


async def given_on_every_ladder(world: World) -> dict[int, tuple[State, str, bool]]:
    """One return on each default ladder: number → its state, cause, and whether it awaits its approval."""
    placed: dict[int, tuple[State, str, bool]] = {}
    for number, cause in enumerate(CAUSES, 1):
        # what is stopped for another return's goods is so only while that return holds them: here the first
        units = (unit(f"u{1 if cause == SAME_GOODS else number}"),)
        handed_over = DroppedOff(units, confirmed=cause not in BEFORE_HAND_OVER)
        await given(world, number, Started(units, confirmed=True), handed_over, stuck(cause))
        placed[number] = (State.EXCEPTION, cause, False)
    for number, cause in enumerate((each for each in CAUSES if each not in (*BEFORE_HAND_OVER, SAME_GOODS)), 1001):
        waits = CreditWaits(f"what {cause} lacks", cause=cause)
        units = (unit(f"u{number}"),)
        await given(world, number, Started(units, confirmed=True), DroppedOff(units, confirmed=True), waits)
        placed[number] = (State.CREDIT_PENDING, cause, False)
    credited = an_event(CreditVerified)
    assert isinstance(credited, CreditVerified)
    more: dict[State, tuple[Event, ...]] = {
        State.INITIATED: (),
        State.SCANNED: (DroppedOff(confirmed=False),),
        State.CREDIT_PENDING: (DroppedOff(confirmed=True),),
        State.CREDITED: (DroppedOff(confirmed=True), replace(credited, places={})),
        State.RESTOCKED: (
            DroppedOff(confirmed=True), replace(credited, credit=replace(CREDIT, id=77), places={}),
            StockReceived({"u2005": 9}),
        ),
    }  # fmt: skip
    for number, (state, events) in enumerate(more.items(), 2001):
        units = (unit(f"u{number}"),)
        happened = [replace(event, units=units) if isinstance(event, UnitEvent) else event for event in events]
        await given(world, number, Started(units, confirmed=True), *happened)
        placed[number] = (state, "", False)
    return placed


async def test_every_rung_of_every_default_ladder_fires_once_whatever_is_restarted_and_repeated(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    policy = Policy()
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        placed = await given_on_every_ladder(world)
        dues: dict[datetime, list[int]] = {}
        for number, (state, cause, _) in placed.items():
            for rung in ladder(state, policy, cause=cause):
                due = policy.calendar.later(NOON, rung.after) if rung.in_business_time else NOON + rung.after
                dues.setdefault(due, []).append(number)
        wrong = []
        fired = dict.fromkeys(placed, 0)
        for due in sorted(dues):
            await work(world, due - timedelta(seconds=1))
            early = await rungs_fired(database, placed)
            await work(world, due)
            await work(world, due)
            for number in dues[due]:
                fired[number] += 1
            now = await rungs_fired(database, placed)
            wrong += [f"{due} {placed[n]}: early" for n in placed if early[n] > fired[n] - dues[due].count(n)]
            wrong += [f"{due} {placed[n]}: {now[n]} told, not {fired[n]}" for n in placed if now[n] != fired[n]]

    assert wrong == [], "\n".join(wrong)
    assert sum(fired.values()) > 3 * len(CAUSES)


async def rungs_fired(database: Database, placed: dict[int, tuple[State, str, bool]]) -> dict[int, int]:
    """Rungs of the ladder each return began on that were reached, each with exactly one notice to somebody."""
    async with database.reading() as connection:
        rows = await connection.fetch(
            "SELECT r.happy_return_id, j.from_state, count(n.version) AS told FROM journal AS j"
            " JOIN returns AS r ON r.merchant = j.merchant AND r.id = j.return_id"
            " LEFT JOIN notice AS n ON n.merchant = j.merchant AND n.return_id = j.return_id AND n.version = j.version"
            " WHERE j.event = 'deadline-passed' GROUP BY r.happy_return_id, j.from_state"
        )
    told = {(row["happy_return_id"], row["from_state"]): row["told"] for row in rows}
    return {number: told.get((f"hr-{number}", state.value), 0) for number, (state, _, _) in placed.items()}


def test_a_weekend_counts_for_parcels_and_not_for_people() -> None:
    friday = datetime(2026, 3, 6, 16, tzinfo=UTC)
    policy = Policy()
    (first, *_) = ladder(State.EXCEPTION, policy, cause="tax-code-missing")

    assert policy.calendar.later(friday, first.after) == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert not ladder(State.SCANNED, policy)[0].in_business_time


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (2, True), (6, True), (7, False), (12, False)])
def test_quiet_hours_may_go_over_midnight(hour: int, quiet: bool) -> None:
    now = datetime(2026, 3, 6, hour, tzinfo=UTC)

    assert is_quiet(now, time(22), time(7), ZoneInfo("UTC")) is quiet
    assert not is_quiet(now, None, None, ZoneInfo("UTC"))


async def test_in_quiet_hours_only_what_is_urgent_leaves(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    config = configured(tmp_path, receiver).replace(
        "[alerts.teams.finance]\n", "[alerts.teams.finance]\nquiet_from = 11:00:00\nquiet_until = 18:00:00\n"
    )
    async with open_world(database, tmp_path, extra_config=config) as world:
        await given_stuck(world, 1, "tax-code-missing")
        await work(world, NOON + 5 * HOUR)
        assert receiver.got == []
        await work(world, NOON + 6 * HOUR)

    assert len(receiver.got) == 1


async def test_an_operator_sees_open_alerts_and_tries_the_ways_teams_are_reached(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        await given_stuck(world, 1, "tax-code-missing")
        await work(world, NOON + HOUR)
        assert await world.homeward("alert", "list", "--team", "warehouse") == (0, [], "")

        _, (alert,), _ = await world.homeward("alert", "list")
        _, (message,), _ = await world.homeward("alert", "messages")
        tried = await world.homeward("alert", "test", "finance")
        receiver.is_down = True
        failed = await world.homeward("alert", "test", "finance")
        nobody = await world.homeward("alert", "test", "gardeners")

    assert (alert["team"], alert["topic"], alert["returns"], alert["reached_by"]) == (
        "finance", "tax-code-missing", 1, "webhook",
    )  # fmt: skip
    assert (message["state"], message["attempts"]) == ("done", 1)
    assert (tried[0], tried[1][0]["result"]) == (0, "sent")
    assert (failed[0], failed[1][0]["result"]) == (8, "failed")
    assert nobody[0] == 2


class Messaging(Receiver):
    """The merchant's messaging: at each word it looks whether the books already say so."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.lies: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        answer = await super().take(request)
        notice, books = self.digests[-1], self.world.books() if self.world else {}
        credits = {credit["id"]: credit for credit in books["credits"]}
        credit = credits.get(notice["credit_id"])
        posted = credit is not None and bool(credit["invoice_reference"])
        paid = any(payment["orderId"] == notice["credit_id"] for payment in books["payments"])
        if notice["word"] != "holding" and not (posted and (paid or notice["word"] == "credited")):
            self.lies.append(f"{notice['word']} of {notice['return']['order_number']}: posted {posted}, paid {paid}")
        return answer


async def test_a_customer_is_told_of_a_refund_only_when_the_books_hold_it(database: Database, tmp_path: Path) -> None:
    words = {
        "bar_single": ["refunded"], "returnless": ["refunded"], "unmatched_order": ["holding"],
        "tax_code_left_out": ["holding"],
    }  # fmt: skip
    messaging = Messaging()
    app = web.Application()
    app.add_routes([web.post("/", messaging.take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = f'\n[merchants.acme.messaging]\nwebhook_url = "http://127.0.0.1:{runner.addresses[0][1]}/"\n'
    async with open_world(database, tmp_path, extra_config=config) as world:
        messaging.world = world
        numbers = {scenario: world.begin(scenario)["order_number"] for scenario in words}
        await world.pass_time(timedelta(days=30))
        may_be_told = {}
        for scenario, number in numbers.items():
            (row, *_) = [each for each in await world.all_returns() if each["order_number"] == number]
            may_be_told[scenario] = (await world.show(str(row["happy_return_id"])))["customer_may_be_told"]
    await runner.cleanup()

    heard = [(notice["return"]["order_number"], notice["word"]) for notice in messaging.digests]
    assert {s: [word for number, word in heard if number == numbers[s]] for s in words} == words
    assert len(heard) == len(words)
    assert messaging.lies == []
    for scenario, told in words.items():
        assert ("has been issued" if told == ["refunded"] else "not done yet") in may_be_told[scenario], scenario
