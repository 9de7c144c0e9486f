"""People at work in a real browser: customer service, finance, warehouse; each in one step where one is enough."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from daemon.store import goods
from daemon.store.database import Database
from daemon.web.access.roles import Role
from tests.browser.office import Office, in_office, look_at
from tests.world import MERCHANT, World, open_world

WEEK = timedelta(days=6)


async def state_of(world: World, code: str) -> str:
    return str((await world.show(code))["state"])


async def test_a_scan_finds_the_return(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        truth = world.begin("two_bags")
        await world.pass_time(2 * WEEK)
        found = await world.show(truth["express_code"])
        (tracking, *_) = [unit["tracking"] for unit in found["units"] if unit["tracking"]]

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.VIEWER)
            for scanned in (
                truth["express_code"],
                found["order_number"],
                str(found["credit"]["id"]),
                f"420{'9' * 5}{tracking}",
            ):
                await page.keyboard.press("/")
                await page.keyboard.type(scanned)  # a scanner types, and presses Enter
                await page.keyboard.press("Enter")
                await expect(page.get_by_role("heading", level=1)).to_contain_text(truth["express_code"])

        await in_office(world, chromium, play)


async def test_a_mismatch_is_resolved_by_accepting_the_suggested_reading(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("substitution")["express_code"]
        await world.pass_time(WEEK)
        assert await state_of(world, code) == "exception"

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.CUSTOMER_SERVICE, at=f"/find?q={code}")
            await expect(page.get_by_role("heading", name="Suggested reading")).to_be_visible()
            await look_at(office, page, "mismatch")
            await page.get_by_role("button", name="It is right for this return").click()
            await expect(page.get_by_role("heading", name="Accept: preview")).to_be_visible()
            await look_at(office, page, "mismatch-preview")
            await page.get_by_role("button", name="Accept it").click()
            await expect(page.get_by_role("heading", level=1)).to_contain_text("credited")

        await in_office(world, chromium, play)

        found = await world.show(code)
        assert found["state"] == "credited"
        assert any(row["actor"] == "user:anna" and row["event"] == "resumed" for row in found["journal"])


async def test_a_suggested_reading_becomes_a_rule_that_frees_the_return(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("substitution")["express_code"]
        await world.pass_time(WEEK)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.FINANCE, at=f"/find?q={code}")
            await page.get_by_role("button", name="make a rule").click()
            await expect(page.get_by_text("would pass")).to_be_visible()
            await look_at(office, page, "rule")
            await page.get_by_role("button", name="Put it in force").click()
            await expect(page.get_by_role("heading", level=1)).to_contain_text("credited")

        await in_office(world, chromium, play)


async def held(world: World, count: int) -> list[str]:
    """So many returns whose credits are done and that a person has stopped before their goods came in."""
    codes = [str(world.begin("bar_single")["express_code"]) for _ in range(count)]
    await world.pass_time(timedelta(days=2))
    for code in codes:
        done, _, said = await world.homeward("return", "hold", code, "--reason", "fraud check", "--yes")
        assert done == 0, said
    await world.settle()
    return codes


async def test_everything_that_matches_is_released_after_a_preview(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        codes = await held(world, 3)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.CUSTOMER_SERVICE, at="/exceptions?cause=held")
            await page.get_by_label("everything matching").check()
            await page.locator("#bulk select[name=verb]").select_option("release")
            await page.get_by_role("button", name="Go on").click()
            await page.get_by_label("Why (kept in the journal)").fill("checked, all well")
            await look_at(office, page, "release-asked")
            await page.get_by_role("button", name="Preview").click()
            await expect(page.get_by_text("3 will be done")).to_be_visible()
            assert [await state_of(world, code) for code in codes] == ["exception"] * 3  # a preview changes nothing
            await look_at(office, page, "release-preview")
            await page.get_by_role("button", name="Release 3 returns").click()
            await expect(page.get_by_text("3 of 3 settled")).to_be_visible(timeout=15_000)
            await look_at(office, page, "batch")

        await in_office(world, chromium, play)

        assert "exception" not in [await state_of(world, code) for code in codes]


async def test_a_bag_with_one_unit_nobody_expected_is_received_by_scanner_alone(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_several")["express_code"])
        world.sandbox.season.receipts.clear()
        await world.pass_time(timedelta(days=3))
        units = (await world.show(code))["units"]
        waiting = [unit for unit in units if not unit["received_at"]]
        assert waiting

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.WAREHOUSE, at="/warehouse")
            await scan(page, code)
            for unit in waiting:
                await expect(page.locator("#item")).to_be_focused()
                await scan(page, unit["sku"])
                await expect(page.get_by_role("status").filter(has_text="Received")).to_be_visible()
            await scan(page, "STRANGER-1")
            await expect(page.get_by_role("button", name=f"Park it with {code}")).to_be_focused()
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("Parked: not in this return")).to_be_visible()
            await look_at(office, page, "receiving-odd")
            await page.goto(f"{world.url}/home/warehouse")
            await expect(page.get_by_text("STRANGER-1")).to_be_visible()

        await in_office(world, chromium, play)

        async with database.reading() as connection:
            rows = await goods.received(connection, MERCHANT, since=world.now - timedelta(days=1), rows_max=50)
        assert {row["unit_key"] for row in rows} >= {unit["key"] for unit in waiting}


async def test_the_next_bag_opens_from_any_field_and_a_mistake_is_taken_back(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        first, second = (str(world.begin("bar_several")["express_code"]) for _ in range(2))
        world.sandbox.season.receipts.clear()
        await world.pass_time(timedelta(days=3))
        skus = [unit["sku"] for unit in (await world.show(first))["units"]]

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.WAREHOUSE, at="/warehouse")
            await scan(page, first)
            await expect(page.locator("#item")).to_be_focused()
            await scan(page, second)  # into the field of the units
            await expect(page.get_by_role("heading", name=second)).to_be_visible()
            await scan(page, "STRANGER-2")
            await expect(page.get_by_text("Parked: not in this return")).to_be_visible()
            await page.goto(f"{world.url}/warehouse?scan={first}")
            for sku in skus:
                await expect(page.locator("#item")).to_be_focused()
                await scan(page, sku)
                await expect(page.get_by_role("status").filter(has_text="Received")).to_be_visible()
            await page.get_by_label("Something more in it?").fill(skus[-1])  # the same label, read once more
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("All of it is here already")).to_be_visible()
            await page.goto(f"{world.url}/home/warehouse")
            await page.get_by_text("It was a mistake").click()
            await page.get_by_label("Why").fill("scanned by mistake")
            await page.get_by_role("button", name="Take it back").click()
            await expect(page.get_by_text("STRANGER-2")).to_have_count(0)

        await in_office(world, chromium, play)


async def scan(page: Page, text: str) -> None:
    """What a scanner does: types into what has the focus, and presses Enter."""
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await page.wait_for_load_state("domcontentloaded")


async def test_what_the_daemon_does_appears_without_a_reload(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        code = str(world.begin("bar_single")["express_code"])
        await world.pass_time(timedelta(hours=12))
        number = (await world.show(code))["id"]

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.VIEWER, at=f"/returns/{number}")
            await page.evaluate("window.sameDocument = true")
            await expect.soft(page.get_by_text("a note from elsewhere")).to_have_count(0)
            done, _, said = await world.homeward("return", "note", code, "--note", "a note from elsewhere")
            assert done == 0, said
            await expect(page.get_by_text("a note from elsewhere").first).to_be_visible(timeout=10_000)
            assert await page.evaluate("window.sameDocument") is True

        await in_office(world, chromium, play)


async def test_roles_see_and_do_only_what_is_theirs(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("substitution")["express_code"]
        await world.pass_time(WEEK)
        number = (await world.show(code))["id"]

        async def play(office: Office) -> None:
            viewer = await office.sign_in("vera", Role.VIEWER, at=f"/returns/{number}")
            await expect(viewer.get_by_role("heading", name="Do", exact=True)).to_have_count(0)
            await expect(viewer.get_by_role("link", name="Accounts")).to_have_count(0)
            receiver = await office.sign_in("walt", Role.WAREHOUSE, at=f"/returns/{number}")
            await expect(receiver.get_by_role("button", name="Force …")).to_have_count(0)
            await expect(receiver.get_by_role("button", name="Receive …")).to_have_count(1)
            service = await office.sign_in("clara", Role.CUSTOMER_SERVICE, at=f"/returns/{number}")
            await expect(service.get_by_role("button", name="Resolve …")).to_have_count(1)
            await expect(service.get_by_role("button", name="Force …")).to_have_count(0)
            reply = await viewer.goto(f"{world.url}/accounts")
            assert reply is not None
            assert reply.status == 403
            await expect(viewer.get_by_text("It needs one of these roles: administrator.")).to_be_visible()
            nobody = await office.sign_in("nina", Role.ADMINISTRATOR, merchants=["another"], at="/returns")
            await expect(nobody.get_by_text("Nothing fits")).to_be_visible()
            reply = await nobody.goto(f"{world.url}/returns/{number}")
            assert reply is not None
            assert reply.status == 404
            office.troubles = [each for each in office.troubles if "status of 40" not in each]

        await in_office(world, chromium, play)


async def test_the_queue_is_worked_by_keyboard_alone(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        truths = [world.begin("cancelled_order"), world.begin("over_return")]
        await world.pass_time(WEEK)

        async def play(office: Office) -> None:
            page = await office.sign_in("clara", Role.CUSTOMER_SERVICE)
            press = page.keyboard.press
            await press("g")
            await press("e")
            await page.wait_for_url("**/exceptions")
            await press("j")
            await press("x")
            await press("j")
            await press("x")
            await expect(page.locator("[data-chosen]")).to_have_text("2")
            await press("a")
            await expect(page.get_by_label("Who works on it")).to_be_focused()
            await press("Enter")  # "me" stands there already
            await expect(page.get_by_role("button", name="Assign 2 returns")).to_be_focused()
            await press("Enter")
            await expect(page.get_by_text("2 of 2 settled")).to_be_visible(timeout=15_000)
            await press("?")
            await expect(page.get_by_role("dialog")).to_be_visible()
            await look_at(office, page, "keys")
            await press("Escape")
            await press("g")
            await press("e")
            await page.wait_for_url("**/exceptions")
            await press("j")
            await press("Enter")
            await expect(page.get_by_text("clara works on it").first).to_be_visible()

        await in_office(world, chromium, play)

        for truth in truths:
            assert (await world.show(truth["express_code"]))["assignee"] == "clara"


async def test_pages_can_be_read_without_javascript(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("substitution")["express_code"]
        await world.pass_time(WEEK)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.CUSTOMER_SERVICE, javascript=False, at=f"/find?q={code}")
            await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
            await page.get_by_role("link", name="Compare with the order in Brightpearl").click()
            await expect(page.get_by_role("heading", name="Suggested reading")).to_be_visible()
            await page.goto(f"{world.url}/find?q={code}")
            await page.get_by_label("Note (no personal data)").fill("seen without scripts")
            await page.get_by_role("button", name="Note", exact=True).click()
            await expect(page.get_by_text("seen without scripts").first).to_be_visible()

        await in_office(world, chromium, play)


async def test_what_ran_out_of_every_clock_stands_first_in_the_queue(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        old = str(world.begin("cancelled_order")["express_code"])
        await world.pass_time(timedelta(days=40))
        new = str(world.begin("over_return")["express_code"])
        await world.pass_time(WEEK)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.CUSTOMER_SERVICE, at="/exceptions")
            lines = page.locator("tr[data-line]")
            await expect(lines).to_have_count(2)
            await expect(lines.first).to_contain_text(old)
            await expect(lines.first).to_contain_text("overdue")
            await expect(lines.last).to_contain_text(new)
            await page.goto(f"{world.url}/home/customer-service")
            await page.get_by_role("link", name="overdue", exact=False).first.click()
            await expect(page.locator("tr[data-line]").first).to_contain_text(old)

        await in_office(world, chromium, play)


async def test_going_back_from_a_change_shows_what_was_asked(database: Database, tmp_path: Path, chromium: str) -> None:
    async with open_world(database, tmp_path) as world:
        code = world.begin("cancelled_order")["express_code"]
        await world.pass_time(WEEK)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.CUSTOMER_SERVICE, at=f"/find?q={code}")
            await page.get_by_role("button", name="Hold …").click()
            await page.get_by_label("Why (kept in the journal)").fill("fraud check")
            await page.get_by_role("button", name="Preview").click()
            await expect(page.get_by_role("heading", name="Hold: preview")).to_be_visible()
            await page.go_back(wait_until="commit")
            await expect(page.get_by_role("heading", name="Hold: 1 return")).to_be_visible()

        await in_office(world, chromium, play)


async def test_what_is_worth_much_waits_for_a_second_person(database: Database, tmp_path: Path, chromium: str) -> None:
    limit = "\n[merchants.acme.people]\nsecond_person_above = 1\n"
    async with open_world(database, tmp_path, extra_config=limit) as world:
        code = world.begin("cancelled_order")["express_code"]
        await world.pass_time(WEEK)
        told: dict[str, Any] = {}

        async def play(office: Office) -> None:
            page = await office.sign_in("fred", Role.FINANCE, at=f"/find?q={code}")
            await page.get_by_role("button", name="Resolve …").click()
            await page.get_by_label("Reason").select_option("refunded-elsewhere")
            await page.get_by_label("In your own words").fill("paid back by the shop")
            await page.get_by_role("button", name="Preview").click()
            await expect(page.get_by_text("waits until a second person agrees").first).to_be_visible()
            await page.get_by_role("button", name="Resolve it").click()
            await expect(page.get_by_text("somebody else must approve it")).to_be_visible()
            await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
            told["batch"] = page.url
            told["before"] = await state_of(world, code)
            other = await office.sign_in("gina", Role.FINANCE, at=page.url.removeprefix(world.url))
            await other.get_by_role("button", name="Approve").click()
            await expect(other.get_by_text("1 of 1 settled")).to_be_visible(timeout=15_000)

        await in_office(world, chromium, play)

        assert told["before"] == "exception"
        assert await state_of(world, code) == "closed"
