"""Finance at work in a real browser: from a figure to a physical unit, a decision, a file, a month."""

from pathlib import Path

from playwright.async_api import expect

from daemon.web.access.roles import Role
from tests.browser.office import Office, in_office, look_at
from tests.finance_files import SHOPIFY
from tests.given import Given
from tests.integration.test_book_pages import book_world

PAGES = {
    "books": "/books", "books-matches": "/books/matches?status=open", "books-payouts": "/books/matches?what=payouts",
    "books-orphans": "/books/orphans", "books-fees": "/books/fees", "books-months": "/books/periods",
    "books-files": "/books/files", "books-file": "/books/files/1", "books-checks": "/books/checks",
}  # fmt: skip


async def test_the_books_can_be_read_by_everybody_and_fit_a_phone(given: Given, chromium: str) -> None:
    async with book_world(given) as world:
        world.loops = []  # the season is over

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.FINANCE)
            for name, address in PAGES.items():
                await page.goto(f"{world.url}{address}")
                await look_at(office, page, name)

        await in_office(world, chromium, play)


async def test_finance_follows_an_orphan_to_its_unit_and_settles_it(
    given: Given, tmp_path: Path, chromium: str
) -> None:
    async with book_world(given) as world:
        world.loops = []
        file = tmp_path / "shopify.csv"
        file.write_text(SHOPIFY)

        async def play(office: Office) -> None:
            page = await office.sign_in(role=Role.FINANCE, at="/books")
            await page.get_by_role("link", name="orphans:").click()
            await page.get_by_role("link", name="credit without stock", exact=True).click()
            await expect(page.locator("[data-line]")).to_have_count(3)
            await page.locator("[data-line] a").first.click()
            await expect(page.get_by_role("heading", name="Legs")).to_be_visible()
            await look_at(office, page, "books-match")
            form = page.locator("form", has=page.get_by_role("button", name="Decide"))
            await form.get_by_label("Do").select_option("write-off")
            await form.get_by_label("Why").fill("the parcel is lost, the carrier pays")
            await form.get_by_role("button", name="Decide").click()
            await expect(page.get_by_role("heading", level=1)).to_contain_text("written off")
            await page.get_by_role("link", name="Orphans").click()
            await expect(page.get_by_text("24 legs wait")).to_be_visible()
            await page.get_by_role("link", name="Files").click()
            await page.get_by_label("Payouts, an invoice").set_input_files(file)
            await page.get_by_role("button", name="Preview").click()
            await expect(page.get_by_text("2 rows would be taken")).to_be_visible()
            await look_at(office, page, "books-preview")

        await in_office(world, chromium, play)
