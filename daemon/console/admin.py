"""`homeward merchant …` and `homeward db …`: who works what, how much waits, which schema."""

import logging
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from rich.progress import Progress

from daemon import opening
from daemon.clock import Clock
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    REFUSED,
    ConfigOption,
    DryRunOption,
    MerchantOption,
    OutputOption,
    ReasonOption,
    Stop,
    YesOption,
    actor,
    choose_merchant,
    confirm,
    run_with_database,
    settings_from,
)
from daemon.health.kinds import BRIGHTPEARL, HAPPY_RETURNS
from daemon.health.signals import stopped
from daemon.loops.dispatch import QUOTA
from daemon.loops.receive import DEFERRED
from daemon.settings import Settings
from daemon.store import accounts, health, inbox, merchant, outbox, reports, retention, sealed, watch
from daemon.store.database import SCHEMA_VERSION, Database, Migration
from daemon.views.forecast import quota_told
from daemon.views.health import answers, standing, summary

log = logging.getLogger(__name__)

merchants = typer.Typer(help="Merchants: who works them, what waits.", no_args_is_help=True)
db = typer.Typer(help="The database's schema.", no_args_is_help=True)


@merchants.command("list")
def list_merchants(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Every merchant with the daemon that holds it, and whether it can be worked; a lease that ran out is nobody's."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = [dict(row) for row in await merchant.everyone(connection)]
            signals = await health.read(connection, [row["merchant"] for row in rows])
        for row in rows:
            row["health"] = summary(signals, row["merchant"])
            if row["writes"] == "live" and stopped(signals, row["merchant"]):
                row["writes"] = "stopped"  # nobody holds them, and none can be made
        known = {row["merchant"] for row in rows}
        rows += [
            {"merchant": name, "fence": 0, "is_held": False, "health": "not worked yet"}
            for name in sorted(settings.merchants)
            if name not in known
        ]
        return [{**row, "configured": row["merchant"] in settings.merchants} for row in rows]

    columns = [
        "merchant",
        "configured",
        "is_held",
        "lease_owner",
        "lease_until",
        "fence",
        "writes",
        "health",
        "writes_held_since",
        "writes_held_why",
    ]
    emit_list(run_with_database(config, work), columns, output)


@merchants.command("hold")
def hold(
    merchant_name: Annotated[str, typer.Argument(metavar="MERCHANT")],
    reason: ReasonOption,
    yes: YesOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Let nothing leave for this merchant's vendors: everything is polled and decided, and waits. Holds within seconds.

    What is in a daemon's hands at that moment (one wave) may still be sent.
    """
    name = choose_merchant(settings_from(config), merchant_name)
    confirm(f"Hold everything that would be sent for {name}?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> bool:
        async with database.transaction("command") as connection:
            await merchant.ensure(connection, [name])
            changed = await merchant.hold(connection, name, actor=actor(), why=reason, now=clock.now())
            if changed:
                await accounts.log(
                    connection, actor=actor(), action="writes-held", merchant=name, detail=reason, now=clock.now()
                )
            return changed

    emit_one({"merchant": name, "writes": "held", "changed": run_with_database(config, work)}, output)


@merchants.command("go-live")
def go_live(
    merchant_name: Annotated[str, typer.Argument(metavar="MERCHANT")],
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Let writes leave again. What was only observed is judged once more, against the books as they are then, and sent."""
    settings = settings_from(config)
    name = choose_merchant(settings, merchant_name)

    async def waiting(database: Database, settings: Settings, clock: Clock) -> tuple[str, int]:
        async with database.reading() as connection:
            known = {row["merchant"]: row["writes"] for row in await merchant.everyone(connection)}
            return known.get(name, "live"), await outbox.count_observed(connection, name)

    async def work(database: Database, settings: Settings, clock: Clock) -> bool:
        async with database.transaction("command") as connection:
            changed = await merchant.go_live(connection, name)
            if changed:
                await accounts.log(
                    connection, actor=actor(), action="writes-released", merchant=name, detail=reason, now=clock.now()
                )
            return changed

    writes, wait = run_with_database(config, waiting)
    if settings.merchants[name].observe:
        raise Stop(REFUSED, f"merchants.{name}.observe is set in the configuration: take it out and restart the daemon")
    if dry_run:
        emit_one({"merchant": name, "writes": writes, "observed": wait, "changed": False}, output)
        return
    if writes == "observed":
        raise Stop(
            REFUSED,
            "the daemon was started with --observe: start it without, and come again; until then nothing leaves",
        )
    confirm(f"Let {wait} observed effect(s) of {name}, and all that follow, be sent to the vendors?", yes=yes)
    changed = run_with_database(config, work)
    emit_one({"merchant": name, "writes": "live", "observed": wait, "changed": changed}, output)


@merchants.command("status")
def status(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Health, states, backlog, quota use and when the backlog will have drained, one line a merchant."""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        now = clock.now()
        lines = []
        async with database.reading() as connection:
            states = await reports.states(connection)
            signals = await health.read(connection, sorted(settings.merchants))
            for name in sorted(settings.merchants):
                waiting = await inbox.backlog(connection, name)
                effects = await outbox.backlog(connection, name, now)
                asked = await watch.backlog(connection, name, now)
                quota = await merchant.read_cursor(connection, name, QUOTA) or {}
                deferred = await merchant.read_cursor(connection, name, DEFERRED) or {}
                kinds = await outbox.open_by_kind(connection, name)
                share = settings.merchants[name].brightpearl.requests_per_minute
                lines.append({
                    "merchant": name,
                    "states": {row["state"]: row["returns"] for row in states if row["merchant"] == name},
                    "events_waiting": waiting["waiting"], "effects_due": effects["due"],
                    "effects_open": effects["open"], "next_effect_at": effects["next_due"],
                    "reads_due": asked["due"], "discovery_due": asked["due_orders"], "next_read_at": asked["next_due"],
                    "unknown_to_happy_returns": asked["missing"],
                    "webhooks_deferred": deferred.get("webhooks", 0), "webhook_deferred_at": deferred.get("last_at"),
                    **quota_told(quota, share=share, kinds=kinds, now=now),
                    "vendor_answers": answers(signals, name, BRIGHTPEARL), "health": summary(signals, name),
                    "brightpearl": standing(signals, name, BRIGHTPEARL, now),
                    "happy_returns": standing(signals, name, HAPPY_RETURNS, now),
                })  # fmt: skip
        return lines

    columns = [
        "merchant", "health", "states", "events_waiting", "effects_due", "effects_open", "quota_used", "quota_share",
        "drained_at", "reads_due", "discovery_due", "webhooks_deferred",
    ]  # fmt: skip
    emit_list(run_with_database(config, work), columns, output)


@db.command("migrate")
def migrate(dry_run: DryRunOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Bring the schema to this program's version and give every role its rights. Safe to repeat.

    One transaction: all of it or nothing. Daemons may go on working meanwhile. A dry run does everything and takes it back.
    """
    settings = settings_from(config)

    async def work() -> Migration:
        async with opening.open_database(settings, as_owner=True) as owner:
            return await opening.migrate(settings, owner, dry_run=dry_run)

    done = anyio.run(work)
    told = {"before": done.before, "after": done.after, "steps": list(done.steps),
            "granted": list(done.granted), "changed": done.before != done.after and not dry_run}  # fmt: skip
    emit_one(told, output)


@db.command("restored")
def restored(
    reason: ReasonOption, yes: YesOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Say that this database was brought back from a dump or a disk snapshot, so that it may have forgotten what was sent.

    A failover or a restore from a base backup is noticed without it. For about a minute nothing is sent; what was credited
    and forgotten is asked for and taken over.
    """
    confirm("Void every lease, and look before anything more is sent?", yes=yes)

    async def work(database: Database, settings: Settings, clock: Clock) -> list[str]:
        async with database.transaction("command") as connection:
            names = await merchant.say_restored(connection)
            for name in names:
                await accounts.log(
                    connection, actor=actor(), action="restored", merchant=name, detail=reason, now=clock.now()
                )
            return names

    names = run_with_database(config, work)
    emit_one({"merchants": names, "changed": bool(names)}, output)


@db.command("new-key")
def new_key() -> None:
    """Print a key for secrets.key_file. To rotate: put it on the first line, above the old one, which still opens."""
    print(sealed.new_key())


@db.command("prune")
def prune(
    days: Annotated[int, typer.Option("--older-than", min=30, metavar="DAYS", help="Over for so many days.")],
    reason: ReasonOption,
    archive: Annotated[
        Path | None,
        typer.Option("--archive", dir_okay=False, help="Append what goes to this file, one JSON line a row."),
    ] = None,
    merchant_name: MerchantOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Remove returns that have long been over, with everything that belongs to them, in small batches.

    Their credits stay in Brightpearl, where they are found again by their reference should one ever come up anew.
    """
    settings = settings_from(config)
    name = choose_merchant(settings, merchant_name)

    async def count(database: Database, settings: Settings, clock: Clock) -> int:
        async with database.reading() as connection:
            return await retention.count_over(connection, name, clock.now() - timedelta(days=days))

    async def work(database: Database, settings: Settings, clock: Clock) -> tuple[int, int]:
        before, after = clock.now() - timedelta(days=days), None
        gone, bodies = 0, 0
        with Progress(console=errors, transient=True) as progress, ExitStack() as stack:
            kept = stack.enter_context(retention.open_archive(archive)) if archive is not None else None
            shown = progress.add_task("removing", total=over)
            while True:
                batch = await retention.prune(database, name, before, after, archive=kept)
                gone, bodies, after = gone + batch.returns, bodies + batch.bodies, batch.after
                progress.update(shown, completed=gone)
                if after is None:
                    return gone, bodies

    over = run_with_database(config, count)
    told = {"merchant": name, "older_than_days": days, "reason": reason, "returns": over}
    if dry_run:
        emit_one({**told, "changed": False}, output)
        return
    confirm(f"Remove up to {over} returns of {name} for good, journal included?", yes=yes)
    gone, bodies = run_with_database(config, work, as_owner=True)
    log.info("pruned", extra={**told, "gone": gone, "bodies": bodies, "actor": actor()})
    emit_one({**told, "returns": gone, "bodies": bodies, "changed": bool(gone or bodies)}, output)


@db.command("status")
def db_status(output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Which schema the database has, and which one this program needs."""
    settings = settings_from(config)

    async def work() -> dict[str, Any]:
        async with opening.open_database(settings) as database:
            version = await database.version()
            async with database.reading() as connection:
                server = await connection.fetchval("SHOW server_version")
        advice = "nothing to do" if version == SCHEMA_VERSION else "homeward db migrate"
        return {"schema": version, "needed": SCHEMA_VERSION, "server": server, "do": advice}

    emit_one(anyio.run(work), output)
