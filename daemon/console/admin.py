"""`homeward merchant …` and `homeward db …`: who works what, how much waits, which schema."""

from typing import Any

import anyio
import typer

from daemon import app as application
from daemon.clock import Clock
from daemon.console.output import Format, emit_list, emit_one
from daemon.console.session import ConfigOption, OutputOption, run_with_database, settings_from
from daemon.settings import Settings
from daemon.store import inbox, merchant, outbox, reports, watch
from daemon.store.database import SCHEMA_VERSION, Database

merchants = typer.Typer(help="Merchants: who works them, what waits.", no_args_is_help=True)
db = typer.Typer(help="The database's schema.", no_args_is_help=True)


@merchants.command("list")
def list_merchants(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Every merchant with the daemon that holds it; a lease that ran out is shown, but is nobody's."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = [dict(row) for row in await merchant.everyone(connection)]
        known = {row["merchant"] for row in rows}
        rows += [
            {"merchant": name, "fence": 0, "is_held": False} for name in sorted(settings.merchants) if name not in known
        ]
        return [{**row, "configured": row["merchant"] in settings.merchants} for row in rows]

    columns = ["merchant", "configured", "is_held", "lease_owner", "lease_until", "fence"]
    emit_list(run_with_database(config, work), columns, output)


@merchants.command("status")
def status(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """States, backlog and silence, one line a merchant."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        now = clock.now()
        lines = []
        async with database.reading() as connection:
            states = await reports.states(connection)
            for name in sorted(settings.merchants):
                waiting = await inbox.backlog(connection, name)
                effects = await outbox.backlog(connection, name, now)
                asked = await watch.backlog(connection, name, now)
                lines.append({
                    "merchant": name,
                    "states": {row["state"]: row["returns"] for row in states if row["merchant"] == name},
                    "events_waiting": waiting["waiting"], "effects_due": effects["due"],
                    "effects_open": effects["open"], "next_effect_at": effects["next_due"],
                    "reads_due": asked["due"], "discovery_due": asked["due_orders"], "next_read_at": asked["next_due"],
                    "unknown_to_happy_returns": asked["missing"],
                })  # fmt: skip
        return lines

    columns = ["merchant", "states", "events_waiting", "effects_due", "effects_open", "reads_due", "discovery_due"]
    emit_list(run_with_database(config, work), columns, output)


@db.command("migrate")
def migrate(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Bring the schema to this program's version. Safe to repeat."""
    settings = settings_from(config)

    async def work() -> dict[str, Any]:
        async with application.open_database(settings) as database:
            before, after = await database.migrate()
        return {"before": before, "after": after, "changed": before != after}

    emit_one(anyio.run(work), output)


@db.command("status")
def db_status(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Which schema the database has, and which one this program needs."""
    settings = settings_from(config)

    async def work() -> dict[str, Any]:
        async with application.open_database(settings) as database:
            version = await database.version()
            async with database.reading() as connection:
                server = await connection.fetchval("SHOW server_version")
        advice = "nothing to do" if version == SCHEMA_VERSION else "homeward db migrate"
        return {"schema": version, "needed": SCHEMA_VERSION, "server": server, "do": advice}

    emit_one(anyio.run(work), output)
