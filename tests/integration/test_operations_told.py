"""Operations are told what keeps work from being done: in time, at any hour, once, again while it lasts, and its end."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from daemon.loops.monitor import Monitor
from daemon.settings import load
from daemon.store.database import Database
from tests.integration.test_alerts import Receiver, configured, open_mailbox, open_receiver
from tests.integration.test_vendor_out import HOUR, KEY, MINUTE, TOKEN, mend, revoke
from tests.world import MERCHANT, World, open_world


class Told(logging.Handler):
    """What the daemon logged, level and message."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))

    def of(self, level: str) -> list[str]:
        return [message for name, message in self.lines if name == level]


@contextmanager
def listening() -> Iterator[Told]:
    heard, logger = Told(), logging.getLogger("daemon")
    before = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)
        logger.setLevel(before)


def monitor_of(world: World, *, database: Database | None = None, **given: Any) -> Monitor:
    """Another daemon's monitor of the same installation."""
    return Monitor(
        database=database or world.database, settings=load(world.config), clock=world.workplace.clock,
        telemetry=world.workplace.telemetry, http=world.http, **given,
    )  # fmt: skip


async def live(world: World, monitor: Monitor, span: timedelta, *, step: timedelta = MINUTE) -> None:
    """Time goes on; the daemon's loops and its monitor do what they do."""
    until = world.now + span
    while world.now < until:
        world.sandbox.clock.move(to=min(world.now + step, until))
        await world.settle()
        await monitor.run_once(world.now)


def of(receiver: Receiver, team: str = "operations") -> list[dict[str, Any]]:
    return [each for each in receiver.digests if each["schema"] == "homeward.health/v1" and each["team"] == team]


async def test_operations_are_told_of_a_refused_token_within_a_quarter_of_an_hour_reminded_and_told_when_it_is_over(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    quiet = configured(tmp_path, receiver).replace(
        "[alerts.teams.operations]\n", "[alerts.teams.operations]\nquiet_from = 00:00:00\nquiet_until = 23:59:00\n"
    )
    async with open_world(database, tmp_path, extra_config=quiet) as world:
        monitor, other = monitor_of(world), monitor_of(world)
        await live(world, monitor, 10 * MINUTE)
        with listening() as heard:
            good, began = revoke(world), world.now
            await live(world, monitor, 15 * MINUTE)
            (first,) = of(receiver)
            await live(world, other, 5 * HOUR, step=10 * MINUTE)
            reminded = of(receiver)
            mend(world, good)
            await live(world, other, HOUR)
            await live(world, monitor, HOUR)

    assert first["state"] == "began"
    assert (first["merchant"], first["vendor"], first["severity"]) == (MERCHANT, "Brightpearl", "urgent")
    assert first["file"] == str(tmp_path / TOKEN)
    assert first["setting"] == f"merchants.{MERCHANT}.brightpearl.account_token_file"
    assert "401" in first["what"]
    assert all(first[name] for name in ("stops", "do", "runbook", "command"))
    assert "revoked" not in orjson.dumps(first).decode()
    assert first["as_of"] <= (began + 15 * MINUTE).isoformat()
    assert [each["state"] for each in reminded] == ["began", "lasts", "lasts"]
    assert [each["state"] for each in of(receiver)] == ["began", "lasts", "lasts", "over"]
    assert [each["state"] for each in of(receiver, "customer-service")] == ["lasts", "over"], "after four hours"
    assert heard.of("ERROR") == ["Brightpearl refuses us"]
    assert heard.of("INFO").count("trouble is over") == 1
    assert "WARNING" not in {level for level, _ in heard.lines}


async def test_a_merchants_own_operations_are_told_of_its_vendor_in_place_of_the_installations(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_receiver() as own:
        mine = f'\n[merchants.acme.teams.operations]\nwebhook_url = "{own.url}"\n'
        async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver) + mine) as world:
            monitor = monitor_of(world)
            await live(world, monitor, 10 * MINUTE)
            revoke(world)
            await live(world, monitor, 15 * MINUTE)

    assert [each["merchant"] for each in of(own)] == [MERCHANT]
    assert of(receiver) == []


async def test_mail_names_the_file_what_stands_still_and_what_to_do(database: Database, tmp_path: Path) -> None:
    with open_mailbox() as (box, port):
        config = (
            f'\n[alerts.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nsender = "homeward@shop.test"\n'
            '[alerts.teams.operations]\nemail = ["ann@shop.test"]\n'
        )
        async with open_world(database, tmp_path, extra_config=config) as world:
            await world.settle()
            revoke(world, KEY)
            await live(world, monitor_of(world), 15 * MINUTE)

    (mail,) = box.mails
    text = mail.content.decode()
    assert mail.rcpt_tos == ["ann@shop.test"]
    assert f"Subject: [Homeward {MERCHANT}] URGENT: Happy Returns refuses our key or token" in text
    for words in (KEY, "Stands still:", "What to do:", "homeward help vendor-refuses-us"):
        assert words in text


@asynccontextmanager
async def read_only(database: Database) -> AsyncIterator[None]:
    async with database.reading() as connection:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        yield
    finally:
        async with database.reading() as connection:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


async def test_a_database_that_takes_no_writes_is_told_from_memory_once_and_when_it_is_over(
    receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, extra_config=configured(tmp_path, receiver)) as world:
        async with read_only(database):
            closed = await Database.connect(database.dsn)
            monitor = monitor_of(world, database=closed)
            for minute in range(0, 90, 5):
                await monitor.run_once(world.now + minute * MINUTE)
        told = of(receiver)
        await closed.close()
        opened = await Database.connect(database.dsn)
        monitor._database = opened
        for minute in range(90, 100):
            await monitor.run_once(world.now + minute * MINUTE)
        await opened.close()

    assert [(each["kind"], each["state"]) for each in told] == [
        ("database-takes-no-writes", "began"), ("database-takes-no-writes", "lasts"),
    ]  # fmt: skip
    assert [each["state"] for each in of(receiver)] == ["began", "lasts", "over"]
