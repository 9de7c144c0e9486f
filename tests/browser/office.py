"""An office to test in: a world whose daemon keeps working, and people who sign in to it with a real browser."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, async_playwright

from daemon.web.access import people
from daemon.web.access.roles import Role
from tests.acceptance.processes import GIVE_UP_SECONDS
from tests.world import World

ARTEFACTS = Path(__file__).parent / "artefacts"
PASSWORD = "a long enough sentence"
PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
GRAVE = ("serious", "critical")
STARTS_WITHIN_SECONDS = 30.0
LOOKS = 10  # for what is due, until every loop looks
OF_ITS_OWN = (
    "InitialWebUI", "WebUIToolbar", "WebUILocationBar", "WebUIReloadButton", "WebUIHomeButton", "WebUIBackButton",
    "WebUIForwardButton", "WebUISplitTabsButton", "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup",
    "WebUITabStrip", "PreloadTopChromeWebUI", "AiModeOmniboxEntryPoint", "OptimizationHints", "Translate", "MediaRouter",
)  # fmt: skip
"""Pages of its own that Chromium renders for each window, where nobody sees them: half of what a new window costs."""
VIOLATIONS = {"resultTypes": ["violations"], "rules": {"region": {"enabled": False}}}  # which is never grave, and slow
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
PICTURES = "HOMEWARD_PICTURES"
"""Set where a picture of every page that is looked at is to be kept in `artefacts`."""
NEEDED = "HOMEWARD_NEEDS_BROWSER"
"""Set where a missing browser is a failure and not a reason to skip."""


def start_chromium() -> Iterator[str]:
    """Debian's Chromium, once a run; gives the address it is driven at, ends it afterwards."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        why = "there is no Chromium on this machine: apt-get install chromium"
        if os.environ.get(NEEDED):
            pytest.fail(why)
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="homeward-chromium-") as folder:
        command = [
            path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--disable-extensions", "--disable-default-apps", "--disable-breakpad", "--metrics-recording-only",
            "--disable-software-rasterizer", f"--disable-features={','.join(OF_ITS_OWN)}",
            "--remote-debugging-port=0", f"--user-data-dir={folder}/profile", "about:blank",
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield _address(Path(folder) / "profile" / "DevToolsActivePort")
        finally:
            process.terminate()
            process.wait(GIVE_UP_SECONDS)


def _address(port_file: Path) -> str:
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        if port_file.is_file() and port_file.read_text().strip():
            return f"http://127.0.0.1:{port_file.read_text().split()[0]}"
        time.sleep(0.05)
    raise AssertionError("Chromium did not start")


@dataclass(slots=True)
class Office:
    """The world, the browser, and a page of whoever signed in last."""

    world: World
    browser: Browser
    troubles: list[str] = field(default_factory=list)
    is_looked_at: bool = False
    """While pictures are taken and accessibility is checked, which put styles of their own into a page, or try to."""
    """What the browser complained about: scripts that broke, requests that were blocked."""

    async def sign_in(
        self, name: str = "anna", role: Role = Role.ADMINISTRATOR, *, merchants: list[str] | None = None,
        javascript: bool = True, at: str = "/",
    ) -> Page:  # fmt: skip
        """A new account in a browser of its own, signed in through the form."""
        await people.add_account(
            self.world.database,
            name,
            role=role,
            merchants=merchants,
            password=PASSWORD,
            by="user:test",
            now=self.world.now,
        )
        context = await self.browser.new_context(java_script_enabled=javascript, viewport=DESKTOP)
        page = await self.page(context)
        await page.goto(f"{self.world.url}{at}")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    async def page(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._hear(page, said))
        return page

    def _hear(self, page: Page, said: ConsoleMessage) -> None:
        of_our_tools = self.is_looked_at and "Applying inline style" in said.text
        if said.type == "error" and not of_our_tools:
            self.troubles.append(f"{page.url}: {said.text}")


async def picture(page: Page, name: str) -> None:
    """Where they are wanted: a screenshot of the whole page, kept as an artefact of the run."""
    if os.environ.get(PICTURES):
        ARTEFACTS.mkdir(exist_ok=True)
        await page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


async def look_at(office: Office, page: Page, name: str) -> None:
    """Hold the page as it stands to what every page must be: for everybody, on every screen.

    What is seen in the dark differs by its colours alone (test_looks.py): there the rules of colours are looked at again.
    """
    before = page.viewport_size
    office.is_looked_at = True
    await picture(page, name)
    await page.evaluate(AXE_SCRIPT)
    for scheme, options in (("light", {}), ("dark", OF_COLOURS)):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = await page.evaluate("options => axe.run(options)", {**VIOLATIONS, **options})
        office.troubles += [
            f"{name}, {scheme}: {each['id']} {each['nodes'][0]['html'][:200]}"
            for each in found["violations"] if each["impact"] in GRAVE
        ]  # fmt: skip
    await page.set_viewport_size(PHONE)
    await picture(page, f"{name}-phone")
    width = await page.evaluate("document.scrollingElement.scrollWidth")
    if width > PHONE["width"]:
        office.troubles.append(f"{name}: {width} wide on a phone")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(before or DESKTOP)
    office.is_looked_at = False


async def in_office(world: World, chromium: str, play: Callable[[Office], Awaitable[None]]) -> None:
    """Let people work while the daemon does: events are decided, effects are done, live pages hear of it."""
    async with async_playwright() as playwright, anyio.create_task_group() as group:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        office = Office(world, browser)
        group.start_soon(_keep_working, world)
        group.start_soon(world.desk.pulse.run)
        try:
            await play(office)
        finally:
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                for context in browser.contexts[1:]:
                    await context.close()
    assert office.troubles == [], office.troubles


async def _keep_working(world: World) -> None:
    """As the daemon does: what is due at once; from time to time every loop, for what only it knows of."""
    while True:
        await world.settle()
        for _ in range(LOOKS):
            await anyio.sleep(0.1)
            await world.work()
