"""The preview: what a verb would do to each return, decided by the machine itself. Pure; writes nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from daemon.actions.verbs import VERBS, Guard, Options, Unfit, bypasses, event_for
from statemachine.events import Event, UnitsReceived
from statemachine.goods import NOTHING_ELSEWHERE, Elsewhere
from statemachine.machine import Ignored, Moved, Refused, decide
from statemachine.policy import Policy
from statemachine.units import Return


class Verdict(StrEnum):
    ELIGIBLE = "eligible"
    DONE = "already-done"
    NOT = "not-eligible"


@dataclass(frozen=True, slots=True)
class Planned:
    """What the verb would do to one return, or why nothing."""

    instance: Return
    verdict: Verdict
    why: str = ""
    event: Event | None = None
    after: Return | None = None
    effects: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    bypasses: str = ""
    needs_approval: bool = False

    def as_row(self) -> dict[str, Any]:
        value = self.instance.value
        return {
            "id": self.instance.id, "merchant": self.instance.merchant, "express_code": self.instance.express_code,
            "order_number": self.instance.order_number, "verdict": self.verdict.value, "why": self.why,
            "state_before": str(self.instance.state), "state_after": str(self.after.state) if self.after else None,
            "effects": list(self.effects), "withheld": list(self.withheld), "bypasses": self.bypasses,
            "value": str(value) if value is not None else None, "needs_approval": self.needs_approval,
            "version": self.instance.version,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What one merchant's policy says of changes by people."""

    policy: Policy
    second_person_above: Decimal | None


def plan(
    verb: str, options: Options, instances: Iterable[Return], *, now: datetime, limits: Mapping[str, Limits],
    open_effects: Mapping[int, tuple[str, ...]], elsewhere: Mapping[int, Elsewhere],
) -> list[Planned]:  # fmt: skip
    """One verdict a return, in the order given.

    By return id: `open_effects`, kinds that are to be done and not begun; `elsewhere`, what other returns hold of its goods.
    """
    return [
        _plan_one(
            verb, options, instance, now, limits[instance.merchant], open_effects,
            elsewhere.get(instance.id or 0, NOTHING_ELSEWHERE),
        )
        for instance in instances
    ]  # fmt: skip


def _plan_one(
    verb: str, options: Options, instance: Return, now: datetime, limits: Limits,
    open_effects: Mapping[int, tuple[str, ...]], elsewhere: Elsewhere,
) -> Planned:  # fmt: skip
    try:
        event = event_for(verb, options, instance, now=now)
    except Unfit as unfit:
        return Planned(instance, Verdict.DONE if unfit.is_done else Verdict.NOT, str(unfit))
    part = None if isinstance(event, UnitsReceived) else instance.part
    decision = decide(
        (instance,), event, address=instance, now=now, policy=limits.policy, elsewhere=elsewhere, part=part
    )
    match decision:
        case Refused(why):
            return Planned(instance, Verdict.NOT, _in_words(verb, options, instance, why))
        case Ignored(why):
            return Planned(instance, Verdict.DONE, why)
        case Moved(moves):
            after = next(move.after for move in reversed(moves) if move.after.part == instance.part)
            kinds = tuple(dict.fromkeys(effect.kind for move in moves for effect in move.effects))
            was_open = open_effects.get(instance.id or 0, ())
            return Planned(
                instance, Verdict.ELIGIBLE, "", event, after, () if after.is_withheld else kinds,
                tuple(dict.fromkeys((*was_open, *kinds))) if after.is_withheld else (),
                bypasses(event, instance, limits.policy), _needs_approval(verb, instance, limits),
            )  # fmt: skip


def _needs_approval(verb: str, instance: Return, limits: Limits) -> bool:
    """What is worth more than one person may decide; a value nobody knows counts as too much."""
    if VERBS[verb].guard is not Guard.SERIOUS and verb != "accept":
        return False
    limit, value = limits.second_person_above, instance.value
    return limit is not None and (value is None or value > limit)


def _in_words(verb: str, options: Options, instance: Return, why: str) -> str:
    what = f"{verb} to {options.to}" if verb == "force" else verb
    return f"{what} is not possible while it is {instance.state}" if "not possible in state" in why else why


def summary(planned: list[Planned]) -> dict[str, Any]:
    """Eligible, not eligible by why, already done."""
    told = Counter(each.verdict for each in planned)
    return {
        "eligible": told[Verdict.ELIGIBLE], "already_done": told[Verdict.DONE], "not_eligible": told[Verdict.NOT],
        "not_eligible_by_why": dict(Counter(_of_all(e) for e in planned if e.verdict is Verdict.NOT).most_common(20)),
        "needs_approval": sum(each.needs_approval for each in planned),
    }  # fmt: skip


def _of_all(planned: Planned) -> str:
    """The reason without this return's own numbers, so that many returns count together."""
    return planned.why.replace(f" {planned.instance.id} ", " ID ")
