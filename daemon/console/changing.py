"""`homeward return|exception VERB …`: one id or one query, the same verbs, the same flags, the same preview."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import orjson
import typer

from daemon.actions import perform
from daemon.actions.perform import Preview
from daemon.actions.planner import Planned, Verdict, summary
from daemon.actions.verbs import VERBS, Guard, Options, Verb, lacking
from daemon.clock import Clock
from daemon.console import selecting, session
from daemon.console.output import Format, emit_list, emit_one, errors
from daemon.console.session import (
    REFUSED,
    USAGE,
    ConfigOption,
    DryRunOption,
    MerchantOption,
    OutputOption,
    Stop,
    YesOption,
    run_with_database,
)
from daemon.settings import Settings
from daemon.store import board
from daemon.store import merchant as merchant_store
from daemon.store.database import Database

TERMINAL_WAIT_SECONDS = 5.0
SHOWN_MAX = 20  # returns of a preview that a person is shown one by one

IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...", help="Our ids, express codes, order numbers, credit ids; - reads them from stdin."
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the journal.")]
NoteOption = Annotated[str, typer.Option("--note", help="In your own words; kept in the journal. No personal data.")]


@dataclass(frozen=True, slots=True)
class Common:
    """The flags every verb has. Declared once; the commands get them from here."""

    ids: IdsArgument = None
    where: selecting.WhereOption = None
    state: selecting.StateOption = None
    cause: selecting.CauseOption = None
    team: selecting.TeamOption = None
    order: selecting.OrderOption = None
    sku: selecting.SkuOption = None
    assignee: selecting.AssigneeOption = None
    age: selecting.AgeOption = None
    fingerprint: selecting.FingerprintOption = None
    merchant: MerchantOption = None
    reason: ReasonOption = ""
    note: NoteOption = ""
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Of many: at most this many.")] = None
    rate: Annotated[int | None, typer.Option("--rate", min=1, help="Of many: at most this many a minute.")] = None
    stop_after_errors: Annotated[
        int | None, typer.Option("--stop-after-errors", min=1, help="Of many: stop when this many could not be done.")
    ] = None
    batch_key: Annotated[
        str | None, typer.Option("--batch-key", help="Of many: the name under which a repeat joins this batch.")
    ] = None
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write the preview to this file and end; then: homeward apply FILE.")
    ] = None
    confirm: Annotated[
        int | None, typer.Option("--confirm", help="The number of returns, in place of typing it when asked.")
    ] = None
    wait: Annotated[
        float | None,
        typer.Option("--wait", min=0, help="Of one: seconds to wait for the daemon to do it; 5 at a terminal."),
    ] = None
    yes: YesOption = False
    dry_run: DryRunOption = False
    output: OutputOption = Format.TABLE
    config: ConfigOption = None

    @property
    def asked(self) -> selecting.Asked:
        return selecting.asked(
            self.where, state=self.state, cause=self.cause, team=self.team, order=self.order, sku=self.sku,
            assignee=self.assignee, age=self.age, fingerprint=self.fingerprint,
        )  # fmt: skip


COMMON = inspect.signature(Common)


Asking: TypeAlias = Callable[..., Options | Callable[[datetime], Options]]
"""A verb's own flags as its Options, or as what they are at a moment."""


def changes(app: typer.Typer, verb: str, *, always: str = "") -> Callable[[Asking], Asking]:
    """Make a command of a function that turns a verb's own flags into its Options.

    `always`: what a filter under this noun is about, as `state=exception`.
    """

    def register(own: Asking) -> Asking:
        mine = inspect.signature(own, eval_str=True).parameters
        own_names = set(mine)
        shared = [p for name, p in COMMON.parameters.items() if name not in own_names]

        @functools.wraps(own)
        def command(**given: Any) -> None:
            common = Common(**{name: given[name] for name in given if name not in own_names})
            options = own(**{name: given[name] for name in own_names})
            _run(VERBS[verb], options, common, always)

        parameters = [*(p.replace(kind=p.KEYWORD_ONLY) for p in shared[:1]),
                      *(p.replace(kind=p.KEYWORD_ONLY) for p in (*mine.values(), *shared[1:]))]  # fmt: skip
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(verb)(command)
        return own

    return register


def _run(verb: Verb, own: Options | Callable[[datetime], Options], common: Common, always: str) -> None:
    if isinstance(own, Options):
        _with_words(verb, own, common)  # what is missing is said before a database is opened

    async def work(database: Database, settings: Settings, clock: Clock) -> dict[str, Any]:
        now = clock.now()
        options = _with_words(verb, own if isinstance(own, Options) else own(now), common)
        if common.merchant is not None:
            session.choose_merchant(settings, common.merchant)
        async with database.reading() as connection:
            chosen = await selecting.choose(
                connection, common.ids or (), common.asked, merchant=common.merchant, now=now, always=always
            )
        instances = await perform.load(database, sorted(chosen))
        check_reason(verb, options, settings, {each.merchant for each in instances})
        preview = await perform.preview(
            database, settings, verb.name, options, instances, filter_text=_told(common, always), now=now
        )
        preview = perform.at_most(preview, common.limit)
        is_one = len(common.ids or ()) == 1 and len(chosen) == 1
        credit = await _credit_to_adopt(database, settings, options, preview, clock)
        if common.plan is not None:
            return _write_plan(common.plan, preview, now)
        if common.dry_run:
            return _previewed(preview, is_one) | credit
        if is_one and not preview.needs_approval:
            return credit | await _one(database, preview, common, clock)
        return credit | await _many(database, preview, common, now)

    told = run_with_database(common.config, work)
    _show(told, common.output)
    if told.get("state") == "awaits-approval":
        raise Stop(REFUSED, f"a second person must agree: homeward batch approve {told['batch']}")


async def _credit_to_adopt(
    database: Database, settings: Settings, options: Options, preview: Preview, clock: Clock
) -> dict[str, Any]:
    """The credit as Brightpearl has it now, when one is to be taken over; nothing for everything else."""
    if options.adopt is None or not preview.eligible:
        return {}
    if len(preview.eligible) > 1:
        raise Stop(USAGE, f"credit {options.adopt} can be taken over by one return, not by {len(preview.eligible)}")
    from daemon import app as application  # here: it speaks to a vendor, and no other verb does
    from daemon.actions import adoption

    instance = preview.eligible[0].instance
    async with application.open_clients(settings, instance.merchant, clock=clock, database=database) as clients:
        return {"credit": await adoption.look(clients.brightpearl, instance, options.adopt)}


async def _one(database: Database, preview: Preview, common: Common, clock: Clock) -> dict[str, Any]:
    (planned,) = preview.planned
    if planned.verdict is Verdict.DONE:
        told = {"id": planned.instance.id, "merchant": planned.instance.merchant, "verb": preview.verb}
        return {**told, "changed": False, "why": planned.why}
    if not preview.eligible:
        raise Stop(REFUSED, f"return {planned.instance.id}: {planned.why}")
    told = _told_of(planned, preview)
    verb = VERBS[preview.verb]
    if verb.guard is not Guard.MILD:
        session.confirm(_question(planned, verb), yes=common.yes)
    key, fresh = await perform.say(database, planned, preview, source="cli", actor=session.actor(), now=clock.now())
    told |= {"changed": fresh, "see": f"homeward return show {planned.instance.id}"}
    if verb.undo:
        told["undo"] = verb.undo.replace("ID", str(planned.instance.id))
    return told | await _outcome(database, planned.instance.merchant, key, common.wait)


async def _many(database: Database, preview: Preview, common: Common, now: datetime) -> dict[str, Any]:
    told = _previewed(preview, is_one=False)
    if not preview.eligible:
        if common.ids and told["not_eligible"]:
            whys = "; ".join(f"{count} not: {why}" for why, count in told["not_eligible_by_why"].items())
            raise Stop(REFUSED, f"{preview.verb}: none of these returns can be changed: {whys}")
        return {**told, "changed": False}
    _must_be_of_one_merchant(preview)
    ask_for_many(preview, yes=common.yes, confirm=common.confirm)
    opened = await perform.begin(
        database, preview, actor=session.actor(), now=now, batch_key=common.batch_key, rate_per_minute=common.rate,
        stop_after_errors=common.stop_after_errors,
    )  # fmt: skip
    return told | begun(opened.id, is_new=opened.is_new, needs_approval=preview.needs_approval)


def begun(batch_id: int, *, is_new: bool, needs_approval: bool) -> dict[str, Any]:
    """What is told of a batch that was just begun, or joined."""
    return {
        "batch": batch_id, "changed": is_new, "state": "awaits-approval" if needs_approval else "running",
        "see": f"homeward batch show {batch_id}", "watch": f"homeward batch watch {batch_id}",
        "undo": f"homeward batch {'reject' if needs_approval else 'stop'} {batch_id} --reason TEXT",
    }  # fmt: skip


def _must_be_of_one_merchant(preview: Preview) -> None:
    names = sorted({each.instance.merchant for each in preview.eligible})
    if len(names) > 1:
        counts = ", ".join(f"{n} {sum(e.instance.merchant == n for e in preview.eligible)}" for n in names)
        raise Stop(USAGE, f"these belong to several merchants ({counts}): name one with --merchant")


def ask_for_many(preview: Preview, *, yes: bool, confirm: int | None) -> None:
    """A mild change of many asks as a moderate one; a serious one wants the number typed."""
    verb, count = VERBS[preview.verb], len(preview.eligible)
    told = summary(list(preview.planned))
    errors.print(
        f"{verb.name}: {count} eligible, {told['not_eligible']} not eligible, {told['already_done']} done already\n"
        f"filter: {preview.filter_text}",
        markup=False,
    )
    for why, number in told["not_eligible_by_why"].items():
        errors.print(f"  {number} not: {why}", markup=False, style="dim")
    if verb.guard is not Guard.SERIOUS:
        session.confirm(f"{verb.name} {count} returns?", yes=yes)
        return
    typed = confirm
    if typed is None and not session.may_ask():
        raise Stop(USAGE, f"this is serious: add --confirm {count}, the number of returns it is about")
    if typed is None:
        typed = typer.prompt(f"Type the number of returns to {verb.name}", type=int, err=True)
    if typed != count:
        raise Stop(REFUSED, f"{typed} is not the number of returns this is about ({count}); nothing was changed")


async def _outcome(database: Database, merchant: str, key: str, wait: float | None) -> dict[str, Any]:
    """What the daemon made of it, when there is one and it is waited for."""
    seconds = wait if wait is not None else (TERMINAL_WAIT_SECONDS if sys.stdout.isatty() else 0.0)
    row = await perform.outcome(database, merchant, key, seconds=seconds)
    if row is not None:
        if row["state"] in ("ignored", "refused", "parked"):
            raise Stop(REFUSED, f"the daemon {row['state']} it: {row['outcome']}")
        return {"applied": True}
    async with database.reading() as connection:
        held = [
            row for row in await merchant_store.everyone(connection) if row["merchant"] == merchant and row["is_held"]
        ]
    if not held:
        errors.print("stored; no daemon works this merchant just now: it is done as soon as one does", style="yellow")
    return {"applied": None}


def _with_words(verb: Verb, options: Options, common: Common) -> Options:
    reason, note = common.reason.strip() or options.reason, common.note.strip() or options.note
    return check_words(verb, replace(options, reason=reason, note=note))


def check_words(verb: Verb, options: Options) -> Options:
    """What a verb wants said. Raises Stop when it is missing."""
    for lack in lacking(verb, options):
        raise Stop(USAGE, f"--{lack.field}: {lack.why}")
    return options


def check_reason(verb: Verb, options: Options, settings: Settings, merchants: set[str]) -> None:
    for merchant in sorted(merchants & set(settings.merchants)):
        for lack in lacking(verb, options, reason_codes=settings.merchants[merchant].people.reason_codes):
            raise Stop(USAGE, f"--{lack.field}: {lack.why} (merchant {merchant})")


def _told(common: Common, always: str) -> str:
    """What a batch remembers of how it was chosen."""
    if common.ids:
        return f"ids: {' '.join(common.ids)}"[:2000]
    return common.asked.under(always).text


def _told_of(planned: Planned, preview: Preview) -> dict[str, Any]:
    assert planned.event is not None
    instance, options = planned.instance, preview.options
    return {
        "id": instance.id, "merchant": instance.merchant, "verb": preview.verb, "event": planned.event.name,
        "state_before": str(instance.state), "state_after": str(planned.after.state) if planned.after else None,
        "effects": list(planned.effects), "withheld": list(planned.withheld), "bypasses": planned.bypasses,
        "reason": options.reason, "note": options.note,
    }  # fmt: skip


def _question(planned: Planned, verb: Verb) -> str:
    instance = planned.instance
    after = planned.after.state if planned.after else instance.state
    told = f"{verb.name}: {verb.does} return {instance.id} ({instance.state} → {after})"
    if planned.effects:
        told += f"; follows: {', '.join(planned.effects)}"
    if planned.withheld:
        told += f"; withheld: {', '.join(planned.withheld)}"
    if planned.bypasses:
        told += f"; goes past the rule of {planned.bypasses}"
    return f"{told}?"


def _previewed(preview: Preview, is_one: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"verb": preview.verb, "filter": preview.filter_text, **summary(list(preview.planned))}
    if is_one and preview.eligible:
        told = {
            **_told_of(preview.eligible[0], preview),
            "would": _question(preview.eligible[0], VERBS[preview.verb])[:-1],
        }
    return {**told, "changed": False, "returns": [each.as_row() for each in preview.planned]}


def _write_plan(path: Path, preview: Preview, now: datetime) -> dict[str, Any]:
    told = perform.plan_file(preview, actor=session.actor(), now=now)
    try:
        path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise Stop(USAGE, f"--plan {path} cannot be written: {error.strerror}") from error
    return {**_previewed(preview, is_one=False), "plan": str(path), "then": f"homeward apply {path}"}


def _show(told: dict[str, Any], how: Format) -> None:
    """For people the head and the first returns; for programs everything."""
    returns = told.get("returns")
    if how not in (Format.TABLE, Format.WIDE) or returns is None:
        emit_one(told, how)
        return
    emit_one({key: value for key, value in told.items() if key != "returns"}, how)
    columns = ["id", "order_number", "verdict", "state_before", "state_after", "effects", "withheld", "why"]
    emit_list(returns[:SHOWN_MAX], columns, how)
    if len(returns) > SHOWN_MAX:
        errors.print(f"… and {len(returns) - SHOWN_MAX} more; -o json shows all", style="dim")


def columns_of(by: str) -> list[str]:
    """The columns of a list grouped by this."""
    assert by in board.GROUPS
    first = {"cause": ["cause", "owner"], "fingerprint": ["fingerprint", "owner"]}.get(by, [by])
    return [*first, "returns", "oldest", "value", "currency", "example"]
