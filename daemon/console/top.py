"""`homeward top`: what is where, what is stuck, what waits, on one screen that keeps itself fresh; works over ssh."""

import sys
from typing import Annotated, Any

import anyio
import typer
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from daemon.clock import Clock
from daemon.console.output import Format, emit_one
from daemon.console.session import ConfigOption, MerchantOption, OutputOption, run_with_database
from daemon.console.session import only as named
from daemon.health.kinds import UNKNOWN, WELL
from daemon.settings import Settings
from daemon.store.database import Database
from daemon.views.health import SHORT
from daemon.views.look import look
from daemon.views.moments import age

COLOURS = {"exception": "red", "credit-pending": "yellow", "restocked": "green"}


def top(
    every: Annotated[float, typer.Option("--every", min=0.5, help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    only: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """States, ages, backlog, quota, health, alerts and batches, live. Ctrl-C ends it. Piped, it looks once."""

    async def work(database: Database, settings: Settings, clock: Clock) -> None:
        if output not in (Format.TABLE, Format.WIDE):
            async with database.reading() as connection:
                emit_one(await look(connection, named(only), clock.now()), output)
            return
        console = Console(highlight=False)
        if once or not sys.stdout.isatty():
            async with database.reading() as connection:
                console.print(screen(await look(connection, named(only), clock.now())))
            return
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                async with database.reading() as connection:
                    live.update(screen(await look(connection, named(only), clock.now())), refresh=True)
                await anyio.sleep(every)

    run_with_database(config, work)


def screen(told: dict[str, Any]) -> RenderableType:
    """The data as one screen."""
    now = told["as_of"]
    states = _table(
        "returns", ["state", "returns", "oldest"],
        [[Text(row["state"], style=COLOURS.get(row["state"], "")), str(row["returns"]), age(row["oldest"], now)]
         for row in told["states"]],
    )  # fmt: skip
    merchants = _table(
        "merchants", ["merchant", "worked", "events", "due", "open", "quota used", "brightpearl", "happy returns"],
        [[row["merchant"], "yes" if row["is_held"] else Text("NO", style="bold red"), str(row["events_waiting"]),
          str(row["effects_due"]), str(row["effects_open"]), str(row["quota_used"] if row["quota_used"] is not None else ""),
          _standing(row["brightpearl"]), _standing(row["happy_returns"])]
         for row in told["merchants"]],
    )  # fmt: skip
    troubles = _table(
        "health", ["merchant", "what", "since", "why"],
        [[row["merchant"] or "every one",
          Text(f"{row['subject']}: {row['status']}", style="bold red" if row["stops_work"] else "yellow"),
          age(row["since"], now), row["why"]]
         for row in told["troubles"]],
    )  # fmt: skip
    causes = _table(
        "stuck", ["cause", "team", "returns", "oldest"],
        [[row["cause"], row["owner"], str(row["returns"]), age(row["oldest"], now)] for row in told["causes"]],
    )  # fmt: skip
    alerts = _table(
        "alerts", ["team", "topic", "severity", "returns", "since"],
        [[row["team"], row["topic"], row["severity"], str(row["returns"]), age(row["since"], now)]
         for row in told["alerts"]],
    )  # fmt: skip
    running = _table(
        "batches", ["batch", "verb", "state", "done", "of"],
        [[str(row["id"]), row["verb"], row["state"], str(row["items"] - row["waiting"] - row["said"]), str(row["items"])]
         for row in told["batches"]],
    )  # fmt: skip
    head = Text(f"homeward  as of {now:%Y-%m-%d %H:%M:%S} UTC", style="bold")
    return Group(head, Columns([states, merchants], padding=(0, 4)), troubles, causes, alerts, running)


def _standing(told: str) -> str | Text:
    return told if told == SHORT[WELL] else Text(told, style="dim" if told == SHORT[UNKNOWN] else "bold red")


def _table(title: str, names: list[str], rows: list[list[str | Text]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(
            name, justify="right" if name in ("returns", "events", "due", "open", "done", "of") else "left"
        )
    for row in rows:
        table.add_row(*row)
    if not rows:
        table.add_row(Text("nothing", style="dim"))
    return table
