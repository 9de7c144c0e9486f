"""`homeward batch …` and `homeward apply`: changes of many returns, as they run; and the second person's word."""

import time
from pathlib import Path
from typing import Annotated, Any

import anyio
import orjson
import typer
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from daemon.actions import deciding, perform
from daemon.actions.verbs import OPTIONS, VERBS, Options
from daemon.clock import Clock
from daemon.console import session
from daemon.console.changing import ask_for_many, begun, check_reason, check_words
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    NOT_FOUND,
    PARTIAL,
    REFUSED,
    USAGE,
    ConfigOption,
    DryRunOption,
    LimitOption,
    MerchantOption,
    OutputOption,
    Stop,
    YesOption,
    only,
    run_with_database,
)
from daemon.settings import Settings
from daemon.store import batch
from daemon.store.batch import AWAITS_APPROVAL, DONE, RUNNING, STATES
from daemon.store.database import Database

batches = typer.Typer(help="Changes of many returns: follow, pause, resume, stop, approve.", no_args_is_help=True)

BatchArgument = Annotated[int, typer.Argument(metavar="BATCH", min=1, help="The batch's number.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the batch.")]
COLUMNS = [
    "id", "merchant", "verb", "state", "items", "applied", "ignored", "refused", "skipped", "waiting", "actor", "filter",
]  # fmt: skip
RESULT = ["position", "return_id", "express_code", "order_number", "state", "outcome", "return_state", "cause"]
FAILURES = ("refused", "skipped")


@batches.command("list")
def list_batches(
    state: Annotated[str | None, typer.Option("--state", help=", ".join(STATES))] = None,
    merchant: MerchantOption = None,
    limit: LimitOption = 100,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """List batches, newest first."""
    if state is not None and state not in STATES:
        raise Stop(USAGE, f"there is no state '{state}'; known: {', '.join(STATES)}")

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            rows = await batch.listing(connection, merchants=only(merchant), state=state, rows_max=limit)
        return [dict(row) for row in rows]

    emit_list(run_with_database(config, work), COLUMNS, output, hint="Follow one: homeward batch watch BATCH")


@batches.command("show")
def show_batch(number: BatchArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """What a batch is about, who asked for it, how far it is."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        return await _find(database, number)

    emit_one(run_with_database(config, work), output)


@batches.command("result")
def result(
    number: BatchArgument,
    state: Annotated[str | None, typer.Option("--state", help="Only items in this state, as refused.")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Page on: only positions above this one.")] = 0,
    limit: LimitOption = 100_000,
    output: OutputOption = Format.CSV,
    config: ConfigOption = None,
) -> None:
    """One row a return: what became of it. Example: homeward batch result 42 -o xlsx > result.xlsx"""

    async def work(database: Database, settings: Settings, clock: Clock) -> list[dict[str, Any]]:
        found = await _find(database, number)
        async with database.reading() as connection:
            rows = await batch.items(connection, found["merchant"], number, state=state, after=after, rows_max=limit)
        return [dict(row) for row in rows]

    emit_list(run_with_database(config, work), RESULT, output)


@batches.command("watch")
def watch(
    number: BatchArgument,
    timeout: Annotated[float | None, typer.Option("--timeout", min=0, help="Give up after so many seconds.")] = None,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Follow a batch until it rests; exit 8 when some returns could not be done. Ctrl-C leaves it running."""

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        until = time.monotonic() + timeout if timeout is not None else None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
            bar = progress.add_task(f"batch {number}", total=None)
            while True:
                found = await _find(database, number)
                progress.update(bar, total=found["items"], completed=found["items"] - found["waiting"] - found["said"])
                if found["state"] != RUNNING or (until is not None and time.monotonic() > until):
                    return found
                await anyio.sleep(0.2)

    found = run_with_database(config, work)
    emit_one(found, output)
    if found["state"] != DONE:
        why = found["why_stopped"] or f"batch {number} is {found['state']}"
        raise Stop(REFUSED if found["state"] != RUNNING else PARTIAL, why)
    if any(found[name] for name in FAILURES):
        raise SystemExit(PARTIAL)


@batches.command("pause")
def pause(number: BatchArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Say nothing more of a batch until it is resumed; what was said is done."""
    _decide(number, "pause", output, config)


@batches.command("resume")
def resume(number: BatchArgument, output: OutputOption = Format.TABLE, config: ConfigOption = None) -> None:
    """Go on with a paused batch where it was."""
    _decide(number, "resume", output, config)


@batches.command("stop")
def stop(
    number: BatchArgument, reason: ReasonOption, yes: YesOption = False, output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """End a batch; what was not said is not done."""
    session.confirm(f"End batch {number} for good?", yes=yes)
    _decide(number, "stop", output, config, reason=reason)


@batches.command("approve")
def approve(
    number: BatchArgument, yes: YesOption = False, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Agree, as the second person, to a change that is worth more than one person may decide."""
    session.confirm(f"Agree to batch {number}?", yes=yes)
    _decide(number, "approve", output, config)


@batches.command("reject")
def reject(
    number: BatchArgument, reason: ReasonOption, output: OutputOption = Format.TABLE, config: ConfigOption = None
) -> None:
    """Refuse a change that waits for a second person; nothing of it is done."""
    _decide(number, "reject", output, config, reason=reason)


def _decide(number: int, decision: str, output: Format, config: Path | None, *, reason: str = "") -> None:
    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        found = await _find(database, number)
        await deciding.decide(database, found, decision, actor=session.actor(), reason=reason, now=clock.now())
        return await _find(database, number)

    emit_one(run_with_database(config, work), output)


async def _find(database: Database, number: int) -> dict[str, Any]:
    async with database.reading() as connection:
        rows = await batch.listing(connection, batch_id=number, rows_max=1)
    if not rows:
        raise Stop(NOT_FOUND, f"there is no batch {number}: homeward batch list")
    return dict(rows[0])


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    merchant: str
    id: int
    version: int
    state_before: str
    state_after: str | None


class _Plan(BaseModel):
    """A plan file, as `--plan` writes it."""

    model_config = ConfigDict(extra="forbid")

    schema_: str
    verb: str
    options: dict[str, Any]
    filter: str
    made_by: str
    made_at: str
    key: str
    returns: list[_Row]


def apply_plan(
    file: Annotated[Path, typer.Argument(help="What --plan wrote.")],
    rate: Annotated[int | None, typer.Option("--rate", min=1, help="At most this many a minute.")] = None,
    confirm: Annotated[
        int | None, typer.Option("--confirm", help="The number of returns, in place of typing it when asked.")
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: OutputOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Do exactly what was previewed, or nothing: exit 6 when a return has moved since."""
    told, options = _read_plan(file)

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        check_reason(VERBS[told["verb"]], options, settings, {row["merchant"] for row in told["returns"]})
        chosen = [(row["merchant"], row["id"]) for row in told["returns"]]
        instances = await perform.load(database, chosen)
        preview = await perform.preview(
            database, settings, told["verb"], options, instances, filter_text=told["filter"], now=now
        )
        if moved := perform.moved_since(told, preview):
            listed = "\n  ".join(moved[:20]) + (f"\n  … and {len(moved) - 20} more" if len(moved) > 20 else "")
            raise Stop(REFUSED, f"the world has moved since {file} was written; nothing was changed:\n  {listed}")
        head = {"plan": str(file), "verb": told["verb"], "returns": len(chosen)}
        if not chosen or dry_run:
            return {**head, "changed": False}
        errors.print(f"planned by {told['made_by']} at {told['made_at']}", markup=False, style="dim")
        ask_for_many(preview, yes=yes, confirm=confirm)
        opened = await perform.begin(
            database, preview, actor=session.actor(), now=now, batch_key=f"plan:{told['key']}", rate_per_minute=rate,
            minds_version=True,
        )  # fmt: skip
        return head | begun(opened.id, is_new=opened.is_new, needs_approval=preview.needs_approval)

    done = run_with_database(config, work)
    emit_one(done, output)
    if done.get("state") == AWAITS_APPROVAL:
        raise Stop(REFUSED, f"a second person must agree: homeward batch approve {done['batch']}")


def _read_plan(file: Path) -> tuple[dict[str, Any], Options]:
    try:
        raw = orjson.loads(file.read_bytes())
        plan = _Plan.model_validate({"schema_": raw.pop("schema", ""), **raw})
        options = OPTIONS.validate_python(plan.options)
    except OSError as error:
        raise Stop(USAGE, f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, ValidationError, AttributeError, TypeError) as error:
        lacks = [str(each["loc"][0]) for each in error.errors()][:5] if isinstance(error, ValidationError) else []
        where = f": look at {', '.join(lacks).replace('schema_', 'schema')}" if lacks else ""
        raise Stop(USAGE, f"{file} is no plan that --plan wrote{where}") from error
    if plan.schema_ != "homeward.plan/v1" or plan.verb not in VERBS:
        raise Stop(USAGE, f"{file} is no plan of this version: schema {plan.schema_!r}, verb {plan.verb!r}")
    if len({row.merchant for row in plan.returns}) > 1:
        raise Stop(USAGE, f"{file} is about several merchants; plan each with --merchant")
    return plan.model_dump(), check_words(VERBS[plan.verb], options)
