"""The verbs: what each asks of the person, and the event it says to the machine. Data and arithmetic."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pydantic import TypeAdapter

from statemachine.causes import CAUSES, OF_OTHERS, SAME_GOODS
from statemachine.effects import CreateSalesCredit, ReceiveStock, RecordRefund
from statemachine.events import (
    Assigned,
    Event,
    Forced,
    GoodsSettled,
    Held,
    Noted,
    Reissued,
    Resumed,
    Snoozed,
    UnitsReceived,
    Way,
)
from statemachine.policy import Policy
from statemachine.states import State
from statemachine.units import Condition, Return

REISSUED = (CreateSalesCredit.kind, RecordRefund.kind, ReceiveStock.kind)
WORDS_MAX = 2000  # characters of a reason or a note


class Guard(Enum):
    """What stands between a person and the change."""

    MILD = "mild"
    """Nothing: it is undone as easily."""
    MODERATE = "moderate"
    """A reason, and a question after the preview."""
    SERIOUS = "serious"
    """A reason from the list, a note, a count typed for many, and a second person above the merchant's limit."""


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    guard: Guard
    does: str
    """What it does to one return, as the question before it says."""
    undo: str
    """The command that takes it back; empty when nothing does."""
    minds_version: bool = False
    """Only what is still as it was previewed is changed."""


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("retry", Guard.MODERATE, "ask for another attempt at", "homeward return hold ID --reason TEXT"),
        Verb("accept", Guard.MODERATE, "accept what stops, and go on with,", "", minds_version=True),
        Verb("hold", Guard.MODERATE, "stop", "homeward return release ID --reason TEXT"),
        Verb("release", Guard.MODERATE, "let go of", "homeward return hold ID --reason TEXT"),
        Verb("resolve", Guard.SERIOUS, "end as done elsewhere", "", minds_version=True),
        Verb("reissue", Guard.SERIOUS, "make anew what Brightpearl lost of", "", minds_version=True),
        Verb("force", Guard.SERIOUS, "force", "", minds_version=True),
        Verb(SAME_GOODS, Guard.SERIOUS, "say what is true of the goods of", "", minds_version=True),
        Verb("receive", Guard.MODERATE, "receive the goods of", ""),
        Verb("assign", Guard.MILD, "assign", 'homeward exception assign ID --to ""'),
        Verb("snooze", Guard.MILD, "let rest", "homeward exception snooze ID --until now"),
        Verb("note", Guard.MILD, "write a note on", ""),
    )
}


MAY_CREDIT = frozenset({"retry", "accept", "release", "force", "receive", SAME_GOODS})
"""Verbs after which a credit may be asked for: their preview looks who else holds the goods."""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything a verb may be told. `until` is a moment; None ends the rest at once."""

    reason: str = ""
    note: str = ""
    team: str = ""
    to: str = ""
    adopt: int | None = None
    accepts: tuple[str, ...] = ()
    until: datetime | None = None
    units: tuple[str, ...] = ()
    condition: Condition = Condition.SELLABLE
    received_at: datetime | None = None
    way: Way | None = None
    """What is true of goods that another return holds as well."""


OPTIONS = TypeAdapter(Options)


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing in, or wrong with, what a person said."""

    field: str
    why: str


def lacking(verb: Verb, options: Options, *, reason_codes: tuple[str, ...] | None = None) -> list[Lack]:
    """What the verb still wants said; `reason_codes`: what a serious change may give as its reason."""
    found = []
    if verb.name == SAME_GOODS and options.way is None:
        found.append(Lack("do", f"say what is true of the goods: {', '.join(Way)}"))
    if verb.name == "note" and not options.note:
        found.append(Lack("note", "a note needs its words"))
    if verb.guard is not Guard.MILD and not options.reason:
        found.append(Lack("reason", f"{verb.name} needs a reason: it is kept in the journal"))
    if verb.guard is Guard.SERIOUS and not options.note:
        found.append(Lack("note", f"{verb.name} needs a note: in your own words, for whoever reads the journal later"))
    for name in ("reason", "note"):
        words = getattr(options, name)
        if len(words) > WORDS_MAX:
            found.append(Lack(name, f"is longer than {WORDS_MAX} characters"))
        if not all(letter.isprintable() or letter in "\n\t" for letter in words):
            found.append(Lack(name, "holds control characters"))
    if verb.guard is Guard.SERIOUS and reason_codes is not None and options.reason not in reason_codes:
        found.append(Lack("reason", f"{options.reason} is none of the reasons: {', '.join(reason_codes)}"))
    return found


class Unfit(Exception):  # noqa: N818 - a finding about one return, not a failure
    """The verb makes no sense for this return; says why. `is_done`: because it is so already."""

    def __init__(self, why: str, *, is_done: bool = False) -> None:
        super().__init__(why)
        self.is_done = is_done


def event_for(verb: str, options: Options, instance: Return, *, now: datetime) -> Event:
    """What is said to the machine about this return. Raises Unfit."""
    match verb:
        case "retry":
            _must_be_stuck(instance)
            if instance.is_held:
                raise Unfit(f"it is held: homeward return release {instance.id} --reason TEXT")
            if _has_its_goods_elsewhere(instance) and instance.credit is not None:
                raise Unfit(f"another return holds its goods: {_SETTLE.format(instance.id)}")
            if instance.credit is not None and instance.trouble and instance.trouble.cause in OF_OTHERS:
                raise Unfit(
                    "what others did to our credit, or beside it, does not end by asking again; mend it in Brightpearl (that "
                    f"is seen by itself), or: homeward exception accept {instance.id} --reason TEXT"
                )
            return Resumed(why=options.reason)
        case "accept":
            return Resumed(why=options.reason, accepts=(_waivable(instance),))
        case "hold":
            return Held(team=options.team, why=options.reason)
        case "release":
            return Resumed(why=options.reason, releases=True)
        case "resolve":
            _must_be_stuck(instance)
            return Forced(State.CLOSED)
        case "reissue":
            return Reissued(_lost(instance))
        case "force":
            return _forced(options, instance)
        case "same-goods":
            _must_be_stuck(instance)
            return GoodsSettled(options.way or Way.ADOPT)
        case "receive":
            return UnitsReceived(_to_receive(options, instance), options.condition, options.received_at or now)
        case "assign":
            if instance.assignee == options.to:
                raise Unfit(f"it is assigned to {options.to or 'nobody'} already", is_done=True)
            return Assigned(options.to)
        case "snooze":
            if options.until is None and instance.snoozed_until is None:
                raise Unfit("its clock does not rest", is_done=True)
            return Snoozed(options.until)
        case "note":
            return Noted()
    raise AssertionError(f"no verb {verb}")


def natural_key(verb: str, options: Options, instance: Return, *, nonce: str = "") -> str:
    """The same for the same command on the same return as it stands: said twice, it happens once.

    `nonce` names the form or request it came with, where there is one: the same words in another are said again.
    """
    match verb:
        case "receive":
            return f"receive:{instance.id}:{'|'.join(_to_receive(options, instance))}:{options.condition.value}"
        case "note":
            return f"note:{instance.id}:{_digest(options.note, nonce)}"
        case _:
            told = repr(OPTIONS.dump_python(options, mode="json"))
            return f"{verb}:{instance.id}:{instance.version}:{_digest(told)}"


def _digest(*told: str) -> str:
    return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:16]


def bypasses(event: Event, instance: Return, policy: Policy) -> str:
    """The rule a forced move goes past, in words; empty when it goes past none."""
    if isinstance(event, Held):
        return "time: a return goes on by itself; nothing more is done with it until it is released"
    if isinstance(event, Reissued):
        return "once only: what was sent before is given up for lost; should it turn up, it exists twice"
    if not isinstance(event, Forced):
        return ""
    cause = f", and {instance.trouble.cause} is to be mended first" if instance.trouble is not None else ""
    match event.to:
        case State.SCANNED:
            return (
                f"hand-over: goods count as handed over when Happy Returns confirms it or the warehouse has them{cause}"
            )
        case State.CREDITED if event.adopt is not None:
            return f"own credit: only a credit with the return's key or express code is taken over{cause}"
        case State.CREDIT_PENDING | State.CREDITED:
            trigger = policy.credit_trigger.name.lower().replace("_", "-")
            return f"credit trigger: a credit is due when the units are {trigger}{cause}"
        case _:
            return f"completeness: a return ends with its credit and its goods, or by silence{cause}"


_SETTLE = "homeward exception same-goods {} --do adopt|merge|refuse|tell-apart --reason CODE --note TEXT"


def _has_its_goods_elsewhere(instance: Return) -> bool:
    return instance.trouble is not None and instance.trouble.cause == SAME_GOODS


def _must_be_stuck(instance: Return) -> None:
    if instance.state is not State.EXCEPTION:
        raise Unfit(f"it is not an exception; it is {instance.state}")


def _waivable(instance: Return) -> str:
    _must_be_stuck(instance)
    assert instance.trouble is not None
    cause = CAUSES.get(instance.trouble.cause, CAUSES["internal-error"])
    if cause.code == SAME_GOODS:
        raise Unfit(f"who holds the goods is not waved through: {_SETTLE.format(instance.id)}")
    if not cause.is_waivable:
        raise Unfit(f"{cause.code} cannot be accepted, it must be mended: {cause.next_step}")
    if instance.trouble.evidence.get("accepting_helps") is False:
        raise Unfit(
            "nothing would be left to credit beside the other credit; cancel it, or write the express code into its "
            "reference"
        )
    return cause.code


def _lost(instance: Return) -> str:
    """The kind of the effect whose outcome nobody knows, or whose record is gone."""
    _must_be_stuck(instance)
    assert instance.trouble is not None
    effect = str(instance.trouble.evidence.get("effect") or "")
    if instance.trouble.cause not in ("outcome-unknown", "record-vanished") or effect not in REISSUED:
        raise Unfit(
            f"it is stopped for {instance.trouble.cause}: only what was sent and is not to be found, or has vanished, can "
            "be made anew"
        )
    return effect


def _forced(options: Options, instance: Return) -> Event:
    to = State(options.to)
    if to is instance.state and to is State.CLOSED:
        raise Unfit("it is closed already", is_done=True)
    if to is State.EXCEPTION:
        return Held(team=options.team, why=options.note or options.reason)
    if to is State.RESTOCKED:
        raise Unfit("only a goods-in note makes it restocked: homeward return receive ID, or receive it in Brightpearl")
    if to is State.CREDITED and options.adopt is None and instance.credit is None:
        raise Unfit("credited needs a credit: name it with --adopt CREDIT_ID; it is read back from Brightpearl first")
    if instance.credit is not None and (to in (State.SCANNED, State.CREDIT_PENDING) or options.adopt is not None):
        raise Unfit(f"credit {instance.credit.id} exists; a second one cannot be forced")
    if to is State.CLOSED and instance.credit is not None and not instance.is_settled:
        raise Unfit(f"credit {instance.credit.id} exists and its refund or invoice is still due: see it through first")
    accepts = options.accepts
    if to is State.CREDITED and instance.trouble is not None and instance.trouble.cause in OF_OTHERS:
        if instance.trouble.cause == "credit-cancelled":
            raise Unfit("its credit was cancelled in Brightpearl: credited would not be true")
        if instance.trouble.cause == SAME_GOODS:
            raise Unfit(f"another return holds its goods: {_SETTLE.format(instance.id)}")
        accepts = (*accepts, instance.trouble.cause)
    return Forced(to, options.adopt, accepts)


def _to_receive(options: Options, instance: Return) -> tuple[str, ...]:
    """The keys of the units that are not here yet, of those that were named."""
    wanted = set(options.units)
    keys = tuple(
        unit.key
        for unit in instance.units
        if (unit.received_at is None or unit.condition is Condition.MISSING)
        and (not wanted or unit.key in wanted or unit.sku in wanted)
    )
    if not keys:
        raise Unfit(f"no unit is left to receive{' under that name' if wanted else ''}", is_done=not wanted)
    return keys
