"""A second factor in a real browser: the picture shows, and the pages can be read by everybody."""

import base64
import re
from datetime import timedelta
from pathlib import Path

from daemon.store.database import Database
from daemon.store.sealed import new_key
from daemon.web.access.factor import Key
from tests.browser.office import PASSWORD, Office, in_office, look_at
from tests.visitor import code_at
from tests.world import open_world


async def test_an_administrator_who_must_adds_one_and_signs_in_with_it(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    (tmp_path / "sealing").write_text(new_key())
    secrets = '\n[secrets]\nkey_file = "sealing"\n'
    asked_for = 'second_factor = "administrators"'
    async with open_world(database, tmp_path, extra_config=secrets, web_config=asked_for) as world:

        async def play(office: Office) -> None:
            page = await office.sign_in(at="/accounts")
            assert page.url.endswith("/second-factor")
            await look_at(office, page, "second-factor-due")
            await page.get_by_label("Your password").fill(PASSWORD)
            await page.get_by_role("button", name="Add a second factor").click()
            assert await page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
            await look_at(office, page, "second-factor-key")
            words = (await page.locator("code").first.inner_text()).replace(" ", "")
            key = Key("anna", base64.b32decode(words))
            await page.get_by_label("Code").fill(code_at(key, world.now))
            await page.get_by_role("button", name="Turn it on").click()
            codes = await page.locator(".codes code").all_inner_texts()
            await look_at(office, page, "second-factor-codes")
            assert len(codes) == 10
            assert all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in codes)

            world.sandbox.clock.move(to=world.now + timedelta(minutes=1))
            await page.goto(f"{world.url}/accounts")
            assert await page.get_by_role("heading", name="Accounts").is_visible()
            await page.locator("details.me summary").click()
            await page.get_by_role("button", name="Sign out").click()
            await page.get_by_label("Name").fill("anna")
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await look_at(office, page, "sign-in-code")
            await page.get_by_label("Code").fill(code_at(key, world.now))
            await page.get_by_role("button", name="Sign in").click()
            await page.wait_for_url(lambda url: "/sign-in" not in url)

        await in_office(world, chromium, play)
