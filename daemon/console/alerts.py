"""`homeward alert …`: what teams are alerted for, what went out to them, and whether it would arrive."""

from typing import Annotated, Any
from uuid import uuid4

import anyio
import typer

from daemon import app as application
from daemon import opening
from daemon.alerts.channels import channels_of, send
from daemon.clock import Clock
from daemon.console.output import Format, emit_list
from daemon.console.session import (
    NOT_FOUND,
    PARTIAL,
    USAGE,
    ConfigOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    choose_merchant,
    only,
    run_with_database,
    settings_from,
)
from daemon.errors import HomewardError
from daemon.health.kinds import INSTALLATION
from daemon.settings import Settings
from daemon.settings_merchant import MessagingSettings
from daemon.store import health, notice
from daemon.store.database import Database
from daemon.store.notice import Message
from daemon.views.moments import age
from statemachine.causes import TEAMS

alerts = typer.Typer(help="Who is told what, and whether it arrives.", no_args_is_help=True)

TeamOption = Annotated[str | None, typer.Option("--team", help=f"Only this team: {', '.join(TEAMS)}.")]


@alerts.command("list")
def list_alerts(
    team: TeamOption = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """What is open, one line a team and cause; urgent and oldest first."""
    _known(team)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = await notice.listing(connection, merchants=only(merchant), team=team, rows_max=limit)
        return [
            {
                **row,
                "age": age(row["since"], clock.now()),
                "reached_by": _reached(settings, row["merchant"], row["team"]),
            }
            for row in rows
        ]

    columns = ["merchant", "severity", "team", "topic", "returns", "age", "told_at", "reached_by"]
    emit_list(run_with_database(config, work), columns, output, hint="then: homeward exception list --cause TOPIC")


@alerts.command("messages")
def list_messages(
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """What was sent to teams, newest first; what did not arrive yet says why and when it is tried again.

    Digests of what waits for a team, and what operations are told of health; without a merchant where it concerns all.
    """

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        names = [merchant] if merchant is not None else [INSTALLATION, *sorted(settings.merchants)]
        async with database.reading() as connection:
            rows = [dict(row) for row in await notice.messages(connection, merchants=only(merchant), rows_max=limit)]
            rows += [dict(row) for row in await health.listing(connection, names, rows_max=limit)]
        return sorted(rows, key=lambda row: row["created_at"], reverse=True)[:limit]

    columns = ["merchant", "id", "team", "channel", "state", "attempts", "due_at", "last_error", "created_at"]
    emit_list(run_with_database(config, work), columns, output)


@alerts.command("test")
def send_test(
    team: Annotated[str, typer.Argument(metavar="TEAM", help=", ".join(TEAMS))],
    merchant: MerchantOption = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Send one test message by every way the team is reached, now; exit 8 if one of them fails.

    --merchant: the team of that merchant, where it has one of its own.
    """
    _known(team)
    settings = settings_from(config)
    alerts_of = settings.alerts_of(choose_merchant(settings, merchant)) if merchant is not None else settings.alerts
    told = alerts_of.of(team)
    if told is None or not channels_of(told):
        raise Stop(NOT_FOUND, f"nobody of {team} is reached: set alerts.teams.{team} in the configuration")

    async def work() -> list[dict[str, Any]]:
        clock, rows = opening.build_clock(settings), []
        now = clock.now()
        content = {
            "schema": "homeward.digest/v1", "merchant": "test", "team": team, "as_of": now.isoformat(),
            "severity": "notice", "over": [],
            "topics": [{
                "topic": "test", "new": 1, "open": 1, "oldest_at": now.isoformat(), "is_urgent": False,
                "means": "This is a test; nothing is wrong.", "next_step": "Nothing.", "command": "homeward alert list",
                "runbook": "homeward help causes",
                "returns": [],
            }],
        }  # fmt: skip
        async with application.new_http_session() as http:
            for channel in channels_of(told):
                error = ""
                try:
                    message = Message(uuid4(), team, channel, content, 0, now)
                    await send(message, alerts=alerts_of, messaging=MessagingSettings(), http=http, clock=clock)
                except HomewardError as failure:
                    error = str(failure)
                rows.append({"team": team, "channel": channel, "result": "failed" if error else "sent", "why": error})
        return rows

    rows = anyio.run(work)
    emit_list(rows, ["team", "channel", "result", "why"], output)
    if any(row["result"] == "failed" for row in rows):
        raise SystemExit(PARTIAL)


def _known(team: str | None) -> None:
    if team is not None and team not in TEAMS:
        raise Stop(USAGE, f"there is no team {team!r}; known: {', '.join(TEAMS)}")


def _reached(settings: Settings, merchant: str, team: str) -> str:
    alerts_of = settings.alerts_of(merchant) if merchant in settings.merchants else settings.alerts
    reached = alerts_of.of(team)
    return ", ".join(channels_of(reached)) if reached and channels_of(reached) else "nobody"
