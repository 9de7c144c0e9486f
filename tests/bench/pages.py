"""What pages cost: how long each takes with few and with many returns behind it, and what open live views cost."""

import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import asyncpg

from daemon.store.database import Database
from daemon.web.access import people
from daemon.web.access.roles import Role
from tests.bench.lifecycles import cpu_seconds
from tests.chaos.rig import Rig

PASSWORD = "a long enough sentence"
ROUNDS = 15
VIEWS = 200
LIVE_SECONDS = 20
MOVES_A_SECOND = 2
PAGES = {
    "today's queue": "/home/customer-service", "period status": "/home/finance", "inbound": "/home/warehouse",
    "health": "/home/operator", "exceptions": "/exceptions", "exceptions of a cause": "/exceptions?cause=order-not-found",
    "returns": "/returns", "returns in a state": "/returns?state=credited", "a return": "/returns/77", "find": "/find?q=o77",
    "api: returns": "/api/v1/returns?limit=50", "api: a return": "/api/v1/returns/77",
}  # fmt: skip
# Of the first hundred half are stuck and half are credited and on their way, so that pages are full with few returns too;
# of the others one in twenty is stuck, one in ten on its way, the rest is over. They came in evenly over a year.
FILL = """
SET session_replication_role = replica;
INSERT INTO returns (merchant, id, happy_return_id, order_number, order_key, part, state, version, entered_at, credit_ref,
                     credit_id, credit_net, credit_tax, credit_currency, refund_due, close_due, payment_id, payment_ref,
                     payment_amount, payment_currency, payment_method, invoice_reference,
                     cause, owner, explanation, resume_state, fingerprint, express_code, created_at, updated_at)
SELECT 'acme', n, 'old' || n, 'o' || n, 'o' || n, 1, s, 3, at, 'HW-' || n, CASE WHEN s <> 'exception' THEN n END,
       CASE WHEN s <> 'exception' THEN 10 END, CASE WHEN s <> 'exception' THEN 2 END,
       CASE WHEN s <> 'exception' THEN 'GBP' END, true, true, CASE WHEN s <> 'exception' THEN n END, 'p' || n,
       12, 'GBP', 'CARD', CASE WHEN s <> 'exception' THEN 'SC-' || n ELSE '' END,
       CASE WHEN s = 'exception' THEN 'order-not-found' END, CASE WHEN s = 'exception' THEN 'customer-service' END,
       CASE WHEN s = 'exception' THEN 'no such order' END, CASE WHEN s = 'exception' THEN 'credit-pending' END,
       CASE WHEN s = 'exception' THEN 'order-not-found:order=o' || n ELSE '' END, 'HR' || lpad(n::text, 6, '0'), at, at
  FROM (SELECT n, CASE WHEN n <= 50 OR (n > 100 AND n % 20 = 0) THEN 'exception'
                       WHEN n <= 100 OR n % 20 IN (1, 2) THEN 'credited' ELSE 'restocked' END AS s,
               now() - (365.0 * n / {last}) * interval '1 day' AS at
          FROM generate_series({first}, {last}) AS n) AS each;
INSERT INTO journal (merchant, return_id, version, event, from_state, to_state, actor, facts, at, seq, link)
SELECT 'acme', r.id, v, 'started', 'new', CASE v WHEN 3 THEN r.state ELSE 'initiated' END, 'bench', '{{}}', r.entered_at,
       3 * r.id + v, sha256(v::text::bytea)
  FROM returns AS r, generate_series(1, 3) AS v WHERE r.id BETWEEN {first} AND {last};
INSERT INTO journal_head (merchant, seq, link) VALUES ('acme', 3 * {last} + 3, sha256('x'))
    ON CONFLICT (merchant) DO UPDATE SET seq = EXCLUDED.seq;
INSERT INTO unit (merchant, happy_return_id, order_key, unit_key, return_id, happy_item_id, sku, departed_at, received_at,
                  goods_in_id, facts)
SELECT 'acme', r.happy_return_id, r.order_key, 'u', r.id, 'i' || r.id, 'SKU-' || r.id % 500,
       CASE WHEN r.state <> 'exception' THEN r.entered_at END, CASE WHEN r.state = 'restocked' THEN r.entered_at END,
       CASE WHEN r.state = 'restocked' THEN r.id END,
       jsonb_build_object('key', 'u', 'dropped_off_at', r.entered_at, 'refund_amount', '12.00', 'refund_currency', 'GBP')
  FROM returns AS r WHERE r.id BETWEEN {first} AND {last};
INSERT INTO deadline (merchant, return_id, state, level, due_at)
SELECT 'acme', r.id, r.state, 1, r.entered_at + interval '400 days'
  FROM returns AS r WHERE r.id BETWEEN {first} AND {last} AND r.state <> 'restocked';
INSERT INTO outbox (merchant, return_id, kind, key, payload, state, due_at, attempts, result, created_at, settled_at)
SELECT 'acme', r.id, k, 'HW-' || r.id, '{{}}', 'done', r.entered_at, 1, jsonb_build_object('credit_id', r.id), r.entered_at,
       r.entered_at
  FROM returns AS r, unnest(ARRAY['create-sales-credit', 'record-refund']) AS k
 WHERE r.id BETWEEN {first} AND {last} AND r.state <> 'exception';
"""
NOTE = """
INSERT INTO inbox (merchant, natural_key, event, happy_return_id, order_number, order_key, part, payload, source, actor, note,
                   received_at)
VALUES ('acme', $1, 'noted', 'old77', 'o77', 'o77', 1, '{}', 'web', 'user:bench', 'seen', now())
"""


async def measured(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Milliseconds a page by stored returns, the ratio of the largest to the smallest, and the cost of live views."""
    rig = Rig(folder, daemons=1)
    times: dict[str, dict[str, float]] = {}
    async with rig.running():
        await rig.post("/_sandbox/clock", {"rate": 1.0})
        stored = 0
        for size in sizes:
            await _fill(rig, stored + 1, size)
            stored = size
            rig.start(0)
            async with _people(rig, f"anna{size}") as http:
                for name, path in PAGES.items():
                    times.setdefault(name, {})[str(size)] = await _median(rig, http, path)
                live = await _live(rig, http) if size == sizes[-1] else {}
            rig.kill(0)
    few, many = str(sizes[0]), str(sizes[-1])
    ratios = {name: round(told[many] / told[few], 2) for name, told in times.items()}
    return {"page_milliseconds": times, "page_ratio": ratios, "live_views": live}


async def _fill(rig: Rig, first: int, last: int) -> None:
    connection = await asyncpg.connect(rig.dsn)
    try:
        await connection.execute("SET timezone = 'UTC'")
        for statement in FILL.format(first=first, last=last).split(";\n"):
            if statement.strip():
                await connection.execute(statement)
        await connection.execute("SELECT setval('return_id', 1000000000)")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


class _people:  # noqa: N801 - reads as what it gives
    """A browser and a program in one: signed in, and with a token."""

    def __init__(self, rig: Rig, name: str) -> None:
        self._rig, self._name = rig, name
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> aiohttp.ClientSession:
        database = await Database.connect(self._rig.dsn, pool_max=2)
        now = datetime.now(UTC)
        await people.add_account(
            database, self._name, role=Role.ADMINISTRATOR, merchants=None, password=PASSWORD, by="user:bench", now=now
        )
        token = await people.add_token(
            database, self._name, scope="read", merchants=None, days=None, by="user:bench", now=now
        )
        await database.close()
        jar, headers = aiohttp.CookieJar(unsafe=True), {"Authorization": f"Bearer {token}"}
        self._http = aiohttp.ClientSession(cookie_jar=jar, headers=headers, connector=aiohttp.TCPConnector(limit=0))
        await _until_ready(self._rig, self._http)
        told = {"name": self._name, "password": PASSWORD, "next": "/help"}
        async with self._http.post(f"http://{self._rig.address(0)}/sign-in", data=told) as reply:
            assert reply.status == 200, await reply.text()
        return self._http

    async def __aexit__(self, *_: object) -> None:
        assert self._http is not None
        await self._http.close()


async def _until_ready(rig: Rig, http: aiohttp.ClientSession) -> None:
    with anyio.fail_after(60):
        while True:
            try:
                async with http.get(f"http://{rig.address(0)}/readyz") as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await anyio.sleep(0.2)


async def _median(rig: Rig, http: aiohttp.ClientSession, path: str) -> float:
    took = []
    for number in range(ROUNDS + 2):
        began = time.perf_counter()
        async with http.get(f"http://{rig.address(0)}{path}") as reply:
            await reply.read()
            assert reply.status == 200, f"{path}: {reply.status}"
        if number >= 2:
            took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 1)


async def _live(rig: Rig, http: aiohttp.ClientSession) -> dict[str, Any]:
    """Processor seconds a minute of the daemon: with nobody looking, with live views at rest, and while returns move."""
    told: dict[str, Any] = {"views": 0, "cpu_seconds_a_minute_without": await _cpu(rig, moves=0)}
    heard: list[int] = []
    async with anyio.create_task_group() as group:
        for name in [f"viewer{number}" for number in range(VIEWS // 20)]:
            cookie = await _another(rig, name)
            for _ in range(20):
                group.start_soon(_listen, rig, http, cookie, heard)
        with anyio.fail_after(30):
            while len(heard) < VIEWS:  # noqa: ASYNC110 - streams opening
                await anyio.sleep(0.1)
        told["views"] = len(heard)
        told["cpu_seconds_a_minute_at_rest"] = await _cpu(rig, moves=0)
        before = sum(heard)
        told["cpu_seconds_a_minute_while_returns_move"] = await _cpu(rig, moves=MOVES_A_SECOND)
        told["pages_drawn_anew"] = sum(heard) - before
        group.cancel_scope.cancel()
    return told


async def _another(rig: Rig, name: str) -> str:
    """Twenty streams are one person's most: the session of another."""
    async with _people(rig, name) as http:
        return next(f"{cookie.key}={cookie.value}" for cookie in http.cookie_jar if cookie.key == "homeward")


async def _listen(rig: Rig, http: aiohttp.ClientSession, cookie: str, heard: list[int]) -> None:
    number = len(heard)
    heard.append(0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(headers={"Cookie": cookie}) as mine:
        url = f"http://{rig.address(0)}/live"
        async with mine.get(url, timeout=timeout) as reply:
            assert reply.status == 200
            async for line in reply.content:
                if line.startswith(b"event: changed"):
                    heard[number] += 1
                    async with mine.get(f"http://{rig.address(0)}/exceptions") as page:  # as the browser does then
                        await page.read()


async def _cpu(rig: Rig, *, moves: int) -> float:
    pid = rig.processes[0].pid
    connection = await asyncpg.connect(rig.dsn)
    began, used = time.perf_counter(), cpu_seconds(pid)
    for number in range(LIVE_SECONDS):
        for which in range(moves):
            await connection.execute(NOTE, f"note-{time.time_ns()}-{number}-{which}")
        await anyio.sleep(1)
    await connection.close()
    return round((cpu_seconds(pid) - used) * 60 / (time.perf_counter() - began), 2)
