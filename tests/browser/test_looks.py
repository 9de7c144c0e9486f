"""Every page, as it looks: readable by everybody, on a phone, in the dark, and without scripts."""

import re
from datetime import timedelta
from pathlib import Path

import daemon.web
from daemon.store.database import Database
from tests.browser.office import DESKTOP, Office, in_office, look_at
from tests.world import World, open_world

STATIC = Path(daemon.web.__file__).parent / "static"
TROUBLES = (
    "bar_single", "cancelled_order", "over_return", "sku_of_nobody", "rival_credit", "two_bags", "other_currency", "damaged",
    "missing_item", "unidentified_extra",
)  # fmt: skip


async def a_busy_week(world: World) -> dict[str, str]:
    """Returns in many states; answers the addresses of pages by name."""
    trouble = world.begin("substitution")
    for scenario in TROUBLES:
        world.begin(scenario)
    await world.pass_time(timedelta(days=5))
    stuck = (await world.show(trouble["express_code"]))["id"]
    return {"passport": f"/returns/{stuck}", "compare": f"/returns/{stuck}/compare"}


PAGES = {
    "home-customer-service": "/home/customer-service", "home-finance": "/home/finance", "home-warehouse": "/home/warehouse",
    "home-operator": "/home/operator", "exceptions": "/exceptions", "exceptions-by-cause": "/exceptions?group=cause",
    "returns": "/returns", "receiving": "/warehouse", "receiving-unknown": "/warehouse?scan=UNKNOWN1",
    "import": "/warehouse/import",
    "batches": "/batches", "accounts": "/accounts", "access-log": "/accounts/log", "help": "/help", "password": "/password",
    "second-factor": "/second-factor",
    "rounds": "/checklists",
    "found-several": "/find?q=10401", "found-nothing": "/find?q=NOTHING1",
    "not-found": "/returns/99999", "wrong-filter": "/exceptions?where=nonsense",
}  # fmt: skip


def test_the_dark_sets_nothing_but_colours() -> None:
    styles = (STATIC / "homeward.css").read_text()

    blocks = re.findall(r"@media[^{]*prefers-color-scheme[^{]*\{\s*:root\s*\{([^{}]*)\}\s*\}", styles)

    assert len(blocks) == styles.count("prefers-color-scheme") == 1
    assert all(re.fullmatch(r"\s*--[\w-]+:\s*#[0-9a-f]{6}\s*", each) for each in blocks[0].split(";") if each.strip())


async def test_every_page_can_be_read_by_everybody_and_fits_a_phone(
    database: Database, tmp_path: Path, chromium: str
) -> None:
    async with open_world(database, tmp_path) as world:
        pages = PAGES | await a_busy_week(world)

        async def play(office: Office) -> None:
            page = await office.page(await office.browser.new_context(viewport=DESKTOP))
            await page.goto(f"{world.url}/sign-in")
            await look_at(office, page, "sign-in")
            page = await office.sign_in()
            for name, address in pages.items():
                await page.goto(f"{world.url}{address}")
                if name == "passport":
                    await page.locator("#compare").wait_for()
                await look_at(office, page, name)
            office.troubles = [each for each in office.troubles if "status of 40" not in each]

        await in_office(world, chromium, play)
