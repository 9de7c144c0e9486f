"""Fix once, release many: which stopped returns would pass now that something was mended, and their release as a batch."""

from typing import Any

from daemon import app as application
from daemon.actions import perform
from daemon.actions.recheck import judge
from daemon.actions.verbs import Options
from daemon.clock import Clock
from daemon.console import selecting, session
from daemon.console.changing import begun
from daemon.console.output import errors
from daemon.console.session import (
    choose_merchant,
)
from daemon.settings import Settings
from daemon.store import board
from daemon.store.database import Database


async def recheck(
    database: Database, settings: Settings, clock: Clock, asked: selecting.Asked, *, merchant: str | None, release: bool,
    rate: int | None, reason: str, yes: bool,
) -> dict[str, Any]:  # fmt: skip
    """How many of the stopped returns would pass now; with `release`, a batch that retries those."""
    name, now = choose_merchant(settings, merchant), clock.now()
    async with database.reading() as connection:
        condition = asked.condition(now)
        chosen = await board.chosen(connection, condition, merchants=[name], rows_max=selecting.CHOSEN_MAX)
    stopped = await perform.load(database, chosen)
    async with application.open_clients(settings, name, clock=clock, database=database) as clients:
        told, passing = await judge(
            database, clients.brightpearl, stopped, merchant=name, policy=settings.merchants[name].policy, clock=clock,
            tell=lambda count: errors.print(f"{count} of {len(stopped)} decided again", style="dim"),
        )  # fmt: skip
    told |= {"merchant": name, "filter": asked.text, "changed": False}
    if not passing or not release:
        return told
    preview = await perform.preview(
        database, settings, "retry", Options(reason=reason.strip() or "mended"), passing,
        filter_text=f"would pass now: {asked.text}", now=now,
    )  # fmt: skip
    if not preview.eligible:
        return told
    session.confirm(f"Release {len(preview.eligible)} returns?", yes=yes)
    opened = await perform.begin(database, preview, actor=session.actor(), now=now, rate_per_minute=rate)
    return told | begun(opened.id, is_new=opened.is_new, needs_approval=False)
