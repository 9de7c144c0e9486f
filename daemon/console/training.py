"""`homeward training …`: situations to practise on, against the sandbox, and a scorecard of how they were dealt with."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
import anyio
import orjson
import typer

from daemon.clock import Clock
from daemon.console.output import Format, emit_list, errors
from daemon.console.session import (
    NOT_FOUND,
    REFUSED,
    UNAVAILABLE,
    USAGE,
    ConfigOption,
    MerchantOption,
    OutputOption,
    Stop,
    choose_merchant,
    run_with_database,
)
from daemon.settings import Settings
from daemon.store import inbox, reports
from daemon.store.database import Database
from daemon.views.training import PACKS, first_time_right, scored
from statemachine.states import State

training = typer.Typer(help="Practise on the sandbox, and see how it went.", no_args_is_help=True)

STRIDE = timedelta(hours=6)
LOOK_SECONDS = 0.3


@training.command("packs")
def packs(output: OutputOption = Format.TABLE) -> None:
    """What there is to practise."""
    rows = [{"pack": name, "exercises": len(told), "first": told[0].task} for name, told in PACKS.items()]
    emit_list(rows, ["pack", "exercises", "first"], output)


@training.command("begin")
def begin(
    pack: Annotated[str, typer.Argument(help=" or ".join(PACKS) + ".")],
    wait: Annotated[float, typer.Option("--wait", min=1, help="Seconds to wait until everything is stuck.")] = 120,
    merchant: MerchantOption = None, output: OutputOption = Format.TABLE, config: ConfigOption = None,
) -> None:  # fmt: skip
    """Plant a pack's situations in the sandbox this configuration leads to, and wait until the daemon has stopped at each.

    Sandbox and daemon must be running. Refused for anything but a sandbox on this machine.
    """
    if pack not in PACKS:
        raise Stop(USAGE, f"there is no pack '{pack}'; there are: {', '.join(PACKS)}")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        name = choose_merchant(settings, merchant)
        async with _sandbox(settings, name) as control:
            codes = [(await _post(control, "scenario", {"name": each.scenario}))["truth"][-1]["express_code"]
                     for each in PACKS[pack]]  # fmt: skip
            kept = {"pack": pack, "merchant": name, "codes": codes}
            _file(settings).write_bytes(orjson.dumps(kept))
            with anyio.move_on_after(wait) as limit:
                while stuck := await _not_stuck(database, name, codes):
                    errors.print(f"{len(codes) - stuck} of {len(codes)} are stuck …", style="dim")
                    await _post(control, "clock", {"by_seconds": STRIDE.total_seconds()})
                    await anyio.sleep(LOOK_SECONDS)
            if limit.cancelled_caught:
                raise Stop(
                    UNAVAILABLE, f"not everything was stuck after {wait:.0f} s: does the daemon run? homeward doctor"
                )
        return [{"express_code": code, "task": each.task} for code, each in zip(codes, PACKS[pack], strict=True)]

    emit_list(run_with_database(config, work), ["express_code", "task"], output)
    errors.print("Deal with each on its page or at the command line; then: homeward training score")


@training.command("score")
def score(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """What was done about each, first, and whether that was right."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        file = _file(settings)
        if not file.is_file():
            raise Stop(NOT_FOUND, "no training was begun here: homeward training begin PACK")
        kept = orjson.loads(file.read_bytes())
        rows = []
        async with database.reading() as connection:
            for code, exercise in zip(kept["codes"], PACKS[kept["pack"]], strict=True):
                ids = [number for of, number in await reports.find(connection, code) if of == kept["merchant"]]
                rows.append(scored(exercise, code, await inbox.said_by_people(connection, kept["merchant"], ids)))
        return rows

    rows = run_with_database(config, work)
    emit_list(rows, ["express_code", "result", "did", "should", "by", "task", "because"], output)
    errors.print(first_time_right(rows))


def _file(settings: Settings) -> Path:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    return settings.state_dir / "training.json"


async def _not_stuck(database: Database, merchant: str, codes: list[str]) -> int:
    """How many are not yet exceptions in every part that is still open."""
    async with database.reading() as connection:
        states = await reports.states_of_codes(connection, merchant, codes)
    return sum(State.EXCEPTION.value not in states.get(code, ()) for code in codes)


class _sandbox:  # noqa: N801 - reads as a word where it is used
    """The sandbox's controls, when the configuration leads to one on this machine."""

    def __init__(self, settings: Settings, merchant: str) -> None:
        self._url = settings.merchants[merchant].happy_returns.base_url

    async def __aenter__(self) -> aiohttp.ClientSession:
        if urlsplit(self._url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise Stop(REFUSED, f"{self._url} is not on this machine: training plants situations, in a sandbox alone")
        self._http = aiohttp.ClientSession(base_url=self._url, timeout=aiohttp.ClientTimeout(total=10))
        if not await _answers(self._http.get, "/_sandbox/status"):
            await self._http.close()
            raise Stop(UNAVAILABLE, f"no sandbox answers at {self._url}: homeward sandbox --directory DIR")
        return self._http

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()


async def _answers(get: Callable[[str], Any], path: str) -> bool:
    try:
        async with get(path) as reply:
            return bool(reply.status == 200)
    except aiohttp.ClientError:
        return False


async def _post(control: aiohttp.ClientSession, what: str, body: dict[str, Any]) -> Any:
    async with control.post(f"/_sandbox/{what}", json=body) as reply:
        if reply.status != 200:
            raise Stop(UNAVAILABLE, f"the sandbox refused {what}: {reply.status}")
        return await reply.json()
