"""Webhooks that nobody signed, too many of them, and too many that are signed: little is read, and nothing is missed."""

import asyncio
import hashlib
import hmac
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from yarl import URL

from daemon.loops.receive import DEFERRED
from daemon.store import merchant
from daemon.store.database import Database
from daemon.web import signatures
from daemon.web.signatures import Allowance, Senders, Signature, is_signed
from tests.integration.test_attacks import SECRET, database_count, push
from tests.samples import WEBHOOK
from tests.world import MERCHANT, World, open_world

PATH = f"/webhooks/happy-returns/{MERCHANT}"
GARBAGE = "0" * 64


async def announced(world: World, *headers: str, path: str = PATH, bytes_announced: int = 1_000_000) -> str:
    """What is answered to the head of a request whose body never comes."""
    url = URL(world.url)
    assert url.host is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [f"POST {path} HTTP/1.1", f"Host: {url.host}", f"Content-Length: {bytes_announced}", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    line = (await reader.readline()).decode().strip()
    writer.close()
    return line


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (PATH, [], 401), (PATH, ["X-Hr-Signature: "], 401), (PATH, [f"X-Hr-Signature: {'0' * 5000}"], 401),
        (PATH, ["Expect: 100-continue"], 401),
    ],
    ids=["no header", "an empty one", "a long one", "asked before it was sent"],
)  # fmt: skip
async def test_what_cannot_be_good_is_refused_before_its_body_is_read(
    path: str, headers: list[str], status: int, database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world:
        answer = await announced(world, *headers, path=path)

        assert answer.split()[1] == str(status)


async def test_a_body_that_is_too_large_is_refused_by_what_its_head_says(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        answer = await announced(world, f"X-Hr-Signature: {GARBAGE}", bytes_announced=10**9)

        assert answer.split()[1] == "413"


async def test_whoever_asks_first_is_told_to_go_on(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        answer = await announced(world, f"X-Hr-Signature: {GARBAGE}", "Expect: 100-continue", bytes_announced=10)

        assert answer == "HTTP/1.1 100 Continue"


async def test_of_whoever_signs_badly_less_and_less_is_read(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "UNSIGNED_BYTES_PER_MINUTE", 500_000)
    async with open_world(database, tmp_path) as world:
        large = b"x" * 1_000_000

        read = [await push(world, large, signature=GARBAGE) for _ in range(3)]
        unread = await announced(world, f"X-Hr-Signature: {GARBAGE}")

        assert read == [401, 429, 429]
        assert unread.split()[1] == "429"


async def test_a_sender_that_others_hide_behind_goes_on_being_heard(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "UNSIGNED_BYTES_PER_MINUTE", 100_000)
    async with open_world(database, tmp_path) as world:
        body = orjson.dumps(WEBHOOK)
        first = await push(world, body)
        forged = [await push(world, b"x" * 1_000_000, signature=GARBAGE) for _ in range(2)]

        assert (first, forged) == (200, [401, 429])
        assert await push(world, body) == 200


async def test_what_webhooks_over_the_limit_say_is_asked_for_and_counted(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, web_config="webhooks_per_minute = 1") as world:
        taken = await push(world, orjson.dumps(WEBHOOK))
        over = [await push(world, orjson.dumps({**WEBHOOK, "more": n})) for n in range(3)]
        kept = await database_count(database, "delivery")
        code = world.begin("bar_single")["express_code"]

        await world.pass_time(timedelta(days=6))

        assert (taken, over, kept) == (200, [429, 429, 429], 1)
        shown = await world.show(code)
        dropped = min(unit["dropped_off_at"] for unit in shown["units"])
        credited = next(row["at"] for row in shown["journal"] if row["event"] == "credit-verified")
        assert credited - dropped < timedelta(
            hours=2
        )  # its return is read again after 12 hours at the soonest otherwise
        async with database.reading() as connection:
            counted = await merchant.read_cursor(connection, MERCHANT, DEFERRED)
        assert counted["webhooks"] > 3
        status, (line,), _ = await world.homeward("merchant", "status")
        assert (status, line["webhooks_deferred"]) == (0, counted["webhooks"])


async def test_a_body_over_the_limit_that_cannot_be_read_is_kept_all_the_same(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path, web_config="webhooks_per_minute = 1") as world:
        told = [await push(world, body) for body in (orjson.dumps(WEBHOOK), b"{broken", b'{"retailerID": "other"}')]

        assert told == [200, 200, 200]
        assert await database_count(database, "delivery") == 3


def test_a_body_hashed_in_pieces_is_the_body() -> None:
    body, keys = b"abc" * 50_000, (b"old", SECRET)
    good = hmac.new(SECRET, body, hashlib.sha256).hexdigest()

    signature = Signature(f"sha256={good.upper()}", keys, scheme="hmac-sha256-hex")
    for start in range(0, len(body), 7777):
        signature.update(body[start : start + 7777])

    assert signature.is_good
    assert is_signed(body, good, keys, scheme="hmac-sha256-hex")
    assert not is_signed(body + b"x", good, keys, scheme="hmac-sha256-hex")
    assert not is_signed(body, good, (), scheme="hmac-sha256-hex")


def test_strangers_are_read_a_few_at_a_time_and_known_senders_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "STRANGER_READS_MAX", 2)
    monkeypatch.setattr(signatures, "STRANGERS_READ_MAX", 3)
    senders = Senders()
    senders.was_signed("known")

    with senders.reading("a"), senders.reading("a"), senders.reading("b"):
        may = [senders.may_send(each, 10) for each in ("a", "b", "c", "known")]

    assert may == [False, False, False, True]
    assert all(senders.may_send(each, 10) for each in ("a", "b", "c"))


def test_senders_are_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "CLIENTS_MAX", 3)
    senders = Senders()

    for number in range(50):
        senders.was_signed(f"known {number}")
        senders.was_not_signed(f"stranger {number}", 10)

    assert len(senders._known) == len(senders._granted) == 3


def test_an_allowance_owes_no_more_than_a_minute() -> None:
    allowance = Allowance(60)

    allowance.spend(10**9)

    assert allowance.left == -60
