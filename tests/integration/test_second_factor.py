"""A second factor for local accounts: asked for after the password, tried as seldom as that, and each code good once."""

import base64
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from daemon.errors import SettingsError
from daemon.settings import load
from daemon.store import accounts
from daemon.store.database import Database
from daemon.store.sealed import new_key
from daemon.web.access import factor, people
from daemon.web.access.factor import Key
from daemon.web.access.roles import Role
from tests.visitor import PASSWORD, Visitor, code_at, given_factor, visitor
from tests.world import World, open_world

SECRETS = '\n[secrets]\nkey_file = "sealing"\n'
STEP = timedelta(seconds=30)


@asynccontextmanager
async def world_with_a_key(database: Database, folder: Path, *, web: str = "") -> AsyncIterator[World]:
    (folder / "sealing").write_text(new_key())
    async with open_world(database, folder, extra_config=SECRETS, web_config=web) as world:
        yield world


def forward(world: World, delta: timedelta = STEP) -> None:
    world.sandbox.clock.move(to=world.now + delta)


async def enrol(anna: Visitor) -> tuple[Key, list[str]]:
    """As somebody does it in the browser: the key as the page shows it, and the recovery codes."""
    _, text = await anna.post("/second-factor", {"what": "begin", "password": PASSWORD})
    uri = unescape(re.findall(r'href="(otpauth:[^"]+)"', text)[0])
    letters = parse_qs(urlsplit(uri).query)["secret"][0]
    groups = re.findall(r"<code>([A-Z2-7 ]{32,})</code>", text)[0]
    assert groups.replace(" ", "") == letters
    key = Key("anna", base64.b32decode(letters))
    status, text = await anna.post("/second-factor", {"what": "confirm", "code": code_at(key, anna.world.now)})
    assert status == 200, text
    return key, re.findall(r"<li><code>([A-Z2-7-]+)</code>", text)


async def sign_in(world: World, browser: Visitor, name: str = "anna") -> tuple[int, str]:
    """The password; then the page that asks for the code."""
    await browser.post("/sign-out")
    return await browser.post("/sign-in", {"name": name, "password": PASSWORD, "next": "/help"})


async def enter(browser: Visitor, code: str) -> tuple[int, str]:
    return await browser.post("/sign-in/code", {"code": code}, allow_redirects=False)


async def log_of(database: Database, action: str) -> list[str]:
    async with database.reading() as connection:
        return [row["detail"] for row in await accounts.logged(connection, action=action, rows_max=100)]


async def test_somebody_adds_a_second_factor_and_signs_in_with_it_without_scripts(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, codes = await enrol(anna)
        forward(world)

        _, asked = await sign_in(world, anna)
        not_in, _ = await anna.get("/returns", allow_redirects=False)
        wrong, _ = await enter(anna, "000000")
        right, _ = await enter(anna, code_at(key, world.now))
        opened, text = await anna.get("/help")

        assert "six digits" in asked
        assert (not_in, wrong, right, opened) == (303, 403, 303, 200)
        assert "anna" in text
        assert len(codes) == 10
        assert (await log_of(database, "sign-in"))[0] == "password and code"


async def test_a_code_is_taken_once_also_where_it_is_tried_at_the_same_moment(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, _ = await enrol(anna)
        forward(world)
        code, told = code_at(key, world.now), []
        async with visitor(world, "x1", signs_in=False) as one, visitor(world, "x2", signs_in=False) as two:
            for browser in (one, two):
                await browser.post("/sign-in", {"name": "anna", "password": PASSWORD})

            async def try_it(browser: Visitor) -> None:
                told.append((await enter(browser, code))[0])

            async with anyio.create_task_group() as group:
                group.start_soon(try_it, one)
                group.start_soon(try_it, two)
            again, _ = await enter(two if told[0] == 303 else one, code)

        assert sorted(told) == [303, 403]
        assert again == 403


async def test_wrong_codes_are_counted_with_wrong_passwords_and_a_right_password_forgives_none(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, codes = await enrol(anna)
        forward(world)
        tried = []
        for _ in range(8):  # whoever has the password begins anew before every guess
            await sign_in(world, anna)
            tried.append((await enter(anna, "123456"))[0])
        rests = [(await enter(anna, code))[0] for code in (code_at(key, world.now), codes[0])]
        shut, _ = await anna.post("/sign-in", {"name": "anna", "password": PASSWORD})
        forward(world, timedelta(minutes=20))
        await sign_in(world, anna)
        later, _ = await enter(anna, code_at(key, world.now))

        assert set(tried) == {403}
        assert (rests, shut, later) == ([403, 403], 403, 303)
        refusals = await log_of(database, "sign-in-refused")
        assert refusals.count("wrong code") == world.desk.settings.web.failures_max - 1
        assert "the account rests" in refusals


async def test_guesses_at_once_are_no_more_than_one_after_the_other(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    real = factor.step_that_fits

    def counted(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
        looked_at.append(code)
        return real(secret, code, now, after=after)

    monkeypatch.setattr(factor, "step_that_fits", counted)
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        await given_factor(world, "anna")
        await sign_in(world, anna)
        for _ in range(3):
            async with anyio.create_task_group() as group:
                for number in range(6):
                    group.start_soon(enter, anna, f"{number:06}")
                for _ in range(2):  # passwords that are right beside them free nothing that others counted
                    group.start_soon(anna.post, "/sign-in", {"name": "anna", "password": PASSWORD})

        assert 0 < len(looked_at) <= world.desk.settings.web.failures_max


async def test_a_recovery_code_lets_in_once_and_says_how_many_are_left(database: Database, tmp_path: Path) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        _, codes = await enrol(anna)

        await sign_in(world, anna)
        status, text = await anna.post("/sign-in/code", {"code": codes[0].lower().replace("-", " ")})
        await anna.post("/sign-out")
        await sign_in(world, anna)
        again, _ = await enter(anna, codes[0])
        other, _ = await enter(anna, codes[1])

        assert status == 200
        assert "9 are left" in text
        assert (again, other) == (403, 303)
        assert (await log_of(database, "sign-in"))[0] == "password and recovery code"


async def test_new_recovery_codes_void_the_former_and_removing_needs_a_code(database: Database, tmp_path: Path) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, former = await enrol(anna)
        forward(world)

        without, _ = await anna.post("/second-factor", {"what": "codes", "code": "000000"})
        _, text = await anna.post("/second-factor", {"what": "codes", "code": code_at(key, world.now)})
        fresh = re.findall(r"<li><code>([A-Z2-7-]+)</code>", text)
        old, _ = await anna.post("/second-factor", {"what": "remove", "code": former[0]})
        gone, text = await anna.post("/second-factor", {"what": "remove", "code": fresh[0]})
        password_alone = await anna.sign_in("anna")

        assert (without, old, gone, password_alone) == (403, 403, 200, 200)
        assert "Add a second factor" in text
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT count(*) FROM recovery_code") == 0


async def test_adding_one_needs_the_password_ends_other_sessions_and_does_not_replace(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        async with visitor(world, "spare", signs_in=False) as elsewhere:
            await elsewhere.sign_in("anna")
            refused, _ = await anna.post("/second-factor", {"what": "begin", "password": "wrong"})
            await enrol(anna)
            ended, _ = await elsewhere.get("/returns", allow_redirects=False)
            again, text = await anna.post("/second-factor", {"what": "begin", "password": PASSWORD})
            still, _ = await anna.get("/returns", allow_redirects=False)

        assert (refused, ended, again, still) == (403, 303, 400, 200)
        assert "otpauth" not in text


async def test_nothing_secret_is_in_pages_addresses_logs_or_the_database_afterwards(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, codes = await enrol(anna)
        forward(world)
        await sign_in(world, anna)
        async with anna.http.post(
            f"{world.url}/sign-in/code", data={"code": code_at(key, world.now)}, allow_redirects=False
        ) as reply:
            location = reply.headers["Location"]
        pages = [
            (await anna.get(path))[1] for path in ("/second-factor", "/password", "/accounts", "/accounts/log", "/help")
        ]
        async with database.reading() as connection:
            kept = [
                str([dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")])  # noqa: S608
                for table in ("second_factor", "recovery_code", "access_log", "account", "web_session", "sign_in_step")
            ]

        places = [*pages, *kept, location, *(f"{record.__dict__}" for record in caplog.records)]
        words = (key.letters, key.in_groups, *codes, *(code.replace("-", "") for code in codes), repr(key.secret)[2:-1])
        assert [(word, place[:80]) for word in words for place in places if word in place] == []


async def test_whoever_must_have_one_adds_it_before_anything_else(database: Database, tmp_path: Path) -> None:
    web = 'second_factor = "administrators"'
    async with world_with_a_key(database, tmp_path, web=web) as world, visitor(world, signs_in=False) as anna:
        async with visitor(world, "vera", Role.VIEWER) as vera:
            await anna.sign_in("anna")
            _, text = await anna.get("/second-factor")
            anna.csrf = re.findall(r'name="csrf" value="([^"]+)"', text)[0]
            shut = [
                (await anna.get(path, allow_redirects=False))[0] for path in ("/returns", "/accounts", "/help", "/")
            ]
            form, _ = await anna.post("/accounts", {"what": "close", "name": "vera"})
            live, _ = await anna.get("/live")
            viewer, _ = await vera.get("/returns")
            key, _ = await enrol(anna)
            opened, _ = await anna.get("/accounts", allow_redirects=False)

        assert "Your role needs a second factor" in text
        assert shut == [303] * 4
        assert (form, live, viewer, opened) == (403, 403, 200, 200)
        assert key.account == "anna"


async def test_a_factor_that_cannot_be_opened_lets_nobody_in_but_by_a_recovery_code(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, codes = await enrol(anna)
        (tmp_path / "sealing").write_text(new_key())
        forward(world)

        await sign_in(world, anna)
        by_code, _ = await enter(anna, code_at(key, world.now))
        by_recovery, _ = await enter(anna, codes[0])

        assert (by_code, by_recovery) == (403, 303)


async def test_somebody_elses_sealed_secret_is_worth_nothing(database: Database, tmp_path: Path) -> None:
    async with (
        world_with_a_key(database, tmp_path) as world,
        visitor(world) as anna,
        visitor(world, "mallory") as mallory,
    ):
        await enrol(anna)
        hers = await given_factor(world, "mallory")
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE second_factor SET sealed = (SELECT sealed FROM second_factor WHERE account = 'mallory') "
                "WHERE account = 'anna'"
            )
        forward(world)

        await sign_in(world, mallory, "anna")
        status, _ = await enter(mallory, code_at(hers, world.now))

        assert status == 403


async def test_an_administrator_removes_anothers_and_never_their_own_by_that_form(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        async with visitor(world, "vera", Role.VIEWER) as vera:
            await enrol(anna)
            await given_factor(world, "vera")

            own, _ = await anna.post("/accounts", {"what": "factor", "name": "anna"})
            own_password, _ = await anna.post(
                "/accounts", {"what": "password", "name": "anna", "password": "quite another sentence"}
            )
            hers, _ = await anna.post("/accounts", {"what": "factor", "name": "vera"})
            ended, _ = await vera.get("/returns", allow_redirects=False)
            alone = await vera.sign_in("vera")

        assert (own, own_password, hers, ended, alone) == (403, 403, 200, 303, 200)


async def test_a_step_of_a_sign_in_is_no_session_and_no_session_a_step(database: Database, tmp_path: Path) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        key, _ = await enrol(anna)
        session = anna.token
        forward(world)
        async with visitor(world, "x1", signs_in=False) as other:
            async with other.http.post(
                f"{world.url}/sign-in", data={"name": "anna", "password": PASSWORD}, allow_redirects=False
            ) as reply:
                cookie = reply.cookies["homeward-step"]
            as_session = {"Cookie": f"homeward={cookie.value}"}
            as_step = {"Cookie": f"homeward-step={session}"}
            async with world.http.get(f"{world.url}/returns", headers=as_session, allow_redirects=False) as reply:
                first = reply.status
            code = {"code": code_at(key, world.now)}
            async with world.http.post(f"{world.url}/sign-in/code", headers=as_step, data=code) as reply:
                second, text = reply.status, await reply.text()
            forward(world, timedelta(minutes=11))
            late, _ = await enter(other, code_at(key, world.now))

        assert (first, second, late) == (303, 403, 403)
        assert "Begin again" in text
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["path"]) == ("Strict", "/sign-in/code")


async def test_an_account_that_is_closed_or_changed_meanwhile_does_not_come_in(
    database: Database, tmp_path: Path
) -> None:
    async with world_with_a_key(database, tmp_path) as world, visitor(world) as anna:
        await people.add_account(
            database, "spare", role=Role.ADMINISTRATOR, merchants=None, password=None, by="user:test", now=world.now
        )
        key, _ = await enrol(anna)
        forward(world)
        await sign_in(world, anna)
        await people.change_account(database, "anna", disabled=True, by="user:test", now=world.now)

        closed, _ = await enter(anna, code_at(key, world.now))

        assert closed == 403


def test_a_factor_that_is_asked_for_needs_a_key_to_keep_it_with(tmp_path: Path) -> None:
    config = tmp_path / "homeward.toml"
    config.write_text('[web]\nsecond_factor = "administrators"\n')

    with pytest.raises(SettingsError, match=r"second_factor needs secrets\.key_file"):
        load(config)


async def test_a_page_without_a_key_says_who_can_help(database: Database, tmp_path: Path) -> None:
    async with open_world(database, tmp_path) as world, visitor(world) as anna:
        _, text = await anna.get("/second-factor")
        status, _ = await anna.post("/second-factor", {"what": "begin", "password": PASSWORD})

        assert "secrets.key_file" in text
        assert status == 400
