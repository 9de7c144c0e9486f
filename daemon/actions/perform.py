"""Doing it: one return's event into the inbox at once, many returns as a batch that the daemon works."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import orjson
from anyio import to_thread

from daemon.actions.planner import Limits, Planned, Verdict, plan
from daemon.actions.verbs import MAY_CREDIT, OPTIONS, VERBS, Options, natural_key
from daemon.settings import Settings
from daemon.store import batch, claims, inbox, outbox, returns
from daemon.store.batch import AWAITS_APPROVAL, COMMAND_LINE, RUNNING, Asker, Item, Opened
from daemon.store.database import Database
from daemon.store.inbox import Arrival
from daemon.store.sql import Record
from statemachine.goods import Elsewhere
from statemachine.refs import order_key
from statemachine.units import Return

PAGE = 500
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Preview:
    """A verb on a set of returns, as the machine would decide it now."""

    verb: str
    options: Options
    filter_text: str
    planned: tuple[Planned, ...]

    @property
    def eligible(self) -> list[Planned]:
        return [each for each in self.planned if each.verdict is Verdict.ELIGIBLE]

    @property
    def needs_approval(self) -> bool:
        return any(each.needs_approval for each in self.eligible)

    @property
    def key(self) -> str:
        """The same for the same verb on the same returns as they stand."""
        told = [self.verb, OPTIONS.dump_python(self.options, mode="json"),
                [(each.instance.id, each.instance.version) for each in self.eligible]]  # fmt: skip
        return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


async def load(database: Database, chosen: Iterable[tuple[str, int]]) -> list[Return]:
    """The returns as they stand, in the order given; those that are gone are left out."""
    wanted = list(chosen)
    found: dict[tuple[str, int], Return] = {}
    for merchant in dict.fromkeys(name for name, _ in wanted):
        ids = [each for name, each in wanted if name == merchant]
        for start in range(0, len(ids), PAGE):
            async with database.reading() as connection:
                read = await returns.read(connection, merchant, ids[start : start + PAGE])
            found |= {(merchant, key): instance for key, instance in read.items()}
    return [found[each] for each in wanted if each in found]


async def preview(
    database: Database, settings: Settings, verb: str, options: Options, instances: list[Return], *, filter_text: str,
    now: datetime,
) -> Preview:  # fmt: skip
    """Ask the machine what the verb would do. Reads only."""
    limits = {
        name: Limits(told.machine_policy(), told.people.second_person_above)
        for name, told in settings.merchants.items()
    }
    known = [each for each in instances if each.merchant in limits]
    unknown = [
        Planned(each, Verdict.NOT, f"merchant {each.merchant} is not configured here")
        for each in instances
        if each.merchant not in limits
    ]
    open_effects: dict[int, tuple[str, ...]] = {}
    elsewhere: dict[int, Elsewhere] = {}
    for merchant in {each.merchant for each in known}:
        mine = [each for each in known if each.merchant == merchant and each.id is not None]
        async with database.reading() as connection:
            open_effects |= await outbox.not_begun(connection, merchant, [each.id for each in mine if each.id])
            for start in range(0, len(mine) if verb in MAY_CREDIT else 0, PAGE):
                elsewhere |= await claims.elsewhere(connection, merchant, mine[start : start + PAGE])
    work = partial(plan, verb, options, known, now=now, limits=limits, open_effects=open_effects, elsewhere=elsewhere)
    planned = work() if len(known) < PAGE else await to_thread.run_sync(work)  # many: beside the daemon's own work
    return Preview(verb, options, filter_text, (*planned, *unknown))


async def say(
    database: Database, planned: Planned, preview: Preview, *, source: str, actor: str, now: datetime, nonce: str = ""
) -> tuple[str, bool]:
    """One return's event into the inbox; answers its natural key and whether it is new. `source`: cli, web or api."""
    instance, options = planned.instance, preview.options
    assert planned.event is not None
    key = natural_key(preview.verb, options, instance, nonce=nonce)
    arrival = Arrival(
        natural_key=key, event=planned.event, happy_return_id=instance.happy_return_id,
        order_number=instance.order_number, part=instance.part, source=source, actor=actor, received_at=now,
        reason=options.reason, note=options.note,
    )  # fmt: skip
    async with database.transaction() as connection:
        fresh = await inbox.put(connection, instance.merchant, [arrival])
    return key, bool(fresh)


async def outcome(database: Database, merchant: str, key: str, *, seconds: float) -> Record | None:
    """What the daemon made of an event, waited for so long; None while it is not settled."""
    with anyio.move_on_after(seconds):
        while seconds:
            async with database.reading() as connection:
                row = await inbox.told_of(connection, merchant, key)
            if row is not None and row["state"] != "waiting":
                return row
            await anyio.sleep(POLL_SECONDS)
    return None


async def begin(
    database: Database, preview: Preview, *, actor: str, now: datetime, batch_key: str | None = None,
    rate_per_minute: int | None = None, stop_after_errors: int | None = None, minds_version: bool = False,
    asker: Asker = COMMAND_LINE,
) -> Opened:  # fmt: skip
    """A batch of what is eligible, all of one merchant. It runs at once, unless a second person must agree.

    `asker`: by whose rights it runs, where it was asked for over the web.
    """
    (merchant,) = {each.instance.merchant for each in preview.eligible}
    strict = minds_version or VERBS[preview.verb].minds_version
    items = [
        Item(
            each.instance.id or 0,
            order_key(each.instance.order_number),
            each.event.name,
            inbox.encode(each.event),
            each.instance.version if strict else None,
        )
        for each in preview.eligible
        if each.event is not None
    ]
    async with database.transaction() as connection:
        return await batch.begin(
            connection, merchant, items, batch_key=batch_key, default_key=preview.key, verb=preview.verb,
            options=OPTIONS.dump_python(preview.options, mode="json"), filter_text=preview.filter_text,
            reason=preview.options.reason, note=preview.options.note, actor=actor,
            state=AWAITS_APPROVAL if preview.needs_approval else RUNNING, rate_per_minute=rate_per_minute,
            stop_after_errors=stop_after_errors, now=now, asker=asker,
        )  # fmt: skip


def plan_file(preview: Preview, *, actor: str, now: datetime) -> dict[str, Any]:
    """The preview as a file: exactly this can be applied later, if nothing has moved."""
    return {
        "schema": "homeward.plan/v1", "verb": preview.verb,
        "options": OPTIONS.dump_python(preview.options, mode="json"), "filter": preview.filter_text, "made_by": actor,
        "made_at": now.isoformat(), "key": preview.key,
        "returns": [
            {"merchant": each.instance.merchant, "id": each.instance.id, "version": each.instance.version,
             "state_before": str(each.instance.state), "state_after": str(each.after.state) if each.after else None}
            for each in preview.eligible
        ],
    }  # fmt: skip


def moved_since(told: dict[str, Any], preview: Preview) -> list[str]:
    """What of a plan file is no longer as it was previewed, one line a return."""
    now_is = {(each.instance.merchant, each.instance.id): each for each in preview.planned}
    lines = []
    for row in told["returns"]:
        planned = now_is.get((row["merchant"], row["id"]))
        if planned is None:
            lines.append(f"return {row['id']} is gone")
        elif planned.instance.version != row["version"]:
            before, after = row["state_before"], planned.instance.state
            lines.append(f"return {row['id']} was {before} at version {row['version']}, now {after} "
                         f"at version {planned.instance.version}")  # fmt: skip
        elif planned.verdict is not Verdict.ELIGIBLE:
            lines.append(f"return {row['id']}: {planned.why}")
    return lines


def at_most(preview: Preview, count: int | None) -> Preview:
    """Only the first `count` eligible returns; the others are left as they are."""
    if count is None or len(preview.eligible) <= count:
        return preview
    kept = {each.instance.id for each in preview.eligible[:count]}
    planned = tuple(e for e in preview.planned if e.verdict is not Verdict.ELIGIBLE or e.instance.id in kept)
    return replace(preview, planned=planned)
